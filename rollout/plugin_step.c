/* rollout/plugin_step.c: the plugin of a canary's step: its calls, and its responses.
 *
 * An operation is written into the status before its first call. After a restart the started operations are therefore
 * known, and an abort calls every plugin that has run. kube/plan/plugin_declarations.h has the protocol.
 */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/controller.h"
#include "rollout/gather.h"
#include "rollout/pass.h"
#include "kube/plan/plugin_declarations.h"
#include "rollout/step_kind.h"
#include "rollout/steps.h"
#include "rollout/step_target.h"

#define AGAIN_MS 30000 /* default time to the next call; a response may contain another */
#define AGAIN_LEAST_MS 10000
#define ABORTS_MAX 5 /* calls of an Abort or Terminate whose responses are errors, after which it is given up */
#define MESSAGE_MAX 1024

static bool plugin_step_matches(const struct canary_step *);
static const char *plugin_step_text(struct arena *, const struct canary_step *);
static const char *plugin_step_label(struct arena *, const struct canary_step *);
static void plugin_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static bool plugin_step_done(struct rollout_pass *, const struct canary_step *);
static void plugin_step_verdict(struct rollout_pass *);
static void plugin_step_sync(struct rollout_pass *);
static const struct step_plugin *plugin_step_declared(const struct rollout_world *, const char *name);

const struct step_kind plugin_step_kind = {
	.name = "plugin",
	.matches = plugin_step_matches,
	.text = plugin_step_text,
	.label = plugin_step_label,
	.check = plugin_step_check,
	.done = plugin_step_done,
	.verdict = plugin_step_verdict,
	.sync = plugin_step_sync,
};

static bool
plugin_step_matches(const struct canary_step *s)
{
	return s->plugin != NULL;
}

static const char *
plugin_step_text(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "plugin: %s", s->plugin->name);
}

static const char *
plugin_step_label(struct arena *a, const struct canary_step *s)
{
	return arena_printf(a, "plugin %s", s->plugin->name);
}

/* Without the settings of a controller (sluice lint) the declared plugins are not known. */
static void
plugin_step_check(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	const char *name = s->plugin->name;

	if (name != NULL && w->settings != NULL && plugin_step_declared(w, name) == NULL)
		problem_add(p, arena_printf(p->arena, "%s.name", path),
		    "Invalid value: \"%s\" is not declared in the controller's configuration (--step-plugins); plugins "
		    "of other mechanisms are not run",
		    name);
}

static const struct plugin_step *
plugin_step_at(const struct rollout_pass *p, int64_t index)
{
	return index < steps_count(p) ? p->canary->steps.at[index].plugin : NULL;
}

/* Returns the plugin of this name in the controller's configuration, or NULL. */
static const struct step_plugin *
plugin_step_declared(const struct rollout_world *w, const char *name)
{
	const struct step_plugins *list = w->settings != NULL ? w->settings->step_plugins : NULL;

	for (size_t i = 0; list != NULL && i < list->plugins.n; i++)
		if (str_eq(list->plugins.at[i].name, name))
			return &list->plugins.at[i];
	return NULL;
}

/* Returns the last entry in the status for an operation of a step, or NULL. */
static struct step_plugin_status *
plugin_step_entry(struct rollout_pass *p, int64_t index, const char *operation)
{
	for (size_t i = p->st.canary.step_plugins.n; i-- > 0;) {
		struct step_plugin_status *e = &p->st.canary.step_plugins.at[i];

		if (e->index == index && str_eq(e->operation, operation))
			return e;
	}
	return NULL;
}

/* Adds an entry to the status for an operation that starts. Its first call follows when the entry is stored. */
static void
plugin_step_add_entry(
    struct rollout_pass *p, int64_t index, const char *name, const char *operation, const char *status)
{
	size_t n = p->st.canary.step_plugins.n;
	struct step_plugin_status *list = arena_new_array(p->arena, struct step_plugin_status, n + 1);
	int64_t now = time_stored(p->w->now);

