/* kube/client.h: the verbs of the Kubernetes API. */
#pragma once
#include "kube/api/list_reader.h"
#include "kube/api/meta.h"
#include "kube/transport.h"

#define CLIENT_TIMEOUT_MS 30000 /* where the transport's patience_ms says nothing else */
#define CLIENT_SOON_MS 5000
#define CLIENT_RETRY_AFTER_MAX_MS 30000 /* a Retry-After that asks for more is taken for this */
#define CLIENT_RESPONSE_MAX (ITEM_MAX + (1u << 20)) /* bytes of what is not read as it comes: one object */

#define PATCH_JSON "application/json-patch+json"
#define PATCH_MERGE "application/merge-patch+json"
#define PATCH_APPLY "application/apply-patch+yaml" /* JSON is YAML; asks for the parameter fieldManager */

/* "/apis/argoproj.io/v1alpha1/namespaces/NS/rollouts/NAME/SUB": ns, name and sub may be NULL. In the arena. */
const char *client_path(struct arena *, const struct type *, const char *ns, const char *name, const char *sub);

/* Returns NULL for a 2xx response, else an error of the fitting class with the server's own message. */
struct err *client_error(struct arena *, const struct err *, int status, struct bytes body);

/* How long the server asks to be left alone, within CLIENT_RETRY_AFTER_MAX_MS; 0: it does not. */
static inline int64_t
client_retry_after_ms(const struct reply *r)
{
	return r->retry_after_ms < CLIENT_RETRY_AFTER_MAX_MS ? r->retry_after_ms : CLIENT_RETRY_AFTER_MAX_MS;
}

/* The end of a call: an error, or the parsed body (NULL when it is empty). Borrowed for the call. */
typedef void client_done(void *arg, const struct err *, const json_t *body);

/* How long a call may take. */
static inline int64_t
client_timeout_ms(const struct transport *t)
{
	return t->patience_ms > 0 ? t->patience_ms : CLIENT_TIMEOUT_MS;
}

/* Makes one call, and again when the server asks to come back later (429 or 503 with Retry-After), a few times and
 * all within one time-out; an error then has what it asked for last. `done` comes from the loop, exactly once, unless
 * the call is canceled. Bodies are JSON text, copied. */
struct call *client_call(struct transport *, const char *method, const char *url, const char *content_type,
    const char *body, client_done *done, void *arg);
/* GETs a list, and calls `item` with its objects one by one while it comes, whatever its length: also with those of
 * one that then breaks off, and with those that cannot be read. `done` has the list without them. */
struct call *client_list(struct transport *, const char *url, list_item *item, client_done *done, void *arg);
/* The same with the time-out CLIENT_SOON_MS, for calls that delay others. */
struct call *client_call_soon(struct transport *, const char *method, const char *url, const char *content_type,
    const char *body, client_done *done, void *arg);

/* Ends a call without a call of `done`; what was sent may still take effect. Takes NULL. */
void client_cancel(struct call *);
