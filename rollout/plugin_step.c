/* rollout/plugin_step.c: a canary's plugin step: what its plugin is asked, and what the answers do.
 *
 * An operation is written into the status before its first call, so that what has begun is known whatever happens to this process, and
 * an update that is given up tells every plugin that has run. rollout/plugins.h has the protocol.
 */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "rollout/plugins.h"
#include "rollout/world.h"

#define TIMEOUT_SECONDS 30
#define ANSWER_MAX (64u << 10)
#define AGAIN_MS 30000 /* unless the plugin says otherwise */
#define AGAIN_LEAST_MS 10000
#define ABORTS_MAX 5 /* calls of one operation Abort or Terminate that ends with an error each time */
#define MESSAGE_MAX 1024

static const struct plugin_step *
plugin_at(const struct decision *d, int64_t index)
{
	return index < steps_count(d) ? d->canary->steps.at[index].plugin : NULL;
}

const struct step_plugin *
plugin_declared(const struct world *w, struct arena *a, const char *name)
{
	const char *text = string_map_get(w->settings, STEP_PLUGINS_SETTING);
	_cleanup_(json_decrefp) json_t *j = text != NULL ? json_loads(text, 0, NULL) : NULL;
	struct step_plugins list;
	const struct step_plugin *at;

	if (j == NULL || step_plugins_read(a, j, &list) != NULL)
		return NULL;
	at = list.plugins.at; /* in the arena */
	for (size_t i = 0; i < list.plugins.n; i++)
		if (str_eq(at[i].name, name))
			return &at[i];
	return NULL;
}

/* --- the status ----------------------------------------------------------------------------------------------------- */

static struct step_plugin_status *
entry_of(struct decision *d, int64_t index, const char *operation)
{
	for (size_t i = d->st.canary.step_plugins.n; i-- > 0;) {
		struct step_plugin_status *e = &d->st.canary.step_plugins.at[i];

		if (e->index == index && str_eq(e->operation, operation))
			return e;
	}
	return NULL;
}

static void
add_entry(struct decision *d, int64_t index, const char *name, const char *operation, const char *status)
{
	size_t n = d->st.canary.step_plugins.n;
	struct step_plugin_status *list = arena_new_array(d->arena, struct step_plugin_status, n + 1);
	int64_t now = time_stored(d->w->now);

	if (n > 0)
		memcpy(list, d->st.canary.step_plugins.at, n * sizeof(*list));
	list[n] = (struct step_plugin_status){ .index = index,
		.name = name,
		.operation = operation,
		.phase = "Running",
		.started_at = now,
		.updated_at = now,
		.status = status };
	d->st.canary.step_plugins.at = list;
	d->st.canary.step_plugins.n = n + 1;
	plan_reason(d->plan, "plugin %s: %s started", name, operation);
	plan_wake(d->plan, d->w->now); /* it is called once this is written */
}

static bool
is_open(const struct step_plugin_status *e)
{
	return str_eq(e->phase, "Running") || str_eq(e->phase, "Error");
}

/* The entries are about to be changed; what was decoded is not. */
static void
own_entries(struct decision *d)
{
	size_t n = d->st.canary.step_plugins.n;
	struct step_plugin_status *list = arena_new_array(d->arena, struct step_plugin_status, n);

	if (n > 0)
		memcpy(list, d->st.canary.step_plugins.at, n * sizeof(*list));
	d->st.canary.step_plugins.at = list;
}

/* --- calls ---------------------------------------------------------------------------------------------------------- */

static const char *
key_of(const struct decision *d, const struct step_plugin_status *e)
{
	return arena_printf(d->arena, "plugin/%" PRId64 "/%s/%" PRId64, e->index, e->operation, e->executions);
}

static json_t *
call_json(const struct decision *d, const struct step_plugin_status *e)
{
	const struct plugin_step *s = plugin_at(d, e->index);
	json_t *call = json_pack("{s:s,s:s,s:I,s:I,s:o,s:s*,s:s*}", "operation", e->operation, "plugin", e->name,
	    "step", (json_int_t)e->index, "call", (json_int_t)e->executions, "rollout", rollout_for_args(d->w->rollout),
	    "canaryHash", d->w->hash, "stableHash", d->st.stable_rs);

	json_object_set_new(json_at(call, "/rollout/metadata"), "uid", json_string(d->w->rollout->object.meta.uid));
	if (s != NULL && s->config != NULL)
		json_object_set_new(call, "config", json_loads(s->config, JSON_DECODE_ANY, NULL));
	if (e->status != NULL)
		json_object_set_new(call, "status", json_loads(e->status, JSON_DECODE_ANY, NULL));
	return call;
}

