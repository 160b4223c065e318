/* kube/api/rollout.c: the rows of a Rollout. */
#include "kube/api/rollout.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template.h"

static const struct field condition_fields[] = {
	TIME(condition, last_transition_time, "lastTransitionTime"),
	TIME(condition, last_update_time, "lastUpdateTime"),
	STRING(condition, message, "message", .always = true),
	STRING(condition, reason, "reason", .always = true),
	STRING(condition, status, "status", .always = true),
	STRING(condition, type, "type", .always = true),
};
TYPE(condition, "condition");

static const struct field pause_step_fields[] = {
	INT_OR_STRING(pause_step, duration, "duration", .doc = "seconds or a Go duration; without it until promoted"),
};
TYPE(pause_step, "pause step", .strict = true);

static const struct field canary_scale_fields[] = {
	OPT_INT(canary_scale, weight, "weight", .min = 0, .max = 100, .doc = "percent of the rollout's pods"),
	OPT_INT(canary_scale, replicas, "replicas", .min = 0, .max = INT32_MAX),
	BOOL(canary_scale, match_traffic_weight, "matchTrafficWeight"),
};
TYPE(canary_scale, "setCanaryScale step", .strict = true);

static const struct field progress_threshold_fields[] = {
	STRING(progress_threshold, type, "type", .required = true, .choices = "Percent|Pods"),
	INT(progress_threshold, value, "value", .required = true, .min = 0, .max = INT32_MAX),
};
TYPE(progress_threshold, "progress threshold", .strict = true);

static const struct field template_ref_fields[] = {
	STRING(template_ref, template_name, "templateName", .required = true),
	BOOL(template_ref, cluster_scope, "clusterScope"),
};
TYPE(template_ref, "template reference", .strict = true);

static const struct field field_ref_fields[] = {
	STRING(field_ref, field_path, "fieldPath", .required = true),
};
TYPE(field_ref, "field reference");

static const struct field secret_key_ref_fields[] = {
	STRING(secret_key_ref, name, "name", .required = true),
	STRING(secret_key_ref, key, "key", .required = true),
};
TYPE(secret_key_ref, "secret reference");

static const struct field value_from_fields[] = {
	STRING(value_from, pod_template_hash_value, "podTemplateHashValue", .choices = "Latest|Stable"),
	OBJECT(value_from, field_ref, "fieldRef", field_ref),
	OBJECT(value_from, secret_key_ref, "secretKeyRef", secret_key_ref),
};
TYPE(value_from, "value source", .strict = true);

static const struct field argument_fields[] = {
	STRING(argument, name, "name", .required = true),
	STRING(argument, value, "value"),
	OBJECT(argument, value_from, "valueFrom", value_from),
};
TYPE(argument, "argument", .strict = true);

static const struct field run_metadata_fields[] = {
	STRING_MAP(run_metadata, labels, "labels"),
	STRING_MAP(run_metadata, annotations, "annotations"),
};
TYPE(run_metadata, "analysis run's metadata");

static const struct field dry_run_fields[] = {
	STRING(dry_run, metric_name, "metricName", .required = true),
};
TYPE(dry_run, "dryRun rule", .strict = true);

static const struct field measurement_retention_fields[] = {
	STRING(measurement_retention, metric_name, "metricName", .required = true),
	INT(measurement_retention, limit, "limit", .required = true, .min = 1, .max = 1000),
};
TYPE(measurement_retention, "measurementRetention rule", .strict = true);

/* In the order of Argo Rollouts' Go type: the step hash is made of it. */
static const struct field rollout_analysis_fields[] = {
	LIST(rollout_analysis, templates, "templates", template_ref),
	LIST(rollout_analysis, args, "args", argument),
	LIST(rollout_analysis, dry_run, "dryRun", dry_run),
	LIST(rollout_analysis, retention, "measurementRetention", measurement_retention),
	OBJECT(rollout_analysis, run_metadata, "analysisRunMetadata", run_metadata, .always = true),
	OPT_INT(rollout_analysis, starting_step, "startingStep", .min = 0, .max = 1000),
};
TYPE(rollout_analysis, "analysis", .strict = true);

static const struct field canary_step_fields[] = {
	OPT_INT(canary_step, set_weight, "setWeight", .min = 0, .max = 100, .doc = "percent of traffic for the canary"),
	OBJECT(canary_step, pause, "pause", pause_step),
	OBJECT(canary_step, set_canary_scale, "setCanaryScale", canary_scale),
	OBJECT(canary_step, analysis, "analysis", rollout_analysis),
	NOT_BUILT("experiment"),
	NOT_BUILT("setHeaderRoute"),
	NOT_BUILT("setMirrorRoute"),
	NOT_BUILT("plugin"),
};
TYPE(canary_step, "canary step", .strict = true);

