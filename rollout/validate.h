/* rollout/validate.h: errors of a Rollout and of the objects that it refers to. */
#pragma once

struct problems;
struct rollout_pass;
struct rollout_world;

/* Returns the first error, worded as in Argo Rollouts (`The Rollout "NAME" is invalid: FIELD: …`), or NULL if it is
 * valid. In the arena. Analyses that this update will not start are not checked. */
const char *validate_message(struct rollout_pass *);

/* Adds all errors. Their paths are the rollout's. */
void validate_problems(const struct rollout_world *, struct problems *);
