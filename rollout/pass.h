/* rollout/pass.h: the scratch of one pass over a Rollout, and the parts of a pass that both strategies share.
 *
 * Each part of a pass reads the world, adds writes, events and reasons to the plan, and changes the status that will be
 * written. decide.c fills the members before a strategy's pass begins; a comment says which part changes one later.
 */
#pragma once
#include "rollout/world.h"

/* The difference between the spec and the spec that the status was written for. */
enum rollout_change { CHANGE_NONE, CHANGE_STEPS, CHANGE_TEMPLATE };

/* Whether the new version is the stable one. PROMOTING: its steps are completed, and it is getting all traffic. */
enum rollout_promotion { NOT_PROMOTED, PROMOTING, PROMOTED };

/* Writes that this pass has planned, for the parts that follow. */
struct rollout_writes {
	bool replicaset; /* creates the new ReplicaSet */
	bool routes; /* changes managed routes */
	struct opt_int weight; /* percent, of the canary's destination */
	const char *canary_hash, *stable_hash; /* that the destinations will select; NULL: not changed */
	int64_t pods_removed; /* by scaling down */
};

struct rollout_pass {
	const struct rollout_world *w;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	const struct rollout_status *was;
	struct rollout_status st; /* the new one */

	const struct canary_strategy *canary; /* NULL: blue-green */
	const struct blue_green_strategy *blue_green; /* NULL: canary */
	struct opt_int scale_down_delay, scale_down_limit,
	    abort_delay; /* the strategy's; seconds, ReplicaSets, seconds */
	int64_t replicas; /* spec.replicas, defaulted */
	bool paused_by_spec;

	enum rollout_change change;
	enum rollout_promotion promotion;
	int64_t index; /* of the step that this pass works on: that of the status, or 0 after a change */
	int64_t revision; /* of the new ReplicaSet */
	bool in_window; /* a rollback within spec.rollbackWindow: no steps, no analyses */
	bool without_pods; /* the update began at spec.replicas 0: the same, as there is nothing to measure */
	bool aborted; /* by a user, an analysis or the deadline */
	bool retried; /* this pass ends an abort */
	const char *abort_message; /* the reason, if this pass found it; NULL: the status has it */
	bool was_paused; /* the status had pause conditions */
	bool resumed; /* steps_resume() ended a pause */
	bool experiment_resumed; /* the step's experiment was inconclusive, and a user continued */
	bool deadline_exceeded; /* progressDeadlineSeconds */
	bool write_failed; /* a write fails in each pass, and the status reports it */
	struct rollout_writes writes;
};

#define WITHOUT_PODS "Rollout has no replicas" /* in the event of a promotion */

/* Returns true if the new ReplicaSet exists. Otherwise plans its creation or adoption, and the status if this is all
 * that can be reported without it; the pass is over then. */
bool pass_make_revision(struct rollout_pass *);

/* Makes the new version the stable one. `completion` is the value of status.rolloutDuration.completionStatus. */
void pass_promote(struct rollout_pass *, const char *why, const char *completion);

/* Aborts the update for a reason that is found at the end of a pass. A reason that is found at its beginning sets
 * `aborted`. */
void pass_abort(struct rollout_pass *, const char *message);

/* The last part of every pass: analysis runs, scaling down, cleanup, and the status. */
void pass_end(struct rollout_pass *);
