/* gitops/application.c: an Application's pass. */
#include "gitops/application.h"
#include <string.h>
#include "base/time.h"
#include "gitops/health.h"

#define QUESTION "work"
#define WORK_MS 300000 /* one look, or one step of a sync, with its fetch */
#define ANSWER_MAX (64u << 20)
#define INTERVAL_MS 120000
#define JITTER_MS 60000
#define LOOK_AGAIN_MS 1000 /* between two looks, however much happens */
#define FAILED_MS 10000 /* after a look that failed, and then twice as long each time */
#define FAILURES_MAX 4 /* of looks in a row: then the try of a sync that needs them has failed */
#define HISTORY 10
#define RETRY_LIMIT 5
#define HEAL_FIRST_MS 2000
#define HEAL_FACTOR 3
#define HEAL_MAX_MS 300000
#define MESSAGE_MAX 4000

struct deciding {
	const struct pass *pass;
	const struct application *app;
	struct plan *plan;
	struct arena *arena;
	int64_t now;
	json_t *was, *status; /* as it is stored, and as it is to be */
	json_t *operation; /* what is asked for; NULL: nothing */
	json_t *more; /* of the object, written with the status; NULL: nothing */
	bool starts; /* a sync is put into the object by this pass */
};

/* --- small reading --------------------------------------------------------------------------------------------------- */

static const struct controller_watch watches[] = { { .type = &application_type } };

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct application *app =
	    (const struct application *)view_get(p->view, &application_type, p->namespace, p->name);

	if (app != NULL)
		application_decide(p, app, plan);
}

const struct controller application_controller = { "application", &application_type, watches, ARRAY_SIZE(watches),
	pass };

static int64_t
time_of(const json_t *object, const char *key)
{
	int64_t t = 0;
	const char *text = json_str(object, key);

	return text != NULL && time_parse(text, &t) ? t : 0;
}

static json_t *
stamp(struct deciding *d)
{
	return json_string(time_format(d->arena, d->now));
}

static json_t *
spec_json(const struct deciding *d)
{
	return encode(&application_spec_type, &d->app->spec);
}

/* The state of the sync that is under way, or of the last one; NULL: there was none. Borrowed. */
static json_t *
state_of(const struct deciding *d)
{
	return json_object_get(d->status, "operationState");
}

static bool
is_running(const struct deciding *d)
{
	return d->operation != NULL && str_eq(json_str(state_of(d), "phase"), "Running");
}

static bool
is_deleting(const struct deciding *d)
{
	return d->app->object.meta.deletion_timestamp != 0;
}

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

static int64_t
interval(const struct deciding *d)
{
	const char *text = d->pass->settings != NULL ? string_map_get(d->pass->settings, GITOPS_INTERVAL) : NULL;
	long long ms = INTERVAL_MS;
	uint64_t spread = 1469598103934665603u;

	if (text != NULL)
		str_int(text, 1000, INT64_MAX / 4, &ms);
	/* Each its own, and always the same: no two processes disagree. */
	for (const char *c = d->app->object.meta.uid; c != NULL && *c != '\0'; c++)
		spread = (spread ^ (unsigned char)*c) * 1099511628211u;
	return ms + (int64_t)(spread % (uint64_t)(ms < JITTER_MS ? ms / 2 + 1 : JITTER_MS));
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static json_t *
known(const struct deciding *d)
{
	json_t *list = json_array();
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(d->status, "resources"), i, r) {
		json_t *copy = json_object();
		static const char *const keys[] = { "group", "version", "kind", "namespace", "name" };

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (json_object_get(r, keys[k]) != NULL)
				json_object_set(copy, keys[k], json_object_get(r, keys[k]));
		json_array_append_new(list, copy);
	}
	return list;
}

/* Options that the operation says, or else the spec's. */
static json_t *
options(const struct deciding *d, const json_t *sync)
{
	json_t *said = json_object_get(sync, "syncOptions"), *list = json_array();

	if (json_array_size(said) > 0) {
		json_decref(list);
		return json_incref(said);
	}
	for (size_t i = 0; i < d->app->spec.sync_policy.options.n; i++)
		json_array_append_new(list, json_string(d->app->spec.sync_policy.options.at[i]));
	return list;
}

