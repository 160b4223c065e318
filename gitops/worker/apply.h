/* gitops/worker/apply.h: the steps of a sync: their tasks as requests. */
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

/* STAGE_PLAN: what the next step of the sync is. */
size_t apply_prepare_plan(struct session *);

/* STAGE_TASKS: one group of tasks. */
size_t apply_prepare_tasks(struct session *);
bool apply_start(struct session *, size_t i);
enum session_stage apply_finish(struct session *);

/* Returns the stage that follows: the next group of tasks, the next step, the checks, or the end. */
enum session_stage apply_next(struct session *);

/* The inventory of the Kustomization's status names all that is about to be created or adopted. If it does not, the
 * session only reports these objects: an object of a kind that no later commit has, created by a process that dies
 * before it writes the status, would never be pruned. */
bool apply_is_announced(struct session *);
