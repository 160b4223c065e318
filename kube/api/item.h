/* kube/api/item.h: the text of one object of a list or a watch.
 *
 * What a tenant wrote may be stored by the API server and yet not be read here: an integer beyond 64 bits, U+0000 in a key, a nesting
 * deeper than JSON_DEPTH_MAX, a text longer than ITEM_MAX. Such an object is known by its metadata and is unreadable; the other objects of
 * the same list are read.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

#define ITEM_MAX (8u << 20) /* bytes; etcd keeps 1.5 MiB */

/* Why an object could not be read. */
struct unreadable {
	const char *why; /* in the arena that was given */
	bool partial; /* some of its metadata could not be read either: who owns it, or what selects it, is not known */
};

/* Reads an object; `cut`: the text is only the beginning of one that is too long. True: *ret is the whole object. False: *ret has what could
 * be read of its apiVersion, kind and metadata, perhaps nothing, and *ret_why says what is wrong. *ret is a new reference in both cases. */
bool item_read(struct arena *, const char *text, size_t len, bool cut, json_t **ret, struct unreadable *ret_why);

/* Reads an event of a watch, {"type": …, "object": {…}}. False: it is none, or has no type; nothing is set. True: *ret_type is in the arena
 * and *ret_object as item_read leaves it; ret_why->why is NULL when the object was read whole. */
bool item_event(struct arena *, const char *text, size_t len, bool cut, const char **ret_type, json_t **ret_object,
    struct unreadable *ret_why);

/* "KIND NS/NAME cannot be read: WHY; …" and what to do about it. NS and NAME may be NULL. In the arena. */
const char *item_problem(struct arena *, const char *kind, const char *ns, const char *name, const char *why);

/* The metadata's name, or NULL. */
const char *item_name(const json_t *item);
