/* sim/store.c: objects, versions, watches. */
#include "sim/store.h"
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/patch.h"
#include "kube/api/pod_template.h"
#include "kube/api/selector.h"

#define HISTORY 20000 /* watch events kept */
#define HOOKS_MAX 8
#define BOOKMARK_MS 30000
#define NAME_MAX_LEN 253

struct event {
	long long version;
	const struct resource *resource;
	const char *type;
	json_t *object, *old; /* owned */
};

struct store {
	struct loop *loop;
	struct map objects; /* "plural ns/name" → json_t */
	long long version, uids;
	struct event *history; /* ring */
	size_t n_history, first;
	long long compacted; /* a resume from before this gets 410 */
	struct store_watch *watches;
	struct {
		store_hook *hook;
		void *arg;
	} hooks[HOOKS_MAX];
	size_t n_hooks;
	unsigned long requests, writes;
};

struct query {
	char *path; /* without the query */
	const struct resource *resource;
	const char *version;
	const char *ns, *name, *sub;
	const char *label_selector, *field_selector, *resource_version, *continue_token;
	long long limit, timeout;
	bool watch, bookmarks, initial_events;
};

struct store_watch {
	struct store *store;
	struct arena *arena;
	struct query q;
	struct selector selector;
	store_line *line;
	void (*ended)(void *);
	void *arg;
	struct timer timer, bookmark;
	struct store_watch *next;
};

/* --- requests ---------------------------------------------------------------------------------------------------- */

static char *
decode_part(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n + 0 && isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2])) {
			char hex[3] = { s[i + 1], s[i + 2], 0 };

			*o++ = (char)strtol(hex, NULL, 16);
			i += 2;
		} else {
			*o++ = s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

/* The key that a list's continue token stands for (see list). In place. */
static char *
continue_key(char *token)
{
	for (char *c = token; *c != '\0'; c++)
		*c = *c == '_' ? ' ' : *c == '~' ? '/' : *c;
	return token;
}

static void
read_query(struct arena *a, const char *s, struct query *q)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "&"), k = strcspn(s, "=&");
		const char *v = k < n ? decode_part(a, s + k + 1, n - k - 1) : "";
		char *key = decode_part(a, s, k);

		if (strcmp(key, "watch") == 0)
			q->watch = strcmp(v, "1") == 0 || strcmp(v, "true") == 0;
		else if (strcmp(key, "allowWatchBookmarks") == 0)
			q->bookmarks = strcmp(v, "1") == 0 || strcmp(v, "true") == 0;
		else if (strcmp(key, "sendInitialEvents") == 0)
			q->initial_events = strcmp(v, "true") == 0;
		else if (strcmp(key, "labelSelector") == 0)
			q->label_selector = v;
		else if (strcmp(key, "fieldSelector") == 0)
			q->field_selector = v;
		else if (strcmp(key, "resourceVersion") == 0)
			q->resource_version = v;
		else if (strcmp(key, "continue") == 0)
			q->continue_token = continue_key(arena_strdup(a, v));
		else if (strcmp(key, "limit") == 0)
			str_int(v, 0, 1 << 30, &q->limit);
		else if (strcmp(key, "timeoutSeconds") == 0)
			str_int(v, 0, 1 << 20, &q->timeout);
		s += n + (s[n] == '&');
	}
}

static struct err *
parse_body(struct arena *a, const struct store_request *r, json_t **ret)
{
	return json_parse(a, r->body != NULL ? r->body : "", r->body_len, ret);
}

static const struct resource *
resource_of(const char *group, const char *version, const char *plural)
{
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) == 0 &&
		    (strcmp(r->version, version) == 0 || (r->also != NULL && strstr(r->also, version) != NULL)))
			return r;
	return NULL;
}

