/* kube/client.h: calls of the Kubernetes API: paths, requests, retries, and the class of errors. */
#pragma once
#include "kube/api/list_reader.h"
#include "kube/api/meta.h"
#include "kube/transport.h"

#define CLIENT_TIMEOUT_MS 30000 /* if the transport has no patience_ms */
#define CLIENT_SOON_MS 5000 /* time-out of calls that delay others */
#define CLIENT_RETRY_AFTER_MAX_MS 30000 /* the maximum that a Retry-After can delay a retry */
#define CLIENT_RESPONSE_MAX (ITEM_MAX + (1u << 20)) /* bytes of a response that is not read as a stream: one object */

#define PATCH_JSON "application/json-patch+json"
#define PATCH_MERGE "application/merge-patch+json"
#define PATCH_APPLY "application/apply-patch+yaml" /* JSON is YAML; needs the parameter fieldManager */

/* Returns "/apis/argoproj.io/v1alpha1/namespaces/NS/rollouts/NAME/SUB", in the arena. ns, name and sub can be NULL. */
const char *client_path(struct arena *, const struct type *, const char *ns, const char *name, const char *sub);

/* Returns NULL for a 2xx response, else an error with the class of the status and the server's message. */
struct err *client_error(struct arena *, const struct err *, int status, struct bytes body);

/* Returns the Retry-After of a response, at most CLIENT_RETRY_AFTER_MAX_MS; 0: it has none. */
static inline int64_t
client_retry_after_ms(const struct reply *r)
{
	return r->retry_after_ms < CLIENT_RETRY_AFTER_MAX_MS ? r->retry_after_ms : CLIENT_RETRY_AFTER_MAX_MS;
}

/* Called at the end of a call with an error, or with the parsed body (NULL if it is empty). Borrowed for the call. */
typedef void client_done(void *arg, const struct err *, const json_t *body);

/* The same with the object as text; its text is NULL if the body is empty or is no object. */
typedef void client_item_done(void *arg, const struct err *, const struct item_text *);

/* Returns the time-out of a call. */
static inline int64_t
client_timeout_ms(const struct transport *t)
{
	return t->patience_ms > 0 ? t->patience_ms : CLIENT_TIMEOUT_MS;
}

/* Makes a call. A response with Retry-After (429 or 503) is retried a few times, all within one time-out; the error
 * then has the last Retry-After. `done` is called from the loop, exactly once, unless the call is canceled. Bodies
 * are JSON text, copied. */
struct call *client_call(struct transport *, const char *method, const char *url, const char *content_type,
    const char *body, client_done *done, void *arg);
/* GETs a list of any length, and calls `item` for each object while the list arrives, also for unreadable ones. If
 * the list breaks off, its first objects have been passed on. `done` gets the list without its objects. */
struct call *client_list(struct transport *, const char *url, list_item *item, client_done *done, void *arg);
/* The same for objects as text. */
struct call *client_list_text(struct transport *, const char *url, list_text *item, client_done *done, void *arg);

/* As client_call, which has URGENCY_PROGRESS and client_timeout_ms. */
struct call *client_call_as(struct transport *, enum urgency, int64_t timeout_ms, const char *method, const char *url,
    const char *content_type, const char *body, client_done *done, void *arg);

/* The same, for the object that a write returns: it is not made a tree. */
struct call *client_write(struct transport *, enum urgency, int64_t timeout_ms, const char *method, const char *url,
    const char *content_type, const char *body, client_item_done *done, void *arg);

/* The same, for a write whose response nothing depends on: the status decides, and the text is always NULL. Half of the
 * responses are those of Events. */
struct call *client_write_unread(struct transport *, enum urgency, const char *method, const char *url,
    const char *content_type, const char *body, client_item_done *done, void *arg);

/* Ends a call without calling `done`; a request that was sent may still take effect. Takes NULL. */
void client_cancel(struct call *);
