/* gitops/kustomize/references.c: name references between objects, updated when names change (nameReference): finds
 * the object that a name refers to.
 *
 * The rules are kustomize's: a name refers to an object that had it before a transformation changed it. Of several
 * such objects, those in the namespace of the referring object are preferred, then those with the same prefixes and
 * suffixes, except the innermost.
 */
#include "gitops/kustomize/references.h"
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "gitops/kustomize/field_walk.h"

/* The objects that had a name, in their order. */
struct named {
	const struct k_object *object;
	struct k_id id; /* the current one */
	struct named *next;
};

struct fixing {
	struct k_objects *all;
	struct k_object *from; /* the referring object */
	struct k_id from_id;
	const struct k_gvk *to;
	struct map names; /* former name → struct named */
	struct map namespaces; /* the original ones of all objects */
	struct err *err;
};

static const char *
references_namespace_of(const struct fixing *f, const struct k_id *id)
{
	return k_of_cluster(f->all, id) ? "" : k_effective(id->namespace);
}

static void
references_add_name(struct fixing *f, const struct k_object *o, const struct k_id *now, const char *name)
{
	struct named *one = arena_new_array(f->all->arena, struct named, 1), *first = map_get(&f->names, name);

	if (first != NULL && first->object == o)
		return;
	*one = (struct named){ o, *now, first };
	map_set(&f->names, name, one);
}

/* Names that objects have now are no clue, because another may have had them. */
static void
references_index_names(struct fixing *f)
{
	for (size_t i = f->all->n; i-- > 0;) {
		const struct k_object *o = &f->all->at[i];
		struct k_id now = k_id_of(f->all->arena, o->object);

		map_set(&f->namespaces, references_namespace_of(f, &o->ids[0]), f);
		for (size_t k = 0; o->remembered && k < o->n_ids; k++)
			references_add_name(f, o, &now, o->ids[k].name);
	}
}

static bool
references_was_selected(const struct k_object *o, const struct k_gvk *to)
{
	for (size_t i = 0; i < o->n_ids; i++)
		if (k_gvk_selects(to, o->ids[i].group, o->ids[i].version, o->ids[i].kind))
			return true;
	return false;
}

/* Returns whether `from` can refer to the object: both are in one namespace, or one of them is cluster-scoped. A
 * service account may be of another namespace. */
static bool
references_is_in_scope(const struct fixing *f, const struct k_id *id)
{
	return k_of_cluster(f->all, &f->from_id) || k_of_cluster(f->all, id) ||
	       strcmp(id->kind, "ServiceAccount") == 0 ||
	       strcmp(references_namespace_of(f, id), references_namespace_of(f, &f->from_id)) == 0;
}

/* In the namespace that the reference itself says: at first, if any object was there, or now. */
static bool
references_is_in(const struct fixing *f, const struct k_object *o, const struct k_id *id, const char *namespace)
{
	if (namespace == NULL)
		return true;
	return strcmp(references_namespace_of(f, map_get(&f->namespaces, namespace) != NULL ? &o->ids[0] : id),
		   namespace) == 0;
}

/* Returns whether of two lists of prefixes (or suffixes), separated by commas, one is the end of the other: what was
 * added last is the same. */
static bool
references_end_alike(const char *x, const char *y)
{
	const char *shorter = strlen(x) < strlen(y) ? x : y, *longer = shorter == x ? y : x;
	size_t before = strlen(longer) - strlen(shorter);

	if (*shorter == '\0')
		return *longer == '\0';
	return str_ends(longer, shorter) && (before == 0 || longer[before - 1] == ',');
}

/* Which of the objects with a name are considered. Each is stricter than the one before; the next one is used as long
 * as several objects are left. */
enum sieve {
	SIEVE_NAMESPACE, /* those that `from` can refer to */
	SIEVE_ENDS_OR_NONE, /* those of them with the prefixes and suffixes of `from`, unless one of both has none */
	SIEVE_ENDS, /* those of them with the prefixes and suffixes of `from` (references_end_alike) */
};

static bool
references_passes(const struct fixing *f, const struct named *one, const char *namespace, enum sieve sieve)
{
	const struct k_object *from = f->from, *o = one->object;
	bool no_prefix = from->prefixes[0] == '\0' || o->prefixes[0] == '\0';
	bool no_suffix = from->suffixes[0] == '\0' || o->suffixes[0] == '\0';

	if (!references_was_selected(o, f->to) || !references_is_in_scope(f, &one->id) ||
	    !references_is_in(f, o, &one->id, namespace))
		return false;
	if (sieve == SIEVE_NAMESPACE)
		return true;
	return ((sieve == SIEVE_ENDS_OR_NONE && no_prefix) || references_end_alike(o->prefixes, from->prefixes)) &&
	       ((sieve == SIEVE_ENDS_OR_NONE && no_suffix) || references_end_alike(o->suffixes, from->suffixes));
}

