/* tests/bench/gates.c: how many queries and writes the comparisons of an update cost: an AnalysisRun with two of them,
 * for ten minutes without a verdict. Counted where the controller's transport meets the store and Prometheus.
 *
 * The counts are kept in gates.want, each change of which says why. They do not vary: time is virtual. A thousand such
 * Rollouts cost a thousand times as many.
 */
#include <stdio.h>
#include "io/log.h"
#include "kube/api/yaml.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/gates.want"
#define MINUTES 10
#define TEMPLATE "/apis/argoproj.io/v1alpha1/namespaces/default/analysistemplates/error-rate"
#define COMPARE                                                                                                        \
	"provider: {plugin: {sluice/compare: {address: 'http://127.0.0.1:19090', total: http_requests_total, bad: "

static unsigned long queries, statuses, others;

static void
count(struct cluster *c, const struct request *r, struct fault *f)
{
	(void)c;
	(void)f;
	if (r->url[0] != '/')
		queries++;
	else if (strcmp(r->method, "GET") != 0 && strstr(r->url, "/analysisruns/") != NULL)
		statuses++;
	else if (strcmp(r->method, "GET") != 0)
		others++;
}

/* Puts two comparisons in place of the metric of the template. */
static bool
set_comparisons(struct cluster *c, struct arena *a)
{
	static const char patch[] = "spec: {metrics: ["
				    "{name: errors, " COMPARE "'http_requests_total{code=~\"5..\"}'}}}},"
				    "{name: refused, " COMPARE "'http_requests_total{code=\"429\"}'}}}}]}";
	_cleanup_(json_decrefp) json_t *documents = NULL;

	return yaml_parse(a, patch, strlen(patch), &documents) == NULL &&
	       cluster_do(c, "PATCH", "application/merge-patch+json", TEMPLATE,
		   json_incref(json_array_get(documents, 0))) == 200;
}

int
main(void)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct cluster *c = cluster_new(1);
	const char *got;
	bool ok;

	log_setup(LOG_LEVEL_ERROR, false);
	cluster_apply(c, "tests/data/traces/analysis.yaml");
	ok = cluster_wait(c, "Healthy", 4, 60000) && set_comparisons(c, a);
	/* So few requests leave the evidence open. */
	c->counted = (struct counted){ .changes = { { .from = loop_wall(c->loop), .requests = 0.01 } }, .n = 1 };
	cluster_set_image(c, "myregistry/myapp:v2");
	cluster_run(c, 100);
	ok &= cluster_wait(c, "Paused", 1, 60000);
	cluster_run(c, 60000);
	c->fault = count;
	cluster_run(c, MINUTES * 60000);
	got = arena_printf(a, "%lu queries\n%lu writes of AnalysisRuns\n%lu other writes\n", queries, statuses, others);
	ok &= strcmp(got, bench_want(a, WANT)) == 0;
	printf(
	    "%s%s queries and writes of two comparisons in %d minutes\n", ok ? "" : got, ok ? "ok" : "not ok", MINUTES);
	cluster_free(c);
	return !ok;
}
