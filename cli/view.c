/* cli/view.c: watches for commands that look. */
#include "cli/cli.h"
#include "kube/watch.h"

static void
on_change(const struct object *o, bool deleted, void *arg)
{
	struct watched *w = arg;

	(void)o;
	(void)deleted;
	if (w->synced == w->n && w->n > 0)
		w->changed(w->arg);
}

static void
on_synced(void *arg)
{
	struct watched *w = arg;

	if (++w->synced == w->n)
		w->changed(w->arg);
}

void
watched_start(struct cli *c, struct watched *w, const struct type *const *types, size_t n)
{
	w->cache = cache_new(on_change, w);
	w->n = n;
	for (size_t i = 0; i < n; i++)
		w->watches[i] = watch_start(c->transport, w->cache, types[i],
		    cli_flag(c, "all-namespaces") != NULL ? NULL : c->namespace, NULL, 1, on_synced, w);
}

void
watched_stop(struct watched *w)
{
	for (size_t i = 0; i < w->n; i++)
		watch_stop(w->watches[i]);
	cache_free(w->cache);
	w->n = 0;
}
