/* tests/unit/gitops/engine/object_annotations.c: values of annotations that have no effect are named. */
#include "gitops/engine/object_annotations.h"
#include "tests/unit/unit.h"

struct wanted_problem {
	const char *annotations; /* YAML */
	const char *want; /* part of the problem; NULL: no problem */
};

static void
assert_all(const struct wanted_problem *w, size_t n, const char *where, bool flux)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < n; i++) {
		json_t *o = yaml(a, arena_printf(a, "{metadata: {%s: {%s}}}", where, w[i].annotations));
		const char *got = object_annotations_problem(a, o, flux);

		if (w[i].want == NULL ? got != NULL : got == NULL || strstr(got, w[i].want) == NULL)
			fail_msg("%s\nwant: %s\ngot: %s", w[i].annotations, w[i].want != NULL ? w[i].want : "nothing",
			    got != NULL ? got : "nothing");
		json_decref(o);
	}
	arena_free(a);
}

static void
an_application_s_objects_have_argo_cd_s_annotations(void **state)
{
	static const struct wanted_problem all[] = {
		{ "", NULL },
		{ "argocd.argoproj.io/hook: 'PreSync,PostSync', argocd.argoproj.io/hook-delete-policy: HookSucceeded",
		    NULL },
		{ "argocd.argoproj.io/hook: PostDelete",
		    "annotation argocd.argoproj.io/hook: \"PostDelete\" is not supported: the object is not applied" },
		{ "argocd.argoproj.io/hook: PreSyc",
		    "\"PreSyc\" has no effect; known are PreSync, Sync, PostSync, SyncFail, Skip" },
		{ "argocd.argoproj.io/hook-delete-policy: OnSuccess",
		    "known are HookSucceeded, HookFailed, BeforeHookCreation" },
		{ "argocd.argoproj.io/compare-options: 'IgnoreExtraneous,ServerSideDiff=true'", NULL },
		{ "argocd.argoproj.io/compare-options: ServerSideDiff=false", "by a dry run on the API server" },
		{ "argocd.argoproj.io/hook: presync, argocd.argoproj.io/hook-delete-policy: never",
		    "SyncFail, Skip; annotation argocd.argoproj.io/hook-delete-policy: \"never\" has no effect" },
		{ "kustomize.toolkit.fluxcd.io/prune: never", NULL },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all), "annotations", false);
}

static void
a_kustomization_s_objects_have_flux_s_switches(void **state)
{
	static const struct wanted_problem all[] = {
		{ "kustomize.toolkit.fluxcd.io/prune: disabled, kustomize.toolkit.fluxcd.io/ssa: merge", NULL },
		{ "kustomize.toolkit.fluxcd.io/prune: Disabled", NULL },
		{ "kustomize.toolkit.fluxcd.io/prune: 'false'",
		    "annotation kustomize.toolkit.fluxcd.io/prune: \"false\" has no effect; known are enabled, "
		    "disabled" },
		{ "kustomize.toolkit.fluxcd.io/ssa: Never", "known are Override, Merge, IfNotPresent, Ignore" },
		{ "argocd.argoproj.io/hook: PreSyc, argocd.argoproj.io/sync-options: x", NULL },
	};

	(void)state;
	assert_all(all, ARRAY_SIZE(all), "annotations", true);
	assert_all(all, ARRAY_SIZE(all), "labels", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_application_s_objects_have_argo_cd_s_annotations),
		cmocka_unit_test(a_kustomization_s_objects_have_flux_s_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
