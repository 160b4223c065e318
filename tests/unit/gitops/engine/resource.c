/* tests/unit/gitops/engine/resource.c: which desired objects are not applied. */
#include <string.h>
#include "gitops/engine/resource.h"
#include "gitops/engine/tracking.h"
#include "tests/unit/unit.h"

/* Why the object may not be applied; "": it may. */
static void
check_error(const char *api, const char *kind, const char *plural, const struct owner_mark *mark, const char *want)
{
	const char *slash = strchr(api, '/');
	struct arena *a = arena_new();
	struct api_kind k = { slash != NULL ? arena_strndup(a, api, (size_t)(slash - api)) : "",
		slash != NULL ? slash + 1 : api, kind, plural, false };
	struct manifests m = { .arena = a };
	json_t *o =
	    yaml(a, arena_printf(a, "{apiVersion: %s, kind: %s, metadata: {name: x}, sops: {mac: y, version: 3.9.0}}",
			api, kind));
	struct resources all;

	resources_init(&all, a);
	assert_null(manifests_add(&m, a, o, "x.yaml"));
	assert_null(resources_want(&all, a, &m.at[0], &k, "ns", mark, ""));
	assert_string_equal(all.at[0].error != NULL ? all.at[0].error : "", want);
	json_decref(o);
	resources_done(&all);
	arena_free(a);
}

static void
what_sops_has_encrypted_is_not_applied(void **state)
{
	static const struct owner_mark argo = { .application = "shop", .annotation = true },
				       flux = { .flux_name = "apps", .flux_namespace = "flux-system" };

	(void)state;
	check_error("v1", "Secret", "secrets", &argo,
	    "x.yaml: Secret x: is SOPS encrypted, and nothing decrypts it here; an ExternalSecret or a SealedSecret "
	    "can "
	    "stand in its place");
	check_error("v1", "ConfigMap", "configmaps", &argo,
	    "x.yaml: ConfigMap x: is SOPS encrypted, and nothing decrypts it here; only a Secret's values need "
	    "encryption, "
	    "and an ExternalSecret or a SealedSecret can make it");
	check_error("v1", "Secret", "secrets", &flux,
	    "Secret/ns/x is SOPS encrypted, configuring decryption is required for this secret to be reconciled");
	check_error("apps/v1", "Deployment", "deployments", &flux,
	    "Deployment/ns/x is SOPS encrypted, configuring decryption is required for this object to be reconciled");
	check_error("isindir.github.com/v1alpha3", "SopsSecret", "sopssecrets", &flux, "");
	check_error("addons.projectcapsule.dev/v1alpha1", "GlobalSopsSecret", "globalsopssecrets", &argo, "");
	check_error("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases", &flux,
	    "HelmRelease/ns/x is SOPS encrypted, configuring decryption is required for this object to be reconciled");
	check_error("example.com/v1", "Database", "databases", &argo,
	    "x.yaml: Database x: is SOPS encrypted, and nothing decrypts it here; only a Secret's values need "
	    "encryption, "
	    "and an ExternalSecret or a SealedSecret can make it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_sops_has_encrypted_is_not_applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