/* /api/v1/namespaces/NS/pods/NAME/status, /apis/G/V/…; false: no such place. */
static bool
parse_path(struct arena *a, const char *path, struct query *q)
{
	char *parts[10], *save = NULL, *copy;
	size_t n = 0, at, qmark = strcspn(path, "?");
	const char *group;

	*q = (struct query){ .limit = 0 };
	q->path = arena_strndup(a, path, qmark);
	if (path[qmark] == '?')
		read_query(a, path + qmark + 1, q);
	copy = arena_strdup(a, q->path);
	for (char *t = strtok_r(copy, "/", &save); t != NULL && n < ARRAY_SIZE(parts); t = strtok_r(NULL, "/", &save))
		parts[n++] = decode_part(a, t, strlen(t));
	if (n >= 1 && strcmp(parts[0], "api") == 0) {
		group = "";
		at = 1;
	} else if (n >= 2 && strcmp(parts[0], "apis") == 0) {
		group = parts[1];
		at = 2;
	} else {
		return false;
	}
	if (n <= at + 1)
		return false;
	q->version = parts[at++];
	if (n - at >= 3 && strcmp(parts[at], "namespaces") == 0 &&
	    resource_of(group, q->version, parts[at + 2]) != NULL) {
		q->ns = parts[at + 1];
		at += 2;
	}
	q->resource = resource_of(group, q->version, parts[at]);
	if (q->resource == NULL)
		return false;
	at++;
	if (at < n)
		q->name = parts[at++];
	if (at < n)
		q->sub = parts[at++];
	if (q->sub != NULL && !(strcmp(q->sub, "status") == 0 && q->resource->status) &&
	    !(strcmp(q->sub, "scale") == 0 && q->resource->scale))
		return false;
	return at == n;
}

static int
status_error(int code, const char *reason, json_t **ret, const char *format, ...)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	va_list ap;

	va_start(ap, format);
	*ret = json_pack("{s:s,s:s,s:{},s:s,s:s,s:s,s:i}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	    "Failure", "message", arena_vprintf(a, format, ap), "reason", reason, "code", code);
	va_end(ap);
	return code;
}

static int
not_found(const struct query *q, json_t **ret)
{
	if (q->resource == NULL)
		return status_error(404, "NotFound", ret, "the server could not find the requested resource");
	return status_error(404, "NotFound", ret, "%s%s%s \"%s\" not found", q->resource->plural,
	    q->resource->group[0] != '\0' ? "." : "", q->resource->group, q->name != NULL ? q->name : "");
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

static const char *
key_of(struct arena *a, const struct resource *r, const char *ns, const char *name)
{
	return arena_printf(a, "%s %s/%s", r->plural, !r->cluster_scoped && ns != NULL ? ns : "", name);
}

static json_t *
meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

/* The object as a version of the API shows it: only apiVersion differs. A new reference. */
static json_t *
shown(const json_t *o, const struct query *q)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *copy = json_copy((json_t *)o);

	json_object_set_new(copy, "apiVersion",
	    q->resource->group[0] == '\0' ? json_string(q->version)
					  : json_string(arena_printf(a, "%s/%s", q->resource->group, q->version)));
	return copy;
}

static void
watch_send(struct store_watch *w, const char *type, json_t *object)
{
	json_t *e = json_pack("{s:s,s:o}", "type", type, "object", shown(object, &w->q));
	char *text = json_dumps(e, JSON_COMPACT), *line = mem_printf("%s\n", text);

	w->line(w->arg, line, strlen(line));
	free(text);
	free(line);
	json_decref(e);
}

static bool
selected(const struct query *q, const struct selector *s, const json_t *o)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool matches = true;

	if (o == NULL || (q->ns != NULL && !str_eq(json_str(meta(o), "namespace"), q->ns)) ||
	    (q->name != NULL && !str_eq(json_str(meta(o), "name"), q->name)) ||
	    !selector_matches(s, json_object_get(meta(o), "labels")))
		return false;
	if (q->field_selector != NULL && field_selector_matches(a, q->field_selector, o, &matches) != NULL)
		return false;
	return matches;
}

/* What a watch shows of a change: entering and leaving its selection are ADDED and DELETED. */
static void
watch_event(struct store_watch *w, const struct event *e)
{
	bool is, was;

	if (w->q.resource != e->resource)
		return;
	is = strcmp(e->type, "DELETED") != 0 && selected(&w->q, &w->selector, e->object);
	was = selected(&w->q, &w->selector, strcmp(e->type, "DELETED") == 0 ? e->object : e->old);
	if (is)
		watch_send(w, was ? "MODIFIED" : "ADDED", e->object);
	else if (was)
		watch_send(w, "DELETED", e->object);
}

