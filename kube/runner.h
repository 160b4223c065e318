/* kube/runner.h: the controller manager: turns rows into running controllers: watch → queue → pass → plan → execute.
 *
 * One runner serves any number of controllers over one cache. A key has one plan at a time. It gets a pass when an
 * object that concerns it changes, when its wake-up time or a response has come, or, with back-off, after its plan
 * failed. Responses to writes are put into the cache at once, so that a pass never reads a state older than its own
 * last write.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/transport.h"

struct runner;

struct runner_settings {
	const char *namespace; /* NULL: all; else only this one, and cluster-scoped types are not watched */
	uint64_t seed; /* of jitter and event names */
	const struct settings *settings; /* given to every pass; borrowed while the runner lives; NULL: none */
	/* Source of the events, and field manager: "rollouts-controller". Borrowed while the runner lives. */
	const char *component;
	struct transport *own; /* for QUERY_OWN, which may reach this machine's link; NULL: none */
	struct transport *programs; /* for queries that run a program (kube/transport_exec.h); NULL: none */
	/* Objects of this type are in another cluster, or in another namespace than their owners (NULL: in the
	 * same). type NULL: there are none. */
	struct elsewhere {
		const struct type *type;
		struct transport *api; /* borrowed */
		const char *namespace;
	} elsewhere;
	bool (*may_write)(void *arg); /* NULL, or called before every write, with `arg` below */
	/* NULL, or a label selector that the controllers' own objects must match too (--instance-id). */
	const char *selector;
	void (*synced)(void *arg); /* NULL, or called when all first lists have arrived */
	/* NULL, or called with every plan that is not quiet, before it is carried out. */
	void (*planned)(const char *controller, const char *ns, const char *name, const struct plan *, void *arg);
	/* NULL, or called after every change of an object, every pass, and every event. */
	void (*changed)(const struct object *, bool deleted, void *arg);
	/* NULL, or called with every unreadable object, in each of its versions, and (gone) when it no longer is:
	 * only its metadata is known. Also called with the type of every watch event that could not be read. */
	void (*unreadable)(const struct object *, bool gone, void *arg);
	void (*garbled)(const struct type *, void *arg);
	void (*passed)(const char *controller, const char *ns, const char *name, int64_t ms, bool failed, void *arg);
	void (*told)(const struct plan_step *event, void *arg);
	/* NULL, or called for every event that was dropped (kube/events.h). */
	void (*dropped)(bool warning, void *arg);
	/* NULL, or called after every response with its duration. */
	void (*responded)(const char *controller, const char *ns, const char *name, int64_t ms, void *arg);
	void *arg;
};

#define RUNNER_CONTROLLERS_MAX 16 /* rows of one runner */

/* `outside` sends queries (Prometheus); it may be the API server's transport. Rows end with NULL; there are at most
 * RUNNER_CONTROLLERS_MAX. */
struct runner *runner_start(struct transport *api, struct transport *outside, const struct controller *const *rows,
    const struct runner_settings *);

/* Stops at once: open requests may still take effect, and no callback is called any more. Takes NULL; returns NULL. */
struct runner *runner_stop(struct runner *);

/* Requests a pass of this key for an event that no watch reports; the pass reads its time (struct pass, touched).
 * Does nothing if the controller or the object does not exist. */
void runner_touch(struct runner *, const char *controller, const char *ns, const char *name);

/* Returns the number of keys that wait or whose passes run: 0 means that nothing is to be done now. */
size_t runner_busy(const struct runner *);

/* The view of its cache. Lives as long as the runner. */
const struct view *runner_view(const struct runner *);
