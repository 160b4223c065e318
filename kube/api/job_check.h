/* kube/api/job_check.h: what an API server refuses in the spec of a Job (k8s.io/kubernetes, pkg/apis/batch/validation).
 *
 * Its pod template is pod_check.h's.
 */
#pragma once
#include "kube/api/type.h"

/* Adds what is wrong with a JobSpec (a JSON object, or NULL) at `path`, unknown fields included. */
void job_spec_problems(struct problems *, const json_t *spec, const char *path);
