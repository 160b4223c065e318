/* gitops/argocd/application_parts.h: what the files of an Application's pass share; nobody else includes it. */
#pragma once
#include "gitops/argocd/application.h"
#include "gitops/argocd/project.h"
#include "gitops/engine/health.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

#define LOOK_AGAIN_MS 2000 /* between two looks, however much happens */

/* What this process remembers of an Application between two passes. Times are wall ms; 0: none. */
struct app_memory {
	int64_t refreshed_at; /* the worker was last asked */
	int64_t refresh_at; /* the next comparison, when it is due before the interval */
	int64_t step_at; /* the next step of the sync that is running */
	int64_t failures; /* comparisons in a row that failed */
	int64_t spec; /* number of the spec that the worker was asked about (app_spec_number) */
	bool unconfirmed; /* the last step waits for a user's confirmation */
	struct held_memory held;
};

extern const struct type app_memory_type;

struct deciding {
	const struct pass *pass;
	const struct application *app;
	const struct app_project *project; /* that it names; NULL: there is none, and everything is allowed */
	struct plan *plan;
	struct arena *arena;
	int64_t now;
	struct app_memory before, memory; /* of the last pass, and for the next one */
	json_t *was, *status; /* as it is stored, and as it is to be */
	json_t *operation; /* what is asked for; NULL: nothing */
	json_t *more; /* of the object, written with the status; NULL: nothing */
};

/* What the resources say together. */
struct sum {
	size_t n, wanted, live, out_of_sync, to_prune;
	size_t kept; /* of those that are out of sync: no sync changes them (Prune=false) */
	enum health health;
	const char *message; /* of the resource whose health it is */
};

/* application_status.c: a time in an object (0: none), and now as one. */
int64_t app_time_of(const json_t *object, const char *key);
json_t *app_stamp(struct deciding *);

/* The spec as JSON: a new reference. */
json_t *app_spec_json(const struct deciding *);

/* application.c: a number that tells this spec, and its project, from others; never 0. */
int64_t app_spec_number(const struct deciding *);

/* The state of the sync that is under way, or of the last one; NULL: there was none. Borrowed. */
json_t *app_state(const struct deciding *);
bool app_is_running(const struct deciding *);
bool app_is_deleting(const struct deciding *);

/* People have confirmed what this sync, or the deletion of the application, deletes (annotation deletion-approved). */
bool app_is_confirmed(const struct deciding *);

/* The sync, or the deletion, waits for that, as its step says; NULL: it does not wait. */
void app_set_confirmation(struct deciding *, const struct worker_step *);

/* What is written of the object besides its status; `metadata.annotations` is in it. */
json_t *app_more(struct deciding *);

/* A condition; message NULL: it goes. */
void app_set_condition(struct deciding *, const char *type, const char *message);
void app_set_sync(struct deciding *, const char *to, const char *revision);
void app_set_health(struct deciding *, enum health to, const char *message);

/* What a look found, into the status. */
void app_read_comparison(struct deciding *, const struct worker_response *, struct sum *ret);

/* application_sync.c: puts a sync that is asked for, and that it has begun, into the object (consumed); what it does
 * is the next pass's. */
void app_begin(struct deciding *, json_t *operation);

/* The sync is over: `operation` goes, and what was asked for stays in the state. */
void app_finish(struct deciding *, const char *phase, const char *message);

/* Another try, if one is left; false: none is. */
bool app_retry(struct deciding *, const char *message);

/* A step of the sync was done. */
void app_read_step(struct deciding *, const struct worker_response *);

/* application_auto.c: updates what of the revision is held back, its annotation and condition. `compared`: the
 * resources are those of a comparison in this pass, else of the status. */
struct held_revision app_hold(struct deciding *, const char *revision, const struct worker_resources *, bool compared);

/* Nothing is held back any more. */
void app_release(struct deciding *);

/* A sync may begin now; false: a window of its project says no, which the status tells, and the pass comes back when
 * that changes. */
bool app_may_sync(struct deciding *, bool manual);

/* Begins a sync without being asked, if the policy and what was tried before allow it. */
void app_consider_sync(
    struct deciding *, const struct worker_response *, const struct sum *, const struct held_revision *);
