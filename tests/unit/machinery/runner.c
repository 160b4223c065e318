/* tests/unit/machinery/runner.c: passes that depend on an object whose last write has an unknown result, or that
 * cannot be read. */
#include "kube/runner.h"
#include "kube/api/core.h"
#include "tests/unit/machinery/script.h"

#define SERVICES                                                                                                       \
	"{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":{\"name\":\"web\",\"namespace\":"          \
	"\"default\","                                                                                                 \
	"\"uid\":\"web\",\"resourceVersion\":\"5\"}}]}"
#define WEB_AT(version)                                                                                                \
	"{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":\"web\",\"resourceVersion\":\"" version     \
	"\",\"labels\":{\"seen\":\"" version "\"}}}"

/* An event about Service other. */
#define OTHER(version, more)                                                                                           \
	"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"other\",\"namespace\":\"default\","               \
	"\"uid\":\"other\",\"resourceVersion\":\"" version "\"}" more "}}\n"

/* Counts passes, as far as the one before is remembered. */
struct label_memory {
	int64_t passes;
	const char *version; /* that the last pass has seen */
};
static const struct field label_memory_fields[] = {
	INT(label_memory, passes, "passes"),
	STRING(label_memory, version, "version"),
};
static TYPE(label_memory, "memory");

static struct label_memory remembered; /* by the last pass */
static char remembered_version[20]; /* of the pass before */

/* Labels its Service with the version that it was decided on. */
static void
label_pass(const struct pass *p, struct plan *plan)
{
	const struct object *o = view_get(p->view, &service_type, p->namespace, p->name);
	const struct label_memory *before = p->seen->memory;

	remembered = (struct label_memory){ .passes = before != NULL ? before->passes + 1 : 1 };
	snprintf(remembered_version, sizeof(remembered_version), "%s", before != NULL ? before->version : "");
	plan_memory(plan, &label_memory_type,
	    &(struct label_memory){ remembered.passes, o != NULL ? o->meta.resource_version : NULL });
	if (o != NULL && object_label(o, "seen") == NULL)
		plan_patch(plan, o,
		    json_pack("[{s:s,s:s,s:s}]", "op", "add", "path", "/metadata/labels/seen", "value",
			o->meta.resource_version));
}

static const struct controller_watch label_watches[] = { { .type = &service_type } };
static const struct controller label_controller = { .name = "label",
	.type = &service_type,
	.watches = label_watches,
	.n_watches = 1,
	.memory = &label_memory_type,
	.pass = label_pass };

/* Service web queries another server once, and depends on Service other. This is what its last pass knows of the
 * response. */
static enum { QUERY_NONE, QUERY_SENT, QUERY_RESPONDED } query_state;

static void
query_pass(const struct pass *p, struct plan *plan)
{
	const struct seen_query *q = seen_query(p->seen, "query");

	if (strcmp(p->name, "web") != 0)
		return;
	query_state = q == NULL ? QUERY_NONE : q->done ? QUERY_RESPONDED : QUERY_SENT;
	view_get(p->view, &service_type, p->namespace, "other");
	plan_memory(plan, &label_memory_type, &(struct label_memory){ .passes = 1 });
	if (p->seen->memory == NULL)
		plan_query(plan, "query",
		    &(struct query){ .request = { .method = "GET",
					 .url = "http://example.com/query",
					 .timeout_ms = 1000,
					 .response_max = 100 } });
}

static const struct controller query_controller = { .name = "query",
	.type = &service_type,
	.watches = label_watches,
	.n_watches = 1,
	.memory = &label_memory_type,
	.pass = query_pass };

struct fixture {
	struct loop *loop;
	struct script *script;
	struct runner *runner;
	int64_t now; /* mono ms, since the start */
};

static void
fixture_advance(struct fixture *w, int64_t ms)
{
	w->now += ms;
	loop_virtual_run_until(w->loop, w->now);
}

/* The watch is open, and the first pass has sent its write. */
static void
fixture_setup_with(struct fixture *w, const struct controller *c)
{
	const struct controller *const rows[] = { c, NULL };

	*w = (struct fixture){ .loop = loop_virtual_new(1000000) };
	w->script = script_new(w->loop);
	w->runner = runner_start(&w->script->transport, &w->script->transport, rows,
	    &(struct runner_settings){ .namespace = "default", .component = "test" });
	fixture_advance(w, 10);
	script_respond(w->script, "GET", "/services?limit", 200, SERVICES);
	fixture_advance(w, 10);
}

static void
fixture_setup(struct fixture *w)
{
	fixture_setup_with(w, &label_controller);
}

/* Sends an event of the watch. */
static void
fixture_event(struct fixture *w, const char *event)
{
	for (size_t i = 0; i < w->script->n; i++)
		if (w->script->sent[i].open && w->script->sent[i].stream)
			script_data(&w->script->sent[i], event);
	fixture_advance(w, 1000);
}

static void
fixture_teardown(struct fixture *w)
{
	runner_stop(w->runner);
	transport_free(&w->script->transport);
	loop_free(w->loop);
}

/* The open request that is no watch, as "METHOD URL"; "": none. */
static const char *
fixture_request(const struct fixture *w)
{
	static char text[420];

	text[0] = '\0';
	for (size_t i = 0; i < w->script->n; i++) {
		const struct exchange *e = &w->script->sent[i];

		if (e->open && !e->stream)
			snprintf(text, sizeof(text), "%s %s", e->method, e->url);
	}
	return text;
}

static void
assert_request(const struct fixture *w, const char *method, const char *url)
{
	const char *is = fixture_request(w);

	if (strncmp(is, method, strlen(method)) != 0 || strstr(is, url) == NULL)
		fail_msg("want: %s %s\ngot: %s", method, url, is);
}

/* Loses the response to the open request that is no watch. */
static void
fixture_lose(struct fixture *w)
{
	for (size_t i = 0; i < w->script->n; i++) {
		struct exchange *e = &w->script->sent[i];
		_cleanup_(arena_freep) struct arena *a = arena_new();

		if (!e->open || e->stream)
			continue;
		e->open = false;
		e->to->done(e->arg, err_new(a, ERR_AGAIN, "timed out"), &(struct reply){ 0 });
		return;
	}
}

static void
fixture_respond(struct fixture *w, int status, const char *body)
{
	for (size_t i = 0; i < w->script->n; i++) {
		struct exchange *e = &w->script->sent[i];

		if (!e->open || e->stream)
			continue;
		e->open = false;
		e->to->done(e->arg, NULL, &(struct reply){ .status = status, .body = { body, strlen(body) } });
		return;
	}
}

/* The fetch behind a lost write was lost too. */
static void
fixture_lose_write_and_fetch(struct fixture *w)
{
	assert_request(w, "PATCH", "services/web");
	fixture_lose(w);
	assert_request(w, "GET", "services/web");
	fixture_lose(w);
	fixture_advance(w, 1000);
}

static void
nothing_is_written_on_an_object_in_doubt(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lose_write_and_fetch(&w);
	assert_request(&w, "GET", "services/web");
	fixture_lose(&w);
	fixture_advance(&w, 1000);
	assert_request(&w, "GET", "services/web");
	/* The write had taken effect. */
	fixture_respond(&w, 200, WEB_AT("6"));
	fixture_advance(&w, 1000);
	assert_string_equal(fixture_request(&w), "");
	fixture_teardown(&w);
}

static void
a_write_without_effect_is_made_again_once_the_object_was_fetched(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lose_write_and_fetch(&w);
	fixture_respond(&w, 200,
	    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":\"web\",\"resourceVersion\":\"5\"}}");
	fixture_advance(&w, 1000);
	assert_request(&w, "PATCH", "services/web");
	fixture_teardown(&w);
}

/* A watch event may be older than the write. */
static void
news_of_an_object_in_doubt_does_not_end_the_doubt(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	assert_request(&w, "PATCH", "services/web");
	fixture_lose(&w);
	fixture_lose(&w);
	for (size_t i = 0; i < w.script->n; i++)
		if (w.script->sent[i].open && w.script->sent[i].stream)
			script_data(&w.script->sent[i], "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":"
							"\"web\",\"namespace\":\"default\","
							"\"uid\":\"web\",\"resourceVersion\":\"6\"}}}\n");
	fixture_advance(&w, 1000);
	assert_request(&w, "GET", "services/web");
	fixture_teardown(&w);
}

static void
an_object_in_doubt_that_may_not_be_read_is_believed(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_lose_write_and_fetch(&w);
	fixture_respond(&w, 403, "{\"message\":\"forbidden\"}");
	fixture_advance(&w, 1000);
	assert_request(&w, "PATCH", "services/web");
	fixture_teardown(&w);
}

static void
a_pass_finds_the_memory_of_the_one_before(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	assert_int_equal(remembered.passes, 1);
	assert_string_equal(remembered_version, "");
	assert_request(&w, "PATCH", "services/web");
	fixture_respond(&w, 200, WEB_AT("6"));
	fixture_advance(&w, 1000);
	assert_int_equal(remembered.passes, 2);
	assert_string_equal(remembered_version, "5");
	fixture_teardown(&w);
}

/* The pass that stands still does not read the response. The next one that decides does. */
static void
a_response_is_kept_while_an_object_cannot_be_read(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup_with(&w, &query_controller);
	assert_request(&w, "GET", "/query");
	fixture_event(&w, OTHER("6", ",\"spec\":5"));
	fixture_respond(&w, 200, "yes");
	fixture_advance(&w, 1000);
	query_state = QUERY_NONE;
	fixture_event(&w, OTHER("7", ""));
	fixture_advance(&w, 60000);
	assert_int_equal(query_state, QUERY_RESPONDED);
	fixture_teardown(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_finds_the_memory_of_the_one_before),
		cmocka_unit_test(nothing_is_written_on_an_object_in_doubt),
		cmocka_unit_test(a_write_without_effect_is_made_again_once_the_object_was_fetched),
		cmocka_unit_test(news_of_an_object_in_doubt_does_not_end_the_doubt),
		cmocka_unit_test(an_object_in_doubt_that_may_not_be_read_is_believed),
		cmocka_unit_test(a_response_is_kept_while_an_object_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
