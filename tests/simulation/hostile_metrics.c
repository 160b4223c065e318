/* tests/simulation/hostile_metrics.c: Prometheus responds with what is no result, or refuses.
 *
 * The step of a canary waits for an analysis for which any result is a success. While the trick is played no
 * measurement may be successful, and the rollout may not be promoted: the run ends with an error and aborts it. When
 * the user tries again, and the trick has ended, the update ends Healthy.
 */
#include <stdio.h>
#include "base/str.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/judge.h"

#define ABORTS_MS 120000 /* five errors, 10 s apart, and the time-outs of those without a response */
#define RECOVERS_MS 60000
#define DATA(data) "{\"status\":\"success\",\"data\":" data "}"
#define RESULT(type, result) DATA("{\"resultType\":\"" type "\",\"result\":" result "}")
#define GOOD RESULT("vector", "[{\"metric\":{},\"value\":[0,\"0.1\"]}]")

struct response_trick {
	int status; /* of the response; 0: 200 */
	const char *body; /* NULL: nested deeper than is read */
};

static const struct response_trick tricks[] = {
	{ .body = "" },
	{ .body = "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"val" },
	{ .body = "7" },
	{ .body = "[]" },
	{ .body = "{}" },
	{ .body = "null" },
	{ .body = "<html>502 Bad Gateway</html>" },
	{ .body = NULL },
	{ .body = "{\"status\":\"success\"}" },
	{ .body = "{\"status\":7,\"data\":{\"resultType\":\"vector\",\"result\":[]}}" },
	{ .body = "{\"status\":\"error\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}" },
	{ .body = DATA("[]") },
	{ .body = DATA("{}") },
	{ .body = DATA("{\"resultType\":\"vector\"}") },
	{ .body = DATA("{\"resultType\":\"matrix\"}") },
	{ .body = DATA("{\"resultType\":7,\"result\":[]}") },
	{ .body = DATA("{\"resultType\":\"vector\",\"result\":[],\"result\":[]}") },
	{ .body = RESULT("vector", "{}") },
	{ .body = RESULT("vector", "7") },
	{ .body = RESULT("vector", "null") },
	{ .body = RESULT("vector", "\"0.1\"") },
	{ .body = RESULT("vector", "[7]") },
	{ .body = RESULT("vector", "[{}]") },
	{ .body = RESULT("vector", "[{\"value\":\"0.1\"}]") },
	{ .body = RESULT("vector", "[{\"value\":{\"1\":\"0.1\"}}]") },
	{ .body = RESULT("vector", "[{\"value\":[0]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,0.1]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\" 0.1\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"0.1x\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"0x1p3\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"nan(1)\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"1\\u00002\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[\"0\",\"0.1\"]}]") },
	{ .body = RESULT("vector", "[{\"value\":[0,\"0.1\",\"0.2\"]}]") },
	{ .body = RESULT("matrix", "[{}]") },
	{ .body = RESULT("matrix", "[{\"values\":7}]") },
	{ .body = RESULT("matrix", "[{\"values\":[[0]]}]") },
	{ .body = RESULT("scalar", "[]") },
	{ .body = RESULT("scalar", "[0]") },
	{ .body = RESULT("scalar", "{}") },
	{ .body = RESULT("string", "[0,\"0.1\"]") },
	{ .body = RESULT("streams", "[]") },
	{ .body = GOOD GOOD },
	{ .status = 302, .body = GOOD },
	{ .status = 400, .body = GOOD },
	{ .status = 401, .body = GOOD },
	{ .status = 403, .body = GOOD },
	{ .status = 404, .body = GOOD },
	{ .status = 409, .body = GOOD },
	{ .status = 410, .body = GOOD },
	{ .status = 429, .body = GOOD },
	{ .status = 500, .body = GOOD },
	{ .status = 503, .body = GOOD },
};

struct playing {
	const struct response_trick *trick; /* NULL: none is played now */
};

static void
on_request(struct cluster *c, const struct request *r, struct fault *f)
{
	const struct playing *p = c->fault_arg;

	if (p->trick != NULL && r->url[0] != '/')
		f->status = p->trick->status;
}

static void
on_text(struct cluster *c, const struct request *r, char **text)
{
	const struct playing *p = c->fault_arg;
	char *deep;

	if (p->trick == NULL || r->url[0] == '/')
		return;
	free(*text);
	if (p->trick->body != NULL) {
		*text = mem_strdup(p->trick->body);
		return;
	}
	*text = deep = mem_alloc(10001);
	memset(deep, '[', 5000);
	memset(deep + 5000, ']', 5000);
}

static void
count_successes(const json_t *run, void *arg)
{
	const json_t *results = json_at(run, "/status/metricResults"), *r;
	size_t i;

	json_array_foreach (results, i, r)
		*(json_int_t *)arg += json_int(r, "successful", 0);
}

static json_int_t
successes(struct cluster *c)
{
	json_int_t n = 0;

	cluster_each(c, "analysisruns", count_successes, &n);
	return n;
}

/* Returns the failure, in the arena; NULL: none. */
static const char *
trick_play(const struct response_trick *t, struct arena *a)
{
	struct playing p = { 0 };
	struct cluster *c = cluster_new(1);
	struct judge *j = judge_new(c);
	const char *wrong = NULL;

	c->fault = on_request;
	c->fault_arg = &p;
	c->spoil = on_text;
	c->metric = 0.1;
	cluster_apply(c, "tests/simulation/measured.yaml");
	if (!cluster_wait(c, "Healthy", 2, 60000))
		wrong = "it does not begin Healthy";
	p.trick = t;
	cluster_set_image(c, "myregistry/myapp:v2");
	if (!cluster_wait(c, "Degraded", -1, ABORTS_MS) && wrong == NULL)
		wrong = arena_printf(
		    a, "it is not aborted, but %s", json_str(json_at(cluster_rollout(c), "/status"), "phase"));
	if (wrong == NULL && successes(c) > 0)
		wrong = "a measurement was successful";
	p.trick = NULL;
	cluster_patch(c, true, json_pack("{s:{s:b}}", "status", "abort", 0));
	if (!cluster_wait(c, "Healthy", 2, RECOVERS_MS) && wrong == NULL)
		wrong = "tried again, it does not end Healthy";
	if (wrong == NULL && successes(c) == 0)
		wrong = "no measurement was successful in the end";
	if (wrong == NULL && judge_verdict(j) != NULL)
		wrong = arena_strdup(a, judge_verdict(j));
	if (wrong != NULL)
		printf("%s\n", str_text(&c->story));
	judge_free(j);
	cluster_free(c);
	return wrong;
}

bool
hostile_metrics_run(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tricks); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *wrong = trick_play(&tricks[i], a);

		if (wrong != NULL) {
			printf("not ok hostile Prometheus, status %d, %s: %s\n", tricks[i].status,
			    tricks[i].body != NULL ? tricks[i].body : "nested deeply", wrong);
			return false;
		}
	}
	printf("ok %zu tricks of a hostile Prometheus: no measurement is successful, and all is well when it is tried "
	       "again\n",
	    ARRAY_SIZE(tricks));
	return true;
}
