/* rollout/world.h: what a decision about one Rollout may see, and what it works with on the way.
 *
 * `struct world` is the input: gathered once from the view, never changed, borrowed until the pass ends. `struct decision`
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

struct world {
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

struct decision {
	const struct world *w;
	struct plan *plan;
	struct arena *arena;
	const struct canary_strategy *canary; /* NULL: blue-green */
	const struct blue_green_strategy *blue_green; /* NULL: canary */
	struct opt_int scale_down_delay, scale_down_limit, abort_delay; /* the strategy's */
	const struct rollout_status *was;
	struct rollout_status st; /* the new one */

	int64_t replicas; /* spec.replicas, defaulted */
	int64_t index; /* the step that this pass acts on: what the status said, or 0 after a change */
	int64_t revision; /* of the new ReplicaSet */
	bool changed; /* template or steps are not those of the status */
	bool changed_template;
	bool promoted; /* the new version is the stable one */
	bool takes_over; /* it is about to be: its steps are done, and all traffic goes to it */
	bool in_window; /* going back to a revision within spec.rollbackWindow: no steps, no analyses */
	bool without_pods; /* begun at spec.replicas 0: the same, since there is nothing to measure */
	bool aborted; /* this update is given up: told by a person, an analysis or the deadline */
	bool retried; /* this pass takes an abort back */
	const char *abort_message; /* why, when this pass found out; NULL when the status knew */
	bool paused_by_spec;
	bool was_paused; /* the status had pause conditions */
	bool resumed; /* this pass went past a pause */
	bool born; /* this pass makes the new ReplicaSet */
	bool troubled; /* a write fails, and the status says so */
	bool late; /* the progress deadline has passed */
	bool experiment_judged; /* it was inconclusive, and a person goes on */
	bool routes_change; /* this pass changes managed routes */
	struct opt_int weight_to; /* the canary's, when this pass changes it */
	int64_t pods_removed; /* by which this pass scales down */
	const char *canary_to, *stable_to; /* what the destinations are to select; NULL: this pass does not say */
};

/* gather.c: fills the world of a rollout; the rollout's ReplicaSet of a hash, NULL: there is none. */
const struct replicaset *replicaset_of(const struct world *, const char *hash);
void world_gather(const struct pass *, const struct rollout *, struct arena *, struct world *ret);

/* The rollout as arguments' fieldRef finds it. A new reference. */
json_t *rollout_for_args(const struct rollout *);

/* True when a path of a fieldRef can name something of a Rollout: fields that the type has, any label or annotation. */
bool field_path_known(const char *path);

/* What decides, in the order of a pass; each adds to the plan or to d->st. */
/* A selector that is not one, or does not match the pods that the template (canonical JSON; NULL: none) makes, so that nobody would ever
 * count them. */
void selector_problems(struct problems *, const struct label_selector *, const char *template_json, const char *path,
    const char *template_path);
