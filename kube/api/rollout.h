/* kube/api/rollout.h: the Rollout of argoproj.io/v1alpha1.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes. They are those of Argo
 * Rollouts. A field that a table marks as not supported is
 * refused with an error.
 */
#pragma once
#include "kube/api/meta.h"
#include "kube/api/selector.h"

/* Well-known keys. */
#define LABEL_POD_TEMPLATE_HASH "rollouts-pod-template-hash"
#define LABEL_INSTANCE_ID "argo-rollouts.argoproj.io/controller-instance-id"
#define ANNOTATION_REVISION "rollout.argoproj.io/revision"
/* On a run or an Experiment: the hash of the steps for which it was created. */
#define ANNOTATION_STEP_HASH "sluice.argoproj.io/step-hash"
#define ANNOTATION_REVISION_HISTORY "rollout.argoproj.io/revision-history"
#define ANNOTATION_DESIRED_REPLICAS "rollout.argoproj.io/desired-replicas"
#define ANNOTATION_CERTAIN_PODS "sluice.argoproj.io/certain-pods" /* of a ReplicaSet: see replicaset_certain */
#define ANNOTATION_SCALE_DOWN_DEADLINE "scale-down-deadline"
#define ANNOTATION_MANAGED_BY "argo-rollouts.argoproj.io/managed-by-rollouts"
#define ANNOTATION_WORKLOAD_GENERATION "rollout.argoproj.io/workload-generation"
#define ANNOTATION_EPHEMERAL_METADATA "rollout.argoproj.io/ephemeral-metadata"
#define ANNOTATION_LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct condition {
	const char *type, *status, *reason, *message;
	int64_t last_update_time, last_transition_time;
};

struct conditions {
	struct condition *at;
	size_t n;
};

struct pause_step {
	const char *duration; /* seconds, or a Go duration; NULL if only a promotion ends the pause */
};

/* The number of canary pods, independent of the weight; exactly one field is set. */
struct canary_scale {
	struct opt_int weight; /* percent of the rollout's pods */
	struct opt_int replicas;
	bool match_traffic_weight; /* the number of pods follows the weight again */
};

struct template_ref {
	const char *template_name;
	bool cluster_scope;
};

/* The source of an argument's value. */
struct field_ref {
	const char *field_path;
};

struct secret_key_ref {
	const char *name, *key;
};

struct value_from {
	const char *pod_template_hash_value; /* Latest or Stable */
	const struct field_ref *field_ref;
	const struct secret_key_ref *secret_key_ref;
};

struct argument {
	const char *name, *value;
	const struct value_from *value_from;
};

struct run_metadata {
	struct string_map labels, annotations;
};

/* Rules for the metrics whose names match a regular expression. */
struct dry_run {
	const char *metric_name;
};

struct measurement_retention {
	const char *metric_name;
	int64_t limit;
};

/* An analysis: in the background, of a step, or of a blue-green switch. */
struct rollout_analysis {
	LIST_OF(struct template_ref) templates;
	LIST_OF(struct argument) args;
	LIST_OF(struct dry_run) dry_run;
	LIST_OF(struct measurement_retention) retention;
	struct opt_int starting_step; /* only in the background */
	const struct run_metadata *run_metadata;
};

/* Selects tls or tcp routes: all whose matches have this port and, for tls, these hosts. */
struct istio_route_ref {
	struct opt_int port;
	struct strings sni_hosts;
};

struct istio_virtual_service_ref {
	const char *name; /* "name" or "name.namespace" */
	struct strings routes; /* http routes by name; empty for the only one */
	LIST_OF(struct istio_route_ref) tls_routes, tcp_routes;
};

struct istio_destination_rule_ref {
	const char *name, *canary_subset_name, *stable_subset_name;
	struct strings additional_subset_names; /* subsets whose destinations keep their weights */
};

struct istio_routing {
	const struct istio_virtual_service_ref *virtual_service; /* NULL if virtual_services is used instead */
	LIST_OF(struct istio_virtual_service_ref) virtual_services;
	const struct istio_destination_rule_ref *destination_rule; /* NULL if traffic is split by host, not by subset */
};

struct gateway_route_reference {
	const char *name;
	bool use_header_routes; /* setHeaderRoute steps create rules in it */
};

/* Routes of the Gateway API. HTTPRoutes and GRPCRoutes that are named alone have header routes. */
struct gateway_routing {
	const char *http_route, *grpc_route, *tcp_route, *tls_route; /* NULL if absent */
	LIST_OF(struct gateway_route_reference) http_routes, grpc_routes, tcp_routes, tls_routes;
	/* Of further routes; NULL if absent. */
	const struct label_selector *http_route_selector, *grpc_route_selector, *tcp_route_selector,
	    *tls_route_selector;
	const char *namespace; /* of all routes; NULL: the rollout's */
	/* The label of routes while the canary has weight. */
	bool disable_in_progress_label;
	const char *in_progress_label_key, *in_progress_label_value; /* NULL or "": the default */
};

