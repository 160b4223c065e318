/* rollout/decide.h: the reconciliation of one Rollout: from its world to a plan. */
#pragma once

struct plan;
struct rollout_world;

/* Plans one pass. Pure: the same world gives the same plan. */
void rollout_decide(const struct rollout_world *, struct plan *);
