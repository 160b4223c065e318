/* sim/store.c: object store of the laptop cluster (its etcd): objects, resource versions, and the effects of every
 * write. */
#include "sim/deployment.h"
#include "sim/immutable.h"
#include "sim/store_parts.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/managed_fields.h"
#include "kube/api/names.h"
#include "kube/api/patch.h"
#include "kube/api/pod_template.h"
#include "kube/api/roots.h"
#include "sim/fields.h"

#define DEFINITION "CustomResourceDefinition"
#define DEFINITIONS "customresourcedefinitions"
#define RULES "x-kubernetes-validations"
#define APPLY "application/apply-patch+yaml"

/* Definitions whose names another one had are served when that one is deleted. */
static void
store_redefine(struct store *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys;
	size_t n = store_keys(s, DEFINITIONS, NULL, a, &keys);

	for (size_t i = 0; i < n; i++) {
		const json_t *old = store_at(s, keys[i]);
		json_t *next;

		if (old == NULL || !definition_waits(old))
			continue;
		next = json_deep_copy(old);
		if (definitions_admit(s->definitions, a, next, old, store_now(a, s)) == NULL && !json_equal(next, old))
			store_put(s, store_definition_resource(), keys[i], next);
		else
			json_decref(next);
	}
}

/* The kind is not served any more. */
static void
store_undefine(struct store *s, const struct resource *gone)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys;
	size_t n = store_keys(s, gone->stored_as != NULL ? gone->stored_as : gone->plural, NULL, a, &keys);

	for (size_t i = 0; i < n; i++)
		store_remove(s, gone, keys[i]);
	store_watch_end(s, gone);
}

bool
store_lacks(const struct store *s, const struct resource *r)
{
	for (size_t i = 0; i < s->n_optional; i++)
		if (s->optional[i].resource == r)
			return !s->optional[i].defined;
	return false;
}

void
store_require_definition(struct store *s, const char *plural)
{
	const struct resource *r = store_resources;

	while (r->plural != NULL && strcmp(r->plural, plural) != 0)
		r++;
	assert(r->plural != NULL && s->n_optional < STORE_OPTIONAL_MAX);
	s->optional[s->n_optional].resource = r;
	s->optional[s->n_optional++].defined = false;
	store_undefine(s, r);
}

/* Returns the kind of a definition that is served only with it; NULL: it is of another kind. */
static const struct resource *
store_define_optional(struct store *s, const json_t *definition, bool defined)
{
	const char *name = json_str(json_object_get(definition, "metadata"), "name");

	for (size_t i = 0; i < s->n_optional; i++) {
		const struct resource *r = s->optional[i].resource;
		size_t n = strlen(r->plural);

		if (strncmp(name, r->plural, n) == 0 && name[n] == '.' && strcmp(name + n + 1, r->group) == 0) {
			s->optional[i].defined = defined;
			return r;
		}
	}
	return NULL;
}

/* A CustomResourceDefinition adds its resource. When it is deleted, the objects that are left are deleted too, and
 * watches of them end. */
static void
define(struct store *s, const char *type, const json_t *definition)
{
	const struct resource *gone;

	if (strcmp(type, "DELETED") != 0) {
		store_define_optional(s, definition, true);
		definitions_add(s->definitions, s->crds, definition);
		return;
	}
	gone = store_define_optional(s, definition, false);
	if (gone == NULL && (gone = definitions_remove(s->definitions, s->crds, definition)) == NULL)
		return;
	store_undefine(s, gone);
	store_redefine(s);
}

const struct resource *
store_definition_resource(void)
{
	const struct resource *r = store_resources;

	while (strcmp(r->plural, DEFINITIONS) != 0)
		r++;
	return r;
}

const struct resource *
store_resource(const struct store *s, size_t i)
{
	static size_t n;

	while (store_resources[n].plural != NULL)
		n++;
	return i < n ? &store_resources[i] : definitions_at(s->definitions, i - n);
}

const json_t *
store_warnings(const struct store *s)
{
	return s->warnings;
}

