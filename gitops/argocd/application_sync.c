/* gitops/argocd/application_sync.c: the life of a sync in its Application: begun, tried again, over. */
#include <string.h>
#include "base/time.h"
#include "gitops/argocd/application_parts.h"

#define HISTORY 10
#define RETRY_LIMIT 5

/* A Go duration, or a bare number of seconds. */
static int64_t
backoff_ms(const char *text, int64_t otherwise)
{
	long long seconds;
	int64_t ms;

	if (text == NULL)
		return otherwise;
	if (str_int(text, 0, 1000000000, &seconds))
		return seconds * 1000;
	return duration_parse(text, &ms) && ms >= 0 ? ms : otherwise;
}

/* Puts what is asked for, and that it has begun, into the object; what it does is the next pass's. */
void
app_begin(struct deciding *d, json_t *operation)
{
	json_t *state = json_pack("{s:s, s:o, s:O, s:s}", "phase", "Running", "startedAt", app_stamp(d), "operation",
	    operation, "message", "waiting to start");

	json_object_set_new(d->status, "operationState", state);
	/* The sync before may have waited for long. */
	d->memory.step_at = 0;
	if (d->operation == NULL)
		json_object_set(app_more(d), "operation", operation);
	plan_status_event(d->plan, &d->app->object, false, "OperationStarted", "%s",
	    json_is_true(json_object_get(json_object_get(operation, "initiatedBy"), "automated"))
		? arena_printf(d->arena, "Initiated automated sync to '%s'",
		      application_revision(d->arena, json_object_get(operation, "sync")) ?: "the target revision")
		: "Initiated sync");
	json_decref(operation);
}

/* The sync is over: `operation` goes, and what was asked for stays in the state. */
void
app_finish(struct deciding *d, const char *phase, const char *message)
{
	json_t *state = app_state(d), *asked = json_object_get(state, "operation"),
	       *sync = json_object_get(asked, "sync");
	json_t *result = json_object_get(state, "syncResult"), *history, *last, *entry;
	size_t keep =
	    d->app->spec.revision_history_limit.set ? (size_t)d->app->spec.revision_history_limit.is : HISTORY;

	app_set_confirmation(d, NULL);
	json_put(state, "phase", phase);
	json_put(state, "message", message);
	json_object_set_new(state, "finishedAt", app_stamp(d));
	json_object_set_new(app_more(d), "operation", json_null());
	plan_revision(
	    d->plan, !json_is_true(json_object_get(sync, "dryRun")) ? application_revision(d->arena, result) : NULL);
	plan_status_event(d->plan, &d->app->object, strcmp(phase, "Succeeded") != 0, "OperationCompleted",
	    "Sync operation to %s %s", application_revision(d->arena, result) ?: "the target revision",
	    strcmp(phase, "Succeeded") == 0 ? "succeeded" : arena_printf(d->arena, "failed: %s", message));
	if (strcmp(phase, "Succeeded") != 0 || json_is_true(json_object_get(sync, "dryRun")) ||
	    json_array_size(json_object_get(sync, "resources")) > 0)
		return;
	history = json_object_get(d->status, "history");
	history = history != NULL ? json_copy(history) : json_array();
	last = json_array_get(history, json_array_size(history) - 1);
	entry = json_pack("{s:I, s:O*, s:O*, s:O*, s:o, s:O*}", "id", json_int(last, "id", -1) + 1, "source",
	    json_object_get(result, "source"), "sources", json_object_get(result, "sources"), "deployStartedAt",
	    json_object_get(state, "startedAt"), "deployedAt", app_stamp(d), "initiatedBy",
	    json_object_get(asked, "initiatedBy"));
	application_set_revision(entry, application_revision(d->arena, result));
	json_array_append_new(history, entry);
	while (json_array_size(history) > keep)
		json_array_remove(history, 0);
	json_object_set_new(d->status, "history", history);
}

/* Another try, if one is left. */
bool
app_retry(struct deciding *d, const char *message)
{
	const json_t *asked = json_object_get(app_state(d), "operation"), *said = json_object_get(asked, "retry");
	const struct sync_retry *r = d->app->spec.sync_policy.retry;
	const struct sync_backoff *b = r != NULL ? r->backoff : NULL;
	bool automated = json_is_true(json_object_get(json_object_get(asked, "initiatedBy"), "automated"));
	json_int_t limit = r != NULL && r->limit.set ? r->limit.is
			   : automated		     ? RETRY_LIMIT
						     : 0,
		   count = json_int(app_state(d), "retryCount", 0);
	int64_t wait = backoff_ms(b != NULL ? b->duration : NULL, 5000),
		most = backoff_ms(b != NULL ? b->max_duration : NULL, 180000);

	limit = json_int(said, "limit", limit);
	if (limit >= 0 && count >= limit)
		return false;
	for (json_int_t i = 0; i < count && wait < most; i++)
		wait *= b != NULL && b->factor.set ? b->factor.is : 2;
	wait = wait < most ? wait : most;
	json_object_set_new(app_state(d), "retryCount", json_integer(count + 1));
	json_object_set_new(app_state(d), "finishedAt", app_stamp(d));
	json_put(app_state(d), "message",
	    arena_printf(d->arena, "%s. Retrying attempt #%lld at %s.", message, (long long)count + 1,
		time_format(d->arena, d->now + wait)));
	json_object_set_new(json_object_get(app_state(d), "syncResult"), "resources", json_array());
	d->memory.step_at = d->now + wait;
	plan_wake(d->plan, d->now + wait);
	return true;
}

static json_t *
results_json(const struct worker_step *step)
{
	json_t *list = json_array();

	for (size_t i = 0; i < step->results.n; i++)
		json_array_append_new(list, encode(&worker_sync_result_type, &step->results.at[i]));
	return list;
}

/* A step of the sync was done. */
void
app_read_step(struct deciding *d, const struct worker_response *response)
{
	const struct worker_step *step = response->operation;
	const char *message = step->message != NULL ? step->message : "";
	json_t *state = app_state(d), *spec = app_spec_json(d), *result;

	json_object_del(state, "finishedAt");
	result = json_pack("{s:O*, s:O*, s:o}", "source", json_object_get(spec, "source"), "sources",
	    json_object_get(spec, "sources"), "resources", results_json(step));
	application_set_revision(result, response->revision ?: "");
	json_object_set_new(state, "syncResult", result);
	json_decref(spec);
	json_put(state, "message", message);
	app_set_confirmation(d, step);
	if (str_eq(step->phase, "Running")) {
		d->memory.step_at = d->now + step->wait;
		plan_wake(d->plan, d->now + (step->wait > 0 ? step->wait : 1));
	} else if (!str_eq(step->phase, "Failed") || !app_retry(d, message)) {
		app_finish(d, step->phase, message);
		d->memory.step_at = 0;
		/* What it was of need not be what is to be. */
		d->memory.refresh_at = d->now + LOOK_AGAIN_MS;
		plan_wake(d->plan, d->now + LOOK_AGAIN_MS);
	}
}