static void
ask(struct decision *d, const struct step_plugin *p, const struct step_plugin_status *e)
{
	_cleanup_(json_decrefp) json_t *call = call_json(d, e);
	struct question q = { .method = "POST",
		.url = "",
		.body = json_text(d->arena, call),
		.content_type = "application/json",
		.timeout_ms = 1000 * (p->timeout_seconds.set ? p->timeout_seconds.is : TIMEOUT_SECONDS),
		.answer_max = ANSWER_MAX };

	if (p->http != NULL) {
		q.url = p->http->url;
		q.ca = p->http->ca_cert;
		q.insecure = p->http->insecure;
	} else {
		_cleanup_(json_decrefp) json_t *how = json_object();
		json_t *argv = json_array();
		const char *environment = PLUGIN_ENVIRONMENT;

		for (size_t i = 0; i < p->exec->command.n; i++)
			json_array_append_new(argv, json_string(p->exec->command.at[i]));
		for (size_t i = 0; i < p->exec->environment.n; i++)
			environment = arena_printf(d->arena, "%s %s", environment, p->exec->environment.at[i]);
		json_object_set_new(how, "argv", argv);
		json_object_set_new(how, "environment", json_string(environment));
		json_object_set_new(how, "memoryMax", json_integer(PLUGIN_MEMORY_MAX));
		q.command = json_text(d->arena, how);
	}
	plan_ask(d->plan, key_of(d, e), &q);
	plan_reason(d->plan, "plugin %s: %s, call %" PRId64, e->name, e->operation, e->executions);
}

/* What an answer says: phase and message, and what goes back with the next call. */
static void
read_answer(struct decision *d, const struct answer *got, struct step_plugin_status *e, int64_t *ret_again)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *phase, *after;
	int64_t ms;

	*ret_again = AGAIN_MS;
	e->phase = "Error";
	if (got->err != NULL) {
		e->message = err_text(d->arena, err_copy(d->arena, got->err));
	} else if (got->status < 200 || got->status > 299) {
		e->message = arena_printf(d->arena, "answered %d: %.*s", got->status,
		    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
	} else if (json_parse(d->arena, got->body.at, got->body.len, &j) != NULL || !json_is_object(j)) {
		e->message = "its answer is no JSON object";
	} else if ((phase = json_str(j, "phase")) == NULL ||
		   (strcmp(phase, "Running") != 0 && strcmp(phase, "Successful") != 0 && strcmp(phase, "Failed") != 0 &&
		       strcmp(phase, "Error") != 0)) {
		e->message = "the phase of its response must be Running, Successful, Failed or Error";
	} else {
		e->phase = arena_strdup(d->arena, phase);
		e->message = json_str(j, "message") != NULL
				 ? arena_printf(d->arena, "%.*s", MESSAGE_MAX, json_str(j, "message"))
				 : NULL;
		if (json_object_get(j, "status") != NULL)
			e->status = json_text(d->arena, json_object_get(j, "status"));
		after = json_str(j, "requeueAfter");
		if (str_eq(phase, "Running") && after != NULL && duration_parse(after, &ms))
			*ret_again = ms > AGAIN_LEAST_MS ? ms : AGAIN_LEAST_MS;
	}
}

static void
take_answer(struct decision *d, struct step_plugin_status *e)
{
	const struct seen_answer *got = seen_answer(d->w->seen, key_of(d, e));
	const char *before = e->phase;
	int64_t again;

	if (got == NULL || !got->answered || !is_open(e))
		return;
	read_answer(d, &got->answer, e, &again);
	e->executions++;
	e->updated_at = time_stored(d->w->now);
	e->backoff = is_open(e) ? arena_printf(d->arena, "%" PRId64 "s", (again + 999) / 1000) : NULL;
	if (!is_open(e))
		e->finished_at = e->updated_at;
	if (!str_eq(before, e->phase))
		plan_status_event(d->plan, &d->w->rollout->object,
		    str_eq(e->phase, "Failed") || str_eq(e->phase, "Error"), "StepPluginTransition",
		    "Plugin %s, %s: %s -> %s%s%s", e->name, e->operation, before, e->phase,
		    e->message != NULL ? ": " : "", e->message != NULL ? e->message : "");
	plan_reason(d->plan, "plugin %s: %s is %s", e->name, e->operation, e->phase);
}

void
plugin_verdict(struct decision *d)
{
	const struct step_plugin_status *e;

	if (d->canary == NULL || d->st.canary.step_plugins.n == 0)
		return;
	if (d->changed || (d->was->aborted_at != 0 && !d->st.abort && !d->promoted)) {
		d->st.canary.step_plugins.n = 0; /* of another update, or of another try */
		return;
	}
	own_entries(d);
	for (size_t i = 0; i < d->st.canary.step_plugins.n; i++)
		take_answer(d, &d->st.canary.step_plugins.at[i]);
	if (d->promoted || d->aborted || plugin_at(d, d->index) == NULL || (e = entry_of(d, d->index, "Run")) == NULL ||
	    !str_eq(e->phase, "Failed"))
		return;
	d->aborted = true;
	d->abort_message = arena_printf(d->arena, "Step Plugin %" PRId64 " (%s) failed%s%s", d->index + 1, e->name,
	    e->message != NULL ? ": " : "", e->message != NULL ? e->message : "");
}

