/* traffic/apisix.h: the parts of the APISIX router: weights (apisix.c) and header routes (apisix_header.c). */
#pragma once
#include "kube/api/router_objects.h"
#include "traffic/router.h"
#include "traffic/service_weights.h"

#define APISIX_FIELD "spec.strategy.canary.trafficRouting.apisix.route.name"

/* The ApisixRoute of a managed route. */
struct apisix_managed {
	const struct router_object *object; /* NULL: it does not exist */
	bool foreign; /* the one of that name is not the rollout's */
};

/* The ApisixRoutes of a rollout, as they were read. In the arena. */
struct apisix_target {
	const struct router_object *route; /* NULL: it does not exist */
	struct apisix_managed *managed; /* for each of managedRoutes */
	size_t n_managed;
};

/* A rule that is split. */
struct apisix_rule {
	size_t index; /* in spec.http */
	struct service_weights weights;
};

/* The rules that are split. */
struct apisix_rules {
	json_t *spec; /* owned */
	struct apisix_rule *at; /* in the arena; they point into the spec */
	size_t n;
};

/* Returns the ApisixRoute that the strategy names, or NULL. */
const struct apisix_route_ref *apisix_of(const struct canary_strategy *);

/* Returns whether the strategy splits the rule of this name. */
bool apisix_has_rule(const struct apisix_route_ref *, const char *name);

/* Finds a rule in spec.http by its name. Returns an error if it, or the name of one before it, is missing. */
struct err *apisix_find_rule(struct arena *, const json_t *http, const char *name, size_t *ret_index);

/* Finds the rules that are split. *ret is to be released in any case. */
struct err *apisix_rules_read(
    struct arena *, const struct canary_strategy *, const struct router_object *, struct apisix_rules *ret);
void apisix_rules_done(struct apisix_rules *);

/* That of struct router. */
bool apisix_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);
