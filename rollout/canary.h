/* rollout/canary.h: the strategy canary: its pass. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans the pass of a rollout whose spec is valid. */
void canary_pass(struct rollout_pass *);

/* With pingPong: returns true if the new version's Service is to have all traffic. */
bool canary_takes_turn(const struct rollout_pass *);
