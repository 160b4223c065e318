/* doctor/argocd.c: Applications: sync, health, conditions, the last operation, and the cluster that they deploy to. */
#include <string.h>
#include "doctor/sections.h"
#include "kube/api/secret.h"

static void argocd_find_applications(const struct doctor_world *, struct doctor_findings *);
static void argocd_find_clusters(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "applications", READS(LIST_APPLICATIONS) | READS(LIST_CONTROLLERS), NULL, argocd_find_applications },
	{ "clusters", READS(LIST_APPLICATIONS) | READS(LIST_SECRETS), NULL, argocd_find_clusters },
	{ 0 },
};

const struct doctor_section doctor_argocd = { "argocd", "Applications", "APP", checks, false };

static bool
argocd_selects(const struct doctor_world *w, const json_t *app)
{
	return w->name == NULL || str_eq(json_str(json_object_get(app, "metadata"), "name"), w->name);
}

static void
argocd_find_conditions(struct doctor_findings *f, const char *name, const char *get, const json_t *status)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(status, "conditions"), i, c) {
		const char *type = json_str(c, "type") ?: "";

		doctor_add(f, str_ends(type, "Error") || str_eq(type, "RevisionHeld") ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		    get, "%s: %s: %s", name, type, json_str(c, "message") ?: "");
	}
}

static void
argocd_find_one(const struct doctor_world *w, struct doctor_findings *f, const json_t *app)
{
	const json_t *status = json_object_get(app, "status"), *m = json_object_get(app, "metadata");
	const char *name = doctor_name(w->arena, app), *sync = json_string_value(json_at(status, "/sync/status")),
		   *health = json_string_value(json_at(status, "/health/status")),
		   *phase = json_string_value(json_at(status, "/operationState/phase")),
		   *args =
		       arena_printf(w->arena, "%s -n %s", json_str(m, "name") ?: "", json_str(m, "namespace") ?: ""),
		   *get = arena_printf(w->arena, "sluice doctor debug %s", json_str(m, "name") ?: "");
	bool automated = json_at(app, "/spec/syncPolicy/automated") != NULL;

	argocd_find_conditions(f, name, get, status);
	if (str_eq(json_str(json_object_get(m, "annotations"), "argocd.argoproj.io/skip-reconcile"), "true"))
		doctor_add(f, DOCTOR_NOTE, "remove the annotation argocd.argoproj.io/skip-reconcile",
		    "%s is not reconciled", name);
	else if (sync == NULL)
		doctor_add(f, DOCTOR_PROBLEM,
		    "check that a controller runs with --controllers gitops, and that its --application-namespaces has "
		    "the namespace",
		    "%s was never compared with Git", name);
	if (str_eq(phase, "Failed") || str_eq(phase, "Error"))
		doctor_add(f, DOCTOR_PROBLEM, get, "%s: the last sync failed: %s", name,
		    json_string_value(json_at(status, "/operationState/message")) ?: "");
	else if (str_eq(sync, "OutOfSync"))
		doctor_add(f, automated ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		    arena_printf(w->arena, "sluice app diff %s, then: sluice app sync %s", args, args),
		    "%s is OutOfSync%s", name, automated ? ", although it is synced automatically" : "");
	if (str_eq(health, "Degraded") || str_eq(health, "Missing"))
		doctor_add(f, DOCTOR_PROBLEM, get, "%s is %s%s%s", name, health,
		    json_at(status, "/health/message") != NULL ? ": " : "",
		    json_string_value(json_at(status, "/health/message")) ?: "");
}

static void
argocd_find_applications(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_APPLICATIONS);
	size_t i, n = 0;
	json_t *app;

	json_array_foreach (items, i, app)
		if (argocd_selects(w, app)) {
			n++;
			argocd_find_one(w, f, app);
		}
	if (items != NULL && n == 0 && w->name != NULL)
		doctor_add(f, DOCTOR_PROBLEM, "sluice app list -A", "there is no Application \"%s\"", w->name);
	else if (items != NULL && f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "%zu Applications, none of which fails", n);
}

/* Returns whether one of the Secrets is that of the destination. */
static bool
argocd_has_cluster(struct arena *a, const json_t *secrets, const char *server, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach (secrets, i, s) {
		const json_t *data = json_object_get(s, "data");
		const char *of = secret_text(a, data, "server") ?: "";
		size_t n = strlen(of);

		while (n > 0 && of[n - 1] == '/')
			n--;
		if (server != NULL ? strlen(server) == n && strncmp(of, server, n) == 0
				   : str_eq(secret_text(a, data, "name"), name))
			return true;
	}
	return false;
}

static void
argocd_find_clusters(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *apps = w->lists[LIST_APPLICATIONS].items, *secrets;
	json_t *app;
	size_t i;

	if (json_array_size(apps) == 0 || (secrets = doctor_items(w, f, LIST_SECRETS)) == NULL)
		return;
	json_array_foreach (apps, i, app) {
		const json_t *to = json_at(app, "/spec/destination");
		const char *server = json_str(to, "server"), *name = json_str(to, "name");

		server = str_empty(server) ? NULL : server;
		if (!argocd_selects(w, app) || str_eq(server, "https://kubernetes.default.svc") ||
		    (server == NULL && (str_empty(name) || str_eq(name, "in-cluster"))))
			continue;
		if (!argocd_has_cluster(w->arena, secrets, server, name))
			doctor_add(f, DOCTOR_PROBLEM, "sluice cluster add CONTEXT --name NAME; sluice cluster list",
			    "%s: there is no cluster %s", doctor_name(w->arena, app), server != NULL ? server : name);
	}
	if (f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "the clusters of all Applications are known");
}