static const struct field istio_route_ref_fields[] = {
	OPT_INT(istio_route_ref, port, "port"),
	STRINGS(istio_route_ref, sni_hosts, "sniHosts"),
};
TYPE(istio_route_ref, "route reference", .strict = true);

static const struct field istio_virtual_service_ref_fields[] = {
	STRING(istio_virtual_service_ref, name, "name", .required = true),
	STRINGS(istio_virtual_service_ref, routes, "routes"),
	LIST(istio_virtual_service_ref, tls_routes, "tlsRoutes", istio_route_ref),
	LIST(istio_virtual_service_ref, tcp_routes, "tcpRoutes", istio_route_ref),
};
TYPE(istio_virtual_service_ref, "virtualService reference", .strict = true);

static const struct field istio_destination_rule_ref_fields[] = {
	STRING(istio_destination_rule_ref, name, "name", .required = true),
	STRING(istio_destination_rule_ref, canary_subset_name, "canarySubsetName", .required = true),
	STRING(istio_destination_rule_ref, stable_subset_name, "stableSubsetName", .required = true),
	STRINGS(istio_destination_rule_ref, additional_subset_names, "additionalSubsetNames"),
};
TYPE(istio_destination_rule_ref, "destinationRule reference", .strict = true);

static const struct field istio_routing_fields[] = {
	OBJECT(istio_routing, virtual_service, "virtualService", istio_virtual_service_ref),
	OBJECT(istio_routing, destination_rule, "destinationRule", istio_destination_rule_ref),
	LIST(istio_routing, virtual_services, "virtualServices", istio_virtual_service_ref),
};
TYPE(istio_routing, "istio traffic routing", .strict = true);

static const struct field traffic_routing_fields[] = {
	OBJECT(traffic_routing, istio, "istio", istio_routing),
	NOT_BUILT("managedRoutes"),
	NOT_BUILT("maxTrafficWeight"),
	NOT_BUILT("nginx"),
	NOT_BUILT("alb"),
	NOT_BUILT("smi"),
	NOT_BUILT("ambassador"),
	NOT_BUILT("appMesh"),
	NOT_BUILT("traefik"),
	NOT_BUILT("apisix"),
	NOT_BUILT("plugins"),
};
TYPE(traffic_routing, "trafficRouting", .strict = true);

static const struct field canary_strategy_fields[] = {
	STRING(canary_strategy, canary_service, "canaryService"),
	STRING(canary_strategy, stable_service, "stableService"),
	LIST(canary_strategy, steps, "steps", canary_step),
	OBJECT(canary_strategy, traffic_routing, "trafficRouting", traffic_routing),
	INT_OR_STRING(canary_strategy, max_surge, "maxSurge"),
	INT_OR_STRING(canary_strategy, max_unavailable, "maxUnavailable"),
	OBJECT(canary_strategy, analysis, "analysis", rollout_analysis),
	OPT_INT(canary_strategy, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX),
	OPT_INT(canary_strategy, scale_down_delay_revision_limit, "scaleDownDelayRevisionLimit", .min = 0,
	    .max = INT32_MAX),
	OPT_INT(
	    canary_strategy, abort_scale_down_delay_seconds, "abortScaleDownDelaySeconds", .min = 0, .max = INT32_MAX),
	NOT_BUILT("antiAffinity"),
	NOT_BUILT("canaryMetadata"),
	NOT_BUILT("stableMetadata"),
	BOOL(canary_strategy, dynamic_stable_scale, "dynamicStableScale"),
	NOT_BUILT("pingPong"),
	OPT_INT(canary_strategy, min_pods_per_replicaset, "minPodsPerReplicaSet", .min = 0, .max = INT32_MAX),
	OBJECT(canary_strategy, replica_progress_threshold, "replicaProgressThreshold", progress_threshold),
};
TYPE(canary_strategy, "canary strategy", .strict = true);

static const struct field rollout_strategy_fields[] = {
	OBJECT(rollout_strategy, canary, "canary", canary_strategy),
	NOT_BUILT("blueGreen"),
};
TYPE(rollout_strategy, "strategy", .strict = true);

static const struct field analysis_history_fields[] = {
	OPT_INT(analysis_history, successful_limit, "successfulRunHistoryLimit", .min = 0, .max = INT32_MAX),
	OPT_INT(analysis_history, unsuccessful_limit, "unsuccessfulRunHistoryLimit", .min = 0, .max = INT32_MAX),
};
TYPE(analysis_history, "analysis history");

