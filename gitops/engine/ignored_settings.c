/* gitops/engine/ignored_settings.c: keys of argocd-cm without effect, and the reason for each: one row for each
 * key. Keys with an effect: customizations.c.
 *
 * The rows have every key of the example in Argo CD's documentation, and those of its older versions. */
#include "gitops/engine/ignored_settings.h"
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

#define NAMED_MAX 150 /* keys that are listed; Argo CD's example has less than 100 */

static const char no_accounts[] = "`sluice server` has no accounts of its own: users log in with oidc.config",
		  no_dex[] = "run Dex on its own, and name it in oidc.config",
		  by_server_flag[] = "`sluice server` has flags", no_logs[] = "`sluice server` shows no logs of Pods",
		  no_interface[] = "it is about Argo CD's web interface",
		  no_actions[] = "Sluice has no resource actions",
		  no_plugins[] = "config management plugins are not supported",
		  no_tool[] = "the controller's flags choose the tools that render manifests",
		  by_flag[] = "use the controller's flag --gitops-interval",
		  by_server[] = "objects are compared by a dry run on the API server",
		  no_event_labels[] = "events have no labels",
		  no_impersonation[] = "destinationServiceAccounts are not supported",
		  no_updates[] = "changes of managed objects are compared together, however many there are",
		  one_kustomize[] = "there is one kustomize, which is built in",
		  no_hydrator[] = "the source hydrator is not supported";

/* The first row that matches counts; names are globs. */
static const struct setting_key {
	const char *name;
	const char *why; /* reason why it has no effect; NULL: it has an effect */
} keys[] = {
	{ "application.resourceTrackingMethod", NULL },
	{ "application.instanceLabelKey", NULL },
	{ "kustomize.buildOptions", NULL },
	{ "resource.customizations", NULL },
	{ "resource.customizations.health.*", NULL },
	{ "resource.customizations.ignoreDifferences.*", NULL },
	{ "resource.customizations.useOpenLibs.*", NULL }, /* scripts always have the libraries */
	{ "resource.exclusions", NULL },
	{ "resource.inclusions", NULL },
	{ "repositories", NULL }, /* gitops/source/argocd_cm_repositories.c */
	{ "repository.credentials", NULL },
	{ "resource.customizations.actions.*", no_actions },
	{ "resource.customizations.ignoreResourceUpdates.*", no_updates },
	{ "resource.customizations.knownTypeFields.*", by_server },
	{ "resource.ignoreResourceUpdatesEnabled", no_updates },
	{ "resource.compareoptions", by_server },
	{ "resource.respectRBAC", "a kind that may not be read is an error of the Applications that have it" },
	{ "resource.sensitive.mask.annotations", "`sluice app diff` uses the permissions of the user who runs it" },
	{ "resource.customLabels", no_interface },
	{ "resource.includeEventLabelKeys", no_event_labels },
	{ "resource.excludeEventLabelKeys", no_event_labels },
	{ "resource.links", no_interface },
	{ "application.links", no_interface },
	{ "project.links", no_interface },
	{ "application.allowedNodeLabels", no_interface },
	{ "application.sync.impersonation.*", no_impersonation },
	{ "application.sync.requireOverridePrivilegeForRevisionSync", "a sync of another revision needs sync only" },
	{ "installationID", "one controller keeps one cluster's Applications" },
	{ "globalProjects", "projects do not inherit from other projects" },
	{ "cluster.inClusterEnabled", "the own cluster is always a destination; an AppProject can forbid it" },
	{ "timeout.reconciliation*", by_flag },
	{ "timeout.hard.reconciliation", by_flag },
	{ "ignoreNormalizerJQTimeout", "a jq expression has half a second" },
	{ "webhook.*", "the controller's flag --webhookPort, and argocd-secret, set up webhooks" },
	{ "helm.repositories", "use repositories" },
	{ "helm.valuesFileSchemes", "value files are files of a repository, never URLs" },
	{ "helm.*", no_tool },
	{ "kustomize.buildOptions.*", one_kustomize },
	{ "kustomize.path.*", one_kustomize },
	{ "kustomize.version.*", one_kustomize },
	{ "kustomize.enable", no_tool },
	{ "kustomize.enabled", no_tool },
	{ "jsonnet.*", "Jsonnet is not supported" },
	{ "configManagementPlugins", no_plugins },
	{ "sourceHydrator.*", no_hydrator },
	{ "commit.*", no_hydrator },
	{ "url", NULL }, /* of `sluice server`, with oidc.config */
	{ "additionalUrls", no_interface },
	{ "statusbadge.*", no_interface },
	{ "ui.*", no_interface },
	{ "help.*", no_interface },
	{ "ga.*", no_interface },
	{ "extension.config*", no_interface },
	{ "exec.*", no_interface },
	{ "accounts.*", no_accounts },
	{ "admin.*", no_accounts },
	{ "users.*", no_accounts },
	{ "oidc.config", NULL }, /* web/oidc/settings.c; `sluice server` names its members without effect */
	{ "oidc.*", "certificates are always verified: rootCA of oidc.config names another CA" },
	{ "dex.*", no_dex },
	{ "passwordPattern", no_accounts },
	{ "server.rbac.disableApplicationFineGrainedRBACInheritance",
	    "there are no permissions for single objects of an Application" },
	{ "server.rbac.log.enforce.enable", no_logs },
	{ "server.maxPodLogsToRender", no_logs },
	{ "server.*", by_server_flag },
};