/* An Ingress for each of its Ingresses splits the traffic. */
struct nginx_routing {
	const char *stable_ingress; /* NULL if stable_ingresses is used instead */
	struct strings stable_ingresses;
	const char *annotation_prefix; /* NULL or "": the default */
	struct string_map additional_ingress_annotations; /* keys get the prefix, if they do not start with it */
	struct string_map canary_ingress_annotations; /* whole keys; they replace the additional ones */
};

/* Requests of one user stay with one version. */
struct alb_stickiness {
	bool enabled;
	int64_t duration_seconds;
};

/* Annotations of Ingresses for the AWS Load Balancer Controller split the traffic. */
struct alb_routing {
	const char *ingress; /* NULL if ingresses is used instead */
	struct strings ingresses;
	struct opt_int service_port;
	const char *root_service; /* of the action's name; NULL or "": the stable Service */
	const char *annotation_prefix; /* NULL or "": the default */
	const struct alb_stickiness *stickiness_config;
};

struct traefik_routing {
	const char *weighted_traefik_service_name;
};

struct apisix_route_ref {
	const char *name;
	struct strings rules; /* empty: the one with the name of the route */
};

struct apisix_routing {
	const struct apisix_route_ref *route;
};

struct smi_routing {
	const char *root_service, *traffic_split_name; /* NULL: stableService, and the rollout's name */
};

struct ambassador_routing {
	struct strings mappings;
};

struct contour_routing {
	struct strings http_proxies;
	const char *namespace; /* NULL or "": the rollout's; another one is an error */
};

/* A program or HTTP service of the user's, which the controller's configuration declares. */
struct hook_routing {
	const char *name;
	const char *config; /* JSON that each call has; NULL: none */
};

/* Routers that are plugins in Argo Rollouts, and hooks. */
struct router_plugins {
	const struct gateway_routing *gateway_api;
	const struct contour_routing *contour;
	const struct hook_routing *hook;
};

/* Exactly one is set. */
struct string_match {
	const char *exact, *prefix, *regex;
};

struct header_match {
	const char *header_name;
	const struct string_match *header_value;
};

/* Routes requests with a header to the canary, for any weight. Without a match it removes the route. */
struct header_route {
	const char *name; /* a name in managedRoutes */
	LIST_OF(struct header_match) match;
};

struct route_match {
	const struct string_match *method, *path;
	const char *headers; /* as JSON: {NAME: string match} */
};

/* Mirrors requests to the canary, whose responses are dropped. Without a match it removes the route. */
struct mirror_route {
	const char *name; /* a name in managedRoutes */
	LIST_OF(struct route_match) match;
	struct opt_int percentage;
};

struct managed_route {
	const char *name;
};

struct traffic_routing {
	LIST_OF(struct managed_route) managed_routes; /* the first one has the highest priority */
	struct opt_int max_traffic_weight; /* the weight of all traffic (weight_total) */
	const struct istio_routing *istio;
	const struct nginx_routing *nginx;
	const struct alb_routing *alb;
	const struct traefik_routing *traefik;
	const struct apisix_routing *apisix;
	const struct smi_routing *smi;
	const struct ambassador_routing *ambassador;
	const struct router_plugins *plugins;
};

/* Metadata of pods while their version has a role. */
struct pod_metadata {
	struct string_map labels, annotations;
};

/* The Service of an experiment's template. */
struct template_service {
	const char *name; /* NULL for the name of the template's ReplicaSet */
};

/* Pods of the stable or of the new version, in addition to those of the Rollout. */
struct experiment_step_template {
	const char *name;
	const char *spec_ref; /* stable or canary */
	struct opt_int replicas; /* 1 if absent */
	const struct pod_metadata *metadata; /* in addition to the version's own; NULL if absent */
	const struct label_selector *selector; /* NULL for the version's own */
	struct opt_int weight; /* percent of the traffic while the experiment runs */
	const struct template_service *service; /* NULL: a Service is created only if there is a weight */
};

struct experiment_analysis {
	const char *name; /* unique in the experiment */
	const char *template_name;
	bool cluster_scope;
	LIST_OF(struct argument) args;
	bool required_for_completion; /* the experiment ends when all analyses with this have succeeded */
};

/* An Experiment that must succeed. */
struct experiment_step {
	LIST_OF(struct experiment_step_template) templates;
	const char *duration; /* as in struct experiment_spec */
	LIST_OF(struct experiment_analysis) analyses;
	LIST_OF(struct dry_run) dry_run;
	const struct run_metadata *run_metadata;
	struct opt_int scale_down_delay_seconds;
};

