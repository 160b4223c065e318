/* web/tracked.c: objects that have metrics, until some time after they are deleted: entries by type, namespace and
 * name. */
#include "web/tracked.h"
#include <stdlib.h>

#define SWEEP_MS 5000

void *
tracking_get(struct tracking *t, const struct type *type, const char *ns, const char *name, bool create)
{
	_cleanup_(freep) char *key = mem_printf("%s %s/%s", type->plural, ns != NULL ? ns : "", name);
	struct tracked *e = map_get(&t->entries, key);

	if (e != NULL || !create)
		return e;
	e = mem_alloc(t->size);
	*e = (struct tracked){ type, mem_strdup(ns != NULL ? ns : ""), mem_strdup(name), 0 };
	map_set(&t->entries, key, e);
	return e;
}

static void
tracked_forget(struct tracking *t, struct tracked *e)
{
	t->done(e);
	free(e->ns);
	free(e->name);
	free(e);
}

void
tracking_sweep(struct tracking *t, int64_t now)
{
	if (now - t->swept_at < SWEEP_MS)
		return;
	t->swept_at = now;
	map_each (&t->entries, slot) {
		struct tracked *e = slot->value;

		if (e->gone_at != 0 && now - e->gone_at > METRICS_GONE_MS) {
			map_remove(&t->entries, slot->key);
			tracked_forget(t, e);
		}
	}
}

void
tracking_done(struct tracking *t)
{
	map_each (&t->entries, slot)
		tracked_forget(t, slot->value);
	map_done(&t->entries);
}
