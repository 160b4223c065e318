/* kube/plan/plan.h: the output of a decision.
 *
 * Four parts. Steps are carried out in order, and the first that fails ends them, but for writes that do not depend
 * on it; events stand behind the write that they report. The status is written after the steps, even when one failed,
 * because it says what was seen. wake_at asks for another pass at a wall time. Reasons say in a line each why, for
 * logs, `sluice plan` and bug reports.
 *
 * A plan lives in one arena and only describes: nothing here does input or output. It copies what it needs of
 * objects, because the cache moves on while a plan is carried out.
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"
#include "kube/api/patch.h"
#include "kube/plan/query.h"

enum plan_op {
	PLAN_CREATE, /* body: the object */
	PLAN_PATCH, /* body: JSON patch, with tests of what it replaces */
	PLAN_MERGE, /* body: merge patch, with the resourceVersion that was seen */
	PLAN_APPLY, /* body: the fields to own, with the uid the object must have */
	PLAN_SCALE, /* body: a merge patch of its subresource scale, which has the resourceVersion of the object */
	PLAN_DELETE, /* name, and the uid it must have */
	PLAN_EVICT, /* a Pod: the same, where its disruption budgets allow it */
	PLAN_EVENT,
	PLAN_QUERY, /* a query; its response comes with a later pass */
	PLAN_OP_MAX
};

struct plan_step {
	enum plan_op op;
	const struct type *type;
	const char *namespace, *name;
	const char *body; /* JSON text */
	const char *uid; /* DELETE, EVICT */
	const char *resource_version; /* of the object that was decided on; NULL for CREATE */
	bool now; /* DELETE: without grace */
	bool unless_gone; /* MERGE: an object that is not there any more is well */
	bool independent; /* does not depend on the write before it: made even when that one failed */
	/* EVENT */
	const struct object *about;
	bool warning;
	const char *reason, *message;
	const char *revision; /* of a Git repository, that it is about; NULL: none */
	/* ASK */
	const char *key; /* the response is found under it in struct seen */
	const struct query *query; /* in the plan's arena */
};

/* A number for the next pass, by this process only: see struct seen. */
struct note {
	const char *name;
	int64_t value;
};

/* Each list grows in the plan's arena up to here: an AnalysisRun of METRICS_MAX metrics fits, each with its Job,
 * question, note and event. What would come after is counted, and the key gets another pass. */
#define PLAN_STEPS_MAX 4096
#define PLAN_STATUS_EVENTS_MAX 1024
#define PLAN_NOTES_MAX 1024
#define PLAN_KEPT_MAX 4096
#define PLAN_REASONS_MAX 1024

struct plan {
	struct arena *arena;
	struct plan_step *steps; /* in the arena */
	size_t n_steps, room;
	const struct object *status_of; /* NULL: nothing to write */
	const char *status; /* merge patch of the whole object: {"status": …} */
	struct plan_step *status_events;
	size_t n_status_events, status_room;
	const char *revision; /* of the events that are added from now on */
	int64_t wake_at; /* wall ms; 0: never */
	const char **reasons;
	size_t n_reasons, reasons_room;
	struct note *notes;
	size_t n_notes, notes_room;
	const void *memory; /* in the arena; NULL: none */
	const char **kept; /* keys of responses */
	size_t n_kept, kept_room;
	size_t left_out; /* entries beyond the limits above */
};

/* An empty plan in the arena. */
struct plan *plan_new(struct arena *);

/* Each adds one step. JSON values are consumed. What would come after PLAN_STEPS_MAX steps is left to the next pass,
 * which decides it again. */
void plan_create(struct plan *, const struct type *, const char *ns, const char *name, json_t *body);
void plan_patch(struct plan *, const struct object *, json_t *ops);
void plan_merge(struct plan *, const struct object *, json_t *patch);
/* How many pods it should have, by its subresource scale: a right to it lets change nothing else. */
void plan_scale(struct plan *, const struct object *, int64_t replicas);
/* Server-side apply: the fields in `config` ({"metadata": {"annotations": …}}) are ours from now on, whatever they
 * were, and those that we applied before and that are not in it go. For objects that others write too: nothing of
 * theirs is touched or believed. */
void plan_apply(struct plan *, const struct object *, json_t *config);
void plan_delete(struct plan *, const struct object *);
void plan_delete_now(struct plan *, const struct object *); /* without grace: as a kubelet does when a pod has ended */
void plan_evict(struct plan *, const struct object *pod);

/* The write that was added last does not depend on the one before it: it is tried even if that one failed. */
void plan_independent(struct plan *);

/* The write that was added last is of an object that may be gone: then nothing is to be done. For what is not
 * watched. */
void plan_unless_gone(struct plan *);

/* An event about an object, emitted once the write before it has succeeded; its message is made as by printf, and
 * shown as letters_shown does: what it quotes need not be UTF-8. */
void plan_event(struct plan *, const struct object *about, bool warning, const char *reason, const char *format, ...)
    printf_like(5, 6);

/* A query (copied). The same key again sends nothing until its response is forgotten. */
void plan_query(struct plan *, const char *key, const struct query *);

/* A later pass needs the response with this key too: it outlives the status write, which all others do not. */
void plan_keep(struct plan *, const char *key);

/* The events that are added from now on are about this revision of a Git repository (copied; NULL: about none). */
void plan_revision(struct plan *, const char *revision);

/* An event that reports the status write. */
void plan_status_event(struct plan *, const struct object *about, bool warning, const char *reason, const char *format,
    ...) printf_like(5, 6);

/* The status as a merge patch that turns `from` into `to` (both encoded); carries the resourceVersion that was seen, so
 * that a stale one fails. Equal ones add nothing. The values are consumed. */
void plan_status(struct plan *, const struct object *, json_t *from, json_t *to);

/* The same with more of the object in the same patch ({"operation": null}), of a type whose status is no
 * subresource. `more` may be NULL; consumed. */
void plan_status_with(struct plan *, const struct object *, json_t *from, json_t *to, json_t *more);

/* Removes the steps, the kept responses and the time of the next pass that were added so far: the decision made them
 * obsolete. */
void plan_drop_steps(struct plan *);

/* The same of a status that is stored as JSON text (NULL: none) and decoded by the rows of a type: `was` as it is
 * stored, `to` as it is to be. Fields without a row, and fields that are equal in both, stay as they are stored. */
void plan_status_typed(struct plan *, const struct object *, const struct type *, const char *stored, const void *was,
    const void *to, json_t *more);

/* Asks for a pass at `at` (wall ms) at the latest; the earliest wins. */
void plan_wake(struct plan *, int64_t at);

/* The next pass of this process sees the number again; it replaces all notes of this pass's predecessor, and the one of
 * that name in this plan. */
void plan_note(struct plan *, const char *name, int64_t value);

/* The next pass of this process finds a copy of the struct in seen->memory. `type` is the controller's `memory`. */
void plan_memory(struct plan *, const struct type *type, const void *);

/* Why, in a line for users, as by printf. */
void plan_reason(struct plan *, const char *format, ...) printf_like(2, 3);

/* Returns true when the plan has neither writes nor queries. */
bool plan_is_quiet(const struct plan *);

/* Stable text: a line a part. In the plan's arena. */
const char *plan_print(const struct plan *);
