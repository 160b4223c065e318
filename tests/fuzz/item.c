/* tests/fuzz/item.c: one object of a list, or an event of a watch: read whole, or known by what can be read of its
 * metadata.
 *
 * The first byte says which type it is taken for, and whether the text is only the beginning of one.
 */
#include <stdlib.h>
#include <string.h>
#include "kube/api/core.h"
#include "kube/api/item.h"
#include "kube/api/replicaset.h"
#include "kube/api/rollout.h"
#include "tests/fuzz/fuzz.h"

/* Readers of the cache rely on this. */
static void
check_object(struct arena *a, const struct type *t, const json_t *item, const struct unreadable *why)
{
	struct unreadable incomplete = { NULL, false };
	const struct object *o = why == NULL ? object_decode(t, item, a) : NULL;

	if (o != NULL && (incomplete.why = object_refusal(o, a)) == NULL) {
		for (size_t i = 0; i < o->meta.owners.n; i++)
			if (o->meta.owners.at[i].kind == NULL || o->meta.owners.at[i].name == NULL)
				abort();
		if (o->meta.name == NULL || o->meta.uid == NULL || o->meta.resource_version == NULL)
			abort();
		return;
	}
	o = object_unreadable(t, item, why != NULL ? why : &incomplete, a);
	if (o->unreadable == NULL || o->unreadable->why == NULL)
		abort();
	object_controller(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &service_type, &pod_type };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *item = NULL, *of_event = NULL, *whole = NULL;
	const char *text, *kind;
	struct unreadable why;
	bool cut;

	if (size-- == 0)
		return 0;
	cut = (*data & 4) != 0;
	text = (const char *)data + 1;
	if (item_read(a, text, size, cut, &item, &why)) {
		if (cut || !json_is_object(item))
			abort();
		check_object(a, types[*data % 4], item, NULL);
	} else {
		if (!cut && json_parse(a, text, size, &whole) == NULL && json_is_object(whole))
			abort();
		check_object(a, types[*data % 4], item, &why);
	}
	if (item_event(a, text, size, cut, &kind, &of_event, &why)) {
		if (kind == NULL || of_event == NULL)
			abort();
		check_object(a, types[*data % 4], of_event, why.why != NULL ? &why : NULL);
	}
	return 0;
}
