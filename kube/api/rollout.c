/* kube/api/rollout.c: Rollout: the rows of its fields, with their defaults, limits and texts. Checks of several
 * fields together: rollout/validate.c. */
#include "kube/api/rollout.h"
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/pod_template.h"

static const struct field condition_fields[] = {
	TIME(condition, last_transition_time, "lastTransitionTime", .doc = "Time of the last change of status."),
	TIME(condition, last_update_time, "lastUpdateTime",
	    .doc = "Time of the last update. The progress deadline counts from that of Progressing."),
	STRING(condition, message, "message", .always = true, .doc = "Why, as a sentence."),
	STRING(condition, reason, "reason", .always = true, .doc = "Why, as one word."),
	STRING(condition, status, "status", .always = true, .doc = "True, False or Unknown."),
	STRING(condition, type, "type", .always = true, .doc = "Name of the condition."),
};
TYPE(condition, "condition");

static const struct field pause_step_fields[] = {
	INT_OR_STRING(pause_step, duration, "duration",
	    .doc = "Seconds, or a Go duration such as 1m30s; then the update continues without a user. 0: continue at "
		   "once. Unset: pause until a user promotes the Rollout."),
};
TYPE(pause_step, "pause step", .strict = true);

static const struct field canary_scale_fields[] = {
	OPT_INT(
	    canary_scale, weight, "weight", .min = 0, .max = 100, .doc = "Percentage of spec.replicas, rounded up."),
	OPT_INT(canary_scale, replicas, "replicas", .min = 0, .max = INT32_MAX,
	    .doc =
		"Number of canary pods. 0: none, or one while a weight or managed route sends requests to the canary."),
	BOOL(canary_scale, match_traffic_weight, "matchTrafficWeight",
	    .doc = "True: the number of canary pods follows the traffic weight again. False is the same as unset."),
};
TYPE(canary_scale, "setCanaryScale step", .strict = true, .rules = "one *");

static const struct field progress_threshold_fields[] = {
	STRING(progress_threshold, type, "type", .required = true, .choices = "Percent|Pods",
	    .doc = "Percent: value is a percentage of the canary pods that the step requires. Pods: it is a number of "
		   "pods."),
	INT(progress_threshold, value, "value", .required = true, .min = 0, .max = INT32_MAX,
	    .doc = "Canary pods that must be available to complete a step. If the step requires fewer pods, all of "
		   "them suffice. 0: none."),
};
TYPE(progress_threshold, "progress threshold", .strict = true);

static const struct field template_ref_fields[] = {
	STRING(template_ref, template_name, "templateName", .required = true,
	    .doc = "Name of the template. If it does not exist, the Rollout is invalid until it does; the message has "
		   "this field and \"not found\"."),
	BOOL(template_ref, cluster_scope, "clusterScope",
	    .doc = "True: a ClusterAnalysisTemplate. False: an AnalysisTemplate in the same namespace.",
	    .default_text = "false"),
};
TYPE(template_ref, "template reference", .strict = true);

static const struct field field_ref_fields[] = {
	STRING(field_ref, field_path, "fieldPath", .required = true,
	    .doc = "Path in the Rollout: metadata.labels['x'], spec.replicas, status.phase. If the Rollout does not "
		   "have the value when the run is created, the update is aborted."),
};
TYPE(field_ref, "field reference");

static const struct field secret_key_ref_fields[] = {
	STRING(secret_key_ref, name, "name", .required = true,
	    .doc = "Name of a Secret in the namespace of the AnalysisRun. If it cannot be read, each measurement is an "
		   "error (consecutiveErrorLimit)."),
	STRING(secret_key_ref, key, "key", .required = true,
	    .doc = "Key in the Secret's data. Without it each measurement is an error."),
};
TYPE(secret_key_ref, "secret reference");

static const struct field value_from_fields[] = {
	STRING(value_from, pod_template_hash_value, "podTemplateHashValue", .choices = "Latest|Stable",
	    .doc = "Pod template hash of the new (Latest) or the stable (Stable) ReplicaSet, when the run is created. "
		   "Only in Rollouts and templates."),
	OBJECT(value_from, field_ref, "fieldRef", field_ref,
	    .doc = "Field of the Rollout, as it is when the run is created. Only in Rollouts and templates."),
	OBJECT(value_from, secret_key_ref, "secretKeyRef", secret_key_ref,
	    .doc = "Key of a Secret. It is read for each measurement, and masked in all output."),
};
TYPE(value_from, "value source", .strict = true);

static const struct field argument_fields[] = {
	STRING(argument, name, "name", .required = true,
	    .doc = "Name of the argument. Fields of metrics refer to it as {{args.NAME}}."),
	STRING(argument, value, "value",
	    .doc =
		"Value, as a string: quote numbers. In a template it is the default. Must not be set with valueFrom."),
	OBJECT(
	    argument, value_from, "valueFrom", value_from, .doc = "Source of the value. Must not be set with value."),
};
TYPE(argument, "argument", .strict = true);

static const struct field run_metadata_fields[] = {
	STRING_MAP(run_metadata, labels, "labels",
	    .doc = "Labels to add. Those that the controller sets itself take precedence."),
	STRING_MAP(run_metadata, annotations, "annotations",
	    .doc = "Annotations to add. Those that the controller sets itself take precedence."),
};
TYPE(run_metadata, "analysis run's metadata");

static const struct field dry_run_fields[] = {
	STRING(dry_run, metric_name, "metricName", .required = true,
	    .doc = "Regular expression that finds a part of the name; ^NAME$ for all of it. If it matches no metric, "
		   "the analysis is invalid."),
};
TYPE(dry_run, "dryRun rule", .strict = true);

static const struct field measurement_retention_fields[] = {
	STRING(measurement_retention, metric_name, "metricName", .required = true,
	    .doc = "Regular expression that finds a part of the name; ^NAME$ for all of it. If it matches no metric, "
		   "the analysis is invalid. If several rules match, the last one counts."),
	INT(measurement_retention, limit, "limit", .required = true, .min = 1, .max = 1000,
	    .doc = "Number of the newest measurements of each matching metric to keep in the status."),
};
TYPE(measurement_retention, "measurementRetention rule", .strict = true);

/* In the order of Argo Rollouts' Go type: the step hash is made of it. */
static const struct field rollout_analysis_fields[] = {
	LIST(rollout_analysis, templates, "templates", template_ref,
	    .doc = "Templates whose metrics form one AnalysisRun; at most 64 with those that they name, and no two "
		   "metrics of the same name. Empty: a background analysis does not run; in other analyses it is "
		   "invalid."),
	LIST(rollout_analysis, args, "args", argument,
	    .doc = "Values for the templates' arguments; they take precedence over values in the templates. An "
		   "argument without any value is invalid. One that no template has is ignored."),
	LIST(rollout_analysis, dry_run, "dryRun", dry_run,
	    .doc = "Metrics that are measured without an effect on the result, in addition to those of the templates."),
	LIST(rollout_analysis, retention, "measurementRetention", measurement_retention,
	    .doc = "Number of measurements to keep in the status, by metric: 10 without a rule. These rules take "
		   "precedence over those of the templates."),
	OBJECT(rollout_analysis, run_metadata, "analysisRunMetadata", run_metadata, .always = true,
	    .doc = "Labels and annotations of the AnalysisRun."),
	OPT_INT(rollout_analysis, starting_step, "startingStep", .min = 0, .max = 1000,
	    .doc = "Index, from 0, of the step at which a background analysis starts. Not allowed in other analyses.",
	    .default_text = "0"),
};
TYPE(rollout_analysis, "analysis", .strict = true);

static const struct field string_match_fields[] = {
	STRING(string_match, exact, "exact", .doc = "The value is equal to this text."),
	STRING(string_match, prefix, "prefix", .doc = "The value starts with this text."),
	STRING(string_match, regex, "regex",
	    .doc = "The whole value matches this RE2 regular expression, which Envoy evaluates."),
};
TYPE(string_match, "string match", .strict = true, .rules = "one *");

