/* kube/api/item.c: one object of a list or watch: finds the members of an object by brackets and strings, and parses
 * each of them separately, so that an object that cannot be decoded has at least a name. */
#include "kube/api/item.h"
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"

/* Reads the members of an object. */
struct members {
	const char *at, *end;
};

struct member {
	const char *key, *value; /* as they are written; the key has its quotes */
	size_t key_len, value_len;
	bool broken; /* the text ends within the value */
};

static const char *
item_skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Returns the end of the string that begins at `at`, or NULL if the text ends first. */
static const char *
item_string_end(const char *at, const char *end)
{
	for (at++; at < end; at++)
		if (*at == '\\')
			at++;
		else if (*at == '"')
			return at + 1;
	return NULL;
}

/* Returns the end of the value that begins at `at`, or NULL if the text ends first. */
static const char *
item_value_end(const char *at, const char *end)
{
	size_t depth = 0;

	for (; at < end; at++) {
		if (*at == '"') {
			if ((at = item_string_end(at, end)) == NULL || depth == 0)
				return at;
			at--;
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			if (depth == 0)
				return at;
			if (--depth == 0)
				return at + 1;
		} else if (depth == 0 && (*at == ',' || *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
			return at;
		}
	}
	return NULL;
}

static bool
members_begin(struct members *m, const char *text, size_t len)
{
	m->end = text + len;
	m->at = item_skip_space(text, m->end);
	if (m->at == m->end || *m->at != '{')
		return false;
	m->at++;
	return true;
}

/* Reads the next member. Returns false at the end, and if there is no member. */
static bool
members_next(struct members *m, struct member *ret)
{
	const char *end;

	m->at = item_skip_space(m->at, m->end);
	if (m->at < m->end && *m->at == ',')
		m->at = item_skip_space(m->at + 1, m->end);
	if (m->at == m->end || *m->at != '"' || (end = item_string_end(m->at, m->end)) == NULL)
		return false;
	*ret = (struct member){ .key = m->at, .key_len = (size_t)(end - m->at) };
	m->at = item_skip_space(end, m->end);
	if (m->at == m->end || *m->at != ':')
		return false;
	ret->value = m->at = item_skip_space(m->at + 1, m->end);
	end = item_value_end(m->at, m->end);
	ret->broken = end == NULL;
	m->at = end != NULL ? end : m->end;
	ret->value_len = (size_t)(m->at - ret->value);
	return true;
}

static bool
member_is(const struct member *m, const char *name)
{
	return m->key_len == strlen(name) + 2 && memcmp(m->key + 1, name, m->key_len - 2) == 0;
}

/* Puts a member into an object. Returns false if it cannot be parsed. */
static bool
member_put(const struct member *m, json_t *to)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *one = NULL;
	struct str text;
	bool read;

	if (m->broken)
		return false;
	str_init(&text, m->key_len + m->value_len + 3);
	str_addc(&text, '{');
	str_add(&text, m->key, m->key_len);
	str_addc(&text, ':');
	str_add(&text, m->value, m->value_len);
	str_addc(&text, '}');
	read = json_parse(a, text.at, text.len, &one) == NULL && json_object_update(to, one) == 0;
	str_done(&text);
	return read;
}

/* Reads the readable members of an object, whose values are `depth` objects deep. Returns false if some are not. */
static bool
members_put(const char *text, size_t len, int depth, json_t *to)
{
	struct members all;
	struct member m;
	bool begun = members_begin(&all, text, len), whole = begun;

	while (begun && members_next(&all, &m)) {
		if (member_put(&m, to))
			continue;
		whole = false;
		if (depth > 0) {
			_cleanup_(json_decrefp) json_t *part = json_object();
			_cleanup_(arena_freep) struct arena *a = arena_new();
			_cleanup_(json_decrefp) json_t *key = NULL;

			members_put(m.value, m.value_len, depth - 1, part);
			if (json_object_size(part) > 0 && json_parse(a, m.key, m.key_len, &key) == NULL)
				json_object_set(to, json_string_value(key), part);
		}
	}
	return whole && all.at < all.end && *item_skip_space(all.at, all.end) == '}';
}

static json_t *
item_salvage(const char *text, size_t len, bool *ret_partial)
{
	json_t *item = json_object(), *meta = json_object();
	struct members all;
	struct member m;
	bool whole = false;

	for (bool more = members_begin(&all, text, len); more && members_next(&all, &m);) {
		if (member_is(&m, "apiVersion") || member_is(&m, "kind"))
			member_put(&m, item);
		else if (member_is(&m, "metadata"))
			whole = members_put(m.value, m.value_len, 1, meta);
	}
	json_object_set_new(item, "metadata", meta);
	*ret_partial = !whole;
	return item;
}

bool
item_read(struct arena *a, const char *text, size_t len, bool cut, json_t **ret, struct unreadable *ret_why)
{
	json_t *item = NULL;
	struct err *e;

	if (cut)
		e = err_new(a, ERR_INVALID, "it is longer than %u MiB", ITEM_MAX >> 20);
	else if ((e = json_parse(a, text, len, &item)) == NULL && !json_is_object(item))
		e = err_new(a, ERR_INVALID, "it is no object");
	if (e == NULL) {
		*ret = item;
		*ret_why = (struct unreadable){ NULL, false };
		return true;
	}
	json_decref(item);
	ret_why->why = err_text(a, e);
	*ret = item_salvage(text, len, &ret_why->partial);
	return false;
}

