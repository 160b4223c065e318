/* web/metric_objects.c: objects that have metrics, until some time after they are deleted: entries by type, namespace
 * and name. */
#include "web/metric_objects.h"
#include <stdlib.h>

#define SWEEP_MS 5000

void *
metric_objects_get(struct metric_objects *m, const struct type *type, const char *ns, const char *name, bool create)
{
	_cleanup_(freep) char *key = mem_printf("%s %s/%s", type->plural, ns != NULL ? ns : "", name);
	struct metric_object *e = map_get(&m->entries, key);

	if (e != NULL || !create)
		return e;
	e = mem_alloc(m->size);
	*e = (struct metric_object){ type, mem_strdup(ns != NULL ? ns : ""), mem_strdup(name), 0 };
	map_set(&m->entries, key, e);
	return e;
}

static void
metric_objects_forget(struct metric_objects *m, struct metric_object *e)
{
	m->done(e);
	free(e->ns);
	free(e->name);
	free(e);
}

void
metric_objects_sweep(struct metric_objects *m, int64_t now)
{
	if (now - m->swept_at < SWEEP_MS)
		return;
	m->swept_at = now;
	map_each (&m->entries, slot) {
		struct metric_object *e = slot->value;

		if (e->gone_at != 0 && now - e->gone_at > METRICS_GONE_MS) {
			map_remove(&m->entries, slot->key);
			metric_objects_forget(m, e);
		}
	}
}

void
metric_objects_done(struct metric_objects *m)
{
	map_each (&m->entries, slot)
		metric_objects_forget(m, slot->value);
	map_done(&m->entries);
}