/* Publishes a write to all watches. Takes over both references. */
static void
publish(struct store *s, const struct resource *r, const char *type, struct version *old, struct version *object)
{
	size_t i = (s->first + s->n_history) % STORE_HISTORY;
	struct event *e, now;

	if (s->n_history == STORE_HISTORY) {
		i = s->first;
		s->first = (s->first + 1) % STORE_HISTORY;
		s->compacted = s->history[i].version;
		version_unref(&s->versions, s->history[i].object);
		version_unref(&s->versions, s->history[i].old);
	} else {
		s->n_history++;
	}
	e = &s->history[i];
	*e = (struct event){ s->version, r, type, object, old };
	now = *e; /* hooks below may write, and so move the ring */
	version_ref(now.object);
	version_ref(now.old);
	for (struct store_watch *w = s->watches, *next; w != NULL; w = next) {
		next = store_watch_next(w);
		store_watch_event(w, &now);
	}
	for (size_t k = 0; k < s->n_hooks; k++) {
		_cleanup_(json_decrefp) json_t *was = json_incref(version_tree(&s->versions, now.old));
		_cleanup_(json_decrefp) json_t *is = json_incref(version_tree(&s->versions, now.object));

		s->hooks[k].hook(r, type, was, is, s->hooks[k].arg);
	}
	version_unref(&s->versions, now.object);
	version_unref(&s->versions, now.old);
}

static void
stamp_version(struct store *s, json_t *object)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", ++s->version);
	json_object_set_new(object_meta(object), "resourceVersion", json_string(text));
	s->writes++;
}

json_t *
store_at(struct store *s, const char *key)
{
	const struct stored *o = sorted_get(&s->objects, key);

	return o != NULL ? version_tree(&s->versions, o->now) : NULL;
}

void
store_put(struct store *s, const struct resource *r, const char *key, json_t *object)
{
	struct stored *o = sorted_get(&s->objects, key);
	struct version *old = NULL;

	stamp_version(s, object);
	if (o == NULL) {
		o = mem_alloc(sizeof(*o));
		*o = (struct stored){ .key = mem_strdup(key) };
		sorted_add(&s->objects, o->key, o);
	}
	old = o->now;
	owners_changed(s, o, version_tree(&s->versions, old), object);
	o->now = version_new(&s->versions, json_incref(object));
	publish(s, r, old == NULL ? "ADDED" : "MODIFIED", old, version_ref(o->now));
	if (resource_is(r, DEFINITION))
		define(s, "ADDED", object);
	json_decref(object);
}

static void
stored_free(struct store *s, struct stored *o)
{
	owners_changed(s, o, version_tree(&s->versions, o->now), NULL);
	version_unref(&s->versions, o->now);
	free(o->key);
	free(o);
}

void
store_remove(struct store *s, const struct resource *r, const char *key)
{
	struct stored *o = sorted_remove(&s->objects, key);
	struct version *old;
	json_t *last;

	if (o == NULL)
		return;
	old = version_ref(o->now);
	last = json_copy(version_tree(&s->versions, old));
	json_object_set_new(last, "metadata", json_copy(object_meta(last)));
	stamp_version(s, last);
	stored_free(s, o);
	publish(s, r, "DELETED", old, version_new(&s->versions, json_incref(last)));
	if (resource_is(r, DEFINITION))
		define(s, "DELETED", last);
	if (r->terminating)
		store_finish_definition(s, r);
	json_decref(last);
}

char *
store_now(struct arena *a, const struct store *s)
{
	return time_format(a, loop_wall(s->loop));
}

/* stringData is a way to write data. */
static void
store_join_string_data(json_t *secret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *plain = json_object_get(secret, "stringData"), *v;
	const char *key;

	if (json_object_size(plain) > 0 && !json_is_object(json_object_get(secret, "data")))
		json_object_set_new(secret, "data", json_object());
	json_object_foreach (plain, key, v)
		if (json_is_string(v))
			json_object_set_new(json_object_get(secret, "data"), key,
			    json_string(base64_encode(a, json_string_value(v), json_string_length(v))));
	json_object_del(secret, "stringData");
	if (json_object_get(secret, "type") == NULL)
		json_object_set_new(secret, "type", json_string("Opaque"));
}

/* The defaults of CRDs that reach controllers: a container port's protocol is part of the template hash. */
static void
apply_defaults(const struct resource *r, json_t *o)
{
	json_t *p;
	size_t i;

	if (resource_is(r, "Service") && json_is_object(json_object_get(o, "spec"))) {
		json_t *spec = json_object_get(o, "spec");

		if (json_object_get(spec, "type") == NULL)
			json_object_set_new(spec, "type", json_string("ClusterIP"));
		json_array_foreach (json_object_get(spec, "ports"), i, p)
			if (json_is_object(p) && json_object_get(p, "protocol") == NULL)
				json_object_set_new(p, "protocol", json_string("TCP"));
	}
	if (resource_is(r, "Deployment"))
		deployment_default(o);
	if (resource_is(r, "Secret"))
		store_join_string_data(o);
	if (resource_is(r, "ReplicaSet") && json_at(o, "/spec/replicas") == NULL && json_object_get(o, "spec") != NULL)
		json_object_set_new(json_object_get(o, "spec"), "replicas", json_integer(1));
	if (resource_is(r, "Namespace") && json_object_get(o, "status") == NULL)
		json_object_set_new(o, "status", json_pack("{s:s}", "phase", "Active"));
}

