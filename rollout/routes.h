/* rollout/routes.h: managed routes, which setHeaderRoute and setMirrorRoute steps create. */
#pragma once
#include <stdbool.h>

struct rollout_pass;

/* Plans the managed routes. With `lower`, only if they are to be removed; see weights_plan(). */
void routes_plan(struct rollout_pass *, bool lower);

/* Returns true if the routes are observed to be as the steps up to the current one define them. */
bool routes_settled(const struct rollout_pass *);

/* Returns true if the steps up to the current one define a route. */
bool routes_wanted(const struct rollout_pass *);
