/* sim/store.h: the laptop cluster's objects, with the semantics of a Kubernetes API server.
 *
 * One store serves both ways in: sim/http.c and sim/in_process.c hand it requests and get status codes and bodies
 * back. Objects are JSON trees that are never changed in place: a write makes a new one, so that watch events share
 * them. What it claims of Kubernetes: resourceVersion from one counter, optimistic concurrency, generation,
 * generateName, status and scale subresources, merge, JSON, strategic and apply patches, the managers of fields (of
 * objects whose creator named itself, or that were applied), dry runs, owner references collected, finalizers, paged
 * lists, watches with bookmarks and 410.
 */
#pragma once
#include "base/json.h"
#include "io/loop.h"

#define TOKEN_TYPE "kubernetes.io/service-account-token" /* of Secrets (tokens.h) */

struct store;
struct store_watch;

/* A served resource. */
struct resource {
	const char *group, *version, *plural, *singular, *kind;
	const char *short_names; /* space-separated */
	bool cluster_scoped;
	bool status, scale; /* subresources */
	bool review; /* it is only created, and not stored: the response is what counts */
	const char *also; /* further versions of the group that serve the same objects, space-separated */
	const char *stored_as; /* the prefix of its keys in the store; NULL: its plural */
	/* Columns of the table form: "Name:/pointer[:integer|date|of]" separated by "|"; Name and Age are added. "of"
	 * shows a part of spec.replicas: "2/3". */
	const char *columns;
	/* The rest is of CustomResourceDefinitions only. */
	const char *scale_spec, *scale_status,
	    *scale_selector; /* pointers of the scale; NULL: of a built-in resource */
	const char *only; /* the version that can be used, as others need a webhook; NULL: all can */
	const json_t *printer; /* additionalPrinterColumns; borrowed */
	bool terminating; /* its definition is being deleted */
};

/* Returns whether the resource is served in this version of its group. */
bool resource_has_version(const struct resource *, const char *version);

/* Returns whether it is the kind of this name that is always served, and not one of a CustomResourceDefinition, which
 * may have the same name in another group. */
bool resource_is(const struct resource *, const char *kind);

/* The resources that are always served, ended by one whose plural is NULL. */
extern const struct resource store_resources[];

/* The i-th resource that a store serves, those of CustomResourceDefinitions last; NULL past the end. */
const struct resource *store_resource(const struct store *, size_t i);

#define STORE_GROUPS_MAX 20

/* Who makes a request. There is space for the groups that the API server adds. */
struct store_user {
	const char *name;
	const char *groups[STORE_GROUPS_MAX + 3];
	size_t n_groups;
};

struct store_request {
	const struct store_user *user; /* NULL: the administrator, who may do everything */
	const char *method;
	const char *path; /* with the query */
	const char *content_type;
	const char *body;
	size_t body_len;
	bool table; /* the client requests a Table */
};

/* Called for every write after it took effect: type ADDED, MODIFIED or DELETED. `old` is NULL for ADDED. */
typedef void store_hook(const struct resource *, const char *type, const json_t *old, const json_t *object, void *arg);

struct store *store_new(struct loop *);
struct store *store_free(struct store *);

/* From now on a kind of store_resources is served only while a CustomResourceDefinition of it exists, as in a cluster
 * where its part is not installed. At most 8 kinds. */
void store_require_definition(struct store *, const char *plural);

/* Adds a hook; there may be several. */
void store_on_write(struct store *, store_hook *, void *arg);

/* Carries out one request that is not a watch. Returns the status code; *ret_body is a new reference. */
int store_handle(struct store *, const struct store_request *, json_t **ret_body);

/* Finds the user of a request with this Authorization header (NULL: none): the ServiceAccount whose token it has, or,
 * with another token or none, the administrator. With as->name, the user that this one impersonates. Returns 0 and sets
 * *ret, in the arena; or 401 or 403, with *ret_body. */
int store_user_of(struct store *, struct arena *, const char *authorization, const struct store_user *as,
    const struct store_user **ret, json_t **ret_body);

/* Returns whether the request is a watch. */
bool store_is_watch(const struct store_request *);

/* Returns the warnings of the last response, a list of texts (borrowed until the next request). */
const json_t *store_warnings(const struct store *);

/* The OpenAPI v3 document of a group and version ("apis/apps/v1", "api/v1"), and the list of them (NULL). A new
 * reference; NULL: it is not served. */
json_t *store_openapi(const struct store *, const char *path);

/* Returns the response to "/api", "/apis", "/apis/GROUP", "/api/v1" and "/apis/GROUP/VERSION", a new reference; NULL:
 * another path, or one without kinds. */
json_t *store_discovery(const struct store *, const char *path);

/* One line of a watch, newline included. */
typedef void store_line(void *arg, const char *line, size_t len);

/* Starts a watch; lines come from within later writes, and what is already due before this returns. NULL, with a status
 * code and a body, when it is refused (410). `ended` comes when timeoutSeconds have passed. */
struct store_watch *store_watch_start(struct store *, const struct store_request *, store_line *,
    void (*ended)(void *arg), void *arg, int *ret_status, json_t **ret_body);
struct store_watch *store_watch_stop(struct store_watch *);

/* For the parts of the laptop cluster itself: the objects of a resource, and writes without a detour. */
void store_each(struct store *, const char *plural, void (*visit)(const json_t *, void *arg), void *arg);
/* Visits the objects of a resource that name the uid in their owner references. Those of ReplicaSets are found
 * without reading all Pods. */
void store_each_owned(
    struct store *, const char *uid, const char *plural, void (*visit)(const json_t *, void *arg), void *arg);
const json_t *store_get(struct store *, const char *plural, const char *ns, const char *name);
/* method, "/api/v1/…", JSON text; asserts nothing, returns the status code. */
int store_do(struct store *, const char *method, const char *content_type, const char *path, json_t *body);

/* Forgets all watch history, so that every resume gets 410. */
void store_compact(struct store *);

/* The highest resourceVersion so far. */
long long store_version(const struct store *);

/* Number of requests handled, writes among them. */
void store_counts(const struct store *, unsigned long *ret_requests, unsigned long *ret_writes);
