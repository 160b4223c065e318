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
	INT_OR_STRING(pause_step, duration, "duration",
	    .doc = "seconds, or a Go duration such as 1m30s; without it the pause lasts until somebody promotes"),
};
TYPE(pause_step, "pause step", .strict = true);

static const struct field canary_scale_fields[] = {
	OPT_INT(canary_scale, weight, "weight", .min = 0, .max = 100, .doc = "percent of the rollout's pods"),
	OPT_INT(canary_scale, replicas, "replicas", .min = 0, .max = INT32_MAX,
	    .doc = "pods of the canary, whatever its weight"),
	BOOL(canary_scale, match_traffic_weight, "matchTrafficWeight", .doc = "the pods follow the weight again"),
};
TYPE(canary_scale, "setCanaryScale step", .strict = true, .rules = "one *");

static const struct field progress_threshold_fields[] = {
	STRING(
	    progress_threshold, type, "type", .required = true, .choices = "Percent|Pods", .doc = "how value counts"),
	INT(progress_threshold, value, "value", .required = true, .min = 0, .max = INT32_MAX,
	    .doc = "so many of the canary's pods, or percent of them, suffice to go on"),
};
TYPE(progress_threshold, "progress threshold", .strict = true);

static const struct field template_ref_fields[] = {
	STRING(template_ref, template_name, "templateName", .required = true, .doc = "name of the template"),
	BOOL(template_ref, cluster_scope, "clusterScope", .doc = "it is a ClusterAnalysisTemplate",
	    .otherwise = "false"),
};
TYPE(template_ref, "template reference", .strict = true);

static const struct field field_ref_fields[] = {
	STRING(field_ref, field_path, "fieldPath", .required = true,
	    .doc = "path in the Rollout: metadata.labels['x'], spec.replicas, status.phase"),
};
TYPE(field_ref, "field reference");

static const struct field secret_key_ref_fields[] = {
	STRING(secret_key_ref, name, "name", .required = true, .doc = "name of the Secret, in the run's namespace"),
	STRING(secret_key_ref, key, "key", .required = true, .doc = "key in the Secret's data"),
};
TYPE(secret_key_ref, "secret reference");

static const struct field value_from_fields[] = {
	STRING(value_from, pod_template_hash_value, "podTemplateHashValue", .choices = "Latest|Stable",
	    .doc = "hash of the new (Latest) or the stable ReplicaSet"),
	OBJECT(value_from, field_ref, "fieldRef", field_ref, .doc = "a field of the Rollout"),
	OBJECT(value_from, secret_key_ref, "secretKeyRef", secret_key_ref,
	    .doc = "a Secret, read when a measurement needs it and masked wherever it would show"),
};
TYPE(value_from, "value source", .strict = true);

static const struct field argument_fields[] = {
	STRING(argument, name, "name", .required = true, .doc = "what {{args.NAME}} stands for"),
	STRING(argument, value, "value", .doc = "its value"),
	OBJECT(argument, value_from, "valueFrom", value_from, .doc = "where its value comes from instead"),
};
TYPE(argument, "argument", .strict = true);

static const struct field run_metadata_fields[] = {
	STRING_MAP(run_metadata, labels, "labels", .doc = "labels of the AnalysisRun"),
	STRING_MAP(run_metadata, annotations, "annotations", .doc = "annotations of the AnalysisRun"),
};
TYPE(run_metadata, "analysis run's metadata");

static const struct field dry_run_fields[] = {
	STRING(dry_run, metric_name, "metricName", .required = true,
	    .doc = "regular expression; metrics whose name it finds are measured and told, and decide nothing"),
};
TYPE(dry_run, "dryRun rule", .strict = true);

static const struct field measurement_retention_fields[] = {
	STRING(measurement_retention, metric_name, "metricName", .required = true,
	    .doc = "regular expression; the metrics meant"),
	INT(measurement_retention, limit, "limit", .required = true, .min = 1, .max = 1000,
	    .doc = "measurements of them that the status keeps", .otherwise = "10"),
};
TYPE(measurement_retention, "measurementRetention rule", .strict = true);

/* In the order of Argo Rollouts' Go type: the step hash is made of it. */
static const struct field rollout_analysis_fields[] = {
	LIST(rollout_analysis, templates, "templates", template_ref,
	    .doc = "AnalysisTemplates whose metrics are put together into one run"),
	LIST(rollout_analysis, args, "args", argument, .doc = "values for the templates' arguments"),
	LIST(rollout_analysis, dry_run, "dryRun", dry_run, .doc = "metrics that decide nothing"),
	LIST(rollout_analysis, retention, "measurementRetention", measurement_retention,
	    .doc = "how many measurements are kept"),
	OBJECT(rollout_analysis, run_metadata, "analysisRunMetadata", run_metadata, .always = true,
	    .doc = "labels and annotations of the run"),
	OPT_INT(rollout_analysis, starting_step, "startingStep", .min = 0, .max = 1000,
	    .doc = "index of the step at which a background analysis begins", .otherwise = "0"),
};
TYPE(rollout_analysis, "analysis", .strict = true);

