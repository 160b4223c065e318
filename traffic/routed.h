/* traffic/routed.h: the routers of one rollout, together.
 *
 * A strategy may use several routers. Each reads and writes its own objects. A decision reads what all of them together
 * observed, and what it wants is set by each of them; the error of one does not stop the others.
 */
#pragma once
#include "traffic/router.h"

#define ROUTERS_MAX 12 /* of one strategy */

/* A router, and what it read. */
struct routed_by {
	const struct router *router;
	struct routing routing; /* after an error, what could be read */
	const struct err *err; /* NULL: everything was read */
};

/* The routers that a strategy uses, in the order of routers.c. */
struct routed {
	struct routed_by by[ROUTERS_MAX];
	size_t n;
};

/* Reads the objects of all routers of the strategy. Returns the first error, or NULL. The result is empty without a
 * strategy, or without a router. */
const struct err *routed_read(const struct rollout *, const struct view *, struct arena *, struct routed *ret);

/* Queries whether the weights that were read have taken effect outside of the cluster, with each router that knows how:
 * see router.confirm. */
void routed_confirm(const struct rollout *, struct routed *, const struct pass *, struct plan *queries);

/* Returns whether a router of the strategy knows how (its row has confirm). */
bool routed_confirms(const struct routed *);

/* Returns what all routers read: the highest weight, the least weight_min, all other destinations and needs. All zeroes
 * without routers. In the arena. */
struct routing routed_merge(const struct routed *, struct arena *);

/* Each sets the split, as far as its objects could be read; one without ROUTER_EXPERIMENTS, that of the canary and the
 * stable version. Returns the first error, or NULL. The writes of a router do not depend on those of another one. */
struct err *routed_set_weight(
    const struct rollout *, const struct routed *, const struct wanted_split *, struct plan *);

/* Returns whether all routers have the split, and it has taken effect. True without routers. */
bool routed_have_weight(const struct rollout *, const struct routed *, const struct wanted_split *, struct arena *);

/* Sets the hashes with each router that splits pods. */
void routed_set_hashes(const struct rollout *, const struct routed *, const struct wanted_hashes *, struct plan *);

/* Returns whether each router has those of these managed routes that it can have (its features). Otherwise adds the
 * patches that set them, unless `plan` is NULL. */
bool routed_set_routes(const struct rollout *, const struct routed *, const struct wanted_route *, size_t n,
    struct arena *, struct plan *plan);

/* Returns whether a router of the strategy reads objects of this type. */
bool routed_has_type(const struct routed *, const struct type *);

/* Returns whether the rollout's routers need objects of this type, which are not watched from the start. */
bool routed_needs(const struct rollout *, const struct type *);

/* Returns whether the objects of all types that the rollout's routers need have been listed. A type that the controller
 * may not list counts as listed: routed_read returns its error. */
bool routed_are_listed(const struct rollout *, const struct view *);

/* Returns whether a router of the rollout refers to the object. */
bool routed_concerns(const struct rollout *, const struct object *);

/* Calls emit for each object that a router of the rollout refers to. */
void routed_names(
    const struct rollout *, void (*emit)(const struct type *, const char *ns, const char *name, void *arg), void *arg);
