/* rollout/weights.h: traffic weight of the new version, and the hashes that the destinations select. How a router
 * writes them: traffic/router.h. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans the weight of the step. A pass calls it twice: first with `lower`, for a weight that decreases, and later
 * without, for one that increases. */
void weights_plan(struct rollout_pass *, bool lower);

/* Plans the hashes that the destinations select. */
void weights_plan_hashes(struct rollout_pass *);

/* Returns true if all traffic is observed at the stable destination, and both destinations select the new version.
 * Without a router: true. */
bool weights_settled(const struct rollout_pass *);
