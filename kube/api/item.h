/* kube/api/item.h: the text of one object of a list or a watch.
 *
 * An API server can store objects that cannot be decoded here: with an integer beyond 64 bits, U+0000 in a key, a
 * nesting deeper than JSON_DEPTH_MAX, or a text longer than ITEM_MAX. Such an object is known by its metadata and is
 * unreadable. All other objects of the same list are read.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

#define ITEM_MAX (8u << 20) /* bytes; the limit of etcd is 1.5 MiB */

/* The reason why an object is unreadable. */
struct unreadable {
	const char *why; /* in the caller's arena */
	bool partial; /* a part of its metadata is unreadable too: its owner, or its labels, are unknown */
};

/* Reads an object. `cut` is true if the text is only the beginning of an object that is too long. Returns true with the
 * whole object in *ret, or false with the readable part of its apiVersion, kind and metadata in *ret, and the reason in
 * *ret_why. *ret is a new reference in both cases. */
bool item_read(struct arena *, const char *text, size_t len, bool cut, json_t **ret, struct unreadable *ret_why);

/* Reads an event of a watch, {"type": …, "object": {…}}. Returns false, and sets nothing, for all other texts.
 * *ret_type is in the arena, and *ret_object as from item_read. ret_why->why is NULL if the whole object was read. */
bool item_event(struct arena *, const char *text, size_t len, bool cut, const char **ret_type, json_t **ret_object,
    struct unreadable *ret_why);

/* Returns "KIND NS/NAME cannot be read: WHY; …" with the remedy, in the arena. NS and NAME can be NULL. */
const char *item_problem(struct arena *, const char *kind, const char *ns, const char *name, const char *why);

/* Returns the name in the metadata, or NULL. */
const char *item_name(const json_t *item);
