/* rollout/world.h: the input of a reconciliation (a pass) of one Rollout.
 *
 * gather.c fills it once from the view of the cache. It never changes during a pass, and everything in it is borrowed
 * until the pass ends. The same world gives the same plan.
 */
#pragma once
#include "traffic/routed.h"

struct analysis_found;
struct analysis_run;
struct experiment;
struct plan;
struct replicaset;
struct seen;
struct service;
struct workload;

struct rollout_world {
	int64_t now; /* wall ms */
	const struct rollout *rollout; /* with the template and the selector of its workload, if it has one */
	const struct seen *seen; /* knowledge of this process only: responses to queries, the last failure */
	const struct view *view; /* to check whether names are in use; all other objects are gathered below */
	const struct settings *settings; /* of the process; NULL if they and its step plugins are unknown */

	const struct workload *workload; /* the object of workloadRef; NULL if it does not exist or is not named */
	bool unlisted; /* the type of the workload, or of an object of a router, has not been listed yet */
	const char *hash, *step_hash; /* the hashes of the spec's template and steps; NULL if it has none */
	const struct replicaset *const *replicasets; /* those that the Rollout owns, oldest first */
	size_t n_replicasets;
	const struct replicaset *new_rs, *stable_rs; /* NULL if it does not exist */
	/* ReplicaSets without a controller that the Rollout selects, and adopts. */
	const struct replicaset *const *orphans;
	size_t n_orphans;

	const struct analysis_run *const *runs; /* those that the Rollout owns, oldest first */
	size_t n_runs;
	const struct analysis_found *analyses; /* all analyses of the strategy */
	size_t n_analyses;
	const struct experiment *const *experiments; /* those that the Rollout owns, oldest first */
	size_t n_experiments;

	struct routed routers; /* empty without trafficRouting */
	/* The observed routing, of all routers. For a blue-green rollout the stable destination is the active Service,
	 * which has all traffic, and the canary's is the preview Service. */
	struct routing routing;
	const struct err *routing_err; /* the first reason why it could not be read; NULL if it was */
	const struct plan *routing_queries; /* of routers, outside of the cluster; NULL: none. A part of the plan */
	/* The Services that the strategy names; NULL if it names none, or the Service does not exist. */
	const struct service *canary_service, *stable_service;
	const struct service *turn_canary_service,
	    *turn_stable_service; /* of pingPong, with the roles that they have */
	bool takes_turns; /* a router splits between the Services of pingPong */
	const struct service *active_service, *preview_service;
};
