/* gitops/flux/flux_parts.h: what the two Flux controllers share; nobody else includes it. */
#pragma once
#include "gitops/flux/flux.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

/* What the worker was asked about: by the time of the response the object may have changed, or a user may have
 * requested another one. */
struct flux_asked {
	int64_t generation;
	const char *revision; /* NULL: none */
	const char *requested_at; /* the request (ANNOTATION_REQUESTED_AT) that it handles; NULL: none */
};

/* What this process remembers of an object between two passes. Times are wall ms; 0: none. */
struct flux_memory {
	int64_t refreshed_at; /* the worker was last asked */
	int64_t refresh_at; /* the next request to the worker, when it is due before the interval */
	int64_t failures; /* in a row */
	int64_t unhealthy_since; /* the revision was applied, and waits for its health checks */
	struct flux_asked asked; /* the last time; kept as long as there may be a response */
	struct held_memory held;
};

extern const struct type flux_memory_type;

struct flux {
	const struct pass *pass;
	const struct object *object;
	struct plan *plan;
	struct arena *arena;
	int64_t now;
	struct flux_memory before, memory; /* of the last pass, and for the next one */
	json_t *was, *status; /* as it is stored, and as it is to be */
};

/* Begins and ends a pass over an object whose status has this text. */
struct flux flux_begin(const struct pass *, const struct object *, struct plan *, const char *status);
void flux_end(struct flux *);

/* A condition; status NULL: it goes. One that says the same keeps its time. */
void flux_condition(struct flux *, const char *type, const char *status, const char *reason, const char *message);

/* An event that says why the object is not ready; not again while the status says the same. `bad`: it is a failure,
 * and not that its time has not come. */
void flux_tell(struct flux *, bool bad, const char *reason, const char *message);

/* The condition's status ("True"), or NULL; and for an object's status of another type. */
const char *flux_condition_is(const json_t *status, const char *type);

/* Likewise its reason. */
const char *flux_condition_reason(const json_t *status, const char *type);

/* The warnings of this type in a response of the worker, as a condition of that type, which is logged when it comes;
 * without any it is deleted. */
void flux_warn(struct flux *, const struct worker_response *, const char *type, const char *reason);

/* Somebody asks for it to be looked at (reconcile.fluxcd.io/requestedAt), and it was not yet. */
bool flux_is_requested(const struct flux *);

/* Asks the worker, for the object as it is now and this revision (NULL: none), from this repository (NULL: from
 * none). */
void flux_ask(
    struct flux *, const char *revision, const struct worker_request *, int64_t timeout_ms, const char *repository);

/* The request and the generation have been seen to: those of what was asked, or (NULL) the present ones. */
void flux_handled(struct flux *, const struct flux_asked *);

/* When it is due again: `after` ms after it was looked at, with a spread. 0: it was not looked at by this process. */
int64_t flux_due(const struct flux *, int64_t after);

/* flux_inventory.c: what the status is to say that was applied; that it may have been, too. */
void flux_set_inventory(struct flux *, const struct worker_resources *);
void flux_add_inventory(struct flux *, const struct worker_resources *);

/* held_revision.c: updates what of the revision is held back, its annotation and the conditions RevisionHeld and,
 * when something is held, Ready. `resources`: of a comparison in this pass (`compared`), or of the inventory. */
struct held_revision flux_hold(struct flux *, const char *revision, const struct worker_resources *, bool compared);
