/* kube/api/list_reader.h: a list of objects, read as it comes: one object at a time, however many there are. An object that cannot be read
 * does not end the list: its limits are its own.
 */
#pragma once
#include "base/str.h"
#include "kube/api/item.h"

/* Called with each object of the list's `items`, in their order. `unreadable` is NULL, or says why the object could not be read: `item` then
 * has what item_read leaves of it. All of it is borrowed for the call. */
typedef void list_item(void *arg, const json_t *item, const struct unreadable *unreadable);

/* Embedded by its owner; its fields are its own business. */
struct list_reader {
	list_item *item;
	void *arg;
	struct str head; /* the list without what stands in its items */
	struct str object; /* the one that is being read */
	struct str key; /* the last string of the list itself: perhaps a field's name */
	size_t bytes; /* of all of it, so far */
	int depth;
	bool in_string, escaped, is_items, in_items;
};

/* An empty reader that calls `item`. Ended with list_reader_done. */
void list_reader_init(struct list_reader *, list_item *item, void *arg);
void list_reader_done(struct list_reader *);

/* Reads on. An error (what comes is no list, or is longer without its objects than HEAD_MAX, or with them than LIST_MAX) is for good: the
 * reader must not be given more. */
struct err *list_reader_add(struct list_reader *, struct arena *, const char *at, size_t len);

/* Nothing more comes. *ret is the list with empty `items`; the caller owns it. An error when it broke off, or is no list. */
struct err *list_reader_end(struct list_reader *, struct arena *, json_t **ret);
