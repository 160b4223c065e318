/* kube/api/meta.c: metadata of objects: rows of ObjectMeta, and functions for labels, annotations, owners and
 * resource versions. */
#include "kube/api/meta.h"
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"
#include "kube/api/patch.h"

static const struct field owner_fields[] = {
	STRING(owner, api_version, "apiVersion"),
	STRING(owner, kind, "kind"),
	STRING(owner, name, "name"),
	STRING(owner, uid, "uid"),
	BOOL(owner, controller, "controller"),
	BOOL(owner, block_owner_deletion, "blockOwnerDeletion"),
};
TYPE(owner, "owner reference");

static const struct field meta_fields[] = {
	STRING(meta, name, "name"),
	STRING(meta, generate_name, "generateName"),
	STRING(meta, namespace, "namespace"),
	STRING(meta, uid, "uid"),
	STRING(meta, resource_version, "resourceVersion"),
	INT(meta, generation, "generation"),
	TIME(meta, creation_timestamp, "creationTimestamp"),
	TIME(meta, deletion_timestamp, "deletionTimestamp"),
	STRING_MAP(meta, labels, "labels"),
	/* Of the annotation with kubectl's copy of the whole manifest only the key is kept. */
	STRING_MAP(meta, annotations, "annotations", .blank = "kubectl.kubernetes.io/last-applied-configuration"),
	LIST(meta, owners, "ownerReferences", owner),
	STRINGS(meta, finalizers, "finalizers"),
};
TYPE(meta, "object's metadata");

json_t *
status_condition(const json_t *status, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(status, "conditions"), i, c)
		if (str_eq(json_str(c, "type"), type))
			return c;
	return NULL;
}

/* `before` as in derive (kube/api/type.h). */
static struct object *
object_decode_after(const struct type *t, const char *text, const struct object *before, struct arena *a)
{
	struct object *o = arena_alloc(a, t->size);
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct problems found = { .arena = a, .scratch = scratch };

	decode_at(t, text, "", &found, o);
	if (t->derive != NULL)
		t->derive(o, before, text, a);
	decode_at(&meta_type, json_find(text, "metadata"), "metadata", &found, &o->meta);
	o->type = t;
	if (found.n > 0) {
		struct problems *p = arena_alloc(a, sizeof(*p));

		*p = found;
		p->scratch = NULL;
		o->problems = p;
	}
	return o;
}

struct object *
object_decode_at(const struct type *t, const char *text, struct arena *a)
{
	return object_decode_after(t, text, NULL, a);
}

struct object *
object_decode(const struct type *t, const json_t *j, struct arena *a)
{
	_cleanup_(freep) char *text = j != NULL ? json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	return object_decode_at(t, text, a);
}

#define NAME_MAX_LEN 253 /* a DNS subdomain's; a namespace is shorter */

