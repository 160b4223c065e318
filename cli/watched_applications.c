/* cli/watched_applications.c: watches of Applications for a dashboard. */
#include "cli/watched_applications.h"
#include <stdio.h>
#include "io/log.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/core.h"

/* Applications are not waited for. */
static void
watched_applications_on_synced(void *arg)
{
	(void)arg;
}

/* Other failures are those of the server, which the watches of Rollouts report. */
static void
watched_applications_on_failed(const struct err *e, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct watched_applications *w = arg;

	if (w->required)
		log_warn("Applications are not shown before this can be listed", "error", err_text(a, e));
	if (w->required || !e->forbidden || w->noted)
		return;
	w->noted = true;
	fprintf(stderr, "No permission to list Applications; showing none. --namespace selects one namespace.\n");
}

void
watched_applications_start(
    struct watched_applications *w, struct transport *api, struct cache *cache, const char *ns, const char *policy)
{
	const struct watch_observer observer = {
		.synced = watched_applications_on_synced, .failed = watched_applications_on_failed, .arg = w
	};

	w->required = policy != NULL;
	w->watches[0] =
	    watch_start(api, cache, &application_type, &(struct watch_scope){ .namespace = ns }, 1, observer);
	if (policy == NULL)
		return;
	w->watches[1] =
	    watch_start(api, cache, &app_project_type, &(struct watch_scope){ .namespace = policy }, 1, observer);
	w->watches[2] = watch_start(api, cache, &config_map_type,
	    &(struct watch_scope){ .namespace = policy, .fields = "metadata.name=argocd-rbac-cm" }, 1, observer);
}

void
watched_applications_stop(struct watched_applications *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(w->watches); i++)
		w->watches[i] = watch_stop(w->watches[i]);
}