/* null members vanish, as decoding into Go types makes them. */
static void
drop_nulls(json_t *j, int depth)
{
	const char *key;
	void *tmp;
	json_t *v;
	size_t i;

	if (depth > JSON_DEPTH_MAX)
		return;
	json_object_foreach_safe (j, tmp, key, v) {
		if (json_is_null(v))
			json_object_del(j, key);
		else
			drop_nulls(v, depth + 1);
	}
	json_array_foreach (j, i, v)
		drop_nulls(v, depth + 1);
}

/* The schema of a custom resource says where a null may stay. */
static void
store_drop_nulls(const struct resource *r, json_t *object)
{
	drop_nulls(r->stored_as != NULL ? object_meta(object) : object, 0);
}

/* The managers of `next`: as the request says them, when it does; else as `old` had them, and what was changed is the
 * writer's. */
static void
track(const struct store *s, const struct store_query *q, struct arena *a, const json_t *old, json_t *next)
{
	const json_t *was = json_object_get(object_meta(old), "managedFields");
	const json_t *is = json_object_get(object_meta(next), "managedFields");
	bool status = q->sub != NULL && strcmp(q->sub, "status") == 0;

	/* An empty list clears them. */
	if (json_array_size(is) == 0 && is != NULL)
		json_object_del(object_meta(next), "managedFields");
	else if (is == NULL || json_equal(is, was))
		managed_fields_track(
		    old, next, &(struct field_manager){ q->field_manager, status ? "status" : NULL, store_now(a, s) });
}

/* Returns the problem of a name, of labels or of annotations; NULL: they are valid. */
static const char *
meta_problem(struct arena *a, const struct resource *r, const json_t *m)
{
	static const char *const fields[] = { "labels", "annotations" };
	const char *name = json_str(m, "name"), *why = name_object_problem(r->stored_as == NULL ? r->kind : "", name),
		   *key;
	json_t *v;

	if (why != NULL)
		return arena_printf(a, "metadata.name: Invalid value: \"%s\": %s", name, why);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		json_object_foreach (json_object_get(m, fields[i]), key, v) {
			if ((why = name_qualified_problem(key)) != NULL)
				return arena_printf(a, "metadata.%s: Invalid value: \"%s\": %s", fields[i], key, why);
			if (i == 0 && json_is_string(v) &&
			    (why = name_label_value_problem(json_string_value(v))) != NULL)
				return arena_printf(
				    a, "metadata.labels: Invalid value: \"%s\": %s", json_string_value(v), why);
		}
	return NULL;
}

/* A refusal of one field, as an API server words it: "metadata.name: Invalid value: …". */
static int
store_status_invalid(const struct resource *r, const char *name, const char *why, json_t **ret)
{
	size_t n = strcspn(why, ":");

	status_error(422, "Invalid", ret, "%s%s%s \"%s\" is invalid: %s", r->kind, r->group[0] != '\0' ? "." : "",
	    r->group, name, why);
	json_object_set_new(*ret, "details",
	    json_pack("{s:s,s:s,s:s,s:[{s:s,s:s,s:o}]}", "name", name, "group", r->group, "kind", r->kind, "causes",
		"reason", "FieldValueInvalid", "message", why[n] == ':' ? why + n + 2 : why, "field",
		json_stringn(why, n)));
	return 422;
}

/* Returns the problem of an object's owner references; NULL: they are valid. Source: apimachinery's
 * ValidateOwnerReferences. */
static const char *
owners_problem(struct arena *a, const json_t *meta)
{
	static const char *const needed[] = { "apiVersion", "kind", "name", "uid" };
	const json_t *owners = json_object_get(meta, "ownerReferences"), *owner;
	size_t i;

	if (owners != NULL && !json_is_array(owners))
		return "metadata.ownerReferences: must be a list";
	json_array_foreach (owners, i, owner)
		for (size_t k = 0; k < ARRAY_SIZE(needed); k++)
			if (str_empty(json_str(owner, needed[k])))
				return arena_printf(a,
				    "metadata.ownerReferences[%zu].%s: Invalid value: must not be empty", i, needed[k]);
	return NULL;
}

/* Zero: it may be stored. Otherwise the code of a refusal, and *ret says why: fields that the type has not under
 * strict validation, and what the schema rules out. */