const char *validate(struct decision *); /* a message when the spec or what it refers to is wrong, or NULL */
/* The same, everything that is wrong, for people who look at a manifest: paths are the rollout's. */
void world_problems(const struct world *, struct problems *);
bool revision_sync(struct decision *); /* false: the new ReplicaSet is still to be created or adopted */
void revision_history(struct decision *); /* deletes old ReplicaSets beyond the limit */
void runs_verdict(struct decision *); /* what the analyses say */
void runs_sync(struct decision *); /* which runs must exist */
/* A run or experiment was made for the update under way; and since it was last given up. */
bool made_by_this_update(const struct decision *, const struct object *);
bool made_by_this_try(const struct decision *, const struct object *);
/* How many of them are kept that were successful, and that were not. */
void history_limits(const struct decision *, int64_t ret[2]);
void pause_read(struct decision *); /* what a person did to the pauses */
void steps_resume(struct decision *); /* past a pause that is over, before anything is done */
void steps_advance(struct decision *); /* past a step that is complete; one at most in a pass */
/* All traffic is seen to go to the stable destination, and both destinations select the new version (or there is no router). */
bool weights_settled(const struct decision *);
void weights_plan(struct decision *, bool lower); /* lower: only what takes weight from the canary */
void routes_plan(struct decision *, bool lower); /* managed routes; lower: only when none is wanted */
bool routes_settled(const struct decision *); /* they are seen to be as the steps say */
bool routes_wanted(const struct decision *); /* the steps up to the present one want some */
void hashes_plan(struct decision *); /* what the destinations select */
void replicas_raise(struct decision *); /* more pods */
void replicas_keep(struct decision *); /* until when, of a canary that loses its traffic to another one */
void replicas_lower(struct decision *); /* fewer, never below what the routing still names */
int64_t replicas_at_birth(const struct decision *); /* of the new ReplicaSet, when it is made */
void restart_plan(struct decision *); /* evicts pods that are older than spec.restartAt */
void status_counts(struct decision *);
void status_finish(struct decision *); /* conditions, phase, message, and the write */
void status_invalid(struct decision *, const char *message);
/* The status alone, of a rollout that depends on an object that cannot be read; `why` names it. */
void rollout_stand_still(const struct pass *, const struct rollout *, const char *why, struct plan *);

/* canary.c, bluegreen.c: what a pass does for its strategy, once it is known that the spec is valid and whether it is aborted. */
void canary_pass(struct decision *);
bool canary_takes_turn(const struct decision *); /* pingPong: the new version is to have all the traffic */
void bluegreen_pass(struct decision *);
/* decide.c: the new version becomes the stable one; `completion` is the duration's word for how. */
void promote(struct decision *, const char *why, const char *completion);
/* The update is given up for what the end of a pass finds; what the beginning finds is in d->aborted. */
void abort_now(struct decision *, const char *message);
/* The new ReplicaSet is there; or it is asked for, or what can be said without it is said, and the pass is over. */
bool revision_is_there(struct decision *);

/* What every pass ends with, whatever the strategy: runs, fewer pods, what has to be tidied, the status. */
void pass_end(struct decision *);

/* bluegreen.c */
void bluegreen_back(struct decision *); /* after an abort: the active Service selects the stable version again */
bool bluegreen_is_active(const struct decision *); /* the active Service selects the new version */
const struct replicaset *bluegreen_active(const struct decision *); /* what serves; NULL: not told yet, or gone */
int64_t bluegreen_wanted(const struct decision *); /* pods of the new version */
bool bluegreen_is_ready(const struct decision *); /* they are available */
bool bluegreen_is_quick(const struct decision *); /* nothing is tried: back to what just ran, or a person says so */
bool bluegreen_waits_for_run(const struct decision *); /* pods are there, an analysis is under way */

/* release.c: what the rollout wrote to and does not name any more */
void release_plan(struct decision *);

/* services.c */
void service_switch(struct decision *, const struct service *, const char *hash); /* NULL service or hash: nothing */
void services_follow(struct decision *); /* of a canary without traffic routing */

/* steps.c */
int64_t steps_count(const struct decision *); /* of a blue-green rollout: 0 */
const char *step_text(struct arena *, const struct canary_step *);
/* The canary has steps, and none is left: as with Argo Rollouts nothing that is undecided or paused holds its
 * version any more, but spec.paused. */
bool steps_are_passed(const struct decision *);
bool step_is_pause(const struct decision *, int64_t index);
bool step_waits(
    const struct decision *, int64_t index); /* for an analysis or an experiment, which have deadlines of their own */

/* experiment_step.c */
void experiment_verdict(struct decision *); /* what the step's experiment says */
void experiment_sync(struct decision *); /* which experiments must exist */
bool experiment_succeeded(const struct decision *); /* that of the step */
/* What the step's experiment is to have of the traffic, while it runs. In the arena. */
const struct weight_destination *experiment_weights(const struct decision *, size_t *ret_n);
const struct weight_destination *experiment_destinations(
    const struct decision *, size_t *ret_n); /* these and those below */
