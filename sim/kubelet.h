/* sim/kubelet.h: a node without containers: the Pods that are bound to it are said to run, and after a while to be ready.
 *
 * A controller like any other, for API servers that have a scheduler and a ReplicaSet controller of their own
 * (tests/cluster). What it remembers of a Pod's start is lost with the process; the Pod is then ready that much later.
 */
#pragma once
#include "kube/plan/controller.h"

/* Its settings, by name: "node" is whose Pods it runs; "ready-ms" the time from binding to readiness, "spread-ms" how much longer it
 * takes at most; "broken-tag" ends the image of a Pod that cannot be pulled. */
extern const struct controller kubelet_controller;
