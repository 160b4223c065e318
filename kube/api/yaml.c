/* kube/api/yaml.c: YAML to JSON: the documents of libyaml, converted node by node. Scalars: yaml_plain.c; tags:
 * yaml_tag.c; JSON to YAML: yaml_text.c. */
#include "kube/api/yaml.h"
#include <string.h>
#include <yaml.h>
#include "kube/api/yaml_tag.h"

#define DOCUMENTS_MAX 4096 /* documents in one stream, if marks are requested */

struct walk {
	struct arena *arena;
	yaml_document_t *doc;
	enum yaml_words words;
	size_t nodes; /* that were converted, with those of aliases; limited */
	struct yaml_tags tags;
	struct yaml_marks *marks; /* of the document; NULL: not requested */
	size_t capacity;
	struct yaml_mark failed; /* position of the error */
};

/* Records the position of an error. Returns the error. */
static struct err *
yaml_fail(struct walk *w, const yaml_node_t *n, struct err *e)
{
	w->failed.line = n->start_mark.line + 1;
	w->failed.column = n->start_mark.column + 1;
	return e;
}

static void
yaml_mark_at(struct walk *w, const char *path, const yaml_node_t *n)
{
	struct yaml_mark *list;

	if (w->marks == NULL)
		return;
	if (w->marks->marks.n == w->capacity) {
		w->capacity = w->capacity == 0 ? 64 : w->capacity * 2;
		list = arena_new_array(w->arena, struct yaml_mark, w->capacity);
		if (w->marks->marks.n > 0)
			memcpy(list, w->marks->marks.at, w->marks->marks.n * sizeof(*list));
		w->marks->marks.at = list;
	}
	w->marks->marks.at[w->marks->marks.n++] =
	    (struct yaml_mark){ path, n->start_mark.line + 1, n->start_mark.column + 1 };
}

