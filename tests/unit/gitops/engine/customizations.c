/* tests/unit/gitops/engine/customizations.c: resource.customizations and resource.exclusions of argocd-cm. */
#include "base/str.h"
#include "gitops/engine/ignored_settings.h"
#include "gitops/engine/customizations.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/source/secret_keys.h"
#include "tests/unit/unit.h"

static void
assert_says(const char *want, const char *got)
{
	if (got == NULL || strstr(got, want) == NULL)
		fail_msg("want: %s\ngot: %s", want, got != NULL ? got : "nothing");
}

static void
settings_are_by_kind_and_say_where_they_are_wrong(void **state)
{
	struct arena *a = arena_new();
	json_t *data = yaml(a,
	    "{resource.customizations.health.argoproj.io_Rollout: own, resource.customizations: '\"argoproj.io/*\": "
	    "{health.lua: all}', resource.customizations.ignoreDifferences.all: 'jsonPointers: [/status]'}");
	struct customizations s;
	struct err *e;

	(void)state;
	assert_null(customizations_read(a, data, &s));
	assert_string_equal(customizations_health(&s, "argoproj.io", "Rollout"), "own");
	assert_string_equal(customizations_health(&s, "argoproj.io", "Experiment"), "all");
	assert_null(customizations_health(&s, "", "Service"));
	assert_int_equal(s.ignored.n, 1);
	assert_true(ignore_differences_concerns(
	    &s.ignored.at[0], &(struct api_kind){ "apps", "v1", "Deployment", "", false }, "x", "y"));
	json_object_set_new(data, "resource.customizations", json_string("a: [b"));
	e = customizations_read(a, data, &s);
	assert_non_null(e);
	assert_non_null(strstr(err_text(a, e), "ConfigMap argocd-cm, resource.customizations: line "));
	json_decref(data);
	arena_free(a);
}

static void
kinds_are_excluded_by_globs(void **state)
{
	struct arena *a = arena_new();
	json_t *data = yaml(a,
	    "{resource.exclusions: '[{apiGroups: [\"*.example.com\"], kinds: [Thing]}, {kinds: [Lease], clusters: "
	    "[\"https://far*\"]}, {apiGroups: [gone.io]}]'}");
	struct customizations s;

	(void)state;
	assert_null(customizations_read(a, data, &s));
	assert_true(customizations_exclude(&s, "a.example.com", "Thing", "https://near"));
	assert_false(customizations_exclude(&s, "a.example.com", "Other", "https://near"));
	assert_true(customizations_exclude(&s, "coordination.k8s.io", "Lease", "https://far.away"));
	assert_false(customizations_exclude(&s, "coordination.k8s.io", "Lease", "https://near"));
	assert_true(customizations_exclude(&s, "gone.io", "Anything", "https://near"));
	json_decref(data);
	data = yaml(a, "{resource.inclusions: '[{apiGroups: [apps]}]', resource.exclusions: '[{kinds: [DaemonSet]}]'}");
	assert_null(customizations_read(a, data, &s));
	assert_false(customizations_exclude(&s, "apps", "Deployment", "https://near"));
	assert_true(customizations_exclude(&s, "apps", "DaemonSet", "https://near"));
	assert_true(customizations_exclude(&s, "", "Service", "https://near"));
	json_object_set_new(data, "resource.inclusions", json_string("{}"));
	assert_says("resource.inclusions: it is not a list", err_text(a, customizations_read(a, data, &s)));
	json_decref(data);
	arena_free(a);
}

static void
too_many_rules_are_an_error(void **state)
{
	struct arena *a = arena_new();
	json_t *data = json_object();
	struct customizations s;

	(void)state;
	for (int i = 0; i < 600; i++)
		json_object_set_new(data, arena_printf(a, "resource.customizations.health.example.com_Kind%d", i),
		    json_string("return {}"));
	assert_says("more than 512 rules", err_text(a, customizations_read(a, data, &s)));
	json_decref(data);
	arena_free(a);
}

