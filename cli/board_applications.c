/* cli/board_applications.c: watches of Applications for a dashboard. */
#include "cli/board_applications.h"
#include <stdio.h>
#include "io/log.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/core.h"

/* Applications are not waited for. */
static void
board_applications_on_synced(void *arg)
{
	(void)arg;
}

/* Other failures are those of the server, which the watches of Rollouts report. */
static void
board_applications_on_failed(const struct err *e, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct board_applications *b = arg;

	if (b->required)
		log_warn("Applications are not shown before this can be listed", "error", err_text(a, e));
	if (b->required || !e->forbidden || b->noted)
		return;
	b->noted = true;
	fprintf(stderr, "No permission to list Applications; showing none. --namespace selects one namespace.\n");
}

void
board_applications_start(
    struct board_applications *b, struct transport *api, struct cache *cache, const char *ns, const char *policy)
{
	const struct watch_observer observer = {
		.synced = board_applications_on_synced, .failed = board_applications_on_failed, .arg = b
	};

	b->required = policy != NULL;
	b->watches[0] =
	    watch_start(api, cache, &application_type, &(struct watch_scope){ .namespace = ns }, 1, observer);
	if (policy == NULL)
		return;
	b->watches[1] =
	    watch_start(api, cache, &app_project_type, &(struct watch_scope){ .namespace = policy }, 1, observer);
	b->watches[2] = watch_start(api, cache, &config_map_type,
	    &(struct watch_scope){ .namespace = policy, .fields = "metadata.name=argocd-rbac-cm" }, 1, observer);
}

void
board_applications_stop(struct board_applications *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(b->watches); i++)
		b->watches[i] = watch_stop(b->watches[i]);
}