static void
publish(struct store *s, const struct resource *r, const char *type, const json_t *old, json_t *object)
{
	size_t i = (s->first + s->n_history) % HISTORY;
	struct event *e;

	if (s->n_history == HISTORY) {
		i = s->first;
		s->first = (s->first + 1) % HISTORY;
		s->compacted = s->history[i].version;
		json_decref(s->history[i].object);
		json_decref(s->history[i].old);
	} else {
		s->n_history++;
	}
	e = &s->history[i];
	*e = (struct event){ s->version, r, type, json_incref(object), json_incref((json_t *)old) };
	{
		struct event now = *e; /* hooks below may write, and so move the ring */

		for (struct store_watch *w = s->watches, *next; w != NULL; w = next) {
			next = w->next;
			watch_event(w, &now);
		}
		json_incref(now.object);
		json_incref(now.old);
		for (size_t k = 0; k < s->n_hooks; k++)
			s->hooks[k].hook(r, type, now.old, now.object, s->hooks[k].arg);
		json_decref(now.object);
		json_decref(now.old);
	}
}

static void
stamp_version(struct store *s, json_t *object)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", ++s->version);
	json_object_set_new(meta(object), "resourceVersion", json_string(text));
	s->writes++;
}

/* Consumes `object`. */
static void
put(struct store *s, const struct resource *r, const char *key, const json_t *old, json_t *object)
{
	json_t *kept = json_incref((json_t *)old);
	json_t *before;

	stamp_version(s, object);
	before = map_set(&s->objects, key, object);
	json_incref(object);
	publish(s, r, old == NULL ? "ADDED" : "MODIFIED", kept, object);
	json_decref(object);
	json_decref(before);
	json_decref(kept);
}

static void
remove_now(struct store *s, const struct resource *r, const char *key)
{
	json_t *old = map_remove(&s->objects, key), *last;

	if (old == NULL)
		return;
	last = json_deep_copy(old);
	stamp_version(s, last);
	publish(s, r, "DELETED", old, last);
	json_decref(last);
	json_decref(old);
}

static char *
now_text(struct arena *a, const struct store *s)
{
	return time_format(a, loop_wall(s->loop));
}

/* The defaults of CRDs that reach controllers: a container port's protocol is part of the template hash. */
static void
apply_defaults(const struct resource *r, json_t *o)
{
	json_t *p;
	size_t i;

	if (strcmp(r->kind, "Rollout") == 0)
		pod_template_default(json_at(o, "/spec/template"));
	if (strcmp(r->kind, "Service") == 0 && json_is_object(json_object_get(o, "spec"))) {
		json_t *spec = json_object_get(o, "spec");

		if (json_object_get(spec, "type") == NULL)
			json_object_set_new(spec, "type", json_string("ClusterIP"));
		json_array_foreach (json_object_get(spec, "ports"), i, p)
			if (json_is_object(p) && json_object_get(p, "protocol") == NULL)
				json_object_set_new(p, "protocol", json_string("TCP"));
	}
	if (strcmp(r->kind, "ReplicaSet") == 0 && json_at(o, "/spec/replicas") == NULL &&
	    json_object_get(o, "spec") != NULL)
		json_object_set_new(json_object_get(o, "spec"), "replicas", json_integer(1));
	if (strcmp(r->kind, "Namespace") == 0 && json_object_get(o, "status") == NULL)
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
	json_object_foreach_safe(j, tmp, key, v)
	{
		if (json_is_null(v))
			json_object_del(j, key);
		else
			drop_nulls(v, depth + 1);
	}
	json_array_foreach (j, i, v)
		drop_nulls(v, depth + 1);
}

