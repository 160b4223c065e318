/* kube/api/app_project.c: AppProject of Argo CD: the rows of its fields. */
#include "kube/api/app_project.h"

static const struct field project_destination_fields[] = {
	STRING(project_destination, server, "server",
	    .doc = "URL of the API server, as a glob. !GLOB denies it for the namespaces of the entry."),
	STRING(project_destination, name, "name",
	    .doc = "Name of the cluster, as a glob. !GLOB denies. An entry matches by the field that the Application's "
		   "destination has, server or name."),
	STRING(project_destination, namespace, "namespace",
	    .doc = "Namespace, as a glob. !GLOB denies, with precedence over all other entries. Unset: the entry "
		   "matches nothing."),
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
	STRING(project_role, description, "description", .doc = "Description for users. Has no effect."),
	STRINGS(project_role, policies, "policies",
	    .doc = "Policies: p, proj:PROJECT:ROLE, RESOURCE, ACTION, PROJECT/OBJECT, allow. Only sluice rbac can "
		   "reads them; the commands have the Kubernetes permissions of their user."),
	STRINGS(project_role, groups, "groups", .doc = "OIDC groups that have the role."),
	JSON(project_role, tokens, "jwtTokens", .of = &any_object_type,
	    .doc = "Tokens that Argo CD has issued. Has no effect."),
};
TYPE(project_role, "role", .strict = true);

static const struct field sync_window_fields[] = {
	STRING(sync_window, kind, "kind", .choices = "allow|deny",
	    .doc = "allow: Applications of this window are synced only while one of their allow windows is open. deny: "
		   "not while it is open; takes precedence over allow. Unset: allow."),
	STRING(sync_window, schedule, "schedule",
	    .doc = "Starts of the window: five fields as in cron, such as 0 22 * * 1-5. Required; a wrong one makes "
		   "all Applications of the project invalid."),
	DURATION(sync_window, duration, "duration",
	    .doc = "Length of the window: a Go duration such as 2h. Unset: it never opens."),
	STRINGS(sync_window, applications, "applications",
	    .doc = "Names of Applications that the window is for, as globs. Empty: not used. A window without "
		   "applications, namespaces and clusters is for none."),
	STRINGS(sync_window, namespaces, "namespaces",
	    .doc = "Destination namespaces that the window is for, as globs. Empty: not used."),
	STRINGS(sync_window, clusters, "clusters",
	    .doc = "Destination clusters (server or name) that the window is for, as globs. Empty: not used."),
	BOOL(sync_window, manual_sync, "manualSync",
	    .doc = "True: allow syncs that a user requests while this window prevents automated ones."),
	BOOL(sync_window, and_operator, "andOperator",
	    .doc = "True: all of applications, namespaces and clusters that are not empty must match. False: one is "
		   "enough."),
	STRING(sync_window, time_zone, "timeZone", .doc = "Time zone of the schedule: there is only UTC.",
	    .choices = "UTC|Etc/UTC", .default_text = "UTC"),
	STRING(sync_window, description, "description", .doc = "Description for users. Has no effect."),
};
TYPE(sync_window, "sync window", .strict = true);

static const struct field app_project_spec_fields[] = {
	STRING(app_project_spec, description, "description", .doc = "Description for users. Has no effect."),
	STRINGS(app_project_spec, source_repos, "sourceRepos",
	    .doc = "Repository URLs that Applications may use, as globs; * is all. !GLOB denies; with denials only, "
		   "all others are allowed. Empty: none."),
	STRINGS(app_project_spec, source_namespaces, "sourceNamespaces",
	    .doc = "Namespaces whose Applications may use the project, as globs, in addition to the controller's. "
		   "Empty: only the controller's."),
	LIST(app_project_spec, destinations, "destinations", project_destination, .items_max = 1000,
	    .doc = "Clusters and namespaces that Applications may deploy to. Empty: none."),
	LIST(app_project_spec, cluster_whitelist, "clusterResourceWhitelist", project_kind, .items_max = 1000,
	    .doc = "Cluster-scoped kinds that are allowed. Empty: none. CreateNamespace=true needs Namespace."),
	LIST(app_project_spec, cluster_blacklist, "clusterResourceBlacklist", project_kind, .items_max = 1000,
	    .doc =
		"Cluster-scoped kinds that are denied. Takes precedence over clusterResourceWhitelist. Empty: none."),
	LIST(app_project_spec, namespaced_blacklist, "namespaceResourceBlacklist", project_kind, .items_max = 1000,
	    .doc = "Namespaced kinds that are denied. Takes precedence over namespaceResourceWhitelist. Empty: none."),
	JSON(app_project_spec, namespaced_whitelist, "namespaceResourceWhitelist", .of = &project_kind_type,
	    .doc = "Namespaced kinds that are allowed: a list of group and kind, as globs. Unset: all. An empty list "
		   "allows none."),
	LIST(app_project_spec, roles, "roles", project_role, .items_max = 1000,
	    .doc = "Roles and their policies, for sluice rbac can."),
	LIST(app_project_spec, windows, "syncWindows", sync_window, .items_max = 1000,
	    .doc = "Times at which syncs may start. A sync that must wait has the condition SyncError. Empty: at all "
		   "times."),
	JSON(app_project_spec, orphaned_resources, "orphanedResources",
	    .doc = "Argo CD's monitoring of orphaned resources. Has no effect."),
	BOOL(app_project_spec, scoped_clusters_only, "permitOnlyProjectScopedClusters",
	    .doc = "True: allow only clusters whose Secret names this project. False: all that destinations allows."),
	LIST(app_project_spec, signature_keys, "signatureKeys", project_key, .items_max = 100,
	    .doc = "Keys of the ConfigMap argocd-gpg-keys-cm. Commits must be signed with one of them, or the "
		   "Application has a ComparisonError; charts are refused. Empty: no signature is needed."),
	NOT_SUPPORTED_AS("destinationServiceAccounts", KIND_LIST),
};
TYPE(app_project_spec, "AppProject's spec", .strict = true);

static const struct field app_project_fields[] = {
	EMBED(app_project, spec, "spec", app_project_spec, .required = true,
	    .doc = "Permissions of the project's Applications."),
	JSON(app_project, status, "status"),
};
TYPE(app_project, "AppProject", .group = "argoproj.io", .version = "v1alpha1", .plural = "appprojects",
    .kind = "AppProject", .errors = "by the condition InvalidSpecError of its Applications", .short_name = "appproj",
    .part = "gitops",
    .doc = "AppProject (Argo CD) restricts what its Applications may deploy, from where and to where. Administrators "
	   "create it in the controller's namespace (argocd). If it is invalid, or does not allow an Application, that "
	   "Application has the condition InvalidSpecError; a sync of an object that it does not allow fails before "
	   "anything is applied.");
