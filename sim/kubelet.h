/* sim/kubelet.h: a node without containers: the Pods that are bound to it are reported as running, and after a while
 * as ready.
 *
 * A controller like any other, for API servers that have a scheduler and a ReplicaSet controller of their own
 * (tests/cluster). The start of a Pod is known to the process only; after a restart the Pod becomes ready later.
 */
#pragma once
#include "kube/plan/controller.h"

/* Its settings, by name: "node" is whose Pods it runs; "ready-ms" the time from binding to readiness, "spread-ms" how
 * much longer it takes at most; "broken-tag" ends the image of a Pod that cannot be pulled. */
extern const struct controller kubelet_controller;
