/* gitops/worker/apply.h: applies, prunes and runs hooks in a step of a sync: its tasks as requests. */
#pragma once
#include "gitops/engine/sync.h"
#include "gitops/worker/stage.h"

struct session;

struct session_apply {
	struct sync_results results;
	struct sync_step step;
	size_t group; /* index of the first task of the group that is running */
	bool deferred; /* a task waits for a deletion, or is retried */
};

/* STAGE_PLAN: finds the next step of the sync. */
size_t apply_prepare_plan(struct session *);

/* STAGE_TASKS: one group of tasks. */
size_t apply_prepare_tasks(struct session *);
bool apply_start(struct session *, size_t i);
enum session_stage apply_finish(struct session *);

/* Returns the stage that follows: the next group of tasks, the next step, the checks, or the end. */
enum session_stage apply_next(struct session *);

/* Returns true if status.inventory of the Kustomization names all objects that are about to be created or adopted.
 * If not, the session only reports them. Otherwise a process that ends before it writes the status could leave an
 * object that is in no inventory, and never pruned. */
bool apply_is_announced(struct session *);
