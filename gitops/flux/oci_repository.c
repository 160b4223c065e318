/* gitops/flux/oci_repository.c: controller of Flux's OCIRepository, for charts: finds the version that its spec names.
 * worker/helm.c fetches it. Source: Flux's documentation of OCIRepository. */
#include "base/str.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"
#include "gitops/flux/helm_source.h"

#define WORK_MS 180000 /* a fetch of the tags and the chart */

static void oci_repository_run(const struct pass *, struct plan *);

static const struct controller_watch watches[] = { { .type = &oci_repository_type } };

const struct controller oci_repository_controller = {
	.name = "ocirepository",
	.type = &oci_repository_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = oci_repository_run,
	.memory = &flux_memory_type,
};

static void
oci_repository_read_response(struct flux_pass *p, const struct oci_repository *r, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	int64_t interval = helm_source_interval(&r->spec.interval);
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
	if (response == NULL) {
		flux_pass_fetch_failed(p, interval,
		    str_eq(failure.type, "AuthenticationFailed") ? failure.type : "OCIArtifactPullFailed",
		    failure.text);
		return;
	}
	flux_pass_fetched(p, interval,
	    &(struct flux_artifact){ .revision = response->revision,
		.path = arena_printf(p->arena, "ocirepository/%s/%s/%s-%s.tgz", p->w.object->meta.namespace,
		    p->w.object->meta.name, response->chart->name, response->chart->version),
		.url = r->spec.url },
	    "Succeeded",
	    arena_printf(
		p->arena, "stored artifact: chart '%s' with version '%s'", response->chart->name, response->revision));
}

static void
oci_repository_decide(struct flux_pass *p, const struct oci_repository *r)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct problem *problem = object_problem(&r->object, "spec");
	const struct helm_chart *of;
	struct helm_source source;
	struct worker_chart chart;
	struct problem own;

	if (r->spec.suspend || r->object.meta.deletion_timestamp != 0)
		return;
	if (problem == NULL && helm_source_oci_problem(r, &own))
		problem = &own;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		oci_repository_read_response(p, r, s);
		return;
	}
	if (!flux_pass_is_fetch_due(p, helm_source_interval(&r->spec.interval)))
		return;
	of = helm_source_oci_chart(p->arena, r);
	helm_source_find(p, &of->spec, r->object.meta.namespace, &source);
	chart = helm_source_chart(p->arena, of, NULL);
	flux_pass_request(p, NULL, &(struct worker_request){ .repository = &source.repository, .chart = &chart },
	    WORK_MS, source.url);
}

static void
oci_repository_run(const struct pass *pass, struct plan *plan)
{
	const struct oci_repository *r =
	    (const struct oci_repository *)view_get(pass->view, &oci_repository_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (r == NULL)
		return;
	p = flux_pass_begin(pass, &r->object, plan, r->status);
	oci_repository_decide(&p, r);
	flux_pass_end(&p);
}
