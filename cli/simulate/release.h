/* cli/simulate/release.h: one update of a Rollout, with traffic. */
#pragma once
#include "cli/plan/play.h"
#include "cli/simulate/metric_server.h"
#include "cli/simulate/world.h"

#define RELEASE_EVENTS_MAX 2000 /* measurements that are listed */

struct release_settings {
	const struct plan_objects *objects; /* with PLAN_METRICS_QUERIED */
	struct world_settings world;
	int64_t ready_ms; /* from the creation of a pod to its readiness */
	int64_t user_ms; /* from the moment the update waits for a user to the promotion */
	int64_t horizon_ms; /* from the change: in which bad requests are counted */
};

enum release_end {
	RELEASE_STOPPED, /* aborted */
	RELEASE_PROMOTED,
	RELEASE_UNDECIDED, /* paused by an analysis that is inconclusive */
	RELEASE_STUCK, /* it does not continue, for another reason */
	RELEASE_END_MAX
};

/* A measurement that has ended. */
struct release_event {
	int64_t at; /* ms from the change */
	const char *run, *metric, *phase;
	const char *value, *message; /* NULL: none */
};

struct release {
	enum release_end end;
	int64_t at; /* of the end, ms from the change */
	int64_t weight; /* percent of the new version when it was stopped, or at the end */
	const char *metric; /* that stopped it: its name, and "(Error)" if it could not be measured; NULL: none did */
	const char *message; /* of that metric, or why it does not continue; NULL */
	struct world_users users; /* until the horizon */
	struct forecast_course course;
	struct release_event *events; /* in the order in which they ended */
	size_t n_events, events_capacity;
	struct forecast_lines meanings; /* of the selectors of its queries */
};

/* Plays the update. Everything in *ret is in the arena. Returns an error if the objects are refused, if a query cannot
 * be evaluated, or beyond the limits of play.h and world.h. */
struct err *release_play(struct arena *, const struct release_settings *, struct release *ret);
