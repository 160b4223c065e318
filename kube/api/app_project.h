/* kube/api/app_project.h: Argo CD's AppProject: the allowed sources, destinations and kinds of its Applications.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/meta.h"

struct project_destination {
	const char *server, *name, *namespace; /* globs; "!…" denies */
};

struct project_kind {
	const char *group, *kind, *name; /* globs */
};

struct project_key {
	const char *id; /* the last 16 hexadecimal digits of a PGP key's fingerprint */
};

struct project_role {
	const char *name, *description;
	struct strings policies, groups;
	const char *tokens; /* JSON */
};

struct sync_window {
	const char *kind; /* "allow", "deny" */
	const char *schedule; /* cron */
	struct duration duration;
	struct strings applications, namespaces, clusters; /* globs */
	bool manual_sync, and_operator;
	const char *time_zone, *description;
};

struct app_project_spec {
	const char *description;
	struct strings source_repos, source_namespaces; /* globs; "!…" denies */
	LIST_OF(struct project_destination) destinations;
	LIST_OF(struct project_kind) cluster_whitelist;
	LIST_OF(struct project_kind) cluster_blacklist;
	LIST_OF(struct project_kind) namespaced_blacklist;
	const char *namespaced_whitelist; /* JSON list of project_kind; an empty list allows no kind, NULL allows all */
	LIST_OF(struct project_role) roles;
	LIST_OF(struct sync_window) windows;
	LIST_OF(struct project_key)
	signature_keys; /* commits must be signed with one of them; empty: unsigned commits are allowed */
	const char *orphaned_resources; /* JSON */
	bool scoped_clusters_only;
};

struct app_project {
	struct object object;
	struct app_project_spec spec;
	const char *status; /* JSON */
};

extern const struct type app_project_spec_type, app_project_type;
