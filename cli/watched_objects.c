/* cli/watched_objects.c: watches of commands that show objects, and when these draw them again. */
#include "cli/watched_objects.h"
#include "base/str.h"
#include "kube/watch.h"

static void
watched_objects_on_change(const struct object *o, bool deleted, void *arg)
{
	struct watched_objects *w = arg;

	(void)o;
	(void)deleted;
	if (w->synced == w->n && w->n > 0)
		w->changed(w->arg);
}

static void
watched_objects_on_unreadable(const struct object *o, enum cache_found found, void *arg)
{
	(void)arg;
	if (found == CACHE_UNREADABLE)
		cli_unreadable(o->type, o->meta.namespace, o->meta.name, o->unreadable->why);
}

static void
watched_objects_on_synced(void *arg)
{
	struct watched_objects *w = arg;

	if (++w->synced == w->n)
		w->changed(w->arg);
}

/* An error of the first list ends the command. Later the watch retries. */
static void
watched_objects_on_failed(const struct err *e, void *arg)
{
	struct watched_objects *w = arg;

	if (w->failed || w->synced == w->n)
		return;
	w->failed = true;
	cli_error(w->cli, e);
	loop_stop(w->cli->loop);
}

void
watched_objects_start(
    struct cli *c, struct watched_objects *w, const char *name, const struct type *const *types, size_t n)
{
	_cleanup_(freep) char *of_name = name != NULL ? mem_printf("metadata.name=%s", name) : NULL;

	w->cli = c;
	w->cache = cache_new(watched_objects_on_change, w);
	w->n = n;
	cache_observe_unreadable(w->cache, watched_objects_on_unreadable);
	for (size_t i = 0; i < n; i++)
		w->watches[i] = watch_start(c->transport, w->cache, types[i],
		    &(struct watch_scope){ .namespace = cli_on(c, "all-namespaces") ? NULL : c->namespace,
			.fields = i == 0 ? of_name : NULL },
		    1,
		    (struct watch_observer){
			.synced = watched_objects_on_synced, .failed = watched_objects_on_failed, .arg = w });
}

void
watched_objects_stop(struct watched_objects *w)
{
	for (size_t i = 0; i < w->n; i++)
		watch_stop(w->watches[i]);
	cache_free(w->cache);
	w->n = 0;
}

struct naming {
	const char *name;
	bool found;
};

static void
watched_find_name(const struct object *o, void *arg)
{
	struct naming *n = arg;

	n->found |= str_eq(o->meta.name, n->name);
}

bool
watched_objects_cannot_read(const struct watched_objects *w, const struct type *t, const char *name)
{
	struct naming n = { .name = name };

	view_each_unreadable(
	    cache_view(w->cache), t, t->cluster_scoped ? NULL : w->cli->namespace, watched_find_name, &n);
	return n.found;
}