static const struct field header_match_fields[] = {
	STRING(header_match, header_name, "headerName", .required = true, .doc = "Name of the HTTP header."),
	OBJECT(header_match, header_value, "headerValue", string_match, .required = true,
	    .doc = "What the value must be."),
};
TYPE(header_match, "header match", .strict = true);

static const struct field header_route_fields[] = {
	STRING(header_route, name, "name", .required = true,
	    .doc = "Name of the route. Must be in trafficRouting.managedRoutes."),
	LIST(header_route, match, "match", header_match, .items_max = 100,
	    .doc = "Requests with at least one of these headers are routed to the canary, whatever its weight. Empty: "
		   "the route is removed."),
};
TYPE(header_route, "setHeaderRoute step", .strict = true);

static const struct field route_match_fields[] = {
	OBJECT(route_match, method, "method", string_match, .doc = "Method of the request. Unset: any."),
	OBJECT(route_match, path, "path", string_match, .doc = "Path of the request. Unset: any."),
	JSON(route_match, headers, "headers",
	    .doc = "Headers, which must all match: an object with exact, prefix or regex for each name. Unset: any."),
};
TYPE(route_match, "route match", .strict = true);

static const struct field mirror_route_fields[] = {
	STRING(mirror_route, name, "name", .required = true,
	    .doc = "Name of the route. Must be in trafficRouting.managedRoutes."),
	LIST(mirror_route, match, "match", route_match, .items_max = 100,
	    .doc = "Requests that match at least one item are mirrored to the canary; in an item, method, path and "
		   "headers must all match. Empty: the route is removed."),
	OPT_INT(mirror_route, percentage, "percentage", .min = 0, .max = 100,
	    .doc = "Percentage of the matching requests to mirror.", .default_text = "100"),
};
TYPE(mirror_route, "setMirrorRoute step", .strict = true);

static const struct field managed_route_fields[] = {
	STRING(managed_route, name, "name", .required = true,
	    .doc = "Name of a route of a VirtualService, or a rule of an HTTPRoute, that steps create and remove. Must "
		   "be unique, and not that of a route that exists."),
};
TYPE(managed_route, "managed route", .strict = true);

static const struct field pod_metadata_fields[] = {
	STRING_MAP(pod_metadata, labels, "labels",
	    .doc = "Labels to add to the pods, also to running ones. A label that the selector uses is invalid."),
	STRING_MAP(
	    pod_metadata, annotations, "annotations", .doc = "Annotations to add to the pods, also to running ones."),
};
TYPE(pod_metadata, "pods' metadata", .strict = true);

static const struct field template_service_fields[] = {
	STRING(template_service, name, "name", .doc = "Name of the Service.",
	    .default_text = "EXPERIMENT-TEMPLATE, as the ReplicaSet"),
};
TYPE(template_service, "template's service", .strict = true);

/* In the order of Argo Rollouts' Go types, as the step hash needs them. */
static const struct field experiment_step_template_fields[] = {
	STRING(experiment_step_template, name, "name", .required = true,
	    .doc = "Name of the template. Must be unique in the experiment."),
	STRING(experiment_step_template, spec_ref, "specRef", .required = true, .choices = "stable|canary",
	    .doc = "Version whose pod template is used: stable, or canary for the new one."),
	OPT_INT(experiment_step_template, replicas, "replicas", .min = 0, .max = INT32_MAX,
	    .doc = "Number of pods, in addition to those of the Rollout.", .default_text = "1"),
	OBJECT(experiment_step_template, metadata, "metadata", pod_metadata, .always = true,
	    .doc = "Labels and annotations to add to those of the version."),
	OBJECT(experiment_step_template, selector, "selector", label_selector,
	    .doc = "Label selector of the pods. The labels of metadata are added to it.",
	    .default_text = "spec.selector"),
	OPT_INT(experiment_step_template, weight, "weight", .min = 0, .max = 100,
	    .doc = "Percentage of traffic while the experiment runs and a pod is available. All templates together: at "
		   "most 100. Requires Istio. Unset: no traffic."),
	OBJECT(experiment_step_template, service, "service", template_service,
	    .doc = "Create a Service for the pods ({} is enough), and delete it with them. A template with weight has "
		   "one in any case. Pods without ports get none, and no traffic."),
};
TYPE(experiment_step_template, "experiment step's template", .strict = true);

static const struct field experiment_analysis_fields[] = {
	STRING(experiment_analysis, name, "name", .required = true,
	    .doc = "Name of the analysis; its run is EXPERIMENT-NAME. Must be unique in the experiment."),
	STRING(experiment_analysis, template_name, "templateName", .required = true,
	    .doc = "Name of the template. In an Experiment: if it does not exist when the pods are available, the "
		   "phase is Error. In a step: the Rollout is invalid."),
	BOOL(experiment_analysis, cluster_scope, "clusterScope",
	    .doc = "True: a ClusterAnalysisTemplate. False: an AnalysisTemplate in the same namespace.",
	    .default_text = "false"),
	LIST(experiment_analysis, args, "args", argument,
	    .doc = "Values for the template's arguments. {{templates.NAME.podTemplateHash}}, "
		   "{{templates.NAME.replicaset.name}}, {{experiment.availableAt}} and {{experiment.finishedAt}} are "
		   "replaced in them."),
	BOOL(experiment_analysis, required_for_completion, "requiredForCompletion",
	    .doc = "True: the experiment succeeds when all such analyses have, before or after its duration. False: it "
		   "does not wait for this one. One that fails ends it in any case.",
	    .default_text = "false"),
};
TYPE(experiment_analysis, "experiment's analysis", .strict = true);

static const struct field experiment_step_fields[] = {
	LIST(experiment_step, templates, "templates", experiment_step_template, .always = true,
	    .doc = "Versions to run, in addition to the Rollout's pods. At least one. It fails if its pods exceed "
		   "spec.progressDeadlineSeconds."),
	STRING(experiment_step, duration, "duration",
	    .doc = "Seconds, or a Go duration such as 1m30s, from when all pods are available. Unset: until the "
		   "analyses have succeeded; without analyses, until a user terminates it."),
	LIST(experiment_step, analyses, "analyses", experiment_analysis,
	    .doc = "AnalysisRuns to start when all pods are available. One that fails ends the experiment."),
	LIST(experiment_step, dry_run, "dryRun", dry_run,
	    .doc = "Metrics of the analyses that are measured without an effect on the result."),
	OBJECT(experiment_step, run_metadata, "analysisRunMetadata", run_metadata, .always = true,
	    .doc = "Labels and annotations of the AnalysisRuns."),
	OPT_INT(experiment_step, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds to keep the pods after the experiment ended. 0: remove them at once.",
	    .default_text = "30"),
};
TYPE(experiment_step, "experiment step", .strict = true);

static const struct field plugin_step_fields[] = {
	STRING(plugin_step, name, "name", .required = true,
	    .doc = "Name of a step plugin. It is invalid if controller --step-plugins does not declare it."),
	JSON(plugin_step, config, "config",
	    .doc = "Configuration that is passed to the plugin, in its own format. Unset: none."),
};
TYPE(plugin_step, "plugin step", .strict = true);

