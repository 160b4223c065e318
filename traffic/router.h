/* traffic/router.h: how traffic is split, with any router.
 *
 * A router is a row. It reads the state of its objects, and adds to the plan the patches that change them to the wanted
 * state; it never writes. Its row has all that other folders need to know of it. Add a router by adding a file, a line in
 * routers.c, and the rows of its fields under trafficRouting (kube/api/rollout.c).
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/plan.h"
#include "kube/plan/view.h"

/* What the routing objects say at this moment. */
struct routing {
	int64_t weight; /* percent that goes to the canary destination; the most of all its routes */
	int64_t weight_least; /* the least of them: they differ only when somebody else wrote one */
	int64_t kept; /* percent that destinations of others have beside `weight`: at 100 the canary has all but this */
	bool splits_pods; /* the destinations themselves name pod template hashes (subsets), not Services */
	bool needs_canary_service, needs_stable_service; /* the subsets are parts of what this Service selects */
	const char *canary_hash, *stable_hash; /* what these destinations select; NULL: not told apart yet */
	/* What goes to destinations besides the two, by Service; at most, where the routes do not agree. In the arena. */
	const struct weight_destination *additional;
	size_t n_additional;
	bool reads_route; /* of one at least */
	bool uneven; /* they do not agree */
	size_t routes; /* that send requests to the canary destination whatever its weight: of managedRoutes */
	const struct object **objects; /* the router's own: what it read, for its plan. In the arena of the pass */
};

/* The canary's percent of the traffic, and what an experiment's Services have; the stable version gets the rest. */
struct wanted_split {
	int64_t weight;
	const struct weight_destination *additional; /* sorted by Service */
	size_t n_additional;
};

/* The hashes that the destinations are to select; NULL: what they do. Experiments' Services that have traffic, or
 * may still, with their hashes. */
struct wanted_hashes {
	const char *canary, *stable;
	const struct weight_destination *additional;
	size_t n_additional;
	const char *const *services; /* that its experiments name themselves, now or before */
	size_t n_services;
};

/* A managed route; one of the two is set. */
struct wanted_route {
	const struct header_route *header;
	const struct mirror_route *mirror;
};

/* What a router can do besides the split between the canary and the stable version. */
enum router_feature {
	ROUTER_HEADER_ROUTES = 1 << 0, /* setHeaderRoute */
	ROUTER_MIRROR_ROUTES = 1 << 1, /* setMirrorRoute */
	ROUTER_EXPERIMENTS = 1 << 2, /* weights of an experiment's templates */
	ROUTER_PING_PONG = 1 << 3, /* pingPong */
};

struct router {
	const char *name; /* the key under trafficRouting */
	const char *metric_name; /* the label traffic_router of rollout_info, as in Argo Rollouts */
	const struct type *const *types; /* of the objects that it reads, and may write; ended by NULL */
	unsigned features; /* bits of enum router_feature */

	/* True when the strategy uses it. */
	bool (*used)(const struct canary_strategy *);

	/* Adds a problem for each of its fields, and of fields used with them, that is invalid whatever the cluster has. */
	void (*check)(const struct canary_strategy *, struct problems *);

	/* Reads. An error names the field of the rollout and the object, and is ERR_GONE when the object is missing; *ret is
	 * then what could be read all the same, enough to take traffic away. */
	struct err *(*read)(const struct rollout *, const struct view *, struct arena *, struct routing *ret);

	/* Adds the patch that makes the split so, and its event. */
	struct err *(*set_weight)(
	    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);

	/* The split is so already, as far as destinations of others leave room for it. */
	bool (*has_weight)(const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);

	/* Adds the patch that makes the destinations select these hashes, and its event. Only when splits_pods. */
	void (*set_hashes)(const struct rollout *, const struct routing *, const struct wanted_hashes *, struct plan *);

	/* The managed routes are these, in their order and ahead of all others; true when they are already. Otherwise adds the
	 * patches that make them so, unless `plan` is NULL. They come behind all other patches of the same objects. */
	bool (*set_routes)(const struct rollout *, const struct routing *, const struct wanted_route *, size_t n,
	    struct arena *, struct plan *plan);

	/* Removes these hashes, and the annotation, from objects that the rollout wrote to and that no rollout names any more (owns_is_left).
	 * Adds the patches. Returns how many objects there are. */
	size_t (*release)(
	    const struct rollout *, const struct view *, const char *const *hashes, size_t n, struct plan *);

	/* Copies from the live object to the desired one the fields that are the rollout's (see traffic/owns.h). Both are JSON, of
	 * one of its types. */
	void (*overlay)(const struct rollout *, const struct type *, const json_t *live, json_t *desired);

	/* True when the rollout names this object, of one of its types, for its routing. */
	bool (*concerns)(const struct rollout *, const struct object *);
};

extern const struct router istio_router;

/* All routers, ended by NULL. */
extern const struct router *const routers[];

/* The rollout, other than this one, that an object (a Service, a DestinationRule) belongs to by its annotation, and that exists and still
 * names it; NULL: there is none, it may be taken. */
const char *managed_by_other(const struct rollout *, const struct view *, const struct object *);

/* The router that a strategy uses, or NULL. */
const struct router *router_of(const struct canary_strategy *);

/* The i-th type of all routers' objects, from 0; NULL after the last one. Types that routers share are there more than once. */
const struct type *router_type(size_t i);

/* True when the router reads objects of this type. False for a NULL router. */
bool router_has_type(const struct router *, const struct type *);

/* The names of all routers that have these features, separated by commas. In the arena. */
const char *router_names(struct arena *, unsigned features);