/* What tells this try of this sync from all others. */
static const char *
operation_id(const struct deciding *d)
{
	return arena_printf(d->arena, "%lld-%lld", (long long)(time_of(state_of(d), "startedAt") / 1000),
	    (long long)json_int(state_of(d), "retryCount", 0));
}

static json_t *
operation_request(const struct deciding *d)
{
	/* What the last sync was asked to do is not what deleting does. */
	const json_t *sync = is_deleting(d) ? NULL : json_object_get(json_object_get(state_of(d), "operation"), "sync");
	const json_t *strategy = json_object_get(sync, "syncStrategy");
	const json_t *apply = json_object_get(strategy, "apply"), *hook = json_object_get(strategy, "hook");
	json_t *o = json_object(), *results = json_object_get(json_object_get(state_of(d), "syncResult"), "resources");

	json_object_set_new(o, "id", json_string(operation_id(d)));
	json_object_set_new(o, "prune", json_boolean(is_deleting(d) || json_is_true(json_object_get(sync, "prune"))));
	json_object_set_new(o, "dryRun", json_boolean(json_is_true(json_object_get(sync, "dryRun"))));
	json_object_set_new(o, "withoutHooks", json_boolean(apply != NULL && hook == NULL));
	json_object_set_new(
	    o, "force", json_boolean(json_is_true(json_object_get(apply != NULL ? apply : hook, "force"))));
	json_object_set_new(o, "options", options(d, sync));
	if (json_array_size(json_object_get(sync, "resources")) > 0)
		json_object_set(o, "selected", json_object_get(sync, "resources"));
	json_object_set_new(o, "results", results != NULL && !is_deleting(d) ? json_incref(results) : json_array());
	return o;
}

static void
ask(struct deciding *d, bool step)
{
	const struct meta *meta = &d->app->object.meta;
	const char *worker = d->pass->settings != NULL ? string_map_get(d->pass->settings, GITOPS_WORKER) : NULL;
	const char *namespace = d->pass->settings != NULL ? string_map_get(d->pass->settings, GITOPS_NAMESPACE) : NULL;
	const char *revision = json_str(json_object_get(state_of(d), "syncResult"), "revision");
	json_t *request = json_pack("{s:{s:{s:s, s:s, s:s}, s:o}, s:s, s:o}", "application", "metadata", "name",
	    meta->name, "namespace", meta->namespace, "uid", meta->uid != NULL ? meta->uid : "", "spec", spec_json(d),
	    "namespace", namespace != NULL ? namespace : meta->namespace, "known", known(d));

	if (step || is_deleting(d)) {
		json_object_set_new(request, "operation", operation_request(d));
		if (str_empty(revision))
			revision =
			    json_str(json_object_get(json_object_get(state_of(d), "operation"), "sync"), "revision");
		if (!str_empty(revision))
			json_object_set_new(request, "revision", json_string(revision));
	}
	if (is_deleting(d))
		json_object_set_new(request, "deleting", json_true());
	plan_ask(d->plan, QUESTION,
	    &(struct question){ .method = "POST",
		.url = "",
		.command = worker,
		.body = json_text(d->arena, request),
		.content_type = "application/json",
		.timeout_ms = WORK_MS,
		.answer_max = ANSWER_MAX });
	json_decref(request);
	plan_note(d->plan, "looked", d->now);
}

/* --- the status ------------------------------------------------------------------------------------------------------ */

static void
put(json_t *to, const char *key, const char *text)
{
	if (str_empty(text))
		json_object_del(to, key);
	else
		json_object_set_new(to, key, json_string(text));
}

/* Conditions of other types stay; one that says the same keeps its time. */
static void
set_condition(struct deciding *d, const char *type, const char *message)
{
	json_t *list = json_object_get(d->status, "conditions"), *c;
	size_t i;

	if (message != NULL && strlen(message) > MESSAGE_MAX)
		message = arena_strndup(d->arena, message, MESSAGE_MAX);
	if (list == NULL)
		json_object_set_new(d->status, "conditions", list = json_array());
	json_array_foreach (list, i, c)
		if (str_eq(json_str(c, "type"), type)) {
			if (str_eq(json_str(c, "message"), message))
				return;
			json_array_remove(list, i);
			break;
		}
	if (message != NULL)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o}", "type", type, "message", message, "lastTransitionTime", stamp(d)));
	if (json_array_size(list) == 0)
		json_object_del(d->status, "conditions");
}

