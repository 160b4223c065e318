/* rollout/pause_step.h: a pause among a canary's steps. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct rollout_pass;

/* Returns true if the step is a pause that only a promotion ends. */
bool pause_step_is_endless(const struct rollout_pass *, int64_t index);

/* Returns true if the step is a pause whose duration is at most `ms`. */
bool pause_step_is_short(const struct rollout_pass *, int64_t index, int64_t ms);
