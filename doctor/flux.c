/* doctor/flux.c: Flux's sources, Kustomizations and HelmReleases: whether they are ready, suspended or forgotten. */
#include "base/time.h"
#include "doctor/sections.h"
#include "kube/api/meta.h"

#define LAG_MS (5 * 60 * 1000ll) /* without a reconciliation of the last change */

static void flux_find_sources(const struct doctor_world *, struct doctor_findings *);
static void flux_find_kustomizations(const struct doctor_world *, struct doctor_findings *);
static void flux_find_releases(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "sources", READS(LIST_GIT_REPOSITORIES) | READS(LIST_HELM_REPOSITORIES) | READS(LIST_OCI_REPOSITORIES), NULL,
	    flux_find_sources },
	{ "kustomizations", READS(LIST_KUSTOMIZATIONS) | READS(LIST_GIT_REPOSITORIES), NULL, flux_find_kustomizations },
	{ "helmreleases", READS(LIST_HELM_RELEASES), NULL, flux_find_releases },
	{ 0 },
};

const struct doctor_section doctor_flux = { "flux", "Flux", NULL, checks, false };

/* Whether the last change of the spec was not reconciled in time. */
static bool
flux_lags(const struct doctor_world *w, const json_t *o)
{
	const json_t *m = json_object_get(o, "metadata"), *status = json_object_get(o, "status");
	const char *created = json_str(m, "creationTimestamp");
	int64_t at;

	if (json_object_get(status, "observedGeneration") != NULL)
		return json_int(status, "observedGeneration", 0) >= 0 &&
		       json_int(status, "observedGeneration", 0) < json_int(m, "generation", 0);
	return json_array_size(json_object_get(status, "conditions")) == 0 && created != NULL &&
	       time_parse(created, &at) && w->now - at > LAG_MS;
}

static void
flux_find_one(
    const struct doctor_world *w, struct doctor_findings *f, const char *kind, const char *word, const json_t *o)
{
	const json_t *ready = status_condition(json_object_get(o, "status"), "Ready"),
		     *m = json_object_get(o, "metadata");
	const char *name = doctor_name(w->arena, o), *args = arena_printf(w->arena, "%s %s -n %s", word,
							 json_str(m, "name") ?: "", json_str(m, "namespace") ?: "");

	if (json_is_true(json_at(o, "/spec/suspend")))
		doctor_add(
		    f, DOCTOR_NOTE, arena_printf(w->arena, "sluice resume %s", args), "%s %s is suspended", kind, name);
	else if (str_eq(json_str(ready, "status"), "False"))
		doctor_add(f, DOCTOR_PROBLEM,
		    arena_printf(w->arena, "correct the cause, then: sluice reconcile %s", args),
		    "%s %s is not ready: %s: %s", kind, name, json_str(ready, "reason") ?: "",
		    json_str(ready, "message") ?: "");
	else if (flux_lags(w, o))
		doctor_add(f, DOCTOR_PROBLEM,
		    "check that a controller runs with --controllers flux, and supports this kind",
		    "%s %s was not reconciled", kind, name);
}

/* Adds the findings of all objects of a list. */
static void
flux_find(const struct doctor_world *w, struct doctor_findings *f, enum doctor_list list, const char *word)
{
	const json_t *items = doctor_items(w, f, list);
	size_t i, bad = f->of_check[DOCTOR_PROBLEM];
	json_t *o;

	json_array_foreach (items, i, o)
		flux_find_one(w, f, doctor_lists[list].kind, word, o);
	if (json_array_size(items) > 0 && f->of_check[DOCTOR_PROBLEM] == bad)
		doctor_add(f, DOCTOR_OK, NULL, "%zu %s, none of which fails", json_array_size(items),
		    doctor_lists[list].plural);
}

static void
flux_find_sources(const struct doctor_world *w, struct doctor_findings *f)
{
	flux_find(w, f, LIST_GIT_REPOSITORIES, "source git");
	flux_find(w, f, LIST_HELM_REPOSITORIES, "source helm");
	flux_find(w, f, LIST_OCI_REPOSITORIES, "source oci");
}

/* Whether the GitRepository that a Kustomization names exists. */
static bool
flux_has_source(const struct doctor_world *w, const char *ns, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach (w->lists[LIST_GIT_REPOSITORIES].items, i, o)
		if (str_eq(json_str(json_object_get(o, "metadata"), "namespace"), ns) &&
		    str_eq(json_str(json_object_get(o, "metadata"), "name"), name))
			return true;
	return false;
}

static void
flux_find_kustomizations(const struct doctor_world *w, struct doctor_findings *f)
{
	json_t *o;
	size_t i;

	flux_find(w, f, LIST_KUSTOMIZATIONS, "kustomization");
	json_array_foreach (w->lists[LIST_KUSTOMIZATIONS].items, i, o) {
		const json_t *source = json_at(o, "/spec/sourceRef");
		const char *ns = json_str(source, "namespace") ?: json_str(json_object_get(o, "metadata"), "namespace");

		if (w->lists[LIST_GIT_REPOSITORIES].items != NULL &&
		    str_eq(json_str(source, "kind"), "GitRepository") &&
		    !flux_has_source(w, ns, json_str(source, "name")))
			doctor_add(f, DOCTOR_PROBLEM, "sluice get sources git -A",
			    "Kustomization %s: there is no GitRepository %s/%s", doctor_name(w->arena, o), ns ?: "",
			    json_str(source, "name") ?: "");
	}
}

static void
flux_find_releases(const struct doctor_world *w, struct doctor_findings *f)
{
	flux_find(w, f, LIST_HELM_RELEASES, "helmrelease");
}
