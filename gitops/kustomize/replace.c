/* gitops/kustomize/replace.c: kustomize's replacements: copies a value to all fields that a path names, or to a part
 * of a string by delimiter and index. */
#include "gitops/kustomize/replace.h"
#include <string.h>
#include "gitops/kustomize/embedded.h"
#include "gitops/kustomize/path.h"
#include "kube/api/yaml.h"

struct setting {
	struct arena *arena;
	const struct k_path *path;
	const struct k_replacement_options *options; /* NULL: none */
	const json_t *value;
	size_t found; /* fields that the path named */
	struct err *err;
};

/* The text with one part of it replaced. */
static const char *
replace_part(struct setting *s, const char *text, const char *value)
{
	const char *delimiter = s->options->delimiter, *at = text;
	int64_t index = s->options->index;
	size_t n = strlen(delimiter);

	if (index < 0)
		return arena_printf(s->arena, "%s%s%s", value, delimiter, text);
	for (; index > 0; index--) {
		const char *next = strstr(at, delimiter);

		if (next == NULL)
			return arena_printf(s->arena, "%s%s%s", text, delimiter, value);
		at = next + n;
	}
	return arena_printf(s->arena, "%.*s%s%s", (int)(at - text), text, value,
	    strstr(at, delimiter) != NULL ? strstr(at, delimiter) : "");
}

/* kustomize reads a field without a type as text if it is an annotation of the object itself. */
static json_t *
replace_untyped_value(struct setting *s, const char *text)
{
	const char *const *parts = s->path->parts;
	bool annotation = s->path->n == 3 && strcmp(parts[0], "metadata") == 0 && strcmp(parts[1], "annotations") == 0;
	json_t *v = text[0] != '\0' && !annotation ? yaml_plain(s->arena, text, YAML_KUSTOMIZE) : NULL;

	return v != NULL ? v : json_string(text);
}

/* The text as a value of the type that `old`, a scalar, has; null has none. As kustomize has it: "3" becomes a number
 * where a number was. */
static json_t *
replace_typed_value(struct setting *s, const json_t *old, const char *text)
{
	json_t *v;

	if (json_is_string(old))
		return json_string(text);
	v = replace_untyped_value(s, text);
	if (json_is_null(old) || (json_is_boolean(old) && json_is_boolean(v)) ||
	    (json_is_number(old) && json_is_integer(v)) || (json_is_real(old) && json_is_real(v)))
		return v;
	json_decref(v);
	s->err = err_new(s->arena, ERR_INVALID, "targets: the field is %s, and \"%s\" is not one",
	    json_is_boolean(old)   ? "a boolean"
	    : json_is_integer(old) ? "an integer"
				   : "a number",
	    text);
	return NULL;
}

static bool
replace_is_scalar(const json_t *v)
{
	return v != NULL && !json_is_object(v) && !json_is_array(v);
}

/* The value as it is to stand where `old` (NULL: nothing) stood. */
static json_t *
replace_new_value(struct setting *s, const json_t *old)
{
	bool divided = s->options != NULL && !str_empty(s->options->delimiter);
	const char *text;

	if (!replace_is_scalar(s->value) || (old != NULL && !replace_is_scalar(old))) {
		if (!divided && !(replace_is_scalar(old) && !json_is_null(old)))
			return json_deep_copy(s->value);
		s->err = err_new(s->arena, ERR_INVALID,
		    divided ? "a delimiter divides texts only"
			    : "targets: a mapping or a list cannot replace a text, a number or a boolean");
		return NULL;
	}
	text = k_scalar_text(s->arena, s->value);
	if (divided)
		text = replace_part(s, old != NULL ? k_scalar_text(s->arena, old) : "", text);
	return old != NULL ? replace_typed_value(s, old, text) : replace_untyped_value(s, text);
}

static void replace_walk(struct setting *, json_t *at, size_t i);

static void
replace_set_member(struct setting *s, json_t *map, const char *key)
{
	json_t *v = replace_new_value(s, json_object_get(map, key));

	if (v != NULL)
		json_object_set_new(map, key, v);
	s->found++;
}

static void
replace_set_element(struct setting *s, json_t *list, size_t i)
{
	json_t *v = replace_new_value(s, json_array_get(list, i));

	if (v != NULL)
		json_array_set_new(list, i, v);
	s->found++;
}

/* The text with what the rest of the path names in its JSON replaced, as a whole: a delimiter does not count there. A
 * new reference; NULL: nothing was. */
static json_t *
replace_embedded(struct setting *s, const char *text, size_t i)
{
	_cleanup_(json_decrefp) json_t *value = k_embedded_read(s->arena, text);
	struct k_replacement_options options = { .create = s->options != NULL && s->options->create };
	struct setting inner = { s->arena, s->path, &options, s->value, 0, NULL };
	const char *done;

	if (value == NULL) {
		s->err = err_new(s->arena, ERR_INVALID,
		    "targets: the path leads into a text that is not JSON; a change within YAML in a text is not "
		    "supported");
		return NULL;
	}
	replace_walk(&inner, value, i);
	s->found += inner.found;
	s->err = inner.err;
	if (s->err != NULL || inner.found == 0)
		return NULL;
	done = k_embedded_text(s->arena, value, text);
	if (done == NULL)
		s->err = err_new(s->arena, ERR_INVALID, "targets: the JSON in the text becomes too long");
	return done != NULL ? json_string(done) : NULL;
}

