/* doctor/rbac.c: whether the ServiceAccounts of the controller and of `sluice server` have the permissions of deploy/
 * (SubjectAccessReviews), whether those of Kustomizations can change what they applied, and those of HelmReleases store
 * a release, and what the user of the command may do. */
#include <string.h>
#include "doctor/permissions.h"
#include "doctor/sections.h"

static void rbac_probe_controllers(const struct doctor_world *, struct doctor_probes *);
static void rbac_find_controllers(const struct doctor_world *, struct doctor_findings *);
static void rbac_probe_servers(const struct doctor_world *, struct doctor_probes *);
static void rbac_find_servers(const struct doctor_world *, struct doctor_findings *);
static void rbac_probe_tenants(const struct doctor_world *, struct doctor_probes *);
static void rbac_find_tenants(const struct doctor_world *, struct doctor_findings *);
static void rbac_probe_releases(const struct doctor_world *, struct doctor_probes *);
static void rbac_find_releases(const struct doctor_world *, struct doctor_findings *);
static void rbac_probe_self(const struct doctor_world *, struct doctor_probes *);
static void rbac_find_self(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "controllers", READS(LIST_CONTROLLERS), rbac_probe_controllers, rbac_find_controllers },
	{ "server", READS(LIST_SERVERS), rbac_probe_servers, rbac_find_servers },
	{ "kustomizations", READS(LIST_KUSTOMIZATIONS), rbac_probe_tenants, rbac_find_tenants },
	{ "helmreleases", READS(LIST_HELM_RELEASES), rbac_probe_releases, rbac_find_releases },
	{ "you", 0, rbac_probe_self, rbac_find_self },
	{ 0 },
};

const struct doctor_section doctor_rbac = { "rbac", "Permissions", NULL, checks, false };

static const char *
rbac_account(struct arena *a, const json_t *deployment)
{
	return arena_printf(a, "system:serviceaccount:%s:%s",
	    json_str(json_object_get(deployment, "metadata"), "namespace") ?: "",
	    json_string_value(json_at(deployment, "/spec/template/spec/serviceAccountName")) ?: "default");
}

/* The namespace in which a permission is needed: that of the controller, or the one that it is restricted to. */
static const char *
rbac_namespace(struct arena *a, const json_t *d, const struct permission *p)
{
	const char *own = json_str(json_object_get(d, "metadata"), "namespace") ?: "";

	if (p->own)
		return own;
	if (strcmp(doctor_flag(a, d, "namespaced", "false"), "false") == 0)
		return "";
	return doctor_flag(a, d, "namespace", own);
}

/* Calls `each` for each permission that a controller of the cluster needs. */
static void
rbac_each(const struct doctor_world *w,
    void (*each)(const struct doctor_world *, const json_t *, const struct permission *, void *), void *arg)
{
	const struct permissions all = permissions_read(w->arena);
	json_t *d;
	size_t i;

	json_array_foreach (w->lists[LIST_CONTROLLERS].items, i, d)
		for (const struct permission *p = all.at; doctor_is_sluice(d) && p < all.at + all.n; p++)
			if (p->controllers == NULL ||
			    (strcmp(p->controllers, "gitops") == 0 ? doctor_runs(w, "gitops") || doctor_runs(w, "flux")
								   : doctor_runs(w, p->controllers)))
				each(w, d, p, arg);
}

static void
rbac_add_probes(const struct doctor_world *w, const json_t *d, const struct permission *p, void *arg)
{
	for (size_t i = 0; i < p->verbs.n; i++)
		doctor_probe_access(arg, rbac_account(w->arena, d), p->verbs.at[i], p->group, p->resource, p->sub,
		    rbac_namespace(w->arena, d, p));
}

static void
rbac_probe_controllers(const struct doctor_world *w, struct doctor_probes *p)
{
	rbac_each(w, rbac_add_probes, p);
}