static void
set_sync(struct deciding *d, const char *to, const char *revision)
{
	json_t *sync = json_object_get(d->status, "sync"), *compared = json_object(), *spec;
	const char *was = json_str(sync, "status");

	if (!str_eq(was, to))
		plan_status_event(d->plan, &d->app->object, false, "ResourceUpdated", "Updated sync status: %s -> %s",
		    was != NULL ? was : "", to);
	if (sync == NULL)
		json_object_set_new(d->status, "sync", sync = json_object());
	put(sync, "status", to);
	put(sync, "revision", revision);
	spec = spec_json(d);
	json_object_set(compared, "source", json_object_get(spec, "source"));
	json_object_set(compared, "destination", json_object_get(spec, "destination"));
	if (json_object_get(spec, "ignoreDifferences") != NULL)
		json_object_set(compared, "ignoreDifferences", json_object_get(spec, "ignoreDifferences"));
	json_object_set_new(sync, "comparedTo", compared);
	json_decref(spec);
}

static void
set_health(struct deciding *d, enum health to, const char *message)
{
	json_t *health = json_object_get(d->status, "health");
	const char *was = json_str(health, "status");

	if (str_eq(was, health_name(to)) && str_eq(json_str(health, "message"), str_empty(message) ? NULL : message))
		return;
	if (health == NULL)
		json_object_set_new(d->status, "health", health = json_object());
	if (!str_eq(was, health_name(to))) {
		plan_status_event(d->plan, &d->app->object, false, "ResourceUpdated", "Updated health status: %s -> %s",
		    was != NULL ? was : "", health_name(to));
		json_object_set_new(health, "lastTransitionTime", stamp(d));
	}
	put(health, "status", health_name(to));
	put(health, "message", message);
}

/* What the resources say together. */
struct sum {
	size_t n, wanted, live, out_of_sync, to_prune;
	enum health health;
	const char *message; /* of the resource whose health it is */
};

static void
sum_up(struct deciding *d, const json_t *resources, struct sum *ret)
{
	const json_t *r;
	size_t i;

	*ret = (struct sum){ .health = HEALTH_HEALTHY };
	json_array_foreach (resources, i, r) {
		const json_t *health = json_object_get(r, "health");
		enum health h = health_named(json_str(health, "status"));
		const char *message = json_str(health, "message");

		if (json_is_true(json_object_get(r, "hook")))
			continue;
		ret->n++;
		if (json_is_true(json_object_get(r, "requiresPruning")))
			ret->to_prune += json_is_true(json_object_get(r, "extraneous")) ? 0 : 1;
		else
			ret->wanted++;
		if (str_eq(json_str(r, "status"), "OutOfSync") && !json_is_true(json_object_get(r, "extraneous")))
			ret->out_of_sync++;
		ret->live += h != HEALTH_MISSING;
		if (h == HEALTH_MISSING || h == HEALTH_NONE || h <= ret->health)
			continue;
		ret->health = h;
		ret->message = str_empty(message) ? NULL
						  : arena_printf(d->arena, "%s %s: %s", json_str(r, "kind"),
							json_str(r, "name"), message);
	}
	if (ret->n > 0 && ret->live == 0)
		ret->health = HEALTH_MISSING;
}

/* The resources as the status has them: with what an error says, without what only we need. */
static json_t *
for_status(const json_t *resources)
{
	json_t *list = json_array(), *r;
	size_t i;

	json_array_foreach (resources, i, r) {
		json_t *copy = json_copy(r);

		json_object_del(copy, "error");
		json_object_del(copy, "extraneous");
		json_array_append_new(list, copy);
	}
	return list;
}

static void
set_warnings(struct deciding *d, const json_t *warnings)
{
	static const char *const types[] = { "RepeatedResourceWarning", "SharedResourceWarning" };

	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		const char *all = NULL;
		const json_t *w;
		size_t i;

		json_array_foreach (warnings, i, w)
			if (str_eq(json_str(w, "type"), types[k]))
				all = all == NULL ? json_str(w, "message")
						  : arena_printf(d->arena, "%s; %s", all, json_str(w, "message"));
		set_condition(d, types[k], all);
	}
}

