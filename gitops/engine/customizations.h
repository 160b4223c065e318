/* gitops/engine/customizations.h: customizations of kinds in argocd-cm (`resource.customizations`,
 * `resource.exclusions`), and resource tracking. Pure.
 *
 * Source: Argo CD's documentation, "Resource Health", "Diffing Customization", "Declarative Setup" (exclusions),
 * "Resource Tracking". Both forms are read: one key a kind (resource.customizations.health.GROUP_KIND), and the older
 * one, a map of all kinds in one text, whose group and kind may be globs.
 */
#pragma once
#include "kube/api/application.h"

struct health_script {
	const char *group, *kind; /* globs, of the older form */
	const char *text; /* Lua */
};

/* Kinds, as globs; an empty list means all. */
struct kind_filter {
	struct strings groups, kinds, clusters;
};

struct customizations {
	LIST_OF(struct health_script) health;
	struct ignored_rules {
		struct ignored_difference *at;
		const char **where; /* the key that it comes from, for errors */
		size_t n;
	} ignored;
	struct kind_filters {
		struct kind_filter *at;
		size_t n;
	} excluded, included; /* nothing included: everything is */
	bool by_annotation; /* an annotation tracks the Application of an object */
	const char *label; /* this label does, too or alone; NULL: no label */
	const char *problem; /* which keys or values have no effect, and why; NULL: all have */
};

/* Reads the ConfigMap's data; everything in the arena. The error names the key. */
struct err *customizations_read(struct arena *, const json_t *data, struct customizations *ret);

/* Objects of the kind are neither applied nor read in that cluster. */
bool customizations_exclude(const struct customizations *, const char *group, const char *kind, const char *server);

/* The health script of a kind: an exact name takes precedence over a glob. NULL: there is no script. */
const char *customizations_health(const struct customizations *, const char *group, const char *kind);