static void
rbac_find_one(const struct doctor_world *w, const json_t *d, const struct permission *p, void *arg)
{
	const char *account = rbac_account(w->arena, d), *ns = rbac_namespace(w->arena, d, p), *missing = "",
		   *unknown = NULL;
	struct doctor_findings *f = arg;

	for (size_t i = 0; i < p->verbs.n; i++) {
		const char *verb = p->verbs.at[i];
		const struct doctor_probe *r =
		    doctor_probed_access(w, account, verb, p->group, p->resource, p->sub, ns);

		if (r == NULL || r->error != NULL)
			unknown = r != NULL ? r->error : "too many checks";
		else if (!r->allowed)
			missing = arena_printf(w->arena, "%s%s%s", missing, missing[0] != '\0' ? ", " : "", verb);
	}
	if (unknown != NULL)
		doctor_add(f, DOCTOR_UNKNOWN, NULL, "%s: %s", account, unknown);
	if (missing[0] != '\0')
		doctor_add(f, DOCTOR_PROBLEM,
		    arena_printf(w->arena, "kubectl apply --server-side -k deploy/%s%s", p->directory,
			str_eq(p->controllers, "gitops") ? ", or restrict repositories to what is permitted" : ""),
		    "%s may not %s %s%s%s%s%s%s%s, which role %s of deploy/ permits", account, missing, p->resource,
		    p->sub[0] != '\0' ? "/" : "", p->sub, p->group[0] != '\0' ? "." : "", p->group,
		    ns[0] != '\0' ? " in namespace " : "", ns, p->role);
}

static void
rbac_find_controllers(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_CONTROLLERS), *d;
	size_t i, ours = 0;

	rbac_each(w, rbac_find_one, f);
	json_array_foreach (items, i, d)
		ours += doctor_is_sluice(d);
	if (items != NULL && ours == 0)
		doctor_add(
		    f, DOCTOR_NOTE, NULL, "no controller runs in the cluster, whose permissions could be checked");
	else if (items != NULL && f->of_check[DOCTOR_PROBLEM] + f->of_check[DOCTOR_UNKNOWN] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "the controller has the permissions of deploy/");
}

/* Calls `each` for each permission that each `sluice server` of the cluster needs. */
static void
rbac_each_of_servers(const struct doctor_world *w,
    void (*each)(const struct doctor_world *, const json_t *, const struct permission *, void *), void *arg)
{
	const struct permissions all = permissions_read_server(w->arena);
	json_t *d;
	size_t i;

	json_array_foreach (w->lists[LIST_SERVERS].items, i, d)
		for (const struct permission *p = all.at; p < all.at + all.n; p++)
			each(w, d, p, arg);
}

static void
rbac_probe_servers(const struct doctor_world *w, struct doctor_probes *p)
{
	rbac_each_of_servers(w, rbac_add_probes, p);
}

static void
rbac_find_servers(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_SERVERS);

	rbac_each_of_servers(w, rbac_find_one, f);
	if (json_array_size(items) > 0 && f->of_check[DOCTOR_PROBLEM] + f->of_check[DOCTOR_UNKNOWN] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "`sluice server` has the permissions of deploy/server");
}

/* Calls `each` for each object in the inventory ("NAMESPACE_NAME_GROUP_KIND") of a Kustomization that has its own
 * ServiceAccount, with the group and the plural of its kind. Kinds whose plural follows from no rule are left out. */
static void
rbac_each_applied(const struct doctor_world *w,
    void (*each)(const struct doctor_world *, const json_t *kustomization, const char *account, const char *group,
	const char *plural, const char *ns, void *),
    void *arg)
{
	json_t *ks, *entry;
	size_t i, k;

	json_array_foreach (w->lists[LIST_KUSTOMIZATIONS].items, i, ks) {
		const char *name = json_string_value(json_at(ks, "/spec/serviceAccountName")),
			   *of = json_str(json_object_get(ks, "metadata"), "namespace") ?: "";

		if (str_empty(name))
			continue;
		json_array_foreach (json_at(ks, "/status/inventory/entries"), k, entry) {
			const char *id = json_str(entry, "id") ?: "", *group, *kind;
			char *rest = arena_strdup(w->arena, id), *ns = strsep(&rest, "_");
			const char *plural;

			if (rest == NULL || strsep(&rest, "_") == NULL || rest == NULL)
				continue;
			group = strsep(&rest, "_");
			kind = rest;
			if (kind != NULL && (plural = permissions_plural(w->arena, kind)) != NULL)
				each(w, ks, arena_printf(w->arena, "system:serviceaccount:%s:%s", of, name), group,
				    plural, ns, arg);
		}
	}
}

static void
rbac_add_applied(const struct doctor_world *w, const json_t *ks, const char *account, const char *group,
    const char *plural, const char *ns, void *arg)
{
	(void)w;
	(void)ks;
	doctor_probe_access(arg, account, "patch", group, plural, "", ns);
}

