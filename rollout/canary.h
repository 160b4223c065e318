/* rollout/canary.h: the strategy canary: its pass. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans the pass of a rollout whose spec is valid. */
void canary_pass(struct rollout_pass *);

/* Returns true if, with pingPong, the new version's Service must get all traffic, because it becomes the stable one. */
bool canary_takes_turn(const struct rollout_pass *);
