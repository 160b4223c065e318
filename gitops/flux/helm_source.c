/* gitops/flux/helm_source.c: finds the HelmRepository, GitRepository or OCIRepository of a chart, and describes it for
 * the worker. */
#include "gitops/flux/helm_source.h"
#include <string.h>
#include "base/str.h"
#include "gitops/source/version.h"

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

/* Returns the start of the chart in the URL of an OCIRepository, or NULL. */
static const char *
helm_source_oci_name(const char *url)
{
	const char *slash = str_starts(url, OCI) ? strrchr(url + strlen(OCI), '/') : NULL;

	return slash != NULL && slash[1] != '\0' && strpbrk(slash, ":@") == NULL ? slash + 1 : NULL;
}

static bool
helm_source_is_version(const char *text)
{
	struct version v;

	return !str_empty(text) && version_parse(text, &v) && v.n_parts == 3;
}

/* The program helm finds charts by version or digest: it would take another tag for a range. */
bool
helm_source_oci_problem(const struct oci_repository *r, struct problem *ret)
{
	const struct oci_ref *ref = r->spec.ref;

	if (helm_source_oci_name(r->spec.url) == NULL)
		*ret = (struct problem){ .path = "spec.url",
			.text = "must be oci://HOST/PATH/CHART, without a tag or digest: those are in spec.ref" };
	else if (!str_empty(ref->digest) && version_digest(ref->digest) == NULL)
		*ret =
		    (struct problem){ .path = "spec.ref.digest", .text = "must be sha256: and 64 hexadecimal digits" };
	else if (str_empty(ref->digest) && str_empty(ref->semver) && !helm_source_is_version(ref->tag))
		*ret = (struct problem){ .path = "spec.ref.tag",
			.text = "must be a version of the chart, such as 1.2.3: use semver for a range, or digest" };
	else
		return false;
	return true;
}

const struct helm_chart *
helm_source_oci_chart(struct arena *a, const struct oci_repository *r)
{
	const struct oci_ref *ref = r->spec.ref;
	struct helm_chart *chart = arena_alloc(a, sizeof(*chart));

	*chart = (struct helm_chart){ .object = r->object,
		.spec = { .chart = helm_source_oci_name(r->spec.url),
		    .version = !str_empty(ref->digest)	 ? ref->digest
			       : !str_empty(ref->semver) ? ref->semver
							 : ref->tag,
		    .source = { .kind = oci_repository_type.kind, .name = r->object.meta.name },
		    .interval = r->spec.interval },
		.status = r->status };
	return chart;
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

static void
helm_source_find_oci(struct flux_pass *p, const char *ns, const char *name, struct helm_source *ret)
{
	const struct oci_repository *r =
	    (const struct oci_repository *)view_get(p->w.pass->view, &oci_repository_type, ns, name);
	struct problem problem;
	const char *chart;

	if (r == NULL)
		return;
	ret->url = r->spec.url;
	if (object_problem(&r->object, "spec") != NULL || helm_source_oci_problem(r, &problem))
		return;
	chart = helm_source_oci_name(r->spec.url);
	ret->revision = "";
	ret->repository = (struct worker_repository){ .url = arena_strndup(p->arena, r->spec.url + strlen(OCI),
							  (size_t)(chart - 1 - r->spec.url) - strlen(OCI)),
		.plain_http = r->spec.insecure };
	if (r->spec.secret != NULL) {
		ret->secret = (struct worker_secret){ ns, r->spec.secret->name };
		ret->repository.secret = &ret->secret;
	}
	if (r->spec.cert_secret != NULL) {
		ret->cert = (struct worker_secret){ ns, r->spec.cert_secret->name };
		ret->repository.cert = &ret->cert;
	}
}

void
helm_source_find(struct flux_pass *p, const struct helm_chart_spec *spec, const char *ns, struct helm_source *ret)
{
	const char *kind = spec->source.kind, *name = spec->source.name;

	*ret = (struct helm_source){ 0 };
	if (str_eq(kind, "GitRepository"))
		helm_source_find_git(p, ns, name, ret);
	else if (str_eq(kind, oci_repository_type.kind))
		helm_source_find_oci(p, ns, name, ret);
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
		.version = revision != NULL && version_digest(spec->version) == NULL ? revision : spec->version,
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
