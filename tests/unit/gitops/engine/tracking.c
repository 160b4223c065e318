/* tests/unit/gitops/engine/tracking.c: which application a live object belongs to. */
#include "gitops/engine/tracking.h"
#include "tests/unit/unit.h"

static const struct api_kind config_map = { "", "v1", "ConfigMap", "configmaps", false };

/* Whose a ConfigMap ns/name with this metadata is: 1, -1 or 0. */
static int
owner_of(const struct owner_mark *mark, const char *metadata)
{
	struct arena *a = arena_new();
	json_t *live = yaml(a, arena_printf(a, "{kind: ConfigMap, metadata: %s}", metadata));
	const char *owner = NULL;
	int is = tracking_owner(a, live, &config_map, mark, &owner);

	json_decref(live);
	arena_free(a);
	return is;
}

static void
the_tracking_annotation_names_the_application(void **state)
{
	static const struct owner_mark mark = { .application = "shop", .annotation = true };

	(void)state;
	assert_int_equal(owner_of(&mark, "{name: a, namespace: ns, annotations: {argocd.argoproj.io/tracking-id: "
					 "\"shop:/ConfigMap:ns/a\"}}"),
	    1);
	assert_int_equal(owner_of(&mark, "{name: a, namespace: ns, annotations: {argocd.argoproj.io/tracking-id: "
					 "\"other:/ConfigMap:ns/a\"}}"),
	    -1);
	assert_int_equal(owner_of(&mark, "{name: a, namespace: ns}"), 0);
}

/* Who copies an object copies its annotation too: the copy is not the application's, and is not pruned. */
static void
a_copy_of_an_object_belongs_to_no_application(void **state)
{
	static const struct owner_mark mark = { .application = "shop", .annotation = true };

	(void)state;
	assert_int_equal(owner_of(&mark, "{name: copy, namespace: ns, annotations: {argocd.argoproj.io/tracking-id: "
					 "\"shop:/ConfigMap:ns/a\"}}"),
	    0);
	assert_int_equal(
	    owner_of(&mark, "{name: a, namespace: elsewhere, annotations: {argocd.argoproj.io/tracking-id: "
			    "\"shop:/ConfigMap:ns/a\"}}"),
	    0);
}

static void
the_labels_of_a_kustomization_need_its_namespace_too(void **state)
{
	static const struct owner_mark mark = { .flux_name = "apps", .flux_namespace = "flux-system" };

	(void)state;
	assert_int_equal(owner_of(&mark, "{name: a, namespace: ns, labels: {kustomize.toolkit.fluxcd.io/name: apps, "
					 "kustomize.toolkit.fluxcd.io/namespace: flux-system}}"),
	    1);
	assert_int_equal(owner_of(&mark, "{name: a, namespace: ns, labels: {kustomize.toolkit.fluxcd.io/name: apps, "
					 "kustomize.toolkit.fluxcd.io/namespace: tenant}}"),
	    -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tracking_annotation_names_the_application),
		cmocka_unit_test(a_copy_of_an_object_belongs_to_no_application),
		cmocka_unit_test(the_labels_of_a_kustomization_need_its_namespace_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