	if (n > 0)
		memcpy(list, p->st.canary.step_plugins.at, n * sizeof(*list));
	list[n] = (struct step_plugin_status){ .index = index,
		.name = name,
		.operation = operation,
		.phase = "Running",
		.started_at = now,
		.updated_at = now,
		.status = status };
	p->st.canary.step_plugins.at = list;
	p->st.canary.step_plugins.n = n + 1;
	plan_reason(p->plan, "plugin %s: %s started", name, operation);
	plan_wake(p->plan, p->w->now); /* it is called when this status is written */
}

static bool
plugin_step_is_open(const struct step_plugin_status *e)
{
	return str_eq(e->phase, "Running") || str_eq(e->phase, "Error");
}

/* Copies the entries before they are changed, as decoded values never change. */
static void
plugin_step_copy_entries(struct rollout_pass *p)
{
	size_t n = p->st.canary.step_plugins.n;
	struct step_plugin_status *list = arena_new_array(p->arena, struct step_plugin_status, n);

	if (n > 0)
		memcpy(list, p->st.canary.step_plugins.at, n * sizeof(*list));
	p->st.canary.step_plugins.at = list;
}

static const char *
plugin_step_key(const struct rollout_pass *p, const struct step_plugin_status *e)
{
	return arena_printf(p->arena, "plugin/%" PRId64 "/%s/%" PRId64, e->index, e->operation, e->executions);
}

static json_t *
plugin_step_call(const struct rollout_pass *p, const struct step_plugin_status *e)
{
	const struct plugin_step *s = plugin_step_at(p, e->index);
	json_t *call = json_pack("{s:s,s:s,s:I,s:I,s:o,s:s*,s:s*}", "operation", e->operation, "plugin", e->name,
	    "step", (json_int_t)e->index, "call", (json_int_t)e->executions, "rollout", rollout_for_args(p->w->rollout),
	    "canaryHash", p->w->hash, "stableHash", p->st.stable_rs);

	json_object_set_new(json_at(call, "/rollout/metadata"), "uid", json_string(p->w->rollout->object.meta.uid));
	if (s != NULL && s->config != NULL)
		json_object_set_new(call, "config", json_loads(s->config, JSON_DECODE_ANY, NULL));
	if (e->status != NULL)
		json_object_set_new(call, "status", json_loads(e->status, JSON_DECODE_ANY, NULL));
	return call;
}

static void
plugin_step_query(struct rollout_pass *p, const struct step_plugin *plugin, const struct step_plugin_status *e)
{
	_cleanup_(json_decrefp) json_t *call = plugin_step_call(p, e);
	struct query q;

	plugin_query(p->arena, plugin, json_text(p->arena, call), &q);
	plan_query(p->plan, plugin_step_key(p, e), &q);
	plan_reason(p->plan, "plugin %s: %s, call %" PRId64, e->name, e->operation, e->executions);
}

/* Reads a response: phase and message, and the status that is returned with the next call. */
static void
plugin_step_read(struct rollout_pass *p, const struct response *got, struct step_plugin_status *e, int64_t *ret_again)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *phase, *after;
	int64_t ms;

	*ret_again = AGAIN_MS;
	e->phase = "Error";
	if (got->err != NULL) {
		e->message = err_text(p->arena, err_copy(p->arena, got->err));
	} else if (got->status < 200 || got->status > 299) {
		e->message = arena_printf(p->arena, "status %d: %.*s", got->status,
		    (int)(got->body.len < 200 ? got->body.len : 200), got->body.at);
	} else if (json_parse(p->arena, got->body.at, got->body.len, &j) != NULL || !json_is_object(j)) {
		e->message = "the response is not a JSON object";
	} else if ((phase = json_str(j, "phase")) == NULL ||
		   (strcmp(phase, "Running") != 0 && strcmp(phase, "Successful") != 0 && strcmp(phase, "Failed") != 0 &&
		       strcmp(phase, "Error") != 0)) {
		e->message = "the phase of its response must be Running, Successful, Failed or Error";
	} else {
		e->phase = arena_strdup(p->arena, phase);
		e->message = json_str(j, "message") != NULL
				 ? arena_printf(p->arena, "%.*s", MESSAGE_MAX, json_str(j, "message"))
				 : NULL;
		if (json_object_get(j, "status") != NULL)
			e->status = json_text(p->arena, json_object_get(j, "status"));
		after = json_str(j, "requeueAfter");
		if (str_eq(phase, "Running") && after != NULL && duration_parse(after, &ms))
			*ret_again = ms > AGAIN_LEAST_MS ? ms : AGAIN_LEAST_MS;
	}
}