static void
the_tracking_method_is_one_of_three(void **state)
{
	static const struct {
		const char *data;
		bool by_annotation;
		const char *label, *problem;
	} all[] = {
		{ "{}", true, NULL, NULL },
		{ "{application.resourceTrackingMethod: annotation}", true, NULL, NULL },
		{ "{application.resourceTrackingMethod: label}", false, "app.kubernetes.io/instance", NULL },
		{ "{application.resourceTrackingMethod: annotation+label, application.instanceLabelKey: a/b}", true,
		    "a/b", NULL },
		{ "{application.resourceTrackingMethod: label, application.instanceLabelKey: a/b}", false, "a/b",
		    NULL },
		{ "{application.instanceLabelKey: a/b}", true, NULL, "application.instanceLabelKey has no effect" },
		{ "{application.instanceLabelKey: ''}", true, NULL, NULL },
		{ "{application.resourceTrackingMethod: labell}", true, NULL, "\"labell\" is not annotation" },
		{ "{application.resourceTrackingMethod: Label, url: x}", true, NULL, "\"Label\" is not annotation" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		json_t *data = yaml(a, all[i].data);
		struct customizations s;

		assert_null(customizations_read(a, data, &s));
		assert_int_equal(s.by_annotation, all[i].by_annotation);
		assert_true(str_eq(s.label, all[i].label) || (s.label == NULL && all[i].label == NULL));
		if (all[i].problem != NULL)
			assert_says(all[i].problem, s.problem);
		else
			assert_null(s.problem);
		json_decref(data);
	}
	arena_free(a);
}

static void
every_key_without_effect_is_named(void **state)
{
	static const struct {
		const char *data, *want;
	} all[] = {
		{ "{ui.cssurl: 'https://cd.example.com'}",
		    "without effect here: ui.cssurl (it is about Argo CD's web interface)" },
		{ "{accounts.robot: apiKey, dex.config: ''}",
		    "accounts.robot (`sluice server` has no accounts of its own" },
		{ "{timeout.reconciliation: 60s}", "--gitops-interval" },
		{ "{ui.cssurl: x, dex.config: x, ui.bannercontent: x}",
		    "ui.cssurl, ui.bannercontent (it is about Argo CD's web interface); dex.config (" },
		{ "{resource.customizations.actions.apps_Deployment: x}", "Sluice has no resource actions" },
		{ "{kustomize.buildOptions: '--enable-exec --foo=1'}",
		    "kustomize.buildOptions: --foo (it is not known)" },
		{ "{kustomize.buildOptions: '--load-restrictor LoadRestrictionsRootOnly'}", "files may be anywhere" },
		{ "{resource.custom: x}", "unknown keys: resource.custom; keys with an effect are" },
	};
	struct arena *a = arena_new();
	json_t *data;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		data = yaml(a, all[i].data);
		assert_says(all[i].want, ignored_settings_problem(a, data));
		json_decref(data);
	}
	data = yaml(a,
	    "{resource.customizations: '', resource.customizations.health.a_B: '', application.instanceLabelKey: x, "
	    "kustomize.buildOptions: '--load-restrictor=LoadRestrictionsNone --reorder none', resource.exclusions: "
	    "''}");
	assert_null(ignored_settings_problem(a, data));
	assert_null(ignored_settings_problem(a, NULL));
	json_decref(data);
	data = json_object();
	for (int i = 0; i < 200; i++)
		json_object_set_new(data, arena_printf(a, "key%d", i), json_string(""));
	assert_says("; and 50 more keys", ignored_settings_problem(a, data));
	json_decref(data);
	arena_free(a);
}

/* The keys of the example in Argo CD's documentation ("argocd-cm.yaml example", 3.3), with an x for a part that users
 * choose. All of them in one ConfigMap are named, or have an effect. */
