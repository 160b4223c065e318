/* gitops/worker/drift_watch.h: news of objects that Applications and Kustomizations manage, without keeping them.
 *
 * For each kind that one of them has objects of, changes are watched, and of what comes only the object's name is
 * looked at: whose it is says the last status of each. Of Kustomizations only Rollouts count: what one aborts is to
 * be known at once, and the rest waits for the interval. Nothing is kept of the objects, and whoever may not watch a
 * kind looks at it when its time comes. Secrets are not watched: their watch would bring what is in them.
 */
#pragma once
#include "kube/api/application.h"
#include "kube/api/flux.h"
#include "kube/transport.h"

struct drift_watch;

struct drift_watch_settings {
	struct transport *api;
	const char *namespace; /* NULL: the whole cluster */
	uint64_t seed;
	/* Told of each change of an object that one of this type manages. */
	void (*touched)(void *arg, const struct type *, const char *ns, const char *name);
	void *arg;
};

struct drift_watch *drift_watch_new(const struct drift_watch_settings *);

/* Takes NULL; returns NULL. */
struct drift_watch *drift_watch_free(struct drift_watch *);

/* An object changed that the controller watches for itself: known sooner than by a watch for names. */
void drift_watch_changed(struct drift_watch *, const struct object *);

/* One of these is as it is now, or was deleted: what it manages, its status says. */
void drift_watch_application(struct drift_watch *, const struct application *, bool deleted);
void drift_watch_kustomization(struct drift_watch *, const struct flux_kustomization *, bool deleted);
