/* sim/store_parts.h: declarations that the store's files share. Private to sim/store*.c. */
#pragma once
#include "base/map.h"
#include "kube/api/selector.h"
#include "sim/crd.h"
#include "sim/definitions.h"
#include "sim/sorted.h"
#include "sim/store.h"

#define STORE_HISTORY 20000 /* watch events kept */
#define STORE_HOOKS_MAX 8
#define STORE_OPTIONAL_MAX 8

/* A version of an object, shared by the store, its history, and the watches that it is sent to. It is a tree or a text
 * or both (store_version.c). */
struct version {
	unsigned refs;
	json_t *tree; /* NULL: it has not been used for a while */
	char *text; /* compact JSON; NULL: it has not been encoded yet */
	size_t len; /* of the text */
	struct version *newer, *older; /* by last use; of those with a tree */
};

/* The versions with a tree. */
struct versions {
	struct loop *loop;
	struct version *newest, *oldest; /* by last use */
	size_t warm; /* how many */
	struct timer cool;
};

struct ownership;

/* An object that exists. */
struct stored {
	char *key; /* "plural ns/name" */
	struct version *now;
	struct ownership *owners; /* in the index by owner */
};

/* A write, as watches see it. */
struct event {
	long long version;
	const struct resource *resource;
	const char *type; /* ADDED, MODIFIED, DELETED */
	struct version *object, *old; /* owned */
};

struct store {
	struct loop *loop;
	struct sorted objects; /* "plural ns/name" → struct stored */
	struct map owners; /* uid → its dependants (store_owners.c) */
	struct versions versions;
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
	struct { /* kinds that are served only while a definition of them exists: store_require_definition */
		const struct resource *resource;
		bool defined;
	} optional[STORE_OPTIONAL_MAX];
	size_t n_optional;
	json_t *warnings; /* of the last request */
};

/* Returns whether it is a kind that is not served now. */
bool store_lacks(const struct store *, const struct resource *);

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
	const char *include_object; /* in the rows of a table: "None", "Metadata" or "Object"; NULL: "Metadata" */
};

/* "/api/v1/namespaces/NS/pods/NAME/status?…"; false: there is no such place. */
bool query_parse(const struct store *, struct arena *, const char *path, struct store_query *ret);

/* Zero: objects can be read and written in the version of the query. Otherwise the code of a refusal: a webhook would
 * convert them. */
int query_check_version(const struct store_query *, json_t **ret);

/* The body's JSON. A field that is there twice is an error under strict validation, and otherwise the last one
 * counts. */
struct err *body_parse(
    struct store *, const struct store_query *, struct arena *, const struct store_request *, json_t **ret);

/* Returns whether the object is in the query's namespace, has its name, and matches its selectors. The parsed label
 * selector is a parameter. */
bool query_selects(const struct store_query *, const struct selector *, const json_t *object);

/* The key of an object, its metadata (borrowed), and the object as a version of the API shows it (a new reference). */
const char *object_key(struct arena *, const struct resource *, const char *ns, const char *name);
json_t *object_meta(const json_t *);
json_t *object_shown(const json_t *, const struct store_query *);

/* Returns 0 if the user may make the request, or 403 with *ret. */
int access_check(
    struct store *, struct arena *, const struct store_query *, const struct store_request *, json_t **ret);

/* Responds to a review of what a user may do, or who they are. */
int access_review(struct store *, struct arena *, const struct store_query *, const struct store_request *,
    json_t *body, json_t **ret);

/* A Status with this code, which is also returned. */
int status_error(int code, const char *reason, json_t **ret, const char *format, ...) printf_like(4, 5);
int status_not_found(const struct store_query *, json_t **ret);

void versions_init(struct versions *, struct loop *);
void versions_done(struct versions *);

/* A version with one reference, of a tree that is consumed and does not change from now on. */
struct version *version_new(struct versions *, json_t *object);
/* Take NULL; version_unref returns NULL. */
struct version *version_ref(struct version *);
struct version *version_unref(struct versions *, struct version *);
/* Returns its tree, borrowed until the loop goes on. Takes NULL. */
json_t *version_tree(struct versions *, struct version *);
/* Returns a new reference of its tree, which it does not keep: for reading many versions once. */
json_t *version_copy(const struct version *);
/* Returns its text, of v->len bytes, which lives as it does. */
const char *version_text(struct version *);

/* Returns the tree of the object with this key, borrowed until the loop goes on or it is written; NULL: there is no
 * such object. */
json_t *store_at(struct store *, const char *key);

/* Notes the owners of an object that was created (`old` is NULL), changed, or deleted (`now` is NULL). */
void owners_changed(struct store *, struct stored *, const json_t *old, const json_t *now);
/* The keys of the objects that have the owner with this uid, in the arena, in the order in which they got it.
 * Returns how many. */
size_t owners_keys(const struct store *, const char *uid, struct arena *, const char ***ret);

/* Writes an object under a new version (consumed). */
void store_put(struct store *, const struct resource *, const char *key, json_t *object);
/* Removes the object, whatever refers to it. */
void store_remove(struct store *, const struct resource *, const char *key);
char *store_now(struct arena *, const struct store *);
/* POST, and PUT or PATCH, of an object under the rules of the main resource or the subresource. `object` is consumed
 * by store_update. */
int store_create(struct store *, const struct store_query *, json_t *object, json_t **ret);
int store_update(struct store *, const struct store_query *, json_t *old, json_t *object, json_t **ret);
/* The keys of a resource's objects (of one namespace; NULL: of all), sorted, in the arena. Returns how many. */
size_t store_keys(const struct store *, const char *plural, const char *ns, struct arena *, const char ***ret);

int store_list(struct store *, const struct store_query *, bool as_table, json_t **ret);
/* The Table form, which kubectl prints. Consumes `items`. */
json_t *store_table(struct store *, const struct store_query *, json_t *items, const json_t *list_meta);

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

/* A definition is deleted when the last of its objects is, in store_delete.c. */
void store_finish_definition(struct store *, const struct resource *);
/* The resource of definitions themselves. */
const struct resource *store_definition_resource(void);

/* Ends the watches of a resource that is not served any more. */
void store_watch_end(struct store *, const struct resource *);

/* Tells a watch of a write, if it selects it. */
void store_watch_event(struct store_watch *, const struct event *);
/* The next watch of a store's, NULL at the end. */
struct store_watch *store_watch_next(const struct store_watch *);
