/* sim/store_read.c: lists of the laptop cluster: selectors, pages (continue) and kubectl's tables. */
#include "sim/store_parts.h"
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "sim/columns.h"

struct column {
	const char *name, *at, *kind;
	json_int_t priority; /* > 0: shown by `kubectl get -o wide` only */
	bool path; /* `at` is a JSONPath; false: a pointer */
};

static json_t *
store_read_cell(struct arena *a, const json_t *o, const struct column *c, int64_t now)
{
	const json_t *v = c->path ? column_value(a, o, c->at) : json_at(o, c->at);
	int64_t t;

	if (strcmp(c->kind, "date") == 0)
		return json_string(json_is_string(v) && time_parse(json_string_value(v), &t)
				       ? duration_human(a, now - t)
				       : "<unknown>");
	if (strcmp(c->kind, "of") == 0)
		return json_sprintf("%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, json_integer_value(v),
		    json_int(json_object_get(o, "spec"), "replicas", 1));
	if (v == NULL && c->path)
		return json_null();
	if (v == NULL)
		return strcmp(c->kind, "integer") == 0 ? json_integer(0) : json_string("");
	if (json_is_string(v) || json_is_integer(v))
		return json_incref((json_t *)v);
	return json_string(json_text(a, v));
}

/* The columns of a definition; without any, an object has its age. Returns how many. */
static size_t
store_read_printer(struct arena *a, const json_t *printer, struct column *ret)
{
	size_t n = 0, i;
	json_t *c;

	json_array_foreach (printer, i, c)
		if (json_str(c, "name") != NULL && json_str(c, "jsonPath") != NULL)
			ret[n++] = (struct column){ .name = json_str(c, "name"),
				.at = arena_strdup(a, json_str(c, "jsonPath")),
				.kind = json_str(c, "type") ?: "string",
				.priority = json_int(c, "priority", 0),
				.path = true };
	if (json_array_size(printer) == 0)
		ret[n++] = (struct column){ .name = "Age", .at = "/metadata/creationTimestamp", .kind = "date" };
	return n;
}

/* The columns of a row of store_resources. Returns how many. */
static size_t
store_read_columns(struct arena *a, const char *columns, struct column *ret)
{
	char *save = NULL;
	size_t n = 0;

	for (char *t = strtok_r(arena_strdup(a, columns), "|", &save); t != NULL; t = strtok_r(NULL, "|", &save), n++) {
		char *inner = NULL;

		ret[n].name = strtok_r(t, ":", &inner);
		ret[n].at = strtok_r(NULL, ":", &inner);
		ret[n].kind = strtok_r(NULL, ":", &inner) ?: "string";
	}
	ret[n++] = (struct column){ .name = "Age", .at = "/metadata/creationTimestamp", .kind = "date" };
	return n;
}

/* The object of a row: `kubectl get --sort-by` needs it as a whole. */
static json_t *
store_read_included(const struct store_query *q, json_t *o)
{
	if (str_eq(q->include_object, "None"))
		return NULL;
	if (str_eq(q->include_object, "Object"))
		return json_incref(o);
	return json_pack("{s:s,s:s,s:O}", "kind", "PartialObjectMetadata", "apiVersion", "meta.k8s.io/v1", "metadata",
	    object_meta(o));
}

/* The Table form of a list, which kubectl prints. Consumes `items`. */
json_t *
store_table(struct store *s, const struct store_query *q, json_t *items, const json_t *list_meta)
{
	const struct resource *r = q->resource;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *columns = json_array(), *rows = json_array(), *o;
	const char *names = r->columns != NULL ? r->columns : "";
	struct column *c = arena_new_array(a, struct column, strlen(names) + json_array_size(r->printer) + 3);
	size_t n = 1, i;

	c[0] = (struct column){ .name = "Name", .at = "/metadata/name", .kind = "string" };
	n += r->stored_as != NULL ? store_read_printer(a, r->printer, c + 1) : store_read_columns(a, names, c + 1);
	for (i = 0; i < n; i++)
		json_array_append_new(
		    columns, json_pack("{s:s,s:s,s:s,s:s,s:I}", "name", c[i].name, "type",
				 c[i].path || strcmp(c[i].kind, "integer") == 0 ? c[i].kind : "string", "format",
				 i == 0 ? "name" : "", "description", c[i].name, "priority", c[i].priority));
	json_array_foreach (items, i, o) {
		json_t *cells = json_array();

		for (size_t k = 0; k < n; k++)
			json_array_append_new(cells, store_read_cell(a, o, &c[k], loop_wall(s->loop)));
		json_array_append_new(
		    rows, json_pack("{s:o,s:o*}", "cells", cells, "object", store_read_included(q, o)));
	}
	json_decref(items);
	return json_pack("{s:s,s:s,s:O,s:o,s:o}", "kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata",
	    list_meta, "columnDefinitions", columns, "rows", rows);
}

int
store_list(struct store *s, const struct store_query *q, bool as_table, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *prefix, *last = NULL, *next = NULL;
	struct selector selector = { 0 };
	json_t *items = json_array(), *m;
	struct err *e = NULL;
	const struct stored *o;
	struct sorted_place p;

	if (q->label_selector != NULL && (e = selector_parse(a, q->label_selector, &selector)) != NULL) {
		json_decref(items);
		return status_error(400, "BadRequest", ret, "%s", err_text(a, e));
	}
	prefix =
	    arena_printf(a, q->ns != NULL ? "%s %s/" : "%s ", q->resource->stored_as ?: q->resource->plural, q->ns);
	p = sorted_from(&s->objects,
	    q->continue_token != NULL && strcmp(q->continue_token, prefix) > 0 ? q->continue_token : prefix);
	for (; (o = sorted_next(&s->objects, &p)) != NULL && str_starts(o->key, prefix); last = o->key) {
		_cleanup_(json_decrefp) json_t *tree = NULL;

		if (q->continue_token != NULL && strcmp(o->key, q->continue_token) <= 0)
			continue;
		tree = version_copy(o->now);
		if (!query_selects(q, &selector, tree))
			continue;
		if (q->limit > 0 && (long long)json_array_size(items) == q->limit) {
			next = last;
			break;
		}
		json_array_append_new(items, object_shown(tree, q));
	}
	m = json_pack("{s:s}", "resourceVersion", arena_printf(a, "%lld", s->version));
	if (next != NULL) {
		/* The token travels in a URL: two characters that need no escape there, and occur in no key. */
		char *token = arena_strdup(a, next);

		for (char *c = token; *c != '\0'; c++)
			*c = *c == ' ' ? '_' : *c == '/' ? '~' : *c;
		json_object_set_new(m, "continue", json_string(token));
	}
	if (as_table) {
		*ret = store_table(s, q, items, m);
		json_decref(m);
		return 200;
	}
	*ret = json_pack("{s:s,s:s,s:o,s:o}", "kind", arena_printf(a, "%sList", q->resource->kind), "apiVersion",
	    q->resource->group[0] == '\0' ? q->version : arena_printf(a, "%s/%s", q->resource->group, q->version),
	    "metadata", m, "items", items);
	return 200;
}
