/* gitops/worker/sources.c: sources of an Application: which commits and charts are fetched, and how they are
 * rendered. Kustomizations: flux_source.c. */
#include "gitops/worker/sources.h"
#include "gitops/argocd/source_override.h"
#include "gitops/worker/chart_source.h"
#include "gitops/worker/flux_source.h"
#include "gitops/worker/session_state.h"

#define FETCH_MS 60000

/* Pulls the chart. Charts are not signed, so a project with signatureKeys refuses them. */
static struct err *
sources_open_chart(struct session *s, struct fetched_source *src)
{
	struct application_source chart = *src->spec;

	if (src->keys.n > 0)
		return err_new(s->arena, ERR_INVALID,
		    "project %s: signatureKeys: charts of a Helm repository are not signed",
		    s->request.project->object.meta.name);
	if (src->pinned != NULL)
		chart.target_revision = src->pinned;
	return helm_pull(s->arena, &s->sources.helm, &chart, &src->credentials, &src->revision, &src->tree);
}

static struct err *
sources_open_commit(struct session *s, struct fetched_source *src)
{
	struct source_request *r = arena_alloc(s->arena, sizeof(*r));

	*r = (struct source_request){ .url = src->url,
		.revision = src->pinned != NULL ? src->pinned : src->target_revision,
		.credentials = src->credentials,
		.keys = src->keys,
		.timeout_ms = FETCH_MS };
	if (r->credentials.known_hosts == NULL)
		r->credentials.known_hosts = s->sources.known_hosts;
	return s->sources.git->open(s->sources.git, s->arena, r, &src->revision, &src->reference, &src->tree);
}

static struct err *
sources_open_one(struct session *s, struct fetched_source *src)
{
	const struct worker_request *m = &s->request.message;

	if (src->spec != NULL && src->spec->chart != NULL)
		return sources_open_chart(s, src);
	if (m->index)
		return helm_index_digest(s->arena, &s->sources.helm, src->url, &src->credentials, &src->revision);
	return m->chart != NULL && !m->chart->git ? chart_source_pull(s, src) : sources_open_commit(s, src);
}

static struct err *
sources_render_chart(struct session *s, const struct fetched_source *src, const char *directory)
{
	struct helm_ref *refs = arena_new_array(s->arena, struct helm_ref, s->sources.n);
	struct helm_template c = { .source = src->spec,
		.release = s->request.name,
		.namespace = s->request.default_namespace,
		.tree = &src->tree,
		.directory = directory,
		.refs = refs };

	for (size_t i = 0; i < s->sources.n; i++)
		if (!str_empty(s->sources.at[i].spec->ref))
			refs[c.n_refs++] = (struct helm_ref){ s->sources.at[i].spec->ref, &s->sources.at[i].tree };
	return helm_render(s->arena, &s->sources.helm, &c, &s->sources.manifests);
}

/* Returns whether the source only has value files for other sources. It is not rendered. */
static bool
sources_is_reference(const struct application_source *src)
{
	return !str_empty(src->ref) && str_empty(src->path) && src->chart == NULL;
}

static struct err *
sources_render_one(struct session *s, struct fetched_source *src)
{
	enum source_type type;
	const char *directory;
	struct err *e;

	if (sources_is_reference(src->spec))
		return NULL;
	if ((e = source_override(s->arena, &src->tree, src->spec, s->request.mark.application, &src->spec)) != NULL ||
	    (e = render_type(&src->tree, s->arena, src->spec, &type, &directory)) != NULL)
		return e;
	s->sources.type = type;
	return type == SOURCE_HELM
		   ? sources_render_chart(s, src, directory)
		   : render_source(&src->tree, s->arena, src->spec, type, directory, &s->sources.manifests);
}

/* Opens all sources before any is rendered, because value files of one may be in another. */
static struct err *
sources_render(struct session *s)
{
	struct err *e = NULL;

	for (size_t i = 0; i < s->sources.n; i++) {
		struct fetched_source *src = &s->sources.at[i];

		if ((e = sources_open_one(s, src)) != NULL && src->match_len < SIZE_MAX &&
		    s->sources.unreadable != NULL)
			e = err_wrap(s->arena, e, "%s", s->sources.unreadable);
		if (e != NULL && src->problem != NULL)
			e = err_wrap(s->arena, e, "%s", src->problem);
		if (e != NULL)
			return src->spec != NULL ? err_wrap(s->arena, e, "%s", src->where) : e;
		s->sources.revision =
		    i == 0 ? src->revision : arena_printf(s->arena, "%s,%s", s->sources.revision, src->revision);
	}
	if (s->request.ks != NULL)
		return flux_source_render(s, &s->sources.at[0].tree);
	if (s->request.message.chart != NULL)
		return chart_source_read(s, &s->sources.at[0]);
	for (size_t i = 0; s->request.app != NULL && i < s->sources.n && e == NULL; i++)
		if ((e = sources_render_one(s, &s->sources.at[i])) != NULL)
			e = err_wrap(s->arena, e, "%s", s->sources.at[i].where);
	return e;
}

size_t
sources_prepare(struct session *s)
{
	struct err *e;

	s->sources.manifests.arena = s->arena;
	if (s->request.app != NULL && (e = cluster_find(s)) != NULL) {
		session_fail(s, "InvalidSpecError", e);
		return 0;
	}
	/* An Application that is being deleted has no desired objects, whatever is in Git. */
	if (s->request.message.deleting)
		return 0;
	if ((e = sources_render(s)) != NULL)
		session_fail(s, "ComparisonError", e);
	else
		live_check_rules(s);
	return 0;
}

enum session_stage
sources_finish(struct session *s)
{
	if (s->request.release != NULL)
		return STAGE_RECORD;
	return s->request.app != NULL || s->request.ks != NULL ? STAGE_KINDS : STAGE_END;
}
