/* gitops/worker/apply.h: applies, prunes and runs hooks in a step of a sync: its tasks as requests. */
#pragma once
#include "gitops/engine/sync.h"
#include "gitops/worker/stage.h"

struct session;

struct session_apply {
	struct sync_results results;
	struct sync_step step;
	size_t group; /* of tasks: the first of the group that is applied at once */
	bool deferred; /* a task waits for a deletion, or is tried again */
};

/* STAGE_PLAN: finds the next step of the sync. */
size_t apply_prepare_plan(struct session *);

/* STAGE_TASKS: one group of tasks. */
size_t apply_prepare_tasks(struct session *);
bool apply_start(struct session *, size_t i);
enum session_stage apply_finish(struct session *);

/* Returns the stage that follows: the next group of tasks, the next step, the checks, or the end. */
enum session_stage apply_next(struct session *);

/* True if the inventory of the Kustomization's status names all objects that are about to be created or adopted.
 * Until it does, the session only reports them. Otherwise a process that dies before it writes the status could
 * leave an object behind, which is never pruned when no later commit has its kind. */
bool apply_is_announced(struct session *);