static int
admit(struct store *s, const struct store_query *q, struct arena *a, json_t *object, const json_t *old, json_t **ret)
{
	const struct resource *r = q->resource;
	_cleanup_(json_decrefp) json_t *unknown = json_array();
	json_t *details = NULL, *one;
	const char *all = "", *why;
	struct err *e;
	size_t i;

	if (q->validation != VALIDATION_IGNORE)
		fields_unknown(s->crds, a, r, q->version, object, unknown);
	json_array_foreach (unknown, i, one) {
		const char *text = arena_printf(a, "unknown field \"%s\"", json_string_value(one));

		if (q->validation == VALIDATION_WARN)
			json_array_append_new(s->warnings, json_string(text));
		all = arena_printf(a, "%s%s%s", all, i > 0 ? ", " : "", text);
	}
	if (q->validation == VALIDATION_STRICT && json_array_size(unknown) > 0)
		return status_error(400, "BadRequest", ret,
		    "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s", r->kind, q->version,
		    r->kind, all);
	if (resource_is(r, DEFINITION) &&
	    (why = definitions_admit(s->definitions, a, object, old, store_now(a, s))) != NULL)
		return store_status_invalid(r, json_str(object_meta(object), "name"), why, ret);
	if (resource_is(r, DEFINITION) && strstr(json_text(a, json_object_get(object, "spec")), RULES) != NULL)
		json_array_append_new(s->warnings,
		    json_string("the laptop cluster does not evaluate " RULES " of CustomResourceDefinitions"));
	if (resource_is(r, "Deployment") &&
	    !json_equal(json_object_get(old, "spec"), json_object_get(object, "spec")) &&
	    (why = deployment_problem(a, object)) != NULL)
		return store_status_invalid(r, json_str(object_meta(object), "name"), why, ret);
	if ((why = owners_problem(a, object_meta(object))) != NULL)
		return store_status_invalid(r, json_str(object_meta(object), "name"), why, ret);
	e = crds_admit(s->crds, a, crds_key(a, r, q->version), r->kind, r->group, object, old, &details);
	if (e == NULL)
		return 0;
	status_error(422, "Invalid", ret, "%s", err_text(a, e));
	json_object_set_new(*ret, "details", details);
	return 422;
}

int
store_create(struct store *s, const struct store_query *q, json_t *object, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct resource *r = q->resource;
	const char *name, *generate, *key, *why;
	json_t *m;
	int code;

	store_drop_nulls(r, object);
	m = object_meta(object);
	if (m == NULL) {
		m = json_object();
		json_object_set_new(object, "metadata", m);
	}
	name = json_str(m, "name");
	generate = json_str(m, "generateName");
	if (str_empty(name) && !str_empty(generate)) {
		name = arena_printf(a, "%s%05llx", generate, (s->uids * 2654435761LL) & 0xfffff);
		json_object_set_new(m, "name", json_string(name));
		name = json_str(m, "name");
	}
	if (str_empty(name))
		return store_status_invalid(
		    r, "", "metadata.name: Required value: name or generateName is required", ret);
	if ((why = meta_problem(a, r, m)) != NULL)
		return store_status_invalid(r, name, why, ret);
	if (!str_eq(json_str(object, "kind"), r->kind))
		return status_error(400, "BadRequest", ret, "the object has kind \"%s\", but the path is for %s",
		    json_str(object, "kind") ?: "", r->kind);
	if (r->terminating)
		return status_error(
		    405, "MethodNotAllowed", ret, "create not allowed while custom resource definition is terminating");
	if (!r->cluster_scoped) {
		const char *ns = json_str(m, "namespace");

		if (ns != NULL && q->ns != NULL && strcmp(ns, q->ns) != 0)
			return status_error(400, "BadRequest", ret,
			    "the namespace of the provided object does not match the namespace sent on the request");
		json_object_set_new(m, "namespace", json_string(q->ns != NULL ? q->ns : "default"));
	}
	if (!r->cluster_scoped && store_get(s, "namespaces", NULL, q->ns ?: "default") == NULL)
		return status_error(404, "NotFound", ret, "namespaces \"%s\" not found", q->ns);
	if (r->status && !resource_is(r, "Pod"))
		json_object_del(object, "status");
	if (strcmp(r->kind, "Secret") == 0 && str_eq(json_str(object, "type"), TOKEN_TYPE) &&
	    str_empty(json_str(json_object_get(m, "annotations"), "kubernetes.io/service-account.name")))
		return store_status_invalid(
		    r, name, "metadata.annotations[kubernetes.io/service-account.name]: Required value", ret);
	if ((code = admit(s, q, a, object, NULL, ret)) != 0)
		return code;
	key = object_key(a, r, q->ns, name);
	if (sorted_get(&s->objects, key) != NULL)
		return status_error(409, "AlreadyExists", ret, "%s%s%s \"%s\" already exists", r->plural,
		    r->group[0] != '\0' ? "." : "", r->group, name);
	apply_defaults(r, object);
	s->uids++;
	json_object_set_new(m, "uid",
	    json_string(arena_printf(
		a, "%08llx-5111-4ce0-8000-%012llx", (unsigned long long)s->uids, (unsigned long long)s->uids)));
	json_object_set_new(m, "creationTimestamp", json_string(store_now(a, s)));
	json_object_set_new(m, "generation", json_integer(1));
	json_object_del(m, "deletionTimestamp");
	if (!q->apply) {
		json_object_del(m, "managedFields");
		track(s, q, a, NULL, object);
	}
	*ret = object_shown(object, q);
	if (!q->dry_run) {
		store_put(s, r, key, json_incref(object));
		store_collect(s, r, key);
	}
	return 201;
}