static void
read_comparison(struct deciding *d, const json_t *answer, struct sum *ret)
{
	const json_t *resources = json_object_get(answer, "resources");

	sum_up(d, resources, ret);
	set_condition(d, "ComparisonError", NULL);
	set_condition(d, "InvalidSpecError", NULL);
	set_warnings(d, json_object_get(answer, "warnings"));
	set_sync(d, ret->out_of_sync > 0 ? "OutOfSync" : "Synced", json_str(answer, "revision"));
	set_health(d, ret->health, ret->message);
	json_object_set_new(d->status, "resources", for_status(resources));
	put(d->status, "sourceType", json_str(answer, "sourceType"));
	if (json_array_size(json_object_get(answer, "images")) > 0)
		json_object_set_new(
		    d->status, "summary", json_pack("{s:O}", "images", json_object_get(answer, "images")));
	else
		json_object_del(d->status, "summary");
	put(d->status, "controllerNamespace",
	    d->pass->settings != NULL ? string_map_get(d->pass->settings, GITOPS_NAMESPACE) : NULL);
}

/* --- a sync ---------------------------------------------------------------------------------------------------------- */

/* Puts what is asked for, and that it has begun, into the object; what it does is the next pass's. */
static void
begin(struct deciding *d, json_t *operation)
{
	json_t *state = json_pack("{s:s, s:o, s:O, s:s}", "phase", "Running", "startedAt", stamp(d), "operation",
	    operation, "message", "waiting to start");

	json_object_set_new(d->status, "operationState", state);
	if (d->operation == NULL) {
		if (d->more == NULL)
			d->more = json_object();
		json_object_set(d->more, "operation", operation);
	}
	plan_status_event(d->plan, &d->app->object, false, "OperationStarted", "%s",
	    json_is_true(json_object_get(json_object_get(operation, "initiatedBy"), "automated"))
		? arena_printf(d->arena, "Initiated automated sync to '%s'",
		      json_str(json_object_get(operation, "sync"), "revision") ?: "the target revision")
		: "Initiated sync");
	json_decref(operation);
	d->starts = true;
}

/* The sync is over: `operation` goes, and what was asked for stays in the state. */
static void
finish(struct deciding *d, const char *phase, const char *message)
{
	json_t *state = state_of(d), *asked = json_object_get(state, "operation"),
	       *sync = json_object_get(asked, "sync");
	json_t *result = json_object_get(state, "syncResult"), *history, *last;
	size_t keep =
	    d->app->spec.revision_history_limit.set ? (size_t)d->app->spec.revision_history_limit.is : HISTORY;

	put(state, "phase", phase);
	put(state, "message", message);
	json_object_set_new(state, "finishedAt", stamp(d));
	if (d->more == NULL)
		d->more = json_object();
	json_object_set_new(d->more, "operation", json_null());
	plan_status_event(d->plan, &d->app->object, strcmp(phase, "Succeeded") != 0, "OperationCompleted",
	    "Sync operation to %s %s", json_str(result, "revision") ?: "the target revision",
	    strcmp(phase, "Succeeded") == 0 ? "succeeded" : arena_printf(d->arena, "failed: %s", message));
	if (strcmp(phase, "Succeeded") != 0 || json_is_true(json_object_get(sync, "dryRun")) ||
	    json_array_size(json_object_get(sync, "resources")) > 0)
		return;
	history = json_object_get(d->status, "history");
	history = history != NULL ? json_copy(history) : json_array();
	last = json_array_get(history, json_array_size(history) - 1);
	json_array_append_new(
	    history, json_pack("{s:I, s:s, s:O*, s:O*, s:o, s:O*}", "id", json_int(last, "id", -1) + 1, "revision",
			 json_str(result, "revision") ?: "", "source", json_object_get(result, "source"),
			 "deployStartedAt", json_object_get(state, "startedAt"), "deployedAt", stamp(d), "initiatedBy",
			 json_object_get(asked, "initiatedBy")));
	while (json_array_size(history) > keep)
		json_array_remove(history, 0);
	json_object_set_new(d->status, "history", history);
}

