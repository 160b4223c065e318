/* kube/api/experiment.h: Experiment of argoproj.io/v1alpha1: pods of several versions for a limited time, and their
 * analyses.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/rollout.h"

#define ANNOTATION_EXPERIMENT_NAME "experiment.argoproj.io/name"
#define ANNOTATION_EXPERIMENT_TEMPLATE "experiment.argoproj.io/template-name"

struct experiment_template {
	const char *name;
	struct opt_int replicas; /* 1 if absent */
	int64_t min_ready_seconds;
	const struct label_selector *selector;
	const char *template; /* pod template as canonical JSON, without a hash label */
	const struct template_service *service; /* NULL if no Service is created */
};

struct experiment_spec {
	LIST_OF(struct experiment_template) templates;
	/* Seconds or a Go duration, from availableAt. NULL: until its analyses end, or it is terminated. */
	const char *duration;
	struct opt_int progress_deadline_seconds; /* 600 if absent */
	bool terminate;
	LIST_OF(struct experiment_analysis) analyses;
	struct opt_int scale_down_delay_seconds; /* 30 if absent */
	LIST_OF(struct dry_run) dry_run;
	LIST_OF(struct measurement_retention) retention;
	const struct run_metadata *run_metadata;
};

struct template_status {
	const char *name;
	int64_t replicas, updated_replicas, ready_replicas, available_replicas;
	struct opt_int collision_count;
	int64_t last_transition_time;
	const char *status; /* Progressing, Running, Successful, Failed or Error */
	const char *message, *service_name, *pod_template_hash;
};

struct experiment_run_status {
	const char *name; /* the name of the analysis */
	const char *analysis_run; /* the name of its run; NULL if it is not created yet */
	const char *phase, *message;
};

struct experiment_status {
	const char *phase, *message; /* Pending, Running, Successful, Failed, Error, Inconclusive */
	int64_t available_at; /* the time at which all pods were available, from which the duration counts; 0 before */
	LIST_OF(struct template_status) templates;
	struct conditions conditions;
	LIST_OF(struct experiment_run_status) runs;
};

struct experiment {
	struct object object;
	struct experiment_spec spec;
	struct experiment_status status;
};

extern const struct type experiment_type, experiment_spec_type, experiment_status_type;
