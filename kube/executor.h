/* kube/executor.h: carries out one plan.
 *
 * Steps in their order, up to the first that fails, and those that do not depend on it; then the status, whatever
 * failed, because it says what was seen. Events go out behind the write that they report. The answer of a write goes
 * into the cache at once; and where a write fails because what it believed is outdated, or leaves it open whether it
 * took effect, the object is fetched into the cache, so that the next pass decides on what is there. When that fails
 * too, the object is in doubt (kube/cache.h) until a later fetch.
 *
 * A plan that a slow API server holds up does not keep news waiting: a second after its decision, and with news of
 * its key, it continues from the open request (and the fetch of the object that is then in doubt) to its status, and
 * what it had left is decided anew. The status is written all the same, or a mesh whose webhook fails slowly would
 * silence it as long as there is news; but in that case soon, and not to an API server that did not even answer the
 * fetch.
 */
#pragma once
#include "kube/queries.h"
#include "kube/cache.h"
#include "kube/events.h"
#include "kube/plan/plan.h"

struct execution;

/* Where effects go. Borrowed for as long as an execution lasts. */
struct executor {
	struct transport *api;
	const struct type *elsewhere_type; /* the type of objects in another cluster; NULL: none */
	struct transport *elsewhere; /* the way there */
	struct cache *cache;
	struct events *events;
	const char *manager; /* of the fields that are applied */
	/* NULL, or asked before every write: false, and it is not made (the Lease is no longer ours). */
	bool (*may_write)(void *arg);
	void *arg;
};

struct execution_observer {
	/* The end: NULL, or the step that failed (the status write has the status' object as its type and name) and
	 * why. */
	void (*done)(void *arg, const struct plan_step *failed, const struct err *);
	/* Asked between two writes: has something happened that the plan does not know of? */
	bool (*has_news)(void *arg);
	void *arg;
};

/* Starts carrying out; the plan is borrowed until `done` comes, from the loop or before this returns. NULL when it
 * came. */
struct execution *execution_start(
    const struct executor *, const struct plan *, struct queries *, struct execution_observer);

/* Fetches an object into the cache: one in doubt is no longer so. The plan is empty, and borrowed as above. `done`
 * has a step of the object's type and name when it cannot be fetched. */
struct execution *execution_fetch(
    const struct executor *, const struct plan *, const struct object *, struct execution_observer);

/* Ends it where it is, without a call. Takes NULL; returns NULL. */
struct execution *execution_cancel(struct execution *);