static void
plugin_step_take_response(struct rollout_pass *p, struct step_plugin_status *e)
{
	const struct seen_query *got = seen_query(p->w->seen, plugin_step_key(p, e));
	const char *before = e->phase;
	int64_t again;

	if (got == NULL || !got->done || !plugin_step_is_open(e))
		return;
	plugin_step_read(p, &got->response, e, &again);
	e->executions++;
	e->updated_at = time_stored(p->w->now);
	e->backoff = plugin_step_is_open(e) ? arena_printf(p->arena, "%" PRId64 "s", (again + 999) / 1000) : NULL;
	if (!plugin_step_is_open(e))
		e->finished_at = e->updated_at;
	if (!str_eq(before, e->phase))
		plan_status_event(p->plan, &p->w->rollout->object,
		    str_eq(e->phase, "Failed") || str_eq(e->phase, "Error"), "StepPluginTransition",
		    "Plugin %s, %s: %s -> %s%s%s", e->name, e->operation, before, e->phase,
		    e->message != NULL ? ": " : "", e->message != NULL ? e->message : "");
	plan_reason(p->plan, "plugin %s: %s is %s", e->name, e->operation, e->phase);
}

/* Reads the responses of plugins into the status. A failed Run aborts the update. */
static void
plugin_step_verdict(struct rollout_pass *p)
{
	const struct step_plugin_status *e;

	if (p->canary == NULL || p->st.canary.step_plugins.n == 0)
		return;
	if (p->change != CHANGE_NONE || (p->was->aborted_at != 0 && !p->st.abort && p->promotion != PROMOTED)) {
		p->st.canary.step_plugins.n = 0; /* of another update, or of another attempt */
		return;
	}
	plugin_step_copy_entries(p);
	for (size_t i = 0; i < p->st.canary.step_plugins.n; i++)
		plugin_step_take_response(p, &p->st.canary.step_plugins.at[i]);
	if (p->promotion == PROMOTED || p->aborted || plugin_step_at(p, p->index) == NULL ||
	    (e = plugin_step_entry(p, p->index, "Run")) == NULL || !str_eq(e->phase, "Failed"))
		return;
	p->aborted = true;
	p->abort_message = arena_printf(p->arena, "Step Plugin %" PRId64 " (%s) failed%s%s", p->index + 1, e->name,
	    e->message != NULL ? ": " : "", e->message != NULL ? e->message : "");
}

static bool
plugin_step_done(struct rollout_pass *p, const struct canary_step *s)
{
	const struct step_plugin_status *e = plugin_step_entry(p, p->index, "Run");

	(void)s;
	return e != NULL && (str_eq(e->phase, "Successful") || e->disabled);
}

static void
plugin_step_begin_run(struct rollout_pass *p)
{
	const struct plugin_step *s = plugin_step_at(p, p->index);
	const struct step_plugin *plugin = plugin_step_declared(p->w, s->name);

	if (plugin_step_entry(p, p->index, "Run") != NULL)
		return;
	plugin_step_add_entry(p, p->index, s->name, "Run", NULL);
	if (plugin == NULL || !plugin->disabled)
		return;
	p->st.canary.step_plugins.at[p->st.canary.step_plugins.n - 1].disabled = true;
	p->st.canary.step_plugins.at[p->st.canary.step_plugins.n - 1].phase = "Successful";
}

/* Starts an Abort for the last plugin that has run and has not been aborted yet: one after the other, the last
 * first. */
