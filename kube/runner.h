/* kube/runner.h: the machinery that turns rows into running controllers: watch → queue → pass → plan → execute.
 *
 * One runner serves any number of controllers over one cache. Per key there is one plan at a time. A key comes back
 * when something it concerns changes, when its plan asked to be woken, when an answer came, or, with back-off, when
 * its plan failed. Answers to writes go into the cache at once, so that the next pass never works on a snapshot older
 * than its own last write.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/transport.h"

struct runner;

struct runner_settings {
	const char *namespace; /* NULL: all; else cluster-scoped types are not watched */
	uint64_t seed; /* of jitter and event names */
	const struct settings *settings; /* given to every pass; borrowed while the runner lives; NULL: none */
	/* Of events, and the manager of applied fields: "rollouts-controller". Borrowed while the runner lives. */
	const char *component;
	struct transport *programs; /* of queries that programs answer (kube/transport_exec.h); NULL: none */
	/* Objects of this type are in another cluster, or another namespace than whose they are (NULL: in the same).
	 * type NULL: none are. */
	struct elsewhere {
		const struct type *type;
		struct transport *api; /* borrowed */
		const char *namespace;
	} elsewhere;
	bool (*may_write)(void *arg); /* NULL, or asked before every write, with `arg` below */
	/* NULL, or a label selector that the controllers' own objects must match too (--instance-id). */
	const char *selector;
	void (*synced)(void *arg); /* NULL, or called when every first list is in */
	/* NULL, or called with every plan that is not quiet, before it is carried out. */
	void (*planned)(const char *controller, const char *ns, const char *name, const struct plan *, void *arg);
	/* NULL, or called after every change of an object, every pass, and every event. */
	void (*changed)(const struct object *, bool deleted, void *arg);
	/* NULL, or called with every object that is found unreadable, in each version of it, and (gone) when it no
	 * longer is: its metadata is all that is known. And with the type of every event of a watch that could not be
	 * read. */
	void (*unreadable)(const struct object *, bool gone, void *arg);
	void (*garbled)(const struct type *, void *arg);
	void (*passed)(const char *controller, const char *ns, const char *name, int64_t ms, bool failed, void *arg);
	void (*told)(const struct plan_step *event, void *arg);
	/* NULL, or called after every response with the time that it took. */
	void (*answered)(const char *controller, const char *ns, const char *name, int64_t ms, void *arg);
	void *arg;
};

/* `outside` carries queries (Prometheus); it may be the API server's transport. Rows end with NULL. */
struct runner *runner_start(struct transport *api, struct transport *outside, const struct controller *const *rows,
    const struct runner_settings *);

/* Stops where it is: open requests may still take effect, and no callback is called any more. Takes NULL; returns
 * NULL. */
struct runner *runner_stop(struct runner *);

/* Something that no watch of its own tells it concerns this key: it gets a pass, which sees when (struct pass).
 * Nothing happens when there is no controller of that name, or no such object. */
void runner_touch(struct runner *, const char *controller, const char *ns, const char *name);

/* How many keys wait or are being worked on: 0 means there is nothing to do now. */
size_t runner_busy(const struct runner *);

/* The view of its cache. Lives as long as the runner. */
const struct view *runner_view(const struct runner *);
