/* cli/dashboard_objects.c: watches of a dashboard: what they list, and which namespaces. */
#include "cli/dashboard_objects.h"
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

_Static_assert(ARRAY_SIZE(watched) == DASHBOARD_OBJECTS_TYPES, "a watch for each type");

static void
dashboard_objects_on_change(const struct object *o, bool deleted, void *arg)
{
	struct dashboard_objects *d = arg;

	(void)deleted;
	if (d->dashboard != NULL)
		dashboard_changed(d->dashboard, o);
}

static void
dashboard_objects_on_synced(void *arg)
{
	((struct dashboard_objects *)arg)->synced++;
}

bool
dashboard_objects_is_ready(void *arg)
{
	return ((struct dashboard_objects *)arg)->synced >= ARRAY_SIZE(watched);
}

/* Users who may not list all namespaces see one. If they may not list that either, or no server is reached, the
 * command fails. */
static void
dashboard_objects_on_failed(const struct err *e, void *arg)
{
	struct dashboard_objects *d = arg;

	if (dashboard_objects_is_ready(d))
		return; /* the watch is retried */
	if (d->everywhere && d->may_narrow && e->class != ERR_AGAIN) {
		d->everywhere = false;
		loop_timer(d->cli->loop, &d->again, 0);
	} else if (!timer_armed(&d->again) && d->code == 0) {
		d->code = cli_error(d->cli, e);
		loop_stop(d->cli->loop);
	}
}

static void
dashboard_objects_stop_watches(struct dashboard_objects *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		d->watches[i] = watch_stop(d->watches[i]);
	watched_applications_stop(&d->applications);
}

void
dashboard_objects_start(struct dashboard_objects *d)
{
	d->synced = 0;
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		d->watches[i] = watch_start(d->cli->transport, d->cache, watched[i].type,
		    &(struct watch_scope){
			.namespace = d->everywhere ? NULL : d->cli->namespace, .labels = watched[i].labels },
		    1,
		    (struct watch_observer){
			.synced = dashboard_objects_on_synced, .failed = dashboard_objects_on_failed, .arg = d });
	watched_applications_start(
	    &d->applications, d->cli->transport, d->cache, d->everywhere ? NULL : d->cli->namespace, d->policy);
}

static void
dashboard_objects_on_again(struct timer *t, void *arg)
{
	struct dashboard_objects *d = arg;

	(void)t;
	fprintf(stderr, "No permission to list all namespaces; showing namespace %s.\n", d->cli->namespace);
	dashboard_objects_stop_watches(d);
	dashboard_objects_start(d);
}

void
dashboard_objects_init(struct dashboard_objects *d, struct cli *c, bool everywhere)
{
	*d = (struct dashboard_objects){ .cli = c, .everywhere = everywhere };
	d->again = (struct timer){ .fire = dashboard_objects_on_again, .arg = d };
	d->cache = cache_new(dashboard_objects_on_change, d);
}

void
dashboard_objects_done(struct dashboard_objects *d)
{
	d->dashboard = dashboard_free(d->dashboard);
	loop_timer_stop(d->cli->loop, &d->again);
	dashboard_objects_stop_watches(d);
	d->cache = cache_free(d->cache);
}
