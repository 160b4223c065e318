/* kube/api/lease.h: the Lease of coordination.k8s.io/v1, for leader election. */
#pragma once
#include "kube/api/meta.h"

struct lease_spec {
	const char *holder; /* NULL or "" if the Lease is free */
	int64_t duration_seconds;
	const char *acquire_time, *renew_time; /* MicroTime: RFC 3339 with six decimal places */
	int64_t transitions;
};

struct lease_object {
	struct object object;
	struct lease_spec spec;
};

extern const struct type lease_spec_type, lease_object_type;
