/* gitops/kustomize/objects.c: the objects of a kustomize build, and all the names that each has had: identities and
 * selectors. */
#include "gitops/kustomize/objects.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include "base/str.h"
#include "gitops/source/manifests.h"
#include "kube/api/kinds.h"
#include "kube/api/selector.h"

#define REGEX_STEPS_MAX 100000

void
k_objects_done(struct k_objects *all)
{
	for (size_t i = 0; i < all->n; i++)
		json_decref(all->at[i].object);
	all->n = 0;
	map_done(&all->ids);
	all->ids = (struct map){ 0 };
}

struct k_id
k_id_of(struct arena *a, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	struct k_id id = { .kind = arena_strdup(a, json_str(object, "kind") ?: ""),
		.namespace = arena_strdup(a, json_str(meta, "namespace") ?: ""),
		.name = arena_strdup(a, json_str(meta, "name") ?: json_str(meta, "generateName") ?: "") };

	api_version_split(a, arena_strdup(a, json_str(object, "apiVersion") ?: ""), &id.group, &id.version);
	return id;
}

static bool
objects_is_same_id(const struct k_id *x, const struct k_id *y)
{
	return str_eq(x->group, y->group) && str_eq(x->version, y->version) && str_eq(x->kind, y->kind) &&
	       str_eq(x->name, y->name) && str_eq(x->namespace, y->namespace);
}

const char *
k_effective(const char *ns)
{
	return str_empty(ns) ? "default" : ns;
}

static struct k_object *
objects_grow(struct k_objects *all)
{
	if (all->n == all->capacity) {
		struct k_object *more =
		    arena_new_array(all->arena, struct k_object, all->capacity = all->capacity * 2 + 32);

		if (all->n > 0)
			memcpy(more, all->at, all->n * sizeof(*more));
		all->at = more;
	}
	return &all->at[all->n++];
}

/* Returns the identity of an object, which is unique in a build. */
static const char *
objects_id_text(struct arena *a, const struct k_id *id)
{
	return arena_printf(
	    a, "%s/%s/%s/%s/%s", id->group, id->version, id->kind, k_effective(id->namespace), id->name);
}

/* Rebuilds `ids` after a change. */
static void
objects_index_ids(struct k_objects *all)
{
	map_done(&all->ids);
	all->ids = (struct map){ 0 };
	for (size_t i = 0; i < all->n; i++) {
		struct k_id id = k_id_of(all->arena, all->at[i].object);

		map_set(&all->ids, objects_id_text(all->arena, &id), (void *)all->at[i].file);
	}
	all->changed = false;
}

/* The id of an object that comes from that file, which stays in the arena. */
static struct err *
objects_check_new(struct k_objects *all, const struct k_id *id, const char *file)
{
	const char *text = objects_id_text(all->arena, id), *there;

	if (all->n >= K_OBJECTS_MAX)
		return err_new(all->arena, ERR_INVALID, "%s: more than %d objects", file, K_OBJECTS_MAX);
	if (all->changed)
		objects_index_ids(all);
	if ((there = map_get(&all->ids, text)) != NULL)
		return err_new(
		    all->arena, ERR_INVALID, "%s: %s %s is there already, from %s", file, id->kind, id->name, there);
	map_set(&all->ids, text, (void *)file);
	return NULL;
}

/* A label or annotation that is written as a number or boolean becomes a string. */
static void
objects_make_texts(struct arena *a, json_t *meta, const char *map)
{
	const char *key;
	json_t *v;

	json_object_foreach (json_object_get(meta, map), key, v)
		if (json_is_number(v) || json_is_boolean(v))
			json_object_set_new(json_object_get(meta, map), key, json_string(json_text(a, v)));
}