static int
create(struct store *s, const struct query *q, json_t *object, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct resource *r = q->resource;
	const char *name, *generate, *key;
	json_t *m;

	drop_nulls(object, 0);
	m = meta(object);
	if (m == NULL) {
		m = json_object();
		json_object_set_new(object, "metadata", m);
	}
	name = json_str(m, "name");
	generate = json_str(m, "generateName");
	if (name == NULL && generate != NULL) {
		name = arena_printf(a, "%s%05llx", generate, (s->uids * 2654435761LL) & 0xfffff);
		json_object_set_new(m, "name", json_string(name));
	}
	if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_LEN || strchr(name, '/') != NULL)
		return status_error(422, "Invalid", ret,
		    "%s \"%s\" is invalid: metadata.name: Required value: name or generateName is "
		    "required, at most %d characters",
		    r->kind, name != NULL ? name : "", NAME_MAX_LEN);
	if (!str_eq(json_str(object, "kind"), r->kind))
		return status_error(400, "BadRequest", ret, "the object has kind \"%s\", but the path is for %s",
		    json_str(object, "kind") ?: "", r->kind);
	if (!r->cluster_scoped) {
		const char *ns = json_str(m, "namespace");

		if (ns != NULL && q->ns != NULL && strcmp(ns, q->ns) != 0)
			return status_error(400, "BadRequest", ret,
			    "the namespace of the provided object does not match the namespace sent on the request");
		json_object_set_new(m, "namespace", json_string(q->ns != NULL ? q->ns : "default"));
	}
	if (!r->cluster_scoped && store_get(s, "namespaces", NULL, q->ns ?: "default") == NULL)
		return status_error(404, "NotFound", ret, "namespaces \"%s\" not found", q->ns);
	key = key_of(a, r, q->ns, name);
	if (map_get(&s->objects, key) != NULL)
		return status_error(409, "AlreadyExists", ret, "%s%s%s \"%s\" already exists", r->plural,
		    r->group[0] != '\0' ? "." : "", r->group, name);
	apply_defaults(r, object);
	s->uids++;
	json_object_set_new(m, "uid",
	    json_string(arena_printf(
		a, "%08llx-5111-4ce0-8000-%012llx", (unsigned long long)s->uids, (unsigned long long)s->uids)));
	json_object_set_new(m, "creationTimestamp", json_string(now_text(a, s)));
	json_object_set_new(m, "generation", json_integer(1));
	json_object_del(m, "deletionTimestamp");
	json_object_del(m, "managedFields");
	if (r->status && strcmp(r->kind, "Pod") != 0)
		json_object_del(object, "status");
	put(s, r, key, NULL, json_incref(object));
	*ret = shown(object, q);
	return 201;
}

/* Replaces `old` with `object` (consumed) under the rules of main resource or subresource. */
static int
update(struct store *s, const struct query *q, json_t *old, json_t *object, json_t **ret)
{
	static const char *const kept[] = { "uid", "creationTimestamp", "name", "namespace", "deletionTimestamp",
		"generation" };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *hold __attribute__((unused)) = json_incref(old);
	const struct resource *r = q->resource;
	json_t *m, *next = NULL, *old_spec, *new_spec;
	const char *rv, *key = key_of(a, r, json_str(meta(old), "namespace"), json_str(meta(old), "name"));
	bool status_only = q->sub != NULL && strcmp(q->sub, "status") == 0;

	drop_nulls(object, 0);
	m = meta(object);
	rv = json_str(m, "resourceVersion");
	if (m == NULL || !str_eq(json_str(m, "name"), json_str(meta(old), "name"))) {
		json_decref(object);
		return status_error(422, "Invalid", ret, "metadata.name: Invalid value: field is immutable");
	}
	if (rv != NULL && rv[0] != '\0' && !str_eq(rv, json_str(meta(old), "resourceVersion"))) {
		json_decref(object);
		return status_error(409, "Conflict", ret,
		    "Operation cannot be fulfilled on %s%s%s \"%s\": the object has been modified; "
		    "please apply your changes to the latest version and try again",
		    r->plural, r->group[0] != '\0' ? "." : "", r->group, json_str(meta(old), "name"));
	}
	if (status_only) {
		next = json_copy(old);
		json_object_set_new(next, "metadata", json_copy(meta(old)));
		if (json_object_get(object, "status") != NULL)
			json_object_set(next, "status", json_object_get(object, "status"));
		else
			json_object_del(next, "status");
		json_decref(object);
	} else {
		next = object;
		for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
			json_t *v = json_object_get(meta(old), kept[i]);

			if (v != NULL)
				json_object_set(m, kept[i], v);
			else
				json_object_del(m, kept[i]);
		}
		json_object_del(m, "managedFields");
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
			json_object_set_new(m, "generation", json_integer(json_int(meta(old), "generation", 0) + 1));
	}
	json_object_set(meta(next), "resourceVersion", json_object_get(meta(old), "resourceVersion"));
	json_object_set(next, "apiVersion", json_object_get(old, "apiVersion"));
	if (json_equal(next, old)) {
		/* Nothing changed: no new version, no event, as etcd3 storage does. */
		*ret = shown(old, q);
		json_decref(next);
		return 200;
	}
	if (json_object_get(meta(next), "deletionTimestamp") != NULL &&
	    json_array_size(json_object_get(meta(next), "finalizers")) == 0) {
		*ret = shown(next, q);
		json_decref(next);
		remove_now(s, r, key);
		return 200;
	}
	put(s, r, key, old, json_incref(next));
	*ret = shown(next, q);
	json_decref(next);
	return 200;
}