/* Another try, if one is left. */
static bool
retry(struct deciding *d, const char *message)
{
	const json_t *asked = json_object_get(state_of(d), "operation"), *said = json_object_get(asked, "retry");
	const struct sync_retry *r = d->app->spec.sync_policy.retry;
	const struct sync_backoff *b = r != NULL ? r->backoff : NULL;
	bool automated = json_is_true(json_object_get(json_object_get(asked, "initiatedBy"), "automated"));
	json_int_t limit = r != NULL && r->limit.set ? r->limit.is
			   : automated		     ? RETRY_LIMIT
						     : 0,
		   count = json_int(state_of(d), "retryCount", 0);
	int64_t wait = backoff_ms(b != NULL ? b->duration : NULL, 5000),
		most = backoff_ms(b != NULL ? b->max_duration : NULL, 180000);

	limit = json_int(said, "limit", limit);
	if (limit >= 0 && count >= limit)
		return false;
	for (json_int_t i = 0; i < count && wait < most; i++)
		wait *= b != NULL && b->factor.set ? b->factor.is : 2;
	wait = wait < most ? wait : most;
	json_object_set_new(state_of(d), "retryCount", json_integer(count + 1));
	json_object_set_new(state_of(d), "finishedAt", stamp(d));
	put(state_of(d), "message",
	    arena_printf(d->arena, "%s. Retrying attempt #%lld at %s.", message, (long long)count + 1,
		time_format(d->arena, d->now + wait)));
	json_object_set_new(json_object_get(state_of(d), "syncResult"), "resources", json_array());
	plan_note(d->plan, "step", d->now + wait);
	plan_wake(d->plan, d->now + wait);
	return true;
}

/* A step of the sync was done. */
static void
read_step(struct deciding *d, const json_t *answer)
{
	const json_t *operation = json_object_get(answer, "operation");
	json_t *state = state_of(d), *spec = spec_json(d);
	const char *phase = json_str(operation, "phase"), *message = json_str(operation, "message");
	int64_t wait = json_int(operation, "wait", 0);

	json_object_del(state, "finishedAt");
	json_object_set_new(state, "syncResult",
	    json_pack("{s:s, s:O*, s:O}", "revision", json_str(answer, "revision") ?: "", "source",
		json_object_get(spec, "source"), "resources", json_object_get(operation, "results")));
	json_decref(spec);
	put(state, "message", message);
	if (str_eq(phase, "Running")) {
		plan_note(d->plan, "step", d->now + wait);
		plan_wake(d->plan, d->now + (wait > 0 ? wait : 1));
	} else if (!str_eq(phase, "Failed") || !retry(d, message)) {
		finish(d, phase, message);
		plan_note(d->plan, "step", 0);
		plan_wake(d->plan, d->now + LOOK_AGAIN_MS);
	}
}

/* --- by itself ------------------------------------------------------------------------------------------------------- */

/* What the last sync was of: the same commit and the same source as now. */
static bool
is_attempted(const struct deciding *d, const char *revision)
{
	const json_t *result = json_object_get(state_of(d), "syncResult");
	json_t *spec = spec_json(d);
	bool same = str_eq(json_str(result, "revision"), revision) &&
		    json_equal(json_object_get(result, "source"), json_object_get(spec, "source"));

	json_decref(spec);
	return same;
}

/* The resources that are not as they should be, for a sync of these alone. */
static json_t *
out_of_sync(const json_t *resources)
{
	json_t *list = json_array(), *r;
	size_t i;

	json_array_foreach (resources, i, r)
		if (str_eq(json_str(r, "status"), "OutOfSync") && !json_is_true(json_object_get(r, "hook"))) {
			json_t *one = json_pack("{s:s, s:s}", "kind", json_str(r, "kind"), "name", json_str(r, "name"));

			put(one, "group", json_str(r, "group"));
			put(one, "namespace", json_str(r, "namespace"));
			json_array_append_new(list, one);
		}
	return list;
}

