/* kube/api/list_reader.c: lists that are read while they arrive: follows the brackets and strings of the JSON text;
 * each item is left to the parser.
 *
 * The text is {"kind": …, "metadata": {…}, "items": [{…}, {…}]}, its fields in any order. Depth 1 is the list itself, 2
 * its fields' insides; an object of `items` is a bracket that opens at depth 2 there, and closes there again.
 */
#include "kube/api/list_reader.h"
#include <string.h>

#define HEAD_MAX (1u << 20)
#define LIST_MAX (1u << 30) /* bytes of one page */
#define KEY_MAX 32

void
list_reader_init(struct list_reader *r, list_item *item, void *arg)
{
	*r = (struct list_reader){ .item = item, .arg = arg };
	str_init(&r->head, HEAD_MAX);
	str_init(&r->object, ITEM_MAX);
	str_init(&r->key, KEY_MAX);
}

void
list_reader_init_text(struct list_reader *r, list_text *text, void *arg)
{
	list_reader_init(r, NULL, arg);
	r->text = text;
}

void
list_reader_done(struct list_reader *r)
{
	str_done(&r->head);
	str_done(&r->object);
	str_done(&r->key);
}

static void
list_reader_empty(struct str *s)
{
	str_cut(s, s->len);
	s->overflow = false;
}

/* Passes on an object whose text is complete. */
static void
list_reader_hand_on(struct list_reader *r)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	if (r->text != NULL) {
		struct item_text item;

		item_init(&item, a, r->object.at, r->object.len, r->object.overflow);
		r->text(r->arg, &item);
		item_done(&item);
	} else {
		_cleanup_(json_decrefp) json_t *item = NULL;
		struct unreadable why;
		bool whole = item_read(a, r->object.at, r->object.len, r->object.overflow, &item, &why);

		r->item(r->arg, item, whole ? NULL : &why);
	}
	list_reader_empty(&r->object);
}

/* A character within a string, or one of its quotes. */
static void
list_reader_in_string(struct list_reader *r, char c)
{
	if (r->escaped)
		r->escaped = false;
	else if (c == '\\')
		r->escaped = true;
	else if (c == '"')
		r->in_string = false;
	if (r->depth == 1 && r->in_string)
		str_addc(&r->key, c);
}

static void
list_reader_outside_string(struct list_reader *r, char c)
{
	switch (c) {
	case '"':
		r->in_string = true;
		if (r->depth == 1)
			list_reader_empty(&r->key);
		break;
	case ':':
		if (r->depth == 1)
			r->is_items = strcmp(str_text(&r->key), "items") == 0;
		break;
	case ',':
		if (r->depth == 1)
			r->is_items = false;
		break;
	case '[':
	case '{':
		if (r->depth++ == 1 && r->is_items)
			r->in_items = c == '[';
		break;
	case ']':
	case '}':
		if (--r->depth == 1)
			r->in_items = false;
		break;
	default: break;
	}
}

/* Returns the number of characters that change nothing: within a string, or outside of one. */
static size_t
list_reader_plain(const char *at, size_t len, bool in_string)
{
	size_t n = 0;

	if (in_string)
		while (n < len && at[n] != '"' && at[n] != '\\')
			n++;
	else
		while (n < len && at[n] != '"' && at[n] != '{' && at[n] != '}' && at[n] != '[' && at[n] != ']')
			n++;
	return n;
}

struct err *
list_reader_add(struct list_reader *r, struct arena *a, const char *at, size_t len)
{
	r->bytes += len;
	for (size_t i = 0; i < len; i++) {
		bool was_item = r->in_items && r->depth > 2;

		/* Most characters are within an object, and only those that can end it or a string are of interest. */
		if (was_item && !r->escaped) {
			size_t n = list_reader_plain(at + i, len - i, r->in_string);

			str_add_most(&r->object, at + i, n);
			i += n;
			if (i == len)
				break;
		}

		if (r->in_string)
			list_reader_in_string(r, at[i]);
		else
			list_reader_outside_string(r, at[i]);
		if (was_item || (r->in_items && r->depth > 2)) {
			str_addc(&r->object, at[i]);
			if (r->depth == 2)
				list_reader_hand_on(r);
		} else if (!r->in_items || r->depth < 2 || (at[i] != ',' && r->depth == 2)) {
			str_addc(&r->head, at[i]);
		}
		if (r->depth < 0 || (r->depth > JSON_DEPTH_MAX && !r->in_items) || r->head.overflow)
			return err_new(a, ERR_INVALID, "%s",
			    r->head.overflow ? "the list is too long without its objects" : "this is no list");
	}
	if (r->bytes > LIST_MAX)
		return err_new(a, ERR_INVALID, "the list is longer than %u MiB", LIST_MAX >> 20);
	return NULL;
}

struct err *
list_reader_end(struct list_reader *r, struct arena *a, json_t **ret)
{
	struct err *e = json_parse(a, str_text(&r->head), r->head.len, ret);

	return e != NULL ? err_wrap(a, e, "the list") : NULL;
}
