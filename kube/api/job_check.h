/* kube/api/job_check.h: the validation of a JobSpec by an API server (k8s.io/kubernetes, pkg/apis/batch/validation).
 *
 * pod_check.h validates its pod template.
 */
#pragma once
#include "kube/api/type.h"

/* Adds the problems of a JobSpec (a JSON object, or NULL) at `path`, with unknown fields. */
void job_spec_problems(struct problems *, const json_t *spec, const char *path);