static void
every_key_of_the_example_of_argo_cd_is_known(void **state)
{
	static const char *const with_effect[] = { "url", "oidc.config", "resource.exclusions", "resource.inclusions",
		"resource.customizations.ignoreDifferences.all", "resource.customizations.health.cert-manager.io_x",
		"kustomize.buildOptions", "application.instanceLabelKey", "application.resourceTrackingMethod" };
	static const char *const without[] = { "dex.storage", "additionalUrls", "statusbadge.enabled",
		"statusbadge.url", "users.anonymous.enabled", "users.session.duration", "passwordPattern",
		"ga.trackingid", "ga.anonymizeusers", "help.chatUrl", "help.chatText", "help.download.linux-amd64",
		"help.download.linux-arm64", "help.download.linux-ppc64le", "help.download.linux-s390x",
		"help.download.darwin-amd64", "help.download.darwin-arm64", "help.download.windows-amd64", "dex.config",
		"resource.ignoreResourceUpdatesEnabled", "resource.customizations.ignoreResourceUpdates.all",
		"resource.customizations.actions.apps_x", "resource.customizations.knownTypeFields.apps_x",
		"resource.sensitive.mask.annotations", "resource.customLabels", "resource.includeEventLabelKeys",
		"resource.excludeEventLabelKeys", "resource.compareoptions", "resource.respectRBAC", "kustomize.enable",
		"jsonnet.enable", "helm.enable", "kustomize.path.v3.9.1", "kustomize.buildOptions.v3.9.1",
		"kustomize.version.v3.5.1", "helm.valuesFileSchemes", "application.allowedNodeLabels", "installationID",
		"admin.enabled", "accounts.x", "accounts.x.enabled", "ui.cssurl", "ui.bannercontent", "ui.bannerurl",
		"ui.bannerpermanent", "ui.bannerposition", "ui.loginButtonText", "timeout.reconciliation",
		"timeout.reconciliation.jitter", "webhook.refresh.jitter", "webhook.refresh.jitter.threshold",
		"cluster.inClusterEnabled", "server.maxPodLogsToRender", "exec.enabled", "exec.shells",
		"oidc.tls.insecure.skip.verify", "project.links", "application.links", "resource.links",
		"extension.config", "webhook.maxPayloadSizeMB", "application.sync.impersonation.enabled",
		"application.sync.impersonation.enforced", "application.sync.requireOverridePrivilegeForRevisionSync",
		"commit.author.name", "commit.author.email", "sourceHydrator.commitMessageTemplate",
		"sourceHydrator.readmeMessageTemplate", "globalProjects",
		"server.rbac.disableApplicationFineGrainedRBACInheritance" };
	struct arena *a = arena_new();
	json_t *data = json_object();
	const char *problem;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_effect); i++)
		json_object_set_new(data, with_effect[i], json_string(""));
	assert_null(ignored_settings_problem(a, data));
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		json_object_set_new(data, without[i], json_string(""));
	problem = ignored_settings_problem(a, data);
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		assert_says(without[i], problem);
	assert_null(strstr(problem, "unknown keys"));
	assert_null(strstr(problem, "more keys"));
	json_decref(data);
	arena_free(a);
}

static void
every_member_without_effect_is_named(void **state)
{
	static const struct {
		const char *data, *want; /* NULL: nothing */
	} all[] = {
		{ "{resource.exclusions: '[{apiGroups: [apps], kind: [DaemonSet]}]'}",
		    "resource.exclusions[0]: kind has no effect here; apiGroups, kinds, clusters have" },
		{ "{resource.inclusions: '[{kinds: [Service]}, apps]'}",
		    "resource.inclusions[1]: it is not a mapping of apiGroups, kinds, clusters" },
		{ "{resource.customizations.ignoreDifferences.apps_Deployment: 'jqPathExpression: [.spec]'}",
		    "resource.customizations.ignoreDifferences.apps_Deployment: jqPathExpression has no effect here; "
		    "jsonPointers, jqPathExpressions, managedFieldsManagers have" },
		{ "{resource.customizations.ignoreDifferences.all: '[/spec/replicas]'}",
		    "resource.customizations.ignoreDifferences.all: it is not a mapping of jsonPointers" },
		{ "{resource.customizations: 'apps/Deployment: {actions: x, health.lua: y}'}",
		    "resource.customizations: apps/Deployment: actions has no effect here; health.lua" },
		{ "{resource.exclusions: '[{apiGroups: [apps], kinds: [], clusters: [x]}]', resource.customizations: "
		  "'a/B: {health.lua: x, health.lua.useOpenLibs: true, ignoreDifferences: \"jsonPointers: [/a]\"}'}",
		    NULL },
	};
	struct arena *a = arena_new();
	struct customizations s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		json_t *data = yaml(a, all[i].data);

		assert_null(customizations_read(a, data, &s));
		if (all[i].want != NULL)
			assert_says(all[i].want, s.problem);
		else
			assert_null(s.problem);
		json_decref(data);
	}
	arena_free(a);
}

