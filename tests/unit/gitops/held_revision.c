/* tests/unit/gitops/held_revision.c: the annotation, and the Rollouts that aborted a commit. */
#include "gitops/held_revision.h"
#include "gitops/protocol.h"
#include "gitops/request.h"
#include "kube/api/application.h"
#include "kube/api/rollout.h"
#include "tests/unit/unit.h"

/* Resources of a YAML list. */
static struct worker_resources
resources_of(struct arena *a, const char *text)
{
	struct worker_response response = { 0 };
	_cleanup_(json_decrefp) json_t *j = json_pack("{s:o}", "resources", yaml(a, text));

	decode_text(&worker_response_type, json_text(a, j), a, &response);
	return response.resources;
}

static struct object *
object(struct arena *a, const char *annotation)
{
	json_t *j =
	    json_pack("{s:{s:s, s:{s:s}}}", "metadata", "name", "web", "annotations", ANNOTATION_HELD, annotation);
	struct object *o = object_decode(&application_type, j, a);

	json_decref(j);
	return o;
}

/* Returns the held Rollouts as "NS/NAME=why …". */
static const char *
text_of(struct arena *a, const struct held_revision *held)
{
	const char *text = "";

	for (size_t i = 0; i < held->rollouts.n; i++)
		text = arena_printf(
		    a, "%s%s%s=%s", text, i > 0 ? " " : "", held->rollouts.at[i].key, held->rollouts.at[i].value);
	return text;
}

static void
only_what_can_be_held_is_read(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "1", "{}", "{\"revision\":\"a\"}",
		"{\"revision\":\"a\",\"rollouts\":{}}", "{\"revision\":\"a\",\"rollouts\":[\"b\"]}",
		"{\"revision\":1,\"rollouts\":{\"a/b\":\"c\"}}" };
	struct arena *a = arena_new();
	struct held_revision held;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (held_revision_read(a, object(a, bad[i])).revision != NULL)
			fail_msg("%s is read", bad[i]);
	held = held_revision_read(a, object(a, "{\"revision\":\"a\",\"rollouts\":{\"ns/web\":1}}"));
	assert_string_equal(held.revision, "a");
	assert_string_equal(text_of(a, &held), "ns/web=");
	assert_non_null(held_revision_text(a, &held));
	arena_free(a);
}

static void
an_annotation_is_written_as_it_is_read(void **state)
{
	static const char *const texts[] = {
		"{\"revision\":\"a\",\"rollouts\":{\"ns/web\":\"why\",\"ns/shop\":\"\"}}",
		"{\"revision\":\"main@sha1:b\",\"generation\":3,\"rollouts\":{\"ns/web\":\"why\"}}",
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct held_revision held = held_revision_read(a, object(a, texts[i]));
		json_t *written = held_revision_annotation(a, &held);

		assert_string_equal(json_string_value(written), texts[i]);
		json_decref(written);
	}
	arena_free(a);
}

static const struct object *
get_rollout(const struct view *v, const struct type *t, const char *ns, const char *name)
{
	static struct rollout r;

	(void)v;
	(void)ns;
	assert_ptr_equal(t, &rollout_type);
	r.object.meta.generation = 7;
	r.status.abort = strcmp(name, "running") != 0;
	r.status.aborted_at = strcmp(name, "before") == 0 ? 10000 : 11000;
	r.status.observed_generation = strcmp(name, "new") == 0 ? "6" : "7";
	r.status.phase = "Degraded";
	r.status.message = "metric";
	return &r.object;
}

/* The input for revision "abc" and these resources. */
static struct held_input
input(struct arena *a, const struct view *v, const struct worker_resources *resources)
{
	return (struct held_input){ .object = object(a, "{}"),
		.view = v,
		.now = 5000,
		.revision = "abc",
		.spec = 1,
		.attempted = true,
		.resources = resources };
}

/* Memory of all Rollouts as revision "abc" and spec 1 have them, since that time. */
static struct held_memory
applied(int64_t at)
{
	return (struct held_memory){ .applied_at = at, .about = request_hash("abc 1") };
}

static void
an_abort_is_of_the_spec_as_it_is(void **state)
{
	const struct view v = { .get = get_rollout };
	struct arena *a = arena_new();
	struct plan *plan = plan_new(a);
	const struct worker_resources resources =
	    resources_of(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: aborted}\n- {group: "
			    "argoproj.io, kind: Rollout, namespace: ns, name: running}\n"
			    "- {group: argoproj.io, kind: Rollout, namespace: ns, name: new}\n"
			    "- {group: argoproj.io, kind: Rollout, namespace: ns, name: before}\n- {group: "
			    "rollouts.kruise.io, kind: Rollout, namespace: ns, name: kruise}\n"
			    "- {kind: Rollout, namespace: ns, name: compared, aborted: why}\n");
	struct held_input in = input(a, &v, &resources);
	struct held_revision held = { 0 };
	struct held_memory memory = applied(10900);

	(void)state;
	assert_true(held_revision_update(&held, &in, &memory, plan));
	assert_string_equal(held.revision, "abc");
	assert_string_equal(text_of(a, &held), "ns/aborted=metric ns/compared=why");
	assert_int_equal(plan->n_status_events, 2);
	assert_string_equal(plan->status_events[0].revision, "abc");
	/* A Rollout that is held already has no further event. */
	assert_false(held_revision_update(&held, &in, &memory, plan));
	assert_int_equal(plan->n_status_events, 2);
	/* A Rollout that this process did not see applied may have aborted an earlier commit. */
	memory = applied(0);
	held = (struct held_revision){ 0 };
	assert_true(held_revision_update(&held, &in, &memory, plan));
	assert_string_equal(text_of(a, &held), "ns/compared=why");
	/* Of another cluster only the comparison is known. */
	memory = applied(10900);
	held = (struct held_revision){ 0 };
	in.view = NULL;
	assert_true(held_revision_update(&held, &in, &memory, plan));
	assert_string_equal(text_of(a, &held), "ns/compared=why");
	arena_free(a);
}

