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
	bool replicaset; /* it creates the new ReplicaSet */
	bool routes; /* it changes managed routes */
	bool routing; /* it writes to what routers read */
	struct opt_int weight; /* the new weight of the canary's destination, in percent */
	const char *canary_hash, *stable_hash; /* the hashes that the destinations will select; NULL if not changed */
	int64_t pods_removed; /* the number of pods that it scales down */
};

/* The scratch of a pass. */
struct rollout_pass {
	const struct rollout_world *w;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	const struct rollout_status *was; /* the stored status */
	struct rollout_status st; /* the status that will be written */

	const struct canary_strategy *canary; /* NULL for blue-green */
	const struct blue_green_strategy *blue_green; /* NULL for a canary */
	int64_t weight_total; /* the weight of all traffic */
	struct opt_int scale_down_delay, abort_delay; /* the strategy's, in seconds */
	struct opt_int scale_down_limit; /* the strategy's scaleDownDelayRevisionLimit */
	int64_t replicas; /* spec.replicas, or its default */
	bool paused_by_spec; /* spec.paused */

	enum rollout_change change;
	enum rollout_promotion promotion;
	int64_t index; /* the index of the current step; 0 after a change */
	int64_t revision; /* the revision of the new ReplicaSet */
	bool in_window; /* it is a rollback within spec.rollbackWindow, which skips steps and analyses */
	bool without_pods; /* spec.replicas was 0 when the update began: it skips them too, with nothing to measure */
	bool aborted; /* a user, an analysis or the deadline has aborted the update */
	bool retried; /* this pass ends an abort */
	const char *abort_message; /* the reason for an abort by this pass; NULL if the status has it already */
	bool was_paused; /* the status had pause conditions */
	bool held; /* the canary is not to get all the traffic: a comparison in the background has no verdict */
	bool resumed; /* steps_resume() ended a pause */
	bool experiment_resumed; /* the step's experiment was inconclusive, and a user continued */
	bool deadline_exceeded; /* progressDeadlineSeconds have passed without progress */
	bool write_failed; /* a write is refused in each pass, which the status reports */
	struct rollout_writes writes;
};

/* The reason in the event of a promotion without pods. */
#define WITHOUT_PODS "Rollout has no replicas"

/* Returns true if the new ReplicaSet exists. Otherwise plans its creation or adoption, and the status if this is all
 * that can be reported without it; the pass ends then. */
bool pass_make_revision(struct rollout_pass *);

/* Adds the queries of routers, unless the pass changes the routing: the next pass queries the new one. */
void pass_query_routing(struct rollout_pass *);

/* Makes the new version the stable one. `completion` is the value of status.rolloutDuration.completionStatus. */
void pass_promote(struct rollout_pass *, const char *why, const char *completion);

/* Aborts the update for a reason that is found at the end of a pass. A reason that is found at its beginning sets
 * `aborted`. */
void pass_abort(struct rollout_pass *, const char *message);

/* Plans the last part of every pass: AnalysisRuns, scaling down, cleanup, and the status. */
void pass_end(struct rollout_pass *);
