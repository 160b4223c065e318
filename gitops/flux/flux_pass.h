/* gitops/flux/flux_pass.h: one pass over a GitRepository or Kustomization: its scratch, its status and its requests.
 * Pure. */
#pragma once
#include "gitops/flux/flux_status.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

/* The last request to the worker. By the time of the response the object may have changed, or a user may have requested
 * another one. */
struct flux_asked {
	int64_t generation;
	const char *revision; /* NULL: none */
	const char *requested_at; /* the request (ANNOTATION_REQUESTED_AT) that it handles; NULL: none */
};

/* Kept by this process between two passes of an object. Times are wall ms; 0: none. */
struct flux_memory {
	int64_t refreshed_at; /* time of the last request to the worker */
	int64_t refresh_at; /* time of a request that is due before the interval ends */
	int64_t failures; /* in a row */
	int64_t unhealthy_since; /* since when the applied revision waits for its health checks */
	struct flux_asked asked; /* kept as long as there may be a response */
	struct held_memory held;
};

extern const struct type flux_memory_type;

/* The input of a pass. */
struct flux_world {
	const struct pass *pass;
	const struct object *object;
	int64_t now; /* wall ms */
	const char *stored; /* the status as JSON text; NULL: none yet */
	struct flux_status status; /* the same, decoded */
	struct flux_memory memory; /* from the previous pass */
};

/* The state of one pass. */
struct flux_pass {
	struct flux_world w;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct flux_status status; /* to be written */
	struct flux_memory memory; /* for the next pass */
};

/* Begins and ends a pass over an object with this status. */
struct flux_pass flux_pass_begin(const struct pass *, const struct object *, struct plan *, const char *status);
void flux_pass_end(struct flux_pass *);

/* Sets a condition; NONE: deletes it. */
void flux_pass_condition(
    struct flux_pass *, const char *type, enum condition_status, const char *reason, const char *message);

/* Emits an event that says why the object is not ready, unless the stored status says the same. `warning`: it is a
 * failure, and not only too early. */
void flux_pass_not_ready(struct flux_pass *, bool warning, const char *reason, const char *message);

/* The warnings of this type in a response of the worker as a condition of that type, which is logged when it is new.
 * Without a warning the condition is deleted. */
void flux_pass_warn(struct flux_pass *, const struct worker_response *, const char *type, const char *reason);

/* Returns whether a user has requested a reconciliation (ANNOTATION_REQUESTED_AT) that was not handled yet. */
bool flux_pass_is_requested(const struct flux_pass *);

/* Sends a request to the worker for the object as it is now and this revision (NULL: none), from this repository
 * (NULL: from none). */
void flux_pass_ask(struct flux_pass *, const char *revision, const struct worker_request *, int64_t timeout_ms,
    const char *repository);

/* Records in the status that the request and the generation were handled: those of `asked`, or (NULL) the present
 * ones. */
void flux_pass_handled(struct flux_pass *, const struct flux_asked *asked);

/* The time of the next request: `after` ms after the last, with a spread. 0: this process has made none. */
int64_t flux_pass_due(const struct flux_pass *, int64_t after);

/* Reports a problem of the spec: the object is Stalled and not Ready until the spec changes. */
void flux_pass_invalid_spec(struct flux_pass *, const struct problem *);
