/* gitops/engine/customizations.h: what argocd-cm says about kinds of objects (`resource.customizations`, `resource.exclusions`), and whose they are. Pure.
 *
 * Source: Argo CD's documentation, "Resource Health", "Diffing Customization", "Declarative Setup" (exclusions), "Resource Tracking". Both forms are read: one key a kind
 * (resource.customizations.health.GROUP_KIND), and the older one, a map of all kinds in one text, whose group and kind may be globs.
 */
#pragma once
#include "kube/api/application.h"

struct health_script {
	const char *group, *kind; /* globs, of the older form */
	const char *text; /* Lua */
};

/* Kinds, as globs; a list that is empty is of all. */
struct kind_filter {
	struct strings groups, kinds, clusters;
};

struct customizations {
	LIST_OF(struct health_script) health;
	struct ignored_rules {
		struct ignored_difference *at;
		const char **where; /* the key that says it, for errors */
		size_t n;
	} ignored;
	struct kind_filters {
		struct kind_filter *at;
		size_t n;
	} excluded, included; /* nothing included: everything is */
	bool by_annotation; /* objects say by an annotation whose they are */
	const char *label; /* ... and, or only, by this label; NULL: not */
	const char *problem; /* which keys or values have no effect, and why; NULL: all have */
};

/* Reads the ConfigMap's data; everything in the arena. The error names the key. */
struct err *customizations_read(struct arena *, const json_t *data, struct customizations *ret);

/* Objects of the kind are neither applied nor read in that cluster. */
bool customizations_exclude(const struct customizations *, const char *group, const char *kind, const char *server);

/* The script of a kind: its own before a glob's. NULL: it has none. */
const char *customizations_health(const struct customizations *, const char *group, const char *kind);
