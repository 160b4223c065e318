/* kube/api/app_project.c: the rows of an AppProject. */
#include "kube/api/app_project.h"

static const struct field project_destination_fields[] = {
	STRING(project_destination, server, "server", .doc = "URL of a cluster's API server, a glob; !GLOB forbids"),
	STRING(project_destination, name, "name", .doc = "a cluster's name instead"),
	STRING(project_destination, namespace, "namespace", .doc = "a namespace, a glob; !GLOB forbids"),
};
TYPE(project_destination, "destination", .strict = true);

static const struct field project_kind_fields[] = {
	STRING(project_kind, group, "group", .doc = "API group, a glob", .otherwise = "the core group"),
	STRING(project_kind, kind, "kind", .required = true, .doc = "kind, a glob"),
	STRING(project_kind, name, "name", .doc = "name of the object, a glob", .otherwise = "all"),
};
TYPE(project_kind, "kind", .strict = true);

static const struct field project_key_fields[] = {
	STRING(project_key, id, "keyID", .required = true, .doc = "its ID, 16 hexadecimal digits"),
};
TYPE(project_key, "signature key", .strict = true);

static const struct field project_role_fields[] = {
	STRING(project_role, name, "name", .required = true, .doc = "the role's name"),
	STRING(project_role, description, "description", .doc = "for people"),
	STRINGS(
	    project_role, policies, "policies", .doc = "p, proj:PROJECT:ROLE, RESOURCE, ACTION, PROJECT/OBJECT, allow"),
	STRINGS(project_role, groups, "groups", .doc = "groups of people that have it"),
	JSON(project_role, tokens, "jwtTokens", .doc = "tokens that Argo CD has issued"),
};
TYPE(project_role, "role", .strict = true);

static const struct field sync_window_fields[] = {
	STRING(sync_window, kind, "kind", .choices = "allow|deny", .doc = "syncs are allowed, or forbidden, in it"),
	STRING(sync_window, schedule, "schedule", .doc = "when it begins: cron's five fields"),
	DURATION(sync_window, duration, "duration", .doc = "how long it is"),
	STRINGS(sync_window, applications, "applications", .doc = "which Applications, globs"),
	STRINGS(sync_window, namespaces, "namespaces", .doc = "those that go to these namespaces, globs"),
	STRINGS(sync_window, clusters, "clusters", .doc = "those that go to these clusters, globs"),
	BOOL(sync_window, manual_sync, "manualSync", .doc = "a sync that somebody asks for is allowed all the same"),
	BOOL(
	    sync_window, and_operator, "andOperator", .doc = "all of applications, namespaces and clusters must match"),
	STRING(
	    sync_window, time_zone, "timeZone", .doc = "of the schedule", .choices = "UTC|Etc/UTC", .otherwise = "UTC"),
	STRING(sync_window, description, "description", .doc = "for people"),
};
TYPE(sync_window, "sync window", .strict = true);

static const struct field app_project_spec_fields[] = {
	STRING(app_project_spec, description, "description", .doc = "for people"),
	STRINGS(app_project_spec, source_repos, "sourceRepos", .doc = "URLs of repositories, globs; !GLOB forbids"),
	STRINGS(app_project_spec, source_namespaces, "sourceNamespaces",
	    .doc = "other namespaces whose Applications may name it, globs"),
	LIST(app_project_spec, destinations, "destinations", project_destination, .items_max = 1000,
	    .doc = "where objects may go"),
	LIST(app_project_spec, cluster_whitelist, "clusterResourceWhitelist", project_kind, .items_max = 1000,
	    .doc = "kinds without a namespace that are allowed", .otherwise = "none"),
	LIST(app_project_spec, cluster_blacklist, "clusterResourceBlacklist", project_kind, .items_max = 1000,
	    .doc = "kinds without a namespace that are not"),
	LIST(app_project_spec, namespaced_blacklist, "namespaceResourceBlacklist", project_kind, .items_max = 1000,
	    .doc = "other kinds that are not"),
	JSON(app_project_spec, namespaced_whitelist, "namespaceResourceWhitelist",
	    .doc = "other kinds that are allowed: [{group, kind}]", .otherwise = "all"),
	LIST(app_project_spec, roles, "roles", project_role, .items_max = 1000,
	    .doc = "who may do what (sluice rbac can)"),
	LIST(app_project_spec, windows, "syncWindows", sync_window, .items_max = 1000, .doc = "when syncs may begin"),
	JSON(app_project_spec, orphaned_resources, "orphanedResources", .doc = "Argo CD's; not looked for here"),
	BOOL(app_project_spec, scoped_clusters_only, "permitOnlyProjectScopedClusters",
	    .doc = "only clusters whose Secret names the project"),
	LIST(app_project_spec, signature_keys, "signatureKeys", project_key, .items_max = 100,
	    .doc = "commits must be signed with one of these keys of the ConfigMap argocd-gpg-keys-cm"),
	NOT_BUILT_AS("destinationServiceAccounts", KIND_LIST),
};
TYPE(app_project_spec, "AppProject's spec", .strict = true);

static const struct field app_project_fields[] = {
	EMBED(app_project, spec, "spec", app_project_spec, .required = true, .doc = "what its Applications may do"),
	JSON(app_project, status, "status"),
};
TYPE(app_project, "AppProject", .group = "argoproj.io", .version = "v1alpha1", .plural = "appprojects",
    .kind = "AppProject", .short_name = "appproj", .part = "gitops",
    .doc = "What the Applications that name it may take from where, and put to where.");
