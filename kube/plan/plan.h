/* kube/plan/plan.h: a plan, the output of a pass: writes, events, queries, status, and the time of the next pass.
 *
 * A plan has four parts. Steps are carried out in order; the first failure ends them, except writes that do not
 * depend on it. Events follow the write that they report. The status is written after the steps, even after a
 * failure, because it reports what was observed. wake_at requests another pass at a wall time. Reasons are lines of
 * text for logs, `sluice plan` and bug reports.
 *
 * A plan lives in one arena and only describes: nothing here does input or output. It copies what it needs of
 * objects, because the cache changes while a plan is carried out.
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"
#include "kube/api/patch.h"
#include "kube/plan/query.h"

enum plan_op {
	PLAN_CREATE, /* body: the object */
	PLAN_PATCH, /* body: JSON patch, with tests of what it replaces */
	PLAN_MERGE, /* body: merge patch, with the resourceVersion that was read */
	PLAN_APPLY, /* body: the fields to own, with the uid the object must have */
	PLAN_SCALE, /* body: a merge patch of the subresource scale, with the resourceVersion of the object */
	PLAN_DELETE, /* name, and the uid it must have */
	PLAN_EVICT, /* a Pod: like DELETE, if its PodDisruptionBudgets allow it */
	PLAN_EVENT,
	PLAN_QUERY, /* a query; a later pass gets its response */
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
	bool strict; /* PATCH: a field that the API server would drop is an error */
	bool unless_gone; /* MERGE: success if the object does not exist any more */
	bool independent; /* does not depend on the write before it: made even if that one failed */
	/* EVENT */
	const struct object *about;
	bool warning;
	bool implied; /* other events say the same: it is counted and notified, but no Kubernetes Event is created */
	const char *reason, *message;
	const char *revision; /* of a Git repository, which the event is about; NULL: none */
	/* QUERY */
	const char *key; /* a later pass finds the response by it in struct seen */
	const struct query *query; /* in the plan's arena */
};

/* A number for the next pass of this process: see struct seen. */
struct note {
	const char *name;
	int64_t value;
};

/* Limits of the lists, which grow in the plan's arena: an AnalysisRun with METRICS_MAX metrics fits, each with its
 * Job, query, note and event. Entries beyond a limit are counted, and the key gets another pass. */
#define PLAN_STEPS_MAX 4096
#define PLAN_STATUS_EVENTS_MAX 1024
#define PLAN_NOTES_MAX 1024
#define PLAN_KEPT_MAX 4096
#define PLAN_REASONS_MAX 1024

struct plan {
	struct arena *arena;
	struct plan_step *steps; /* in the arena */
	size_t n_steps, capacity;
	const struct object *status_of; /* NULL: nothing to write */
	const char *status; /* merge patch of the whole object: {"status": …} */
	struct plan_step *status_events;
	size_t n_status_events, status_capacity;
	const char *revision; /* of the events that are added from now on */
	int64_t wake_at; /* wall ms; 0: never */
	bool step_left_out; /* the step that was added last did not fit: marks of it have no effect */
	bool urgent; /* its writes come before those of other plans (kube/plan/urgency.h) */
	const char **reasons;
	size_t n_reasons, reasons_capacity;
	struct note *notes;
	size_t n_notes, notes_capacity;
	const void *memory; /* in the arena; NULL: none */
	size_t memory_size; /* bytes of it with all that it points to */
	const char **kept; /* keys of responses */
	size_t n_kept, kept_capacity;
	size_t left_out; /* entries beyond the limits above */
};

/* Returns an empty plan in the arena. */
struct plan *plan_new(struct arena *);

/* Each adds one step. JSON values are consumed. Steps beyond PLAN_STEPS_MAX are left to the next pass, which decides
 * them again. */
void plan_create(struct plan *, const struct type *, const char *ns, const char *name, json_t *body);
void plan_patch(struct plan *, const struct object *, json_t *ops);
void plan_merge(struct plan *, const struct object *, json_t *patch);
/* Sets the number of pods by the subresource scale: the permission for it does not allow other changes. */
void plan_scale(struct plan *, const struct object *, int64_t replicas);
/* Server-side apply, forced: the controller owns the fields in `config` ({"metadata": {"annotations": …}}), and
 * fields that it applied before and that are not in it are removed. For objects that other clients write too: their
 * fields are neither changed nor read. */
