/* kube/api/list_reader.h: a list of objects, read as it comes: one object at a time, however many there are. */
#pragma once
#include "base/json.h"
#include "base/str.h"

/* Told of each object of the list's `items`, in their order. Borrowed for the call. */
typedef void list_item(void *arg, const json_t *item);

/* Embedded by its owner; its fields are its own business. */
struct list_reader {
	list_item *item;
	void *arg;
	struct str head; /* the list without what stands in its items */
	struct str object; /* the one that is being read */
	struct str key; /* the last string of the list itself: perhaps a field's name */
	int depth;
	bool in_string, escaped, is_items, in_items;
};

/* An empty reader that tells `item`. Ended with list_reader_done. */
void list_reader_init(struct list_reader *, list_item *item, void *arg);
void list_reader_done(struct list_reader *);

/* Reads on. An error (what comes is no list, or an object or the rest is longer than the API server would keep) is for good: the
 * reader must not be given more. */
struct err *list_reader_add(struct list_reader *, struct arena *, const char *at, size_t len);

/* Nothing more comes. *ret is the list with empty `items`; the caller owns it. An error when it broke off, or is no list. */
struct err *list_reader_end(struct list_reader *, struct arena *, json_t **ret);
