/* tests/unit/gitops/held_revision.c: what is read of the annotation, and which Rollouts have aborted a commit. */
#include "gitops/held_revision.h"
#include "gitops/protocol.h"
#include "kube/api/application.h"
#include "kube/api/rollout.h"
#include "tests/unit/unit.h"

/* Resources of a YAML list. */
static struct worker_resources
resources_of(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *list = yaml(a, text);

	return worker_resources_decode(a, list);
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

static void
only_what_can_be_held_is_read(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "1", "{}", "{\"revision\":\"a\"}",
		"{\"revision\":\"a\",\"rollouts\":{}}", "{\"revision\":\"a\",\"rollouts\":[\"b\"]}",
		"{\"revision\":1,\"rollouts\":{\"a/b\":\"c\"}}" };
	struct arena *a = arena_new();
	json_t *held;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if ((held = held_read(object(a, bad[i]))) != NULL)
			fail_msg("%s is read", bad[i]);
	held = held_read(object(a, "{\"revision\":\"a\",\"rollouts\":{\"ns/web\":1}}"));
	assert_non_null(held);
	assert_non_null(held_text(a, "a", json_object_get(held, "rollouts")));
	json_decref(held);
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
			    "- {kind: Rollout, namespace: ns, name: looked, aborted: why}\n");
	json_t *rollouts = json_object();

	(void)state;
	assert_true(held_add(plan, object(a, "{}"), &v, 10900, &resources, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/aborted\":\"metric\",\"ns/looked\":\"why\"}");
	assert_int_equal(plan->n_status_events, 2);
	assert_string_equal(plan->status_events[0].revision, "abc");
	/* What this process has not seen applied may have aborted what was before. */
	json_object_clear(rollouts);
	assert_true(held_add(plan, object(a, "{}"), &v, 0, &resources, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/looked\":\"why\"}");
	/* What is held already is not told again; and nothing is known of another cluster's but by a look. */
	held_add(plan, object(a, "{}"), &v, 10900, &resources, "abc", rollouts);
	assert_false(held_add(plan, object(a, "{}"), &v, 10900, &resources, "abc", rollouts));
	json_object_clear(rollouts);
	assert_true(held_add(plan, object(a, "{}"), NULL, 10900, &resources, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/looked\":\"why\"}");
	json_decref(rollouts);
	arena_free(a);
}

static void
what_was_aborted_before_it_was_applied_is_something_else(void **state)
{
	struct arena *a = arena_new();
	struct note notes[2];
	struct seen seen = { 0 };
	struct pass p = { .now = 5000, .seen = &seen };
	const struct worker_resources
	    differ =
		resources_of(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: OutOfSync}\n"
				"- {kind: ConfigMap, namespace: ns, name: web, status: Synced}\n"),
	    same = resources_of(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: web, status: Synced}\n"
				   "- {kind: ConfigMap, namespace: ns, name: web, status: OutOfSync}\n");
	json_t *none = json_object(), *held = yaml(a, "ns/web: why\n");
	struct plan *plan = plan_new(a);

	(void)state;
	assert_int_equal(held_applied(plan, &p, "a 1", NULL, none), 0);
	assert_int_equal(held_applied(plan, &p, "a 1", &differ, none), 0);
	assert_int_equal(held_applied(plan, &p, "a 1", &differ, held), 5000);
	assert_int_equal(held_applied(plan, &p, "a 1", &same, none), 5000);
	/* Since the first time, until it is about something else. */
	memcpy(notes, plan->notes, sizeof(notes));
	seen.notes = notes;
	seen.n_notes = 2;
	p.now = 9000;
	plan = plan_new(a);
	assert_int_equal(held_applied(plan, &p, "a 1", &same, none), 5000);
	assert_int_equal(held_applied(plan, &p, "a 1", &differ, none), 5000);
	assert_int_equal(held_applied(plan, &p, "a 2", NULL, none), 0);
	assert_int_equal(held_applied(plan, &p, "a 2", &same, none), 9000);
	json_decref(none);
	json_decref(held);
	arena_free(a);
}

static void
what_is_tried_again_and_healthy_is_held_no_more(void **state)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_new(a);
	json_t *rollouts = yaml(a, "{ns/web: why, ns/shop: why}");
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

	(void)state;
	assert_false(held_drop(plan, object(a, "{}"), &not_yet, "abc", rollouts));
	assert_true(held_drop(plan, object(a, "{}"), &web, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/shop\":\"why\"}");
	assert_int_equal(plan->n_status_events, 0);
	assert_true(held_drop(plan, object(a, "{}"), &shop, "abc", rollouts));
	assert_int_equal(json_object_size(rollouts), 0);
	assert_int_equal(plan->n_status_events, 1);
	json_decref(rollouts);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_can_be_held_is_read),
		cmocka_unit_test(an_abort_is_of_the_spec_as_it_is),
		cmocka_unit_test(what_was_aborted_before_it_was_applied_is_something_else),
		cmocka_unit_test(what_is_tried_again_and_healthy_is_held_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