/* Options of `kustomize build` that Argo CD's users write; the first row that matches counts. */
static const struct build_option {
	const char *name;
	const char *value; /* NULL: any, or none */
	const char *why; /* reason why it has no effect; NULL: it has an effect */
	bool takes_value; /* the option has a value: --name value or --name=value */
} options[] = {
	{ "--load-restrictor", "LoadRestrictionsNone", NULL, true },
	{ "--load-restrictor", "none", NULL, true },
	{ "--load-restrictor", NULL, "files may be anywhere in the repository", true },
	{ "--load_restrictor", "LoadRestrictionsNone", NULL, true },
	{ "--load_restrictor", "none", NULL, true },
	{ "--load_restrictor", NULL, "files may be anywhere in the repository", true },
	{ "--enable-helm", NULL, "charts in a kustomization are refused; spec.source.helm renders one", false },
	{ "--helm-*", NULL, "charts in a kustomization are refused; spec.source.helm renders one", true },
	{ "--enable-alpha-plugins", NULL,
	    "kustomize's own transformers and generators are built in, other plugins are refused", false },
	{ "--enable_alpha_plugins", NULL,
	    "kustomize's own transformers and generators are built in, other plugins are refused", false },
	{ "--enable-exec", NULL, "plugins that are programs are refused", false },
	{ "--enable-star", NULL, "plugins in Starlark are refused", false },
	{ "--network*", NULL, "plugins in containers are refused", false },
	{ "--reorder", "none", NULL, true },
	{ "--reorder", NULL, "objects are applied in the order of Argo CD's phases, waves and kinds", true },
};

static const struct setting_key *
ignored_settings_key_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (glob_match(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static const char *
ignored_settings_join(struct arena *a, const char *all, const char *more, const char *separator)
{
	return all == NULL ? more : arena_printf(a, "%s%s%s", all, separator, more);
}

static const char *
ignored_settings_option_problem(struct arena *a, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (glob_match(options[i].name, name) && (options[i].value == NULL || str_eq(options[i].value, value)))
			return options[i].why == NULL
				   ? NULL
				   : arena_printf(a, "kustomize.buildOptions: %s (%s)", name, options[i].why);
	return arena_printf(a, "kustomize.buildOptions: %s (it is not known)", name);
}

static bool
ignored_settings_option_takes_value(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (glob_match(options[i].name, name))
			return options[i].takes_value;
	return false;
}

/* Returns the options without effect in a text such as "--load-restrictor LoadRestrictionsNone --enable-helm"; NULL
 * if there are no such options. */
static const char *
ignored_settings_options_problem(struct arena *a, const char *text)
{
	char *save = NULL;
	const char *all = NULL;

	for (char *o = strtok_r(arena_strdup(a, text), " \t\n", &save); o != NULL; o = strtok_r(NULL, " \t\n", &save)) {
		char *value = strchr(o, '=');
		const char *problem;

		if (value != NULL)
			*value++ = '\0';
		else if (ignored_settings_option_takes_value(o))
			value = strtok_r(NULL, " \t\n", &save);
		problem = ignored_settings_option_problem(a, o, value);
		if (problem != NULL)
			all = ignored_settings_join(a, all, problem, "; ");
	}
	return all;
}

static const char *
ignored_settings_with_effect(struct arena *a)
{
	const char *all = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].why == NULL)
			all = ignored_settings_join(a, all, str_replace(a, keys[i].name, "*", "GROUP_KIND"), ", ");
	return all;
}

/* Keys without effect for the same reason. */
struct ignored_keys {
	const char *why;
	const char *names;
};

/* Adds a key to those with its reason, in the order in which the reasons occur. */
static void
ignored_settings_add(struct arena *a, struct ignored_keys *groups, size_t *n, const char *key, const char *why)
{
	const char *name = arena_printf(a, "%.100s", key);

	for (size_t i = 0; i < *n; i++)
		if (groups[i].why == why) {
			groups[i].names = ignored_settings_join(a, groups[i].names, name, ", ");
			return;
		}
	groups[(*n)++] = (struct ignored_keys){ why, name };
}

const char *
ignored_settings_problem(struct arena *a, const json_t *data)
{
	const char *without = NULL, *unknown = NULL, *options_problem = NULL, *text = NULL, *key;
	struct ignored_keys groups[ARRAY_SIZE(keys)];
	size_t n = 0, n_groups = 0;
	json_t *value;

	json_object_foreach ((json_t *)data, key, value) {
		const struct setting_key *k = ignored_settings_key_of(key);

		if (k == NULL && n++ < NAMED_MAX)
			unknown = ignored_settings_join(a, unknown, arena_printf(a, "%.100s", key), ", ");
		else if (k != NULL && k->why != NULL && n++ < NAMED_MAX)
			ignored_settings_add(a, groups, &n_groups, key, k->why);
	}
	for (size_t i = 0; i < n_groups; i++)
		without =
		    ignored_settings_join(a, without, arena_printf(a, "%s (%s)", groups[i].names, groups[i].why), "; ");
	if (json_str(data, "kustomize.buildOptions") != NULL)
		options_problem = ignored_settings_options_problem(
		    a, arena_printf(a, "%.1000s", json_str(data, "kustomize.buildOptions")));
	if (options_problem != NULL)
		without = ignored_settings_join(a, without, options_problem, "; ");
	if (without != NULL)
		text = arena_printf(a, "without effect here: %s", without);
	if (unknown != NULL)
		text = ignored_settings_join(a, text,
		    arena_printf(
			a, "unknown keys: %s; keys with an effect are %s", unknown, ignored_settings_with_effect(a)),
		    ". ");
	if (n > NAMED_MAX)
		text = ignored_settings_join(a, text, arena_printf(a, "and %zu more keys", n - NAMED_MAX), "; ");
	return text != NULL ? arena_printf(a, "ConfigMap argocd-cm: %s", text) : NULL;
}
