/* sim/kubelet.h: a kubelet without containers: the Pods that are bound to its node are reported as running, and
 * after a while as ready.
 *
 * A controller like any other, for API servers that have a scheduler and a ReplicaSet controller of their own
 * (tests/cluster). The start of a Pod is known to the process only; after a restart the Pod becomes ready later.
 */
#pragma once
#include "kube/plan/controller.h"

/* The runner's settings for it point to the first member. */
struct kubelet_settings {
	struct settings settings;
	const char *node; /* whose Pods it runs */
	int64_t ready_ms, spread_ms; /* from binding to readiness: at least, and how much longer at most */
	const char *broken_tag; /* ends the image of a Pod that cannot be pulled */
};

extern const struct controller kubelet_controller;
