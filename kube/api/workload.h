/* kube/api/workload.h: the sources of a pod template: a Deployment, a ReplicaSet or a PodTemplate. */
#pragma once
#include "kube/api/rollout.h"

struct workload_spec {
	struct opt_int replicas; /* absent: 1 */
	const struct label_selector *selector; /* NULL for a PodTemplate */
};

struct workload {
	struct object object;
	struct workload_spec spec;
	const char *template; /* canonical JSON; NULL: absent */
};

extern const struct type deployment_type, workload_replicaset_type, pod_template_object_type;

/* Returns the type of the kind in a reference, of any version, or NULL. */
const struct type *workload_type(const struct workload_ref *);

/* Returns the type and name (borrowed) of the workload of a Rollout as JSON without its own template. NULL: no
 * workload. */
const struct type *workload_missing(const json_t *rollout, const char **ret_name);

/* Sets the template of that Rollout from the workload, and the selector if absent. */
void workload_fill(json_t *rollout, const json_t *workload);
