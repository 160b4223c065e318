/* rollout/world.h: what a decision about one Rollout may see, and what it works with on the way.
 *
 * `struct rollout_world` is the input: gathered once from the view, never changed, borrowed until the pass ends. `struct rollout_pass`
 * is the scratch of one pass: the plan that grows and the status that will be written.
 */
#pragma once
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/analyses.h"
#include "rollout/counts.h"
#include "traffic/router.h"

#define REVISION_HISTORY_LIMIT 10 /* by default */

struct rollout_world {
	int64_t now; /* wall ms */
	const struct rollout *rollout;
	const struct seen *seen;
	const struct view *view; /* for names that may be taken; all else is gathered below */
	const struct string_map *settings; /* of the process; NULL: there is none, and nobody knows its plugins */

	const struct workload
	    *workload; /* that workloadRef names; NULL: there is none; its template and selector are in `rollout` */
	bool workload_unknown; /* its type has not been listed yet */
	const char *hash, *step_hash; /* of the spec as it is now */
	const struct replicaset *const *replicasets; /* owned, oldest first */
	size_t n_replicasets;
	const struct replicaset *new_rs, *stable_rs; /* NULL: not there */
	const struct replicaset *const *orphans; /* nobody's, but of this rollout's selector: to be adopted */
	size_t n_orphans;

	const struct analysis_run *const *runs; /* owned, oldest first */
	size_t n_runs;
	const struct analysis_found *analyses;
	size_t n_analyses;
	const struct experiment *const *experiments; /* owned, oldest first */
	size_t n_experiments;

	const struct router *router;
	/* Of a blue-green rollout the stable destination is the active Service, which has all traffic, and the canary's the preview. */
	struct routing routing;
	const struct err *routing_err; /* NULL: routing is what the objects say */
	const struct service *canary_service, *stable_service;
	const struct service *active_service, *preview_service;
};

/* What of the spec differs from what the status was written for. */
enum rollout_change { CHANGE_NONE, CHANGE_STEPS, CHANGE_TEMPLATE };

/* Whether the new version is the stable one. PROMOTING: its steps are completed, and it is getting all traffic. */
enum rollout_promotion { NOT_PROMOTED, PROMOTING, PROMOTED };

/* What this pass has planned to write, for the decisions that come after it. */
struct rollout_writes {
	bool replicaset; /* creates the new ReplicaSet */
	bool routes; /* changes managed routes */
	struct opt_int weight; /* percent, of the canary's destination */
	const char *canary_hash, *stable_hash; /* what the destinations will select; NULL: unchanged */
	int64_t pods_removed; /* by scaling down */
};

/* The scratch of one pass. `index` is the step that the pass works on: that of the status, or 0 after a change. */
struct rollout_pass {
	const struct rollout_world *w;
	struct plan *plan;
	struct arena *arena;
	const struct rollout_status *was;
	struct rollout_status st; /* the new one */

	const struct canary_strategy *canary; /* NULL: blue-green */
	const struct blue_green_strategy *blue_green; /* NULL: canary */
	struct opt_int scale_down_delay, scale_down_limit, abort_delay; /* the strategy's */
	int64_t replicas; /* spec.replicas, defaulted */
	bool paused_by_spec;

	enum rollout_change change;
	enum rollout_promotion promotion;
	int64_t index;
	int64_t revision; /* of the new ReplicaSet */
	bool in_window; /* a rollback within spec.rollbackWindow: no steps, no analyses */
	bool without_pods; /* the update began at spec.replicas 0: the same, as there is nothing to measure */
	bool aborted; /* by a user, an analysis or the deadline */
	bool retried; /* this pass ends an abort */
	const char *abort_message; /* the reason, if this pass found it; NULL: the status had it */
	bool was_paused; /* the status had pause conditions */
	bool resumed; /* this pass ended a pause */
	bool experiment_resumed; /* it was inconclusive, and a user continued */
	bool deadline_exceeded; /* progressDeadlineSeconds */
	bool write_failed; /* a write fails, and the status reports it */
	struct rollout_writes writes;
};

/* gather.c: fills the world of a rollout; the rollout's ReplicaSet of a hash, NULL: there is none. */
const struct replicaset *world_replicaset(const struct rollout_world *, const char *hash);
void world_gather(const struct pass *, const struct rollout *, struct arena *, struct rollout_world *ret);

/* The rollout as arguments' fieldRef finds it. A new reference. */
json_t *rollout_for_args(const struct rollout *);

/* True when a path of a fieldRef can name something of a Rollout: fields that the type has, any label or annotation. */
bool field_path_known(const char *path);

/* What decides, in the order of a pass; each adds to the plan or to p->st. */
/* A selector that is not one, or does not match the pods that the template (canonical JSON; NULL: none) makes, so that nobody would ever
 * count them. */
void selector_problems(struct problems *, const struct label_selector *, const char *template_json, const char *path,
    const char *template_path);
