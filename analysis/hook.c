/* analysis/hook.c: a measurement by a program or HTTP service of the user's (plugin: sluice/hook).
 *
 * The administrator of the controller declares it, as a step plugin (kube/plan/plugin_declarations.h, `metricPlugins`);
 * a metric names it. It is called with one JSON document and returns another one. With a value the conditions of the
 * metric decide, unless it has a phase too; Running is continued later with the status of the response.
 */
#include <string.h>
#include "analysis/http.h"
#include "analysis/provider_secret.h"
#include "analysis/run_pass.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/compare.h"
#include "kube/plan/plugin_declarations.h"

#define HOOK_NAME "sluice/hook"
#define HOOK_FIELD "provider.plugin." HOOK_NAME
#define HOOK_AGAIN_MS 10000 /* of a response without requeueAfter */
#define HOOK_STATUS "status" /* the key of the metadata */
#define HOOK_STATUS_MAX 4096 /* bytes: it is stored in the AnalysisRun */

static bool hook_used(const struct metric *);
static struct err *hook_check(struct arena *, const struct metric *);
static enum measured hook_step(const struct metric *, const struct query_input *, struct arena *, struct step_result *);

const struct provider hook_provider = {
	.name = HOOK_NAME,
	.metric_name = HOOK_NAME,
	.used = hook_used,
	.check = hook_check,
	.measure = measure_by_query,
	.step = hook_step,
};

static bool
hook_used(const struct metric *m)
{
	return m->provider.plugin != NULL && m->provider.plugin->hook != NULL;
}

static struct err *
hook_check(struct arena *a, const struct metric *m)
{
	if (str_empty(m->provider.plugin->hook->name))
		return err_new(a, ERR_INVALID, HOOK_FIELD ".name: required, but empty");
	return NULL;
}

static const struct step_plugin *
hook_declared(const struct query_input *in, const char *name)
{
	const struct step_plugins *all = in->settings != NULL ? in->settings->step_plugins : NULL;

	for (size_t i = 0; all != NULL && i < all->metrics.n; i++)
		if (str_eq(all->metrics.at[i].name, name) && !all->metrics.at[i].disabled)
			return &all->metrics.at[i];
	return NULL;
}

static enum measured
hook_query(const struct metric *m, const struct query_input *in, const struct step_plugin *plugin, struct arena *a,
    struct step_result *ret)
{
	const struct hook_metric *h = m->provider.plugin->hook;
	const char *status = in->metadata != NULL ? provider_secret_value(in->metadata, HOOK_STATUS) : NULL;
	_cleanup_(json_decrefp) json_t *call = json_pack("{s:s,s:s,s:s,s:s*}", "operation", "Measure", "plugin",
	    plugin->name, "metric", m->name, "namespace", in->namespace);

	if (in->run != NULL)
		json_object_set_new(call, "run",
		    json_pack("{s:s*,s:s*}", "name", in->run->object.meta.name, "uid", in->run->object.meta.uid));
	if (h->config != NULL)
		json_object_set_new(call, "config", json_loads(h->config, JSON_DECODE_ANY, NULL));
	if (status != NULL)
		json_object_set_new(call, "status", json_loads(status, JSON_DECODE_ANY, NULL));
	plugin_query(a, plugin, json_text(a, call), &ret->query);
	return MEASURED_QUERY;
}

/* Sets the phase and what else a response has. */
static enum measured
hook_read_phase(const json_t *doc, struct arena *a, struct step_result *ret)
{
	const char *phase = json_str(doc, "phase"), *message = json_str(doc, "message"), *status = NULL;
	const char *after = json_str(doc, "requeueAfter");

	ret->message = message != NULL ? arena_strdup(a, message) : NULL;
	if (json_object_get(doc, "status") != NULL)
		status = json_text(a, json_object_get(doc, "status"));
	if (status != NULL && strlen(status) > HOOK_STATUS_MAX) {
		ret->err = err_new(
		    a, ERR_INVALID, HOOK_NAME ": the status of the response is longer than %d bytes", HOOK_STATUS_MAX);
		return MEASURED_ERROR;
	}
	if (status != NULL) {
		ret->metadata.at = arena_new_array(a, struct string_pair, 1);
		ret->metadata.at[ret->metadata.n++] = (struct string_pair){ HOOK_STATUS, status };
	}
	if (str_eq(phase, "Running")) {
		if (after == NULL || !duration_parse(after, &ret->wait_ms))
			ret->wait_ms = HOOK_AGAIN_MS;
		return MEASURED_RUNNING;
	}
	if (str_eq(phase, "Error")) {
		ret->err = err_new(a, ERR_AGAIN, HOOK_NAME ": %s", message ?: "its phase is Error");
		return MEASURED_ERROR;
	}
	ret->phase = run_phase_named(phase);
	return MEASURED_VALUE;
}

static enum measured
hook_read(const struct response *got, struct arena *a, struct step_result *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	const json_t *value;
	const char *phase;

	if (got->err != NULL)
		ret->err = err_wrap(a, got->err, HOOK_NAME);
	else if (got->status < 200 || got->status > 299)
		ret->err = err_new(a, ERR_AGAIN, HOOK_NAME ": status %d: %s", got->status, http_shown(a, got->body));
	else if (json_parse(a, got->body.at, got->body.len, &doc) != NULL || !json_is_object(doc))
		ret->err = err_new(a, ERR_AGAIN, HOOK_NAME ": the response is not a JSON object");
	if (ret->err != NULL)
		return MEASURED_ERROR;
	phase = json_str(doc, "phase");
	value = json_object_get(doc, "value");
	if (phase != NULL && !str_eq(phase, "Running") && !phase_is_final(phase)) {
		ret->err = err_new(a, ERR_AGAIN,
		    HOOK_NAME ": the phase \"%s\" is not Running, Successful, Failed, Inconclusive or Error", phase);
		return MEASURED_ERROR;
	}
	if (phase == NULL && json_object_get(doc, "value") == NULL) {
		ret->err = err_new(a, ERR_AGAIN, HOOK_NAME ": the response has neither a value nor a phase");
		return MEASURED_ERROR;
	}
	if (value != NULL)
		ret->value = value_from_json(a, value);
	ret->text = value != NULL ? json_text_go(a, value) : "";
	if (phase != NULL)
		return hook_read_phase(doc, a, ret);
	return json_is_null(value) ? MEASURED_NOTHING : MEASURED_VALUE;
}

static enum measured
hook_step(const struct metric *m, const struct query_input *in, struct arena *a, struct step_result *ret)
{
	const char *name = m->provider.plugin->hook->name;
	const struct step_plugin *plugin = hook_declared(in, name);

	if (plugin == NULL) {
		ret->unusable = true;
		ret->err = err_new(a, ERR_INVALID,
		    HOOK_FIELD ".name: \"%s\" is not declared under metricPlugins (controller --step-plugins)",
		    name ?: "");
		return MEASURED_ERROR;
	}
	return in->n == 0 ? hook_query(m, in, plugin, a, ret) : hook_read(in->responses[0], a, ret);
}