static const struct field rollback_window_fields[] = {
	INT(rollback_window, revisions, "revisions", .min = 0, .max = INT32_MAX,
	    .doc = "going back to one of as many revisions skips steps and analyses"),
};
TYPE(rollback_window, "rollback window", .strict = true);

static const struct field rollout_spec_fields[] = {
	OPT_INT(rollout_spec, replicas, "replicas", .min = 0, .max = INT32_MAX),
	OBJECT(rollout_spec, selector, "selector", label_selector, .required = true),
	JSON(rollout_spec, template, "template", .required = true),
	INT(rollout_spec, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX),
	OPT_INT(rollout_spec, revision_history_limit, "revisionHistoryLimit", .min = 0, .max = INT32_MAX),
	OPT_INT(rollout_spec, progress_deadline_seconds, "progressDeadlineSeconds", .min = 0, .max = INT32_MAX),
	BOOL(rollout_spec, progress_deadline_abort, "progressDeadlineAbort"),
	BOOL(rollout_spec, paused, "paused"),
	OBJECT(rollout_spec, analysis, "analysis", analysis_history),
	EMBED(rollout_spec, strategy, "strategy", rollout_strategy, .required = true),
	NOT_BUILT("workloadRef"),
	TIME(rollout_spec, restart_at, "restartAt",
	    .doc = "pods created before this time are replaced, once it has come"),
	OBJECT(rollout_spec, rollback_window, "rollbackWindow", rollback_window),
};
TYPE(rollout_spec, "Rollout's spec");

static const struct field pause_condition_fields[] = {
	STRING(pause_condition, reason, "reason"),
	TIME(pause_condition, start_time, "startTime"),
};
TYPE(pause_condition, "pause condition");

static const struct field run_status_fields[] = {
	STRING(run_status, name, "name", .always = true),
	STRING(run_status, status, "status", .always = true),
	STRING(run_status, message, "message"),
};
TYPE(run_status, "analysis run's state");

static const struct field weight_destination_fields[] = {
	INT(weight_destination, weight, "weight", .always = true),
	STRING(weight_destination, service_name, "serviceName"),
	STRING(weight_destination, pod_template_hash, "podTemplateHash"),
};
TYPE(weight_destination, "weighted destination");

static const struct field traffic_weights_fields[] = {
	EMBED(traffic_weights, canary, "canary", weight_destination, .always = true),
	EMBED(traffic_weights, stable, "stable", weight_destination, .always = true),
};
TYPE(traffic_weights, "traffic weights");

static const struct field canary_status_fields[] = {
	OBJECT(canary_status, background_analysis, "currentBackgroundAnalysisRunStatus", run_status),
	OBJECT(canary_status, step_analysis, "currentStepAnalysisRunStatus", run_status),
	OBJECT(canary_status, weights, "weights", traffic_weights),
};
TYPE(canary_status, "canary status");

static const struct field blue_green_status_fields[] = {
	STRING(blue_green_status, active_selector, "activeSelector"),
	STRING(blue_green_status, preview_selector, "previewSelector"),
};
TYPE(blue_green_status, "blue-green status");

static const struct field rollout_duration_fields[] = {
	TIME(rollout_duration, rollout_started_at, "rolloutStartedAt"),
	TIME(rollout_duration, manual_pause_started_at, "manualPauseStartedAt"),
	INT(rollout_duration, total_manual_pause_seconds, "totalManualPauseDurationSeconds"),
	TIME(rollout_duration, finished_at, "finishedAt"),
	STRING(rollout_duration, completion_status, "completionStatus"),
};
TYPE(rollout_duration, "rollout's duration");

static const struct field rollout_status_fields[] = {
	BOOL(rollout_status, abort, "abort"),
	TIME(rollout_status, aborted_at, "abortedAt"),
	LIST(rollout_status, pause_conditions, "pauseConditions", pause_condition),
	BOOL(rollout_status, controller_pause, "controllerPause"),
	BOOL(rollout_status, promote_full, "promoteFull"),
	STRING(rollout_status, current_pod_hash, "currentPodHash"),
	STRING(rollout_status, stable_rs, "stableRS"),
	STRING(rollout_status, current_step_hash, "currentStepHash"),
	OPT_INT(rollout_status, current_step_index, "currentStepIndex"),
	INT(rollout_status, replicas, "replicas"),
	INT(rollout_status, updated_replicas, "updatedReplicas"),
	INT(rollout_status, ready_replicas, "readyReplicas"),
	INT(rollout_status, available_replicas, "availableReplicas"),
	INT(rollout_status, hpa_replicas, "HPAReplicas"),
	STRING(rollout_status, selector, "selector"),
	OPT_INT(rollout_status, collision_count, "collisionCount"),
	STRING(rollout_status, observed_generation, "observedGeneration"),
	LIST(rollout_status, conditions, "conditions", condition),
	STRING(rollout_status, phase, "phase"),
	STRING(rollout_status, message, "message"),
	EMBED(rollout_status, canary, "canary", canary_status, .always = true),
	OBJECT(rollout_status, blue_green, "blueGreen", blue_green_status),
	EMBED(rollout_status, duration, "duration", rollout_duration),
	TIME(rollout_status, restarted_at, "restartedAt"),
};
TYPE(rollout_status, "Rollout's status");

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct string_pair *)a)->key, ((const struct string_pair *)b)->key);
}

