/* rollout/experiment_step.h: the Experiment of a canary's step. */
#pragma once
#include <stddef.h>

struct rollout_pass;
struct weight_destination;

/* Returns the Services of the step's Experiment that must have traffic now, with their weights, sorted by name. In the
 * arena. */
const struct weight_destination *experiment_step_weights(const struct rollout_pass *, size_t *ret_n);

/* Returns the Services of Experiments that are observed to have traffic, with their hashes, sorted by name. In the
 * arena. */
struct weight_destination *experiment_step_seen(const struct rollout_pass *, size_t *ret_n);

/* Returns the Services of experiment_step_weights() and of experiment_step_seen(), each once; a Service in both has the
 * weight that it must have. In the arena. */
const struct weight_destination *experiment_step_destinations(const struct rollout_pass *, size_t *ret_n);

/* Returns the names that templates of Experiments give to their Services. In the arena. */
const char *const *experiment_step_services(const struct rollout_pass *, size_t *ret_n);