static const struct field canary_step_fields[] = {
	OPT_INT(canary_step, set_weight, "setWeight", .min = 0, .max = INT32_MAX,
	    .doc = "Percentage of traffic for the canary, or its part of maxTrafficWeight; the step is completed when "
		   "its pods are available and all routes have the weight. Without trafficRouting: percentage of the "
		   "pods, to the nearest pod; each version keeps one if it is not 0 or 100."),
	OBJECT(canary_step, pause, "pause", pause_step,
	    .doc = "Wait for a duration, or without one ({}) until a user promotes the Rollout (sluice promote). The "
		   "phase is Paused meanwhile."),
	OBJECT(canary_step, set_canary_scale, "setCanaryScale", canary_scale,
	    .doc = "Number of canary pods, independent of the weight, until the next setCanaryScale or the end of the "
		   "steps. Requires trafficRouting."),
	OBJECT(canary_step, analysis, "analysis", rollout_analysis,
	    .doc = "Start an AnalysisRun and wait for it. If it fails (Failed or Error), the update is aborted; if it "
		   "is Inconclusive, the update pauses until a user promotes or aborts it."),
	OBJECT(canary_step, experiment, "experiment", experiment_step,
	    .doc = "Start an Experiment and wait for it. If it fails (Failed or Error), the update is aborted; if it "
		   "is Inconclusive, the update pauses until a user promotes or aborts it."),
	OBJECT(canary_step, set_header_route, "setHeaderRoute", header_route,
	    .doc = "Route requests with certain headers to the canary, until the update ends or is aborted, or a "
		   "setHeaderRoute of this name has no match. Requires Istio, the Gateway API, nginx, alb or apisix."),
	OBJECT(canary_step, set_mirror_route, "setMirrorRoute", mirror_route,
	    .doc = "Mirror requests to the canary, until the update ends or is aborted, or a setMirrorRoute of this "
		   "name has no match. Requires Istio or the Gateway API."),
	OBJECT(canary_step, plugin, "plugin", plugin_step,
	    .doc = "Call a step plugin and wait for it. If it fails, the update is aborted."),
};
TYPE(canary_step, "canary step", .strict = true, .rules = "any *; most setWeight pause analysis experiment");

static const struct field istio_route_ref_fields[] = {
	OPT_INT(istio_route_ref, port, "port",
	    .doc = "Port in all matches of the route. Unset: only routes whose matches have no port are selected."),
	STRINGS(istio_route_ref, sni_hosts, "sniHosts",
	    .doc = "Exactly the SNI hosts in the matches of the route, not a part of them. Empty: only routes without "
		   "hosts are selected."),
};
TYPE(istio_route_ref, "route reference", .strict = true);

static const struct field istio_virtual_service_ref_fields[] = {
	STRING(istio_virtual_service_ref, name, "name", .required = true,
	    .doc = "Name of the VirtualService, or NAME.NAMESPACE. If it does not exist, the Rollout is invalid."),
	STRINGS(istio_virtual_service_ref, routes, "routes",
	    .doc = "Names of the HTTP routes to change; each has one canary and one stable destination. Empty: the "
		   "only HTTP route, not counting managed routes; more are an error."),
	LIST(istio_virtual_service_ref, tls_routes, "tlsRoutes", istio_route_ref,
	    .doc = "TLS routes to change, by port and hosts. Empty: the only TLS route, if there is one; more are an "
		   "error."),
	LIST(istio_virtual_service_ref, tcp_routes, "tcpRoutes", istio_route_ref,
	    .doc = "TCP routes to change, by port. Empty: the only TCP route, if there is one; more are an error."),
};
TYPE(istio_virtual_service_ref, "virtualService reference", .strict = true);

static const struct field istio_destination_rule_ref_fields[] = {
	STRING(istio_destination_rule_ref, name, "name", .required = true,
	    .doc = "Name of the DestinationRule, in the namespace of the Rollout. If it does not exist, the Rollout is "
		   "invalid."),
	STRING(istio_destination_rule_ref, canary_subset_name, "canarySubsetName", .required = true,
	    .doc = "Subset for the canary. The controller writes the pod template hash into its labels."),
	STRING(istio_destination_rule_ref, stable_subset_name, "stableSubsetName", .required = true,
	    .doc = "Subset for the stable version. The controller writes the pod template hash into its labels. Must "
		   "not be canarySubsetName."),
	STRINGS(istio_destination_rule_ref, additional_subset_names, "additionalSubsetNames",
	    .doc = "Subsets whose weights stay. The canary and the stable version share the rest."),
};
TYPE(istio_destination_rule_ref, "destinationRule reference", .strict = true);

static const struct field istio_routing_fields[] = {
	OBJECT(istio_routing, virtual_service, "virtualService", istio_virtual_service_ref,
	    .doc = "VirtualService whose weights the controller writes."),
	OBJECT(istio_routing, destination_rule, "destinationRule", istio_destination_rule_ref,
	    .doc = "Split traffic by the subsets of this DestinationRule. Unset: by the hosts canaryService and "
		   "stableService, which must be set then. Not with pingPong."),
	LIST(istio_routing, virtual_services, "virtualServices", istio_virtual_service_ref,
	    .doc = "VirtualServices whose weights the controller writes, if there are several."),
};
TYPE(istio_routing, "istio traffic routing", .strict = true, .rules = "not virtualService virtualServices");

static const struct field gateway_route_reference_fields[] = {
	STRING(gateway_route_reference, name, "name", .required = true, .doc = "Name of the route."),
	BOOL(gateway_route_reference, use_header_routes, "useHeaderRoutes",
	    .doc = "Create rules of setHeaderRoute and setMirrorRoute steps in this route. Without effect in TCPRoutes "
		   "and TLSRoutes.",
	    .default_text = "false"),
};
TYPE(gateway_route_reference, "route reference", .strict = true);

static const struct field gateway_routing_fields[] = {
	STRING(gateway_routing, http_route, "httpRoute", .doc = "HTTPRoute whose weights are set."),
	LIST(gateway_routing, http_routes, "httpRoutes", gateway_route_reference,
	    .doc = "HTTPRoutes whose weights are set."),
	STRING(gateway_routing, grpc_route, "grpcRoute", .doc = "GRPCRoute whose weights are set."),
	LIST(gateway_routing, grpc_routes, "grpcRoutes", gateway_route_reference,
	    .doc = "GRPCRoutes whose weights are set."),
	STRING(gateway_routing, tcp_route, "tcpRoute", .doc = "TCPRoute whose weights are set."),
	LIST(gateway_routing, tcp_routes, "tcpRoutes", gateway_route_reference,
	    .doc = "TCPRoutes whose weights are set."),
	STRING(gateway_routing, tls_route, "tlsRoute", .doc = "TLSRoute whose weights are set."),
	LIST(gateway_routing, tls_routes, "tlsRoutes", gateway_route_reference,
	    .doc = "TLSRoutes whose weights are set."),
	OBJECT(gateway_routing, http_route_selector, "httpRouteSelector", label_selector,
	    .doc = "Labels of further HTTPRoutes in the namespace whose weights are set."),
	OBJECT(gateway_routing, grpc_route_selector, "grpcRouteSelector", label_selector,
	    .doc = "Labels of further GRPCRoutes in the namespace whose weights are set."),
	OBJECT(gateway_routing, tcp_route_selector, "tcpRouteSelector", label_selector,
	    .doc = "Labels of further TCPRoutes in the namespace whose weights are set."),
	OBJECT(gateway_routing, tls_route_selector, "tlsRouteSelector", label_selector,
	    .doc = "Labels of further TLSRoutes in the namespace whose weights are set."),
	STRING(gateway_routing, namespace, "namespace", .doc = "Namespace of the routes.",
	    .default_text = "the Rollout's"),
	BOOL(gateway_routing, disable_in_progress_label, "disableInProgressLabel",
	    .doc = "Do not label the routes while the canary has weight.", .default_text = "false"),
	STRING(gateway_routing, in_progress_label_key, "inProgressLabelKey",
	    .doc = "Key of the label that the routes have while the canary has weight.",
	    .default_text = "rollouts.argoproj.io/gatewayapi-canary"),
	STRING(gateway_routing, in_progress_label_value, "inProgressLabelValue", .doc = "Value of this label.",
	    .default_text = "in-progress"),
};
TYPE(gateway_routing, "gatewayAPI traffic routing", .strict = true);

