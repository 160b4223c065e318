/* gitops/kustomize/patch.c: kustomize's patches: strategic merge and JSON patch (RFC 6902). Merge keys of lists:
 * schema.c. */
#include "gitops/kustomize/patch.h"
#include <string.h>
#include "kube/api/patch.h"
#include "kube/api/yaml.h"

#define DIRECTIVE "$patch"

/* Returns whether all keys are equal; a key may be missing in both. */
static bool
patch_is_equal_element(const json_t *x, const json_t *y, const char *const *keys)
{
	for (size_t i = 0; keys[i] != NULL; i++) {
		const json_t *a = json_object_get(x, keys[i]), *b = json_object_get(y, keys[i]);

		if (a == NULL || b == NULL ? a != b : !json_equal(a, b))
			return false;
	}
	return true;
}

/* Returns whether the first key is equal, and each other key that both have. */
static bool
patch_is_same_element(const json_t *x, const json_t *y, const char *const *keys)
{
	if (json_object_get(x, keys[0]) == NULL ||
	    !json_equal(json_object_get(x, keys[0]), json_object_get(y, keys[0])))
		return false;
	for (size_t i = 1; keys[i] != NULL; i++)
		if (json_object_get(x, keys[i]) != NULL && json_object_get(y, keys[i]) != NULL &&
		    !json_equal(json_object_get(x, keys[i]), json_object_get(y, keys[i])))
			return false;
	return true;
}

/* Returns a copy of the values that a patch adds, without directives ($patch and others). */
static json_t *
patch_without_directives(const json_t *v)
{
	json_t *copy, *member;
	const char *key;
	size_t i;

	if (json_is_array(v)) {
		copy = json_array();
		json_array_foreach (v, i, member)
			if (!str_eq(json_str(member, DIRECTIVE), "delete") &&
			    !str_eq(json_str(member, DIRECTIVE), "replace"))
				json_array_append_new(copy, patch_without_directives(member));
		return copy;
	}
	if (!json_is_object(v))
		return json_deep_copy(v);
	copy = json_object();
	json_object_foreach ((json_t *)v, key, member)
		if (!json_is_null(member) && strcmp(key, DIRECTIVE) != 0)
			json_object_set_new(copy, key, patch_without_directives(member));
	return copy;
}

struct merging {
	struct arena *arena;
	const struct k_schema *schema;
};

static json_t *patch_merge(struct merging *, struct k_typed, const char *name, json_t *target, const json_t *patch);

/* Adds the missing strings of the patch at the front of the list. */
static json_t *
patch_merge_texts(json_t *target, const json_t *patch)
{
	json_t *result = json_array(), *p, *t;
	size_t i, k;

	json_array_foreach (patch, i, p) {
		bool there = false;

		json_array_foreach (target, k, t)
			there |= json_equal(t, p);
		if (!there)
			json_array_append(result, p);
	}
	json_array_extend(result, target);
	json_decref(target);
	return result;
}

/* Returns the index of the element that the patch's element refers to. An element with all keys is preferred to one
 * that lacks some. Returns the list's length if there is no such element. */
static size_t
patch_element_index(const json_t *list, const json_t *patch, const char *const *keys)
{
	const json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (patch_is_equal_element(e, patch, keys))
			return i;
	json_array_foreach (list, i, e)
		if (patch_is_same_element(e, patch, keys))
			return i;
	return json_array_size(list);
}

static json_t *
patch_merge_list(struct merging *m, struct k_typed type, const char *name, json_t *target, const json_t *patch)
{
	struct k_merge how = k_typed_merge(&type, name, json_array_size(patch) > 0 ? patch : target);
	struct k_typed element = k_typed_element(&type);
	json_t *result, *added, *p;
	size_t i, k;

	json_array_foreach (patch, i, p)
		if (str_eq(json_str(p, DIRECTIVE), "replace")) {
			json_decref(target);
			return patch_without_directives(patch);
		}
	if (how.merged && how.keys[0] == NULL)
		return patch_merge_texts(target, patch);
	if (!how.merged || !json_is_object(json_array_get(patch, 0))) {
		json_decref(target);
		return patch_without_directives(patch);
	}
	result = json_array();
	added = json_array();
	json_array_extend(result, target);
	json_decref(target);
	json_array_foreach (patch, i, p) {
		const char *directive = json_str(p, DIRECTIVE);

		k = patch_element_index(result, p, how.keys);
		bool there = k < json_array_size(result);
		json_t *one = str_eq(directive, "delete") ? NULL
			      : there ? patch_merge(m, element, "", json_incref(json_array_get(result, k)), p)
				      : patch_without_directives(p);

		/* Elements of the patch come first, in its order, and then the rest. Elements with two merge keys
		 * keep their place. */
		if (there && one != NULL && how.keys[1] != NULL) {
			json_array_set_new(result, k, one);
			continue;
		}
		if (one != NULL)
			json_array_append_new(added, one);
		if (there)
			json_array_remove(result, k);
	}
	json_array_extend(added, result);
	json_decref(result);
	return added;
}

