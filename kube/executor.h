/* kube/executor.h: carries out one plan: API calls in order, then the status.
 *
 * Steps are made in their order, up to the first that fails, and after it those that do not depend on it. Then the
 * status is written, even after a failure, because it reports what was observed. Events are sent after the write
 * that they report. The response to a write is put into the cache at once. If a write fails because its object was
 * outdated, or if its outcome is not known, the object is fetched into the cache, so that the next pass decides on
 * the current state. If the fetch fails too, the object is in doubt (kube/cache.h) until a later fetch.
 *
 * A slow API server must not delay the reaction to a change. A second after its decision, a plan whose key has
 * changed objects makes no more writes: it waits for the open request (and fetches the object that is then in
 * doubt), and writes its status. The remaining steps are decided again. The status is not skipped, as it could
 * otherwise never be written while a mesh with a slow webhook changes all the time. It is skipped only if the API
 * server did not respond to the fetch either.
 */
#pragma once
#include "kube/queries.h"
#include "kube/cache.h"
#include "kube/events.h"
#include "kube/plan/plan.h"

struct execution;

/* The targets of effects. Borrowed during an execution. */
struct executor {
	struct transport *api;
	const struct type *elsewhere_type; /* the type of objects that are in another cluster; NULL: none */
	struct transport *elsewhere; /* the transport to that cluster */
	struct cache *cache;
	struct events *events;
	const char *manager; /* field manager of server-side apply */
	/* NULL, or called before every write. False: the write is not made, as the Lease is lost. */
	bool (*may_write)(void *arg);
	void *arg;
};

struct execution_observer {
	/* Called at the end with NULL, or with the step that failed (for the status write: its object's type and
	 * name) and the error. */
	void (*done)(void *arg, const struct plan_step *failed, const struct err *);
	/* Called between two writes. Returns true if an object of the key has changed since the decision. */
	bool (*has_news)(void *arg);
	void *arg;
};

/* Starts an execution; the plan is borrowed until `done` is called, from the loop or before this returns. Returns
 * NULL if it was called. */
struct execution *execution_start(
    const struct executor *, const struct plan *, struct queries *, struct execution_observer);

/* Fetches an object into the cache, which ends its doubt. The plan is empty, and borrowed as above. If the fetch
 * fails, `done` gets a step with the object's type and name. */
struct execution *execution_fetch(
    const struct executor *, const struct plan *, const struct object *, struct execution_observer);

/* Ends an execution without calling `done`. Takes NULL; returns NULL. */
struct execution *execution_cancel(struct execution *);
