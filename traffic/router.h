/* traffic/router.h: how traffic is split, with any router.
 *
 * A router is a row. It reads the state of its objects, and adds to the plan the patches that change them to the wanted
 * state; it never writes. Its row has all that other folders need to know of it. Add a router by adding a file, a line
 * in routers.c, and the rows of its fields under trafficRouting (kube/api/rollout.c).
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/plan.h"
#include "kube/plan/view.h"

struct pass;

/* The state of the routing objects, as a router read it. For all routers of a rollout together (traffic/routed.h), it
 * has the highest and the lowest weight that they read. */
struct routing {
	int64_t weight; /* of the canary destination, of weight_total; the most of all routes */
	int64_t weight_min; /* the least of them: they differ only if another client wrote one */
	/* Why the state in the objects has not taken effect yet (`verify`), one line for users; NULL: it has. */
	const char *unverified;
	/* Why the pods that the stable destination selects do not get its requests yet, one line for users: a load
	 * balancer does not have them. NULL: they do, or nothing is known against it. */
	const char *unregistered;
	const struct err *raise_err; /* why the canary cannot be given weight, though it has none; NULL: it can */
	int64_t kept_weight; /* of destinations that keep their weight; at a weight of 100 the canary has the rest */
	bool splits_pods; /* the destinations select pod template hashes themselves (subsets), not by Services */
	bool needs_canary_service, needs_stable_service; /* its subsets are parts of what this Service selects */
	const char *canary_hash, *stable_hash; /* of these destinations; NULL: they select all pods */
	/* The weights of other destinations, by Service; the most, if the routes differ. In the arena. */
	const struct weight_destination *additional;
	size_t n_additional;
	bool has_route; /* at least one route was read */
	/* The weights are to be written, whatever they are: those of other destinations differ between the routes, or a
	 * route has no weights, so that it may send requests nowhere. */
	bool routes_differ;
	size_t managed_routes; /* they send requests to the canary destination at any weight */
	struct opt_bool verified; /* whether the weights have taken effect outside of the cluster; absent: not known */
	/* One for each Ingress whose load balancer was queried in this pass; without a name, it does not exist. In the
	 * arena. */
	const struct alb_status *balancers;
	size_t n_balancers;
	/* For the router's own use. NULL: nothing was read, so that it cannot write. In the arena of the pass. */
	const void *own;
};

/* Sets the load balancers of a status to those that were queried in this pass. `ret->alb` is the last of them that
 * exists, or what it was. In the arena. */
void routing_balancers(struct arena *, const struct routing *, struct rollout_status *ret);

/* The weights of the canary and of the Services of an experiment, of weight_total; the stable version gets the rest. */
struct wanted_split {
	int64_t weight;
	const struct weight_destination *additional; /* sorted by Service */
	size_t n_additional;
};

/* The hashes that the destinations shall select; NULL: no change. `additional` has the Services of experiments that
 * have traffic, or may have it still, with their hashes. */
struct wanted_hashes {
	const char *canary, *stable;
	const struct weight_destination *additional;
	size_t n_additional;
	const char *const *services; /* names that its experiments have now, or had before */
	size_t n_services;
};

/* A managed route; one of the two is set. */
struct wanted_route {
	const struct header_route *header;
	const struct mirror_route *mirror;
};

/* Features in addition to the split between the canary and the stable version. */
enum router_feature {
	ROUTER_HEADER_ROUTES = 1 << 0, /* setHeaderRoute */
	ROUTER_MIRROR_ROUTES = 1 << 1, /* setMirrorRoute */
	ROUTER_EXPERIMENTS = 1 << 2, /* weights of an experiment's templates */
	ROUTER_PING_PONG = 1 << 3, /* pingPong */
	ROUTER_MAX_WEIGHT = 1 << 4, /* maxTrafficWeight */
	ROUTER_SESSION_AFFINITY = 1 << 6, /* the annotation (kube/api/session_affinity.h) */
	ROUTER_PREFERS_PING_PONG = 1 << 7, /* it splits between the Services of pingPong also if the spec has others */
	ROUTER_ROUTE_OBJECTS = 1 << 5, /* managed routes are objects of the rollout, not parts of the route */
};

/* Features that all routers of a strategy must have if it uses them: without it, a router would send requests to other
 * Services than the others, or another share of them. The others are used by the routers that have them. */
#define ROUTER_OF_ALL (ROUTER_PING_PONG | ROUTER_MAX_WEIGHT | ROUTER_SESSION_AFFINITY)

struct router {
	const char *name; /* the key under trafficRouting */
	const char *metric_name; /* the label traffic_router of rollout_info, as in Argo Rollouts */
	const struct type *const *types; /* of the objects that it reads, and may write; ended by NULL */
	unsigned features; /* bits of enum router_feature */

	/* The variables of the controller's environment that it reads (struct settings), ended by NULL; NULL: none. */
	const char *const *variables;

	/* For lint. How its objects refer to a Service and its port: JSON pointers to both from an object anywhere in
	 * them; a name ends at its first dot. The port is a number, a name, or an object with one of `number` and
	 * `name`. NULL: they do not name ports. */
	const char *service_name, *service_port;
	bool copies_port; /* for lint: the canary's Service gets requests at the port of the stable one */
	/* For lint. JSON pointer to a field of the Rollout that is a port of its Services; NULL: it has none. */
	const char *port_field;

