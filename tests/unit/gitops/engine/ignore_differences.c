/* tests/unit/gitops/engine/ignore_differences.c: paths that do not count, what was applied from the client side,
 * and what argocd-cm says of kinds. */
#include "gitops/engine/adopt_fields.h"
#include "gitops/engine/ignore_differences.h"
#include "tests/unit/unit.h"

#define LIVE                                                                                                           \
	"{metadata: {managedFields: [{manager: hpa, operation: Update, fieldsV1: {'f:spec': {'f:replicas': {}, "       \
	"'f:containers': {'k:{\"name\":\"log\"}': {'.': {}, 'f:image': {}}}}}}, "                                      \
	"{manager: kubectl-client-side-apply, operation: Update, apiVersion: v1, fieldsV1: {'f:spec': {'f:host': "     \
	"{}}}}]}, "                                                                                                    \
	"spec: {replicas: 5, host: a, containers: [{name: web, image: 'web:9'}, {name: log, image: 'log:9'}, {name: "  \
	"foreign, image: 'f:1'}]}}"
#define WANT                                                                                                           \
	"{spec: {replicas: 2, paused: true, containers: [{name: log, image: 'log:1'}, {name: web, image: 'web:1'}]}}"

static void
equals(struct arena *a, const json_t *got, const char *want)
{
	_cleanup_(json_decrefp) json_t *is = yaml(a, want);

	if (!json_equal(got, is))
		fail_msg("got  %s\nwant %s", json_text(a, got), json_text(a, is));
}

static void
places_are_dropped_from_behind(void **state)
{
	struct arena *a = arena_new();
	json_t *live = yaml(a, LIVE), *paths = json_array();

	(void)state;
	ignore_differences_add_pointer(live, "/spec/containers/0", paths);
	ignore_differences_add_pointer(live, "/spec/containers/2", paths);
	ignore_differences_add_pointer(live, "/spec/containers/0", paths); /* twice */
	ignore_differences_add_pointer(live, "/spec/containers/7/image", paths); /* not there */
	ignore_differences_add_pointer(live, "/spec/replicas", paths);
	ignore_differences_add_pointer(live, "/metadata", paths);
	ignore_differences_drop(live, paths);
	equals(a, live, "{spec: {host: a, containers: [{name: log, image: 'log:9'}]}}");
	json_decref(live);
	json_decref(paths);
	arena_free(a);
}

static void
what_a_manager_owns_is_found_by_the_keys_of_elements(void **state)
{
	static const char *hpa[] = { "hpa" };
	const struct strings managers = { hpa, 1 };
	struct arena *a = arena_new();
	json_t *live = yaml(a, LIVE), *want = yaml(a, WANT), *paths = json_array();

	(void)state;
	ignore_differences_add_owned(want, live, &managers, paths);
	equals(a, paths, "[[spec, replicas], [spec, containers, 0, image]]");
	json_decref(live);
	json_decref(want);
	json_decref(paths);
	arena_free(a);
}

static void
what_is_kept_goes_to_the_element_that_is_the_same(void **state)
{
	struct arena *a = arena_new();
	json_t *live = yaml(a, LIVE), *want = yaml(a, WANT),
	       *of_want = yaml(a, "[[spec, paused], [spec, containers, 1, image], [spec, replicas]]"),
	       *of_live =
		   yaml(a, "[[spec, containers, 0, image], [spec, replicas], [spec, containers, 2], [spec, none, x]]");

	(void)state;
	ignore_differences_keep(want, of_want, live, of_live);
	/* The pause is in Git only, and is ignored; the element belongs to another manager. */
	equals(a, want,
	    "{spec: {replicas: 5, containers: [{name: log, image: 'log:1'}, {name: web, image: 'web:9'}, {name: "
	    "foreign, "
	    "image: 'f:1'}]}}");
	json_decref(live);
	json_decref(want);
	json_decref(of_live);
	json_decref(of_want);
	arena_free(a);
}

static void
fields_applied_from_the_client_side_become_ours(void **state)
{
	static const char *kubectl[] = { "kubectl-client-side-apply" };
	const struct strings managers = { kubectl, 1 };
	struct arena *a = arena_new();
	json_t *live = yaml(a, LIVE), *want = yaml(a, "{spec: {containers: [{name: web}]}}"), *paths, *patch;

	(void)state;
	json_object_set_new(live, "apiVersion", json_string("v1"));
	json_object_set_new(json_object_get(live, "metadata"), "resourceVersion", json_string("7"));
	json_object_set_new(json_object_get(live, "metadata"), "annotations",
	    json_pack("{s:s}", "kubectl.kubernetes.io/last-applied-configuration",
		"{\"kind\":\"X\",\"metadata\":{\"name\":\"n\",\"annotations\":{}},\"spec\":{\"host\":\"a\",\"gone\":1,"
		"\"containers\":[{\"name\":\"log\"},{\"name\":\"web\",\"image\":\"web:9\"}]}}"));
	assert_true(adopt_fields_is_due(live, &managers));
	paths = adopt_fields_paths(live, want);
	/* A field that is not live any more cannot be removed. */
	equals(a, paths, "[[spec, host], [spec, containers, 1], [spec, containers, 0, image]]");
	assert_null(json_parse(a, adopt_fields_patch(a, live, &managers, "us"),
	    strlen(adopt_fields_patch(a, live, &managers, "us")), &patch));
	equals(a, json_array_get(patch, 0), "{op: test, path: /metadata/resourceVersion, value: '7'}");
	equals(a, json_array_get(json_at(patch, "/1/value"), 1),
	    "{manager: us, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:host': "
	    "{}}}}");
	json_object_set(json_object_get(live, "metadata"), "managedFields", json_at(patch, "/1/value"));
	assert_false(adopt_fields_is_due(live, &managers));
	json_decref(live);
	json_decref(want);
	json_decref(paths);
	json_decref(patch);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_dropped_from_behind),
		cmocka_unit_test(what_a_manager_owns_is_found_by_the_keys_of_elements),
		cmocka_unit_test(what_is_kept_goes_to_the_element_that_is_the_same),
		cmocka_unit_test(fields_applied_from_the_client_side_become_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