static void
keys_of_a_repositorys_secret_without_effect_are_named(void **state)
{
	struct arena *a = arena_new();
	json_t *secret = yaml(a,
	    "{metadata: {name: corp}, data: {url: eA==, password: aHVzaA==, project: eA==, enableLfs: dHJ1ZQ==, "
	    "githubAppID: MQ==, passphrase: eA==}}");

	(void)state;
	assert_string_equal(secret_keys_problem(a, secret, SECRET_KEYS_ARGOCD),
	    "Secret corp: without effect here: enableLfs (files in Git LFS are read as the pointers that Git has), "
	    "githubAppID (tokens are not fetched from GitHub, Google or Azure: password or bearerToken can hold one), "
	    "passphrase (it is not known)");
	json_decref(secret);
	secret = yaml(a, "{metadata: {name: corp}, data: {url: eA==, username: eA==, insecure: dHJ1ZQ==}}");
	assert_null(secret_keys_problem(a, secret, SECRET_KEYS_ARGOCD));
	json_decref(secret);
	arena_free(a);
}

static void
keys_of_a_flux_secret_without_effect_are_named(void **state)
{
	static const char *const cases[][2] = {
		{ "identity: x, identity.pub: x, known_hosts: x", NULL },
		{ "username: x, password: x, ca.crt: x", NULL },
		{ "bearerToken: x, caFile: x", NULL },
		{ "identity: x, password: x",
		    "password (a key with a passphrase is not read: identity must have none)" },
		{ "ca.crt: x, caFile: x", "caFile (ca.crt counts)" },
		{ "tls.crt: x, tls.key: x", "tls.crt (client certificates are not presented to repositories), "
					    "tls.key (client certificates are not presented to repositories)" },
		{ "githubAppID: x", "githubAppID (tokens are not fetched from GitHub, Google or Azure: password or "
				    "bearerToken can hold one)" },
		{ "sshPrivateKey: x, Username: x", "sshPrivateKey (it is not known), Username (it is not known)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *a = arena_new();
		json_t *secret = yaml(a, arena_printf(a, "{metadata: {name: s}, data: {%s}}", cases[i][0]));
		const char *got = secret_keys_problem(a, secret, SECRET_KEYS_FLUX);

		if (cases[i][1] == NULL)
			assert_null(got);
		else
			assert_string_equal(got, arena_printf(a, "Secret s: without effect here: %s", cases[i][1]));
		json_decref(secret);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_by_kind_and_say_where_they_are_wrong),
		cmocka_unit_test(kinds_are_excluded_by_globs),
		cmocka_unit_test(too_many_rules_are_an_error),
		cmocka_unit_test(the_tracking_method_is_one_of_three),
		cmocka_unit_test(keys_of_a_repositorys_secret_without_effect_are_named),
		cmocka_unit_test(keys_of_a_flux_secret_without_effect_are_named),
		cmocka_unit_test(every_key_without_effect_is_named),
		cmocka_unit_test(every_key_of_the_example_of_argo_cd_is_known),
		cmocka_unit_test(every_member_without_effect_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