static const struct field nginx_routing_fields[] = {
	STRING(nginx_routing, stable_ingress, "stableIngress",
	    .doc = "Name of the Ingress that sends requests to stableService. Exactly one of stableIngress and "
		   "stableIngresses must be set."),
	STRINGS(nginx_routing, stable_ingresses, "stableIngresses", .doc = "Names of several such Ingresses."),
	STRING(nginx_routing, annotation_prefix, "annotationPrefix",
	    .doc = "Prefix of the annotations of the ingress controller.",
	    .default_text = "nginx.ingress.kubernetes.io"),
	STRING_MAP(nginx_routing, additional_ingress_annotations, "additionalIngressAnnotations",
	    .doc = "Annotations of the canary's Ingresses. A key that does not start with annotationPrefix gets it."),
	STRING_MAP(nginx_routing, canary_ingress_annotations, "canaryIngressAnnotations",
	    .doc = "Annotations of the canary's Ingresses, with whole keys. They replace additional ones."),
};
TYPE(nginx_routing, "nginx traffic routing", .strict = true);

static const struct field alb_stickiness_fields[] = {
	BOOL(alb_stickiness, enabled, "enabled", .required = true,
	    .doc = "Requests of one user go to the version that served the first one.", .default_text = "false"),
	INT(alb_stickiness, duration_seconds, "durationSeconds", .required = true,
	    .doc = "How long they do, if enabled: 1 to 604800 seconds."),
};
TYPE(alb_stickiness, "stickiness", .strict = true);

static const struct field alb_routing_fields[] = {
	STRING(alb_routing, ingress, "ingress",
	    .doc =
		"Name of the Ingress whose annotations split the requests. Exactly one of ingress and ingresses must "
		"be set."),
	STRINGS(alb_routing, ingresses, "ingresses", .doc = "Names of several such Ingresses."),
	OPT_INT(alb_routing, service_port, "servicePort", .required = true, .min = 1, .max = 65535,
	    .doc = "Port of the Services that the load balancer sends requests to."),
	STRING(alb_routing, root_service, "rootService",
	    .doc = "Service of the Ingress' paths whose requests are split. Required with pingPong.",
	    .default_text = "stableService"),
	STRING(alb_routing, annotation_prefix, "annotationPrefix",
	    .doc = "Prefix of the annotations of the controller.", .default_text = "alb.ingress.kubernetes.io"),
	OBJECT(alb_routing, stickiness_config, "stickinessConfig", alb_stickiness,
	    .doc = "Whether requests of one user stay with one version."),
};
TYPE(alb_routing, "alb traffic routing", .strict = true);

static const struct field traefik_routing_fields[] = {
	STRING(traefik_routing, weighted_traefik_service_name, "weightedTraefikServiceName", .required = true,
	    .doc = "Name of the TraefikService in whose spec.weighted.services both Services are."),
};
TYPE(traefik_routing, "traefik traffic routing", .strict = true);

static const struct field apisix_route_ref_fields[] = {
	STRING(apisix_route_ref, name, "name", .required = true, .doc = "Name of the ApisixRoute."),
	STRINGS(apisix_route_ref, rules, "rules",
	    .doc = "Names of the rules in spec.http in whose backends both Services are. Empty: the rule with the name "
		   "of the ApisixRoute."),
};
TYPE(apisix_route_ref, "ApisixRoute reference", .strict = true);

static const struct field apisix_routing_fields[] = {
	OBJECT(apisix_routing, route, "route", apisix_route_ref, .required = true,
	    .doc = "ApisixRoute whose weights are set."),
};
TYPE(apisix_routing, "apisix traffic routing", .strict = true);

static const struct field smi_routing_fields[] = {
	STRING(smi_routing, root_service, "rootService", .doc = "Service whose requests are split.",
	    .default_text = "stableService"),
	STRING(smi_routing, traffic_split_name, "trafficSplitName", .doc = "Name of the TrafficSplit that is created.",
	    .default_text = "the Rollout's name"),
};
TYPE(smi_routing, "smi traffic routing", .strict = true);

static const struct field ambassador_routing_fields[] = {
	STRINGS(ambassador_routing, mappings, "mappings",
	    .doc = "Names of the Mappings that lead to stableService. Each gets a second Mapping, NAME-canary."),
};
TYPE(ambassador_routing, "ambassador traffic routing", .strict = true);

static const struct field contour_routing_fields[] = {
	STRINGS(contour_routing, http_proxies, "httpProxies",
	    .doc = "Names of the HTTPProxies with a list of services in which both Services are."),
	STRING(contour_routing, namespace, "namespace",
	    .doc = "Namespace of the HTTPProxies. No other than the Rollout's is possible.",
	    .default_text = "the Rollout's"),
	REPLACED("httpProxy", "is a field of old versions of the plugin; use httpProxies: [NAME]"),
};
TYPE(contour_routing, "contour traffic routing", .strict = true);

static const struct field hook_routing_fields[] = {
	STRING(hook_routing, name, "name", .required = true,
	    .doc = "Name of a hook. It is invalid if controller --step-plugins does not declare it under "
		   "trafficRouters."),
	JSON(hook_routing, config, "config", .doc = "Any value. Each call passes it to the hook."),
};
TYPE(hook_routing, "hook traffic routing", .strict = true);

static const struct field router_plugins_fields[] = {
	OBJECT(router_plugins, gateway_api, "argoproj-labs/gatewayAPI", gateway_routing,
	    .doc = "Split traffic between canaryService and stableService with routes of the Gateway API."),
	OBJECT(router_plugins, contour, "argoproj-labs/contour", contour_routing,
	    .doc = "Split traffic between canaryService and stableService with HTTPProxies of Contour."),
	OBJECT(router_plugins, hook, "sluice/hook", hook_routing,
	    .doc = "Split traffic with a program or HTTP service of yours (docs/step-plugins.md)."),
};
TYPE(router_plugins, "plugins of trafficRouting", .strict = true);

static const struct field traffic_routing_fields[] = {
	LIST(traffic_routing, managed_routes, "managedRoutes", managed_route,
	    .doc = "Routes that setHeaderRoute and setMirrorRoute create, before all other routes and in this order."),
	OBJECT(traffic_routing, istio, "istio", istio_routing,
	    .doc = "Split traffic with Istio. It must be set, with virtualService or virtualServices."),
	OPT_INT(traffic_routing, max_traffic_weight, "maxTrafficWeight", .min = 1, .max = INT32_MAX,
	    .doc =
		"Weight of all traffic: setWeight is a part of it. Requires nginx, the Gateway API, or both; for the "
		"Gateway API, at most 1000000.",
	    .default_text = "100"),
	OBJECT(traffic_routing, nginx, "nginx", nginx_routing,
	    .doc = "Split traffic between canaryService and stableService with ingress-nginx: the controller creates a "
		   "canary Ingress for each Ingress."),
	OBJECT(traffic_routing, alb, "alb", alb_routing,
	    .doc = "Split traffic between the Services with the AWS Load Balancer Controller, by annotations of "
		   "Ingresses."),
	OBJECT(traffic_routing, smi, "smi", smi_routing,
	    .doc = "Split traffic with a TrafficSplit of the Service Mesh Interface, which the controller creates."),
	OBJECT(traffic_routing, ambassador, "ambassador", ambassador_routing,
	    .doc = "Split traffic with Ambassador (Emissary): the controller creates a second Mapping for each one."),
	REPLACED("appMesh",
	    "not supported: AWS App Mesh ended in September 2026; use another router, such as the Gateway API"),
	OBJECT(traffic_routing, traefik, "traefik", traefik_routing, .doc = "Split traffic with a TraefikService."),
	OBJECT(traffic_routing, apisix, "apisix", apisix_routing, .doc = "Split traffic with an ApisixRoute."),
	OBJECT(traffic_routing, plugins, "plugins", router_plugins,
	    .doc = "Split traffic with routers that are plugins in Argo Rollouts. Sluice has them built in."),
	REPLACED("gatewayAPI",
	    "has no effect in Argo Rollouts, and is no field; use plugins: {argoproj-labs/gatewayAPI: {...}}"),
};
TYPE(traffic_routing, "trafficRouting", .strict = true);

