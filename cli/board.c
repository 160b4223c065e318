/* cli/board.c: watches of a dashboard: what they list, and which namespaces. */
#include "cli/board.h"
#include <stdio.h>
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_details.h"
#include "kube/api/replicaset.h"
#include "kube/watch.h"

/* Pods and ReplicaSets of Rollouts and Experiments only. */
static const struct {
	const struct type *type;
	const char *labels;
} watched[] = {
	{ &rollout_type, NULL },
	{ &replicaset_type, LABEL_POD_TEMPLATE_HASH },
	{ &pod_details_type, LABEL_POD_TEMPLATE_HASH },
	{ &analysis_run_type, NULL },
	{ &experiment_type, NULL },
};

_Static_assert(ARRAY_SIZE(watched) == BOARD_TYPES, "a watch for each type");

static void
board_on_change(const struct object *o, bool deleted, void *arg)
{
	struct board *b = arg;

	(void)deleted;
	if (b->dashboard != NULL)
		dashboard_changed(b->dashboard, o);
}

static void
board_on_synced(void *arg)
{
	((struct board *)arg)->synced++;
}

bool
board_is_ready(void *arg)
{
	return ((struct board *)arg)->synced >= ARRAY_SIZE(watched);
}

/* Users who may not list all namespaces see one. If they may not list that either, or no server is reached, the
 * command fails. */
static void
board_on_failed(const struct err *e, void *arg)
{
	struct board *b = arg;

	if (board_is_ready(b))
		return; /* the watch is retried */
	if (b->everywhere && b->may_narrow && e->class != ERR_AGAIN) {
		b->everywhere = false;
		loop_timer(b->cli->loop, &b->again, 0);
	} else if (!timer_armed(&b->again) && b->code == 0) {
		b->code = cli_error(b->cli, e);
		loop_stop(b->cli->loop);
	}
}

static void
board_stop_watches(struct board *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		b->watches[i] = watch_stop(b->watches[i]);
	board_applications_stop(&b->applications);
}

void
board_start(struct board *b)
{
	b->synced = 0;
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		b->watches[i] = watch_start(b->cli->transport, b->cache, watched[i].type,
		    &(struct watch_scope){
			.namespace = b->everywhere ? NULL : b->cli->namespace, .labels = watched[i].labels },
		    1, (struct watch_observer){ .synced = board_on_synced, .failed = board_on_failed, .arg = b });
	board_applications_start(
	    &b->applications, b->cli->transport, b->cache, b->everywhere ? NULL : b->cli->namespace, b->policy);
}

static void
board_on_again(struct timer *t, void *arg)
{
	struct board *b = arg;

	(void)t;
	fprintf(stderr, "No permission to list all namespaces; showing namespace %s.\n", b->cli->namespace);
	board_stop_watches(b);
	board_start(b);
}

void
board_init(struct board *b, struct cli *c, bool everywhere)
{
	*b = (struct board){ .cli = c, .everywhere = everywhere };
	b->again = (struct timer){ .fire = board_on_again, .arg = b };
	b->cache = cache_new(board_on_change, b);
}

void
board_done(struct board *b)
{
	b->dashboard = dashboard_free(b->dashboard);
	loop_timer_stop(b->cli->loop, &b->again);
	board_stop_watches(b);
	b->cache = cache_free(b->cache);
}
