/* kube/api/pod_check.h: the validation of a pod template by an API server (k8s.io/kubernetes,
 * pkg/apis/core/validation).
 *
 * These are the rules for a template alone: required fields, names, ranges, choices, fields that exclude each other,
 * and references within it (a mount requires its volume). Defaults of the API server are applied first.
 */
#pragma once
#include "kube/api/type.h"

enum pod_owner {
	POD_OF_REPLICASET, /* restartPolicy is Always */
	POD_OF_JOB, /* restartPolicy is OnFailure or Never */
};

/* Adds the problems of a template (a JSON object, or NULL) at `path`, "spec.template". */
void pod_template_problems(struct problems *, const json_t *template, const char *path, enum pod_owner);

/* Adds unknown fields, and values of a wrong type. */
void pod_template_unknown(struct problems *, const json_t *template, const char *path);