/* The elements of a list that a part names: "[name=app]", "*", or a number. */
static void
replace_walk_list(struct setting *s, json_t *list, size_t i)
{
	const char *part = s->path->parts[i], *eq = strchr(part, '=');
	bool last = i + 1 == s->path->n, by_key = part[0] == '[' && str_ends(part, "]") && eq != NULL, made = false;
	const char *key = by_key ? arena_strndup(s->arena, part + 1, (size_t)(eq - part - 1)) : "";
	const char *value = by_key ? arena_strndup(s->arena, eq + 1, strlen(eq + 1) - 1) : "";
	bool create = s->options != NULL && s->options->create;
	json_t *element;
	long long n = -1;
	size_t k;

	if (!by_key && strcmp(part, "*") != 0 && !str_int(part, 0, (long long)json_array_size(list) - 1, &n))
		return;
	json_array_foreach (list, k, element) {
		/* "[=value]" is of lists of texts. */
		bool is =
		    by_key ? (key[0] == '\0'
				     ? json_is_string(element) && strcmp(json_string_value(element), value) == 0
				     : json_object_get(element, key) != NULL &&
					   strcmp(k_scalar_text(s->arena, json_object_get(element, key)), value) == 0)
			   : n < 0 || (size_t)n == k;

		if (!is)
			continue;
		made = true;
		if (last)
			replace_set_element(s, list, k);
		else
			replace_walk(s, element, i + 1);
	}
	if (!made && by_key && create && key[0] != '\0') {
		element = json_pack("{s:s}", key, value);
		json_array_append_new(list, element);
		if (last)
			replace_set_element(s, list, json_array_size(list) - 1);
		else
			replace_walk(s, element, i + 1);
	}
}

static void
replace_walk(struct setting *s, json_t *at, size_t i)
{
	const char *part = s->path->parts[i];
	bool last = i + 1 == s->path->n, create = s->options != NULL && s->options->create;
	const char *key;
	json_t *next;
	void *safe;

	if (s->err != NULL)
		return;
	if (json_is_array(at)) {
		replace_walk_list(s, at, i);
		return;
	}
	if (!json_is_object(at)) {
		if (create && replace_is_scalar(at) && !json_is_null(at))
			s->err = err_new(
			    s->arena, ERR_INVALID, "targets: the path leads on behind a text, a number or a boolean");
		return;
	}
	if (strcmp(part, "*") == 0) {
		json_object_foreach_safe (at, safe, key, next)
			if (last)
				replace_set_member(s, at, key);
			else
				replace_walk(s, next, i + 1);
		return;
	}
	next = json_object_get(at, part);
	if (last) {
		if (next != NULL || create)
			replace_set_member(s, at, part);
		return;
	}
	if (next == NULL && create)
		json_object_set_new(at, part, next = s->path->parts[i + 1][0] == '[' ? json_array() : json_object());
	if (json_is_string(next)) {
		next = replace_embedded(s, json_string_value(next), i + 1);
		if (next != NULL)
			json_object_set_new(at, part, next);
	} else if (next != NULL) {
		replace_walk(s, next, i + 1);
	}
}

/* Sets *ret to the value at the source of a replacement, as a new reference. */
static struct err *
replace_source_value(struct k_objects *all, const struct k_replacement_source *s, json_t **ret)
{
	const struct k_selector by = {
		.group = s->group, .version = s->version, .kind = s->kind, .name = s->name, .namespace = s->namespace
	};
	const char *field = str_empty(s->field_path) ? "metadata.name" : s->field_path, *at, *text;
	const struct k_object *found = NULL;
	const json_t *value;
	struct k_path p;
	struct err *e;

	for (size_t i = 0; i < all->n; i++) {
		bool is;

		if ((e = k_object_selected(all, &all->at[i], &by, &is)) != NULL)
			return e;
		if (is && found != NULL)
			return err_new(all->arena, ERR_INVALID, "source: several objects are meant, in %s and in %s",
			    found->file, all->at[i].file);
		if (is)
			found = &all->at[i];
	}
	if (found == NULL)
		return err_new(all->arena, ERR_INVALID, "source: there is no %s %s",
		    s->kind != NULL ? s->kind : "object", s->name != NULL ? s->name : "");
	if ((e = k_path_parse(all->arena, field, &p)) != NULL)
		return e;
	value = k_path_value(all->arena, found->object, &p);
	if (value == NULL || json_is_null(value))
		return err_new(all->arena, ERR_INVALID, "source: %s has no field %s", found->ids[0].name, field);
	if (s->options == NULL || str_empty(s->options->delimiter)) {
		*ret = json_deep_copy(value);
		return NULL;
	}
	at = k_scalar_text(all->arena, value);
	for (int64_t i = 0; i < s->options->index && at != NULL; i++)
		at = (at = strstr(at, s->options->delimiter)) != NULL ? at + strlen(s->options->delimiter) : NULL;
	if (at == NULL || s->options->index < 0)
		return err_new(all->arena, ERR_INVALID, "source: options.index %lld is past the end of \"%s\"",
		    (long long)s->options->index, k_scalar_text(all->arena, value));
	text = strstr(at, s->options->delimiter);
	*ret = json_string(text != NULL ? arena_strndup(all->arena, at, (size_t)(text - at)) : at);
	return NULL;
}