static json_t *
scale_of(const struct query *q, const json_t *o)
{
	json_t *m = json_pack("{s:O,s:O?,s:O,s:O}", "name", json_object_get(meta(o), "name"), "namespace",
	    json_object_get(meta(o), "namespace"), "uid", json_object_get(meta(o), "uid"), "resourceVersion",
	    json_object_get(meta(o), "resourceVersion"));

	(void)q;
	return json_pack("{s:s,s:s,s:o,s:{s:I},s:{s:I,s:s}}", "kind", "Scale", "apiVersion", "autoscaling/v1",
	    "metadata", m, "spec", "replicas", json_int(json_object_get(o, "spec"), "replicas", 1), "status",
	    "replicas", json_int(json_object_get(o, "status"), "replicas", 0), "selector",
	    json_str(json_object_get(o, "status"), "selector") ?: "");
}

static int
patch(struct store *s, const struct query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *p = NULL;
	bool scale = q->sub != NULL && strcmp(q->sub, "scale") == 0;
	json_t *doc = scale ? scale_of(q, old) : json_deep_copy(old);
	const char *type = req->content_type != NULL ? req->content_type : "";
	struct err *e = parse_body(a, req, &p);

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
		    "%s: the laptop cluster takes JSON, merge and strategic merge patches", type);
	}
	if (scale) {
		json_t *whole = json_deep_copy(old);

		json_object_set_new(json_object_get(whole, "spec"), "replicas",
		    json_integer(json_int(json_object_get(doc, "spec"), "replicas", 1)));
		json_decref(doc);
		doc = whole;
		json_object_del(meta(doc), "resourceVersion");
		{
			struct query main = *q;
			int code;
			json_t *body;

			main.sub = NULL;
			code = update(s, &main, old, doc, &body);
			*ret = code == 200 ? scale_of(q, body) : json_incref(body);
			json_decref(body);
			return code;
		}
	}
	return update(s, q, old, doc, ret);
}

/* --- deleting ------------------------------------------------------------------------------------------------------ */

static const struct resource *
resource_of_key(const char *key)
{
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (strncmp(key, r->plural, strlen(r->plural)) == 0 && key[strlen(r->plural)] == ' ')
			return r;
	return NULL;
}

static bool
owned_by(const json_t *o, const char *uid)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_object_get(meta(o), "ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "uid"), uid))
			return true;
	return false;
}

static void delete_key(struct store *, const struct resource *, const char *key, bool foreground);

/* Deletes what the object with this uid owned. */
static void
collect(struct store *s, const char *uid)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys = arena_new_array(a, const char *, s->objects.count + 1);
	size_t n = 0;

	map_each (&s->objects, slot)
		if (owned_by(slot->value, uid))
			keys[n++] = arena_strdup(a, slot->key);
	for (size_t i = 0; i < n; i++)
		delete_key(s, resource_of_key(keys[i]), keys[i], false);
}

/* Deletes what is in a namespace. */
static void
empty(struct store *s, const char *ns)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys = arena_new_array(a, const char *, s->objects.count + 1);
	size_t n = 0;

	map_each (&s->objects, slot)
		if (str_eq(json_str(meta(slot->value), "namespace"), ns))
			keys[n++] = arena_strdup(a, slot->key);
	for (size_t i = 0; i < n; i++)
		delete_key(s, resource_of_key(keys[i]), keys[i], false);
}

static void
delete_key(struct store *s, const struct resource *r, const char *key, bool foreground)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *old = map_get(&s->objects, key), *next;
	_cleanup_(json_decrefp) json_t *hold = json_incref(old);
	const char *uid;

	if (old == NULL)
		return;
	uid = arena_strdup(a, json_str(meta(old), "uid"));
	/* In the foreground the dependants go first; with finalizers the object waits for whoever set them. */
	if (foreground)
		collect(s, uid);
	if (json_array_size(json_object_get(meta(old), "finalizers")) > 0) {
		if (json_object_get(meta(old), "deletionTimestamp") == NULL) {
			next = json_deep_copy(old);
			json_object_set_new(meta(next), "deletionTimestamp", json_string(now_text(a, s)));
			put(s, r, key, old, next);
		}
		return;
	}
	remove_now(s, r, key);
	if (strcmp(r->kind, "Namespace") == 0)
		empty(s, json_str(meta(hold), "name"));
	if (!foreground)
		collect(s, uid);
}