/* A step plugin of the controller's configuration, which must succeed. */
struct plugin_step {
	const char *name;
	const char *config; /* as JSON, which only the plugin reads; NULL if absent */
};

/* One canary step; exactly one field is set. */
struct canary_step {
	struct opt_int set_weight; /* percent */
	const struct pause_step *pause;
	const struct canary_scale *set_canary_scale;
	const struct rollout_analysis *analysis;
	const struct header_route *set_header_route;
	const struct mirror_route *set_mirror_route;
	const struct experiment_step *experiment;
	const struct plugin_step *plugin;
};

/* The number of canary pods that completes a step. */
struct progress_threshold {
	const char *type; /* Percent or Pods */
	int64_t value;
};

struct preferred_anti_affinity {
	int64_t weight; /* 1 to 100 */
};

struct required_anti_affinity {
	char none; /* C requires a member */
};

/* Keeps pods of the new version off the nodes of the stable version; exactly one is set. */
struct anti_affinity {
	const struct preferred_anti_affinity *preferred;
	const struct required_anti_affinity *required;
};

/* Two Services that swap roles: after an update, the Service of the canary is that of the stable version, so that no
 * traffic moves back. */
struct ping_pong {
	const char *ping_service, *pong_service;
};

/* The Services that the spec names in canaryService and stableService. */
enum spec_services {
	SPEC_CANARY_SERVICE = 1 << 0,
	SPEC_STABLE_SERVICE = 1 << 1,
	SPEC_EQUAL_SERVICES = 1 << 2, /* both name the same one */
	SPEC_TWO_PAIRS = 1 << 3, /* it has pingPong too */
};

struct canary_strategy {
	/* The Services between which routers split. With ping_pong, and neither of these fields in the spec: those of
	 * ping_pong that have these roles now. */
	const char *canary_service, *stable_service;
	const struct ping_pong *ping_pong;
	/* With ping_pong: its Services that have these roles now, which ALB splits in any case, else as above */
	const char *turn_canary_service, *turn_stable_service;
	unsigned spec_services; /* bits of enum spec_services */
	LIST_OF(struct canary_step) steps;
	const struct traffic_routing *traffic_routing;
	const char *max_surge, *max_unavailable; /* "5" or "25%" */
	bool dynamic_stable_scale;
	struct opt_int min_pods_per_replicaset;
	const struct progress_threshold *replica_progress_threshold;
	const struct rollout_analysis *analysis; /* the background analysis; NULL if absent */
	struct opt_int scale_down_delay_seconds, scale_down_delay_revision_limit;
	struct opt_int abort_scale_down_delay_seconds;
	const struct anti_affinity *anti_affinity;
	const struct pod_metadata *canary_metadata, *stable_metadata;
};

struct blue_green_strategy {
	const char *active_service, *preview_service;
	struct opt_int preview_replica_count;
	struct opt_bool auto_promotion_enabled;
	int64_t auto_promotion_seconds;
	const char *max_unavailable; /* "5" or "25%"; it limits restarts */
	struct opt_int scale_down_delay_seconds, scale_down_delay_revision_limit;
	struct opt_int abort_scale_down_delay_seconds;
	const struct rollout_analysis *pre_promotion_analysis, *post_promotion_analysis;
	const struct anti_affinity *anti_affinity;
	const struct pod_metadata *active_metadata, *preview_metadata;
};

/* Exactly one is set. */
struct rollout_strategy {
	const struct blue_green_strategy *blue_green;
	const struct canary_strategy *canary;
};

struct analysis_history {
	struct opt_int successful_limit, unsuccessful_limit;
};

struct rollback_window {
	int64_t revisions;
};

/* The source of the pod template, instead of spec.template. */
struct workload_ref {
	const char *api_version, *kind, *name;
	const char *scale_down; /* for a Deployment: never, onsuccess or progressively; NULL means never */
};

struct rollout_spec {
	const struct workload_ref *workload_ref;
	struct opt_int replicas;
	const struct label_selector *selector;
	const char *template; /* pod template as canonical JSON, see kube/api/pod_template.h */
	bool template_and_workload; /* the template has labels or annotations, and there is a workloadRef */
	int64_t min_ready_seconds;
	struct opt_int revision_history_limit, progress_deadline_seconds;
	bool progress_deadline_abort, paused;
	const struct analysis_history *analysis;
	const struct rollback_window *rollback_window;
	int64_t restart_at; /* 0 if absent */
	struct rollout_strategy strategy;
};

struct pause_condition {
	const char *reason;
	int64_t start_time;
};

struct run_status {
	const char *name, *status, *message;
};

