/* kube/api/item.h: the text of one object of a list or a watch.
 *
 * An API server can store objects that cannot be decoded here: with an integer beyond 64 bits, U+0000 in a key, a
 * nesting deeper than JSON_DEPTH_MAX, or a text longer than ITEM_MAX. Such an object is known by its metadata and is
 * unreadable. All other objects of the same list are read.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"
#include "base/str.h"

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

/* The same object, without a tree. All members but `part` live in the caller's arena, or borrow the text. */
struct item_text {
	const char *text; /* the object in a text from item_accept; NULL: it is unreadable */
	json_t *part; /* the readable part of an unreadable object, as from item_read; else NULL */
	struct unreadable why; /* of an unreadable object; why.why is NULL for others */
	const char *namespace, *name, *uid, *resource_version; /* of its metadata; NULL: no string, or one with
							     * U+0000 */
	int64_t generation; /* of its metadata; 0: it has none, or the object is unreadable */
	struct bytes response; /* of the response to a write: its whole text, as it arrived; empty for others */
};

/* Reads an object as item_read does. item_done frees what it owns. */
void item_init(struct item_text *, struct arena *, const char *text, size_t len, bool cut);
void item_done(struct item_text *);

/* Makes an item of a tree, or of the readable part of an unreadable object. */
void item_init_tree(struct item_text *, struct arena *, const json_t *, const struct unreadable *);

/* Accepts the text of an object, or of an event that has one (base/json_walk.h). Returns it without the object's
 * managedFields, which are up to half of the text and which no type reads: a copy in the arena if it has any. Returns
 * NULL if it is not accepted. */
const char *item_accept(struct arena *, const char *text, size_t len, bool event);

/* Makes an item of a value within an accepted text. */
void item_init_accepted(struct item_text *, struct arena *, const char *text);

/* Reads an event of a watch, {"type": …, "object": {…}}. Returns false, and sets nothing, for all other texts.
 * *ret_type is in the arena, and *ret as from item_init. */
bool item_event(struct arena *, const char *text, size_t len, bool cut, const char **ret_type, struct item_text *ret);

/* Returns "KIND NS/NAME cannot be read: WHY; …" with the remedy, in the arena. NS and NAME can be NULL. */
const char *item_problem(struct arena *, const char *kind, const char *ns, const char *name, const char *why);

/* Returns the name in the metadata, or NULL. */
const char *item_name(const json_t *item);