static int
delete_one(struct store *s, const struct query *q, const struct store_request *req, json_t *old, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *options = NULL;
	const char *uid, *policy;

	if (req->body_len > 0 && json_parse(a, req->body, req->body_len, &options) != NULL)
		options = NULL;
	uid = json_str(json_object_get(options, "preconditions"), "uid");
	policy = json_str(options, "propagationPolicy");
	if (uid != NULL && !str_eq(uid, json_str(meta(old), "uid")))
		return status_error(409, "Conflict", ret,
		    "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
		    json_str(meta(old), "uid"));
	*ret = shown(old, q);
	delete_key(s, q->resource,
	    key_of(a, q->resource, json_str(meta(old), "namespace"), json_str(meta(old), "name")),
	    str_eq(policy, "Foreground"));
	return 200;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *
cell(struct arena *a, const json_t *o, const char *pointer, const char *kind, int64_t now)
{
	const json_t *v = json_at(o, pointer);
	int64_t t;

	if (strcmp(kind, "date") == 0)
		return json_string(json_is_string(v) && time_parse(json_string_value(v), &t)
				       ? duration_human(a, now - t)
				       : "<unknown>");
	if (v == NULL)
		return strcmp(kind, "integer") == 0 ? json_integer(0) : json_string("");
	if (json_is_string(v) || json_is_integer(v))
		return json_incref((json_t *)v);
	return json_string(json_text(a, v));
}

/* The Table form of a list, which kubectl prints. Consumes `items`. */
static json_t *
table(struct store *s, const struct resource *r, json_t *items, const json_t *list_meta)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *columns = json_array(), *rows = json_array(), *o;
	struct {
		const char *name, *pointer, *kind;
	} c[12] = { { "Name", "/metadata/name", "string" } };
	size_t n = 1, i;
	char *save = NULL;

	for (char *t = strtok_r(arena_strdup(a, r->columns != NULL ? r->columns : ""), "|", &save); t != NULL && n < 11;
	     t = strtok_r(NULL, "|", &save)) {
		char *inner = NULL;

		c[n].name = strtok_r(t, ":", &inner);
		c[n].pointer = strtok_r(NULL, ":", &inner);
		c[n].kind = strtok_r(NULL, ":", &inner) ?: "string";
		n++;
	}
	c[n].name = "Age";
	c[n].pointer = "/metadata/creationTimestamp";
	c[n++].kind = "date";
	for (i = 0; i < n; i++)
		json_array_append_new(columns, json_pack("{s:s,s:s,s:s,s:s,s:i}", "name", c[i].name, "type",
						   strcmp(c[i].kind, "integer") == 0 ? "integer" : "string", "format",
						   i == 0 ? "name" : "", "description", c[i].name, "priority", 0));
	json_array_foreach (items, i, o) {
		json_t *cells = json_array();

		for (size_t k = 0; k < n; k++)
			json_array_append_new(cells, cell(a, o, c[k].pointer, c[k].kind, loop_wall(s->loop)));
		json_array_append_new(
		    rows, json_pack("{s:o,s:{s:s,s:s,s:O}}", "cells", cells, "object", "kind", "PartialObjectMetadata",
			      "apiVersion", "meta.k8s.io/v1", "metadata", meta(o)));
	}
	json_decref(items);
	return json_pack("{s:s,s:s,s:O,s:o,s:o}", "kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata",
	    list_meta, "columnDefinitions", columns, "rows", rows);
}

static int
list(struct store *s, const struct query *q, bool as_table, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys = arena_new_array(a, const char *, s->objects.count + 1);
	const char *prefix = arena_printf(a, "%s ", q->resource->plural), *next = NULL;
	struct selector selector = { 0 };
	json_t *items = json_array(), *m;
	struct err *e = NULL;
	size_t n = 0;

	if (q->label_selector != NULL && (e = selector_parse(a, q->label_selector, &selector)) != NULL) {
		json_decref(items);
		return status_error(400, "BadRequest", ret, "%s", err_text(a, e));
	}
	map_each (&s->objects, slot)
		if (str_starts(slot->key, prefix))
			keys[n++] = slot->key;
	qsort(keys, n, sizeof(*keys), by_name);
	for (size_t i = 0; i < n; i++) {
		const json_t *o = map_get(&s->objects, keys[i]);

		if (q->continue_token != NULL && strcmp(keys[i], q->continue_token) <= 0)
			continue;
		if (!selected(q, &selector, o))
			continue;
		if (q->limit > 0 && (long long)json_array_size(items) == q->limit) {
			next = keys[i - 1];
			break;
		}
		json_array_append_new(items, shown(o, q));
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
		*ret = table(s, q->resource, items, m);
		json_decref(m);
		return 200;
	}
	*ret = json_pack("{s:s,s:s,s:o,s:o}", "kind", arena_printf(a, "%sList", q->resource->kind), "apiVersion",
	    q->resource->group[0] == '\0' ? q->version : arena_printf(a, "%s/%s", q->resource->group, q->version),
	    "metadata", m, "items", items);
	return 200;
}

