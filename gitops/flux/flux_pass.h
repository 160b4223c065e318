/* gitops/flux/flux_pass.h: one pass over a Flux object: its scratch, its status and its requests. Pure. */
#pragma once
#include "gitops/flux/flux_status.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

/* The last request to the worker. By the time of the response the object may have changed, or a user may have requested
 * another one. */
struct flux_requested {
	int64_t generation; /* of the object, when the request was sent */
	const char *revision; /* the revision to apply; NULL if there was none */
	const char *requested_at; /* the value of ANNOTATION_REQUESTED_AT that it handles; NULL if it had none */
};

/* The memory of this process between two passes of an object. Times are wall ms; 0 means unset. */
struct flux_memory {
	int64_t refreshed_at; /* the time of the last request to the worker */
	int64_t refresh_at; /* the time of a request that is due before the interval ends */
	int64_t failures; /* the number of consecutive failures */
	int64_t unhealthy_since; /* the time since which the applied revision waits for its health checks */
	struct flux_requested requested; /* the last request; kept as long as its response may arrive */
	bool awaits_response; /* no pass has read the response to it */
	struct held_memory held;
};

extern const struct type flux_memory_type;

/* The input of a pass. */
struct flux_world {
	const struct pass *pass;
	const struct object *object;
	int64_t now; /* wall ms */
	const char *stored; /* the status as JSON text; NULL if the object has none yet */
	struct flux_status status; /* the stored status, decoded */
	struct flux_memory memory; /* that the previous pass left */
};

/* The state of one pass. */
struct flux_pass {
	struct flux_world w;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct flux_status status; /* the status that will be written */
	struct flux_memory memory; /* the memory for the next pass */
};

/* Begins a pass over an object with this stored status (NULL if it has none yet). */
struct flux_pass flux_pass_begin(const struct pass *, const struct object *, struct plan *, const char *status);

/* Ends a pass: plans the write of the status, and keeps the memory. */
void flux_pass_end(struct flux_pass *);

/* Sets a condition of the status. CONDITION_NONE deletes it. */
void flux_pass_condition(
    struct flux_pass *, const char *type, enum condition_status, const char *reason, const char *message);

/* Emits an event with the reason why the object is not ready, unless the stored status has this reason and message. The
 * event is a warning if `warning` is set, for a failure; not if it is only too early. */
void flux_pass_not_ready(struct flux_pass *, bool warning, const char *reason, const char *message);

/* Sets a condition of this type from the warnings of the type in a response of the worker, and logs it when it is new.
 * Without such a warning the condition is deleted. */
void flux_pass_warn(struct flux_pass *, const struct worker_response *, const char *type, const char *reason);

/* Returns whether a user has requested a reconciliation, by ANNOTATION_REQUESTED_AT, that was not handled yet. */
bool flux_pass_is_requested(const struct flux_pass *);

/* Plans a request to the worker, for the object as it is now. `revision` is the revision to apply (NULL if there is
 * none), and `repository` the URL that the worker reads (NULL if it reads none). */
void flux_pass_request(struct flux_pass *, const char *revision, const struct worker_request *, int64_t timeout_ms,
    const char *repository);

/* Reads the response to the last request, as request_response does (gitops/request.h). If no pass reads it, the next
 * one finds that it is lost, and another request is due at once. */
const struct worker_response *flux_pass_response(
    struct flux_pass *, const struct seen_query *, enum request_part required, struct request_failure *ret);

/* Records in the status that the generation and the value of ANNOTATION_REQUESTED_AT of this request were handled; with
 * NULL, those that the object has now. */
void flux_pass_handled(struct flux_pass *, const struct flux_requested *);

/* Returns the time (wall ms) of the next request: `after` ms after the last one, with a spread. Returns 0 if this
 * process has made no request for the object. */
int64_t flux_pass_due(const struct flux_pass *, int64_t after);

/* Returns whether a source is due to be fetched: its interval or the wait after a failure has ended, or its spec has
 * changed or a user requests it. If not, plans the time of the fetch. */
bool flux_pass_is_fetch_due(struct flux_pass *, int64_t interval);

/* Returns whether the response is about an earlier spec. If so, plans another fetch. */
bool flux_pass_is_outdated(struct flux_pass *);

/* Reports a fetch that failed: the source is not Ready, and is fetched again later, at the latest after `interval`. */
void flux_pass_fetch_failed(struct flux_pass *, int64_t interval, const char *reason, const char *message);

/* Reports a fetch: the source is Ready with this artifact, whose texts are in the plan's arena. Emits an event
 * (`reason`) if its revision is new. */
void flux_pass_fetched(
    struct flux_pass *, int64_t interval, const struct flux_artifact *, const char *reason, const char *message);

/* Reports that the object refers to another namespace, or has no ServiceAccount, where that is forbidden. */
void flux_pass_access_denied(struct flux_pass *, const char *message);

/* Reports a problem of the spec: the object is Stalled and not Ready until the spec changes. */
void flux_pass_invalid_spec(struct flux_pass *, const struct problem *);

/* Returns whether the object has the finalizer of Flux. */
bool flux_pass_has_finalizer(const struct flux_pass *);

/* Plans to add the finalizer of Flux, or to remove it. */
void flux_pass_set_finalizer(struct flux_pass *, bool there);
