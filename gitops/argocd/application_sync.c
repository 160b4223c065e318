/* gitops/argocd/application_sync.c: sync operation of an Application: begins it, retries it, and writes its result
 * and history. engine/sync.c decides the steps. */
#include "gitops/argocd/application_sync.h"
#include <string.h>
#include "base/time.h"

#define HISTORY 10
#define RETRY_LIMIT 5

/* Reads a Go duration, or a number of seconds. */
static int64_t
app_sync_backoff(const char *text, int64_t otherwise)
{
	long long seconds;
	int64_t ms;

	if (text == NULL)
		return otherwise;
	if (str_int(text, 0, 1000000000, &seconds))
		return seconds * 1000;
	return duration_parse(text, &ms) && ms >= 0 ? ms : otherwise;
}

/* The status, and an automated operation, are written before the first step, so that a new process can continue the
 * sync. */
void
app_sync_begin(struct app_pass *p, const struct app_operation *operation, const char *text)
{
	const char *revision = app_revision_text(p->arena, operation->sync.revision, &operation->sync.revisions);

	p->status.operation_state = (struct app_operation_state){ .phase = OPERATION_RUNNING,
		.started_at = app_pass_stamp(p),
		.operation = text,
		.message = "waiting to start" };
	p->synced = *operation;
	/* The previous sync may have set a later time for its next step. */
	p->memory.step_at = 0;
	if (p->w.operation == NULL)
		json_object_set_new(app_pass_more(p), "operation", json_loads(text, 0, NULL));
	plan_status_event(p->plan, &p->w.app->object, false, "OperationStarted", "%s",
	    operation->initiated_by.automated
		? arena_printf(p->arena, "Initiated automated sync to '%s'", revision ?: "the target revision")
		: "Initiated sync");
}

/* Adds a full sync that succeeded to the history. */
static void
app_sync_add_history(struct app_pass *p)
{
	const struct app_operation_state *state = &p->status.operation_state;
	struct app_histories *was = &p->status.history,
			     list = { .at = arena_new_array(p->arena, struct app_history, was->n + 1) };
	size_t keep = p->w.app->spec.revision_history_limit.present
			  ? (size_t)p->w.app->spec.revision_history_limit.value
			  : HISTORY,
	       left_out = was->n + 1 > keep ? was->n + 1 - keep : 0;
	struct app_history entry = { .id = was->n > 0 ? was->at[was->n - 1].id + 1 : 0,
		.deploy_started_at = state->started_at,
		.deployed_at = app_pass_stamp(p),
		.initiated_by = p->synced.initiated_by };

	if (state->result != NULL) {
		entry.source = state->result->source;
		entry.sources = state->result->sources;
		entry.revision = state->result->revision;
		entry.revisions = state->result->revisions;
	}
	for (size_t i = left_out; i < was->n; i++)
		list.at[list.n++] = was->at[i];
	if (left_out <= was->n)
		list.at[list.n++] = entry;
	*was = list;
}

void
app_sync_finish(struct app_pass *p, enum operation_phase phase, const char *message)
{
	const struct app_sync *sync = &p->synced.sync;
	const char *revision = app_pass_synced_revision(p);

	app_pass_set_confirmation(p, NULL);
	p->status.operation_state.phase = phase;
	p->status.operation_state.message = message;
	p->status.operation_state.finished_at = app_pass_stamp(p);
	json_object_set_new(app_pass_more(p), "operation", json_null());
	plan_revision(p->plan, sync->dry_run ? NULL : revision);
	plan_status_event(p->plan, &p->w.app->object, phase != OPERATION_SUCCEEDED, "OperationCompleted",
	    "Sync operation to %s %s", revision ?: "the target revision",
	    phase == OPERATION_SUCCEEDED ? "succeeded" : arena_printf(p->arena, "failed: %s", message));
	if (phase == OPERATION_SUCCEEDED && !sync->dry_run && sync->resources.n == 0)
		app_sync_add_history(p);
}

bool
app_sync_retry(struct app_pass *p, const char *message)
{
	const struct sync_retry *r = p->w.app->spec.sync_policy.retry;
	const struct sync_backoff *b = r != NULL ? r->backoff : NULL;
	struct app_operation_state *state = &p->status.operation_state;
	int64_t limit = r != NULL && r->limit.present	   ? r->limit.value
			: p->synced.initiated_by.automated ? RETRY_LIMIT
							   : 0;
	int64_t wait = app_sync_backoff(b != NULL ? b->duration : NULL, 5000),
		most = app_sync_backoff(b != NULL ? b->max_duration : NULL, 180000);

	if (p->synced.retry.limit.present)
		limit = p->synced.retry.limit.value;
	if (limit >= 0 && state->retry_count >= limit)
		return false;
	for (int64_t i = 0; i < state->retry_count && wait < most; i++)
		wait *= b != NULL && b->factor.present ? b->factor.value : 2;
	wait = wait < most ? wait : most;
	state->retry_count++;
	state->finished_at = app_pass_stamp(p);
	state->message = arena_printf(p->arena, "%s. Retrying attempt #%lld at %s.", message,
	    (long long)state->retry_count, time_format(p->arena, p->w.now + wait));
	if (state->result != NULL) {
		struct app_sync_result *result = arena_alloc(p->arena, sizeof(*result));

		*result = *state->result;
		result->resources = (struct worker_sync_results){ 0 };
		state->result = result;
	}
	p->memory.step_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
	return true;
}

void
app_sync_read_step(struct app_pass *p, const struct worker_response *response)
{
	const struct worker_step *step = response->operation;
	const char *message = step->message != NULL ? step->message : "";
	struct app_operation_state *state = &p->status.operation_state;
	struct app_sync_result *result = arena_alloc(p->arena, sizeof(*result));
	enum operation_phase phase = step->phase;

	*result =
	    (struct app_sync_result){ .source = p->w.source, .sources = p->w.sources, .resources = step->results };
	app_revision_set(p->arena, response->revision, &result->revision, &result->revisions);
	state->finished_at = 0;
	state->result = result;
	state->message = message;
	app_pass_set_confirmation(p, step);
	if (phase == OPERATION_RUNNING) {
		p->memory.step_at = p->w.now + step->wait;
		plan_wake(p->plan, p->w.now + (step->wait > 0 ? step->wait : 1));
	} else if (phase != OPERATION_FAILED || !app_sync_retry(p, message)) {
		app_sync_finish(p, phase, message);
		p->memory.step_at = 0;
		/* Compare again, because the spec or the revision may have changed since the sync began. */
		p->memory.refresh_at = p->w.now + REFRESH_AGAIN_MS;
		plan_wake(p->plan, p->w.now + REFRESH_AGAIN_MS);
	}
}
