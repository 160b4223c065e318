/* kube/api/yaml.c: libyaml's documents, walked into JSON. */
#include "kube/api/yaml.h"
#include <math.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>
#include "base/str.h"

#define DOCUMENTS_MAX 4096 /* of one stream, where marks are wanted */

struct walk {
	struct arena *arena;
	yaml_document_t *doc;
	size_t nodes;
	struct yaml_marks *marks; /* of the document; NULL: not wanted */
	size_t room;
};

static void
mark(struct walk *w, const char *path, const yaml_node_t *n)
{
	struct yaml_mark *list;

	if (w->marks == NULL)
		return;
	if (w->marks->marks.n == w->room) {
		w->room = w->room == 0 ? 64 : w->room * 2;
		list = arena_new_array(w->arena, struct yaml_mark, w->room);
		if (w->marks->marks.n > 0)
			memcpy(list, w->marks->marks.at, w->marks->marks.n * sizeof(*list));
		w->marks->marks.at = list;
	}
	w->marks->marks.at[w->marks->marks.n++] =
	    (struct yaml_mark){ path, n->start_mark.line + 1, n->start_mark.column + 1 };
}

/* NULL when no marks are wanted. */
static const char *
below(struct walk *w, const char *path, const char *key, size_t index)
{
	if (w->marks == NULL)
		return NULL;
	if (key == NULL)
		return arena_printf(w->arena, "%s[%zu]", path, index);
	return arena_printf(w->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
}

static bool
word_in(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* An integer in any of YAML 1.1's bases; false if it is none or does not fit. */
static bool
yaml_int(const char *s, json_int_t *ret)
{
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	int base = 10;
	char *end;
	long long v;

	if (*digits < '0' || *digits > '9')
		return false;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
		base = 16;
		digits += 2;
	} else if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'b')) {
		base = digits[1] == 'o' ? 8 : 2;
		digits += 2;
	} else if (digits[0] == '0' && digits[1] != '\0') {
		base = 8;
	}
	if (*digits == '\0' || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return false;
	errno = 0;
	v = strtoll(digits, &end, base);
	if (errno != 0 || *end != '\0')
		return false;
	*ret = *s == '-' ? -v : v;
	return true;
}

static bool
yaml_float(const char *s, double *ret)
{
	char *end;

	if (strspn(s, "0123456789+-.eE") != strlen(s) || strpbrk(s, "0123456789") == NULL)
		return false;
	*ret = strtod(s, &end);
	return *end == '\0' && isfinite(*ret);
}

static json_t *
scalar(const yaml_node_t *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", NULL };
	const char *s = (const char *)n->data.scalar.value;
	json_int_t i;
	double d;

	if (n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (word_in(s, nulls))
			return json_null();
		if (word_in(s, trues))
			return json_true();
		if (word_in(s, falses))
			return json_false();
		if (yaml_int(s, &i))
			return json_integer(i);
		if (yaml_float(s, &d))
			return json_real(d);
	}
	return json_stringn(s, n->data.scalar.length);
}

static struct err *node(struct walk *, int id, const char *path, int depth, json_t **ret);