int
store_update(struct store *s, const struct store_query *q, json_t *old, json_t *object, json_t **ret)
{
	static const char *const kept[] = { "uid", "creationTimestamp", "name", "namespace", "deletionTimestamp",
		"generation" };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *hold __attribute__((unused)) = json_incref(old);
	const struct resource *r = q->resource;
	json_t *m, *next = NULL, *old_spec, *new_spec;
	int code;
	const char *rv, *why,
	    *key = object_key(a, r, json_str(object_meta(old), "namespace"), json_str(object_meta(old), "name"));
	bool status_only = q->sub != NULL && strcmp(q->sub, "status") == 0;

	store_drop_nulls(r, object);
	m = object_meta(object);
	rv = json_str(m, "resourceVersion");
	if (m == NULL || !str_eq(json_str(m, "name"), json_str(object_meta(old), "name"))) {
		json_decref(object);
		return status_error(422, "Invalid", ret, "metadata.name: Invalid value: field is immutable");
	}
	if (rv != NULL && rv[0] != '\0' && !str_eq(rv, json_str(object_meta(old), "resourceVersion"))) {
		json_decref(object);
		return status_error(409, "Conflict", ret,
		    "Operation cannot be fulfilled on %s%s%s \"%s\": the object has been modified; "
		    "please apply your changes to the latest version and try again",
		    r->plural, r->group[0] != '\0' ? "." : "", r->group, json_str(object_meta(old), "name"));
	}
	if (status_only) {
		next = json_copy(old);
		json_object_set_new(next, "metadata", json_copy(object_meta(old)));
		if (json_object_get(object, "status") != NULL)
			json_object_set(next, "status", json_object_get(object, "status"));
		else
			json_object_del(next, "status");
		if (q->apply)
			json_object_set(
			    object_meta(next), "managedFields", json_object_get(object_meta(object), "managedFields"));
		json_decref(object);
	} else {
		next = object;
		for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
			json_t *v = json_object_get(object_meta(old), kept[i]);

			if (v != NULL)
				json_object_set(m, kept[i], v);
			else
				json_object_del(m, kept[i]);
		}
		if (json_object_get(m, "managedFields") == NULL &&
		    json_object_get(object_meta(old), "managedFields") != NULL)
			json_object_set(m, "managedFields", json_object_get(object_meta(old), "managedFields"));
		if (r->status) {
			if (json_object_get(old, "status") != NULL)
				json_object_set(next, "status", json_object_get(old, "status"));
			else
				json_object_del(next, "status");
		}
		json_object_set(next, "kind", json_object_get(old, "kind"));
		apply_defaults(r, next);
		old_spec = json_object_get(old, "spec");
		new_spec = json_object_get(next, "spec");
		/* Objects without a status subresource count every change of content. */
		if (!json_equal(old_spec, new_spec) ||
		    (!r->status && !json_equal(json_object_get(old, "status"), json_object_get(next, "status"))))
			json_object_set_new(
			    m, "generation", json_integer(json_int(object_meta(old), "generation", 0) + 1));
	}
	if (!status_only && r->stored_as == NULL && (why = immutable_problem(r->kind, old, next)) != NULL) {
		json_decref(next);
		return store_status_invalid(r, json_str(object_meta(old), "name"), why, ret);
	}
	if ((why = meta_problem(a, r, object_meta(next))) != NULL && meta_problem(a, r, object_meta(old)) == NULL) {
		json_decref(next);
		return store_status_invalid(r, json_str(object_meta(old), "name"), why, ret);
	}
	if ((code = admit(s, q, a, next, old, ret)) != 0) {
		json_decref(next);
		return code;
	}
	json_object_set(object_meta(next), "resourceVersion", json_object_get(object_meta(old), "resourceVersion"));
	json_object_set(next, "apiVersion", json_object_get(old, "apiVersion"));
	if (json_equal(next, old)) {
		/* Nothing changed: no new version, no event, as etcd3 storage does. */
		*ret = object_shown(old, q);
		json_decref(next);
		return 200;
	}
	if (!q->apply)
		track(s, q, a, old, next);
	if (q->dry_run) {
		*ret = object_shown(next, q);
		json_decref(next);
		return 200;
	}
	if (json_object_get(object_meta(next), "deletionTimestamp") != NULL &&
	    json_array_size(json_object_get(object_meta(next), "finalizers")) == 0) {
		*ret = object_shown(next, q);
		json_decref(next);
		store_remove(s, r, key);
		return 200;
	}
	store_put(s, r, key, json_incref(next));
	*ret = object_shown(next, q);
	json_decref(next);
	return 200;
}

