/* sim/store_delete.c: deletion in the laptop cluster: finalizers, grace periods, and garbage collection by owner and
 * namespace. */
#include "sim/store_parts.h"
#include <string.h>
#include "base/str.h"
#include "sim/pod_lifecycle.h"

#define CLEANUP "customresourcecleanup.apiextensions.k8s.io"

static const struct resource *
resource_of_key(const struct store *s, const char *key)
{
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		const char *prefix = r->stored_as != NULL ? r->stored_as : r->plural;

		if (strncmp(key, prefix, strlen(prefix)) == 0 && key[strlen(prefix)] == ' ')
			return r;
	}
	return NULL;
}

/* Deletes what the object with this uid owned. */
static void
store_delete_collect(struct store *s, const char *uid)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys;
	size_t n = owners_keys(s, uid, a, &keys);

	for (size_t i = 0; i < n; i++)
		store_delete(s, resource_of_key(s, keys[i]), keys[i], false);
}

/* The owner exists. One of a kind that is not known here counts as there: nothing can be found out about it. */
static bool
owner_exists(struct store *s, struct arena *a, const json_t *owner, const char *ns)
{
	const char *version = json_str(owner, "apiVersion") ?: "", *slash = strchr(version, '/');
	const char *group = slash != NULL ? arena_strndup(a, version, (size_t)(slash - version)) : "";
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++)
		if (strcmp(r->group, group) == 0 && str_eq(r->kind, json_str(owner, "kind"))) {
			const json_t *o =
			    store_at(s, object_key(a, r, r->cluster_scoped ? NULL : ns, json_str(owner, "name") ?: ""));

			return str_eq(json_str(object_meta(o), "uid"), json_str(owner, "uid"));
		}
	return true;
}

void
store_collect(struct store *s, const struct resource *r, const char *key)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *o = store_at(s, key), *owner;
	const json_t *owners = json_object_get(object_meta(o), "ownerReferences");
	size_t i;

	json_array_foreach (owners, i, owner)
		if (owner_exists(s, a, owner, json_str(object_meta(o), "namespace")))
			return;
	if (json_array_size(owners) > 0)
		store_delete(s, r, key, false);
}

struct store_delete_one {
	const char *key, *uid;
};

static int
store_delete_by_uid(const void *a, const void *b)
{
	return strcmp(((const struct store_delete_one *)a)->uid, ((const struct store_delete_one *)b)->uid);
}

/* Deletes what is in a namespace, in the order of creation, in which the uids are. */
static void
store_delete_empty(struct store *s, const char *ns)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct store_delete_one *all = NULL;
	size_t n = 0, room = 0;
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++) {
		const char **keys;
		size_t more = store_keys(s, r->stored_as != NULL ? r->stored_as : r->plural, ns, a, &keys);

		for (size_t k = 0; k < more; k++) {
			all = arena_grow(a, all, n, &room, sizeof(*all));
			all[n++] = (struct store_delete_one){ keys[k],
				arena_strdup(a, json_str(object_meta(store_at(s, keys[k])), "uid") ?: "") };
		}
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), store_delete_by_uid);
	for (size_t i = 0; i < n; i++)
		store_delete(s, resource_of_key(s, all[i].key), all[i].key, false);
}

/* The object stays, with the time of its deletion, until its finalizers are removed and its grace period ends. */
static void
store_delete_mark(struct store *s, const struct resource *r, const char *key, json_t *old)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *next;

	if (json_object_get(object_meta(old), "deletionTimestamp") != NULL)
		return;
	next = json_deep_copy(old);
	json_object_set_new(object_meta(next), "deletionTimestamp", json_string(store_now(a, s)));
	store_put(s, r, key, next);
}

/* Deletes the objects of a definition. Returns whether some are left, which wait for their finalizers; the definition
 * stays as long, with the finalizer and the condition that Kubernetes gives it. */
