/* rollout/step_kind.h: a kind of canary step (setWeight, pause, analysis, …) is a row.
 *
 * A kind is a file that opens with its row, a line in steps.c, and the row of its field in kube/api/rollout.c
 * (canary_step_fields), of which the step hash, the schema and the reference are made. Its row has all that the
 * course of the steps needs. The effect of a step on pods, weights and routes is in step_target.c, weights.c and
 * routes.c. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct analysis_found;
struct arena;
struct canary_step;
struct problems;
struct rollout_pass;
struct rollout_world;
struct template_ref;

/* A row. */
struct step_kind {
	const char *name; /* the name of its field, such as "setWeight" */
	bool pauses; /* the step has a pause condition in the status; its end is planned before anything else */
	bool waits; /* the progress deadline does not apply to the step */
	bool alone; /* no step has this field and that of another kind that is so, as in Argo Rollouts */

	/* Returns true if the step has the field. */
	bool (*matches)(const struct canary_step *);

	/* Returns the step in a few words ("setWeight: 20"). In the arena. */
	const char *(*text)(struct arena *, const struct canary_step *);

	/* Returns what the dashboard shows of the step ("weight 20 %"). In the arena. */
	const char *(*label)(struct arena *, const struct canary_step *);

	/* Adds the errors of the field at `path`, beyond those of its type. NULL: there are none. */
	void (*check)(struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);

	/* Returns the number of analyses that the index-th step names, and sets them, unless `ret` is NULL. A NULL
	 * function: a step of this kind names none. */
	size_t (*analyses)(const struct rollout_world *, size_t index, struct arena *, struct analysis_found *ret);

	/* Calls emit for each template that these analyses name. NULL like `analyses`. */
	void (*templates)(const struct canary_step *, void (*emit)(const struct template_ref *, void *arg), void *arg);

	/* Returns true if the current step is completed. */
	bool (*done)(struct rollout_pass *, const struct canary_step *);

	/* Plans the write that must be made together with the end of the previous step. NULL: none. */
	void (*enter)(struct rollout_pass *, const struct canary_step *);

	/* Ends what a step of this kind has in the status. Called for all kinds when a step is completed, as a user may
	 * have moved the index past a step of another kind. NULL: it has nothing. */
	void (*leave)(struct rollout_pass *);

	/* Reads the results of this kind's objects or calls into the status; a failure aborts the update. Called in
	 * every pass. NULL: it has none. */
	void (*verdict)(struct rollout_pass *);

	/* Plans the objects or calls of the current step, and ends those of steps that were skipped or aborted. Called
	 * in every pass, for both strategies. NULL: it has none. */
	void (*sync)(struct rollout_pass *);
};

extern const struct step_kind analysis_step_kind, experiment_step_kind, header_route_step_kind, mirror_route_step_kind,
    pause_step_kind, plugin_step_kind, scale_step_kind, weight_step_kind;