struct err *
k_objects_add(struct k_objects *all, json_t *object, const char *from)
{
	const char *file = arena_strdup(all->arena, from);
	struct k_id id;
	struct k_object *o;
	struct err *e;

	if (!json_is_object(object) || str_empty(json_str(object, "kind")) ||
	    str_empty(json_str(object, "apiVersion"))) {
		json_decref(object);
		return err_new(all->arena, ERR_INVALID, "%s: an object has no apiVersion or no kind", file);
	}
	id = k_id_of(all->arena, object);
	if (str_ends(id.kind, "List") && json_is_array(json_object_get(object, "items"))) {
		json_t *item;
		size_t i;

		e = NULL;
		json_array_foreach (json_object_get(object, "items"), i, item)
			if ((e = k_objects_add(all, json_incref(item), file)) != NULL)
				break;
		json_decref(object);
		return e;
	}
	e = id.name[0] == '\0' ? err_new(all->arena, ERR_INVALID, "%s: %s %s has no metadata.name", file,
				     str_article(id.kind), id.kind)
			       : objects_check_new(all, &id, file);
	if (e != NULL) {
		json_decref(object);
		return e;
	}
	objects_make_texts(all->arena, json_object_get(object, "metadata"), "labels");
	objects_make_texts(all->arena, json_object_get(object, "metadata"), "annotations");
	o = objects_grow(all);
	*o = (struct k_object){ .object = object, .prefixes = "", .suffixes = "", .vars = "", .file = file };
	o->ids = arena_grow(all->arena, NULL, 0, &o->ids_capacity, sizeof(*o->ids));
	o->ids[o->n_ids++] = id;
	return NULL;
}

struct err *
k_objects_append(struct k_objects *all, struct k_objects *from)
{
	struct err *e = NULL;

	for (size_t i = 0; i < from->n; i++) {
		struct k_id id = k_id_of(all->arena, from->at[i].object);

		if ((e = objects_check_new(all, &id, from->at[i].file)) != NULL)
			return e;
		*objects_grow(all) = from->at[i];
		all->at[all->n - 1].object = json_incref(from->at[i].object);
	}
	k_objects_done(from);
	for (size_t i = 0; from->specs->own && i < from->specs->n && e == NULL; i++)
		e = k_specs_add(&all->specs, all->arena, &from->specs->at[i]);
	for (size_t i = 0; i < from->n_vars && e == NULL; i++)
		e = k_var_add(all, &from->vars[i]);
	return e;
}

struct err *
k_var_add(struct k_objects *all, const struct k_var *v)
{
	for (size_t i = 0; i < all->n_vars; i++)
		if (strcmp(all->vars[i].name, v->name) == 0)
			return err_new(all->arena, ERR_INVALID, "vars: %s is there twice", v->name);
	if (all->n_vars == K_VARS_MAX)
		return err_new(all->arena, ERR_INVALID, "vars: more than %d", K_VARS_MAX);
	if (all->n_vars == all->vars_capacity) {
		struct k_var *more =
		    arena_new_array(all->arena, struct k_var, all->vars_capacity = all->vars_capacity * 2 + 8);

		if (all->n_vars > 0)
			memcpy(more, all->vars, all->n_vars * sizeof(*more));
		all->vars = more;
	}
	all->vars[all->n_vars++] = *v;
	return NULL;
}

void
k_object_remember(struct k_objects *all, struct k_object *o)
{
	struct k_id id = k_id_of(all->arena, o->object);

	o->remembered = true;
	all->changed = true;
	if (objects_is_same_id(&o->ids[o->n_ids - 1], &id))
		return;
	o->ids = arena_grow(all->arena, o->ids, o->n_ids, &o->ids_capacity, sizeof(*o->ids));
	o->ids[o->n_ids++] = id;
}

bool
k_of_cluster(const struct k_objects *all, const struct k_id *id)
{
	struct api_kind known;

	if (kind_builtin(id->group, id->version, id->kind, &known))
		return known.cluster_scoped;
	return k_schema_of_cluster(all->schema, all->arena, id->group, id->version, id->kind);
}

static bool
objects_id_fits(const struct k_objects *all, const struct k_id *is, const struct k_id *wanted)
{
	return str_eq(is->kind, wanted->kind) && str_eq(is->name, wanted->name) && str_eq(is->group, wanted->group) &&
	       (str_empty(wanted->version) || str_eq(is->version, wanted->version)) &&
	       (k_of_cluster(all, is) || str_eq(k_effective(is->namespace), k_effective(wanted->namespace)));
}