static struct err *
replace_is_target(struct k_objects *all, const struct k_object *o, const struct k_replacement_target *t, bool *ret)
{
	struct err *e = k_object_selected(all, o, t->select, ret);

	for (size_t i = 0; i < t->reject.n && e == NULL && *ret; i++) {
		bool rejected;

		if ((e = k_object_selected(all, o, &t->reject.at[i], &rejected)) == NULL && rejected)
			*ret = false;
	}
	return e;
}

/* Returns whether the field identifies its object: kind, apiVersion, or a member of metadata. */
static bool
replace_is_identity(const struct k_path *p)
{
	return strcmp(p->parts[0], "kind") == 0 || strcmp(p->parts[0], "apiVersion") == 0 ||
	       (strcmp(p->parts[0], "metadata") == 0 && p->n == 2);
}

static struct err *
replace_set_in(struct k_objects *all, const struct k_replacement_target *t, const json_t *value)
{
	static const char *const otherwise[] = { "metadata.name" };
	const char *const *paths = t->field_paths.n > 0 ? t->field_paths.at : otherwise;
	size_t n = t->field_paths.n > 0 ? t->field_paths.n : 1;

	if (t->select == NULL)
		return err_new(all->arena, ERR_INVALID, "targets: select is needed");
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < n; k++) {
			struct k_path p;
			struct setting s = { all->arena, &p, t->options, value, 0, NULL };
			bool is;
			struct err *e = replace_is_target(all, &all->at[i], t, &is);

			if (e == NULL && is)
				e = k_path_parse(all->arena, paths[k], &p);
			if (e != NULL)
				return e;
			if (!is)
				continue;
			if (p.n == 0)
				return err_new(all->arena, ERR_INVALID, "targets: a field path is empty");
			if (replace_is_identity(&p))
				k_object_remember(all, &all->at[i]);
			replace_walk(&s, all->at[i].object, 0);
			if (s.err != NULL)
				return s.err;
			if (s.found == 0 && !(t->options != NULL && t->options->create))
				return err_new(all->arena, ERR_INVALID,
				    "targets: %s has no field %s; options.create makes it", all->at[i].ids[0].name,
				    paths[k]);
		}
	return NULL;
}

static struct err *
replace_one(struct k_objects *all, const struct k_replacement *r)
{
	_cleanup_(json_decrefp) json_t *value = NULL;
	struct err *e = NULL;

	if ((r->source == NULL) == (r->source_value == NULL))
		return err_new(all->arena, ERR_INVALID, "one of source and sourceValue is needed");
	if (r->source != NULL)
		e = replace_source_value(all, r->source, &value);
	else
		value = json_string(r->source_value);
	for (size_t i = 0; i < r->targets.n && e == NULL; i++)
		e = replace_set_in(all, &r->targets.at[i], value);
	return e;
}

/* A file with one replacement, or a list of them. */
static struct err *
replace_file(struct k_objects *all, const struct tree *t, const char *dir, const char *path)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const json_t *doc, *one;
	struct bytes text;
	const char *whole;
	struct err *e;
	size_t i, k;

	if ((e = tree_path(all->arena, dir, path, &whole)) != NULL ||
	    (e = tree_read(t, all->arena, whole, &text, NULL)) != NULL ||
	    (e = yaml_parse(all->arena, text.at, text.len, &docs)) != NULL)
		return err_wrap(all->arena, e, "%s", path);
	json_array_foreach (docs, i, doc) {
		const json_t *list = json_is_array(doc) ? doc : docs;
		size_t n = json_is_array(doc) ? json_array_size(doc) : 1;

		for (k = 0; k < n && e == NULL; k++) {
			struct k_replacement r = { 0 };

			one = json_is_array(doc) ? json_array_get(list, k) : doc;
			if ((e = k_decode(all->arena, &k_replacement_type, one, path, &r)) != NULL)
				return e;
			e = replace_one(all, &r);
		}
	}
	return e;
}

struct err *
k_replace(struct k_objects *all, const struct tree *t, const char *dir, const struct k_replacement *r, const char *what)
{
	struct err *e = !str_empty(r->path) ? replace_file(all, t, dir, r->path) : replace_one(all, r);

	return e != NULL ? err_wrap(all->arena, e, "%s", what) : NULL;
}