static const struct field preferred_anti_affinity_fields[] = {
	INT(preferred_anti_affinity, weight, "weight", .required = true, .min = 1, .max = 100,
	    .doc = "Weight of the preference, relative to the others of the pod."),
};
TYPE(preferred_anti_affinity, "preferred anti-affinity", .strict = true);

static const struct type required_anti_affinity_type = {
	.name = "required anti-affinity", .size = sizeof(struct required_anti_affinity), .strict = true
};

static const struct field anti_affinity_fields[] = {
	OBJECT(anti_affinity, preferred, "preferredDuringSchedulingIgnoredDuringExecution", preferred_anti_affinity,
	    .doc = "Schedule to other nodes if possible."),
	OBJECT(anti_affinity, required, "requiredDuringSchedulingIgnoredDuringExecution", required_anti_affinity,
	    .doc = "Schedule only to other nodes: without a free one, the pods stay Pending. The value is always {}."),
};
TYPE(anti_affinity, "anti-affinity", .strict = true, .rules = "one *");

static const struct field ping_pong_fields[] = {
	STRING(ping_pong, ping_service, "pingService", .required = true,
	    .doc = "First Service. It is the canary's in the first update."),
	STRING(ping_pong, pong_service, "pongService", .required = true,
	    .doc = "Second Service. It is the stable version's in the first update."),
};
TYPE(ping_pong, "pingPong", .strict = true, .rules = "differ pingService pongService");

/* A string without a percent sign is percent too. */
static const char *
with_percent(struct arena *a, const char *limit, const char *object, const char *key)
{
	bool plain = limit != NULL && strchr(limit, '%') == NULL;

	return plain && json_at_string(json_find(object, key)) ? arena_printf(a, "%s%%", limit) : limit;
}

static void
canary_finish(void *of, const char *text, struct arena *a)
{
	struct canary_strategy *c = of;

	c->max_surge = with_percent(a, c->max_surge, text, "maxSurge");
	c->max_unavailable = with_percent(a, c->max_unavailable, text, "maxUnavailable");
}

static void
blue_green_finish(void *of, const char *text, struct arena *a)
{
	struct blue_green_strategy *b = of;

	b->max_unavailable = with_percent(a, b->max_unavailable, text, "maxUnavailable");
}

static const struct field canary_strategy_fields[] = {
	STRING(canary_strategy, canary_service, "canaryService",
	    .doc = "Service that selects the canary's pods. The controller writes the pod template hash into its "
		   "selector. Unset: none; required by Istio without destinationRule."),
	STRING(canary_strategy, stable_service, "stableService",
	    .doc = "Service that selects the stable pods. The controller writes the pod template hash into its "
		   "selector. Unset: none; required by Istio without destinationRule."),
	LIST(canary_strategy, steps, "steps", canary_step, .items_max = 500,
	    .doc = "Steps of an update, in order. Empty: promote the new version as soon as its pods are available."),
	OBJECT(canary_strategy, traffic_routing, "trafficRouting", traffic_routing,
	    .doc = "Router that splits the traffic. Unset: traffic follows the number of pods, and maxSurge and "
		   "maxUnavailable limit them."),
	INT_OR_STRING(canary_strategy, max_surge, "maxSurge",
	    .doc = "Pods above spec.replicas: a number, or a percentage (25%), rounded up. Must not be 0 if "
		   "maxUnavailable is. Has no effect with trafficRouting.",
	    .default_text = "25%"),
	INT_OR_STRING(canary_strategy, max_unavailable, "maxUnavailable",
	    .doc = "Unavailable pods: a number, or a percentage (25%) of spec.replicas, rounded down. With "
		   "trafficRouting it only limits how many pods restartAt evicts at the same time, at least 1.",
	    .default_text = "25%"),
	OBJECT(canary_strategy, analysis, "analysis", rollout_analysis,
	    .doc = "Analysis in the background, from startingStep to the end of the steps. If it fails (Failed or "
		   "Error), the update is aborted; if it is Inconclusive, the update pauses."),
	OPT_INT(canary_strategy, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds to keep the old pods after a promotion. 0: remove them when the traffic has moved. "
		   "Requires trafficRouting; not with dynamicStableScale, which keeps none.",
	    .default_text = "30"),
	OPT_INT(canary_strategy, scale_down_delay_revision_limit, "scaleDownDelayRevisionLimit", .min = 0,
	    .max = INT32_MAX,
	    .doc = "Maximum number of old revisions that keep their pods for scaleDownDelaySeconds, the newest first. "
		   "0: none. Unset: no limit."),
	OPT_INT(canary_strategy, abort_scale_down_delay_seconds, "abortScaleDownDelaySeconds", .min = 0,
	    .max = INT32_MAX,
	    .doc = "Seconds to keep the canary's pods after an abort, from when all stable pods are available. 0: "
		   "until the next update. Has no effect without trafficRouting.",
	    .default_text = "30; with dynamicStableScale they are not kept"),
	OBJECT(canary_strategy, anti_affinity, "antiAffinity", anti_affinity,
	    .doc = "Schedule the canary's pods to other nodes than the stable pods. Unset: to any."),
	OBJECT(canary_strategy, canary_metadata, "canaryMetadata", pod_metadata,
	    .doc = "Metadata of the pods while their version is the canary. It is removed when they become stable."),
	OBJECT(canary_strategy, stable_metadata, "stableMetadata", pod_metadata,
	    .doc = "Metadata of the pods while their version is stable."),
	BOOL(canary_strategy, dynamic_stable_scale, "dynamicStableScale",
	    .doc = "True: scale the stable version down to its share of the traffic; an abort restores its pods first. "
		   "False: it keeps spec.replicas. Requires trafficRouting.",
	    .default_text = "false"),
	OBJECT(canary_strategy, ping_pong, "pingPong", ping_pong,
	    .doc = "Two Services that alternate as canary and stable Service, instead of canaryService and "
		   "stableService. Requires ALB, Istio without destinationRule, or the Gateway API. With canaryService "
		   "and stableService too, ALB splits between the Services of pingPong, and all other routers between "
		   "canaryService and stableService."),
	OPT_INT(canary_strategy, min_pods_per_replicaset, "minPodsPerReplicaSet", .min = 0, .max = INT32_MAX,
	    .doc = "Minimum number of canary pods and, with dynamicStableScale, of stable pods, for a version that "
		   "needs any; at most spec.replicas. Without dynamicStableScale, setCanaryScale.replicas takes "
		   "precedence. Has no effect without trafficRouting."),
	OBJECT(canary_strategy, replica_progress_threshold, "replicaProgressThreshold", progress_threshold,
	    .doc = "Number of canary pods that must be available to complete a step.", .default_text = "all"),
};
TYPE(canary_strategy, "canary strategy", .strict = true, .finish = canary_finish,
    .rules = "differ canaryService stableService; needs scaleDownDelaySeconds trafficRouting; needs dynamicStableScale "
	     "trafficRouting; not dynamicStableScale scaleDownDelaySeconds");