static const struct field string_match_fields[] = {
	STRING(string_match, exact, "exact", .doc = "this text"),
	STRING(string_match, prefix, "prefix", .doc = "a text that begins with this"),
	STRING(string_match, regex, "regex", .doc = "a text that this RE2 expression matches, all of it"),
};
TYPE(string_match, "string match", .strict = true, .rules = "one *");

static const struct field header_match_fields[] = {
	STRING(header_match, header_name, "headerName", .required = true, .doc = "name of the header"),
	OBJECT(header_match, header_value, "headerValue", string_match, .required = true, .doc = "its value"),
};
TYPE(header_match, "header match", .strict = true);

static const struct field header_route_fields[] = {
	STRING(header_route, name, "name", .required = true, .doc = "one of trafficRouting.managedRoutes"),
	LIST(header_route, match, "match", header_match, .items_max = 100,
	    .doc = "requests that one of these matches get the canary; none: the route is taken away"),
};
TYPE(header_route, "setHeaderRoute step", .strict = true);

static const struct field route_match_fields[] = {
	OBJECT(route_match, method, "method", string_match, .doc = "the request's method"),
	OBJECT(route_match, path, "path", string_match, .doc = "its path"),
	JSON(route_match, headers, "headers", .doc = "its headers: {NAME: {exact, prefix or regex: TEXT}}"),
};
TYPE(route_match, "route match", .strict = true);

static const struct field mirror_route_fields[] = {
	STRING(mirror_route, name, "name", .required = true, .doc = "one of trafficRouting.managedRoutes"),
	LIST(mirror_route, match, "match", route_match, .items_max = 100,
	    .doc = "requests that one of these matches are sent to the canary too; none: the route is taken away"),
	OPT_INT(
	    mirror_route, percentage, "percentage", .min = 0, .max = 100, .doc = "so many of them", .otherwise = "100"),
};
TYPE(mirror_route, "setMirrorRoute step", .strict = true);

static const struct field managed_route_fields[] = {
	STRING(managed_route, name, "name", .required = true, .doc = "name of a route that steps make and take away"),
};
TYPE(managed_route, "managed route", .strict = true);

static const struct field pod_metadata_fields[] = {
	STRING_MAP(pod_metadata, labels, "labels", .doc = "labels of the pods"),
	STRING_MAP(pod_metadata, annotations, "annotations", .doc = "annotations of the pods"),
};
TYPE(pod_metadata, "pods' metadata", .strict = true);

static const struct field template_service_fields[] = {
	STRING(template_service, name, "name", .doc = "its name", .otherwise = "that of the template's ReplicaSet"),
};
TYPE(template_service, "template's service", .strict = true);

/* In the order of Argo Rollouts' Go types, as the step hash needs them. */
static const struct field experiment_step_template_fields[] = {
	STRING(experiment_step_template, name, "name", .required = true, .doc = "unlike any other in the experiment"),
	STRING(experiment_step_template, spec_ref, "specRef", .required = true, .choices = "stable|canary",
	    .doc = "whose pods they are"),
	OPT_INT(experiment_step_template, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "pods",
	    .otherwise = "1"),
	OBJECT(experiment_step_template, metadata, "metadata", pod_metadata, .always = true,
	    .doc = "labels and annotations besides the version's own"),
	OBJECT(experiment_step_template, selector, "selector", label_selector, .doc = "selects its pods",
	    .otherwise = "the version's"),
	OPT_INT(experiment_step_template, weight, "weight", .min = 0, .max = 100,
	    .doc = "percent of traffic while the experiment runs; with istio"),
	OBJECT(experiment_step_template, service, "service", template_service, .doc = "a Service for its pods"),
};
TYPE(experiment_step_template, "experiment step's template", .strict = true);

static const struct field experiment_analysis_fields[] = {
	STRING(experiment_analysis, name, "name", .required = true, .doc = "unlike any other in the experiment"),
	STRING(experiment_analysis, template_name, "templateName", .required = true, .doc = "name of the template"),
	BOOL(experiment_analysis, cluster_scope, "clusterScope", .doc = "it is a ClusterAnalysisTemplate",
	    .otherwise = "false"),
	LIST(experiment_analysis, args, "args", argument, .doc = "values for the template's arguments"),
	BOOL(experiment_analysis, required_for_completion, "requiredForCompletion",
	    .doc = "the experiment lasts until it has succeeded, and ends with the last of these",
	    .otherwise = "false"),
};
TYPE(experiment_analysis, "experiment's analysis", .strict = true);