/* "<<": the fields of other mappings, where there are none of the same name. */
static bool
is_merge(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Adds what a merge key brings to `map`: one mapping, or a list of them, of which the first has precedence. */
static struct err *
merge(struct walk *w, int id, const char *path, int depth, json_t *map)
{
	const yaml_node_t *n = yaml_document_get_node(w->doc, id);
	_cleanup_(json_decrefp) json_t *other = NULL;
	struct err *e;

	/* (Lists may hold themselves.) */
	if (n->type == YAML_SEQUENCE_NODE && depth <= JSON_DEPTH_MAX && ++w->nodes <= YAML_NODES_MAX) {
		for (const yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
			if ((e = merge(w, *i, path, depth + 1, map)) != NULL)
				return e;
		}
		return NULL;
	}
	if (n->type != YAML_MAPPING_NODE)
		return err_new(w->arena, ERR_INVALID, "line %zu, column %zu: << wants a mapping, or a list of mappings",
		    n->start_mark.line + 1, n->start_mark.column + 1);
	if ((e = node(w, id, path, depth + 1, &other)) == NULL)
		json_object_update_missing(map, other);
	return e;
}

static struct err *
mapping(struct walk *w, const yaml_node_t *n, const char *path, int depth, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *map = json_object(), *merged = json_object();
	const yaml_node_pair_t *end = n->data.mapping.pairs.top;
	struct err *e;

	/* First what is merged, so that the marks of what is said here come last, and count. */
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; p < end; p++)
		if (is_merge(yaml_document_get_node(w->doc, p->key)) &&
		    (e = merge(w, p->value, path, depth + 1, merged)) != NULL)
			return e;
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; p < end; p++) {
		const yaml_node_t *k = yaml_document_get_node(w->doc, p->key);
		const char *key = (const char *)k->data.scalar.value;
		const char *at;
		json_t *v = NULL;

		if (is_merge(k))
			continue;
		if (k->type != YAML_SCALAR_NODE)
			return err_new(w->arena, ERR_INVALID, "line %zu, column %zu: a key must be a scalar",
			    k->start_mark.line + 1, k->start_mark.column + 1);
		if (json_object_get(map, key) != NULL)
			return err_new(w->arena, ERR_INVALID, "line %zu, column %zu: key \"%s\" is there twice",
			    k->start_mark.line + 1, k->start_mark.column + 1, key);
		at = below(w, path, key, 0);
		mark(w, at, k);
		if ((e = node(w, p->value, at, depth + 1, &v)) != NULL)
			return e;
		json_object_set_new(map, key, v);
	}
	json_object_update_missing(map, merged);
	*ret = TAKE_PTR(map);
	return NULL;
}

static struct err *
node(struct walk *w, int id, const char *path, int depth, json_t **ret)
{
	const yaml_node_t *n = yaml_document_get_node(w->doc, id);
	struct err *e;

	if (depth > JSON_DEPTH_MAX)
		return err_new(
		    w->arena, ERR_INVALID, "line %zu: nested deeper than %d", n->start_mark.line + 1, JSON_DEPTH_MAX);
	if (++w->nodes > YAML_NODES_MAX)
		return err_new(
		    w->arena, ERR_INVALID, "line %zu: more than %d values", n->start_mark.line + 1, YAML_NODES_MAX);
	switch (n->type) {
	case YAML_SCALAR_NODE:
		if ((*ret = scalar(n)) == NULL)
			return err_new(w->arena, ERR_INVALID, "line %zu: not UTF-8", n->start_mark.line + 1);
		return NULL;
	case YAML_SEQUENCE_NODE: {
		_cleanup_(json_decrefp) json_t *list = json_array();

		for (const yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
			const char *at = below(w, path, NULL, json_array_size(list));
			json_t *v = NULL;

			mark(w, at, yaml_document_get_node(w->doc, *i));
			if ((e = node(w, *i, at, depth + 1, &v)) != NULL)
				return e;
			json_array_append_new(list, v);
		}
		*ret = TAKE_PTR(list);
		return NULL;
	}
	case YAML_MAPPING_NODE: return mapping(w, n, path, depth, ret);
	default: return err_new(w->arena, ERR_INVALID, "line %zu: unexpected node", n->start_mark.line + 1);
	}
}

