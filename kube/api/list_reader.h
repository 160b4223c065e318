/* kube/api/list_reader.h: reads a list of any length while it arrives, one object at a time. An unreadable object does
 * not end the list.
 */
#pragma once
#include "base/str.h"
#include "kube/api/item.h"

/* Called with each object of `items`, in order. `unreadable` is NULL, or the reason why the object is unreadable;
 * `item` is then as from item_read. Borrowed for the call. */
typedef void list_item(void *arg, const json_t *item, const struct unreadable *unreadable);

/* The same, without a tree. */
typedef void list_text(void *arg, const struct item_text *);

/* Embedded by its owner. The members are private. */
struct list_reader {
	list_item *item; /* one of these is set */
	list_text *text;
	void *arg;
	struct str head; /* the list without its items */
	struct str object; /* the current object */
	struct str key; /* the last string of the list itself: possibly the name of a field */
	size_t bytes; /* read so far */
	int depth;
	bool in_string, escaped, is_items, in_items;
};

/* Initialize a reader that calls `item`, or `text`. list_reader_done frees it. */
void list_reader_init(struct list_reader *, list_item *item, void *arg);
void list_reader_init_text(struct list_reader *, list_text *text, void *arg);
void list_reader_done(struct list_reader *);

/* Reads more text. Errors: the text is not a list, or is longer than HEAD_MAX without its objects, or than LIST_MAX
 * with them. After an error the reader must not be called again. */
struct err *list_reader_add(struct list_reader *, struct arena *, const char *at, size_t len);

/* Ends the text. *ret is the list with empty `items`; the caller owns it. Returns an error if it is incomplete or
 * not a list. */
struct err *list_reader_end(struct list_reader *, struct arena *, json_t **ret);
