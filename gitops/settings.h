/* gitops/settings.h: what argocd-cm says about kinds of objects (`resource.customizations`). Pure.
 *
 * Source: Argo CD's documentation, "Resource Health", "Diffing Customization". Both forms are read: one key a kind
 * (resource.customizations.health.GROUP_KIND), and the older one, a map of all kinds in one text, whose group and kind may be globs.
 */
#pragma once
#include "kube/api/application.h"

struct health_script {
	const char *group, *kind; /* globs, of the older form */
	const char *text; /* Lua */
};

struct app_settings {
	LIST_OF(struct health_script) health;
	struct ignored_rules {
		struct ignored_difference *at;
		const char **where; /* the key that says it, for errors */
		size_t n;
	} ignored;
};

/* Reads the ConfigMap's data; everything in the arena. The error names the key. */
struct err *settings_read(struct arena *, const json_t *data, struct app_settings *ret);

/* The script of a kind: its own before a glob's. NULL: it has none. */
const char *settings_health(const struct app_settings *, const char *group, const char *kind);