static bool
store_delete_defined(struct store *s, const struct resource *r, const char *key, const json_t *definition)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct resource *of = definitions_of(s->definitions, definition);
	const char **keys;
	json_t *next, *finalizers;
	size_t n;

	if (of == NULL || json_object_get(object_meta(definition), "deletionTimestamp") != NULL)
		return of != NULL;
	n = store_keys(s, of->stored_as, NULL, a, &keys);
	for (size_t i = 0; i < n; i++)
		store_delete(s, of, keys[i], false);
	if (store_keys(s, of->stored_as, NULL, a, &keys) == 0)
		return false;
	next = json_deep_copy(definition);
	finalizers = json_deep_copy(json_object_get(object_meta(next), "finalizers")) ?: json_array();
	json_array_append_new(finalizers, json_string(CLEANUP));
	json_object_set_new(object_meta(next), "finalizers", finalizers);
	json_object_set_new(object_meta(next), "deletionTimestamp", json_string(store_now(a, s)));
	definition_terminate(next, store_now(a, s));
	store_put(s, r, key, next);
	return true;
}

void
store_finish_definition(struct store *s, const struct resource *of)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct resource *r = store_definition_resource();
	const char **keys, *key = object_key(a, r, NULL, of->stored_as);
	json_t *definition = store_at(s, key), *finalizers;

	if (definition == NULL || json_object_get(object_meta(definition), "deletionTimestamp") == NULL ||
	    store_keys(s, of->stored_as, NULL, a, &keys) > 0)
		return;
	definition = json_deep_copy(definition);
	finalizers = json_object_get(object_meta(definition), "finalizers");
	for (size_t i = json_array_size(finalizers); i-- > 0;)
		if (str_eq(json_string_value(json_array_get(finalizers, i)), CLEANUP))
			json_array_remove(finalizers, i);
	if (json_array_size(finalizers) > 0) {
		store_put(s, r, key, definition);
		return;
	}
	json_decref(definition);
	store_remove(s, r, key);
}

/* Returns whether the object is a Pod whose containers take a while to stop. */
static bool
lingers(const struct resource *r, const json_t *o)
{
	return resource_is(r, "Pod") && lifecycle_stop_ms(json_object_get(o, "spec")) > 0;
}

/* Deletes an object without waiting for its containers. Finalizers, and in the foreground dependants, are waited
 * for. */
static void
delete_now(struct store *s, const struct resource *r, const char *key, bool foreground)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *old = store_at(s, key);
	_cleanup_(json_decrefp) json_t *hold = json_incref(old);
	const char *uid;

	if (old == NULL)
		return;
	uid = arena_strdup(a, json_str(object_meta(old), "uid"));
	if (resource_is(r, "CustomResourceDefinition") && store_delete_defined(s, r, key, old))
		return;
	/* In the foreground dependants are deleted first; an object with finalizers waits for their removal. */
	if (foreground)
		store_delete_collect(s, uid);
	if (json_array_size(json_object_get(object_meta(old), "finalizers")) > 0) {
		store_delete_mark(s, r, key, old);
		return;
	}
	store_remove(s, r, key);
	if (resource_is(r, "Namespace"))
		store_delete_empty(s, json_str(object_meta(hold), "name"));
	if (!foreground)
		store_delete_collect(s, uid);
}

void
store_delete(struct store *s, const struct resource *r, const char *key, bool foreground)
{
	json_t *old = store_at(s, key);

	if (old != NULL && lingers(r, old))
		store_delete_mark(s, r, key, old);
	else
		delete_now(s, r, key, foreground);
}

int
store_delete_one(
    struct store *s, const struct store_query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *options = NULL;
	const char *uid, *policy, *key;

	if (req->body_len > 0 && json_parse(a, req->body, req->body_len, &options) != NULL)
		options = NULL;
	uid = json_str(json_object_get(options, "preconditions"), "uid");
	policy = json_str(options, "propagationPolicy");
	if (uid != NULL && !str_eq(uid, json_str(object_meta(old), "uid")))
		return status_error(409, "Conflict", ret,
		    "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
		    json_str(object_meta(old), "uid"));
	*ret = object_shown(old, q);
	if (q->dry_run || json_array_size(json_object_get(options, "dryRun")) > 0)
		return 200;
	key = object_key(a, q->resource, json_str(object_meta(old), "namespace"), json_str(object_meta(old), "name"));
	(json_int(options, "gracePeriodSeconds", 1) == 0 ? delete_now : store_delete)(
	    s, q->resource, key, str_eq(policy, "Foreground"));
	return 200;
}
