/* analysis/job_object.h: the Jobs that a metric of kind `job` creates.
 *
 * Names, labels and annotations are those of Argo Rollouts (metricproviders/job), so that its Jobs are found again.
 */
#pragma once
#include "analysis/metric_phase.h"
#include "kube/api/analysis.h"
#include "kube/api/job.h"
#include "kube/plan/query.h"
#include "kube/plan/settings.h"

/* The name of the n-th measurement's Job, counted from 1. It is a label value too, and no longer than such a value may
 * be. */
const char *job_name(struct arena *, const struct analysis_run *, const char *metric, int64_t n);

/* Returns whether Jobs may be created in this namespace. `settings`, here and below, may be NULL. */
bool jobs_are_allowed(const struct settings *settings, const char *ns);

/* Returns whether Jobs are created in another cluster or namespace than that of their runs. */
bool jobs_are_elsewhere(const struct settings *settings);

/* The namespace of a run's Jobs. */
const char *job_namespace(const struct settings *settings, const struct analysis_run *);

/* The Job of that name for the metric. A new reference. */
json_t *job_object(
    const struct analysis_run *, const struct metric *, const char *name, const struct settings *settings);

/* The outcome of a Job: Successful, Failed, or Running while it has none. *ret_message: why it failed, as its
 * condition has it. */
enum run_phase job_outcome(const struct job *, struct arena *, const char **ret_message);

/* Returns the query for the pods of a Job. */
struct query job_pods(struct arena *, const struct job *);

/* Returns the failure of a pod from the response to that query, or NULL. *ret_stuck: the image of one cannot be
 * pulled. */
const char *job_pods_problem(struct arena *, const struct response *, bool *ret_stuck);
