/* rollout/experiment/decide.h: the life of an Experiment, whoever made it: a rollout's step, or a person. */
#pragma once
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"

struct experiment_world {
	int64_t now; /* wall ms */
	const struct experiment *experiment;
	const struct seen *seen;
	const struct view *view;
	const struct replicaset *const *replicasets; /* owned */
	size_t n_replicasets;
	const struct service *const *services; /* owned */
	size_t n_services;
	const struct analysis_run *const *runs; /* owned, oldest first */
	size_t n_runs;
	const struct rollout *rollout; /* whose step it is; NULL: nobody's */
	const struct weight_destination *routed; /* Services that the rollout's routing gives weight to */
	size_t n_routed;
};

/* Pods while it lasts, runs once all pods are there, and what both come to. Pure. */
void experiment_decide(const struct experiment_world *, struct plan *);

/* Adds what is wrong with an experiment and the templates that its analyses name. */
void experiment_problems(const struct view *, const struct experiment *, struct problems *);

/* The controller's row. */
extern const struct controller experiment_controller;
