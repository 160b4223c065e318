/* sim/store_parts.h: declarations that the store's files share. Private to sim/store*.c. */
#pragma once
#include "base/map.h"
#include "kube/api/selector.h"
#include "sim/crd.h"
#include "sim/definitions.h"
#include "sim/store.h"

#define STORE_HISTORY 20000 /* watch events kept */
#define STORE_HOOKS_MAX 8

/* A write, as watches see it. */
struct event {
	long long version;
	const struct resource *resource;
	const char *type; /* ADDED, MODIFIED, DELETED */
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
	} hooks[STORE_HOOKS_MAX];
	size_t n_hooks;
	unsigned long requests, writes;
	struct crds *crds;
	struct definitions *definitions;
	json_t *warnings; /* of the last request */
};

enum validation { VALIDATION_WARN, VALIDATION_STRICT, VALIDATION_IGNORE };

/* A parsed request; its strings are in the arena that it was parsed with. */
struct store_query {
	char *path; /* without the query */
	const struct resource *resource;
	const char *version;
	const char *ns, *name, *sub; /* NULL: none */
	const char *label_selector, *field_selector, *resource_version, *continue_token;
	long long limit, timeout; /* s; 0: none */
	bool watch, bookmarks, initial_events;
	const char *field_manager; /* who writes; NULL: it does not say */
	enum validation validation; /* how unknown and duplicate fields are handled */
	bool dry_run, force;
	bool apply; /* the object comes with its managers */
};

/* "/api/v1/namespaces/NS/pods/NAME/status?…"; false: there is no such place. */
bool query_parse(const struct store *, struct arena *, const char *path, struct store_query *ret);

/* The body's JSON. A field that is there twice is an error under strict validation, and otherwise the last one
 * counts. */
struct err *body_parse(
    struct store *, const struct store_query *, struct arena *, const struct store_request *, json_t **ret);

/* The object is in the query's namespace, has its name, and matches its selectors (the labels' parsed one is given). */
bool query_selects(const struct store_query *, const struct selector *, const json_t *object);

/* The key of an object, its metadata (borrowed), and the object as a version of the API shows it (a new reference). */
const char *object_key(struct arena *, const struct resource *, const char *ns, const char *name);
json_t *object_meta(const json_t *);
json_t *object_shown(const json_t *, const struct store_query *);

/* A Status with this code, which is also returned. */
int status_error(int code, const char *reason, json_t **ret, const char *format, ...) printf_like(4, 5);
int status_not_found(const struct store_query *, json_t **ret);

/* Writes an object under a new version (consumed); `old` is what was there, NULL: nothing. */
void store_put(struct store *, const struct resource *, const char *key, const json_t *old, json_t *object);
/* Removes the object, whatever refers to it. */
void store_remove(struct store *, const struct resource *, const char *key);
char *store_now(struct arena *, const struct store *);
/* POST, and PUT or PATCH, of an object under the rules of the main resource or the subresource. `object` is consumed
 * by store_update. */
int store_create(struct store *, const struct store_query *, json_t *object, json_t **ret);
int store_update(struct store *, const struct store_query *, json_t *old, json_t *object, json_t **ret);
/* The keys of a resource's objects, sorted, in the arena. Returns how many. */
size_t store_keys(const struct store *, const char *plural, struct arena *, const char ***ret);

int store_list(struct store *, const struct store_query *, bool as_table, json_t **ret);
/* The Table form, which kubectl prints. Consumes `items`. */
json_t *store_table(struct store *, const struct resource *, json_t *items, const json_t *list_meta);

/* Deletes as a request does: finalizers are waited for, and dependants go too, first when in the foreground. A Pod
 * that takes a while to stop is only marked; sim/pods.c deletes it with a request that gives it no grace. */
void store_delete(struct store *, const struct resource *, const char *key, bool foreground);
int store_delete_one(
    struct store *, const struct store_query *, const struct store_request *, json_t *old, json_t **ret);

/* Deletes a new object that has owners of which none exists, as Kubernetes' garbage collector does. An owner is found
 * by its kind, name and uid. */
void store_collect(struct store *, const struct resource *, const char *key);

/* A server-side apply; `old` NULL: it creates. */
int store_apply(struct store *, const struct store_query *, const struct store_request *, json_t *old, json_t **ret);

/* Tells a watch of a write, if it selects it. */
void store_watch_event(struct store_watch *, const struct event *);
/* The next watch of a store's, NULL at the end. */
struct store_watch *store_watch_next(const struct store_watch *);
