/* tests/unit/gitops/held.c: what is read of the annotation, and which Rollouts have aborted a commit. */
#include "tests/unit/unit.h"
#include "gitops/held.h"
#include "kube/api/application.h"
#include "kube/api/rollout.h"

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
	json_t *resources = yaml(a, "- {group: argoproj.io, kind: Rollout, namespace: ns, name: aborted}\n- {group: "
				    "argoproj.io, kind: Rollout, namespace: ns, name: running}\n"
				    "- {group: argoproj.io, kind: Rollout, namespace: ns, name: new}\n- {group: "
				    "rollouts.kruise.io, kind: Rollout, namespace: ns, name: kruise}\n"
				    "- {kind: Rollout, namespace: ns, name: looked, aborted: why}\n");
	json_t *rollouts = json_object();

	(void)state;
	assert_true(held_add(plan, object(a, "{}"), &v, resources, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/aborted\":\"metric\",\"ns/looked\":\"why\"}");
	assert_int_equal(plan->n_status_events, 2);
	assert_string_equal(plan->status_events[0].revision, "abc");
	/* What is held already is not told again; and nothing is known of another cluster's but by a look. */
	assert_false(held_add(plan, object(a, "{}"), &v, resources, "abc", rollouts));
	json_object_clear(rollouts);
	assert_true(held_add(plan, object(a, "{}"), NULL, resources, "abc", rollouts));
	assert_string_equal(json_text(a, rollouts), "{\"ns/looked\":\"why\"}");
	json_decref(rollouts);
	json_decref(resources);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_can_be_held_is_read),
		cmocka_unit_test(an_abort_is_of_the_spec_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
