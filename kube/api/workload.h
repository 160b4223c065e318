/* kube/api/workload.h: what a Rollout may take its pod template from: a Deployment, a ReplicaSet or a PodTemplate. */
#pragma once
#include "kube/api/rollout.h"

struct workload_spec {
	struct opt_int replicas; /* absent: 1 */
	const struct label_selector *selector; /* NULL: a PodTemplate has none */
};

struct workload {
	struct object object;
	struct workload_spec spec;
	const char *template; /* as canonical JSON; NULL: there is none */
};

extern const struct type deployment_type, workload_replicaset_type, pod_template_object_type;

/* By the reference's kind, whatever its version; NULL: none of them. */
const struct type *workload_type(const struct workload_ref *);

/* Of a Rollout as JSON that has no template of its own: the type and name of its workload (borrowed); NULL: it has none, or needs none. */
const struct type *workload_missing(const json_t *rollout, const char **ret_name);

/* Gives that Rollout the template of the workload, and the selector, if it has none. */
void workload_fill(json_t *rollout, const json_t *workload);
