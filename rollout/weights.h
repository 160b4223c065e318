/* rollout/weights.h: traffic weight of the new version, and the hashes that the destinations select. How a router
 * writes them: traffic/router.h. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans the write of the step's weight. A pass calls it twice: first with `lower`, which writes only a weight that
 * decreases, and later without, which writes one that increases. */
void weights_plan(struct rollout_pass *, bool lower);

/* Plans the writes of the pod template hashes that the destinations select. */
void weights_plan_hashes(struct rollout_pass *);

/* Returns true if all traffic is observed at the stable destination, and both destinations select the new version.
 * Returns true without a router. */
bool weights_settled(const struct rollout_pass *);
