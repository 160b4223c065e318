/* rollout/world.h: the input of a reconciliation (a pass) of one Rollout.
 *
 * gather.c fills it once from the view of the cache. It never changes during a pass, and everything in it is borrowed
 * until the pass ends. The same world gives the same plan.
 */
#pragma once
#include "traffic/router.h"

struct analysis_found;
struct analysis_run;
struct experiment;
struct replicaset;
struct seen;
struct service;
struct workload;

struct rollout_world {
	int64_t now; /* wall ms */
	const struct rollout *rollout; /* with the template and the selector of its workload, if it has one */
	const struct seen *seen;
	const struct view *view; /* to check whether names are in use; all other objects are gathered below */
	const struct settings *settings; /* of the process; NULL: unknown, and so are its step plugins */

	/* the object of workloadRef; NULL: it does not exist, or there is no workloadRef */
	const struct workload *workload;
	bool workload_unknown; /* its type has not been listed yet */
	const char *hash, *step_hash; /* of the template and the steps of the spec; NULL: the spec has none */
	const struct replicaset *const *replicasets; /* owned, oldest first */
	size_t n_replicasets;
	const struct replicaset *new_rs, *stable_rs; /* NULL: does not exist */
	/* without a controller, but selected by this rollout, which adopts them */
	const struct replicaset *const *orphans;
	size_t n_orphans;

	const struct analysis_run *const *runs; /* owned, oldest first */
	size_t n_runs;
	const struct analysis_found *analyses; /* of the strategy */
	size_t n_analyses;
	const struct experiment *const *experiments; /* owned, oldest first */
	size_t n_experiments;

	const struct router *router; /* NULL: none */
	/* For a blue-green rollout the stable destination is the active Service, which has all traffic, and the
	 * canary's is the preview Service. */
	struct routing routing;
	const struct err *routing_err; /* NULL: routing is complete */
	const struct service *canary_service, *stable_service;
	const struct service *active_service, *preview_service;
};
