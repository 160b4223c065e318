/* tests/unit/kube/managed_fields.c: server-side apply: who owns what, what goes, what clashes. */
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/managed_fields.h"

#define NOW "2026-11-24T12:00:00Z"
#define HEAD "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\n"
#define CUSTOM "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n"

/* An object under several hands. */
struct story {
	struct arena *arena;
	json_t *object; /* NULL: not yet there */
	const char *error; /* of the last apply; "": none */
};

static void
apply(struct story *s, const char *manager, bool force, const char *text)
{
	json_t *config = yaml(s->arena, text), *next = NULL, *conflicts = NULL;
	struct err *e = managed_fields_apply(
	    s->arena, s->object, config, &(struct field_manager){ manager, NULL, NOW }, force, &next, &conflicts);

	s->error = e != NULL ? err_text(s->arena, e) : "";
	if (e == NULL) {
		json_decref(s->object);
		s->object = next;
	}
	json_decref(conflicts);
	json_decref(config);
}

static void
write(struct story *s, const char *manager, const char *subresource, const char *text)
{
	json_t *next = yaml(s->arena, text);

	managed_fields_track(s->object, next, &(struct field_manager){ manager, subresource, NOW });
	json_decref(s->object);
	s->object = next;
}

/* The object without its managers, as JSON. */
static const char *
content(struct story *s)
{
	json_t *copy = json_deep_copy(s->object);
	const char *text;

	json_object_del(json_object_get(copy, "metadata"), "managedFields");
	text = json_text(s->arena, copy);
	json_decref(copy);
	return text;
}

/* "manager/operation: fields" in their order. */
static const char *
managers(struct story *s)
{
	const char *text = "";
	json_t *e;
	size_t i;

	json_array_foreach (json_at(s->object, "/metadata/managedFields"), i, e)
		text = arena_printf(s->arena, "%s%s/%s%s%s: %s\n", text, json_str(e, "manager"),
		    json_str(e, "operation"), json_str(e, "subresource") != NULL ? "/" : "",
		    json_str(e, "subresource") ?: "", json_text(s->arena, json_object_get(e, "fieldsV1")));
	return text;
}

static struct story
begin(void)
{
	return (struct story){ .arena = arena_new(), .error = "" };
}

static void
end(struct story *s)
{
	json_decref(s->object);
	arena_free(s->arena);
}

static void
a_field_that_is_not_applied_any_more_is_removed(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	assert_string_equal(managers(&s), "a/Apply: {\"f:spec\":{\"f:replicas\":{},\"f:minReadySeconds\":{}}}\n");
	apply(&s, "a", false, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(content(&s),
	    "{\"apiVersion\":\"apps/"
	    "v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":3}}");
	assert_string_equal(managers(&s), "a/Apply: {\"f:spec\":{\"f:replicas\":{}}}\n");
	end(&s);
}

static void
what_another_says_too_stays(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	apply(&s, "b", false, HEAD "spec: {minReadySeconds: 5}\n");
	assert_string_equal(s.error, "");
	apply(&s, "a", false, HEAD "spec: {replicas: 2}\n");
	assert_non_null(strstr(content(&s), "\"minReadySeconds\":5"));
	assert_string_equal(managers(&s),
	    "a/Apply: {\"f:spec\":{\"f:replicas\":{}}}\nb/Apply: {\"f:spec\":{\"f:minReadySeconds\":{}}}\n");
	end(&s);
}

static void
another_value_is_a_conflict_until_it_is_forced(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	apply(&s, "b", false, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(s.error, "Apply failed with 1 conflict: conflict with \"a\" using apps/v1: .spec.replicas");
	apply(&s, "b", false, HEAD "spec: {replicas: 3, minReadySeconds: 1}\n");
	assert_string_equal(s.error, "Apply failed with 2 conflicts: conflicts with \"a\" using apps/v1:\n- "
				     ".spec.replicas\n- .spec.minReadySeconds");
	assert_non_null(strstr(content(&s), "\"replicas\":2"));
	apply(&s, "b", true, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(s.error, "");
	assert_non_null(strstr(content(&s), "\"replicas\":3"));
	assert_string_equal(managers(&s),
	    "a/Apply: {\"f:spec\":{\"f:minReadySeconds\":{}}}\nb/Apply: {\"f:spec\":{\"f:replicas\":{}}}\n");
	end(&s);
}

static void
elements_of_kubernetes_own_lists_are_owned_one_by_one(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false,
	    HEAD "spec: {template: {spec: {containers: [{name: web, image: x, ports: [{containerPort: 80}]}]}}}\n");
	apply(&s, "b", false, HEAD "spec: {template: {spec: {containers: [{name: side, image: y}]}}}\n");
	assert_string_equal(s.error, "");
	apply(&s, "b", false, HEAD "spec: {template: {spec: {containers: [{name: web, image: z}]}}}\n");
	assert_string_equal(s.error, "Apply failed with 1 conflict: conflict with \"a\" using apps/v1: "
				     ".spec.template.spec.containers[name=\"web\"].image");
	apply(&s, "a", false,
	    HEAD "spec: {template: {spec: {containers: [{name: web, image: x, ports: [{containerPort: 81, protocol: "
		 "TCP}]}]}}}\n");
	assert_non_null(strstr(content(&s), "[{\"name\":\"web\",\"image\":\"x\",\"ports\":[{\"containerPort\":81,"
					    "\"protocol\":\"TCP\"}]},{\"name\":\"side\",\"image\":"
					    "\"y\"}]"));
	apply(&s, "b", false, HEAD);
	assert_null(strstr(content(&s), "side"));
	end(&s);
}

static void
a_list_of_a_custom_resource_is_one_value(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, CUSTOM "spec: {containers: [{name: web, image: x}]}\n");
	assert_string_equal(managers(&s), "a/Apply: {\"f:spec\":{\"f:containers\":{}}}\n");
	apply(&s, "b", false, CUSTOM "spec: {containers: [{name: side, image: y}]}\n");
	assert_string_equal(
	    s.error, "Apply failed with 1 conflict: conflict with \"a\" using argoproj.io/v1alpha1: .spec.containers");
	end(&s);
}