/* A sync without being asked, if the policy and what was tried before allow it. */
static void
consider_sync(struct deciding *d, const json_t *answer, const struct sum *sum)
{
	const struct automated_sync *auto_ = d->app->spec.sync_policy.automated;
	const char *revision = json_str(answer, "revision"), *last = json_str(state_of(d), "phase");
	const json_t *last_sync = json_object_get(json_object_get(state_of(d), "operation"), "sync");
	json_int_t attempts = 0;
	json_t *operation, *selected = NULL;

	if (auto_ == NULL || (auto_->enabled.set && !auto_->enabled.is) || d->operation != NULL || is_deleting(d))
		return;
	if (sum->out_of_sync == 0) {
		set_condition(d, "SyncError", NULL);
		return;
	}
	if (!auto_->prune && sum->out_of_sync == sum->to_prune)
		return;
	if (auto_->prune && !auto_->allow_empty && sum->wanted == 0) {
		set_condition(d, "SyncError",
		    arena_printf(
			d->arena, "Skipping sync attempt to %s: auto-sync will wipe out all resources", revision));
		return;
	}
	if (is_attempted(d, revision)) {
		int64_t wait = HEAL_FIRST_MS, since = time_of(state_of(d), "finishedAt");

		if (!str_eq(last, "Succeeded")) {
			set_condition(d, "SyncError",
			    arena_printf(d->arena, "Failed last sync attempt to %s: %s", revision,
				json_str(state_of(d), "message") ?: ""));
			return;
		}
		if (!auto_->self_heal)
			return;
		attempts = json_int(last_sync, "autoHealAttemptsCount", 0);
		for (json_int_t i = 0; i < attempts && wait < HEAL_MAX_MS; i++)
			wait *= HEAL_FACTOR;
		/* The last healing held for long: this is another drift. */
		if (d->now - since > 2 * HEAL_MAX_MS)
			attempts = 0;
		else if (d->now - since < (wait < HEAL_MAX_MS ? wait : HEAL_MAX_MS)) {
			plan_wake(d->plan, since + (wait < HEAL_MAX_MS ? wait : HEAL_MAX_MS));
			plan_note(d->plan, "again", since + (wait < HEAL_MAX_MS ? wait : HEAL_MAX_MS));
			return;
		}
		attempts++;
		selected = out_of_sync(json_object_get(answer, "resources"));
	}
	set_condition(d, "SyncError", NULL);
	operation = json_pack("{s:{s:s, s:b}, s:{s:b}}", "sync", "revision", revision, "prune", auto_->prune,
	    "initiatedBy", "automated", 1);
	if (selected != NULL) {
		json_object_set_new(json_object_get(operation, "sync"), "resources", selected);
		json_object_set_new(
		    json_object_get(operation, "sync"), "autoHealAttemptsCount", json_integer(attempts));
	}
	plan_reason(
	    d->plan, "syncs to %s: %zu of %zu objects are not as Git has them", revision, sum->out_of_sync, sum->n);
	begin(d, operation);
}

/* --- an answer ------------------------------------------------------------------------------------------------------- */

/* The worker could not be asked, or found that it cannot be said. */
static void
read_failure(struct deciding *d, const char *type, const char *message)
{
	int64_t failures = seen_note(d->pass->seen, "failures", 0), wait = FAILED_MS;

	for (int64_t i = 0; i < failures && wait < INTERVAL_MS; i++)
		wait *= 2;
	plan_note(d->plan, "again", d->now + wait);
	plan_wake(d->plan, d->now + wait);
	failures++;
	if (is_running(d) && failures < FAILURES_MAX) {
		put(state_of(d), "message", message);
		plan_note(d->plan, "step", d->now + wait);
	} else if (is_running(d)) {
		failures = 0;
		if (!retry(d, message))
			finish(d, "Error", message);
	}
	plan_note(d->plan, "failures", failures);
	set_condition(d, strcmp(type, "InvalidSpecError") == 0 ? "ComparisonError" : "InvalidSpecError", NULL);
	set_condition(d, type, message);
	set_sync(d, "Unknown", json_str(json_object_get(d->status, "sync"), "revision"));
	/* What is live did not change because Git cannot be had. */
	if (json_object_get(d->status, "health") == NULL)
		set_health(d, HEALTH_UNKNOWN, NULL);
}

