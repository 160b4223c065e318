/* kube/executor.h: carries out one plan.
 *
 * Steps in their order, up to the first that fails and those beside it; then the status, whatever failed, because it says
 * what was seen. Events go out behind the write that they report. The answer of a write goes into the cache at once; and
 * where a write fails because what it believed is outdated, the object is fetched into the cache, so that the next pass
 * decides on what is there.
 */
#pragma once
#include "kube/ask.h"
#include "kube/cache.h"
#include "kube/events.h"
#include "kube/plan.h"

struct execution;

/* Where effects go. Borrowed for as long as an execution lasts. */
struct executor {
	struct transport *api;
	struct cache *cache;
	struct events *events;
	/* NULL, or asked before every write: false, and it is not made (the Lease is no longer ours). */
	bool (*may_write)(void *arg);
	void *arg;
};

/* The end: NULL, or the step that failed (the status write has the status' object as its type and name) and why. */
typedef void execution_done(void *arg, const struct plan_step *failed, const struct err *);

/* Starts carrying out; the plan is borrowed until `done` comes, from the loop or before this returns. NULL when it came. */
struct execution *execution_start(
    const struct executor *, const struct plan *, struct asks *, execution_done *done, void *arg);

/* Ends it where it is, without a call. Takes NULL; returns NULL. */
struct execution *execution_cancel(struct execution *);
