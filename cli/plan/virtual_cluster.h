/* cli/plan/virtual_cluster.h: a cluster in virtual time, in this process: the store, pods, Jobs and gateways of the
 * laptop cluster (sim/), and the real controllers of Rollouts, Experiments and AnalysisRuns.
 *
 * There are no ports, no processes and no faults, and nothing is read from outside. Time advances only in
 * virtual_cluster_step.
 */
#pragma once
#include "kube/runner.h"
#include "sim/store.h"

struct request;

struct virtual_settings {
	/* From the creation of a pod to its readiness, without the delays of its own spec (sim/pod_lifecycle.h), for
	 * which a negative time makes up. */
	int64_t ready_ms;
	/* Each further pod that a ReplicaSet creates at the same time is ready this much later. */
	int64_t ready_spread_ms;
	/* The response to a query of a metric or a call of a plugin: its status code, and a body that the cluster
	 * frees. */
	int (*outside)(void *arg, const struct request *, char **ret_body);
	/* Called after every change that the controllers know of. */
	void (*changed)(void *arg);
	const struct settings *process; /* of the controllers; borrowed; NULL: none */
	void *arg;
};

struct virtual_cluster;

/* Returns a cluster without objects, at 2026-01-01T00:00:00Z. The settings are copied. */
struct virtual_cluster *virtual_cluster_new(const struct virtual_settings *);
struct virtual_cluster *virtual_cluster_free(struct virtual_cluster *);
static inline void
virtual_cluster_freep(struct virtual_cluster **c)
{
	virtual_cluster_free(*c);
}

/* Creates an object (JSON of any kind that the store serves; borrowed), and its namespace. Returns an error with the
 * reason of the API server, in the arena. */
struct err *virtual_cluster_create(struct virtual_cluster *, struct arena *, const json_t *object);

/* Changes an object of a type by a merge patch, which is consumed, as a user does. */
struct err *virtual_cluster_patch(struct virtual_cluster *, struct arena *, const struct type *, const char *ns,
    const char *name, bool status, json_t *patch);

/* Fires the timers that are due next, and advances the time to them. Returns false if nothing is left to do. */
bool virtual_cluster_step(struct virtual_cluster *);

/* Runs until a time, in ms since the start. */
void virtual_cluster_run_until(struct virtual_cluster *, int64_t ms);

/* Returns the time of the next step, in ms since the start; -1: nothing is left to do. */
int64_t virtual_cluster_next(const struct virtual_cluster *);

/* Returns the time in ms since the start. */
int64_t virtual_cluster_now(const struct virtual_cluster *);

/* Returns the wall time of the cluster, in ms since 1970. */
int64_t virtual_cluster_wall(const struct virtual_cluster *);

/* Returns the objects as the controllers know them. */
const struct view *virtual_cluster_view(const struct virtual_cluster *);

/* Returns the number of passes of controllers, a measure of the work. */
unsigned long virtual_cluster_passes(const struct virtual_cluster *);

/* Returns the store of all objects. */
struct store *virtual_cluster_store(struct virtual_cluster *);
