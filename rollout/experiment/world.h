/* rollout/experiment/world.h: the input of a decision about one Experiment. Everything is borrowed until the pass
 * ends. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct analysis_run;
struct experiment;
struct replicaset;
struct rollout;
struct seen;
struct service;
struct view;
struct weight_destination;

struct experiment_world {
	int64_t now; /* wall ms */
	const struct experiment *experiment;
	const struct seen *seen;
	const struct view *view; /* to check whether names are in use, and to read templates */
	const struct replicaset *const *replicasets; /* owned */
	size_t n_replicasets;
	const struct service *const *services; /* owned */
	size_t n_services;
	const struct analysis_run *const *runs; /* owned, oldest first */
	size_t n_runs;
	const struct rollout *rollout; /* whose step created it; NULL: independent */
	const struct weight_destination *routed; /* Services that the rollout's routing gives weight to */
	size_t n_routed;
};
