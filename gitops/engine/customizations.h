/* gitops/engine/customizations.h: customizations of kinds in argocd-cm (`resource.customizations`,
 * `resource.exclusions`), and resource tracking. Pure.
 *
 * Source: Argo CD's documentation, "Resource Health", "Diffing Customization", "Declarative Setup" (exclusions),
 * "Resource Tracking". Both forms are read: one key a kind (resource.customizations.health.GROUP_KIND), and the older
 * one, a map of all kinds in one text, whose group and kind may be globs.
 */
#pragma once
#include "kube/api/application.h"

/* A script that returns the health of objects of a kind. */
struct health_script {
	const char *group, *kind; /* globs, if it is written in the older form */
	const char *text; /* in Lua */
};

/* Kinds in clusters, as globs. An empty list matches all. */
struct kind_filter {
	struct strings groups, kinds, clusters;
};

/* The settings in argocd-cm. */
struct customizations {
	LIST_OF(struct health_script) health;
	struct ignored_rules {
		struct ignored_difference *at;
		const char **where; /* for each: the key in argocd-cm, for errors */
		size_t n;
	} ignored; /* differences that are ignored in all Applications */
	struct kind_filters {
		struct kind_filter *at;
		size_t n;
	} excluded, included; /* if `included` is empty, all kinds are included */
	bool by_annotation; /* ANNOTATION_TRACKING (tracking.h) names the Application of an object */
	const char *label; /* the label that names the Application of an object; NULL if no label does */
	const char *problem; /* the keys and values without effect, with the reasons; NULL if all have an effect */
};

/* Reads the ConfigMap's data. All of *ret is in the arena. An error names the key. */
struct err *customizations_read(struct arena *, const json_t *data, struct customizations *ret);

/* Returns whether objects of the kind are excluded in the cluster with this API server: they are neither applied nor
 * read there. */
bool customizations_exclude(const struct customizations *, const char *group, const char *kind, const char *server);

/* Returns the health script of a kind, or NULL if it has none. An exact name takes precedence over a glob. */
const char *customizations_health(const struct customizations *, const char *group, const char *kind);
