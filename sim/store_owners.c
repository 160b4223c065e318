/* sim/store_owners.c: the index of objects by owner: for each uid in owner references the objects that have it. */
#include "sim/store_parts.h"
#include <string.h>
#include "base/str.h"

/* The objects of one owner, in the order in which they became its. */
struct owner {
	char *uid;
	struct ownership *first, *last;
};

struct ownership {
	struct owner *owner;
	struct stored *object;
	struct ownership *previous, *next; /* of the owner */
	struct ownership *also; /* of the object */
};

static const json_t *
owners_of(const json_t *o)
{
	return json_object_get(object_meta(o), "ownerReferences");
}

static void
owners_remove(struct store *s, struct stored *object)
{
	while (object->owners != NULL) {
		struct ownership *w = object->owners;
		struct owner *owner = w->owner;

		object->owners = w->also;
		*(w->previous != NULL ? &w->previous->next : &owner->first) = w->next;
		*(w->next != NULL ? &w->next->previous : &owner->last) = w->previous;
		free(w);
		if (owner->first == NULL) {
			map_remove(&s->owners, owner->uid);
			free(owner->uid);
			free(owner);
		}
	}
}

static bool
owners_has(const struct stored *object, const char *uid)
{
	for (const struct ownership *w = object->owners; w != NULL; w = w->also)
		if (strcmp(w->owner->uid, uid) == 0)
			return true;
	return false;
}

static void
owners_add(struct store *s, struct stored *object, const char *uid)
{
	struct owner *owner;
	struct ownership *w;

	if (uid == NULL || owners_has(object, uid))
		return;
	if ((owner = map_get(&s->owners, uid)) == NULL) {
		owner = mem_alloc(sizeof(*owner));
		*owner = (struct owner){ .uid = mem_strdup(uid) };
		map_set(&s->owners, uid, owner);
	}
	w = mem_alloc(sizeof(*w));
	*w = (struct ownership){ .owner = owner, .object = object, .previous = owner->last, .also = object->owners };
	*(owner->last != NULL ? &owner->last->next : &owner->first) = w;
	owner->last = w;
	object->owners = w;
}

void
owners_changed(struct store *s, struct stored *object, const json_t *old, const json_t *now)
{
	json_t *reference;
	size_t i;

	if (json_equal(owners_of(old), owners_of(now)))
		return;
	owners_remove(s, object);
	json_array_foreach (owners_of(now), i, reference)
		owners_add(s, object, json_str(reference, "uid"));
}

size_t
owners_keys(const struct store *s, const char *uid, struct arena *a, const char ***ret)
{
	const struct owner *owner = uid != NULL ? map_get(&s->owners, uid) : NULL;
	const char **keys;
	size_t n = 0;

	for (const struct ownership *w = owner != NULL ? owner->first : NULL; w != NULL; w = w->next)
		n++;
	*ret = keys = arena_new_array(a, const char *, n + 1);
	n = 0;
	for (const struct ownership *w = owner != NULL ? owner->first : NULL; w != NULL; w = w->next)
		keys[n++] = arena_strdup(a, w->object->key);
	return n;
}

static int
owners_by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
store_each_owned(
    struct store *s, const char *uid, const char *plural, void (*visit)(const json_t *, void *arg), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *prefix = arena_printf(a, "%s ", plural), **keys;
	size_t n = owners_keys(s, uid, a, &keys);

	qsort(keys, n, sizeof(*keys), owners_by_key);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *o =
		    str_starts(keys[i], prefix) ? json_incref(store_at(s, keys[i])) : NULL;

		if (o != NULL)
			visit(o, arg);
	}
}
