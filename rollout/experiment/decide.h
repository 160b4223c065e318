/* rollout/experiment/decide.h: the reconciliation of one Experiment, whether a rollout's step or a user created it. */
#pragma once

struct experiment_world;
struct plan;

/* Plans one pass: pods while the Experiment lasts, runs once all pods are available, and its phase. Pure. */
void experiment_decide(const struct experiment_world *, struct plan *);

/* Plans only the status of an Experiment that depends on an object that cannot be read; `why` names the object. */
void experiment_stand_still(const struct experiment_world *, const char *why, struct plan *);
