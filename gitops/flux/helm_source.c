/* gitops/flux/helm_source.c: finds the HelmRepository or GitRepository of a chart, and describes it for the worker. */
#include "gitops/flux/helm_source.h"
#include <string.h>
#include "base/str.h"

#define INTERVAL_MS 60000 /* Flux's default */
#define OCI "oci://"

int64_t
helm_source_interval(const struct duration *d)
{
	return d->ms > 0 ? d->ms : INTERVAL_MS;
}

bool
helm_source_is_registry(const struct helm_repository *r)
{
	return str_eq(r->spec.type, "oci");
}

bool
helm_source_problem(const struct helm_repository *r, struct problem *ret)
{
	if (helm_source_is_registry(r) != str_starts(r->spec.url, OCI))
		*ret = (struct problem){ .path = "spec.url",
			.text = helm_source_is_registry(r) ? "must start with oci://, as spec.type is oci"
							   : "oci:// needs spec.type oci" };
	else if (r->spec.insecure && !helm_source_is_registry(r))
		*ret = (struct problem){ .path = "spec.insecure",
			.text = "is only for spec.type oci: the url of another repository may start with http://" };
	else if (r->spec.pass_credentials)
		*ret = (struct problem){ .path = "spec.passCredentials",
			.text = "is not supported: credentials are sent to the host of the repository only" };
	else
		return false;
	return true;
}

struct worker_repository
helm_source_repository(
    const struct helm_repository *r, struct worker_secret *ret_secret, struct worker_secret *ret_cert)
{
	struct worker_repository to = { .url = r->spec.url, .plain_http = r->spec.insecure };

	/* The worker knows a registry by an URL without a scheme. */
	if (helm_source_is_registry(r))
		to.url += strlen(OCI);
	if (r->spec.secret != NULL) {
		*ret_secret = (struct worker_secret){ r->object.meta.namespace, r->spec.secret->name };
		to.secret = ret_secret;
	}
	if (r->spec.cert_secret != NULL) {
		*ret_cert = (struct worker_secret){ r->object.meta.namespace, r->spec.cert_secret->name };
		to.cert = ret_cert;
	}
	return to;
}

/* Returns the artifact's revision in a stored status, or NULL. */
static const char *
helm_source_revision(struct arena *a, const char *stored)
{
	struct flux_status status = { 0 };

	decode_text(&flux_status_type, stored, a, &status);
	return status.artifact != NULL ? status.artifact->revision : NULL;
}

static void
helm_source_find_git(struct flux_pass *p, const char *ns, const char *name, struct helm_source *ret)
{
	const struct git_repository *g =
	    (const struct git_repository *)view_get(p->w.pass->view, &git_repository_type, ns, name);
	const char *colon;

	if (g == NULL)
		return;
	ret->revision = helm_source_revision(p->arena, g->status);
	colon = ret->revision != NULL ? strrchr(ret->revision, ':') : NULL;
	ret->url = g->spec.url;
	ret->repository = (struct worker_repository){
		.url = g->spec.url, .ignore = g->spec.ignore, .revision = colon != NULL ? colon + 1 : NULL
	};
	if (g->spec.secret != NULL) {
		ret->secret = (struct worker_secret){ ns, g->spec.secret->name };
		ret->repository.secret = &ret->secret;
	}
}

static void
helm_source_find_helm(struct flux_pass *p, const char *ns, const char *name, struct helm_source *ret)
{
	const struct helm_repository *r =
	    (const struct helm_repository *)view_get(p->w.pass->view, &helm_repository_type, ns, name);
	struct problem problem;

	if (r == NULL)
		return;
	ret->url = r->spec.url;
	ret->repository = helm_source_repository(r, &ret->secret, &ret->cert);
	if (object_problem(&r->object, "spec") != NULL || helm_source_problem(r, &problem))
		return;
	ret->revision = helm_source_is_registry(r) ? "" : helm_source_revision(p->arena, r->status);
}

void
helm_source_find(struct flux_pass *p, const struct helm_chart_spec *spec, const char *ns, struct helm_source *ret)
{
	const char *kind = spec->source.kind, *name = spec->source.name;

	*ret = (struct helm_source){ 0 };
	if (str_eq(kind, "GitRepository"))
		helm_source_find_git(p, ns, name, ret);
	else
		helm_source_find_helm(p, ns, name, ret);
	if (ret->url == NULL)
		ret->missing = arena_printf(p->arena, "%s '%s/%s' not found", kind, ns, name);
	else if (ret->revision == NULL)
		ret->missing = arena_printf(p->arena, "%s '%s/%s' has no artifact yet", kind, ns, name);
}

/* Returns the version in the revision of an artifact: without what the worker adds for the values files. */
static const char *
helm_source_version(struct arena *a, const char *revision, int64_t generation)
{
	const char *added = arena_printf(a, "%lld", (long long)generation);
	size_t n = strlen(revision), len = strlen(added);

	return str_ends(revision, added) && n > len + 1 ? arena_strndup(a, revision, n - len - 1) : revision;
}

struct worker_chart
helm_source_chart(struct arena *a, const struct helm_chart *h, const char *revision)
{
	const struct helm_chart_spec *spec = &h->spec;
	struct worker_chart chart = { .name = spec->chart,
		.version = revision != NULL ? revision : spec->version,
		.git = str_eq(spec->source.kind, "GitRepository"),
		.with_commit = str_eq(spec->reconcile_strategy, "Revision"),
		.values_files = spec->values_files,
		.ignore_missing_values_files = spec->ignore_missing_values_files };

	if (!str_empty(spec->values_file)) {
		size_t n = chart.values_files.n;
		const char **all = arena_new_array(a, const char *, n + 1);

		for (size_t i = 0; i < n; i++)
			all[i] = chart.values_files.at[i];
		all[n] = spec->values_file;
		chart.values_files = (struct strings){ all, n + 1 };
	}
	/* Other values files are another chart, as in Flux. */
	if (chart.values_files.n > 0) {
		chart.generation = h->object.meta.generation;
		if (revision != NULL)
			chart.version = helm_source_version(a, revision, chart.generation);
	}
	if (chart.git)
		chart.version = NULL;
	return chart;
}
