/* gitops/worker/drift_watch.h: drift detection: reports changes of objects that Applications and Kustomizations
 * manage.
 *
 * Each kind that one of them manages is watched, for metadata only. The last status of each Application and
 * Kustomization says which objects it manages; of Kustomizations only Rollouts are watched, because an abort must be
 * known at once, and other changes are found at the next interval. No object is kept. Without permission to watch a
 * kind, its changes are found at the next refresh. Secrets are not watched, because a server that ignores the
 * request for metadata would send their data.
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
	/* Called for each change of an object that the Application or Kustomization of that name manages. */
	void (*touched)(void *arg, const struct type *, const char *ns, const char *name);
	void *arg;
};

/* Returns a watch that has nothing to watch yet. The settings are copied, and what they point to is borrowed. */
struct drift_watch *drift_watch_new(const struct drift_watch_settings *);

/* Frees a watch. Takes NULL, and returns NULL. */
struct drift_watch *drift_watch_free(struct drift_watch *);

/* Reports a change of an object that the controller watches itself, and so knows earlier. */
void drift_watch_changed(struct drift_watch *, const struct object *);

/* Sets the objects that the Application or Kustomization manages, by its status; none when it was deleted. */
void drift_watch_application(struct drift_watch *, const struct application *, bool deleted);
void drift_watch_kustomization(struct drift_watch *, const struct flux_kustomization *, bool deleted);