int
store_handle(struct store *s, const struct store_request *req, json_t **ret)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *body = NULL;
	struct err *e;
	struct query q;
	json_t *old;

	s->requests++;
	if (!parse_path(a, req->path, &q))
		return status_error(404, "NotFound", ret, "the server could not find the requested resource");
	if (strcmp(req->method, "GET") == 0 && q.name == NULL)
		return list(s, &q, req->table, ret);
	if (strcmp(req->method, "POST") == 0 && q.name == NULL) {
		if ((e = parse_body(a, req, &body)) != NULL || !json_is_object(body))
			return status_error(
			    400, "BadRequest", ret, "%s", e != NULL ? err_text(a, e) : "the body is not an object");
		return create(s, &q, body, ret);
	}
	if (strcmp(req->method, "DELETE") == 0 && q.name == NULL) {
		json_t *found, *o;
		size_t i;
		int code = list(s, &q, false, &found);

		json_array_foreach (json_object_get(found, "items"), i, o)
			delete_key(s, q.resource,
			    key_of(a, q.resource, json_str(meta(o), "namespace"), json_str(meta(o), "name")), false);
		*ret = found;
		return code;
	}
	if (q.name == NULL)
		return status_error(405, "MethodNotAllowed", ret, "%s is not supported here", req->method);
	old = map_get(&s->objects, key_of(a, q.resource, q.ns, q.name));
	if (old == NULL)
		return not_found(&q, ret);
	if (strcmp(req->method, "GET") == 0) {
		if (q.sub != NULL && strcmp(q.sub, "scale") == 0)
			*ret = scale_of(&q, old);
		else if (req->table) {
			json_t *m =
			    json_pack("{s:O}", "resourceVersion", json_object_get(meta(old), "resourceVersion"));

			*ret = table(s, q.resource, json_pack("[o]", shown(old, &q)), m);
			json_decref(m);
		} else
			*ret = shown(old, &q);
		return 200;
	}
	if (strcmp(req->method, "DELETE") == 0)
		return delete_one(s, &q, req, old, ret);
	if (strcmp(req->method, "PATCH") == 0)
		return patch(s, &q, req, old, ret);
	if (strcmp(req->method, "PUT") == 0) {
		if ((e = parse_body(a, req, &body)) != NULL || !json_is_object(body))
			return status_error(
			    400, "BadRequest", ret, "%s", e != NULL ? err_text(a, e) : "the body is not an object");
		return update(s, &q, old, json_incref(body), ret);
	}
	return status_error(405, "MethodNotAllowed", ret, "%s is not supported", req->method);
}

/* --- watching --------------------------------------------------------------------------------------------------------- */

bool
store_is_watch(const struct store_request *req)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct query q;

	return strcmp(req->method, "GET") == 0 && parse_path(a, req->path, &q) && q.watch;
}

static void
send_bookmark(struct store_watch *w, bool initial_end)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *m = json_pack(
		   "{s:s,s:n}", "resourceVersion", arena_printf(a, "%lld", w->store->version), "creationTimestamp"),
	       *o;

	if (initial_end)
		json_object_set_new(m, "annotations", json_pack("{s:s}", "k8s.io/initial-events-end", "true"));
	o = json_pack("{s:s,s:s,s:o}", "kind", w->q.resource->kind, "apiVersion", "v1", "metadata", m);
	watch_send(w, "BOOKMARK", o);
	json_decref(o);
}

static void
on_bookmark(struct timer *t, void *arg)
{
	struct store_watch *w = arg;

	loop_timer(w->store->loop, t, BOOKMARK_MS);
	send_bookmark(w, false);
}

static void
on_timeout(struct timer *t, void *arg)
{
	struct store_watch *w = arg;

	(void)t;
	w->ended(w->arg);
}

static void
send_present(struct store_watch *w)
{
	_cleanup_(json_decrefp) json_t *found = NULL;
	struct query all = w->q;
	json_t *o;
	size_t i;

	all.limit = 0;
	list(w->store, &all, false, &found);
	json_array_foreach (json_object_get(found, "items"), i, o)
		watch_send(w, "ADDED", o);
}