static void
who_writes_otherwise_owns_what_it_changed(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	managed_fields_track(NULL, s.object, &(struct field_manager){ NULL, NULL, NOW });
	assert_null(json_at(s.object, "/metadata/managedFields")); /* the manager has no name: nothing is kept */
	end(&s);
	s = begin();
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	write(&s, "scaler", NULL, HEAD "spec: {replicas: 4, minReadySeconds: 5}\n");
	assert_string_equal(managers(&s),
	    "a/Apply: {\"f:spec\":{\"f:minReadySeconds\":{}}}\nscaler/Update: {\"f:spec\":{\"f:replicas\":{}}}\n");
	write(&s, NULL, "status", HEAD "spec: {replicas: 4, minReadySeconds: 5}\nstatus: {replicas: 1}\n");
	assert_non_null(strstr(managers(&s), "unknown/Update/status: {\"f:status\":{\"f:replicas\":{}}}\n"));
	apply(&s, "a", false, HEAD "spec: {replicas: 2, minReadySeconds: 5}\n");
	assert_string_equal(
	    s.error, "Apply failed with 1 conflict: conflict with \"scaler\" using apps/v1: .spec.replicas");
	write(&s, "scaler", NULL, HEAD "spec: {minReadySeconds: 5}\nstatus: {replicas: 1}\n");
	assert_null(strstr(managers(&s), "scaler"));
	end(&s);
}

static void
what_was_there_before_is_the_first_appliers_only_by_force(void **state)
{
	struct story s = begin();

	(void)state;
	s.object = yaml(s.arena, HEAD "spec: {replicas: 2}\n");
	apply(&s, "kubectl", false, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(s.error,
	    "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: .spec.replicas");
	apply(&s, "kubectl", true, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(managers(&s), "kubectl/Apply: {\"f:spec\":{\"f:replicas\":{}}}\n");
	end(&s);
	/* But kubectl follows itself. */
	s = begin();
	write(&s, "kubectl-client-side-apply", NULL, HEAD "spec: {replicas: 2}\n");
	apply(&s, "kubectl", false, HEAD "spec: {replicas: 3}\n");
	assert_string_equal(s.error, "");
	end(&s);
}

static void
the_same_again_changes_nothing(void **state)
{
	struct story s = begin();
	const char *before;

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 2}\n");
	before = json_text(s.arena, s.object);
	apply(&s, "a", false, HEAD "spec: {replicas: 2}\n");
	assert_string_equal(json_text(s.arena, s.object), before);
	end(&s);
}

static void
no_more_managers_than_are_worth_remembering(void **state)
{
	struct story s = begin();

	(void)state;
	apply(&s, "a", false, HEAD "spec: {replicas: 0}\n");
	for (int i = 1; i <= 30; i++) {
		const char *labels = "";

		for (int k = 1; k <= i; k++)
			labels = arena_printf(s.arena, "%s l%d: x,", labels, k);
		write(&s, arena_printf(s.arena, "m%d", i), NULL,
		    arena_printf(s.arena,
			"apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web, labels: {%s}}\nspec: {replicas: "
			"0}\n",
			labels));
	}
	assert_int_equal(json_array_size(json_at(s.object, "/metadata/managedFields")), 11);
	assert_non_null(strstr(managers(&s), "ancient-changes/Update: {\"f:metadata\":{\"f:labels\":{\"f:l1\":{}"));
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_that_is_not_applied_any_more_is_removed),
		cmocka_unit_test(what_another_says_too_stays),
		cmocka_unit_test(another_value_is_a_conflict_until_it_is_forced),
		cmocka_unit_test(elements_of_kubernetes_own_lists_are_owned_one_by_one),
		cmocka_unit_test(a_list_of_a_custom_resource_is_one_value),
		cmocka_unit_test(who_writes_otherwise_owns_what_it_changed),
		cmocka_unit_test(what_was_there_before_is_the_first_appliers_only_by_force),
		cmocka_unit_test(the_same_again_changes_nothing),
		cmocka_unit_test(no_more_managers_than_are_worth_remembering),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