static void
forget_refresh(struct deciding *d)
{
	if (object_annotation(&d->app->object, ANNOTATION_REFRESH) == NULL)
		return;
	if (d->more == NULL)
		d->more = json_object();
	json_object_set_new(d->more, "metadata", json_pack("{s:{s:n}}", "annotations", ANNOTATION_REFRESH));
}

/* All objects of an application that is being deleted are gone: so is what holds it. */
static void
release(struct deciding *d)
{
	json_t *left = json_array();

	for (size_t i = 0; i < d->app->object.meta.finalizers.n; i++)
		if (!str_starts(d->app->object.meta.finalizers.at[i], APPLICATION_FINALIZER))
			json_array_append_new(left, json_string(d->app->object.meta.finalizers.at[i]));
	plan_merge(d->plan, &d->app->object, json_pack("{s:{s:o}}", "metadata", "finalizers", left));
}

/* A sync that waits for its next try ends when Git has something newer to try. */
static void
give_way(struct deciding *d, const json_t *answer)
{
	const json_t *asked = json_object_get(state_of(d), "operation");
	const char *tried = json_str(json_object_get(state_of(d), "syncResult"), "revision");

	if (!json_is_true(json_object_get(json_object_get(asked, "initiatedBy"), "automated")) ||
	    str_eq(tried, json_str(answer, "revision")))
		return;
	finish(d, "Failed",
	    arena_printf(d->arena, "%s; %s is there to be tried instead", json_str(state_of(d), "message"),
		json_str(answer, "revision")));
	plan_wake(d->plan, d->now + LOOK_AGAIN_MS);
	plan_note(d->plan, "again", d->now + LOOK_AGAIN_MS);
}

static void
read_answer(struct deciding *d, const struct seen_answer *s)
{
	_cleanup_(json_decrefp) json_t *answer = NULL;
	const json_t *error;
	struct sum sum;
	struct err *e = NULL;

	if (s->answer.err != NULL)
		e = err_copy(d->arena, s->answer.err);
	else if (s->answer.status != 200)
		e = err_new(d->arena, ERR_AGAIN, "the worker failed; the controller's log says why");
	else
		e = json_parse(d->arena, s->answer.body.at, s->answer.body.len, &answer);
	forget_refresh(d);
	if (e != NULL) {
		read_failure(d, "ComparisonError", err_text(d->arena, e));
		return;
	}
	error = json_object_get(answer, "error");
	if (error != NULL) {
		read_failure(d, json_str(error, "type") ?: "ComparisonError", json_str(error, "message") ?: "");
		return;
	}
	plan_note(d->plan, "failures", 0);
	plan_note(d->plan, "again", 0);
	read_comparison(d, answer, &sum);
	plan_wake(d->plan, d->now + interval(d));
	if (is_deleting(d)) {
		const json_t *operation = json_object_get(answer, "operation");
		const char *message = json_str(operation, "message");

		set_condition(d, "DeletionError", str_eq(json_str(operation, "phase"), "Failed") ? message : NULL);
		if (sum.live == 0) {
			release(d);
		} else {
			plan_reason(d->plan, "is being deleted, and with it %zu objects: %s", sum.live, message);
			plan_wake(d->plan, d->now + 2 * LOOK_AGAIN_MS);
		}
		return;
	}
	if (is_running(d) && json_object_get(answer, "operation") != NULL)
		read_step(d, answer);
	else if (is_running(d))
		give_way(d, answer);
	else
		consider_sync(d, answer, &sum);
}

/* --- time ------------------------------------------------------------------------------------------------------------ */

/* What the status was compared with is not what the spec says now. */
static bool
is_outdated(const struct deciding *d)
{
	const json_t *compared = json_object_get(json_object_get(d->status, "sync"), "comparedTo");
	json_t *spec = spec_json(d);
	static const char *const keys[] = { "source", "destination", "ignoreDifferences" };
	bool same = compared != NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *x = json_object_get(compared, keys[i]), *y = json_object_get(spec, keys[i]);

		same &= x == y || json_equal(x, y);
	}
	json_decref(spec);
	return !same;
}