struct weight_destination {
	int64_t weight;
	const char *service_name, *pod_template_hash;
};

struct traffic_weights {
	struct weight_destination canary, stable;
	LIST_OF(struct weight_destination) additional; /* destinations of an experiment */
	struct opt_bool verified; /* whether the load balancer has them; absent: it is not queried */
};

/* A load balancer, or a target group of one. */
struct aws_resource {
	const char *name, *arn, *full_name;
};

/* The load balancer of an Ingress. */
struct alb_status {
	struct aws_resource load_balancer, canary_target_group, stable_target_group;
	const char *ingress; /* its name */
};

/* The state of an operation of a step plugin. */
struct step_plugin_status {
	int64_t index; /* the index of the step */
	const char *name;
	const char *operation; /* Run, Abort or Terminate */
	const char *phase; /* Running, Successful, Failed or Error */
	const char *message;
	int64_t started_at, updated_at, finished_at;
	const char *backoff; /* the time from updated_at to the next call, as a Go duration */
	int64_t executions; /* the number of responses so far */
	bool disabled;
	const char *status; /* JSON in the plugin's response, which the next call returns to it */
};

struct canary_status {
	const struct run_status *background_analysis, *step_analysis;
	const char *current_experiment; /* the name of the step's Experiment */
	const char *stable_ping_pong; /* "ping" or "pong": which Service the stable version has; NULL means pong */
	LIST_OF(struct step_plugin_status) step_plugins; /* in the order in which they started */
	const struct traffic_weights *weights;
};

struct blue_green_status {
	const char *active_selector, *preview_selector;
	const struct run_status *pre_promotion_analysis, *post_promotion_analysis;
	bool scale_up_preview_check_point; /* the new version is scaled to spec.replicas, not to previewReplicaCount */
};

struct rollout_duration {
	int64_t rollout_started_at, manual_pause_started_at;
	struct opt_int total_manual_pause_seconds; /* set when the first manual pause has ended, also to 0 */
	int64_t finished_at;
	const char *completion_status;
};

struct rollout_status {
	bool abort;
	int64_t aborted_at;
	LIST_OF(struct pause_condition) pause_conditions;
	bool controller_pause, promote_full;
	const char *current_pod_hash, *stable_rs, *current_step_hash;
	struct opt_int current_step_index;
	int64_t replicas, updated_replicas, ready_replicas, available_replicas, hpa_replicas;
	const char *selector;
	struct opt_int collision_count;
	const char *observed_generation; /* as text, because it is a string in this API */
	struct conditions conditions;
	const char *phase, *message;
	struct canary_status canary;
	struct blue_green_status blue_green; /* always written, because clients expect it */
	const struct alb_status *alb; /* the last of the list; NULL: none was verified */
	LIST_OF(struct alb_status) albs;
	struct rollout_duration duration;
	int64_t restarted_at; /* the value of restartAt of the last completed restart; 0 if there was none */
	const char *workload_observed_generation; /* as text; NULL without a workloadRef */
};

struct rollout {
	struct object object;
	struct rollout_spec spec;
	struct rollout_status status;
	const char *steps_json; /* spec.strategy.canary.steps as Go writes it, for the step hash; NULL for blue-green */
	uint32_t template_sum, steps_sum; /* text_sum of spec.template and of steps_json; 0 for NULL */
};

/* Returns the steps as Argo Rollouts' Go types write them, for the step hash, in the arena. `text`: their list, in an
 * accepted text. */
const char *rollout_steps_text(struct arena *, const struct canary_strategy *, const char *text);

extern const struct type string_match_type, pod_metadata_type, template_service_type, experiment_analysis_type,
    experiment_step_type, run_metadata_type, canary_step_type, canary_strategy_type, blue_green_strategy_type,
    condition_type, header_route_type, mirror_route_type, template_ref_type, argument_type, dry_run_type,
    measurement_retention_type, value_from_type, field_ref_type, secret_key_ref_type, label_selector_type,
    rollout_status_type, rollout_type;

/* Returns the weight of all traffic: that of a setWeight step which gives everything to the canary. 100 for NULL. */
int64_t weight_total(const struct canary_strategy *);

/* Returns whether the Rollout's selector is not empty and matches the labels of the object. */
bool rollout_selects(const struct rollout *, const struct object *);

/* The state of a field with seconds or a duration: absent, valid or invalid. */
enum duration_field { DURATION_UNSET, DURATION_SET, DURATION_INVALID };

/* Reads seconds ("90") or a Go duration ("1m30s"). Returns DURATION_SET and sets *ret_ms, or else leaves it. Returns
 * DURATION_UNSET for NULL. */
enum duration_field seconds_or_duration(const char *text, int64_t *ret_ms);
