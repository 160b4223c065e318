/* traffic/istio.h: the parts of the Istio router, one file each.
 *
 * A route of a VirtualService is known by its kind and index: spec.KIND[INDEX], in the decoded object and in its JSON.
 * A split is a route with the number of its destinations of each side.
 */
#pragma once
#include "kube/api/istio.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"
#include "traffic/session.h"

#define ISTIO_FIELD "spec.strategy.canary.trafficRouting.istio"

enum istio_kind { ISTIO_HTTP, ISTIO_TLS, ISTIO_TCP, ISTIO_KIND_MAX };

/* The side that a destination is of: the canary, the stable version, an additional subset that keeps its weight, or
 * none of these. */
enum istio_side { SIDE_CANARY, SIDE_STABLE, SIDE_KEPT, SIDE_OTHER, SIDE_MAX };

/* The routes of one kind. Borrowed. */
struct istio_routes {
	const struct istio_route *at;
	size_t n;
};

/* A route that is split. */
struct istio_split {
	enum istio_kind kind;
	unsigned index; /* the index of the route in spec.KIND */
	const struct istio_route *route;
	unsigned n[SIDE_MAX]; /* the number of destinations of each side */
	unsigned first[SIDE_STABLE + 1]; /* the index of the first one of the canary, and of the stable version */
};

/* The splits of one VirtualService that a reference selects. In the arena. */
struct istio_splits {
	struct arena *arena;
	const struct canary_strategy *canary;
	const struct virtual_service *vs;
	const struct istio_virtual_service_ref *ref;
	struct istio_split *at;
	size_t n;
};

/* --- istio_split.c --- */

/* Returns the name of a kind of route: "http", "tls" or "tcp". */
const char *istio_kind_name(enum istio_kind);

/* Returns the routes of a kind in a VirtualService. */
struct istio_routes istio_routes_of(const struct virtual_service *, enum istio_kind);

/* Returns the side that a destination is of, by the Services or subsets that the strategy names. */
enum istio_side istio_side(const struct canary_strategy *, const struct istio_destination *);

/* Sets *ret to the index-th route of a kind. Returns false after the last one. */
bool istio_split_at(const struct canary_strategy *, const struct virtual_service *, enum istio_kind, size_t index,
    struct istio_split *ret);

/* Returns whether the route has destinations of the canary and of the stable version. */
bool istio_is_split(const struct istio_split *);

/* Returns whether a host ("web", "web.shop.svc.cluster.local") is that of this Service. Returns false if one is
 * NULL. */
bool istio_host_is(const char *host, const char *service);

/* Returns whether a step created the route, or will replace it: its name is in managedRoutes. */
bool istio_is_managed(const struct canary_strategy *, const struct istio_route *);

/* Returns whether a step can have created the route: it is managed, and mirrors, or has only the canary's destination,
 * which may be the stable one by now. Another managed one is a user's, and stays. */
bool istio_is_made(const struct canary_strategy *, const struct istio_route *);

/* Sets *ret to the strategy's references to VirtualServices: virtualService, or virtualServices. Returns their
 * number. */
size_t istio_references(const struct canary_strategy *, const struct istio_virtual_service_ref **ret);

/* Returns the path of a reference of the strategy with `rest` behind it:
 * "spec.strategy.canary.trafficRouting.istio.virtualServices[1].name". */
const char *istio_reference_field(
    struct arena *, const struct canary_strategy *, const struct istio_virtual_service_ref *, const char *rest);

/* Returns whether the reference ("name" or "name.namespace") is to the object of this name. */
bool istio_reference_is(
    const struct rollout *, const struct istio_virtual_service_ref *, const char *ns, const char *name);

/* Returns whether the reference lists this http route. */
bool istio_reference_lists(const struct istio_virtual_service_ref *, const char *route);

/* Fills the splits with the routes that the reference (one of the strategy's) names; for a kind of which it names none,
 * with the only route. The caller has set `arena`, `canary` and `vs`. Returns an error if a route does not exist,
 * cannot be split, or is not the only one. The splits are then all routes with both destinations, so that an abort
 * takes the weight away in spite of it. */
