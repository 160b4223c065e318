/* gitops/engine/sync.h: the next step of a sync: phases, waves, hooks, pruning. Pure.
 *
 * A sync goes through phases and waves, one step at a time. Between two steps its whole state is in its results, which
 * the Application's status keeps, and in the live objects: an object that was applied is live, and a hook has an
 * annotation that names its sync. So a new process continues where a killed one stopped.
 */
#pragma once
#include "gitops/engine/resource.h"
#include "gitops/engine/sync_options.h"

/* The result of one object in one phase, in Argo CD's words. */
struct sync_result {
	const char *group, *version, *kind, *namespace, *name;
	const char *status; /* "Synced", "SyncFailed", "Pruned", "PruneSkipped"; NULL: a hook's */
	const char *message;
	const char *hook_type; /* NULL: no hook */
	const char *hook_phase; /* "Running", "Succeeded", "Failed", "Error" */
	enum phase phase;
};

/* Starts as all zeroes, except for the arena. */
struct sync_results {
	struct arena *arena; /* of the list and its texts */
	struct sync_result *at;
	size_t n, capacity;
	struct map by_key; /* of object and phase → number + 1 */
};

/* Adds a result, or replaces that of the same object and phase. Texts are borrowed. */
void sync_results_put(struct sync_results *, const struct sync_result *);
void sync_results_done(struct sync_results *);

struct sync_selection {
	const char *group, *kind, *namespace, *name;
};

/* A sync that was requested. */
struct sync_operation {
	const char *id; /* differs from that of every other sync of the Application */
	bool prune, dry_run;
	bool without_hooks; /* strategy apply */
	bool force;
	bool deleting; /* the Application is deleted: the option Delete of each object counts, not Prune */
	bool confirmed; /* objects that need a confirmation (Prune=confirm, Delete=confirm) may be deleted */
	struct strings options; /* NAME=VALUE */
	const struct sync_selection *selected; /* NULL: everything */
	size_t n_selected;
};

enum sync_verb { SYNC_APPLY, SYNC_PRUNE, SYNC_HOOK, SYNC_DELETE_HOOK };

struct sync_task {
	enum sync_verb verb;
	struct app_resource *resource;
	enum phase phase;
	long wave;
	bool recreate; /* APPLY: delete it first (Force=true with Replace=true, or what cannot be changed) */
	bool replace; /* APPLY: the whole object, not only the fields that Git names */
	const char *propagation; /* PRUNE: "Foreground", "Background", "Orphan" */
};

struct sync_step {
	struct sync_task *tasks; /* to be done now, in this order; those of one kind may run in parallel */
	size_t n;
	enum operation_phase phase; /* RUNNING, SUCCEEDED or FAILED */
	const char *message;
	int64_t wait_ms; /* Running: until the next step, if nothing happens before; 0: at once */
	bool unconfirmed; /* Running: it waits for confirmation */
	bool prune_failed; /* Failed: also because an object was not deleted */
};

/* ret is the next step of a sync with these results so far; results of running tasks are updated by the live
 * objects. In `a`. */
void sync_next(struct arena *a, const struct sync_operation *, struct resources *, struct sync_results *results,
    struct sync_step *ret);

/* Records the result of a task that was done, in place of an earlier one of the same object and phase. The message
 * is copied. */
void sync_record(
    struct sync_results *, const struct sync_task *, const char *status, const char *hook_phase, const char *message);

/* The value of ANNOTATION_OPERATION of a hook: the sync that made it, and the phase if the hook has several. In `a`. */
const char *sync_hook_mark(struct arena *a, const struct sync_operation *, const struct app_resource *, enum phase);

/* The value of an option ("false"): of the object's annotation, else of the operation; NULL: neither has it. In `a`. */
const char *sync_option(struct arena *a, const struct sync_operation *, const struct app_resource *, enum sync_option);
