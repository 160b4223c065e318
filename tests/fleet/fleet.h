/* tests/fleet/fleet.h: the Rollouts app0 to appN of tests/bench/rollout.yaml, one replica each, in the namespace
 * default of an API server, and what watches report of them. */
#pragma once
#include "base/json.h"
#include "io/loop.h"
#include "kube/kubeconfig.h"

/* One Rollout as the last events showed it. */
struct fleet_member {
	json_int_t wanted; /* its generation after the last change; 0: it was not created */
	json_int_t observed; /* of its status */
	bool healthy, paused;
	json_int_t weight; /* of the canary, in its VirtualService */
	int64_t weight_at; /* when that changed (monotonic µs) */
};

struct fleet {
	struct arena *arena;
	struct loop *loop;
	struct config config;
	struct transport *transport;
	size_t n;
	struct fleet_member *members;
	const char *node; /* of the pods; NULL: the scheduler decides */
	struct fleet_watch *watches;
	unsigned long refused; /* requests without a 2xx */
	const char *refusal; /* the last one's response */
};

/* NULL, after a line on standard error: the kubeconfig cannot be read. */
struct fleet *fleet_new(struct loop *, const char *kubeconfig, size_t n);
struct fleet *fleet_free(struct fleet *);

void fleet_run(struct fleet *, int64_t ms);

/* The monotonic clock in microseconds. */
int64_t fleet_now(void);

/* One request; returns its status code (0: no response), and the response's text in the arena of the fleet. */
int fleet_get(struct fleet *, const char *url, const char **ret_text);

/* Creates all Rollouts with their VirtualServices and DestinationRules, a few at a time. False: one was refused. */
bool fleet_create(struct fleet *);

/* Patches (a merge patch, consumed) the first `n` Rollouts, a few at a time. False: one was refused. */
bool fleet_patch(struct fleet *, size_t n, json_t *patch);

/* Resumes one that is paused without a duration. */
bool fleet_resume(struct fleet *, size_t i);

/* How many of the first `n` are as their last change wants them: healthy, or paused. */
size_t fleet_count(const struct fleet *, size_t n, bool paused);