/* The field of the status that is the scale's: of a custom resource the one that its definition names. */
static const char *
scale_field(const struct resource *r)
{
	const struct type *t = api_root_named(r->kind);
	const char *at = t != NULL && t->scale != NULL ? strstr(t->scale, ".status.") : NULL;

	return at != NULL && str_starts(at, ".status.HPAReplicas ") ? "HPAReplicas" : "replicas";
}

/* The selector of a scale, as text: that of a workload is in its spec, that of a custom resource in its status. */
static const char *
scale_selector(struct arena *a, const struct resource *r, const json_t *o)
{
	struct problems problems = { .arena = a };
	struct label_selector selector = { 0 };

	if (r->scale_spec != NULL)
		return r->scale_selector != NULL ? json_string_value(json_at(o, r->scale_selector)) ?: "" : "";
	if (strcmp(r->group, "apps") != 0)
		return json_str(json_object_get(o, "status"), "selector") ?: "";
	decode(&label_selector_type, json_object_get(json_object_get(o, "spec"), "selector"), "", &problems, &selector);
	return label_selector_text(a, &selector);
}

static json_t *
scale_of(const struct store_query *q, const json_t *o)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct resource *r = q->resource;
	json_int_t spec = r->scale_spec != NULL ? json_integer_value(json_at(o, r->scale_spec))
						: json_int(json_object_get(o, "spec"), "replicas", 1);
	json_int_t status = r->scale_spec == NULL     ? json_int(json_object_get(o, "status"), scale_field(r), 0)
			    : r->scale_status != NULL ? json_integer_value(json_at(o, r->scale_status))
						      : 0;
	json_t *m = json_pack("{s:O,s:O?,s:O,s:O}", "name", json_object_get(object_meta(o), "name"), "namespace",
	    json_object_get(object_meta(o), "namespace"), "uid", json_object_get(object_meta(o), "uid"),
	    "resourceVersion", json_object_get(object_meta(o), "resourceVersion"));

	return json_pack("{s:s,s:s,s:o,s:{s:I},s:{s:I,s:s}}", "kind", "Scale", "apiVersion", "autoscaling/v1",
	    "metadata", m, "spec", "replicas", spec, "status", "replicas", status, "selector",
	    scale_selector(a, q->resource, o));
}

/* Sets the number of pods at a pointer of plain names, whose objects are made. */
static void
scale_set(json_t *object, const char *pointer, json_int_t replicas)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *save = NULL, *part = strtok_r(arena_strdup(a, pointer), "/", &save), *next;

	for (; (next = strtok_r(NULL, "/", &save)) != NULL; part = next) {
		if (!json_is_object(json_object_get(object, part)))
			json_object_set_new(object, part, json_object());
		object = json_object_get(object, part);
	}
	json_object_set_new(object, part, json_integer(replicas));
}

