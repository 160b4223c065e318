/* traffic/istio.h: the part of the Istio router that works on a VirtualService alone. */
#pragma once
#include "kube/api/istio.h"
#include "kube/api/rollout.h"

/* The JSON patch that gives the canary destination `weight` percent in each http route that the strategy names; an empty
 * list when nothing has to change. A new reference. */
struct err *istio_weight_patch(
    struct arena *, const struct canary_strategy *, const struct virtual_service *, int64_t weight, json_t **ret);
