/* gitops/engine/sync.h: the next step of a sync: phases, waves, hooks, pruning. Pure.
 *
 * A sync goes through phases and waves, one step at a time. Between two steps its whole state is in its results, which
 * the Application's status keeps, and in the live objects: an object that was applied is live, and a hook has an
 * annotation that names its sync. So a new process continues where a killed one stopped.
 */
#pragma once
#include "gitops/engine/hooks.h"
#include "gitops/engine/resource.h"
#include "gitops/engine/sync_options.h"

/* The result of one object in one phase, as Argo CD writes it into status.operationState. */
struct sync_result {
	const char *group, *version, *kind, *namespace, *name;
	enum result_status status; /* NONE for a hook */
	const char *message;
	const char *hook_type; /* for a hook: "PreSync", "Sync", …; else NULL */
	enum operation_phase hook_phase; /* also of objects that are no hooks; NONE: not started */
	enum phase phase;
};

/* The results of a sync so far. The initial value is all zeroes, except for the arena. */
struct sync_results {
	struct arena *arena; /* of the list and its texts */
	struct sync_result *at;
	size_t n, capacity;
	struct map by_key; /* of object and phase → index + 1 */
};

/* Adds a result, or replaces that of the same object and phase. Texts are borrowed. */
void sync_results_put(struct sync_results *, const struct sync_result *);

/* Frees what is not in the arena. */
void sync_results_done(struct sync_results *);

/* An object that a user selected for a sync. */
struct sync_selection {
	const char *group, *kind, *namespace, *name;
};

/* A sync that was requested. */
struct sync_operation {
	const char *id; /* differs from that of every other sync of the Application */
	bool prune; /* live objects that are not desired are deleted */
	bool dry_run; /* nothing is written */
	bool without_hooks; /* the strategy is apply: hooks are not run */
	bool force; /* objects whose change the API server refuses are deleted and created again */
	bool deleting; /* the Application is being deleted: the option Delete of each object counts, not Prune */
	bool confirmed; /* objects that need a confirmation (Prune=confirm, Delete=confirm) may be deleted */
	struct strings options; /* sync options, each as NAME=VALUE */
	const struct sync_selection *selected; /* only these objects are synced; NULL if all are */
	size_t n_selected;
};

enum sync_verb { SYNC_APPLY, SYNC_PRUNE, SYNC_HOOK, SYNC_DELETE_HOOK };

/* One write of a sync: an object is applied, pruned, created as a hook, or deleted as a hook. */
struct sync_task {
	enum sync_verb verb;
	struct app_resource *resource;
	enum phase phase;
	long wave;
	bool recreate; /* SYNC_APPLY: the live object is deleted first, and created again */
	bool replace; /* SYNC_APPLY: the object is written as a whole, not only the fields in Git */
	const char *propagation; /* SYNC_PRUNE: "Foreground", "Background" or "Orphan" */
};

/* The next step of a sync: tasks to run now, or what the sync waits for, or its end. */
struct sync_step {
	struct sync_task *tasks; /* to run now, in this order; tasks of one kind may run in parallel */
	size_t n;
	enum operation_phase phase; /* OPERATION_RUNNING, OPERATION_SUCCEEDED or OPERATION_FAILED */
	const char *message;
	int64_t wait_ms; /* while running: the longest time until the next step; 0 if it is due at once */
	bool unconfirmed; /* while running: the sync waits for a confirmation by a user */
	bool prune_failed; /* after a failure: an object could not be deleted */
};

/* Sets *ret to the next step of a sync with these results so far. Updates the results of running tasks by the live
 * objects. All memory is in `a`. */
void sync_next(struct arena *a, const struct sync_operation *, struct resources *, struct sync_results *results,
    struct sync_step *ret);

/* Records the result of a task that was run. It replaces an earlier result of the same object and phase. The message is
 * copied. */
void sync_record(struct sync_results *, const struct sync_task *, enum result_status, enum operation_phase hook_phase,
    const char *message);

/* Returns the value of ANNOTATION_OPERATION for a hook: the id of the sync, and the phase if the hook has several. In
 * `a`. */
const char *sync_hook_mark(struct arena *a, const struct sync_operation *, const struct app_resource *, enum phase);

/* Returns the value of a sync option, such as "false": that of the object's annotation, or else that of the operation;
 * NULL if neither has it. The object can be NULL. In `a`. */
const char *sync_option(struct arena *a, const struct sync_operation *, const struct app_resource *, enum sync_option);