static const struct field experiment_step_fields[] = {
	LIST(experiment_step, templates, "templates", experiment_step_template, .always = true,
	    .doc = "pods beside those of the rollout"),
	STRING(experiment_step, duration, "duration",
	    .doc = "seconds, or a Go duration, from when all pods are there; without it: until the analyses are over"),
	LIST(experiment_step, analyses, "analyses", experiment_analysis, .doc = "AnalysisRuns of the experiment"),
	LIST(experiment_step, dry_run, "dryRun", dry_run, .doc = "metrics that decide nothing"),
	OBJECT(experiment_step, run_metadata, "analysisRunMetadata", run_metadata, .always = true,
	    .doc = "labels and annotations of the runs"),
	OPT_INT(experiment_step, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "its pods stay so long after its end", .otherwise = "30"),
};
TYPE(experiment_step, "experiment step", .strict = true);

static const struct field plugin_step_fields[] = {
	STRING(plugin_step, name, "name", .required = true,
	    .doc = "one that the controller's configuration declares (controller --step-plugins)"),
	JSON(plugin_step, config, "config", .doc = "for the plugin alone"),
};
TYPE(plugin_step, "plugin step", .strict = true);

static const struct field canary_step_fields[] = {
	OPT_INT(canary_step, set_weight, "setWeight", .min = 0, .max = 100,
	    .doc = "percent of traffic (without a router: of pods) for the canary"),
	OBJECT(canary_step, pause, "pause", pause_step, .doc = "waits for a time, or for somebody to promote"),
	OBJECT(canary_step, set_canary_scale, "setCanaryScale", canary_scale,
	    .doc = "pods of the canary apart from its weight; needs trafficRouting"),
	OBJECT(canary_step, analysis, "analysis", rollout_analysis, .doc = "an AnalysisRun that must succeed"),
	OBJECT(canary_step, experiment, "experiment", experiment_step, .doc = "an Experiment that must succeed"),
	OBJECT(canary_step, set_header_route, "setHeaderRoute", header_route,
	    .doc = "requests with a header get the canary; with istio"),
	OBJECT(canary_step, set_mirror_route, "setMirrorRoute", mirror_route,
	    .doc = "requests are sent to the canary too; with istio"),
	OBJECT(canary_step, plugin, "plugin", plugin_step,
	    .doc = "a hook of the controller's configuration that must succeed"),
};
TYPE(canary_step, "canary step", .strict = true, .rules = "one *");

static const struct field istio_route_ref_fields[] = {
	OPT_INT(istio_route_ref, port, "port", .doc = "port of the route's matches"),
	STRINGS(istio_route_ref, sni_hosts, "sniHosts", .doc = "hosts of the route's matches, all of them"),
};
TYPE(istio_route_ref, "route reference", .strict = true);

static const struct field istio_virtual_service_ref_fields[] = {
	STRING(istio_virtual_service_ref, name, "name", .required = true, .doc = "name, or name.namespace"),
	STRINGS(istio_virtual_service_ref, routes, "routes",
	    .doc = "names of the http routes to split; none: the only one there is"),
	LIST(istio_virtual_service_ref, tls_routes, "tlsRoutes", istio_route_ref, .doc = "tls routes to split"),
	LIST(istio_virtual_service_ref, tcp_routes, "tcpRoutes", istio_route_ref, .doc = "tcp routes to split"),
};
TYPE(istio_virtual_service_ref, "virtualService reference", .strict = true);

static const struct field istio_destination_rule_ref_fields[] = {
	STRING(istio_destination_rule_ref, name, "name", .required = true, .doc = "name of the DestinationRule"),
	STRING(istio_destination_rule_ref, canary_subset_name, "canarySubsetName", .required = true,
	    .doc = "subset whose hash label selects the canary"),
	STRING(istio_destination_rule_ref, stable_subset_name, "stableSubsetName", .required = true,
	    .doc = "subset whose hash label selects the stable version"),
	STRINGS(istio_destination_rule_ref, additional_subset_names, "additionalSubsetNames",
	    .doc = "subsets whose destinations keep the weights they have"),
};
TYPE(istio_destination_rule_ref, "destinationRule reference", .strict = true);