/* When the next look is due (wall ms; not after now: at once). */
static int64_t
due_at(const struct deciding *d)
{
	int64_t looked = seen_note(d->pass->seen, "looked", 0), again = seen_note(d->pass->seen, "again", 0),
		at = looked + interval(d);
	bool failing = seen_note(d->pass->seen, "failures", 0) > 0;

	if (looked == 0)
		return 0;
	if (again > 0 && again < at)
		at = again;
	if (is_deleting(d))
		return looked + 2 * LOOK_AGAIN_MS;
	if (d->pass->touched > looked || object_annotation(&d->app->object, ANNOTATION_REFRESH) != NULL ||
	    (is_outdated(d) && !failing))
		at = looked + LOOK_AGAIN_MS;
	return at;
}

static void
keep_notes(struct deciding *d)
{
	static const char *const names[] = { "looked", "again", "failures", "step" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (seen_note(d->pass->seen, names[i], 0) != 0)
			plan_note(d->plan, names[i], seen_note(d->pass->seen, names[i], 0));
}

/* A sync that somebody asked for and that has not begun. */
static bool
is_new(const struct deciding *d)
{
	return d->operation != NULL && (!str_eq(json_str(state_of(d), "phase"), "Running") ||
					   !json_equal(json_object_get(state_of(d), "operation"), d->operation));
}

static bool
is_held(const struct deciding *d)
{
	return str_eq(object_annotation(&d->app->object, ANNOTATION_SKIP_RECONCILE), "true");
}

static bool
has_finalizer(const struct deciding *d)
{
	for (size_t i = 0; i < d->app->object.meta.finalizers.n; i++)
		if (str_starts(d->app->object.meta.finalizers.at[i], APPLICATION_FINALIZER))
			return true;
	return false;
}

static void
decide(struct deciding *d)
{
	const struct seen_answer *s = seen_answer(d->pass->seen, QUESTION);
	const struct problem *problem = object_problem(&d->app->object, "spec");
	int64_t step = seen_note(d->pass->seen, "step", 0);

	if (is_deleting(d) && !has_finalizer(d))
		return;
	if (is_held(d) && !is_deleting(d)) {
		plan_reason(d->plan, "is not looked at: the annotation %s says so", ANNOTATION_SKIP_RECONCILE);
		return;
	}
	if (problem != NULL && !is_deleting(d)) {
		set_condition(d, "InvalidSpecError", arena_printf(d->arena, "%s: %s", problem->path, problem->text));
		set_sync(d, "Unknown", NULL);
		set_health(d, HEALTH_UNKNOWN, NULL);
		if (d->operation != NULL && is_running(d))
			finish(d, "Error", arena_printf(d->arena, "%s: %s", problem->path, problem->text));
		return;
	}
	keep_notes(d);
	if (s != NULL && !s->answered)
		return;
	if (s != NULL) {
		read_answer(d, s);
		return;
	}
	if (d->operation != NULL && str_eq(json_str(state_of(d), "phase"), "Terminating")) {
		finish(d, "Failed", "Operation terminated");
		return;
	}
	if (!is_deleting(d) && is_new(d)) {
		begin(d, json_incref(d->operation));
		plan_wake(d->plan, d->now + 1);
		return;
	}
	if (!is_deleting(d) && is_running(d)) {
		/* When a process has died in between, it goes on at once; a try that is to wait says until when. */
		if (step == 0 && json_int(state_of(d), "retryCount", 0) > 0 && time_of(state_of(d), "finishedAt") > 0)
			step = time_of(state_of(d), "finishedAt") + 5000;
		if (step <= d->now) {
			ask(d, true);
			return;
		}
		plan_wake(d->plan, step);
	}
	if (due_at(d) <= d->now) {
		ask(d, false);
		return;
	}
	plan_wake(d->plan, due_at(d));
}

void
application_decide(const struct pass *p, const struct application *app, struct plan *plan)
{
	struct deciding d = { .pass = p, .app = app, .plan = plan, .arena = plan->arena, .now = p->now };

	d.was = app->status != NULL ? json_loads(app->status, 0, NULL) : NULL;
	if (!json_is_object(d.was)) {
		json_decref(d.was);
		d.was = json_object();
	}
	d.status = json_deep_copy(d.was);
	d.operation = app->operation != NULL ? json_loads(app->operation, 0, NULL) : NULL;
	decide(&d);
	json_decref(d.operation);
	plan_status_with(plan, &app->object, d.was, d.status, d.more);
}
