/* traffic/istio.h: the part of the Istio router that works on a VirtualService alone. */
#pragma once
#include "kube/api/istio.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"

/* The JSON patch that gives the canary destination `weight` percent in each route that the reference (one of the strategy's)
 * means; an empty list when nothing has to change. Destinations of additional subsets keep their weight, those of `additional`
 * (sorted by Service) get theirs, unknown ones that have a weight go; the stable destination gets the rest. Where the others
 * leave less than `weight`, the canary gets what is left. A new reference to a JSON list. */
struct err *istio_weight_patch(struct arena *, const struct canary_strategy *, const struct istio_virtual_service_ref *,
    const struct virtual_service *, const struct wanted_split *, json_t **ret);

/* What a destination of a route carries: the canary's traffic, the stable version's, that of an additional subset, or somebody else's. */
enum istio_side { SIDE_CANARY, SIDE_STABLE, SIDE_KEPT, SIDE_OTHER };
enum istio_side istio_side(const struct canary_strategy *, const struct istio_destination *);

/* A host ("web", "web.shop.svc.cluster.local") is this Service's; of neither, when one is NULL. */
bool istio_host_is(const char *host, const char *service);

/* A subset of the strategy's DestinationRule that a rollout has added for an experiment: its one label is the hash,
 * and it is none of those that the strategy names. */
bool istio_is_of_experiment(
    const struct istio_destination_rule_ref *, const char *name, size_t n_labels, const char *hash);

/* istio_owns.c: see struct router. */
void istio_overlay(const struct rollout *, const struct type *, const json_t *live, json_t *desired);