	/* For lint. Adds a problem, at its path in the object, for each part of an object of the rollout on which the
	 * split has no effect, although the object is valid. NULL: there are none. */
	void (*warn)(const struct rollout *, const struct object *, struct problems *);

	/* True if the strategy uses it. */
	bool (*used)(const struct canary_strategy *);

	/* Adds a problem for each of its fields, and of fields used with them, that is invalid whatever the cluster
	 * has. */
	void (*check)(const struct canary_strategy *, struct problems *);

	/* Reads the objects. An error names the field of the rollout and the object, and is ERR_GONE if the object does
	 * not exist; *ret then has what could be read, which is enough to lower the weight. */
	struct err *(*read)(const struct rollout *, const struct view *, struct arena *, struct routing *ret);

	/* Returns why the state in the objects has not taken effect yet, one line for users, in the arena; NULL: it
	 * has. A weight counts as observed only then. NULL: it takes effect when it is written. */
	const char *(*verify)(const struct rollout *, const struct routing *, struct arena *);

	/* The same for a router whose weights take effect outside of the cluster: sets ret->verified, and
	 * ret->unverified if that is not known yet, or ret->raise_err if it cannot be. Adds to `queries` the queries,
	 * responses to keep, writes, events, notes and the time of the next pass. `queries` becomes a part of the
	 * plan of the pass. NULL: nothing is queried. */
	void (*confirm)(const struct rollout *, const struct pass *, struct plan *queries, struct routing *ret);

	/* Adds the writes that set the split, and their events: patches and, for objects that are the rollout's own
	 * (it is their controller), plan_create and plan_delete. */
	struct err *(*set_weight)(
	    const struct rollout *, const struct routing *, const struct wanted_split *, struct plan *);

	/* True if the split is set, as far as destinations that keep their weight allow it. */
	bool (*has_weight)(const struct rollout *, const struct routing *, const struct wanted_split *, struct arena *);

	/* Adds the patch that makes the destinations select these hashes, and its event. Only if splits_pods. */
	void (*set_hashes)(const struct rollout *, const struct routing *, const struct wanted_hashes *, struct plan *);

	/* True if the managed routes are these, in their order and before all others. Otherwise adds the patches that
	 * set them, unless `plan` is NULL. These are added after all other patches of the same objects: they move the
	 * other routes. NULL: it has no managed routes. */
	bool (*set_routes)(const struct rollout *, const struct routing *, const struct wanted_route *, size_t n,
	    struct arena *, struct plan *plan);

	/* Adds the patches that remove these hashes, and the annotation, from objects that the rollout wrote to and
	 * that no rollout refers to now (owns_is_left), and deletes objects of the rollout that it does not use now
	 * (owned_release). Returns the number of such objects. NULL: it leaves neither. Called for each router, also if
	 * the strategy does not use it. */
	size_t (*release)(
	    const struct rollout *, const struct view *, const char *const *hashes, size_t n, struct plan *);

	/* Copies from the live object to the desired one the fields that are the rollout's (see traffic/owns.h). Both
	 * are JSON, of one of its types. NULL: all objects that it writes are the rollout's own. */
	void (*overlay)(const struct rollout *, const struct type *, const json_t *live, json_t *desired);

	/* Calls emit for each object that the rollout refers to: those that concern it. A NULL name: objects of this
	 * type in the namespace, by their labels (`concerns`). */
	void (*names)(const struct rollout *,
	    void (*emit)(const struct type *, const char *ns, const char *name, void *arg), void *arg);

	/* True if the rollout refers to this object, which is of one of its types. */
	bool (*concerns)(const struct rollout *, const struct object *);

	/* Returns the spec of an object of one of its types that suits the rollout, with the destinations that it
	 * needs, a new reference; NULL: the rollout does not refer to such an object, or creates it. For `sluice plan`,
	 * where the object does not exist. NULL: it has none. */
	json_t *(*stand_in)(const struct rollout *, const struct type *, const char *ns, const char *name);

	/* True if a pass over the rollout needs objects of this type, one of its types: it is watched as soon as one
	 * does. NULL: all its types are watched from the start. */
	bool (*needs)(const struct rollout *, const struct type *);
};

/* The host or Service in a stand-in, where the rollout names none. */
#define ROUTER_STAND_IN_HOST "plan"

extern const struct router istio_router, gateway_router, nginx_router, alb_router, smi_router, ambassador_router,
    traefik_router, apisix_router, contour_router, hook_router;

/* All routers, ended by NULL. */
extern const struct router *const routers[];

/* Returns the other rollout that an object (a Service, a DestinationRule) belongs to: its annotation names that
 * rollout, which exists and refers to the object. NULL: this rollout may take it. */
const char *managed_by_other(const struct rollout *, const struct view *, const struct object *);

/* Returns the i-th router that a strategy uses, from 0, in the order of the list; NULL after the last one, and for a
 * NULL strategy. */
const struct router *router_at(const struct canary_strategy *, size_t i);

/* The i-th type of all routers' objects, from 0; NULL after the last one. A type that routers share is returned for
 * each. *ret_router, which may be NULL, is set to its router. */
const struct type *router_type(size_t i, const struct router **ret_router);

/* Returns whether the router reads objects of this type. */
bool router_has_type(const struct router *, const struct type *);

/* The names of all routers that have these features, separated by commas. In the arena. */
const char *router_names(struct arena *, unsigned features);