static const struct field istio_routing_fields[] = {
	OBJECT(istio_routing, virtual_service, "virtualService", istio_virtual_service_ref,
	    .doc = "the VirtualService whose weights are set"),
	OBJECT(istio_routing, destination_rule, "destinationRule", istio_destination_rule_ref,
	    .doc = "splits by subsets instead of by canaryService and stableService"),
	LIST(istio_routing, virtual_services, "virtualServices", istio_virtual_service_ref, .doc = "several of them"),
};
TYPE(istio_routing, "istio traffic routing", .strict = true, .rules = "not virtualService virtualServices");

static const struct field traffic_routing_fields[] = {
	LIST(traffic_routing, managed_routes, "managedRoutes", managed_route,
	    .doc = "routes that setHeaderRoute and setMirrorRoute make, ahead of all others, in this order"),
	OBJECT(traffic_routing, istio, "istio", istio_routing, .doc = "splits traffic with Istio"),
	NOT_BUILT_AS("maxTrafficWeight", KIND_INT),
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

static const struct field preferred_anti_affinity_fields[] = {
	INT(preferred_anti_affinity, weight, "weight", .required = true, .min = 1, .max = 100,
	    .doc = "how much it counts"),
};
TYPE(preferred_anti_affinity, "preferred anti-affinity", .strict = true);

static const struct type required_anti_affinity_type = {
	.name = "required anti-affinity", .size = sizeof(struct required_anti_affinity), .strict = true
};

static const struct field anti_affinity_fields[] = {
	OBJECT(anti_affinity, preferred, "preferredDuringSchedulingIgnoredDuringExecution", preferred_anti_affinity,
	    .doc = "where there is room elsewhere"),
	OBJECT(anti_affinity, required, "requiredDuringSchedulingIgnoredDuringExecution", required_anti_affinity,
	    .doc = "always: {}"),
};
TYPE(anti_affinity, "anti-affinity", .strict = true, .rules = "one *");

static const struct field ping_pong_fields[] = {
	STRING(ping_pong, ping_service, "pingService", .required = true, .doc = "one of them"),
	STRING(ping_pong, pong_service, "pongService", .required = true, .doc = "the other"),
};
TYPE(ping_pong, "pingPong", .strict = true, .rules = "differ pingService pongService");

static const struct field canary_strategy_fields[] = {
	STRING(canary_strategy, canary_service, "canaryService", .doc = "Service that selects the canary's pods"),
	STRING(canary_strategy, stable_service, "stableService", .doc = "Service that selects the stable pods"),
	LIST(canary_strategy, steps, "steps", canary_step, .items_max = 500,
	    .doc = "what a release goes through, one after the other; none: all at once"),
	OBJECT(canary_strategy, traffic_routing, "trafficRouting", traffic_routing,
	    .doc = "what splits the traffic; without it the numbers of pods do"),
	INT_OR_STRING(canary_strategy, max_surge, "maxSurge",
	    .doc = "pods beyond spec.replicas, a number or percent; without traffic routing", .otherwise = "25%"),
	INT_OR_STRING(canary_strategy, max_unavailable, "maxUnavailable",
	    .doc = "pods that may be missing, a number or percent; without traffic routing", .otherwise = "25%"),
	OBJECT(canary_strategy, analysis, "analysis", rollout_analysis,
	    .doc = "measures in the background while the steps are gone through"),
	OPT_INT(canary_strategy, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "old pods stay so long after a promotion; needs trafficRouting", .otherwise = "30"),
	OPT_INT(canary_strategy, scale_down_delay_revision_limit, "scaleDownDelayRevisionLimit", .min = 0,
	    .max = INT32_MAX, .doc = "of so many old revisions at most"),
	OPT_INT(canary_strategy, abort_scale_down_delay_seconds, "abortScaleDownDelaySeconds", .min = 0,
	    .max = INT32_MAX, .doc = "an aborted canary's pods stay so long; 0: for ever", .otherwise = "30"),
	OBJECT(canary_strategy, anti_affinity, "antiAffinity", anti_affinity,
	    .doc = "the canary's pods keep away from nodes with stable ones"),
	OBJECT(canary_strategy, canary_metadata, "canaryMetadata", pod_metadata,
	    .doc = "what pods carry while their version is the canary"),
	OBJECT(canary_strategy, stable_metadata, "stableMetadata", pod_metadata,
	    .doc = "what pods carry while their version is the stable one"),
	BOOL(canary_strategy, dynamic_stable_scale, "dynamicStableScale",
	    .doc = "stable pods follow their share of the traffic; needs trafficRouting", .otherwise = "false"),
	OBJECT(canary_strategy, ping_pong, "pingPong", ping_pong,
	    .doc = "two Services that take turns instead of canaryService and stableService; with istio"),
	OPT_INT(canary_strategy, min_pods_per_replicaset, "minPodsPerReplicaSet", .min = 0, .max = INT32_MAX,
	    .doc = "least pods of a version that has any; needs trafficRouting"),
	OBJECT(canary_strategy, replica_progress_threshold, "replicaProgressThreshold", progress_threshold,
	    .doc = "how many of the canary's pods suffice for a step", .otherwise = "all"),
};
TYPE(canary_strategy, "canary strategy", .strict = true,
    .rules = "differ canaryService stableService; needs scaleDownDelaySeconds trafficRouting; needs dynamicStableScale "
	     "trafficRouting; not dynamicStableScale scaleDownDelaySeconds; not pingPong canaryService; not pingPong "
	     "stableService");

static const struct field blue_green_strategy_fields[] = {
	STRING(blue_green_strategy, active_service, "activeService", .required = true,
	    .doc = "Service that selects the version that serves"),
	STRING(blue_green_strategy, preview_service, "previewService",
	    .doc = "Service that selects the new version, before and after it serves"),
	OPT_INT(blue_green_strategy, preview_replica_count, "previewReplicaCount", .min = 0, .max = INT32_MAX,
	    .doc = "pods of the new version until it is promoted", .otherwise = "spec.replicas"),
	OPT_BOOL(blue_green_strategy, auto_promotion_enabled, "autoPromotionEnabled",
	    .doc = "false: the switch waits for a person", .otherwise = "true"),
	INT(blue_green_strategy, auto_promotion_seconds, "autoPromotionSeconds", .min = 0, .max = INT32_MAX,
	    .doc = "the switch waits so long; a person may promote before", .otherwise = "0"),
	INT_OR_STRING(blue_green_strategy, max_unavailable, "maxUnavailable",
	    .doc = "pods that a restart may take away at once, a number or percent", .otherwise = "25%"),
	OPT_INT(blue_green_strategy, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "old pods stay so long after the switch", .otherwise = "30"),
	OPT_INT(blue_green_strategy, scale_down_delay_revision_limit, "scaleDownDelayRevisionLimit", .min = 0,
	    .max = INT32_MAX, .doc = "of so many old revisions at most; no more than revisionHistoryLimit"),
	OPT_INT(blue_green_strategy, abort_scale_down_delay_seconds, "abortScaleDownDelaySeconds", .min = 0,
	    .max = INT32_MAX, .doc = "an aborted version's pods stay so long; 0: for ever", .otherwise = "30"),
	OBJECT(blue_green_strategy, pre_promotion_analysis, "prePromotionAnalysis", rollout_analysis,
	    .doc = "an AnalysisRun that must succeed before the switch"),
	OBJECT(blue_green_strategy, post_promotion_analysis, "postPromotionAnalysis", rollout_analysis,
	    .doc = "an AnalysisRun that must succeed after the switch; or it is switched back"),
	OBJECT(blue_green_strategy, anti_affinity, "antiAffinity", anti_affinity,
	    .doc = "the new version's pods keep away from nodes with stable ones"),
	OBJECT(blue_green_strategy, active_metadata, "activeMetadata", pod_metadata,
	    .doc = "what pods carry while their version is the stable one"),
	OBJECT(blue_green_strategy, preview_metadata, "previewMetadata", pod_metadata,
	    .doc = "what pods carry while their version is the new one"),
};
TYPE(blue_green_strategy, "blue-green strategy", .strict = true, .rules = "differ activeService previewService");

static const struct field rollout_strategy_fields[] = {
	OBJECT(rollout_strategy, blue_green, "blueGreen", blue_green_strategy,
	    .doc = "switches a Service from the old version to the new one"),
	OBJECT(rollout_strategy, canary, "canary", canary_strategy, .doc = "steps up the traffic of the new version"),
};
TYPE(rollout_strategy, "strategy", .strict = true, .rules = "one *");

static const struct field analysis_history_fields[] = {
	OPT_INT(analysis_history, successful_limit, "successfulRunHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc = "successful AnalysisRuns that are kept", .otherwise = "5"),
	OPT_INT(analysis_history, unsuccessful_limit, "unsuccessfulRunHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc = "other finished AnalysisRuns that are kept", .otherwise = "5"),
};
TYPE(analysis_history, "analysis history");

static const struct field rollback_window_fields[] = {
	INT(rollback_window, revisions, "revisions", .min = 0, .max = INT32_MAX,
	    .doc = "going back to one of so many revisions skips steps and analyses"),
};
TYPE(rollback_window, "rollback window", .strict = true);

static const struct field workload_ref_fields[] = {
	STRING(workload_ref, api_version, "apiVersion", .doc = "apps/v1, or v1 of a PodTemplate"),
	STRING(workload_ref, kind, "kind", .required = true, .choices = "Deployment|ReplicaSet|PodTemplate",
	    .doc = "what it is"),
	STRING(workload_ref, name, "name", .required = true, .doc = "its name, in the same namespace"),
	STRING(workload_ref, scale_down, "scaleDown", .choices = "never|onsuccess|progressively",
	    .doc = "whether a Deployment goes down to 0 pods as the Rollout's come up", .otherwise = "never"),
};
TYPE(workload_ref, "workload reference", .strict = true);

static const struct field rollout_spec_fields[] = {
	OPT_INT(rollout_spec, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "pods", .otherwise = "1"),
	OBJECT(rollout_spec, selector, "selector", label_selector, .immutable = true,
	    .doc = "must match the template's labels; cannot be changed", .otherwise = "workloadRef's"),
	JSON(rollout_spec, template, "template", .pod_template = true,
	    .doc = "the pod template; a change of it is a new revision"),
	INT(rollout_spec, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "a pod counts as available once it was ready for so long", .otherwise = "0"),
	OPT_INT(rollout_spec, revision_history_limit, "revisionHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc = "old ReplicaSets that are kept", .otherwise = "10"),
	OPT_INT(rollout_spec, progress_deadline_seconds, "progressDeadlineSeconds", .min = 0, .max = INT32_MAX,
	    .doc = "without progress for so long it is Degraded; more than minReadySeconds", .otherwise = "600"),
	BOOL(rollout_spec, progress_deadline_abort, "progressDeadlineAbort",
	    .doc = "at the deadline the update is aborted", .otherwise = "false"),
	BOOL(rollout_spec, paused, "paused", .doc = "stops the steps; an abort still works", .otherwise = "false"),
	OBJECT(rollout_spec, analysis, "analysis", analysis_history, .doc = "how many AnalysisRuns are kept"),
	EMBED(rollout_spec, strategy, "strategy", rollout_strategy, .required = true,
	    .doc = "how a new version comes in"),
	OBJECT(rollout_spec, workload_ref, "workloadRef", workload_ref,
	    .doc = "takes the pod template from another object, instead of template"),
	TIME(rollout_spec, restart_at, "restartAt",
	    .doc = "pods created before this time are replaced, once it has come"),
	OBJECT(rollout_spec, rollback_window, "rollbackWindow", rollback_window,
	    .doc = "going back to a recent revision is quick"),
};
TYPE(rollout_spec, "Rollout's spec", .rules = "any workloadRef selector; any workloadRef template");

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
	INT(weight_destination, weight, "weight", .min = 0, .max = INT32_MAX, .always = true),
	STRING(weight_destination, service_name, "serviceName"),
	STRING(weight_destination, pod_template_hash, "podTemplateHash"),
};
TYPE(weight_destination, "weighted destination");

static const struct field traffic_weights_fields[] = {
	EMBED(traffic_weights, canary, "canary", weight_destination, .always = true),
	EMBED(traffic_weights, stable, "stable", weight_destination, .always = true),
	LIST(traffic_weights, additional, "additional", weight_destination),
};
TYPE(traffic_weights, "traffic weights");

static const struct field step_plugin_status_fields[] = {
	INT(step_plugin_status, index, "index", .min = 0, .max = INT32_MAX, .always = true),
	STRING(step_plugin_status, name, "name", .always = true),
	STRING(step_plugin_status, message, "message"),
	TIME(step_plugin_status, started_at, "startedAt"),
	TIME(step_plugin_status, updated_at, "updatedAt"),
	TIME(step_plugin_status, finished_at, "finishedAt"),
	STRING(step_plugin_status, phase, "phase"),
	STRING(step_plugin_status, backoff, "backoff"),
	INT(step_plugin_status, executions, "executions", .min = 0, .max = INT32_MAX),
	STRING(step_plugin_status, operation, "operation"),
	BOOL(step_plugin_status, disabled, "disabled"),
	JSON(step_plugin_status, status, "status"),
};
TYPE(step_plugin_status, "step plugin's state");

static const struct field canary_status_fields[] = {
	OBJECT(canary_status, background_analysis, "currentBackgroundAnalysisRunStatus", run_status),
	OBJECT(canary_status, step_analysis, "currentStepAnalysisRunStatus", run_status),
	STRING(canary_status, current_experiment, "currentExperiment"),
	STRING(canary_status, stable_ping_pong, "stablePingPong"),
	LIST(canary_status, step_plugins, "stepPluginStatuses", step_plugin_status),
	OBJECT(canary_status, weights, "weights", traffic_weights),
};
TYPE(canary_status, "canary status");

static const struct field blue_green_status_fields[] = {
	STRING(blue_green_status, active_selector, "activeSelector"),
	STRING(blue_green_status, preview_selector, "previewSelector"),
	OBJECT(blue_green_status, pre_promotion_analysis, "prePromotionAnalysisRunStatus", run_status),
	OBJECT(blue_green_status, post_promotion_analysis, "postPromotionAnalysisRunStatus", run_status),
	BOOL(blue_green_status, scale_up_preview_check_point, "scaleUpPreviewCheckPoint"),
};
TYPE(blue_green_status, "blue-green status");

static const struct field rollout_duration_fields[] = {
	TIME(rollout_duration, rollout_started_at, "rolloutStartedAt"),
	TIME(rollout_duration, manual_pause_started_at, "manualPauseStartedAt"),
	INT(rollout_duration, total_manual_pause_seconds, "totalManualPauseDurationSeconds", .min = 0,
	    .max = INT32_MAX),
	TIME(rollout_duration, finished_at, "finishedAt"),
	STRING(rollout_duration, completion_status, "completionStatus"),
};
TYPE(rollout_duration, "rollout's duration");

static const struct field rollout_status_fields[] = {
	BOOL(rollout_status, abort, "abort", .doc = "the update is given up; a person may set it"),
	TIME(rollout_status, aborted_at, "abortedAt", .doc = "since when"),
	LIST(rollout_status, pause_conditions, "pauseConditions", pause_condition,
	    .doc = "why it is paused; taken away to resume"),
	BOOL(rollout_status, controller_pause, "controllerPause", .doc = "the controller paused it"),
	BOOL(rollout_status, promote_full, "promoteFull", .doc = "a person asked for it: all at once"),
	STRING(rollout_status, current_pod_hash, "currentPodHash",
	    .doc = "hash of the pod template that is being released"),
	STRING(rollout_status, stable_rs, "stableRS", .doc = "hash of the version that was promoted last"),
	STRING(rollout_status, current_step_hash, "currentStepHash", .doc = "hash of the steps"),
	OPT_INT(rollout_status, current_step_index, "currentStepIndex",
	    .doc = "the step it is at; as many as there are: behind the last"),
	INT(rollout_status, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "pods of all versions"),
	INT(rollout_status, updated_replicas, "updatedReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "pods of the new version"),
	INT(rollout_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX, .doc = "pods that are ready"),
	INT(rollout_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "pods that have been ready for minReadySeconds"),
	INT(rollout_status, hpa_replicas, "HPAReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "pods that an autoscaler counts"),
	STRING(rollout_status, selector, "selector", .doc = "the selector as text"),
	OPT_INT(rollout_status, collision_count, "collisionCount", .min = 0, .max = INT32_MAX,
	    .doc = "how often a ReplicaSet's name was taken"),
	STRING(rollout_status, observed_generation, "observedGeneration",
	    .doc = "generation that the status is about, as text"),
	LIST(rollout_status, conditions, "conditions", condition,
	    .doc = "Progressing, Paused, Healthy, Completed, Available, ReplicaFailure, InvalidSpec"),
	STRING(rollout_status, phase, "phase", .doc = "Healthy, Degraded, Progressing or Paused"),
	STRING(rollout_status, message, "message", .doc = "why"),
	EMBED(rollout_status, canary, "canary", canary_status, .always = true, .doc = "of a canary"),
	EMBED(rollout_status, blue_green, "blueGreen", blue_green_status, .always = true,
	    .doc = "of a blue-green rollout"),
	EMBED(rollout_status, duration, "duration", rollout_duration, .doc = "how long it takes"),
	TIME(rollout_status, restarted_at, "restartedAt", .doc = "the restartAt that is done"),
	STRING(rollout_status, workload_observed_generation, "workloadObservedGeneration",
	    .doc = "generation of the workload that the status is about, as text"),
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

/* The same of a map in an object that is encoded already. */
static void
sort_map(json_t *in, const char *key)
{
	char *text = json_dumps(json_object_get(in, key), JSON_SORT_KEYS);

	if (text != NULL)
		json_object_set_new(in, key, json_loads(text, 0, NULL));
	free(text);
}

static json_t *
mirror_for_hash(const struct mirror_route *m)
{
	json_t *o = encode(&mirror_route_type, m), *one;
	size_t i;

	json_array_foreach (json_object_get(o, "match"), i, one)
		sort_map(one, "headers");
	return o;
}

static json_t *
experiment_for_hash(const struct experiment_step *e)
{
	json_t *o = encode(&experiment_step_type, e), *metadata = json_object_get(o, "analysisRunMetadata"), *one;
	size_t i;

	sort_map(metadata, "labels");
	sort_map(metadata, "annotations");
	json_array_foreach (json_object_get(o, "templates"), i, one) {
		sort_map(json_object_get(one, "metadata"), "labels");
		sort_map(json_object_get(one, "metadata"), "annotations");
		sort_map(json_object_get(one, "selector"), "matchLabels");
	}
	return o;
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
	if (s->experiment != NULL)
		json_object_set_new(o, "experiment", experiment_for_hash(s->experiment));
	if (s->analysis != NULL)
		json_object_set_new(o, "analysis", analysis_for_hash(s->analysis, a));
	if (s->set_canary_scale != NULL)
		json_object_set_new(o, "setCanaryScale", encode(&canary_scale_type, s->set_canary_scale));
	if (s->set_header_route != NULL)
		json_object_set_new(o, "setHeaderRoute", encode(&header_route_type, s->set_header_route));
	if (s->set_mirror_route != NULL)
		json_object_set_new(o, "setMirrorRoute", mirror_for_hash(s->set_mirror_route));
	if (s->plugin != NULL) {
		json_t *plugin = encode(&plugin_step_type, s->plugin);

		sort_map(plugin, "config");
		json_object_set_new(o, "plugin", plugin);
	}
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

/* Whose turn it is. */
static void
take_turns(struct canary_strategy *c, const struct canary_status *st)
{
	bool ping = str_eq(st->stable_ping_pong, "ping");

	if (c->ping_pong == NULL)
		return;
	c->services_besides = c->canary_service != NULL || c->stable_service != NULL;
	c->stable_service = ping ? c->ping_pong->ping_service : c->ping_pong->pong_service;
	c->canary_service = ping ? c->ping_pong->pong_service : c->ping_pong->ping_service;
}

static void
rollout_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct rollout *r = (struct rollout *)o;
	const json_t *template = json_at(j, "/spec/template"), *steps = json_at(j, "/spec/strategy/canary/steps");
	const struct canary_strategy *c = r->spec.strategy.canary;

	if (c != NULL)
		canary_finish((struct canary_strategy *)c, json_at(j, "/spec/strategy/canary"), a);
	if (c != NULL)
		take_turns((struct canary_strategy *)c, &r->status.canary);
	r->spec.template = NULL;
	if (r->spec.workload_ref != NULL)
		r->template_besides = json_object_size(json_at(template, "/metadata/labels")) > 0 ||
				      json_object_size(json_at(template, "/metadata/annotations")) > 0;
	else if (json_is_object(template))
		r->spec.template = pod_template_canonical(a, template);
	if (c != NULL && c->steps.n > 0) {
		_cleanup_(json_decrefp) json_t *list = json_array();

		for (size_t i = 0; i < c->steps.n; i++)
			json_array_append_new(list, step_for_hash(&c->steps.at[i], json_array_get(steps, i), a));
		r->steps_json = json_text_go_struct(a, list);
	} else if (c != NULL || r->spec.strategy.blue_green == NULL) {
		r->steps_json = "null";
	}
	if (r->spec.strategy.blue_green != NULL) {
		struct blue_green_strategy *b = (struct blue_green_strategy *)r->spec.strategy.blue_green;

		b->max_unavailable =
		    with_percent(a, b->max_unavailable, json_at(j, "/spec/strategy/blueGreen/maxUnavailable"));
	}
}

static const struct field rollout_fields[] = {
	EMBED(rollout, spec, "spec", rollout_spec, .required = true, .doc = "what is wanted"),
	EMBED(rollout, status, "status", rollout_status, .doc = "what was seen"),
};
TYPE(rollout, "Rollout", .group = "argoproj.io", .version = "v1alpha1", .plural = "rollouts", .kind = "Rollout",
    .short_name = "ro", .scale = ".spec.replicas .status.HPAReplicas .status.selector",
    .columns =
	"Desired:integer:.spec.replicas|Current:integer:.status.replicas|Up-to-date:integer:.status.updatedReplicas|"
	"Available:integer:.status.availableReplicas",
    .doc = "An application that is released step by step", .has_status = true, .finish = rollout_finish);

bool
rollout_selects(const struct rollout *r, const struct object *o)
{
	const struct label_selector *s = r->spec.selector;

	return s != NULL && !label_selector_is_empty(s) && label_selector_matches(s, &o->meta.labels);
}

int64_t
seconds_or_duration(const char *text)
{
	long long seconds;
	int64_t ms;

	if (text == NULL)
		return -1;
	if (str_int(text, 0, INT32_MAX, &seconds))
		return seconds * 1000;
	return duration_parse(text, &ms) && ms >= 0 ? ms : -2;
}

int64_t
pause_duration(const struct pause_step *p)
{
	return seconds_or_duration(p->duration);
}
