/* kube/api/replicaset.c: ReplicaSet of apps/v1: the rows of its fields. */
#include "kube/api/replicaset.h"
#include "kube/api/pod_template.h"

static const struct field replicaset_spec_fields[] = {
	OPT_INT(replicaset_spec, replicas, "replicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_spec, min_ready_seconds, "minReadySeconds", .min = 0, .max = INT32_MAX),
};
TYPE(replicaset_spec, "ReplicaSet's spec");

static const struct field replicaset_status_fields[] = {
	INT(replicaset_status, replicas, "replicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, ready_replicas, "readyReplicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, available_replicas, "availableReplicas", .min = 0, .max = INT32_MAX),
	INT(replicaset_status, observed_generation, "observedGeneration"),
	LIST(replicaset_status, conditions, "conditions", condition),
};
TYPE(replicaset_status, "ReplicaSet's status");

static void
replicaset_finish(struct object *o, const json_t *j, struct arena *a)
{
	struct replicaset *rs = (struct replicaset *)o;

	rs->spec.template = pod_template_canonical(a, json_at(j, "/spec/template"));
}

static const struct field replicaset_fields[] = {
	EMBED(replicaset, spec, "spec", replicaset_spec),
	EMBED(replicaset, status, "status", replicaset_status),
};
TYPE(replicaset, "ReplicaSet", .group = "apps", .version = "v1", .plural = "replicasets", .kind = "ReplicaSet",
    .has_status = true, .finish = replicaset_finish);

int64_t
replicaset_wanted(const struct replicaset *rs)
{
	return rs->spec.replicas.set ? rs->spec.replicas.is : 1;
}

int64_t
replicaset_available(const struct replicaset *rs)
{
	return rs != NULL ? rs->status.available_replicas : 0;
}