/* Returns the path of a key or element below a path, in the arena; NULL if no marks are requested. */
static const char *
yaml_below(struct walk *w, const char *path, const char *key, size_t index)
{
	if (w->marks == NULL)
		return NULL;
	if (key == NULL)
		return arena_printf(w->arena, "%s[%zu]", path, index);
	return arena_printf(w->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
}

static struct err *
yaml_scalar(struct walk *w, const yaml_node_t *n, json_t **ret)
{
	const struct yaml_tag *tag = yaml_tags_find(&w->tags, n->start_mark.index);
	const char *s = (const char *)n->data.scalar.value;
	struct err *e;
	json_t *v;

	if (tag != NULL) {
		e = yaml_tag_scalar(w->arena, tag, s, n->data.scalar.length, w->words, ret);
		return e != NULL ? yaml_fail(w, n, e) : NULL;
	}
	v = n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? yaml_plain(w->arena, s, w->words) : NULL;
	*ret = v != NULL ? v : json_stringn(s, n->data.scalar.length);
	return *ret != NULL ? NULL : yaml_fail(w, n, err_new(w->arena, ERR_INVALID, "not UTF-8"));
}

/* An explicit tag of a mapping, a list or a key must be the one that it has by default. */
static struct err *
yaml_check_tag(struct walk *w, const yaml_node_t *n, const char *only)
{
	const struct yaml_tag *tag = yaml_tags_find(&w->tags, n->start_mark.index);
	struct err *e = tag != NULL ? yaml_tag_check(w->arena, tag, only) : NULL;

	return e != NULL ? yaml_fail(w, n, e) : NULL;
}

static struct err *yaml_node(struct walk *, int id, const char *path, int depth, json_t **ret);

/* Returns whether the key is the merge key "<<", which adds the fields of other mappings that the mapping does not
 * have. */
static bool
yaml_is_merge(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Adds the fields of a merge key to `map`: one mapping, or a list of them, of which the first has precedence. */
static struct err *
yaml_merge(struct walk *w, int id, const char *path, int depth, json_t *map)
{
	const yaml_node_t *n = yaml_document_get_node(w->doc, id);
	_cleanup_(json_decrefp) json_t *other = NULL;
	struct err *e;

	/* A list may contain itself, by an alias. */
	if (n->type == YAML_SEQUENCE_NODE && depth <= JSON_DEPTH_MAX && ++w->nodes <= YAML_NODES_MAX) {
		for (const yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
			if ((e = yaml_merge(w, *i, path, depth + 1, map)) != NULL)
				return e;
		}
		return NULL;
	}
	if (n->type != YAML_MAPPING_NODE)
		return yaml_fail(w, n, err_new(w->arena, ERR_INVALID, "<< wants a mapping, or a list of mappings"));
	if ((e = yaml_node(w, id, path, depth + 1, &other)) == NULL)
		json_object_update_missing(map, other);
	return e;
}

/* Kubernetes' reader converts a float key to the shortest text of the same number in single precision. */
static const char *
yaml_real_key(struct arena *a, double d)
{
	const char *text = "";

	for (int digits = 1; digits <= 9; digits++) {
		text = arena_printf(a, "%.*g", digits, d);
		if (strtof(text, NULL) == (float)d)
			break;
	}
	return text;
}

/* Kubernetes' reader converts a plain key to a value and back to text: `yes:` becomes "true", and `010:` "8". */
static struct err *
yaml_key_text(struct walk *w, const yaml_node_t *k, const char **ret)
{
	const char *s = (const char *)k->data.scalar.value;
	bool bare = k->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && w->words == YAML_KUBERNETES &&
		    yaml_tags_find(&w->tags, k->start_mark.index) == NULL;
	_cleanup_(json_decrefp) json_t *v = bare ? yaml_plain(w->arena, s, w->words) : NULL;

	if (json_is_null(v))
		return yaml_fail(w, k, err_new(w->arena, ERR_INVALID, "a key must not be null; put it in quotes"));
	*ret = json_is_real(v)				  ? yaml_real_key(w->arena, json_real_value(v))
	       : json_is_boolean(v) || json_is_integer(v) ? json_text(w->arena, v)
							  : s;
	return NULL;
}

static struct err *
yaml_mapping(struct walk *w, const yaml_node_t *n, const char *path, int depth, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *map = json_object(), *merged = json_object();
	const yaml_node_pair_t *end = n->data.mapping.pairs.top;
	struct err *e;

	/* Merged keys come first, so that the marks of own keys come last and take precedence. */
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; p < end; p++)
		if (yaml_is_merge(yaml_document_get_node(w->doc, p->key)) &&
		    (e = yaml_merge(w, p->value, path, depth + 1, merged)) != NULL)
			return e;
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; p < end; p++) {
		const yaml_node_t *k = yaml_document_get_node(w->doc, p->key);
		const char *key = NULL, *at;
		json_t *v = NULL;

		if (yaml_is_merge(k))
			continue;
		if ((e = yaml_check_tag(w, k, "!!str")) != NULL)
			return e;
		if (k->type != YAML_SCALAR_NODE)
			return yaml_fail(w, k, err_new(w->arena, ERR_INVALID, "a key must be a scalar"));
		if ((e = yaml_key_text(w, k, &key)) != NULL)
			return e;
		if (json_object_get(map, key) != NULL)
			return yaml_fail(w, k, err_new(w->arena, ERR_INVALID, "key \"%s\" is there twice", key));
		at = yaml_below(w, path, key, 0);
		yaml_mark_at(w, at, k);
		if ((e = yaml_node(w, p->value, at, depth + 1, &v)) != NULL)
			return e;
		json_object_set_new(map, key, v);
	}
	json_object_update_missing(map, merged);
	*ret = TAKE_PTR(map);
	return NULL;
}

static struct err *
yaml_node(struct walk *w, int id, const char *path, int depth, json_t **ret)
{
	const yaml_node_t *n = yaml_document_get_node(w->doc, id);
	struct err *e;

	if (depth > JSON_DEPTH_MAX)
		return yaml_fail(w, n, err_new(w->arena, ERR_INVALID, "nested deeper than %d", JSON_DEPTH_MAX));
	if (++w->nodes > YAML_NODES_MAX)
		return yaml_fail(w, n, err_new(w->arena, ERR_INVALID, "more than %d values", YAML_NODES_MAX));
	switch (n->type) {
	case YAML_SCALAR_NODE: return yaml_scalar(w, n, ret);
	case YAML_SEQUENCE_NODE: {
		_cleanup_(json_decrefp) json_t *list = json_array();

		if ((e = yaml_check_tag(w, n, "!!seq")) != NULL)
			return e;
		for (const yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
			const char *at = yaml_below(w, path, NULL, json_array_size(list));
			json_t *v = NULL;

			yaml_mark_at(w, at, yaml_document_get_node(w->doc, *i));
			if ((e = yaml_node(w, *i, at, depth + 1, &v)) != NULL)
				return e;
			json_array_append_new(list, v);
		}
		*ret = TAKE_PTR(list);
		return NULL;
	}
	case YAML_MAPPING_NODE:
		if ((e = yaml_check_tag(w, n, "!!map")) != NULL)
			return e;
		return yaml_mapping(w, n, path, depth, ret);
	default: return yaml_fail(w, n, err_new(w->arena, ERR_INVALID, "unexpected node"));
	}
}

