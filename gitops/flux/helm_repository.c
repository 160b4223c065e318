/* gitops/flux/helm_repository.c: controller of Flux's HelmRepository: fetches the index of a repository of charts, to
 * find that it has changed. worker/helm.c fetches it. */
#include "base/str.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"
#include "gitops/flux/helm_source.h"

#define TIMEOUT_MS 60000
#define TIMEOUT_MARGIN_MS 5000

static void helm_repository_run(const struct pass *, struct plan *);

static const struct controller_watch watches[] = { { .type = &helm_repository_type } };

const struct controller helm_repository_controller = {
	.name = "helmrepository",
	.type = &helm_repository_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = helm_repository_run,
	.memory = &flux_memory_type,
};

static void
helm_repository_read_response(struct flux_pass *p, const struct helm_repository *r, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	int64_t interval = helm_source_interval(&r->spec.interval);
	const struct worker_response *response;
	struct request_failure failure;

	if (flux_pass_is_outdated(p))
		return;
	flux_pass_handled(p, &requested);
	response = flux_pass_response(p, s, REQUEST_REVISION, &failure);
	if (response == NULL) {
		flux_pass_fetch_failed(p, interval,
		    str_eq(failure.type, "AuthenticationFailed") ? failure.type : "IndexationFailed", failure.text);
		return;
	}
	flux_pass_warn(p, response, "SettingsWarning", "NoEffect");
	/* The index is not served: the worker fetches it for each chart. */
	flux_pass_fetched(p, interval,
	    &(struct flux_artifact){ .revision = response->revision,
		.digest = response->revision,
		.path = arena_printf(
		    p->arena, "helmrepository/%s/%s/index.yaml", p->w.object->meta.namespace, p->w.object->meta.name),
		.url = r->spec.url },
	    "Succeeded", arena_printf(p->arena, "stored artifact: revision '%s'", response->revision));
}

/* A registry has no index: there is nothing to fetch. */
static void
helm_repository_accept_registry(struct flux_pass *p)
{
	p->status.artifact = NULL;
	flux_pass_handled(p, NULL);
	flux_pass_condition(p, "Ready", CONDITION_TRUE, "Succeeded", "Helm repository is ready");
	flux_pass_condition(p, "ArtifactInStorage", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "FetchFailed", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
}

static void
helm_repository_decide(struct flux_pass *p, const struct helm_repository *r)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct problem *problem = object_problem(&r->object, "spec");
	struct worker_secret secret, cert;
	struct worker_repository repository;
	struct problem own;

	if (r->spec.suspend || r->object.meta.deletion_timestamp != 0)
		return;
	if (problem == NULL && helm_source_problem(r, &own))
		problem = &own;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	if (helm_source_is_registry(r)) {
		helm_repository_accept_registry(p);
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		helm_repository_read_response(p, r, s);
		return;
	}
	if (!flux_pass_is_fetch_due(p, helm_source_interval(&r->spec.interval)))
		return;
	repository = helm_source_repository(r, &secret, &cert);
	flux_pass_request(p, NULL, &(struct worker_request){ .repository = &repository, .index = true },
	    (r->spec.timeout.ms > 0 ? r->spec.timeout.ms : TIMEOUT_MS) + TIMEOUT_MARGIN_MS, r->spec.url);
}

static void
helm_repository_run(const struct pass *pass, struct plan *plan)
{
	const struct helm_repository *r =
	    (const struct helm_repository *)view_get(pass->view, &helm_repository_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (r == NULL)
		return;
	p = flux_pass_begin(pass, &r->object, plan, r->status);
	helm_repository_decide(&p, r);
	flux_pass_end(&p);
}