struct err *istio_splits_read(struct istio_splits *, const struct istio_virtual_service_ref *);

/* Returns the weight of the i-th destination of a route; 0 if it has no weight. */
int64_t istio_weight(const struct istio_route *, size_t i);

/* Returns the sum of the weights of the destinations of additional subsets, which no split changes. */
int64_t istio_kept_weight(const struct canary_strategy *, const struct istio_split *);

/* Sets *ret to the JSON patch that gives the canary destination `weight` percent in each route that the reference (one
 * of the strategy's) selects; NULL if nothing has to change. Destinations of additional subsets keep their
 * weight, those of `additional` (sorted by Service) get theirs, other ones that have a weight are removed; the stable
 * destination gets the rest. If the others leave less than `weight`, the canary gets what is left. A new reference to a
 * JSON list. Session affinity is that of `r`, whose strategy it is; NULL: the rollout has none. Returns the error of
 * istio_splits_read(); the patch then only lowers the canary's weight. */
struct err *istio_weight_patch(struct arena *, const struct canary_strategy *, const struct rollout *r,
    const struct istio_virtual_service_ref *, const struct virtual_service *, const struct wanted_split *,
    json_t **ret);

/* --- istio.c. The functions without a comment are those of struct router. --- */

/* Returns what istio_read() kept: the DestinationRule, then the VirtualServices in the order of their references. NULL
 * for one that could not be read. */
static inline const struct object *const *
istio_objects(const struct routing *r)
{
	return r->own;
}

/* Returns whether the object is a VirtualService or DestinationRule that the Rollout's strategy names. */
bool istio_concerns(const struct rollout *, const struct object *);

/* --- istio_managed.c --- */

bool istio_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);

/* --- istio_session.c --- */

/* Returns whether the route is one for session affinity, of this rollout; NULL: of any. */
bool istio_is_session(const struct rollout *, const struct istio_route *);

/* Sets *ret to the session affinity that belongs to this weight of the canary. Returns whether it concerns the
 * VirtualService: the rollout has session affinity, or a route of it is left. */
bool istio_session_concerns(
    struct arena *, const struct rollout *, const struct virtual_service *, int64_t weight, struct session *ret);

/* Returns the changes of a split route that make its destinations set the cookie, or not. A new reference; NULL: there
 * are none. */
json_t *istio_session_edits(struct arena *, const struct session *, const struct istio_split *);

/* Adds to *ops what makes the routes for session affinity the wanted ones. It follows all changes within routes, as it
 * moves the routes. */
void istio_session_patch(const struct istio_splits *, const struct rollout *, const struct session *, json_t **ops);

/* Copies the cookie from a live destination to the desired one. */
void istio_session_keep(const json_t *live, json_t *desired);

/* Returns why the VirtualService cannot have session affinity, if the rollout wants it; NULL: it can. */
struct err *istio_session_problem(const struct istio_splits *, const struct rollout *);

/* --- istio_subsets.c --- */

/* Reads the hashes of the two subsets of the DestinationRule into *ret, and sets *ret_object to it. */
struct err *istio_read_subsets(
    const struct rollout *, const struct view *, struct arena *, struct routing *ret, const struct object **ret_object);

void istio_set_hashes(const struct rollout *, const struct routing *, const struct wanted_hashes *, struct plan *);

size_t istio_release(const struct rollout *, const struct view *, const char *const *hashes, size_t n, struct plan *);

/* Returns the subset of a name, or NULL. *ret_index, which may be NULL, is set to its index in spec.subsets. */
const struct subset *istio_subset(const struct destination_rule *, const char *name, size_t *ret_index);

/* Returns whether a Rollout added the subset for an experiment: its only label is the hash, and the strategy does
 * not name it. */
bool istio_is_of_experiment(const struct istio_destination_rule_ref *, const struct subset *);

/* --- istio_owns.c --- */

void istio_overlay(const struct rollout *, const struct type *, const json_t *live, json_t *desired);

/* --- istio_stand_in.c --- */

json_t *istio_stand_in(const struct rollout *, const struct type *, const char *ns, const char *name);
