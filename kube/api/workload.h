/* kube/api/workload.h: the sources of a pod template: a Deployment, a ReplicaSet or a PodTemplate. */
#pragma once
#include "kube/api/rollout.h"

struct workload_spec {
	struct opt_int replicas; /* 1 if absent */
	const struct label_selector *selector; /* NULL for a PodTemplate */
};

struct workload {
	struct object object;
	struct workload_spec spec;
	const char *template; /* the pod template as canonical JSON; NULL if absent */
	uint32_t template_sum; /* text_sum of it; 0 if absent */
};

extern const struct type deployment_type, workload_replicaset_type, pod_template_object_type;

/* Returns the type of the kind in a reference, of any version, or NULL. */
const struct type *workload_type(const struct workload_ref *);

/* Returns the type of the workload that a Rollout (as JSON) takes its template from, and sets *ret_name to its name,
 * borrowed. Returns NULL if the Rollout has its own template. */
const struct type *workload_missing(const json_t *rollout, const char **ret_name);

/* Sets the template of that Rollout to the workload's, and also its selector if it has none. */
void workload_fill(json_t *rollout, const json_t *workload);
