/* analysis/job_object.h: a measurement by a Job of batch/v1: it is Successful when the Job completes, and Failed when that fails.
 *
 * No conditions are asked: the Job's outcome is the measurement's. Names, labels and annotations are those of Argo Rollouts
 * (metricproviders/job), so that its Jobs are found again.
 */
#pragma once
#include "kube/api/analysis.h"
#include "kube/api/job.h"
#include "kube/plan/query.h"

/* The name of the n-th measurement's Job, counted from 1: it is a label's value too, and no longer than that may be. */
const char *job_name(struct arena *, const struct analysis_run *, const char *metric, int64_t n);

/* Settings of the process: JOBS_ELSEWHERE is there when Jobs are not in their runs' cluster, or not in their namespaces; what owns them
 * cannot be said there. JOBS_NAMESPACE: where they all are. */
#define JOBS_ELSEWHERE "jobs-elsewhere"
#define JOBS_NAMESPACE "jobs-namespace"

/* JOBS_ALLOWED: globs of namespaces, comma-separated, in which Jobs may be run; not there: in all. */
#define JOBS_ALLOWED "job-namespaces"

bool jobs_are_allowed(const struct string_map *settings, const char *ns);

bool jobs_are_elsewhere(const struct string_map *settings);

/* Where a run's Jobs are. */
const char *job_namespace(const struct string_map *settings, const struct analysis_run *);

/* The Job of that name that the metric asks for. A new reference. */
json_t *job_object(
    const struct analysis_run *, const struct metric *, const char *name, const struct string_map *settings);

/* What a Job has come to: "Successful", "Failed", or NULL: nothing yet. *ret_message: why it failed, as the Job itself says. */
const char *job_outcome(const struct job *, struct arena *, const char **ret_message);

/* The list of its pods. */
struct question job_pods(struct arena *, const struct job *);

/* What that list says of a pod that has ended badly, or cannot begin (*ret_stuck: its image cannot be had); NULL: nothing. */
const char *job_trouble(struct arena *, const struct answer *, bool *ret_stuck);