static void
plugin_step_begin_abort(struct rollout_pass *p)
{
	for (size_t i = p->st.canary.step_plugins.n; i-- > 0;) {
		const struct step_plugin_status *e = &p->st.canary.step_plugins.at[i], *undone;

		if (!str_eq(e->operation, "Run") || e->disabled)
			continue;
		undone = plugin_step_entry(p, e->index, "Abort");
		if (undone == NULL)
			plugin_step_add_entry(p, e->index, e->name, "Abort", e->status);
		if (undone == NULL || (plugin_step_is_open(undone) && undone->executions < ABORTS_MAX))
			return;
	}
}

/* Returns whether the operation is that of the current step, and neither a promotion nor a user has skipped the
 * step. */
static bool
plugin_step_is_current(const struct rollout_pass *p, const struct step_plugin_status *e)
{
	return e->index == p->st.current_step_index.value && p->promotion != PROMOTED && !p->st.promote_full;
}

/* Starts a Terminate for each plugin that is still running although the update was promoted past its step. */
static void
plugin_step_begin_terminate(struct rollout_pass *p)
{
	for (size_t i = 0; i < p->st.canary.step_plugins.n; i++) {
		const struct step_plugin_status *e = &p->st.canary.step_plugins.at[i];

		if (str_eq(e->operation, "Run") && plugin_step_is_open(e) && !plugin_step_is_current(p, e) &&
		    plugin_step_entry(p, e->index, "Terminate") == NULL)
			plugin_step_add_entry(p, e->index, e->name, "Terminate", e->status);
	}
}

/* Returns whether the current step is a plugin whose Run may begin. */
static bool
plugin_step_may_run(struct rollout_pass *p)
{
	return p->change == CHANGE_NONE && p->promotion != PROMOTED && !p->paused_by_spec &&
	       p->st.pause_conditions.n == 0 && !p->st.promote_full && p->st.stable_rs != NULL && !p->in_window &&
	       !p->without_pods && p->st.current_step_index.value == p->index && plugin_step_at(p, p->index) != NULL &&
	       target_of(p).pods_there;
}

/* Returns whether the operation has not ended, and is one that may be called now. */
static bool
plugin_step_is_due(const struct rollout_pass *p, const struct step_plugin_status *e)
{
	bool run = str_eq(e->operation, "Run");

	if (!plugin_step_is_open(e) || e->disabled)
		return false;
	if (p->aborted)
		return str_eq(e->operation, "Abort") && e->executions < ABORTS_MAX;
	if (run)
		return plugin_step_is_current(p, e) && !p->paused_by_spec;
	return e->executions < ABORTS_MAX;
}

/* Returns whether the stored status has the operation, so that it is known after a restart. */
static bool
plugin_step_is_written(const struct rollout_pass *p, const struct step_plugin_status *e)
{
	for (size_t i = 0; i < p->was->canary.step_plugins.n; i++) {
		const struct step_plugin_status *was = &p->was->canary.step_plugins.at[i];

		if (was->index == e->index && str_eq(was->operation, e->operation) && was->executions == e->executions)
			return true;
	}
	return false;
}

/* Starts the operations that are due, and plans the next calls. */
static void
plugin_step_sync(struct rollout_pass *p)
{
	if (p->canary == NULL)
		return;
	if (p->aborted) {
		plugin_step_begin_abort(p);
	} else {
		plugin_step_begin_terminate(p);
		if (plugin_step_may_run(p))
			plugin_step_begin_run(p);
	}
	for (size_t i = 0; i < p->st.canary.step_plugins.n; i++) {
		const struct step_plugin_status *e = &p->st.canary.step_plugins.at[i];
		const struct step_plugin *plugin;
		int64_t wait = 0, at;

		if (!plugin_step_is_due(p, e) || !plugin_step_is_written(p, e))
			continue;
		if (e->backoff != NULL && !duration_parse(e->backoff, &wait))
			wait = AGAIN_MS;
		at = time_add(e->updated_at, wait);
		if (p->w->now < at)
			plan_wake(p->plan, at);
		else if ((plugin = plugin_step_declared(p->w, e->name)) != NULL)
			plugin_step_query(p, plugin, e);
	}
}
