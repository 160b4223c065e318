/* kube/api/experiment.c: Experiment: the rows of its fields. */
#include "kube/api/experiment.h"
#include "base/json_walk.h"
#include "kube/api/pod_template.h"

/* A template that was copied from a ReplicaSet has that ReplicaSet's hash label, which is removed. */
static void
experiment_template_finish(void *of, const char *text, struct arena *a)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct experiment_template *t = of;
	const char *template = json_find(text, "template");
	const char *labels = json_find(json_find(template, "metadata"), "labels");

	t->template = NULL;
	if (!json_at_object(template))
		return;
	if (json_find(labels, LABEL_POD_TEMPLATE_HASH) != NULL) {
		_cleanup_(json_decrefp) json_t *tree =
		    json_loads(json_compact(scratch, template), JSON_ALLOW_NUL, NULL);

		json_object_del(json_at(tree, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
		template = json_text(scratch, tree);
	}
	t->template = pod_template_canonical(a, template);
}

static const struct field experiment_template_fields[] = {
	STRING(experiment_template, name, "name", .required = true,
	    .doc = "Name of the template. The ReplicaSet is EXPERIMENT-NAME. Must be unique in the experiment."),
	OPT_INT(experiment_template, replicas, "replicas", .min = 0, .max = INT32_MAX, .doc = "Number of pods.",
	    .default_text = "1"),
	INT(experiment_template, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds that a pod must be ready to count as available. Must be less than progressDeadlineSeconds.",
	    .default_text = "0"),
	OBJECT(experiment_template, selector, "selector", label_selector, .required = true,
	    .doc = "Label selector. Must match the template's labels. A pod template hash is added to both."),
	JSON(experiment_template, template, "template", .required = true, .pod_template = true, .doc = "Pod template."),
	OBJECT(experiment_template, service, "service", template_service,
	    .doc =
		"Create a Service for the pods ({} is enough), and delete it with them. Pods without ports get none."),
};
TYPE(experiment_template, "experiment's template", .strict = true, .finish = experiment_template_finish);

static const struct field experiment_spec_fields[] = {
	LIST(experiment_spec, templates, "templates", experiment_template, .required = true,
	    .doc = "Versions to run at the same time. At least one."),
	STRING(experiment_spec, duration, "duration",
	    .doc = "Seconds, or a Go duration such as 1m30s, from when all pods are available. Unset: until the "
		   "analyses have succeeded; without analyses, until a user terminates it."),
	OPT_INT(experiment_spec, progress_deadline_seconds, "progressDeadlineSeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds that pods of a template may be missing or unavailable without a change of their numbers; "
		   "then the experiment is Failed.",
	    .default_text = "600"),
	BOOL(experiment_spec, terminate, "terminate",
	    .doc = "True: end it now, as Successful if nothing has failed (sluice terminate experiment).",
	    .default_text = "false"),
	LIST(experiment_spec, analyses, "analyses", experiment_analysis,
	    .doc = "AnalysisRuns to start when all pods are available. One that fails ends the experiment."),
	OPT_INT(experiment_spec, scale_down_delay_seconds, "scaleDownDelaySeconds", .min = 0, .max = INT32_MAX,
	    .doc = "Seconds to keep the pods after the experiment ended. 0: remove them at once.",
	    .default_text = "30"),
	LIST(experiment_spec, dry_run, "dryRun", dry_run,
	    .doc = "Metrics of the analyses that are measured without an effect on the result."),
	LIST(experiment_spec, retention, "measurementRetention", measurement_retention,
	    .doc = "Number of measurements to keep in the status of the analyses, by metric: 10 without a rule."),
	OBJECT(experiment_spec, run_metadata, "analysisRunMetadata", run_metadata,
	    .doc = "Labels and annotations of the AnalysisRuns."),
};
TYPE(experiment_spec, "experiment's spec", .strict = true);

static const struct field template_status_fields[] = {
	STRING(template_status, name, "name", .always = true, .doc = "Name of the template."),
	INT(template_status, replicas, "replicas", .min = 0, .max = INT32_MAX, .always = true,
	    .doc = "Number of pods."),
	INT(template_status, updated_replicas, "updatedReplicas", .min = 0, .max = INT32_MAX, .always = true,
	    .doc = "The same as replicas."),
	INT(template_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX, .always = true,
	    .doc = "Number of ready pods."),
	INT(template_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX, .always = true,
	    .doc = "Number of pods that have been ready for minReadySeconds."),
	OPT_INT(template_status, collision_count, "collisionCount", .min = 0, .max = INT32_MAX),
	TIME(template_status, last_transition_time, "lastTransitionTime",
	    .doc = "Time of the last change of these numbers. The progress deadline counts from it."),
	STRING(template_status, status, "status",
	    .doc = "Progressing, Running, Successful, Failed (progress deadline) or Error."),
	STRING(template_status, message, "message", .doc = "Why the template has this status."),
	STRING(template_status, service_name, "serviceName", .doc = "Name of its Service."),
	STRING(template_status, pod_template_hash, "podTemplateHash",
	    .doc = "Pod template hash that the Service selects."),
};
TYPE(template_status, "template's status");

static const struct field experiment_run_status_fields[] = {
	STRING(experiment_run_status, name, "name", .always = true, .doc = "Name of the analysis."),
	STRING(experiment_run_status, analysis_run, "analysisRun", .always = true, .doc = "Name of its AnalysisRun."),
	STRING(experiment_run_status, phase, "phase", .always = true, .doc = "Phase of the AnalysisRun."),
	STRING(experiment_run_status, message, "message", .doc = "Why it has this phase."),
};
TYPE(experiment_run_status, "analysis run's state");

static const struct field experiment_status_fields[] = {
	STRING(experiment_status, phase, "phase",
	    .doc = "Pending: waits for pods. Running: all are available. Successful. Failed, Inconclusive, Error: the "
		   "result of the worst analysis or template."),
	STRING(experiment_status, message, "message", .doc = "Reason of the phase."),
	TIME(experiment_status, available_at, "availableAt",
	    .doc = "Time when all pods became available. The duration counts from it."),
	LIST(experiment_status, templates, "templateStatuses", template_status, .doc = "State of each template."),
	LIST(experiment_status, conditions, "conditions", condition, .doc = "Progressing, InvalidExperimentSpec."),
	LIST(experiment_status, runs, "analysisRuns", experiment_run_status, .doc = "State of each analysis."),
};
TYPE(experiment_status, "experiment's status");

static const struct field experiment_fields[] = {
	EMBED(
	    experiment, spec, "spec", experiment_spec, .required = true, .doc = "Versions to run, and their analyses."),
	EMBED(experiment, status, "status", experiment_status, .doc = "Observed state of the experiment."),
};
TYPE(experiment, "Experiment", .group = "argoproj.io", .version = "v1alpha1", .plural = "experiments",
    .kind = "Experiment", .errors = "by the phase Error and the condition InvalidExperimentSpec", .short_name = "exp",
    .columns = "Status:string:.status.phase",
    .doc = "Experiment runs versions side by side for a limited time, and analyses of them. The experiment step of a "
	   "Rollout creates one; users can too. If it is invalid, its phase is Error and the condition "
	   "InvalidExperimentSpec names the field.");