bool
k_object_was(struct k_objects *all, const struct k_object *o, const struct k_id *wanted)
{
	struct k_id now = k_id_of(all->arena, o->object);

	if (objects_id_fits(all, &now, wanted))
		return true;
	for (size_t i = 0; i < o->n_ids; i++)
		if (objects_id_fits(all, &o->ids[i], wanted))
			return true;
	return false;
}

struct err *
k_objects_find(struct k_objects *all, const struct k_id *wanted, struct k_object **ret)
{
	struct k_object *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!k_object_was(all, &all->at[i], wanted))
			continue;
		if (found != NULL)
			return err_new(all->arena, ERR_INVALID,
			    "%s %s: two objects are, or were, named so, from %s and from %s", wanted->kind,
			    wanted->name, found->file, all->at[i].file);
		found = &all->at[i];
	}
	*ret = found;
	return NULL;
}

struct err *
k_regex(struct arena *a, const char *regex, const char *text, bool *ret)
{
	const char *whole;
	PCRE2_SIZE at;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	int failure, n;

	/* Most selectors are plain names. */
	if (strpbrk(regex, "\\^$.[]|()*+?{}") == NULL) {
		*ret = strcmp(regex, text) == 0;
		return NULL;
	}
	whole = arena_printf(a, "^(?:%s)$", regex);
	code = pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED, PCRE2_DOLLAR_ENDONLY, &failure, &at, NULL);
	if (code == NULL)
		return err_new(a, ERR_INVALID, "\"%s\" is not a regular expression", regex);
	data = pcre2_match_data_create(1, NULL);
	limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(limits, REGEX_STEPS_MAX);
	pcre2_set_depth_limit(limits, REGEX_STEPS_MAX);
	n = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limits);
	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	*ret = n >= 0;
	return NULL;
}

static struct err *
objects_part(struct arena *a, const char *regex, const char *text, bool *all)
{
	bool is = true;
	struct err *e = str_empty(regex) || !*all ? NULL : k_regex(a, regex, text, &is);

	*all &= is;
	return e;
}

static struct err *
objects_is_selected_as(struct arena *a, const struct k_id *id, const struct k_selector *s, bool *ret)
{
	bool all = true;
	struct err *e = objects_part(a, s->group, id->group, &all);

	if (e == NULL)
		e = objects_part(a, s->version, id->version, &all);
	if (e == NULL)
		e = objects_part(a, s->kind, id->kind, &all);
	if (e == NULL)
		e = objects_part(a, s->name, id->name, &all);
	if (e == NULL)
		e = objects_part(a, s->namespace, k_effective(id->namespace), &all);
	*ret = all;
	return e;
}

/* Evaluates a label selector on labels or annotations. */
static struct err *
objects_has_labels(struct arena *a, const json_t *object, const char *map, const char *selector, bool *ret)
{
	const json_t *pairs = json_object_get(json_object_get(object, "metadata"), map);
	struct selector parsed;
	struct err *e;

	if (selector == NULL)
		return NULL;
	if ((e = selector_parse(a, selector, &parsed)) != NULL)
		return err_wrap(a, e, "%s", selector);
	*ret &= selector_matches(&parsed, pairs);
	return NULL;
}

struct err *
k_object_selected(struct k_objects *all, const struct k_object *o, const struct k_selector *s, bool *ret)
{
	struct k_id now = k_id_of(all->arena, o->object);
	struct err *e = objects_is_selected_as(all->arena, &now, s, ret);

	for (size_t i = 0; i < o->n_ids && !*ret && e == NULL; i++)
		e = objects_is_selected_as(all->arena, &o->ids[i], s, ret);
	if (e == NULL && *ret)
		e = objects_has_labels(all->arena, o->object, "labels", s->label_selector, ret);
	if (e == NULL && *ret)
		e = objects_has_labels(all->arena, o->object, "annotations", s->annotation_selector, ret);
	return e;
}