/* Returns what libyaml reports, and records its position. Of bytes that are not characters it knows the offset only. */
static struct err *
yaml_fail_parser(struct walk *w, const yaml_parser_t *parser, const char *text, size_t len)
{
	w->failed = (struct yaml_mark){ "", parser->problem_mark.line + 1, parser->problem_mark.column + 1 };
	if (parser->error == YAML_READER_ERROR) {
		w->failed.line = w->failed.column = 1;
		for (size_t i = 0; i < len && i < parser->problem_offset; i++) {
			w->failed.line += text[i] == '\n';
			w->failed.column = text[i] == '\n' ? 1 : w->failed.column + ((text[i] & 0xc0) != 0x80);
		}
	}
	return err_new(w->arena, ERR_INVALID, "%s", parser->problem != NULL ? parser->problem : "not YAML");
}

static struct err *
yaml_start_marks(struct walk *w, struct yaml_marks *marks, size_t n)
{
	const yaml_node_t *root = yaml_document_get_root_node(w->doc);

	if (n == DOCUMENTS_MAX)
		return yaml_fail(w, root, err_new(w->arena, ERR_INVALID, "more than %d documents", DOCUMENTS_MAX));
	w->capacity = 0;
	w->marks = &marks[n];
	*w->marks = (struct yaml_marks){ .root = { "", root->start_mark.line + 1, root->start_mark.column + 1 } };
	return NULL;
}

/* *ret_failed is the position of an error, which is not in its text. */
static struct err *
yaml_parse_documents(struct arena *a, const char *text, size_t len, enum yaml_words words, json_t **ret,
    struct yaml_marks *marks, struct yaml_mark *ret_failed)
{
	_cleanup_(json_decrefp) json_t *docs = json_array();
	struct walk w = { .arena = a, .words = words, .tags = yaml_tags_read(a, text, len) };
	struct err *e = NULL;
	yaml_parser_t parser;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (e == NULL) {
		yaml_document_t doc;
		json_t *v = NULL;

		if (!yaml_parser_load(&parser, &doc)) {
			e = yaml_fail_parser(&w, &parser, text, len);
			break;
		}
		if (yaml_document_get_root_node(&doc) == NULL) {
			yaml_document_delete(&doc);
			break;
		}
		w.doc = &doc;
		if (marks != NULL)
			e = yaml_start_marks(&w, marks, json_array_size(docs));
		if (e == NULL)
			e = yaml_node(&w, 1, "", 0, &v);
		yaml_document_delete(&doc);
		if (e == NULL && json_is_null(v))
			json_decref(v);
		else if (e == NULL)
			json_array_append_new(docs, v);
	}
	yaml_parser_delete(&parser);
	if (e == NULL)
		*ret = TAKE_PTR(docs);
	else
		*ret_failed = w.failed;
	return e;
}

struct err *
yaml_parse(struct arena *a, const char *text, size_t len, json_t **ret)
{
	return yaml_parse_as(a, text, len, YAML_DEFAULT, ret);
}

struct err *
yaml_parse_as(struct arena *a, const char *text, size_t len, enum yaml_words words, json_t **ret)
{
	struct yaml_mark at;
	struct err *e = yaml_parse_documents(a, text, len, words, ret, NULL, &at);

	return e != NULL ? err_wrap(a, e, "line %zu, column %zu", at.line, at.column) : NULL;
}

struct err *
yaml_parse_marked(struct arena *a, const char *text, size_t len, json_t **ret, struct yaml_marks **ret_marks,
    struct yaml_mark *ret_failed)
{
	struct yaml_marks *marks = arena_new_array(a, struct yaml_marks, DOCUMENTS_MAX);
	struct err *e = yaml_parse_documents(a, text, len, YAML_DEFAULT, ret, marks, ret_failed);

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