struct store_watch *
store_watch_start(struct store *s, const struct store_request *req, store_line *line, void (*ended)(void *), void *arg,
    int *ret_status, json_t **ret_body)
{
	struct store_watch *w = mem_alloc(sizeof(*w));
	long long from = 0;
	struct err *e;

	s->requests++;
	*w = (struct store_watch){ .store = s, .arena = arena_new(), .line = line, .ended = ended, .arg = arg };
	w->timer = (struct timer){ .fire = on_timeout, .arg = w };
	w->bookmark = (struct timer){ .fire = on_bookmark, .arg = w };
	parse_path(w->arena, req->path, &w->q);
	if (w->q.label_selector != NULL && (e = selector_parse(w->arena, w->q.label_selector, &w->selector)) != NULL) {
		*ret_status = status_error(400, "BadRequest", ret_body, "%s", err_text(w->arena, e));
		goto refused;
	}
	if (w->q.resource_version != NULL)
		str_int(w->q.resource_version, 0, INT64_MAX, &from);
	if (from != 0 && !w->q.initial_events && (from < s->compacted || from > s->version)) {
		*ret_status =
		    status_error(410, "Expired", ret_body, "too old resource version: %lld (%lld)", from, s->compacted);
		goto refused;
	}
	w->next = s->watches;
	s->watches = w;
	if (w->q.initial_events) {
		send_present(w);
		send_bookmark(w, true);
	} else if (from == 0) {
		send_present(w);
	} else {
		for (size_t i = 0; i < s->n_history; i++) {
			const struct event *ev = &s->history[(s->first + i) % HISTORY];

			if (ev->version > from)
				watch_event(w, ev);
		}
	}
	if (w->q.timeout > 0)
		loop_timer(s->loop, &w->timer, w->q.timeout * 1000);
	if (w->q.bookmarks)
		loop_timer(s->loop, &w->bookmark, BOOKMARK_MS);
	*ret_status = 200;
	return w;
refused: /* the only goto: two refusals share their end */
	arena_free(w->arena);
	free(w);
	return NULL;
}

struct store_watch *
store_watch_stop(struct store_watch *w)
{
	if (w == NULL)
		return NULL;
	for (struct store_watch **at = &w->store->watches; *at != NULL; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	loop_timer_stop(w->store->loop, &w->timer);
	loop_timer_stop(w->store->loop, &w->bookmark);
	arena_free(w->arena);
	free(w);
	return NULL;
}

/* --- for the cluster itself ---------------------------------------------------------------------------------------------- */

struct store *
store_new(struct loop *l)
{
	static const char *const namespaces[] = { "default", "kube-system" };
	struct store *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->version = 1;
	s->history = mem_alloc(HISTORY * sizeof(*s->history));
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
		struct event *e = &s->history[(s->first + i) % HISTORY];

		json_decref(e->object);
		json_decref(e->old);
	}
	s->n_history = s->first = 0;
	s->compacted = s->version + 1;
	s->version++;
}

struct store *
store_free(struct store *s)
{
	if (s == NULL)
		return NULL;
	while (s->watches != NULL)
		store_watch_stop(s->watches);
	store_compact(s);
	free(s->history);
	map_each (&s->objects, slot)
		json_decref(slot->value);
	map_done(&s->objects);
	free(s);
	return NULL;
}

void
store_on_write(struct store *s, store_hook *hook, void *arg)
{
	assert(s->n_hooks < HOOKS_MAX);
	s->hooks[s->n_hooks].hook = hook;
	s->hooks[s->n_hooks++].arg = arg;
}

void
store_each(struct store *s, const char *plural, void (*visit)(const json_t *, void *), void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char **keys = arena_new_array(a, const char *, s->objects.count + 1);
	const char *prefix = arena_printf(a, "%s ", plural);
	size_t n = 0;

	map_each (&s->objects, slot)
		if (str_starts(slot->key, prefix))
			keys[n++] = arena_strdup(a, slot->key);
	qsort(keys, n, sizeof(*keys), by_name);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *o = json_incref(map_get(&s->objects, keys[i]));

		if (o != NULL)
			visit(o, arg);
	}
}

const json_t *
store_get(struct store *s, const char *plural, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return map_get(&s->objects, arena_printf(a, "%s %s/%s", plural, ns != NULL ? ns : "", name));
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
	json_t *answer = NULL;
	int code = store_handle(s, &r, &answer);

	json_decref(answer);
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