/* Go writes maps with their keys sorted. */
static struct string_map
sorted(struct string_map m, struct arena *a)
{
	struct string_map copy = { arena_new_array(a, struct string_pair, m.n), m.n };

	if (m.n > 0) {
		memcpy(copy.at, m.at, m.n * sizeof(*m.at));
		qsort(copy.at, m.n, sizeof(*m.at), by_key);
	}
	return copy;
}

static json_t *
analysis_for_hash(const struct rollout_analysis *analysis, struct arena *a)
{
	struct rollout_analysis copy = *analysis;
	struct run_metadata metadata;

	if (copy.run_metadata != NULL) {
		metadata = (struct run_metadata){ sorted(copy.run_metadata->labels, a),
			sorted(copy.run_metadata->annotations, a) };
		copy.run_metadata = &metadata;
	}
	return encode(&rollout_analysis_type, &copy);
}

/* A step as Argo Rollouts' Go types write it, fields in their order; the step hash is made of it. */
static json_t *
step_for_hash(const struct canary_step *s, const json_t *raw, struct arena *a)
{
	json_t *o = json_object();

	if (s->set_weight.set)
		json_object_set_new(o, "setWeight", json_integer(s->set_weight.is));
	if (s->pause != NULL)
		json_object_set(o, "pause", json_object_get(raw, "pause"));
	if (s->analysis != NULL)
		json_object_set_new(o, "analysis", analysis_for_hash(s->analysis, a));
	if (s->set_canary_scale != NULL)
		json_object_set_new(o, "setCanaryScale", encode(&canary_scale_type, s->set_canary_scale));
	return o;
}

/* A string without a percent sign is percent too. */
static const char *
with_percent(struct arena *a, const char *text, const json_t *raw)
{
	return text != NULL && json_is_string(raw) && strchr(text, '%') == NULL ? arena_printf(a, "%s%%", text) : text;
}

void
canary_finish(struct canary_strategy *c, const json_t *raw, struct arena *a)
{
	c->max_surge = with_percent(a, c->max_surge, json_object_get(raw, "maxSurge"));
	c->max_unavailable = with_percent(a, c->max_unavailable, json_object_get(raw, "maxUnavailable"));
}

static void
rollout_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct rollout *r = (struct rollout *)o;
	const json_t *template = json_at(j, "/spec/template"), *steps = json_at(j, "/spec/strategy/canary/steps");
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (c != NULL)
		canary_finish((struct canary_strategy *)c, json_at(j, "/spec/strategy/canary"), a);
	if (json_is_object(template))
		r->spec.template = pod_template_canonical(a, template);
	if (c != NULL && c->steps.n > 0) {
		_cleanup_(json_decrefp) json_t *list = json_array();

		for (size_t i = 0; i < c->steps.n; i++)
			json_array_append_new(list, step_for_hash(&c->steps.at[i], json_array_get(steps, i), a));
		r->steps_json = json_text_go_struct(a, list);
	} else {
		r->steps_json = "null";
	}
}

static const struct field rollout_fields[] = {
	EMBED(rollout, spec, "spec", rollout_spec, .required = true),
	EMBED(rollout, status, "status", rollout_status),
};
TYPE(rollout, "Rollout", .group = "argoproj.io", .version = "v1alpha1", .plural = "rollouts", .kind = "Rollout",
    .has_status = true, .finish = rollout_finish);

bool
rollout_selects(const struct rollout *r, const struct object *o)
{
	const struct label_selector *s = r->spec.selector;

	return s != NULL && !label_selector_is_empty(s) && label_selector_matches(s, &o->meta.labels);
}

int64_t
pause_duration(const struct pause_step *p)
{
	long long seconds;
	int64_t ms;

	if (p->duration == NULL)
		return -1;
	if (str_int(p->duration, 0, INT32_MAX, &seconds))
		return seconds * 1000;
	return duration_parse(p->duration, &ms) && ms >= 0 ? ms : -2;
}
