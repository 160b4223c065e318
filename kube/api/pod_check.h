/* kube/api/pod_check.h: what an API server refuses in a pod template (k8s.io/kubernetes, pkg/apis/core/validation).
 *
 * The rules that need nothing but the template: required fields, names, ranges, choices, what may not stand together, and what
 * has to be there for a name (a volume for its mount). What an API server fills in before it checks counts as filled in.
 */
#pragma once
#include "kube/api/type.h"

enum pod_owner {
	POD_OF_REPLICASET, /* restartPolicy is Always */
	POD_OF_JOB, /* restartPolicy is OnFailure or Never */
};

/* Adds what is wrong with a template (a JSON object, or NULL) at `path`, "spec.template". */
void pod_template_problems(struct problems *, const json_t *template, const char *path, enum pod_owner);

/* Adds the fields that no pod template has, and values of the wrong type. */
void pod_template_unknown(struct problems *, const json_t *template, const char *path);
