/* gitops/flux/flux_pass.c: one reconciliation (pass) of a Flux object: writes its status, and sends its requests to
 * the worker. */
#include "gitops/flux/flux_pass.h"
#include <string.h>
#include "base/utf8.h"
#include "base/str.h"
#include "kube/api/flux.h"

#define MESSAGE_MAX 4000
#define RETRY_MS 10000 /* after the first failure; it doubles with each failure, up to the interval */
#define AGAIN_MS 1000 /* between two requests to the worker */
#define ACCESS_DENIED "AccessDenied"

static const struct field flux_requested_fields[] = {
	INT(flux_requested, generation, "generation"),
	STRING(flux_requested, revision, "revision"),
	STRING(flux_requested, requested_at, "requestedAt"),
};
static TYPE(flux_requested, "request");

static const struct field flux_memory_fields[] = {
	INT(flux_memory, refreshed_at, "refreshedAt"),
	INT(flux_memory, refresh_at, "refreshAt"),
	INT(flux_memory, failures, "failures"),
	INT(flux_memory, unhealthy_since, "unhealthySince"),
	EMBED(flux_memory, requested, "requested", flux_requested),
	BOOL(flux_memory, awaits_response, "awaitsResponse"),
	EMBED(flux_memory, held, "held", held_memory),
};
TYPE(flux_memory, "memory of a Flux object");

/* Returns whether the last request has no response, and gets none: its plan failed before it was sent, or the plan of
 * the pass that had the response was not one that reads it. */
static bool
flux_pass_is_response_lost(const struct flux_pass *p)
{
	return p->w.memory.awaits_response && request_sent(p->w.pass) == NULL;
}

struct flux_pass
flux_pass_begin(const struct pass *pass, const struct object *o, struct plan *plan, const char *status)
{
	struct flux_pass p = { .w = { .pass = pass, .object = o, .now = pass->now, .stored = status },
		.plan = plan,
		.arena = plan->arena };

	decode_text(&flux_status_type, status, p.arena, &p.w.status);
	p.status = p.w.status;
	if (pass->seen->memory != NULL)
		p.w.memory = *(const struct flux_memory *)pass->seen->memory;
	if (flux_pass_is_response_lost(&p))
		p.w.memory.refreshed_at = 0;
	/* The wall clock was set back: what waits for a time of before would wait too long. */
	if (p.w.memory.refreshed_at > p.w.now)
		p.w.memory.refreshed_at = p.w.memory.refresh_at = 0;
	/* Also a pass that decides nothing, because the object is suspended, keeps what a response will be about. */
	p.memory.requested = p.w.memory.requested;
	return p;
}

void
flux_pass_end(struct flux_pass *p)
{
	plan_memory(p->plan, &flux_memory_type, &p->memory);
	plan_status_typed(p->plan, p->w.object, &flux_status_type, p->w.stored, &p->w.status, &p->status, NULL);
}

void
flux_pass_not_ready(struct flux_pass *p, bool warning, const char *reason, const char *message)
{
	const struct flux_condition *ready = flux_status_condition(&p->w.status, "Ready");

	message = utf8_shown(p->arena, message, MESSAGE_MAX);
	if (ready != NULL && ready->status == CONDITION_FALSE && str_eq(ready->reason, reason) &&
	    str_eq(ready->message, message))
		return;
	plan_reason(p->plan, "%s: %s", reason, message);
	plan_status_event(p->plan, p->w.object, warning, reason, "%s", message);
}

void
flux_pass_condition(
    struct flux_pass *p, const char *type, enum condition_status status, const char *reason, const char *message)
{
	const struct flux_condition to = { .type = type,
		.status = status,
		.reason = reason,
		.message = message != NULL ? utf8_shown(p->arena, message, MESSAGE_MAX) : NULL,
		.observed_generation = p->w.object->meta.generation };

	flux_status_set_condition(&p->status, p->arena, &to, p->w.now);
}

bool
flux_pass_is_requested(const struct flux_pass *p)
{
	const char *at = object_annotation(p->w.object, ANNOTATION_REQUESTED_AT);

	return at != NULL && !str_eq(at, p->status.last_handled_reconcile_at);
}

void
flux_pass_handled(struct flux_pass *p, const struct flux_requested *requested)
{
	p->status.last_handled_reconcile_at =
	    requested != NULL ? requested->requested_at : object_annotation(p->w.object, ANNOTATION_REQUESTED_AT);
	p->status.observed_generation = requested != NULL ? requested->generation : p->w.object->meta.generation;
}

void
flux_pass_request(struct flux_pass *p, const char *revision, const struct worker_request *request, int64_t timeout_ms,
    const char *repository)
{
	const char *requested_at = object_annotation(p->w.object, ANNOTATION_REQUESTED_AT);
	int64_t generation = p->w.object->meta.generation;

	/* Requests that differ have different keys: the response to one is not that to the next. */
	request_send(p->plan, p->w.pass,
	    arena_printf(p->arena, "%lld %s %s", (long long)generation, revision ?: "", requested_at ?: ""), request,
	    timeout_ms, NULL, repository);
	if (flux_pass_is_response_lost(p))
		plan_reason(p->plan,
		    "the last request to the worker was not sent, or its response is lost; sending another one");
	p->memory.refreshed_at = p->w.now;
	p->memory.requested = (struct flux_requested){ generation, revision, requested_at };
	p->memory.awaits_response = true;
}

