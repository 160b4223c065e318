/* tests/fuzz/item.c: one object of a list, or an event of a watch: read whole, or known by what can be read of its
 * metadata; and decoded from its text as from a tree.
 *
 * The first byte says which type it is taken for, and whether the text is only the beginning of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kube/api/core.h"
#include "kube/api/item.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/kube/tree_decoder.h"

/* Readers of the cache rely on this. */
static void
check_object(struct arena *a, const struct type *t, const struct item_text *i)
{
	const struct object *o = object_of_item(t, i, NULL, a);

	if (o->unreadable == NULL) {
		for (size_t k = 0; k < o->meta.owners.n; k++)
			if (o->meta.owners.at[k].kind == NULL || o->meta.owners.at[k].name == NULL)
				abort();
		if (o->meta.name == NULL || o->meta.uid == NULL || o->meta.resource_version == NULL)
			abort();
	} else if (o->unreadable->why == NULL) {
		abort();
	}
	object_controller(o);
	/* The cache finds the object by what the item says of it. */
	if (!str_eq(o->meta.name, i->name) || !str_eq(o->meta.namespace, i->namespace) ||
	    !str_eq(o->meta.uid, i->uid) || !str_eq(o->meta.resource_version, i->resource_version))
		abort();
}

static void
check_same(struct arena *a, const struct type *t, const struct item_text *i, const json_t *tree)
{
	const char *wrong = tree_difference(a, object_decode_at(t, i->text, a), tree_object(t, tree, a));

	if (wrong == NULL)
		return;
	fprintf(stderr, "%s\n", wrong);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &service_type, &pod_type,
		&virtual_service_type, &experiment_type, &deployment_type, &pod_template_object_type };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *item = NULL, *whole = NULL;
	const struct type *t;
	const char *text, *kind;
	struct unreadable why;
	struct item_text i;
	bool cut;

	if (size-- == 0)
		return 0;
	t = types[(*data & 3) | (*data & 8) >> 1];
	cut = (*data & 4) != 0;
	text = arena_strndup(a, (const char *)data + 1, size);
	item_init(&i, a, text, size, cut);
	if (item_read(a, text, size, cut, &item, &why)) {
		if (cut || !json_is_object(item) || i.text == NULL)
			abort();
		check_same(a, t, &i, item);
	} else if (i.text != NULL || !str_eq(i.why.why, why.why) || i.why.partial != why.partial ||
		   !json_equal(i.part, item) ||
		   (!cut && json_parse(a, text, size, &whole) == NULL && json_is_object(whole))) {
		abort();
	}
	check_object(a, t, &i);
	item_done(&i);
	if (item_event(a, text, size, cut, &kind, &i)) {
		if (kind == NULL || (i.text == NULL) == (i.part == NULL))
			abort();
		check_object(a, t, &i);
		item_done(&i);
	}
	return 0;
}
