/* kube/api/lease.c: Lease of coordination.k8s.io/v1: the rows of its fields. Leader election: kube/lease.c. */
#include "kube/api/lease.h"

static const struct field lease_spec_fields[] = {
	STRING(lease_spec, holder, "holderIdentity", .always = true),
	INT(lease_spec, duration_seconds, "leaseDurationSeconds"),
	STRING(lease_spec, acquire_time, "acquireTime"),
	STRING(lease_spec, renew_time, "renewTime"),
	INT(lease_spec, transitions, "leaseTransitions", .always = true),
};
TYPE(lease_spec, "Lease's spec");

static const struct field lease_object_fields[] = {
	EMBED(lease_object, spec, "spec", lease_spec),
};
TYPE(lease_object, "Lease", .group = "coordination.k8s.io", .version = "v1", .plural = "leases", .kind = "Lease");