const char *validate_message(
    struct rollout_pass *); /* a message when the spec or what it refers to is wrong, or NULL */
/* The same, everything that is wrong, for people who look at a manifest: paths are the rollout's. */
void validate_problems(const struct rollout_world *, struct problems *);
bool revision_sync(struct rollout_pass *); /* false: the new ReplicaSet is still to be created or adopted */
void revision_history(struct rollout_pass *); /* deletes old ReplicaSets beyond the limit */
void runs_verdict(struct rollout_pass *); /* what the analyses say */
void runs_sync(struct rollout_pass *); /* which runs must exist */
/* A run or experiment was made for the update under way; and since it was last given up. */
bool runs_made_by_update(const struct rollout_pass *, const struct object *);
bool runs_made_by_try(const struct rollout_pass *, const struct object *);
/* How many of them are kept that were successful, and that were not. */
void runs_history_limits(const struct rollout_pass *, int64_t ret[2]);
void pause_read(struct rollout_pass *); /* what a person did to the pauses */
void steps_resume(struct rollout_pass *); /* past a pause that is over, before anything is done */
void steps_advance(struct rollout_pass *); /* past a step that is complete; one at most in a pass */
/* All traffic is seen to go to the stable destination, and both destinations select the new version (or there is no router). */
bool weights_settled(const struct rollout_pass *);
void weights_plan(struct rollout_pass *, bool lower); /* lower: only what takes weight from the canary */
void routes_plan(struct rollout_pass *, bool lower); /* managed routes; lower: only when none is wanted */
bool routes_settled(const struct rollout_pass *); /* they are seen to be as the steps say */
bool routes_wanted(const struct rollout_pass *); /* the steps up to the present one want some */
void weights_plan_hashes(struct rollout_pass *); /* what the destinations select */
void replicas_raise(struct rollout_pass *); /* more pods */
void replicas_keep(struct rollout_pass *); /* until when, of a canary that loses its traffic to another one */
void replicas_lower(struct rollout_pass *); /* fewer, never below what the routing still names */
int64_t replicas_initial(const struct rollout_pass *); /* of the new ReplicaSet, when it is made */
void restart_plan(struct rollout_pass *); /* evicts pods that are older than spec.restartAt */
void status_counts(struct rollout_pass *);
void status_finish(struct rollout_pass *); /* conditions, phase, message, and the write */
void status_invalid(struct rollout_pass *, const char *message);
/* The status alone, of a rollout that depends on an object that cannot be read; `why` names it. */
void status_stand_still(const struct pass *, const struct rollout *, const char *why, struct plan *);

/* canary.c, bluegreen.c: what a pass does for its strategy, once it is known that the spec is valid and whether it is aborted. */
void canary_pass(struct rollout_pass *);
bool canary_takes_turn(const struct rollout_pass *); /* pingPong: the new version is to have all the traffic */
void bluegreen_pass(struct rollout_pass *);
/* decide.c: the new version becomes the stable one; `completion` is the duration's word for how. */
void pass_promote(struct rollout_pass *, const char *why, const char *completion);
/* The update is given up for what the end of a pass finds; what the beginning finds is in p->aborted. */
void pass_abort(struct rollout_pass *, const char *message);
/* The new ReplicaSet is there; or it is asked for, or what can be said without it is said, and the pass is over. */
bool pass_make_revision(struct rollout_pass *);

/* What every pass ends with, whatever the strategy: runs, fewer pods, what has to be tidied, the status. */
void pass_end(struct rollout_pass *);

/* bluegreen.c */
void bluegreen_back(struct rollout_pass *); /* after an abort: the active Service selects the stable version again */
bool bluegreen_is_active(const struct rollout_pass *); /* the active Service selects the new version */
const struct replicaset *bluegreen_active(const struct rollout_pass *); /* what serves; NULL: not told yet, or gone */
int64_t bluegreen_wanted(const struct rollout_pass *); /* pods of the new version */
bool bluegreen_is_ready(const struct rollout_pass *); /* they are available */
bool bluegreen_is_quick(const struct rollout_pass *); /* nothing is tried: back to what just ran, or a person says so */
bool bluegreen_waits_for_run(const struct rollout_pass *); /* pods are there, an analysis is under way */

/* release.c: what the rollout wrote to and does not name any more */
void release_plan(struct rollout_pass *);

/* services.c */
void services_switch(
    struct rollout_pass *, const struct service *, const char *hash); /* NULL service or hash: nothing */
void services_follow(struct rollout_pass *); /* of a canary without traffic routing */

/* steps.c */
int64_t steps_count(const struct rollout_pass *); /* of a blue-green rollout: 0 */
const char *step_text(struct arena *, const struct canary_step *);
/* The canary has steps, and none is left: as with Argo Rollouts nothing that is undecided or paused holds its
 * version any more, but spec.paused. */
bool steps_are_passed(const struct rollout_pass *);
bool step_is_pause(const struct rollout_pass *, int64_t index);
bool step_waits(const struct rollout_pass *,
    int64_t index); /* for an analysis or an experiment, which have deadlines of their own */

