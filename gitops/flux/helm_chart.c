/* gitops/flux/helm_chart.c: controller of Flux's HelmChart: finds the version of a chart that its spec names.
 * worker/helm.c fetches it. */
#include "base/str.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"
#include "gitops/flux/helm_source.h"

#define WORK_MS 180000 /* a fetch of the index and the chart */
#define SOURCE_MS 30000 /* until a source that is not there is searched for again; a change of it causes a pass */

static void helm_chart_run(const struct pass *, struct plan *);
static void helm_chart_map_source(const struct view *, const struct object *, emit_key *, void *);

static const struct controller_watch watches[] = {
	{ .type = &helm_chart_type },
	{ .type = &helm_repository_type, .map = helm_chart_map_source },
	{ .type = &git_repository_type, .map = helm_chart_map_source },
};

const struct controller helm_chart_controller = {
	.name = "helmchart",
	.type = &helm_chart_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = helm_chart_run,
	.memory = &flux_memory_type,
};

struct concern {
	const struct object *source;
	emit_key *emit;
	void *arg;
};

static void
helm_chart_of_source(const struct object *o, void *arg)
{
	const struct helm_chart *h = (const struct helm_chart *)o;
	struct concern *c = arg;

	if (str_eq(h->spec.source.kind, c->source->type->kind) && str_eq(h->spec.source.name, c->source->meta.name) &&
	    str_eq(o->meta.namespace, c->source->meta.namespace))
		c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static void
helm_chart_map_source(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	v->each(v, &helm_chart_type, o->meta.namespace, helm_chart_of_source, &(struct concern){ o, emit, arg });
}

static void
helm_chart_read_chart(struct flux_pass *p, const struct helm_chart *h, const struct worker_response *response,
    const char *source_revision)
{
	const struct worker_chart_result *chart = response->chart;
	bool git = str_eq(h->spec.source.kind, "GitRepository");

	p->status.observed_chart_name = chart->name;
	p->status.observed_source_artifact_revision = source_revision;
	flux_pass_fetched(p, helm_source_interval(&h->spec.interval),
	    &(struct flux_artifact){ .revision = response->revision,
		.path = arena_printf(p->arena, "helmchart/%s/%s/%s-%s.tgz", p->w.object->meta.namespace,
		    p->w.object->meta.name, chart->name, chart->version) },
	    git ? "ChartPackageSucceeded" : "ChartPullSucceeded",
	    arena_printf(p->arena, "%s '%s' chart with version '%s'", git ? "packaged" : "pulled", chart->name,
		response->revision));
}

static void
helm_chart_read_response(struct flux_pass *p, const struct helm_chart *h, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	const struct worker_response *response;
	struct request_failure failure;

	if (flux_pass_is_outdated(p))
		return;
	flux_pass_handled(p, &requested);
	response = flux_pass_response(p, s, REQUEST_REVISION, &failure);
	if (response != NULL && response->chart == NULL) {
		failure = (struct request_failure){ .text = "the worker's response has no chart" };
		response = NULL;
	}
	if (response == NULL)
		flux_pass_fetch_failed(p, helm_source_interval(&h->spec.interval),
		    str_eq(failure.type, "AuthenticationFailed") ? failure.type : "ChartPullFailed", failure.text);
	else
		helm_chart_read_chart(p, h, response, requested.revision);
}

static void
helm_chart_decide(struct flux_pass *p, const struct helm_chart *h)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct problem *problem = object_problem(&h->object, "spec");
	struct helm_source source;
	struct worker_chart chart;

	if (h->spec.suspend || h->object.meta.deletion_timestamp != 0)
		return;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		helm_chart_read_response(p, h, s);
		return;
	}
	helm_source_find(p, &h->spec, p->w.object->meta.namespace, &source);
	if (source.missing != NULL) {
		flux_pass_handled(p, NULL);
		flux_pass_condition(p, "Ready", CONDITION_FALSE, "NoSourceArtifact", source.missing);
		plan_wake(p->plan, p->w.now + SOURCE_MS);
		return;
	}
	/* Another revision of the source may have another version of the chart. */
	if (!str_eq(source.revision, p->status.observed_source_artifact_revision) &&
	    !str_eq(source.revision, p->w.memory.requested.revision))
		p->w.memory.refreshed_at = 0;
	if (!flux_pass_is_fetch_due(p, helm_source_interval(&h->spec.interval)))
		return;
	chart = helm_source_chart(p->arena, h, NULL);
	flux_pass_request(p, source.revision,
	    &(struct worker_request){ .repository = &source.repository, .chart = &chart }, WORK_MS, source.url);
}

static void
helm_chart_run(const struct pass *pass, struct plan *plan)
{
	const struct helm_chart *h =
	    (const struct helm_chart *)view_get(pass->view, &helm_chart_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (h == NULL)
		return;
	p = flux_pass_begin(pass, &h->object, plan, h->status);
	helm_chart_decide(&p, h);
	flux_pass_end(&p);
}
