/* tests/simulation/split_objects.h: the canary's weight in the objects of routers that split between two Services. It
 * is read in its own way: no code is shared with the routers.
 */
#pragma once
#include "tests/simulation/cluster.h"

/* Returns the canary's weight in an object of such a router; -1: another object, or one without a weight. */
int split_weight(const json_t *rollout, const char *kind, const json_t *o);

/* Returns whether the rollout uses such a router, and sets *ret_least and *ret_most to its weights in all objects. An
 * object that the rollout has not created yet has weight 0; *ret_missing is set if another one does not exist. */
bool split_weights(struct cluster *, const json_t *rollout, int *ret_least, int *ret_most, bool *ret_missing);

/* Returns whether the rollout uses such a router that has header routes, and whether all its objects have the managed
 * route of this name. */
bool split_uses_headers(const json_t *rollout);
bool split_all_have_header(struct cluster *, const json_t *rollout, const char *name);

/* Returns whether requests with a header are sent to the canary by an object of this kind. */
bool split_has_header(const char *kind, const json_t *o);
