/* analysis/job_object.c: Jobs of metrics: built as JSON from the metric, and the outcome of a Job and its pods. */
#include "analysis/job_object.h"
#include <inttypes.h>
#include <string.h>
#include "base/glob.h"
#include "base/str.h"

#define JOB_NAME_MAX 63 /* of a label value: the Job controller adds the name to the labels of its pods */
#define PODS_MAX (4u << 20) /* bytes of the list of pods */
#define PODS_TIMEOUT_MS 10000

const char *
job_name(struct arena *a, const struct analysis_run *run, const char *metric, int64_t n)
{
	const char *number = arena_printf(a, "%" PRId64, n);
	size_t taken = strlen(run->object.meta.uid) + strlen(number) + 2;
	int left = taken < JOB_NAME_MAX ? (int)(JOB_NAME_MAX - taken) : 0;

	return arena_printf(a, "%s.%.*s.%s", run->object.meta.uid, left, metric, number);
}

bool
jobs_are_allowed(const struct settings *s, const char *ns)
{
	if (s == NULL || s->job_namespaces == NULL)
		return true;
	for (size_t i = 0; i < s->job_namespaces->n; i++)
		if (glob_match(s->job_namespaces->at[i], ns))
			return true;
	return false;
}

bool
jobs_are_elsewhere(const struct settings *s)
{
	return s != NULL && s->jobs_elsewhere;
}

const char *
job_namespace(const struct settings *s, const struct analysis_run *run)
{
	return s != NULL && s->jobs_namespace != NULL ? s->jobs_namespace : run->object.meta.namespace;
}

json_t *
job_object(const struct analysis_run *run, const struct metric *m, const char *name, const struct settings *settings)
{
	const struct run_metadata none = { 0 },
				  *extra = m->provider.job->metadata != NULL ? m->provider.job->metadata : &none;
	json_t *labels = string_map_encode(&extra->labels), *annotations = string_map_encode(&extra->annotations), *job;
	const struct meta *meta = &run->object.meta;

	json_object_set_new(labels, LABEL_ANALYSIS_RUN_UID, json_string(meta->uid));
	json_object_set_new(annotations, ANNOTATION_ANALYSIS_RUN_NAME, json_string(meta->name));
	json_object_set_new(annotations, ANNOTATION_ANALYSIS_RUN_METRIC, json_string(m->name));
	job = json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:o},s:o}", "apiVersion", "batch/v1", "kind", "Job", "metadata",
	    "name", name, "namespace", job_namespace(settings, run), "labels", labels, "annotations", annotations,
	    "spec", json_loads(m->provider.job->spec, 0, NULL) ?: json_object());
	if (!jobs_are_elsewhere(settings))
		json_object_set_new(json_object_get(job, "metadata"), "ownerReferences",
		    json_pack("[{s:s,s:s,s:s,s:s,s:b,s:b}]", "apiVersion", "argoproj.io/v1alpha1", "kind",
			"AnalysisRun", "name", meta->name, "uid", meta->uid, "controller", 1, "blockOwnerDeletion", 1));
	return job;
}

enum run_phase
job_outcome(const struct job *j, struct arena *a, const char **ret_message)
{
	for (size_t i = 0; i < j->status.conditions.n; i++) {
		const struct condition *c = &j->status.conditions.at[i];

		if (!str_eq(c->status, "True"))
			continue;
		if (str_eq(c->type, "Complete"))
			return RUN_SUCCESSFUL;
		if (str_eq(c->type, "Failed")) {
			*ret_message = arena_printf(a, "Job %s: %s%s%s", j->object.meta.name,
			    str_empty(c->reason) ? "failed" : c->reason, str_empty(c->message) ? "" : ": ",
			    str_empty(c->message) ? "" : c->message);
			return RUN_FAILED;
		}
	}
	return RUN_RUNNING;
}

struct query
job_pods(struct arena *a, const struct job *j)
{
	return (struct query){ .request = { .method = "GET",
				   .url = arena_printf(a, "/api/v1/namespaces/%s/pods?labelSelector=%s",
				       j->object.meta.namespace,
				       str_url_escape(a, arena_printf(a, "job-name=%s", j->object.meta.name))),
				   .timeout_ms = PODS_TIMEOUT_MS,
				   .response_max = PODS_MAX },
		.to = QUERY_JOBS_CLUSTER };
}

/* Returns whether the reason of a waiting container is one that Kubernetes retries without end: the image does not
 * exist, or must not be pulled. */
static bool
job_is_stuck(const char *reason)
{
	static const char *const reasons[] = { "ErrImagePull", "ImagePullBackOff", "InvalidImageName" };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (str_eq(reason, reasons[i]))
			return true;
	return false;
}

/* Returns the failure of one container, or NULL. */
static const char *
job_container_problem(struct arena *a, const char *pod, const json_t *status, bool *ret_stuck)
{
	const json_t *ended = json_at(status, "/state/terminated") ?: json_at(status, "/lastState/terminated");
	const json_t *waiting = json_at(status, "/state/waiting");
	const char *name = json_str(status, "name") ?: "", *message;

	if (job_is_stuck(json_str(waiting, "reason"))) {
		*ret_stuck = true;
		message = json_str(waiting, "message");
		return arena_printf(a, "Pod %s: container %s: %s%s%s", pod, name, json_str(waiting, "reason"),
		    str_empty(message) ? "" : ": ", str_empty(message) ? "" : message);
	}
	if (ended == NULL || json_int(ended, "exitCode", 0) == 0)
		return NULL;
	message = json_str(ended, "message");
	return arena_printf(a, "Pod %s: container %s: %s (exit code %" PRId64 ")%s%s", pod, name,
	    json_str(ended, "reason") ?: "Error", (int64_t)json_int(ended, "exitCode", 0),
	    str_empty(message) ? "" : ": ", str_empty(message) ? "" : message);
}

const char *
job_pods_problem(struct arena *a, const struct response *got, bool *ret_stuck)
{
	static const char *const lists[] = { "/status/initContainerStatuses", "/status/containerStatuses" };
	_cleanup_(json_decrefp) json_t *list = NULL;
	const char *text = NULL, *one;
	json_t *pod, *container;
	size_t i, c;

	*ret_stuck = false;
	if (got->err != NULL || got->status != 200 || json_parse(a, got->body.at, got->body.len, &list) != NULL)
		return NULL; /* the pods only make a message more precise */
	json_array_foreach (json_object_get(list, "items"), i, pod) {
		const char *name = json_str(json_object_get(pod, "metadata"), "name") ?: "",
			   *reason = json_string_value(json_at(pod, "/status/reason")),
			   *message = json_string_value(json_at(pod, "/status/message"));

		for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
			json_array_foreach (json_at(pod, lists[k]), c, container)
				if ((one = job_container_problem(a, name, container, ret_stuck)) != NULL)
					text = one;
		if (text == NULL && str_eq(json_string_value(json_at(pod, "/status/phase")), "Failed"))
			text = arena_printf(a, "Pod %s: %s%s%s", name, reason ?: "Failed",
			    str_empty(message) ? "" : ": ", str_empty(message) ? "" : message);
	}
	return text;
}
