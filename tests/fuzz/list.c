/* tests/fuzz/list.c: a list in pieces, whose length the first byte gives: what is read is what a parser reads from
 * the whole. */
#include <stdlib.h>
#include <string.h>
#include "kube/api/list_reader.h"
#include "tests/fuzz/fuzz.h"

static void
keep(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	if (unreadable != NULL && unreadable->why == NULL)
		abort();
	json_array_append(arg, (json_t *)item);
}

/* The reader promises a result for an object whose items, if it has any, are objects. */
static bool
is_list(const json_t *whole)
{
	const json_t *items = json_object_get(whole, "items"), *item;
	size_t i;

	json_array_foreach (items, i, item)
		if (!json_is_object(item))
			return false;
	return json_is_object(whole) && (items == NULL || json_is_array(items));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *whole = NULL, *got = json_array(), *head = NULL;
	struct list_reader r;
	struct err *e = NULL;
	size_t piece, n;

	if (size-- == 0)
		return 0;
	piece = 1 + *data++;
	list_reader_init(&r, keep, got);
	for (size_t at = 0; e == NULL && at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		e = list_reader_add(&r, a, (const char *)data + at, n);
	}
	if (e == NULL)
		e = list_reader_end(&r, a, &head);
	list_reader_done(&r);
	/* A field's name is taken as it is written: no API server escapes a letter. */
	if (memmem(data, size, "\\u", 2) != NULL || json_parse(a, (const char *)data, size, &whole) != NULL ||
	    !is_list(whole))
		return 0;
	if (json_object_get(whole, "items") == NULL ? json_array_size(got) != 0
						    : !json_equal(got, json_object_get(whole, "items")))
		abort();
	if (json_object_get(whole, "items") != NULL)
		json_object_set_new(whole, "items", json_array());
	if (e != NULL || !json_equal(head, whole))
		abort();
	return 0;
}