static const struct field blue_green_strategy_fields[] = {
	STRING(blue_green_strategy, active_service, "activeService", .required = true,
	    .doc = "Service for users, which selects the stable version and, after the switch, the new one. The "
		   "controller writes the pod template hash into its selector. If it does not exist, the Rollout is "
		   "invalid."),
	STRING(blue_green_strategy, preview_service, "previewService",
	    .doc = "Service that selects the new version, also after the switch. If it does not exist, the Rollout is "
		   "invalid. Unset: no preview."),
	OPT_INT(blue_green_strategy, preview_replica_count, "previewReplicaCount", .min = 0, .max = INT32_MAX,
	    .doc = "Number of pods of the new version until the pause before the switch ends. Then it is scaled to "
		   "spec.replicas, and the switch waits for all of them.",
	    .default_text = "spec.replicas"),
	OPT_BOOL(blue_green_strategy, auto_promotion_enabled, "autoPromotionEnabled",
	    .doc = "True: switch without a user, after autoPromotionSeconds. False: the phase is Paused until a user "
		   "promotes the Rollout.",
	    .default_text = "true"),
	INT(blue_green_strategy, auto_promotion_seconds, "autoPromotionSeconds", .min = 0, .max = INT32_MAX,
	    .doc =
		"Seconds to wait before the switch, when the pods are available and prePromotionAnalysis has "
		"succeeded; a promotion ends the wait. 0: do not wait. Has no effect if autoPromotionEnabled is false.",
	    .default_text = "0"),
	INT_OR_STRING(blue_green_strategy, max_unavailable, "maxUnavailable",
	    .doc = "Pods that restartAt evicts at the same time: a number, or a percentage of spec.replicas, rounded "
		   "down; at least 1. It does not affect updates.",
	    .default_text = "25%"),
	OPT_INT(blue_green_strategy, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds to keep the old pods after the switch, from when postPromotionAnalysis has succeeded. 0: "
		   "remove them then.",
	    .default_text = "30"),
	OPT_INT(blue_green_strategy, scale_down_delay_revision_limit, "scaleDownDelayRevisionLimit", .min = 0,
	    .max = INT32_MAX,
	    .doc = "Maximum number of old revisions that keep their pods for scaleDownDelaySeconds, the newest first. "
		   "At most revisionHistoryLimit. Unset: no limit."),
	OPT_INT(blue_green_strategy, abort_scale_down_delay_seconds, "abortScaleDownDelaySeconds", .min = 0,
	    .max = INT32_MAX,
	    .doc = "Seconds to keep the new version's pods after an abort, from when all stable pods are available. 0: "
		   "until the next update.",
	    .default_text = "30"),
	OBJECT(blue_green_strategy, pre_promotion_analysis, "prePromotionAnalysis", rollout_analysis,
	    .doc = "Analysis that must succeed before the switch; it starts when the pods are available. If it fails "
		   "(Failed or Error), the update is aborted; if it is Inconclusive, the update pauses."),
	OBJECT(blue_green_strategy, post_promotion_analysis, "postPromotionAnalysis", rollout_analysis,
	    .doc = "Analysis that must succeed after the switch. If it fails (Failed or Error), the update is aborted "
		   "and activeService is switched back; if it is Inconclusive, the update pauses."),
	OBJECT(blue_green_strategy, anti_affinity, "antiAffinity", anti_affinity,
	    .doc = "Schedule the new version's pods to other nodes than the stable pods. Unset: to any."),
	OBJECT(blue_green_strategy, active_metadata, "activeMetadata", pod_metadata,
	    .doc = "Metadata of the pods while their version is active (stable)."),
	OBJECT(blue_green_strategy, preview_metadata, "previewMetadata", pod_metadata,
	    .doc = "Metadata of the pods while their version is the preview. It is removed when they become active."),
};
TYPE(blue_green_strategy, "blue-green strategy", .strict = true, .finish = blue_green_finish,
    .rules = "differ activeService previewService");

static const struct field rollout_strategy_fields[] = {
	OBJECT(rollout_strategy, canary, "canary", canary_strategy,
	    .doc = "Increase the traffic of the new version step by step."),
	OBJECT(rollout_strategy, blue_green, "blueGreen", blue_green_strategy,
	    .doc = "Start all pods of the new version, then switch a Service to it."),
};
TYPE(rollout_strategy, "strategy", .strict = true, .rules = "one *");

static const struct field analysis_history_fields[] = {
	OPT_INT(analysis_history, successful_limit, "successfulRunHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc = "Number of successful AnalysisRuns, and of successful Experiments, to keep. 0: none.",
	    .default_text = "5"),
	OPT_INT(analysis_history, unsuccessful_limit, "unsuccessfulRunHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc =
		"Number of failed, inconclusive and erroneous AnalysisRuns, and of such Experiments, to keep. 0: none.",
	    .default_text = "5"),
};
TYPE(analysis_history, "analysis history");

static const struct field rollback_window_fields[] = {
	INT(rollback_window, revisions, "revisions", .min = 0, .max = INT32_MAX,
	    .doc = "A rollback skips everything if the version is one of this number of revisions before the stable "
		   "one. 1: only the one before it. 0: none."),
};
TYPE(rollback_window, "rollback window", .strict = true);

static const struct field workload_ref_fields[] = {
	STRING(workload_ref, api_version, "apiVersion",
	    .doc = "API version of the object: apps/v1, or v1 for a PodTemplate. Required."),
	STRING(workload_ref, kind, "kind", .required = true, .choices = "Deployment|ReplicaSet|PodTemplate",
	    .doc = "Kind of the object."),
	STRING(workload_ref, name, "name", .required = true,
	    .doc =
		"Name of the object, in the namespace of the Rollout. If it does not exist, the Rollout is invalid."),
	STRING(workload_ref, scale_down, "scaleDown", .choices = "never|onsuccess|progressively",
	    .doc = "When to scale a referenced Deployment to 0, during the first revision only. never: it keeps its "
		   "pods. onsuccess: when the Rollout is Healthy. progressively: as the Rollout's pods become ready.",
	    .default_text = "never"),
};
TYPE(workload_ref, "workload reference", .strict = true);

static void
rollout_spec_finish(void *of, const char *text, struct arena *a)
{
	struct rollout_spec *spec = of;
	const char *meta;

	(void)a;
	if (spec->workload_ref == NULL)
		return;
	meta = json_find(json_find(text, "template"), "metadata");
	spec->template_and_workload =
	    (json_at_object(json_find(meta, "labels")) && json_count(json_find(meta, "labels")) > 0) ||
	    (json_at_object(json_find(meta, "annotations")) && json_count(json_find(meta, "annotations")) > 0);
}

static const struct field rollout_spec_fields[] = {
	OPT_INT(rollout_spec, replicas, "replicas", .min = 0, .max = INT32_MAX,
	    .doc = "Number of pods. 0: an update is promoted at once, without steps.", .default_text = "1"),
	OBJECT(rollout_spec, selector, "selector", label_selector, .immutable = true,
	    .doc = "Label selector of the pods. Must match the template's labels, and not be empty. Cannot be changed. "
		   "Required without workloadRef.",
	    .default_text = "that of the workload"),
	JSON(rollout_spec, template, "template", .pod_template = true,
	    .doc = "Pod template. Any change of it starts an update. Required without workloadRef; must be empty with "
		   "it."),
	INT(rollout_spec, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds that a pod must be ready to count as available. 0: as soon as it is ready.",
	    .default_text = "0"),
	OPT_INT(rollout_spec, revision_history_limit, "revisionHistoryLimit", .min = 0, .max = INT32_MAX,
	    .doc = "Number of old ReplicaSets without pods to keep for an undo. 0: none.", .default_text = "10"),
	OPT_INT(rollout_spec, progress_deadline_seconds, "progressDeadlineSeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds that an update may take for the next available pod or other progress. Later the phase is "
		   "Degraded (ProgressDeadlineExceeded). Pauses and analyses do not count. Must be more than "
		   "minReadySeconds.",
	    .default_text = "600"),
	BOOL(rollout_spec, progress_deadline_abort, "progressDeadlineAbort",
	    .doc = "True: abort the update at the progress deadline. False: only report it; the update continues if it "
		   "can.",
	    .default_text = "false"),
	BOOL(rollout_spec, paused, "paused",
	    .doc = "True: stop the update where it is, with the phase Paused; an abort still takes effect. "
		   "spec.replicas is followed.",
	    .default_text = "false"),
	OBJECT(rollout_spec, analysis, "analysis", analysis_history,
	    .doc = "Number of completed AnalysisRuns to keep. Unset: 5 successful and 5 others."),
	EMBED(rollout_spec, strategy, "strategy", rollout_strategy, .required = true,
	    .doc = "How to replace the old version with the new one."),
	OBJECT(rollout_spec, workload_ref, "workloadRef", workload_ref,
	    .doc =
		"Object whose pod template is used instead of template. A change of that template starts an update."),
	TIME(rollout_spec, restart_at, "restartAt",
	    .doc = "At this time (or now, if it is past), pods that were created before it are evicted and replaced, "
		   "at most maxUnavailable at once. No new revision. status.restartedAt has the same time when all are "
		   "replaced."),
	OBJECT(rollout_spec, rollback_window, "rollbackWindow", rollback_window,
	    .doc = "Skip all steps, pauses and analyses in a rollback to a recent revision. Unset: a rollback is an "
		   "update with all of them."),
};
TYPE(rollout_spec, "Rollout's spec", .finish = rollout_spec_finish,
    .rules = "any workloadRef selector; any workloadRef template");