void plan_apply(struct plan *, const struct object *, json_t *config);
void plan_delete(struct plan *, const struct object *);
void plan_delete_now(struct plan *, const struct object *); /* without grace: as a kubelet does when a pod has ended */
void plan_evict(struct plan *, const struct object *pod);

/* Marks the write that was added last as independent: it is made even if the one before it failed. */
void plan_independent(struct plan *);

/* Marks the first write that was added after the plan had `n` steps as independent. */
void plan_independent_since(struct plan *, size_t n);

/* Marks the patch that was added last: if the API server's definition of the type lacks a field of it, the write fails
 * with an error that names the field, instead of taking effect without it. */
void plan_strict(struct plan *);

/* Marks the write that was added last as successful if its object does not exist any more. For objects that are not
 * watched. */
void plan_unless_gone(struct plan *);

/* Adds an event about an object, which is emitted if the write before it succeeds. The message has a printf format;
 * bytes that are not UTF-8 are replaced (utf8_shown). Returns the event, borrowed until the next step is added. */
struct plan_step *plan_event(struct plan *, const struct object *about, bool warning, const char *reason,
    const char *format, ...) printf_like(5, 6);

/* Adds a query (copied). A query with the same key is not sent again until its response is dropped. */
void plan_query(struct plan *, const char *key, const struct query *);

/* Keeps the response with this key for a later pass; all other responses are dropped after the status write. */
void plan_keep(struct plan *, const char *key);

/* The events that are added from now on are about this revision of a Git repository (copied; NULL: about none). */
void plan_revision(struct plan *, const char *revision);

/* Adds an event that reports the status write, and is emitted after it. */
struct plan_step *plan_status_event(struct plan *, const struct object *about, bool warning, const char *reason,
    const char *format, ...) printf_like(5, 6);

/* Plans the status as a merge patch that turns `from` into `to` (both encoded), with the resourceVersion that was
 * read, so that an outdated one fails. Does nothing if they are equal. The values are consumed. */
void plan_status(struct plan *, const struct object *, json_t *from, json_t *to);

/* The same for two structs of the status' type, without encoding what did not change. */
void plan_status_rows(struct plan *, const struct object *, const struct type *, const void *from, const void *to);

/* The same for a type whose status is not a subresource; `more` is another part of the object in the same patch
 * ({"operation": null}). `more` can be NULL; consumed. */
void plan_status_with(struct plan *, const struct object *, json_t *from, json_t *to, json_t *more);

/* Removes the steps, the kept responses and the time of the next pass that were added so far, as a later part of the
 * decision made them obsolete. */
void plan_drop_steps(struct plan *);

/* The same for a status that is stored as JSON text (NULL: none) and decoded by the rows of a type: `was` is the
 * stored one, `to` the new one. Fields without a row, and fields that are equal in both, stay as they are stored. */
void plan_status_typed(struct plan *, const struct object *, const struct type *, const char *stored, const void *was,
    const void *to, json_t *more);

/* Requests a pass at `at` (wall ms) or earlier; the earliest request counts. */
void plan_wake(struct plan *, int64_t at);

/* Leaves a number for the next pass of this process. The notes of a plan replace all notes of the plan before, and a
 * note replaces one of the same name in this plan. Notes are for numbers that belong to another object or to a version,
 * whose name is a part of theirs (a Job, a pause): a note that no pass renews is forgotten. A controller has notes or a
 * memory, not both. */
void plan_note(struct plan *, const char *name, int64_t value);

/* The next pass of this process finds a copy of the struct in seen->memory. For a controller whose passes all have the
 * same values, or texts. `type` is the controller's `memory`. */
void plan_memory(struct plan *, const struct type *type, const void *);

/* Adds a reason, one line for users, with a printf format. */
void plan_reason(struct plan *, const char *format, ...) printf_like(2, 3);

/* Adds the steps, kept responses, reasons, notes and the time of the next pass of another plan in the same arena. Its
 * writes do not depend on those before them. */
void plan_include(struct plan *, const struct plan *);

/* Returns true when the plan has neither writes nor queries. */
bool plan_is_quiet(const struct plan *);

/* Returns the plan as stable text, one line for each entry. In the plan's arena. */
const char *plan_print(const struct plan *);

/* Returns the urgency of a write of this plan: of a step, or of the status and the fetches (`step` NULL). */
static inline enum urgency
urgency_of(const struct plan *p, const struct plan_step *step)
{
	if (p->urgent)
		return URGENCY_SAFETY;
	return step != NULL ? URGENCY_PROGRESS : URGENCY_STATUS;
}