bool
plugin_succeeded(struct decision *d)
{
	const struct step_plugin_status *e = entry_of(d, d->index, "Run");

	return e != NULL && (str_eq(e->phase, "Successful") || e->disabled);
}

/* --- which operations there are to be ------------------------------------------------------------------------------- */

static void
begin_run(struct decision *d)
{
	const struct plugin_step *s = plugin_at(d, d->index);
	const struct step_plugin *p = plugin_declared(d->w, d->arena, s->name);

	if (entry_of(d, d->index, "Run") != NULL)
		return;
	add_entry(d, d->index, s->name, "Run", NULL);
	if (p == NULL || !p->disabled)
		return;
	d->st.canary.step_plugins.at[d->st.canary.step_plugins.n - 1].disabled = true;
	d->st.canary.step_plugins.at[d->st.canary.step_plugins.n - 1].phase = "Successful";
}

/* What has run is undone, the last first, one after the other. */
static void
begin_abort(struct decision *d)
{
	for (size_t i = d->st.canary.step_plugins.n; i-- > 0;) {
		const struct step_plugin_status *e = &d->st.canary.step_plugins.at[i], *undone;

		if (!str_eq(e->operation, "Run") || e->disabled)
			continue;
		undone = entry_of(d, e->index, "Abort");
		if (undone == NULL)
			add_entry(d, e->index, e->name, "Abort", e->status);
		if (undone == NULL || (is_open(undone) && undone->executions < ABORTS_MAX))
			return;
	}
}

/* It is the present step's: no promotion, and nobody's hand, has gone past it. */
static bool
is_of_step(const struct decision *d, const struct step_plugin_status *e)
{
	return e->index == d->st.current_step_index.is && !d->promoted && !d->st.promote_full;
}

/* The update has gone past a plugin that still ran. */
static void
begin_terminate(struct decision *d)
{
	for (size_t i = 0; i < d->st.canary.step_plugins.n; i++) {
		const struct step_plugin_status *e = &d->st.canary.step_plugins.at[i];

		if (str_eq(e->operation, "Run") && is_open(e) && !is_of_step(d, e) &&
		    entry_of(d, e->index, "Terminate") == NULL)
			add_entry(d, e->index, e->name, "Terminate", e->status);
	}
}

static bool
may_run(struct decision *d)
{
	return !d->changed && !d->promoted && !d->paused_by_spec && d->st.pause_conditions.n == 0 &&
	       !d->st.promote_full && d->st.stable_rs != NULL && !d->in_window && !d->without_pods &&
	       d->st.current_step_index.is == d->index && plugin_at(d, d->index) != NULL && target_of(d).pods_there;
}

/* An operation that is open, and whose turn it is. */
static bool
is_due(const struct decision *d, const struct step_plugin_status *e)
{
	bool run = str_eq(e->operation, "Run");

	if (!is_open(e) || e->disabled)
		return false;
	if (d->aborted)
		return str_eq(e->operation, "Abort") && e->executions < ABORTS_MAX;
	if (run)
		return is_of_step(d, e) && !d->paused_by_spec;
	return e->executions < ABORTS_MAX;
}

/* The status has it, so that it is not forgotten. */
static bool
is_written(const struct decision *d, const struct step_plugin_status *e)
{
	for (size_t i = 0; i < d->was->canary.step_plugins.n; i++) {
		const struct step_plugin_status *was = &d->was->canary.step_plugins.at[i];

		if (was->index == e->index && str_eq(was->operation, e->operation) && was->executions == e->executions)
			return true;
	}
	return false;
}

void
plugin_sync(struct decision *d)
{
	if (d->canary == NULL)
		return;
	if (d->aborted) {
		begin_abort(d);
	} else {
		begin_terminate(d);
		if (may_run(d))
			begin_run(d);
	}
	for (size_t i = 0; i < d->st.canary.step_plugins.n; i++) {
		const struct step_plugin_status *e = &d->st.canary.step_plugins.at[i];
		const struct step_plugin *p;
		int64_t wait = 0, at;

		if (!is_due(d, e) || !is_written(d, e))
			continue;
		if (e->backoff != NULL && !duration_parse(e->backoff, &wait))
			wait = AGAIN_MS;
		at = time_add(e->updated_at, wait);
		if (d->w->now < at)
			plan_wake(d->plan, at);
		else if ((p = plugin_declared(d->w, d->arena, e->name)) != NULL)
			ask(d, p, e);
	}
}