/* The objects that a sieve leaves. */
struct found {
	const struct named *first;
	size_t n;
	bool differ; /* in their names now, or in their namespaces where that counts */
};

static struct found
references_sift(const struct fixing *f, const char *name, const char *namespace, bool pair, enum sieve sieve)
{
	struct found found = { 0 };

	for (const struct named *one = map_get(&f->names, name); one != NULL; one = one->next) {
		if (!references_passes(f, one, namespace, sieve))
			continue;
		if (found.n++ == 0)
			found.first = one;
		found.differ |= strcmp(one->id.name, found.first->id.name) != 0 ||
				(pair && strcmp(one->id.namespace, found.first->id.namespace) != 0);
	}
	return found;
}

/* Returns the current name of the object that a name in `from` refers to; NULL: there is no such object. `pair` (may
 * be NULL): the map of a reference that has a namespace too. */
static const struct k_id *
references_meant(struct fixing *f, const char *name, const char *namespace, bool pair)
{
	struct found found = references_sift(f, name, namespace, pair, SIEVE_NAMESPACE);

	if (found.n > 1) {
		found = references_sift(f, name, namespace, pair, SIEVE_ENDS_OR_NONE);
		if (found.n > 1)
			found = references_sift(f, name, namespace, pair, SIEVE_ENDS);
	}
	if (found.n > 1 && found.differ && f->err == NULL)
		f->err = err_new(f->all->arena, ERR_INVALID,
		    "%s: %s %s names %s %s, and several objects are, or were, named so", f->from->file, f->from_id.kind,
		    f->from_id.name, f->to->kind != NULL ? f->to->kind : "an object", name);
	return found.n > 0 ? &found.first->id : NULL;
}

/* A service account among a binding's subjects, or a webhook's service: it names a namespace too. */
static void
references_fix_pair(struct fixing *f, json_t *ref)
{
	const char *name = json_str(ref, "name");
	const struct k_id *now;

	if (name == NULL || (str_eq(f->to->kind, "ServiceAccount") && !str_eq(json_str(ref, "kind"), "ServiceAccount")))
		return;
	now = references_meant(f, name, json_str(ref, "namespace"), true);
	if (now == NULL)
		return;
	json_object_set_new(ref, "name", json_string(now->name));
	if (now->namespace[0] != '\0')
		json_object_set_new(ref, "namespace", json_string(now->namespace));
}

/* The new name for what a reference says, or NULL: it stays. */
static json_t *
references_new_name(struct fixing *f, const json_t *old)
{
	const struct k_id *now = json_is_string(old) ? references_meant(f, json_string_value(old), NULL, false) : NULL;

	return now != NULL ? json_string(now->name) : NULL;
}

static void
references_fix_name(json_t *map, const char *field, void *arg)
{
	struct fixing *f = arg;
	json_t *value = json_object_get(map, field), *element, *now = references_new_name(f, value);
	size_t i;

	if (now != NULL)
		json_object_set_new(map, field, now);
	else if (json_is_object(value))
		references_fix_pair(f, value);
	else
		json_array_foreach (value, i, element) {
			if (json_is_object(element))
				references_fix_pair(f, element);
			else if ((now = references_new_name(f, element)) != NULL)
				json_array_set_new(value, i, now);
		}
}

/* A binding says whether it names a Role or a ClusterRole. */
static void
references_fix_role(json_t *map, const char *field, void *arg)
{
	struct fixing *f = arg;
	const char *kind = json_str(map, "kind");

	if (kind == NULL || str_eq(kind, f->to->kind))
		references_fix_name(map, field, arg);
}

static void
references_fix_object(struct fixing *f)
{
	const struct k_spec_list *specs = f->all->specs;

	for (size_t i = 0; i < specs->n; i++) {
		const struct k_spec *p = &specs->at[i];

		if (!k_spec_in(p, K_NAME_REFERENCE, &f->from_id))
			continue;
		f->to = &p->to;
		k_fields(f->from->object, p->path, false,
		    str_ends(p->path, "roleRef/name") ? references_fix_role : references_fix_name, f);
	}
}

struct err *
k_fix_references(struct k_objects *all)
{
	struct fixing f = { .all = all };

	references_index_names(&f);
	for (size_t i = 0; i < all->n && f.err == NULL; i++) {
		f.from = &all->at[i];
		f.from_id = k_id_of(all->arena, f.from->object);
		references_fix_object(&f);
	}
	map_done(&f.names);
	map_done(&f.namespaces);
	return f.err;
}
