/* gitops/engine/sync.h: what a sync does next. Pure.
 *
 * A sync goes through phases and waves, one step at a time; between two steps all that it knows is in its results, which the
 * Application's status keeps. So a process that dies between any two requests is followed by one that goes on where it was: what was
 * applied is seen to be live, and a hook says itself which sync made it.
 */
#pragma once
#include "gitops/engine/resource.h"
#include "gitops/engine/sync_options.h"

/* What became of one object in one phase; the words are Argo CD's. */
struct sync_result {
	const char *group, *version, *kind, *namespace, *name;
	const char *status; /* "Synced", "SyncFailed", "Pruned", "PruneSkipped"; NULL: a hook's */
	const char *message;
	const char *hook_type; /* NULL: no hook */
	const char *hook_phase; /* "Running", "Succeeded", "Failed", "Error" */
	enum phase phase;
};

/* All zeroes, but for the arena, to start with. */
struct sync_results {
	struct arena *arena; /* of the list and of what is added to it */
	struct sync_result *at;
	size_t n, room;
	struct map by_key; /* of object and phase → number + 1 */
};

/* Adds one, or replaces that of the same object and phase. Texts are borrowed from who adds it. */
void sync_results_put(struct sync_results *, const struct sync_result *);
void sync_results_done(struct sync_results *);

struct sync_selection {
	const char *group, *kind, *namespace, *name;
};

/* What was asked for. */
struct sync_operation {
	const char *id; /* tells it from every other of the application */
	bool prune, dry_run;
	bool without_hooks; /* strategy apply */
	bool force;
	bool deleting; /* the application: of each object its option Delete counts, not Prune */
	bool confirmed; /* objects that ask for confirmation (Prune=confirm, Delete=confirm) may be deleted */
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
	struct sync_task *tasks; /* to be done now, in this order; those of one kind may be done at once */
	size_t n;
	const char *phase; /* "Running", "Succeeded", "Failed" */
	const char *message;
	int64_t wait_ms; /* Running: until the next step, if nothing happens before; 0: at once */
	bool unconfirmed; /* Running: it waits for confirmation */
	bool prune_failed; /* Failed: also because an object was not deleted */
};

/* The next step of a sync whose results so far are `results`; those of what is running are brought up to date by what is live. In
 * `a`. */
void sync_next(struct arena *a, const struct sync_operation *, struct resources *, struct sync_results *results,
    struct sync_step *ret);

/* A result of a task that was done; a later one of the same object and phase replaces it. Message copied. */
void sync_record(
    struct sync_results *, const struct sync_task *, const char *status, const char *hook_phase, const char *message);

/* What a hook of this phase carries as ANNOTATION_OPERATION: which sync made it, and for which of its phases if it has several. In `a`. */
const char *sync_hook_mark(struct arena *a, const struct sync_operation *, const struct app_resource *, enum phase);

/* The value of an option as the object's own annotation, or else the operation, has it ("false"); NULL: neither. In `a`. */
const char *sync_option(struct arena *a, const struct sync_operation *, const struct app_resource *, enum sync_option);