/* The names that their templates give to Services. In the arena. */
const char *const *experiment_services(const struct decision *, size_t *ret_n);
/* What experiments have of it, with their hashes, in the order of their Services. In the arena. */
struct weight_destination *experiment_seen(const struct decision *, size_t *ret_n);

/* plugin_step.c */
struct step_plugin;
const struct step_plugin *plugin_declared(const struct world *, struct arena *, const char *name); /* NULL: it is not */
void plugin_verdict(struct decision *); /* what the plugins say */
void plugin_sync(struct decision *); /* what they are to be asked */
bool plugin_succeeded(struct decision *); /* that of the step */

/* pause.c */
void pause_add(struct decision *, const char *reason);
void pause_clear(struct decision *);
bool pause_undecided(const struct rollout_status *); /* an analysis or experiment was inconclusive */
bool pause_has(const struct rollout_status *, const char *reason);
int64_t pause_since(const struct rollout_status *, const char *reason); /* 0: it does not */
void pause_drop(
    struct decision *, const char *reason); /* leaves controllerPause: this pause is over, and that is not forgotten */

/* restart.c */
bool restart_pending(const struct decision *);

/* pods.c: not watched, but listed when they are needed: NULL until the answer is there. One list for each thing it is for. */
const struct pod *const *pods_listed(struct decision *, const char *what_for, size_t *ret_n);
bool pod_is_of(const struct pod *, const struct replicaset *);

/* metadata.c */
void metadata_at_birth(const struct decision *, json_t *template, json_t *annotations); /* of the new ReplicaSet */
void metadata_templates(struct decision *); /* of the ReplicaSets that are there */
void metadata_pods(struct decision *); /* of the pods that are there */

/* workload.c */
struct workload;
/* The rollout with its workload's template and selector, if it refers to one that is there; fills w->workload. In the arena. */
const struct rollout *workload_resolve(struct world *, const struct rollout *, struct arena *);
void workload_scale(struct decision *); /* spec.workloadRef.scaleDown */

/* affinity.c */
void affinity_add(
    const struct decision *, json_t *template); /* the term that keeps it from the stable version's nodes */
void affinity_remove(json_t *template);
/* The ReplicaSet lacks the term: *ret is the affinity that it should have, a new reference. */
bool affinity_is_stale(const struct decision *, const struct replicaset *, json_t **ret);

/* revision.c */
json_t *selector_with_hash(const struct label_selector *, const char *hash); /* a new reference */
bool revision_in_window(
    const struct world *); /* the new ReplicaSet is one of spec.rollbackWindow before the stable one */

/* target.c: what the step that this pass acts on is to have */
struct target {
	int64_t new_rs, stable; /* pods */
	bool scaled; /* by a setCanaryScale step, not by the weight */
	bool pods_there; /* the versions have them */
	int64_t weight; /* percent that the canary's destination may have by now, before readiness is asked for */
};
struct target target_of(const struct decision *);
/* A setWeight step is over: its pods are there, and its weight is seen in every route. */
bool target_reached(const struct decision *);
/* Pods that the routing needs of a revision: as it was last read, and as this pass makes it. */
int64_t target_kept(const struct decision *, const struct replicaset *);

/* replicas.c */
int64_t scale_down_deadline(const struct replicaset *); /* wall ms; 0: none */
bool scales_stable(const struct decision *); /* the stable version's pods follow its share of the traffic */
int64_t available(const struct replicaset *); /* NULL: 0 */
int64_t revision_of(const struct object *); /* its annotation; 0 when it has none */

/* status.c: the write that the API server refused last time and will refuse again, or NULL */
const struct seen_failure *refused(const struct decision *);

#define WITHOUT_PODS "Rollout has no replicas" /* an event's reason for a promotion */
#define PAUSE_STEP "CanaryPauseStep"
#define PAUSE_BLUE_GREEN "BlueGreenPause"
#define PAUSE_INCONCLUSIVE "InconclusiveAnalysisRun"
#define PAUSE_EXPERIMENT "InconclusiveExperiment"
