/* sim/pods.h: the ReplicaSet controller and kubelet of the laptop cluster.
 *
 * The laptop cluster's ReplicaSet controller and kubelet in one. A Pod is virtual (ready after a set delay) or is
 * brought up by `runner` (sim/processes.c runs a local process), which then reports readiness with pods_ready.
 */
#pragma once
#include "sim/store.h"

struct pods;

struct pod_runner {
	/* The pod was created; true: the runner brings it up and calls pods_ready; false: it stays virtual. */
	bool (*start)(void *arg, const json_t *pod);
	void (*stop)(void *arg, const json_t *pod);
	void *arg;
};

struct pods_settings {
	int64_t ready_ms; /* from creation to readiness of a virtual pod */
	int64_t ready_spread_ms; /* each further pod of a ReplicaSet is this much later */
	const char *broken_tag; /* pods of an image with this tag never become ready; NULL: none */
	const char *node;
	const struct pod_runner *runner; /* NULL: all pods are virtual */
};

struct pods *pods_new(struct loop *, struct store *, const struct pods_settings *);
struct pods *pods_free(struct pods *);

/* From now on the ReplicaSet controller handles a change `ms` later, and writes the status of a ReplicaSet from the
 * pods that were there before it created or deleted some, as that of Kubernetes does; 0: at once, from those after
 * it. */
void pods_delay(struct pods *, int64_t ms);

/* A pod's readiness changed. `ip` NULL: unchanged. */
void pods_ready(struct pods *, const char *ns, const char *name, bool ready, const char *ip);

/* Its process ended and is started again: not ready, and restarted once more. */
void pods_restarted(struct pods *, const char *ns, const char *name);
