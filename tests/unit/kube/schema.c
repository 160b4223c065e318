/* tests/unit/kube/schema.c: CustomResourceDefinitions accept what the controller reads. */
#include "kube/api/analysis.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"
#include "kube/api/helm.h"
#include "kube/api/schema.h"
#include "tests/unit/unit.h"

static void
lists_that_are_decoded_later_are_arrays_of_objects(void **state)
{
	static const struct {
		const struct type *type;
		const char *path; /* below the schema's properties */
	} lists[] = {
		{ &application_type, "/spec/properties/source/properties/kustomize/properties/patches" },
		{ &app_project_type, "/spec/properties/namespaceResourceWhitelist" },
		{ &flux_kustomization_type, "/spec/properties/patches" },
		{ &helm_release_type, "/spec/properties/postRenderers/items/properties/kustomize/properties/patches" },
		{ &helm_release_type,
		    "/spec/properties/postRenderers/items/properties/kustomize/properties/patchesStrategicMerge" },
		{ &helm_release_type,
		    "/spec/properties/postRenderers/items/properties/kustomize/properties/patchesJson6902" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_(json_decrefp) json_t *crd = schema_crd(lists[i].type);
		const json_t *list = json_at(
		    crd, arena_printf(a, "/spec/versions/0/schema/openAPIV3Schema/properties%s", lists[i].path));

		assert_string_equal(json_str(list, "type") ?: lists[i].path, "array");
		assert_string_equal(json_str(json_object_get(list, "items"), "type"), "object");
	}
	arena_free(a);
}

/* A schema without a type accepts 0.01 and "1%". */
static void
numbers_of_comparisons_have_no_type(void **state)
{
	static const char *const fields[] = { "falseAlarms", "misses", "catch/properties/share",
		"tolerate/properties/ratio" };
	_cleanup_(json_decrefp) json_t *crd = schema_crd(&analysis_template_type);
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *field = json_at(crd,
		    arena_printf(a,
			"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/metrics/items/properties/"
			"provider/properties/plugin/properties/sluice~1compare/properties/%s",
			fields[i]));

		assert_non_null(field);
		assert_null(json_object_get(field, "type"));
		assert_true(json_is_true(json_object_get(field, "x-kubernetes-preserve-unknown-fields")));
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_that_are_decoded_later_are_arrays_of_objects),
		cmocka_unit_test(numbers_of_comparisons_have_no_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
