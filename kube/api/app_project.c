/* kube/api/app_project.c: AppProject of Argo CD: the rows of its fields. */
#include "kube/api/app_project.h"

static const struct field project_destination_fields[] = {
	STRING(project_destination, server, "server", .doc = "URL of the API server, as a glob. !GLOB denies."),
	STRING(project_destination, name, "name",
	    .doc = "Name of the cluster, as a glob. !GLOB denies. Applications match by the field that their "
		   "destination has: server or name."),
	STRING(project_destination, namespace, "namespace",
	    .doc = "Namespace, as a glob. !GLOB denies. Unset: the entry matches nothing."),
};
TYPE(project_destination, "destination", .strict = true);

static const struct field project_kind_fields[] = {
	STRING(project_kind, group, "group", .doc = "API group, as a glob.", .default_text = "the core group"),
	STRING(project_kind, kind, "kind", .required = true, .doc = "Kind, as a glob."),
	STRING(project_kind, name, "name", .doc = "Name of the object, as a glob.", .default_text = "all"),
};
TYPE(project_kind, "kind", .strict = true);

static const struct field project_key_fields[] = {
	STRING(project_key, id, "keyID", .required = true, .doc = "Key ID: 16 hexadecimal digits."),
};
TYPE(project_key, "signature key", .strict = true);

static const struct field project_role_fields[] = {
	STRING(project_role, name, "name", .required = true, .doc = "Name of the role."),
	STRING(project_role, description, "description", .doc = "Description, for humans."),
	STRINGS(project_role, policies, "policies",
	    .doc = "Policies: p, proj:PROJECT:ROLE, RESOURCE, ACTION, PROJECT/OBJECT, allow."),
	STRINGS(project_role, groups, "groups", .doc = "OIDC groups that have the role."),
	JSON(project_role, tokens, "jwtTokens", .doc = "Tokens that Argo CD has issued. Have no effect."),
};
TYPE(project_role, "role", .strict = true);

static const struct field sync_window_fields[] = {
	STRING(sync_window, kind, "kind", .choices = "allow|deny",
	    .doc = "allow: Applications of this window are synced only while one of their allow windows is open. deny: "
		   "they are not synced while it is open; takes precedence over allow."),
	STRING(sync_window, schedule, "schedule", .doc = "Start of the window: five fields as in cron."),
	DURATION(sync_window, duration, "duration", .doc = "Length of the window."),
	STRINGS(sync_window, applications, "applications",
	    .doc = "Names of Applications that the window is for, as globs. Empty: not used. A window without "
		   "applications, namespaces and clusters is for none."),
	STRINGS(sync_window, namespaces, "namespaces",
	    .doc = "Destination namespaces that the window is for, as globs. Empty: not used."),
	STRINGS(sync_window, clusters, "clusters",
	    .doc = "Destination clusters (server or name) that the window is for, as globs. Empty: not used."),
	BOOL(sync_window, manual_sync, "manualSync",
	    .doc = "Allow manual syncs while this window prevents automated ones."),
	BOOL(sync_window, and_operator, "andOperator",
	    .doc = "True: all of applications, namespaces and clusters that are not empty must match. False: one is "
		   "enough."),
	STRING(sync_window, time_zone, "timeZone", .doc = "Time zone of the schedule.", .choices = "UTC|Etc/UTC",
	    .default_text = "UTC"),
	STRING(sync_window, description, "description", .doc = "Description, for humans."),
};
TYPE(sync_window, "sync window", .strict = true);

static const struct field app_project_spec_fields[] = {
	STRING(app_project_spec, description, "description", .doc = "Description, for humans."),
	STRINGS(app_project_spec, source_repos, "sourceRepos",
	    .doc = "Repository URLs that Applications may use, as globs. !GLOB denies; with denials only, all others "
		   "are allowed. Empty: none."),
	STRINGS(app_project_spec, source_namespaces, "sourceNamespaces",
	    .doc = "Namespaces whose Applications may use the project, in addition to the controller's, as globs."),
	LIST(app_project_spec, destinations, "destinations", project_destination, .items_max = 1000,
	    .doc = "Clusters and namespaces that Applications may deploy to. Empty: none."),
	LIST(app_project_spec, cluster_whitelist, "clusterResourceWhitelist", project_kind, .items_max = 1000,
	    .doc = "Cluster-scoped kinds that are allowed. Needs Namespaces for CreateNamespace=true.",
	    .default_text = "none"),
	LIST(app_project_spec, cluster_blacklist, "clusterResourceBlacklist", project_kind, .items_max = 1000,
	    .doc = "Cluster-scoped kinds that are denied. Takes precedence over clusterResourceWhitelist."),
	LIST(app_project_spec, namespaced_blacklist, "namespaceResourceBlacklist", project_kind, .items_max = 1000,
	    .doc = "Namespaced kinds that are denied. Takes precedence over namespaceResourceWhitelist."),
	JSON(app_project_spec, namespaced_whitelist, "namespaceResourceWhitelist",
	    .doc = "Namespaced kinds that are allowed: [{group, kind}], as globs. An empty list allows none.",
	    .default_text = "all"),
	LIST(app_project_spec, roles, "roles", project_role, .items_max = 1000,
	    .doc = "Roles and their policies (sluice rbac can)."),
	LIST(app_project_spec, windows, "syncWindows", sync_window, .items_max = 1000,
	    .doc = "Times at which syncs may start. Empty: at all times."),
	JSON(app_project_spec, orphaned_resources, "orphanedResources",
	    .doc = "Argo CD's monitoring of orphaned resources. Has no effect."),
	BOOL(app_project_spec, scoped_clusters_only, "permitOnlyProjectScopedClusters",
	    .doc = "Allow only clusters whose Secret names the project."),
	LIST(app_project_spec, signature_keys, "signatureKeys", project_key, .items_max = 100,
	    .doc = "Keys of the ConfigMap argocd-gpg-keys-cm. Commits must be signed with one of them. Empty: commits "
		   "need no signature."),
	NOT_SUPPORTED_AS("destinationServiceAccounts", KIND_LIST),
};
TYPE(app_project_spec, "AppProject's spec", .strict = true);

static const struct field app_project_fields[] = {
	EMBED(app_project, spec, "spec", app_project_spec, .required = true,
	    .doc = "Permissions of the project's Applications."),
	JSON(app_project, status, "status"),
};
TYPE(app_project, "AppProject", .group = "argoproj.io", .version = "v1alpha1", .plural = "appprojects",
    .kind = "AppProject", .short_name = "appproj", .part = "gitops",
    .doc = "AppProject defines from where its Applications may deploy what, and to where.");
