/* traffic/two_services.h: requirements of all routers that split between canaryService
 * and stableService. */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/plan.h"

/* Adds a problem for each of the two Services that the strategy does not name, once for all routers, and that of
 * two_services_check_split. */
void two_services_check(const struct canary_strategy *, struct problems *, const char *router);

/* Adds a problem if Istio splits by subsets in the same strategy. `router` is the name of the other one. */
void two_services_check_split(const struct canary_strategy *, struct problems *, const char *router);

/* Adds a problem for each of the two Services that the strategy does not name, unless it has one already. With
 * pingPong, routers that have it split between its Services, and need no others. */
void two_services_required(const struct canary_strategy *, struct problems *);

/* Returns an error at the router's field if the strategy does not name both Services; NULL: it does. */
struct err *two_services_missing(struct arena *, const struct canary_strategy *, const char *field);

/* Adds the patch that sets a weight in an object, and its event. `ops` is consumed. */
void two_services_patch(struct plan *, const struct rollout *, const struct object *, json_t *ops, int64_t weight);