static void
rbac_probe_tenants(const struct doctor_world *w, struct doctor_probes *p)
{
	rbac_each_applied(w, rbac_add_applied, p);
}

static void
rbac_find_applied(const struct doctor_world *w, const json_t *ks, const char *account, const char *group,
    const char *plural, const char *ns, void *arg)
{
	const struct doctor_probe *r = doctor_probed_access(w, account, "patch", group, plural, "", ns);
	struct doctor_findings *f = arg;

	if (r != NULL && r->error == NULL && !r->allowed)
		doctor_add(f, DOCTOR_PROBLEM, "bind a role with this permission to the ServiceAccount",
		    "Kustomization %s: %s may not patch %s%s%s in namespace %s, which it applied",
		    doctor_name(w->arena, ks), account, plural, group[0] != '\0' ? "." : "", group, ns);
}

static void
rbac_find_tenants(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_KUSTOMIZATIONS);

	rbac_each_applied(w, rbac_find_applied, f);
	if (json_array_size(items) > 0 && f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "the ServiceAccounts of Kustomizations can change what they applied");
}

/* Returns the account of a HelmRelease, and the namespace in which Helm stores its release; NULL: it has no account of
 * its own. */
static const char *
rbac_release_account(const struct doctor_world *w, const json_t *release, const char **ret_namespace)
{
	const char *own = json_str(json_object_get(release, "metadata"), "namespace") ?: "",
		   *name = json_string_value(json_at(release, "/spec/serviceAccountName"));

	*ret_namespace = json_string_value(json_at(release, "/spec/targetNamespace")) ?: own;
	return str_empty(name) ? NULL : arena_printf(w->arena, "system:serviceaccount:%s:%s", own, name);
}

static void
rbac_probe_releases(const struct doctor_world *w, struct doctor_probes *p)
{
	const char *account, *ns;
	json_t *o;
	size_t i;

	json_array_foreach (w->lists[LIST_HELM_RELEASES].items, i, o)
		if ((account = rbac_release_account(w, o, &ns)) != NULL)
			doctor_probe_access(p, account, "create", "", "secrets", "", ns);
}

static void
rbac_find_releases(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_HELM_RELEASES);
	const char *account, *ns;
	json_t *o;
	size_t i;

	json_array_foreach (items, i, o) {
		const struct doctor_probe *r;

		if ((account = rbac_release_account(w, o, &ns)) == NULL)
			continue;
		r = doctor_probed_access(w, account, "create", "", "secrets", "", ns);
		if (r != NULL && r->error == NULL && !r->allowed)
			doctor_add(f, DOCTOR_PROBLEM, "bind a role with this permission to the ServiceAccount",
			    "HelmRelease %s: %s may not create secrets in namespace %s, where Helm stores its release",
			    doctor_name(w->arena, o), account, ns);
	}
	if (json_array_size(items) > 0 && f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "the ServiceAccounts of HelmReleases can store their releases");
}

static const struct {
	const char *verb, *group, *resource, *purpose;
} self_rows[] = {
	{ "patch", "argoproj.io", "rollouts", "promote, abort and retry Rollouts" },
	{ "patch", "argoproj.io", "applications", "sync Applications" },
	{ "patch", "kustomize.toolkit.fluxcd.io", "kustomizations", "reconcile Kustomizations" },
	{ "list", "", "events", "read events" },
};

static void
rbac_probe_self(const struct doctor_world *w, struct doctor_probes *p)
{
	(void)w;
	for (size_t i = 0; i < ARRAY_SIZE(self_rows); i++)
		doctor_probe_access(p, NULL, self_rows[i].verb, self_rows[i].group, self_rows[i].resource, "", "");
}

static void
rbac_find_self(const struct doctor_world *w, struct doctor_findings *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(self_rows); i++) {
		const struct doctor_probe *r =
		    doctor_probed_access(w, NULL, self_rows[i].verb, self_rows[i].group, self_rows[i].resource, "", "");

		if (r == NULL || r->error != NULL)
			doctor_add(f, DOCTOR_UNKNOWN, NULL, "whether you may %s: %s", self_rows[i].purpose,
			    r != NULL ? r->error : "too many checks");
		else
			doctor_add(f, r->allowed ? DOCTOR_OK : DOCTOR_NOTE, NULL, "you may %s%s in all namespaces",
			    r->allowed ? "" : "not ", self_rows[i].purpose);
	}
}