static struct err *
parse(struct arena *a, const char *text, size_t len, json_t **ret, struct yaml_marks *marks)
{
	_cleanup_(json_decrefp) json_t *docs = json_array();
	struct walk w = { .arena = a };
	struct err *e = NULL;
	yaml_parser_t parser;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (e == NULL) {
		yaml_document_t doc;
		json_t *v = NULL;

		if (!yaml_parser_load(&parser, &doc)) {
			e = err_new(a, ERR_INVALID, "line %zu, column %zu: %s", parser.problem_mark.line + 1,
			    parser.problem_mark.column + 1, parser.problem != NULL ? parser.problem : "not YAML");
			break;
		}
		if (yaml_document_get_root_node(&doc) == NULL) {
			yaml_document_delete(&doc);
			break;
		}
		w.doc = &doc;
		w.room = 0;
		if (marks != NULL && json_array_size(docs) == DOCUMENTS_MAX)
			e = err_new(a, ERR_INVALID, "more than %d documents", DOCUMENTS_MAX);
		else if (marks != NULL)
			*(w.marks = &marks[json_array_size(docs)]) = (struct yaml_marks){ 0 };
		if (e == NULL)
			e = node(&w, 1, "", 0, &v);
		yaml_document_delete(&doc);
		if (e == NULL && json_is_null(v))
			json_decref(v);
		else if (e == NULL)
			json_array_append_new(docs, v);
	}
	yaml_parser_delete(&parser);
	if (e == NULL)
		*ret = TAKE_PTR(docs);
	return e;
}

struct err *
yaml_parse(struct arena *a, const char *text, size_t len, json_t **ret)
{
	return parse(a, text, len, ret, NULL);
}

struct err *
yaml_parse_marked(struct arena *a, const char *text, size_t len, json_t **ret, struct yaml_marks **ret_marks)
{
	struct yaml_marks *marks = arena_new_array(a, struct yaml_marks, DOCUMENTS_MAX);
	struct err *e = parse(a, text, len, ret, marks);

	if (e == NULL)
		*ret_marks = marks;
	return e;
}

const struct yaml_mark *
yaml_mark_of(const struct yaml_marks *m, const char *path)
{
	const struct yaml_mark *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < m->marks.n; i++) {
		const char *at = m->marks.at[i].path;
		size_t n = strlen(at);

		if (strncmp(path, at, n) == 0 && (path[n] == '\0' || path[n] == '.' || path[n] == '[') &&
		    n >= longest) {
			best = &m->marks.at[i];
			longest = n;
		}
	}
	return best;
}

/* A string is written bare where it reads back as the same string. */
static bool
is_plain(const char *s)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off", NULL };
	json_int_t n;
	double d;

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcasecmp(s, words[i]) == 0)
			return false;
	return s[0] != '\0' && s[0] != '-' && s[0] != '.' && !yaml_int(s, &n) && !yaml_float(s, &d) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == strlen(s);
}

static void
put_scalar(struct str *s, const json_t *v)
{
	_cleanup_(freep) char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	if (json_is_string(v) && is_plain(json_string_value(v)))
		str_adds(s, json_string_value(v));
	else
		str_adds(s, text != NULL ? text : "null");
}

static void
put_key(struct str *s, const char *key)
{
	_cleanup_(json_decrefp) json_t *v = json_string(key);

	put_scalar(s, v);
}

static void
put(struct str *s, const json_t *v, int indent, bool inline_first)
{
	const char *key;
	json_t *e;
	size_t i;

	if (json_is_object(v) && json_object_size(v) > 0) {
		json_object_foreach ((json_t *)v, key, e) {
			if (!inline_first)
				str_addf(s, "%*s", indent, "");
			inline_first = false;
			put_key(s, key);
			str_addc(s, ':');
			if ((json_is_object(e) && json_object_size(e) > 0) ||
			    (json_is_array(e) && json_array_size(e) > 0)) {
				str_addc(s, '\n');
				put(s, e, indent + (json_is_array(e) ? 0 : 2), false);
			} else {
				str_addc(s, ' ');
				put(s, e, 0, true);
			}
		}
	} else if (json_is_array(v) && json_array_size(v) > 0) {
		json_array_foreach (v, i, e) {
			if (!inline_first)
				str_addf(s, "%*s", indent, "");
			inline_first = false;
			str_adds(s, "- ");
			put(s, e, indent + 2, true);
		}
	} else {
		put_scalar(s, v);
		str_addc(s, '\n');
	}
}

char *
yaml_text(struct arena *a, const json_t *v)
{
	struct str s;
	char *text;

	str_init(&s, 16u << 20);
	put(&s, v, 0, false);
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}