static const struct field pause_condition_fields[] = {
	STRING(pause_condition, reason, "reason",
	    .doc = "CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun or InconclusiveExperiment."),
	TIME(pause_condition, start_time, "startTime", .doc = "Start of the pause. A duration counts from it."),
};
TYPE(pause_condition, "pause condition");

static const struct field run_status_fields[] = {
	STRING(run_status, name, "name", .always = true, .doc = "Name of the AnalysisRun."),
	STRING(run_status, status, "status", .always = true, .doc = "Its phase."),
	STRING(run_status, message, "message", .doc = "Why it has this phase."),
};
TYPE(run_status, "analysis run's state");

static const struct field weight_destination_fields[] = {
	INT(weight_destination, weight, "weight", .min = 0, .max = INT32_MAX, .always = true,
	    .doc = "Percentage of traffic."),
	STRING(weight_destination, service_name, "serviceName", .doc = "Service of the destination."),
	STRING(
	    weight_destination, pod_template_hash, "podTemplateHash", .doc = "Version that the destination selects."),
};
TYPE(weight_destination, "weighted destination");

static const struct field traffic_weights_fields[] = {
	EMBED(traffic_weights, canary, "canary", weight_destination, .always = true, .doc = "The canary's."),
	EMBED(traffic_weights, stable, "stable", weight_destination, .always = true, .doc = "The stable version's."),
	LIST(traffic_weights, additional, "additional", weight_destination,
	    .doc = "Those of an experiment's templates."),
	OPT_BOOL(traffic_weights, verified, "verified",
	    .doc = "True if the load balancer of the AWS API has these weights; false while it is queried about newer "
		   "ones. "
		   "Absent without --aws-verify-target-group."),
};
TYPE(traffic_weights, "traffic weights");

static const struct field aws_resource_fields[] = {
	STRING(aws_resource, name, "name", .always = true),
	STRING(aws_resource, arn, "arn", .always = true),
	STRING(aws_resource, full_name, "fullName", .always = true, .doc = "The last part of the ARN."),
};
TYPE(aws_resource, "AWS resource");

static const struct field alb_status_fields[] = {
	EMBED(alb_status, load_balancer, "loadBalancer", aws_resource, .always = true, .doc = "The load balancer."),
	EMBED(alb_status, canary_target_group, "canaryTargetGroup", aws_resource, .always = true,
	    .doc = "Target group of the canary's Service."),
	EMBED(alb_status, stable_target_group, "stableTargetGroup", aws_resource, .always = true,
	    .doc = "Target group of the stable version's Service."),
	STRING(alb_status, ingress, "ingress", .doc = "Name of the Ingress."),
};
TYPE(alb_status, "load balancer's state");

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
	OBJECT(canary_status, background_analysis, "currentBackgroundAnalysisRunStatus", run_status,
	    .doc = "AnalysisRun of canary.analysis."),
	OBJECT(canary_status, step_analysis, "currentStepAnalysisRunStatus", run_status,
	    .doc = "AnalysisRun of the current step."),
	STRING(canary_status, current_experiment, "currentExperiment", .doc = "Name of the current step's Experiment."),
	STRING(canary_status, stable_ping_pong, "stablePingPong",
	    .doc = "With pingPong, the Service of the stable version: ping or pong."),
	LIST(canary_status, step_plugins, "stepPluginStatuses", step_plugin_status),
	OBJECT(canary_status, weights, "weights", traffic_weights,
	    .doc = "Weights that were observed in the router's objects. Unset without trafficRouting."),
};
TYPE(canary_status, "canary status");

static const struct field blue_green_status_fields[] = {
	STRING(blue_green_status, active_selector, "activeSelector",
	    .doc = "Pod template hash that activeService selects."),
	STRING(blue_green_status, preview_selector, "previewSelector",
	    .doc = "Pod template hash that previewService selects."),
	OBJECT(blue_green_status, pre_promotion_analysis, "prePromotionAnalysisRunStatus", run_status,
	    .doc = "AnalysisRun of prePromotionAnalysis."),
	OBJECT(blue_green_status, post_promotion_analysis, "postPromotionAnalysisRunStatus", run_status,
	    .doc = "AnalysisRun of postPromotionAnalysis."),
	BOOL(blue_green_status, scale_up_preview_check_point, "scaleUpPreviewCheckPoint",
	    .doc =
		"True from the end of the pause to the switch, while previewReplicaCount is scaled to spec.replicas."),
};
TYPE(blue_green_status, "blue-green status");

static const struct field rollout_duration_fields[] = {
	TIME(rollout_duration, rollout_started_at, "rolloutStartedAt", .doc = "Start of the update."),
	TIME(rollout_duration, manual_pause_started_at, "manualPauseStartedAt",
	    .doc = "Start of the current pause without a duration."),
	OPT_INT(rollout_duration, total_manual_pause_seconds, "totalManualPauseDurationSeconds", .min = 0,
	    .max = INT32_MAX, .doc = "Seconds of all such pauses."),
	TIME(rollout_duration, finished_at, "finishedAt", .doc = "End of the update."),
	STRING(rollout_duration, completion_status, "completionStatus", .doc = "Outcome of the update."),
};
TYPE(rollout_duration, "rollout's duration");