static void
what_was_aborted_before_it_was_applied_is_something_else(void **state)
{
	struct arena *a = arena_new();
	const struct worker_resources
	    differ =
		resources_of(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: OutOfSync}\n"
				"- {kind: ConfigMap, namespace: ns, name: web, status: Synced}\n"),
	    same = resources_of(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: Synced}\n"
				   "- {kind: ConfigMap, namespace: ns, name: web, status: OutOfSync}\n");
	static struct string_pair web[] = { { "ns/web", "why" } };
	const struct held_revision web_held = { .revision = "abc", .rollouts = { web, 1 } };
	/* One after the other, with what the one before remembered. */
	const struct {
		int64_t spec;
		const struct worker_resources *resources;
		bool compared, held;
		int64_t now, want;
	} cases[] = {
		{ 1, &same, false, false, 5000, 0 },
		{ 1, &differ, true, false, 5000, 0 },
		{ 1, &differ, true, true, 5000, 5000 },
		{ 2, &same, false, false, 5000, 0 },
		{ 1, &same, true, false, 5000, 5000 },
		{ 1, &same, true, false, 9000, 5000 },
		{ 1, &differ, true, false, 9000, 5000 },
		{ 2, &same, false, false, 9000, 0 },
		{ 2, &same, true, false, 9000, 9000 },
	};
	struct held_memory memory = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct held_revision held = cases[i].held ? web_held : (struct held_revision){ 0 };
		struct held_input in = input(a, NULL, cases[i].resources);

		in.spec = cases[i].spec;
		in.compared = cases[i].compared;
		in.now = cases[i].now;
		held_revision_update(&held, &in, &memory, plan_new(a));
		if (memory.applied_at != cases[i].want)
			fail_msg("case %zu: %lld, not %lld", i, (long long)memory.applied_at, (long long)cases[i].want);
	}
	arena_free(a);
}

static void
what_is_tried_again_and_healthy_is_held_no_more(void **state)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_new(a);
	struct held_revision held = held_revision_read(
	    a, object(a, "{\"revision\":\"abc\",\"rollouts\":{\"ns/web\":\"why\",\"ns/shop\":\"why\"}}"));
	const struct worker_resources
	    not_yet = resources_of(a,
		"- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: Synced, health: "
		"{status: Suspended}}\n"
		"- {group: argoproj.io, kind: Rollout, namespace: ns, name: shop, status: OutOfSync, "
		"health: {status: Healthy}}\n"),
	    web = resources_of(a,
		"- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: Synced, health: "
		"{status: Healthy}}\n"),
	    shop = resources_of(a,
		"- {group: argoproj.io, kind: Rollout, namespace: ns, name: shop, status: Synced, health: "
		"{status: Healthy}}\n");
	struct held_memory memory = { 0 };
	struct held_input in = input(a, NULL, &not_yet);

	(void)state;
	in.compared = true;
	assert_false(held_revision_update(&held, &in, &memory, plan));
	in.resources = &web;
	assert_true(held_revision_update(&held, &in, &memory, plan));
	assert_string_equal(text_of(a, &held), "ns/shop=why");
	assert_int_equal(plan->n_status_events, 0);
	in.resources = &shop;
	assert_true(held_revision_update(&held, &in, &memory, plan));
	assert_null(held.revision);
	assert_int_equal(plan->n_status_events, 1);
	arena_free(a);
}

static void
a_request_another_spec_or_another_revision_releases_what_is_held(void **state)
{
	static const struct {
		const char *revision;
		int64_t generation;
		bool requested;
		const char *event; /* NULL: it stays held */
	} cases[] = {
		{ "a", 3, false, NULL },
		{ "b", 3, false, "Revision a is no longer held: superseded by b" },
		{ "a", 4, false, "Revision a is no longer held" },
		{ "a", 3, true, "Revision a is no longer held" },
	};
	const struct worker_resources none = { 0 };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan *plan = plan_new(a);
		struct held_revision held = held_revision_read(
		    a, object(a, "{\"revision\":\"a\",\"generation\":3,\"rollouts\":{\"ns/web\":\"why\"}}"));
		struct held_memory memory = { 0 };
		struct held_input in = input(a, NULL, &none);

		in.revision = cases[i].revision;
		in.generation = cases[i].generation;
		in.requested = cases[i].requested;
		assert_int_equal(held_revision_update(&held, &in, &memory, plan), cases[i].event != NULL);
		assert_int_equal(plan->n_status_events, cases[i].event != NULL);
		assert_int_equal(held.revision == NULL, cases[i].event != NULL);
		if (cases[i].event != NULL)
			assert_string_equal(plan->status_events[0].message, cases[i].event);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_can_be_held_is_read),
		cmocka_unit_test(an_annotation_is_written_as_it_is_read),
		cmocka_unit_test(an_abort_is_of_the_spec_as_it_is),
		cmocka_unit_test(what_was_aborted_before_it_was_applied_is_something_else),
		cmocka_unit_test(what_is_tried_again_and_healthy_is_held_no_more),
		cmocka_unit_test(a_request_another_spec_or_another_revision_releases_what_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