/* experiment_step.c */
void experiment_step_verdict(struct rollout_pass *); /* what the step's experiment says */
void experiment_step_sync(struct rollout_pass *); /* which experiments must exist */
bool experiment_step_succeeded(const struct rollout_pass *); /* that of the step */
/* What the step's experiment is to have of the traffic, while it runs. In the arena. */
const struct weight_destination *experiment_step_weights(const struct rollout_pass *, size_t *ret_n);
const struct weight_destination *experiment_step_destinations(
    const struct rollout_pass *, size_t *ret_n); /* these and those below */
/* The names that their templates give to Services. In the arena. */
const char *const *experiment_step_services(const struct rollout_pass *, size_t *ret_n);
/* What experiments have of it, with their hashes, in the order of their Services. In the arena. */
struct weight_destination *experiment_step_seen(const struct rollout_pass *, size_t *ret_n);

/* plugin_step.c */
struct step_plugin;
const struct step_plugin *plugin_step_declared(
    const struct rollout_world *, struct arena *, const char *name); /* NULL: it is not */
void plugin_step_verdict(struct rollout_pass *); /* what the plugins say */
void plugin_step_sync(struct rollout_pass *); /* what they are to be asked */
bool plugin_step_succeeded(struct rollout_pass *); /* that of the step */

/* pause.c */
void pause_add(struct rollout_pass *, const char *reason);
void pause_clear(struct rollout_pass *);
bool pause_undecided(const struct rollout_status *); /* an analysis or experiment was inconclusive */
bool pause_has(const struct rollout_status *, const char *reason);
int64_t pause_since(const struct rollout_status *, const char *reason); /* 0: it does not */
void pause_drop(struct rollout_pass *,
    const char *reason); /* leaves controllerPause: this pause is over, and that is not forgotten */

/* restart.c */
bool restart_pending(const struct rollout_pass *);

/* pods.c: not watched, but listed when they are needed: NULL until the answer is there. One list for each thing it is for. */
const struct pod *const *pods_list(struct rollout_pass *, const char *what_for, size_t *ret_n);
bool pod_is_of(const struct pod *, const struct replicaset *);

/* metadata.c */
void metadata_initial(const struct rollout_pass *, json_t *template, json_t *annotations); /* of the new ReplicaSet */
void metadata_templates(struct rollout_pass *); /* of the ReplicaSets that are there */
void metadata_pods(struct rollout_pass *); /* of the pods that are there */

/* workload.c */
struct workload;
/* The rollout with its workload's template and selector, if it refers to one that is there; fills w->workload. In the arena. */
const struct rollout *workload_resolve(struct rollout_world *, const struct rollout *, struct arena *);
void workload_scale(struct rollout_pass *); /* spec.workloadRef.scaleDown */

/* affinity.c */
void affinity_add(
    const struct rollout_pass *, json_t *template); /* the term that keeps it from the stable version's nodes */
void affinity_remove(json_t *template);
/* The ReplicaSet lacks the term: *ret is the affinity that it should have, a new reference. */
bool affinity_is_stale(const struct rollout_pass *, const struct replicaset *, json_t **ret);

/* revision.c */
json_t *revision_selector(const struct label_selector *, const char *hash); /* a new reference */
bool revision_in_window(
    const struct rollout_world *); /* the new ReplicaSet is one of spec.rollbackWindow before the stable one */

/* target.c: what the step that this pass acts on is to have */
struct target {
	int64_t new_rs, stable; /* pods */
	bool scaled; /* by a setCanaryScale step, not by the weight */
	bool pods_there; /* the versions have them */
	int64_t weight; /* percent that the canary's destination may have by now, before readiness is asked for */
};
struct target target_of(const struct rollout_pass *);
/* A setWeight step is over: its pods are there, and its weight is seen in every route. */
bool target_reached(const struct rollout_pass *);
/* Pods that the routing needs of a revision: as it was last read, and as this pass makes it. */
int64_t target_kept(const struct rollout_pass *, const struct replicaset *);

/* replicas.c */
int64_t replicas_deadline(const struct replicaset *); /* wall ms; 0: none */
bool replicas_stable_scales(
    const struct rollout_pass *); /* the stable version's pods follow its share of the traffic */
int64_t replicas_available(const struct replicaset *); /* NULL: 0 */
int64_t revision_of(const struct object *); /* its annotation; 0 when it has none */

/* status.c: the write that the API server refused last time and will refuse again, or NULL */
const struct seen_failure *status_refused(const struct rollout_pass *);

#define WITHOUT_PODS "Rollout has no replicas" /* an event's reason for a promotion */
#define PAUSE_STEP "CanaryPauseStep"
#define PAUSE_BLUE_GREEN "BlueGreenPause"
#define PAUSE_INCONCLUSIVE "InconclusiveAnalysisRun"
#define PAUSE_EXPERIMENT "InconclusiveExperiment"
