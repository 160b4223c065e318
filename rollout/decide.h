/* rollout/decide.h: the decision about one Rollout, and the controller's row. */
#pragma once
#include "kube/plan/controller.h"

struct rollout_world;

/* Everything: from the world to the plan. Pure. */
void rollout_decide(const struct rollout_world *, struct plan *);

extern const struct controller rollout_controller;
