/* cli/plan/play.h: plays the next update of a Rollout once, in a virtual cluster. */
#pragma once
#include "cli/plan/objects.h"

#define PLAY_MS_MAX (400ll * 24 * 3600 * 1000) /* virtual time of one play */
#define PLAY_PASSES_MAX 50000 /* of controllers in one play */

struct virtual_cluster;
struct request;

/* Traffic during a play, and the metrics of it. Times are ms since the start of the cluster. */
struct play_traffic {
	void (*created)(void *arg, struct virtual_cluster *); /* it has no objects yet */
	/* Lets requests arrive until a time, before which nothing else happens. */
	struct err *(*pass)(void *arg, int64_t until);
	/* The response to a query of a metric, as in struct virtual_settings. */
	int (*outside)(void *arg, const struct request *, char **ret_body);
	/* A state `at` ms after the change. Returns true to end the play. */
	bool (*observed)(void *arg, int64_t at, const struct rollout *, const struct forecast_state *);
	int64_t before_ms; /* of traffic before the change */
	int64_t user_ms; /* from the moment the update waits for a user to the promotion */
	void *arg;
};

struct play_settings {
	const struct plan_objects *objects;
	int64_t ready_ms; /* from the creation of a pod to its readiness, > 0 */
	int64_t ready_spread_ms; /* each further pod created at the same time is ready this much later */
	bool failing; /* every measurement fails; otherwise it succeeds */
	bool unattended; /* no user promotes; otherwise one does, as soon as the update waits for it */
	const struct play_traffic *traffic; /* NULL: no requests; measurements are as `failing` requires */
};

/* Creates the stable version, waits until it is Healthy, changes the pod template, and follows every change until the
 * last old pod is deleted, the update is aborted, or it cannot continue. Sets *ret, whose rows are in the arena.
 * Returns an error if the objects are refused, or the stable version does not become Healthy. */
struct err *play(struct arena *, const struct play_settings *, struct forecast_course *ret);

/* Returns the time from the start of a pod's containers to its readiness that its template requires: the delay of the
 * readiness probe and postStart hooks, in ms. */
int64_t play_template_ms(const struct plan_objects *);