static const struct field rollout_status_fields[] = {
	BOOL(rollout_status, abort, "abort",
	    .doc = "True if the update is aborted. A user who sets it (sluice abort) aborts the update; sluice retry "
		   "removes it."),
	TIME(rollout_status, aborted_at, "abortedAt", .doc = "Time of the abort."),
	LIST(rollout_status, pause_conditions, "pauseConditions", pause_condition,
	    .doc = "Reasons of the pause. A user who removes them (sluice promote) ends it."),
	BOOL(rollout_status, controller_pause, "controllerPause", .doc = "True if the controller paused the rollout."),
	BOOL(rollout_status, promote_full, "promoteFull",
	    .doc = "True if a user requested a full promotion (sluice promote --full): skip all steps, pauses and "
		   "analyses."),
	STRING(rollout_status, current_pod_hash, "currentPodHash", .doc = "Pod template hash of the new version."),
	STRING(rollout_status, stable_rs, "stableRS", .doc = "Pod template hash of the stable version."),
	STRING(rollout_status, current_step_hash, "currentStepHash",
	    .doc = "Hash of the steps. If the steps change, the update starts again at the first one."),
	OPT_INT(rollout_status, current_step_index, "currentStepIndex",
	    .doc = "Index of the current step, from 0. The number of steps if all are completed."),
	INT(rollout_status, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "Number of pods of all versions."),
	INT(rollout_status, updated_replicas, "updatedReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "Number of pods of the new version."),
	INT(rollout_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "Number of ready pods."),
	INT(rollout_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "Number of pods that have been ready for minReadySeconds."),
	INT(rollout_status, hpa_replicas, "HPAReplicas", .min = 0, .max = INT32_MAX,
	    .doc = "Pods that a HorizontalPodAutoscaler counts: all; with trafficRouting the stable ones (with "
		   "dynamicStableScale those of both versions); with blueGreen the active ones."),
	STRING(rollout_status, selector, "selector",
	    .doc = "Label selector of the pods as text, for a HorizontalPodAutoscaler."),
	OPT_INT(rollout_status, collision_count, "collisionCount", .min = 0, .max = INT32_MAX,
	    .doc = "Number of times that the name of a new ReplicaSet was taken."),
	STRING(rollout_status, observed_generation, "observedGeneration",
	    .doc = "Generation of the spec that this status belongs to, as text."),
	LIST(rollout_status, conditions, "conditions", condition,
	    .doc = "Progressing (False with the reason ProgressDeadlineExceeded, RolloutAborted or "
		   "ReplicaSetCreateError), Paused, Healthy, Completed, Available, ReplicaFailure, InvalidSpec."),
	STRING(rollout_status, phase, "phase",
	    .doc = "Healthy: the new version is stable and available. Progressing. Paused: by a step, an inconclusive "
		   "result or spec.paused. Degraded: aborted, deadline exceeded or invalid."),
	STRING(rollout_status, message, "message", .doc = "Reason of the phase, after a colon with its details."),
	EMBED(rollout_status, canary, "canary", canary_status, .always = true, .doc = "State of a canary update."),
	EMBED(rollout_status, blue_green, "blueGreen", blue_green_status, .always = true,
	    .doc = "State of a blue-green update."),
	OBJECT(rollout_status, alb, "alb", alb_status, .doc = "Last of the load balancers in albs."),
	LIST(rollout_status, albs, "albs", alb_status,
	    .doc = "Load balancers that were queried for their weights. Empty without --aws-verify-target-group."),
	EMBED(rollout_status, duration, "duration", rollout_duration, .doc = "Times of the update and of its pauses."),
	TIME(rollout_status, restarted_at, "restartedAt", .doc = "Value of restartAt of the last completed restart."),
	STRING(rollout_status, workload_observed_generation, "workloadObservedGeneration",
	    .doc = "Generation of the object of workloadRef that this status belongs to, as text."),
};
TYPE(rollout_status, "Rollout's status");

/* Sets the Services of pingPong by their roles, which swap after each update. Before there is a stable version,
 * they have the roles that its promotion gives them. */
static void
set_turns(struct canary_strategy *c, const struct rollout_status *st)
{
	const char *turn = st->canary.stable_ping_pong;
	bool ping = str_empty(turn) ? str_empty(st->stable_rs) : str_eq(turn, "ping");

	c->turn_stable_service = c->stable_service;
	c->turn_canary_service = c->canary_service;
	if (c->ping_pong == NULL)
		return;
	c->turn_stable_service = ping ? c->ping_pong->ping_service : c->ping_pong->pong_service;
	c->turn_canary_service = ping ? c->ping_pong->pong_service : c->ping_pong->ping_service;
}

/* Notes which Services the spec names. If it has canaryService or stableService, only ALB splits between those of
 * pingPong, as in Argo Rollouts. */
static void
set_services(struct canary_strategy *c, const struct rollout_status *st)
{
	c->spec_services = (str_empty(c->canary_service) ? 0 : SPEC_CANARY_SERVICE) |
			   (str_empty(c->stable_service) ? 0 : SPEC_STABLE_SERVICE);
	if (c->spec_services != 0 && str_eq(c->canary_service, c->stable_service))
		c->spec_services |= SPEC_EQUAL_SERVICES;
	set_turns(c, st);
	if (c->ping_pong == NULL)
		return;
	if (c->spec_services != 0) {
		c->spec_services |= SPEC_TWO_PAIRS;
		return;
	}
	c->stable_service = c->turn_stable_service;
	c->canary_service = c->turn_canary_service;
}

static void
rollout_finish(void *of, const char *text, struct arena *a)
{
	struct rollout *r = of;
	const struct canary_strategy *c = r->spec.strategy.canary;

	(void)text;
	(void)a;
	if (c != NULL)
		set_services((struct canary_strategy *)c, &r->status);
}

/* The texts that revisions and steps are compared by, and their sums. */
static void
rollout_derive(void *of, const void *before, const char *text, struct arena *a)
{
	const char *spec, *template;
	const struct rollout *same = before;
	const struct canary_strategy *c;
	struct rollout *r = of;

	if (same != NULL) {
		r->spec.template = arena_strdup(a, same->spec.template);
		r->steps_json = arena_strdup(a, same->steps_json);
		r->template_sum = same->template_sum;
		r->steps_sum = same->steps_sum;
		return;
	}
	spec = json_find(text, "spec");
	template = json_find(spec, "template");
	if (r->spec.workload_ref == NULL && json_at_object(template))
		r->spec.template = pod_template_canonical(a, template);
	c = r->spec.strategy.canary;
	if (c != NULL && c->steps.n > 0)
		r->steps_json =
		    rollout_steps_text(a, c, json_find(json_find(json_find(spec, "strategy"), "canary"), "steps"));
	else if (c != NULL || r->spec.strategy.blue_green == NULL)
		r->steps_json = "null";
	r->template_sum = r->spec.template != NULL ? text_sum(r->spec.template) : 0;
	r->steps_sum = r->steps_json != NULL ? text_sum(r->steps_json) : 0;
}

static void
rollout_copied(void *of, struct arena *a)
{
	struct rollout *r = of;

	r->steps_json = arena_strdup(a, r->steps_json);
	if (r->spec.strategy.canary != NULL)
		set_turns((struct canary_strategy *)r->spec.strategy.canary, &r->status);
}

static const struct field rollout_fields[] = {
	EMBED(rollout, spec, "spec", rollout_spec, .required = true, .doc = "Desired state."),
	EMBED(rollout, status, "status", rollout_status, .doc = "Observed state."),
};
TYPE(rollout, "Rollout", .group = "argoproj.io", .version = "v1alpha1", .plural = "rollouts", .kind = "Rollout",
    .errors = "by the phase Degraded and the condition InvalidSpec", .short_name = "ro",
    .scale = ".spec.replicas .status.HPAReplicas .status.selector",
    .columns =
	"Desired:integer:.spec.replicas|Current:integer:.status.replicas|Up-to-date:integer:.status.updatedReplicas|"
	"Available:integer:.status.availableReplicas",
    .doc = "Rollout runs the pods of an application, as a Deployment does, and replaces its version step by step. "
	   "Users create it; the controller creates its ReplicaSets, AnalysisRuns and Experiments. If it is invalid, "
	   "its phase is Degraded, the condition InvalidSpec and status.message name the field, and the version that "
	   "serves traffic stays.",
    .has_status = true, .finish = rollout_finish, .derive = rollout_derive, .copied = rollout_copied);

int64_t
weight_total(const struct canary_strategy *c)
{
	const struct traffic_routing *t = c != NULL ? c->traffic_routing : NULL;

	return t != NULL && t->max_traffic_weight.present ? t->max_traffic_weight.value : 100;
}

bool
rollout_selects(const struct rollout *r, const struct object *o)
{
	const struct label_selector *s = r->spec.selector;

	return s != NULL && !label_selector_is_empty(s) && label_selector_matches(s, &o->meta.labels);
}

enum duration_field
seconds_or_duration(const char *text, int64_t *ret_ms)
{
	long long seconds;
	int64_t ms;

	if (text == NULL)
		return DURATION_UNSET;
	if (str_int(text, 0, INT32_MAX, &seconds)) {
		*ret_ms = seconds * 1000;
		return DURATION_SET;
	}
	if (!duration_parse(text, &ms) || ms < 0)
		return DURATION_INVALID;
	*ret_ms = ms;
	return DURATION_SET;
}
