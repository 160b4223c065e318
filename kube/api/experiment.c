/* kube/api/experiment.c: the rows of an Experiment. */
#include "kube/api/experiment.h"
#include "kube/api/pod_template.h"

static const struct field experiment_template_fields[] = {
	STRING(experiment_template, name, "name", .required = true, .doc = "unlike any other in the experiment"),
	OPT_INT(experiment_template, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "pods", .otherwise = "1"),
	INT(experiment_template, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "a pod counts as available once it was ready for so long", .otherwise = "0"),
	OBJECT(experiment_template, selector, "selector", label_selector, .required = true,
	    .doc = "must match the template's labels"),
	JSON(experiment_template, template, "template", .required = true, .pod_template = true,
	    .doc = "the pod template"),
	OBJECT(experiment_template, service, "service", template_service, .doc = "a Service for its pods"),
};
TYPE(experiment_template, "experiment's template", .strict = true);

static const struct field experiment_spec_fields[] = {
	LIST(experiment_spec, templates, "templates", experiment_template, .required = true,
	    .doc = "what runs side by side"),
	STRING(experiment_spec, duration, "duration",
	    .doc = "seconds, or a Go duration, from when all pods are there; without it: until the analyses are over"),
	OPT_INT(experiment_spec, progress_deadline_seconds, "progressDeadlineSeconds", .min = 0, .max = INT32_MAX,
	    .doc = "a template whose pods make no progress for so long has failed", .otherwise = "600"),
	BOOL(experiment_spec, terminate, "terminate", .doc = "ends it", .otherwise = "false"),
	LIST(experiment_spec, analyses, "analyses", experiment_analysis,
	    .doc = "AnalysisRuns, which begin when all pods are there"),
	OPT_INT(experiment_spec, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "its pods stay so long after its end", .otherwise = "30"),
	LIST(experiment_spec, dry_run, "dryRun", dry_run, .doc = "metrics that decide nothing"),
	LIST(experiment_spec, retention, "measurementRetention", measurement_retention,
	    .doc = "how many measurements are kept"),
	OBJECT(experiment_spec, run_metadata, "analysisRunMetadata", run_metadata,
	    .doc = "labels and annotations of the runs"),
};
TYPE(experiment_spec, "experiment's spec", .strict = true);

static const struct field template_status_fields[] = {
	STRING(template_status, name, "name", .always = true),
	INT(template_status, replicas, "replicas", .min = 0, .max = INT32_MAX, .always = true),
	INT(template_status, updated_replicas, "updatedReplicas", .min = 0, .max = INT32_MAX, .always = true),
	INT(template_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX, .always = true),
	INT(template_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX, .always = true),
	OPT_INT(template_status, collision_count, "collisionCount", .min = 0, .max = INT32_MAX),
	TIME(template_status, last_transition_time, "lastTransitionTime"),
	STRING(template_status, status, "status"),
	STRING(template_status, message, "message"),
	STRING(template_status, service_name, "serviceName"),
	STRING(template_status, pod_template_hash, "podTemplateHash"),
};
TYPE(template_status, "template's status");

static const struct field experiment_run_status_fields[] = {
	STRING(experiment_run_status, name, "name", .always = true),
	STRING(experiment_run_status, analysis_run, "analysisRun", .always = true),
	STRING(experiment_run_status, phase, "phase", .always = true),
	STRING(experiment_run_status, message, "message"),
};
TYPE(experiment_run_status, "analysis run's state");

static const struct field experiment_status_fields[] = {
	STRING(experiment_status, phase, "phase"),
	STRING(experiment_status, message, "message"),
	TIME(experiment_status, available_at, "availableAt"),
	LIST(experiment_status, templates, "templateStatuses", template_status),
	LIST(experiment_status, conditions, "conditions", condition),
	LIST(experiment_status, runs, "analysisRuns", experiment_run_status),
};
TYPE(experiment_status, "experiment's status");

/* A template that was taken from a ReplicaSet carries its hash, which is not the experiment's. */
static void
experiment_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct experiment *e = (struct experiment *)o;

	for (size_t i = 0; i < e->spec.templates.n; i++) {
		_cleanup_(json_decrefp) json_t *template =
		    json_deep_copy(json_object_get(json_array_get(json_at(j, "/spec/templates"), i), "template"));

		json_object_del(json_at(template, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
		e->spec.templates.at[i].template =
		    json_is_object(template) ? pod_template_canonical(a, template) : NULL;
	}
}

static const struct field experiment_fields[] = {
	EMBED(experiment, spec, "spec", experiment_spec, .required = true, .doc = "what is tried"),
	EMBED(experiment, status, "status", experiment_status, .doc = "what was seen"),
};
TYPE(experiment, "Experiment", .group = "argoproj.io", .version = "v1alpha1", .plural = "experiments",
    .kind = "Experiment", .short_name = "exp", .columns = "Status:string:.status.phase",
    .doc = "Versions side by side, and what is measured of them", .finish = experiment_finish);
