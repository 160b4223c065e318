/* traffic/nginx.h: the parts of the NGINX router, one file each.
 *
 * A strategy names Ingresses of its namespace that send requests to the stable Service, which are never written. For
 * each of them the rollout owns a canary Ingress, with the same rules to the canary's Service. Annotations of
 * ingress-nginx give it a weight, and requests with a header.
 */
#pragma once
#include "kube/api/ingress.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"

#define NGINX_FIELD "spec.strategy.canary.trafficRouting.nginx"

/* An Ingress that the strategy names, as it was read. */
struct nginx_target {
	const char *name, *canary_name;
	const struct ingress *stable; /* NULL: it does not exist, or no canary Ingress can be made of it */
	const struct ingress *canary; /* NULL: the rollout has none yet */
	bool foreign; /* an object that the rollout does not own has the name of its canary Ingress */
	int64_t weight; /* of the canary Ingress, rounded up */
};

/* The Ingresses of a strategy. In the arena. */
struct nginx_targets {
	struct nginx_target *at;
	size_t n;
};

/* The wanted state of a canary Ingress. */
struct nginx_wish {
	int64_t weight; /* of weight_total */
	const struct header_route *header; /* NULL: no managed route */
	bool keep_header; /* the annotations of the managed route stay as they are */
};

/* --- nginx.c. The functions without a comment are those of struct router. --- */

/* Returns the fields of the router, or NULL. */
const struct nginx_routing *nginx_of(const struct canary_strategy *);

/* Returns the number of Ingresses that the strategy names, and the i-th of them. */
size_t nginx_count(const struct canary_strategy *);
const char *nginx_stable_name(const struct canary_strategy *, size_t i);

/* Returns the name of the canary Ingress of an Ingress, as Argo Rollouts has it. In the arena. */
const char *nginx_canary_name(struct arena *, const struct rollout *, const char *stable);

/* --- nginx_ingress.c --- */

/* Returns why the canary Ingress of the target's Ingress cannot be made, or not as it shall be; NULL: it can. */
struct err *nginx_ingress_problem(
    struct arena *, const struct rollout *, const struct nginx_target *, const char *field);

/* Returns the canary Ingress to create. A new reference. */
json_t *nginx_ingress_new(
    struct arena *, const struct rollout *, const struct nginx_target *, const struct nginx_wish *);

/* Adds to *ops (see json_patch_of) what makes the canary Ingress the wanted one. Labels, and annotations of others, are
 * not changed. Without a stable Ingress only its weight is. */
void nginx_ingress_patch(
    struct arena *, const struct rollout *, const struct nginx_target *, const struct nginx_wish *, json_t **ops);

/* Returns the annotation of ingress-nginx of this name ("canary-weight"), with the strategy's prefix. In the arena. */
const char *nginx_annotation(struct arena *, const struct nginx_routing *, const char *name);

/* Returns the key of an additional annotation: it gets the prefix, unless it starts with the prefix' text. In the
 * arena. */
const char *nginx_ingress_key(struct arena *, const struct nginx_routing *, const char *key);

/* Sets *ret_least and *ret_most to the weight of a canary Ingress, of weight_total: rounded down and up. */
void nginx_ingress_weight(
    struct arena *, const struct rollout *, const struct ingress *canary, int64_t *ret_least, int64_t *ret_most);

/* --- nginx_header.c --- */

/* Returns whether steps may set the header of the canary Ingresses: the strategy has managed routes, and its own
 * annotations name no header. */
bool nginx_header_is_managed(const struct canary_strategy *);

/* Adds a problem for each setHeaderRoute step that annotations cannot express. */
void nginx_header_check(const struct canary_strategy *, struct problems *);

/* Calls emit for the three annotations of a header route (NULL: none), with a NULL value for one that it does not
 * have. */
void nginx_header_annotations(struct arena *, const struct nginx_routing *, const struct header_route *,
    void (*emit)(const char *key, const char *value, void *arg), void *arg);

bool nginx_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);