/* Merges a strategic patch: maps by key, null removes, lists by the merge keys of the schema with the patch's
 * elements first, other lists as a whole; `$patch: delete|replace|merge` in a map or as an element of a list.
 * `target` is consumed. Returns NULL if the patch removes it. */
static json_t *
patch_merge(struct merging *m, struct k_typed type, const char *name, json_t *target, const json_t *patch)
{
	const char *directive = json_is_object(patch) ? json_str(patch, DIRECTIVE) : NULL, *key;
	json_t *result, *member;

	if (json_is_null(patch) || str_eq(directive, "delete")) {
		json_decref(target);
		return NULL;
	}
	if (json_is_array(target) && json_is_array(patch))
		return patch_merge_list(m, type, name, target, patch);
	if (!json_is_object(target) || !json_is_object(patch) || str_eq(directive, "replace")) {
		json_decref(target);
		return patch_without_directives(patch);
	}
	result = json_copy(target);
	json_decref(target);
	/* An object, or one in an object of a kind that is not known. */
	if (type.kind == NULL && type.definition == NULL && json_str(result, "kind") != NULL &&
	    json_str(result, "apiVersion") != NULL)
		type = k_typed_object(m->arena, m->schema, result);
	json_object_foreach ((json_t *)patch, key, member) {
		json_t *own;

		if (strcmp(key, DIRECTIVE) == 0)
			continue;
		own =
		    patch_merge(m, k_typed_member(&type, key), key, json_incref(json_object_get(result, key)), member);
		if (own != NULL)
			json_object_set_new(result, key, own);
		else
			json_object_del(result, key);
	}
	return result;
}

static void
patch_drop_deleted(struct k_objects *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].object != NULL)
			all->at[n++] = all->at[i];
	all->changed |= n < all->n;
	all->n = n;
}

/* The object merged with the patch; its name and kind stay, unless they may change. */
static void
patch_merge_into(struct k_objects *all, struct k_object *o, const json_t *patch, const struct k_patch_options *options)
{
	struct merging m = { all->arena, all->schema };
	json_t *meta, *kind = json_incref(json_object_get(o->object, "kind"));
	json_t *version = json_incref(json_object_get(o->object, "apiVersion"));
	json_t *name = json_incref(json_object_get(json_object_get(o->object, "metadata"), "name"));
	json_t *ns = json_incref(json_object_get(json_object_get(o->object, "metadata"), "namespace"));

	if (options->allow_name_change || options->allow_kind_change)
		k_object_remember(all, o);
	all->changed = true;
	o->object = patch_merge(&m, (struct k_typed){ .schema = all->schema }, "", o->object, patch);
	meta = json_object_get(o->object, "metadata");
	if (o->object != NULL)
		json_object_set(o->object, "apiVersion", version);
	if (o->object != NULL && !options->allow_kind_change)
		json_object_set(o->object, "kind", kind);
	if (o->object != NULL && !options->allow_name_change)
		json_object_set(meta, "name", name);
	if (o->object != NULL && ns != NULL)
		json_object_set(meta, "namespace", ns);
	else if (o->object != NULL)
		json_object_del(meta, "namespace");
	json_decref(version);
	json_decref(kind);
	json_decref(name);
	json_decref(ns);
}

/* A `replace` of a missing field adds it, as in kustomize. Returns a new reference to the operation to carry out. */
static json_t *
patch_meant(struct arena *a, const json_t *whole, json_t *op)
{
	const char *path = json_str(op, "path"), *slash = path != NULL ? strrchr(path, '/') : NULL;
	const json_t *map;
	json_t *added;

	if (slash == NULL || !str_eq(json_str(op, "op"), "replace") || json_at(whole, path) != NULL)
		return json_incref(op);
	map = json_at(whole, arena_strndup(a, path, (size_t)(slash - path)));
	if (!json_is_object(map))
		return json_incref(op);
	added = json_copy(op);
	json_object_set_new(added, "op", json_string("add"));
	return added;
}