bool
name_is_path_segment(const char *name)
{
	return name[strcspn(name, "/%?#")] == '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Errors in parts that no validation checks. The specs of Sluice's own types have a validation, which reports its
 * errors in the status. */
static const struct problem *
meta_unread_part(const struct object *o)
{
	bool validated = str_eq(o->type->group, "argoproj.io") || str_ends(o->type->group, "toolkit.fluxcd.io");

	for (size_t i = 0; o->problems != NULL && i < o->problems->n; i++)
		if (!validated || !str_starts(o->problems->at[i].path, "spec"))
			return &o->problems->at[i];
	return NULL;
}

const char *
object_refusal(const struct object *o, struct arena *a)
{
	const struct meta *m = &o->meta;
	const struct problem *wrong = meta_unread_part(o);
	const struct {
		const char *name, *value;
	} needed[] = { { "name", m->name }, { "namespace", o->type->cluster_scoped ? "-" : m->namespace },
		{ "uid", m->uid }, { "resourceVersion", m->resource_version } };

	if (wrong != NULL)
		return arena_printf(a, "%s: %s", wrong->path, wrong->text);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (str_empty(needed[i].value) || strlen(needed[i].value) > NAME_MAX_LEN)
			return arena_printf(a, "metadata.%s: %s", needed[i].name,
			    str_empty(needed[i].value) ? "required, but missing" : "is too long");
	for (size_t i = 0; i < 2; i++)
		if (!name_is_path_segment(needed[i].value))
			return arena_printf(a, "metadata.%s: is no name", needed[i].name);
	for (size_t i = 0; i < m->owners.n; i++)
		if (str_empty(m->owners.at[i].kind) || str_empty(m->owners.at[i].name) ||
		    str_empty(m->owners.at[i].uid))
			return arena_printf(a, "metadata.ownerReferences[%zu]: has no kind, name or uid", i);
	return NULL;
}

/* Returns an object with metadata only; all other members are zero. Copies `why`. */
static struct object *
object_unreadable(const struct type *t, const char *text, const struct unreadable *why, struct arena *a)
{
	struct object *o = arena_alloc(a, t->size);
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct problems found = { .arena = a, .scratch = scratch };
	struct unreadable *copy = arena_alloc(a, sizeof(*copy));
	struct meta *m = &o->meta;
	size_t n = 0;

	decode_at(&meta_type, json_find(text, "metadata"), "metadata", &found, m);
	*copy = (struct unreadable){ arena_strdup(a, why->why), why->partial || found.n > 0 };
	/* An owner reference must be complete. */
	for (size_t i = 0; i < m->owners.n; i++)
		if (str_empty(m->owners.at[i].kind) || str_empty(m->owners.at[i].name) ||
		    str_empty(m->owners.at[i].uid))
			copy->partial = true;
		else
			m->owners.at[n++] = m->owners.at[i];
	m->owners.n = n;
	o->type = t;
	o->unreadable = copy;
	return o;
}

struct object *
object_of_item(const struct type *t, const struct item_text *i, const struct object *before, struct arena *a)
{
	_cleanup_(arena_freep) struct arena *scratch = NULL;
	struct unreadable incomplete = { NULL, false };
	struct object *o;

	if (i->text == NULL) {
		scratch = arena_new();
		return object_unreadable(t, json_text(scratch, i->part), &i->why, a);
	}
	o = object_decode_after(t, i->text, before, a);
	incomplete.why = object_refusal(o, a);
	return incomplete.why == NULL ? o : object_unreadable(t, i->text, &incomplete, a);
}

const struct owner *
object_controller(const struct object *o)
{
	for (size_t i = 0; i < o->meta.owners.n; i++)
		if (o->meta.owners.at[i].controller)
			return &o->meta.owners.at[i];
	return NULL;
}

json_t *
owner_reference(const struct object *o)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:b}", "apiVersion", "argoproj.io/v1alpha1", "kind", o->type->kind,
	    "name", o->meta.name, "uid", o->meta.uid, "controller", 1, "blockOwnerDeletion", 1);
}

const char *
object_label(const struct object *o, const char *key)
{
	return string_map_get(&o->meta.labels, key);
}

const char *
object_annotation(const struct object *o, const char *key)
{
	return string_map_get(&o->meta.annotations, key);
}

static bool
meta_patch_has_path(const json_t *ops, const char *path)
{
	json_t *op;
	size_t i;

	json_array_foreach (ops, i, op)
		if (str_eq(json_str(op, "path"), path))
			return true;
	return false;
}

void
object_patch_annotation(struct arena *a, json_t *ops, const struct object *o, const char *key, const char *value)
{
	const char *path = arena_printf(a, "/metadata/annotations/%s", json_pointer_escape(a, key));
	const char *old = object_annotation(o, key);

	if (str_eq(old, value))
		return;
	if (o->meta.annotations.n == 0 && !meta_patch_has_path(ops, "/metadata/annotations")) {
		json_patch_add(ops, "test", "/metadata/resourceVersion", json_string(o->meta.resource_version));
		json_patch_add(ops, "add", "/metadata/annotations", json_object());
	}
	if (old != NULL)
		json_patch_add(ops, "test", path, json_string(old));
	if (value != NULL)
		json_patch_add(ops, "add", path, json_string(value));
	else
		json_patch_add(ops, "remove", path, NULL);
}

int
resource_version_compare(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	int c;

	if (n != m)
		return n < m ? -1 : 1;
	c = strcmp(a, b);
	return c < 0 ? -1 : c > 0;
}

const struct problem *
object_problem(const struct object *o, const char *prefix)
{
	if (o->problems == NULL)
		return NULL;
	for (size_t i = 0; i < o->problems->n; i++)
		if (str_starts(o->problems->at[i].path, prefix))
			return &o->problems->at[i];
	return NULL;
}