const struct worker_response *
flux_pass_response(
    struct flux_pass *p, const struct seen_query *s, enum request_part required, struct request_failure *ret)
{
	p->memory.awaits_response = false;
	return request_response(p->arena, s, required, ret);
}

int64_t
flux_pass_due(const struct flux_pass *p, int64_t after)
{
	int64_t refreshed_at = p->w.memory.refreshed_at;

	return refreshed_at == 0 ? 0 : refreshed_at + after + request_jitter(p->w.object, after / 20 + 1);
}

void
flux_pass_warn(struct flux_pass *p, const struct worker_response *response, const char *type, const char *reason)
{
	const char *all = NULL;

	for (size_t i = 0; i < response->warnings.n; i++)
		if (str_eq(response->warnings.at[i].type, type))
			all = arena_printf(p->arena, "%s%s%s", all != NULL ? all : "", all != NULL ? "; " : "",
			    response->warnings.at[i].message);
	if (all != NULL && flux_status_condition(&p->w.status, type) == NULL)
		plan_reason(p->plan, "%s: %s", type, all);
	flux_pass_condition(p, type, all != NULL ? CONDITION_TRUE : CONDITION_NONE, reason, all);
}

void
flux_pass_invalid_spec(struct flux_pass *p, const struct problem *problem)
{
	const char *message = arena_printf(p->arena, "%s: %s", problem->path, problem->text);

	flux_pass_handled(p, NULL);
	flux_pass_not_ready(p, true, "InvalidSpec", message);
	flux_pass_condition(p, "Stalled", CONDITION_TRUE, "InvalidSpec", message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, "InvalidSpec", message);
}

bool
flux_pass_is_fetch_due(struct flux_pass *p, int64_t interval)
{
	int64_t due = flux_pass_due(p, interval), again = p->w.memory.refresh_at;

	if (again > 0 && again < due)
		due = again;
	if (due > 0 && (flux_pass_is_requested(p) || p->w.memory.requested.generation != p->w.object->meta.generation))
		due = p->w.memory.refreshed_at + AGAIN_MS;
	if (due <= p->w.now)
		return true;
	plan_wake(p->plan, due);
	return false;
}

bool
flux_pass_is_outdated(struct flux_pass *p)
{
	if (p->w.memory.requested.generation == p->w.object->meta.generation)
		return false;
	plan_wake(p->plan, p->w.now + 1);
	p->memory.refreshed_at = 0;
	p->memory.awaits_response = false;
	return true;
}

void
flux_pass_fetch_failed(struct flux_pass *p, int64_t interval, const char *reason, const char *message)
{
	int64_t failures = p->w.memory.failures, wait = request_backoff(RETRY_MS, failures, interval);

	p->memory.failures = failures + 1;
	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
	flux_pass_not_ready(p, true, reason, message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, reason, message);
	flux_pass_condition(p, "FetchFailed", CONDITION_TRUE, reason, message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "ProgressingWithRetry", "trying again");
}

void
flux_pass_fetched(struct flux_pass *p, int64_t interval, const struct flux_artifact *artifact, const char *reason,
    const char *message)
{
	p->memory.failures = 0;
	p->memory.refresh_at = 0;
	plan_wake(p->plan, p->w.now + interval);
	if (p->status.artifact == NULL || !str_eq(p->status.artifact->revision, artifact->revision)) {
		struct flux_artifact *copy = arena_alloc(p->arena, sizeof(*copy));

		*copy = *artifact;
		copy->last_update_time = p->w.now;
		p->status.artifact = copy;
		plan_status_event(
		    p->plan, p->w.object, false, str_eq(reason, "Succeeded") ? "NewArtifact" : reason, "%s", message);
	}
	flux_pass_condition(p, "Ready", CONDITION_TRUE, reason, message);
	flux_pass_condition(p, "ArtifactInStorage", CONDITION_TRUE, reason, message);
	flux_pass_condition(p, "FetchFailed", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
}

void
flux_pass_access_denied(struct flux_pass *p, const char *message)
{
	flux_pass_handled(p, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_TRUE, ACCESS_DENIED, message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, ACCESS_DENIED, message);
	flux_pass_not_ready(p, true, ACCESS_DENIED, message);
}

bool
flux_pass_has_finalizer(const struct flux_pass *p)
{
	const struct strings *all = &p->w.object->meta.finalizers;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i], FLUX_FINALIZER) == 0)
			return true;
	return false;
}

void
flux_pass_set_finalizer(struct flux_pass *p, bool there)
{
	const struct strings *all = &p->w.object->meta.finalizers;
	json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i], FLUX_FINALIZER) != 0)
			json_array_append_new(list, json_string(all->at[i]));
	if (there)
		json_array_append_new(list, json_string(FLUX_FINALIZER));
	plan_merge(p->plan, p->w.object, json_pack("{s:{s:o}}", "metadata", "finalizers", list));
}