const char *
item_accept(struct arena *a, const char *text, size_t len, bool event)
{
	static const char *const path[] = { "object", "metadata", "managedFields" }, nothing[] = "null";
	const char *from, *to;
	size_t before, after, skipped = event ? 0 : 1;
	char *copy;

	if (!json_check_except(
		text, len, JSON_DEPTH_MAX + (event ? 1 : 0), path + skipped, ARRAY_SIZE(path) - skipped, &from, &to))
		return NULL;
	if (from == NULL)
		return text;
	before = (size_t)(from - text);
	after = len - (size_t)(to - text);
	copy = arena_alloc(a, before + sizeof(nothing) + after);
	memcpy(copy, text, before);
	memcpy(copy + before, nothing, sizeof(nothing) - 1);
	memcpy(copy + before + sizeof(nothing) - 1, to, after);
	return copy;
}

void
item_init_accepted(struct item_text *i, struct arena *a, const char *text)
{
	struct json_walk w = json_walk(json_find(text, "metadata"));
	const char **const at[] = { &i->namespace, &i->name, &i->uid, &i->resource_version };
	static const char *const names[] = { "namespace", "name", "uid", "resourceVersion" };
	size_t len;

	*i = (struct item_text){ .text = text };
	if (w.at == NULL || *w.at != '{')
		return;
	while (json_walk_next(&w)) {
		if (json_at_number(w.value) && json_walk_is(&w, "generation") &&
		    !json_integer_at(w.value, &i->generation))
			i->generation = 0;
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (json_at_string(w.value) && json_walk_is(&w, names[k]) && !json_has_nul(w.value))
				*at[k] = json_unquote(a, w.value, &len);
	}
}

static const char *
item_identity(struct arena *a, const json_t *tree, const char *key)
{
	const json_t *v = json_object_get(json_object_get(tree, "metadata"), key);

	return json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v)
		   ? arena_strdup(a, json_string_value(v))
		   : NULL;
}

static void
item_identify_tree(struct item_text *i, struct arena *a, const json_t *tree)
{
	i->namespace = item_identity(a, tree, "namespace");
	i->name = item_identity(a, tree, "name");
	i->uid = item_identity(a, tree, "uid");
	i->resource_version = item_identity(a, tree, "resourceVersion");
}

void
item_init_tree(struct item_text *i, struct arena *a, const json_t *tree, const struct unreadable *unreadable)
{
	*i = (struct item_text){ .text = unreadable != NULL	? NULL
					 : json_is_object(tree) ? json_text(a, tree)
								: "null" };
	if (unreadable != NULL) {
		i->part = json_incref((json_t *)tree);
		i->why = *unreadable;
	}
	item_identify_tree(i, a, tree);
}

void
item_init(struct item_text *i, struct arena *a, const char *text, size_t len, bool cut)
{
	_cleanup_(json_decrefp) json_t *tree = NULL;
	const char *accepted = cut ? NULL : item_accept(a, text, len, false);
	struct unreadable why;

	if (accepted != NULL && json_at_object(json_begin(accepted))) {
		item_init_accepted(i, a, json_begin(accepted));
		return;
	}
	/* Only the parser can name the error. It may accept what json_check refuses. */
	if (item_read(a, text, len, cut, &tree, &why)) {
		item_init_accepted(i, a, json_text(a, tree));
		return;
	}
	*i = (struct item_text){ .part = json_incref(tree), .why = why };
	item_identify_tree(i, a, tree);
}

void
item_done(struct item_text *i)
{
	json_decref(i->part);
	i->part = NULL;
}

/* Finds type and object of an event whose text is not accepted as a whole. */
static bool
item_event_salvage(
    struct arena *a, const char *text, size_t len, bool cut, const char **ret_type, struct member *ret_object)
{
	_cleanup_(json_decrefp) json_t *type = json_object();
	struct member object = { .value = NULL }, m;
	struct members all;
	const char *end;

	for (bool more = members_begin(&all, text, len); more && members_next(&all, &m);) {
		if (member_is(&m, "type"))
			member_put(&m, type);
		else if (member_is(&m, "object"))
			object = m;
	}
	/* Two events whose line break was lost are none. */
	end = item_skip_space(all.at, all.end);
	if (!cut && (end == all.end || *end != '}' || item_skip_space(end + 1, all.end) != all.end))
		return false;
	if (json_str(type, "type") == NULL || object.value == NULL)
		return false;
	*ret_type = arena_strdup(a, json_str(type, "type"));
	*ret_object = object;
	return true;
}

bool
item_event(struct arena *a, const char *text, size_t len, bool cut, const char **ret_type, struct item_text *ret)
{
	const char *accepted = cut ? NULL : item_accept(a, text, len, true);
	struct member object;

	if (accepted != NULL) {
		const char *event = json_begin(accepted), *type = json_find(event, "type"),
			   *value = json_find(event, "object");
		size_t n;

		if (json_at_string(type) && json_at_object(value)) {
			*ret_type = json_unquote(a, type, &n);
			item_init_accepted(ret, a, value);
			return true;
		}
	}
	if (!item_event_salvage(a, text, len, cut, ret_type, &object))
		return false;
	item_init(ret, a, object.value, object.value_len, object.broken);
	return true;
}

const char *
item_name(const json_t *item)
{
	const char *name = json_str(json_object_get(item, "metadata"), "name");

	return !str_empty(name) ? name : NULL;
}

const char *
item_problem(struct arena *a, const char *kind, const char *ns, const char *name, const char *why)
{
	return arena_printf(a, "%s %s%s%s cannot be read: %s; correct it or delete it", kind, ns != NULL ? ns : "",
	    ns != NULL ? "/" : "", name != NULL ? name : "without a name", why);
}
