/* traffic/alb.h: the parts of the router of the AWS Load Balancer Controller, one file each.
 *
 * A strategy names Ingresses of its namespace. Annotations of an Ingress, PREFIX/actions.NAME, are actions of its
 * load balancer: paths whose backend is the Service NAME with the port "use-annotation" have it. The action of the
 * root Service splits requests between the canary's and the stable Service. setHeaderRoute steps add an action,
 * conditions and a path of the route's name.
 *
 * Which annotations a rollout has written stands in an annotation of the Ingress, ALB_MANAGED, as Argo Rollouts has it.
 */
#pragma once
#include "kube/api/ingress.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"

#define ALB_FIELD "spec.strategy.canary.trafficRouting.alb"
#define ALB_MANAGED "rollouts.argoproj.io/managed-alb-annotations"
#define ALB_MANAGED_OLD "rollouts.argoproj.io/managed-alb-actions" /* of older versions of Argo Rollouts */

/* An Ingress that the strategy names, as it was read. */
struct alb_target {
	const char *name;
	const struct ingress *ingress; /* NULL: it does not exist */
	bool invalid; /* its root Service, or the annotation ALB_MANAGED, is not as it must be */
};

/* The Ingresses of a strategy. In the arena. */
struct alb_targets {
	struct alb_target *at;
	size_t n;
};

/* --- alb.c. The functions without a comment are those of struct router. --- */

/* Returns the fields of the router, or NULL. */
const struct alb_routing *alb_of(const struct canary_strategy *);

/* Returns the number of Ingresses that the strategy names, and the i-th of them. */
size_t alb_count(const struct canary_strategy *);
const char *alb_name(const struct canary_strategy *, size_t i);

bool alb_concerns(const struct rollout *, const struct object *);

/* --- alb_action.c --- */

/* Returns the Service whose action splits the requests; "" if the strategy names none. */
const char *alb_root_service(const struct rollout *);

/* Returns the key of an annotation: PREFIX/WHAT.NAME. `what` is "actions" or "conditions". In the arena. */
const char *alb_key(struct arena *, const struct alb_routing *, const char *what, const char *name);

/* Returns the action of a split, as Argo Rollouts writes it. In the arena. */
const char *alb_split_action(struct arena *, const struct rollout *, const struct wanted_split *);

/* Returns the action and the conditions of a managed route. In the arena. */
const char *alb_header_action(struct arena *, const struct rollout *);
const char *alb_header_conditions(struct arena *, const struct header_route *);

/* Whether the text of an action has shares of the traffic. */
enum alb_action {
	ALB_ACTION_SPLITS, /* it has shares */
	ALB_ACTION_NONE, /* it does not exist, or no target has a share: an Ingress that uses it has no backend */
	ALB_ACTION_UNREADABLE, /* the load balancer may keep the shares that it has */
};

/* Reads the shares of the root Service's action into *ret: percentages of the canary and of other Services, rounded up,
 * and that of the canary, rounded down, into *ret_least. All are 0, unless it splits. */
enum alb_action alb_read_action(
    struct arena *, const struct rollout *, const char *action, struct wanted_split *ret, int64_t *ret_least);

/* Returns the port of the first target of an action; 0: it has none. */
int64_t alb_action_port(const char *action);

/* --- alb_edit.c --- */

/* Edits of one Ingress. */
struct alb_edit {
	struct arena *arena;
	const struct ingress *ingress;
	json_t **ops; /* see json_patch_of */
	json_t *managed; /* of ALB_MANAGED: rollout → its keys; NULL: it is not known, and is not changed */
};

/* Begins to edit. Returns an error that names the Ingress if ALB_MANAGED cannot be read; alb_edit_end is called then
 * too. */
struct err *alb_edit_begin(struct alb_edit *, struct arena *, const struct ingress *, json_t **ops);

/* Sets an annotation of the rollout, or removes it (NULL), behind a test that it has not changed. */
void alb_edit_set(struct alb_edit *, const struct rollout *, const char *key, const char *value);

/* Adds the change of ALB_MANAGED, and frees what the edit holds. With the last entry of the record, what older versions
 * recorded is removed too, as Argo Rollouts does. */
void alb_edit_end(struct alb_edit *);

/* --- alb_routes.c --- */

bool alb_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);

/* Returns the number of managed routes of the strategy in an Ingress. */
size_t alb_managed_routes(const struct rollout *, const struct ingress *);

/* Returns the name of the Service of a path, if its port is "use-annotation"; else NULL. */
const char *alb_path_action(const json_t *path);

/* Adds a problem for each path of the root Service whose requests are not split: its port is another one. */
void alb_warn(const struct rollout *, const struct object *, struct problems *);

/* Adds a problem for each setHeaderRoute step that a load balancer cannot express. */
void alb_routes_check(const struct canary_strategy *, struct problems *);

/* --- alb_verify.c --- */

#define ALB_RESOURCE_TAG "ingress.k8s.aws/resource"

void alb_confirm(const struct rollout *, const struct pass *, struct plan *queries, struct routing *);

/* --- alb_owns.c --- */

void alb_overlay(const struct rollout *, const struct type *, const json_t *live, json_t *desired);

size_t alb_release(const struct rollout *, const struct view *, const char *const *, size_t, struct plan *);