static int
store_patch(struct store *s, const struct store_query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *p = NULL;
	bool scale = q->sub != NULL && strcmp(q->sub, "scale") == 0;
	json_t *doc = scale ? scale_of(q, old) : json_deep_copy(old);
	const char *type = req->content_type != NULL ? req->content_type : "";
	struct err *e = body_parse(s, q, a, req, &p);

	if (e != NULL) {
		json_decref(doc);
		return status_error(400, "BadRequest", ret, "%s", err_text(a, e));
	}
	if (str_starts(type, "application/json-patch+json")) {
		if ((e = json_patch_apply(a, &doc, p)) != NULL) {
			json_decref(doc);
			return status_error(422, "Invalid", ret,
			    "the server rejected our request due to an error in our request: %s", err_text(a, e));
		}
	} else if (str_starts(type, "application/merge-patch+json")) {
		doc = merge_patch_apply(doc, p);
	} else if (str_starts(type, "application/strategic-merge-patch+json")) {
		if (q->resource->group[0] != '\0' && strchr(q->resource->group, '.') != NULL &&
		    !str_ends(q->resource->group, ".k8s.io")) {
			json_decref(doc);
			return status_error(415, "UnsupportedMediaType", ret,
			    "the body of the request was in an unknown format - accepted media types include: "
			    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
		}
		doc = strategic_patch_apply(doc, p);
	} else {
		json_decref(doc);
		return status_error(415, "UnsupportedMediaType", ret,
		    "%s: the laptop cluster takes JSON, merge, strategic merge and apply patches", type);
	}
	if (scale) {
		json_t *whole = json_deep_copy(old), *version = json_object_get(object_meta(doc), "resourceVersion");

		/* The resourceVersion and UID in the patch, if any, must be those of the object. */
		if (version != NULL)
			json_object_set(object_meta(whole), "resourceVersion", version);
		scale_set(whole, q->resource->scale_spec ?: "/spec/replicas",
		    json_int(json_object_get(doc, "spec"), "replicas", 1));
		json_decref(doc);
		doc = whole;
		{
			struct store_query main = *q;
			int code;
			json_t *body;

			main.sub = NULL;
			code = store_update(s, &main, old, doc, &body);
			*ret = code == 200 ? scale_of(q, body) : json_incref(body);
			json_decref(body);
			return code;
		}
	}
	return store_update(s, q, old, doc, ret);
}
/* policy/v1 Eviction: there are no disruption budgets here, so that it is a deletion. */
static int
evict(struct store *s, const struct store_query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *body = NULL;
	struct store_request deletion = { .method = "DELETE", .path = req->path };
	struct store_query pod = *q;
	struct err *e = body_parse(s, q, a, req, &body);
	json_t *response;
	int code;

	if (strcmp(req->method, "POST") != 0)
		return status_error(405, "MethodNotAllowed", ret, "%s is not supported on evictions", req->method);
	if (e != NULL || !str_eq(json_str(body, "kind"), "Eviction"))
		return status_error(
		    400, "BadRequest", ret, "%s", e != NULL ? err_text(a, e) : "the body is not an Eviction");
	pod.sub = NULL;
	if (json_object_get(body, "deleteOptions") != NULL)
		deletion.body = json_text(a, json_object_get(body, "deleteOptions"));
	deletion.body_len = deletion.body != NULL ? strlen(deletion.body) : 0;
	deletion.content_type = "application/json";
	code = store_delete_one(s, &pod, &deletion, old, &response);
	if (code != 200) {
		*ret = response;
		return code;
	}
	json_decref(response);
	*ret = json_pack("{s:s,s:s,s:{},s:s,s:i}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	    "Success", "code", 201);
	return 201;
}

int
store_handle(struct store *s, const struct store_request *req, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *body = NULL;
	struct err *e;
	struct store_query q;
	json_t *old;
	int code;

	s->requests++;
	json_array_clear(s->warnings);
	if (!query_parse(s, a, req->path, &q))
		return status_error(404, "NotFound", ret, "the server could not find the requested resource");
	if ((code = access_check(s, a, &q, req, ret)) != 0 || (code = query_check_version(&q, ret)) != 0)
		return code;
	if (q.resource->review && (strcmp(req->method, "POST") != 0 || q.name != NULL))
		return status_error(405, "MethodNotAllowed", ret, "%s is not supported here", req->method);
	if (strcmp(req->method, "GET") == 0 && q.name == NULL)
		return store_list(s, &q, req->table, ret);
	if (strcmp(req->method, "POST") == 0 && q.name == NULL) {
		if ((e = body_parse(s, &q, a, req, &body)) != NULL || !json_is_object(body))
			return status_error(
			    400, "BadRequest", ret, "%s", e != NULL ? err_text(a, e) : "the body is not an object");
		if (q.resource->review)
			return access_review(s, a, &q, req, body, ret);
		return store_create(s, &q, body, ret);
	}
	if (strcmp(req->method, "DELETE") == 0 && q.name == NULL) {
		json_t *found, *o;
		size_t i;

		code = store_list(s, &q, false, &found);

		json_array_foreach (json_object_get(q.dry_run ? NULL : found, "items"), i, o)
			store_delete(s, q.resource,
			    object_key(
				a, q.resource, json_str(object_meta(o), "namespace"), json_str(object_meta(o), "name")),
			    false);
		*ret = found;
		return code;
	}
	if (q.name == NULL)
		return status_error(405, "MethodNotAllowed", ret, "%s is not supported here", req->method);
	old = store_at(s, object_key(a, q.resource, q.ns, q.name));
	if (strcmp(req->method, "PATCH") == 0 && str_starts(req->content_type, APPLY))
		return store_apply(s, &q, req, old, ret);
	if (old == NULL)
		return status_not_found(&q, ret);
	if (strcmp(req->method, "GET") == 0) {
		if (q.sub != NULL && strcmp(q.sub, "scale") == 0)
			*ret = scale_of(&q, old);
		else if (req->table) {
			json_t *m =
			    json_pack("{s:O}", "resourceVersion", json_object_get(object_meta(old), "resourceVersion"));

			*ret = store_table(s, &q, json_pack("[o]", object_shown(old, &q)), m);
			json_decref(m);
		} else
			*ret = object_shown(old, &q);
		return 200;
	}
	if (strcmp(req->method, "DELETE") == 0)
		return store_delete_one(s, &q, req, old, ret);
	if (q.sub != NULL && strcmp(q.sub, "eviction") == 0)
		return evict(s, &q, req, old, ret);
	if (strcmp(req->method, "PATCH") == 0)
		return store_patch(s, &q, req, old, ret);
	if (strcmp(req->method, "PUT") == 0) {
		if ((e = body_parse(s, &q, a, req, &body)) != NULL || !json_is_object(body))
			return status_error(
			    400, "BadRequest", ret, "%s", e != NULL ? err_text(a, e) : "the body is not an object");
		return store_update(s, &q, old, json_incref(body), ret);
	}
	return status_error(405, "MethodNotAllowed", ret, "%s is not supported", req->method);
}

struct store *
store_new(struct loop *l)
{
	static const char *const namespaces[] = { "default", "kube-system" };
	struct store *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->version = 1;
	versions_init(&s->versions, l);
	s->crds = crds_new();
	s->definitions = definitions_new();
	s->warnings = json_array();
	s->history = mem_alloc(STORE_HISTORY * sizeof(*s->history));
	/* As every API server does. */
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		store_do(s, "POST", "application/json", "/api/v1/namespaces",
		    json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name",
			namespaces[i]));
	s->requests = s->writes = 0;
	return s;
}

void
store_compact(struct store *s)
{
	for (size_t i = 0; i < s->n_history; i++) {
		struct event *e = &s->history[(s->first + i) % STORE_HISTORY];

		version_unref(&s->versions, e->object);
		version_unref(&s->versions, e->old);
	}
	s->n_history = s->first = 0;
	s->compacted = s->version + 1;
	s->version++;
}

struct store *
store_free(struct store *s)
{
	struct sorted_place p = { 0, 0 };
	struct stored *o;

	if (s == NULL)
		return NULL;
	while (s->watches != NULL)
		store_watch_stop(s->watches);
	store_compact(s);
	free(s->history);
	crds_free(s->crds);
	definitions_free(s->definitions);
	json_decref(s->warnings);
	while ((o = sorted_next(&s->objects, &p)) != NULL)
		stored_free(s, o);
	sorted_done(&s->objects);
	versions_done(&s->versions);
	map_done(&s->owners);
	free(s);
	return NULL;
}

void
store_on_write(struct store *s, store_hook *hook, void *arg)
{
	assert(s->n_hooks < STORE_HOOKS_MAX);
	s->hooks[s->n_hooks].hook = hook;
	s->hooks[s->n_hooks++].arg = arg;
}

size_t
store_keys(const struct store *s, const char *plural, const char *ns, struct arena *a, const char ***ret)
{
	const char *prefix = ns != NULL ? arena_printf(a, "%s %s/", plural, ns) : arena_printf(a, "%s ", plural);
	struct sorted_place p = sorted_from(&s->objects, prefix);
	const char **keys = NULL;
	const struct stored *o;
	size_t n = 0, room = 0;

	while ((o = sorted_next(&s->objects, &p)) != NULL && str_starts(o->key, prefix)) {
		keys = arena_grow(a, keys, n, &room, sizeof(*keys));
		keys[n++] = arena_strdup(a, o->key);
	}
	*ret = keys;
	return n;
}

void
store_each(struct store *s, const char *plural, void (*visit)(const json_t *, void *arg), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys;
	size_t n = store_keys(s, plural, NULL, a, &keys);

	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *o = json_incref(store_at(s, keys[i]));

		if (o != NULL)
			visit(o, arg);
	}
}

const json_t *
store_get(struct store *s, const char *plural, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return store_at(s, arena_printf(a, "%s %s/%s", plural, ns != NULL ? ns : "", name));
}

int
store_do(struct store *s, const char *method, const char *content_type, const char *path, json_t *body)
{
	_cleanup_(freep) char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct store_request r = { .method = method,
		.path = path,
		.content_type = content_type,
		.body = text,
		.body_len = text != NULL ? strlen(text) : 0 };
	json_t *response = NULL;
	int code = store_handle(s, &r, &response);

	json_decref(response);
	json_decref(body);
	return code;
}

long long
store_version(const struct store *s)
{
	return s->version;
}

void
store_counts(const struct store *s, unsigned long *ret_requests, unsigned long *ret_writes)
{
	*ret_requests = s->requests;
	*ret_writes = s->writes;
}