static struct err *
patch_apply_ops(struct k_objects *all, struct k_object *o, const json_t *ops, bool forgetful)
{
	/* A copy, because objects that are patched must not share values. */
	_cleanup_(json_decrefp) json_t *own = json_deep_copy(ops);
	json_t *whole = json_deep_copy(o->object), *op;
	struct err *e = NULL;
	size_t i;

	if (!forgetful)
		k_object_remember(all, o);
	all->changed = true;
	/* Kustomize records former names in annotations, so that an operation may add to them. */
	if (o->remembered && json_object_get(json_object_get(whole, "metadata"), "annotations") == NULL)
		json_object_set_new(json_object_get(whole, "metadata"), "annotations", json_object());
	json_array_foreach (own, i, op) {
		_cleanup_(json_decrefp) json_t *one = json_array();

		json_array_append_new(one, patch_meant(all->arena, whole, op));
		if ((e = json_patch_apply(all->arena, &whole, one)) != NULL)
			break;
	}
	if (e != NULL) {
		json_decref(whole);
		return err_wrap(all->arena, e, "%s %s", json_str(o->object, "kind"),
		    json_str(json_object_get(o->object, "metadata"), "name"));
	}
	json_decref(o->object);
	o->object = whole;
	return NULL;
}

/* By the id that the patch itself has. */
static struct err *
patch_apply_untargeted(struct k_objects *all, const json_t *patch, const struct k_patch_options *options)
{
	struct k_id id = k_id_of(all->arena, patch);
	struct k_object *o = NULL;
	struct err *e;

	if (!json_is_object(patch) || id.kind[0] == '\0' || id.name[0] == '\0')
		return err_new(all->arena, ERR_INVALID, "a patch without target must name its object's kind and name");
	if ((e = k_objects_find(all, &id, &o)) != NULL)
		return e;
	if (o == NULL)
		return err_new(all->arena, ERR_INVALID, "no object %s %s%s%s is there to be patched", id.kind, id.name,
		    id.namespace[0] != '\0' ? " of namespace " : "", id.namespace);
	patch_merge_into(all, o, patch, options);
	return NULL;
}

static struct err *
patch_apply_document(struct k_objects *all, const json_t *doc, const struct k_patch *p)
{
	struct err *e = NULL;

	if (p->target == NULL && !json_is_array(doc))
		return patch_apply_untargeted(all, doc, &p->options);
	if (p->target == NULL)
		return err_new(all->arena, ERR_INVALID, "a patch of operations needs a target");
	for (size_t i = 0; i < all->n && e == NULL; i++) {
		bool is;

		if (all->at[i].object == NULL || (e = k_object_selected(all, &all->at[i], p->target, &is)) != NULL ||
		    !is)
			continue;
		if (json_is_array(doc))
			e = patch_apply_ops(all, &all->at[i], doc, p->forgetful);
		else if (json_is_object(doc))
			patch_merge_into(all, &all->at[i], doc, &p->options);
		else
			e = err_new(all->arena, ERR_INVALID, "a patch is neither an object nor a list of operations");
	}
	return e;
}

/* Kustomize reads the operations of a JSON patch with Kubernetes' reader, and everything else with its own. */
static struct err *
patch_documents(struct arena *a, const struct bytes *text, json_t **ret)
{
	struct err *e = yaml_parse_as(a, text->at, text->len, YAML_KUSTOMIZE, ret);

	if (e != NULL || !json_is_array(json_array_get(*ret, 0)))
		return e;
	json_decref(*ret);
	*ret = NULL;
	return yaml_parse_as(a, text->at, text->len, YAML_KUBERNETES, ret);
}

struct err *
k_patch_apply(struct k_objects *all, const struct tree *t, const char *dir, const struct k_patch *p, const char *what)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { p->patch, p->patch != NULL ? strlen(p->patch) : 0 };
	const char *path;
	struct err *e = NULL;
	json_t *doc;
	size_t i;

	if (str_empty(p->path) == str_empty(p->patch))
		return err_new(all->arena, ERR_INVALID, "%s: one of path and patch is needed", what);
	if (!str_empty(p->path)) {
		if ((e = tree_path(all->arena, dir, p->path, &path)) == NULL)
			e = tree_read(t, all->arena, path, &text, NULL);
		what = arena_printf(all->arena, "%s: %s", what, p->path);
	}
	if (e == NULL)
		e = patch_documents(all->arena, &text, &docs);
	json_array_foreach (docs, i, doc)
		if (e == NULL)
			e = patch_apply_document(all, doc, p);
	patch_drop_deleted(all);
	return e != NULL ? err_wrap(all->arena, e, "%s", what) : NULL;
}
