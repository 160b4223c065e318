/* traffic/gateway_api.h: the parts of the Gateway API router, one file each.
 *
 * A strategy refers to routes: HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes, whose rules have backendRefs of the
 * canary's and the stable Service. A rule of an HTTPRoute or GRPCRoute is managed if its name is in managedRoutes, or
 * is such a name with a number behind it ("beta-1"), and it has one backendRef, of one of the two Services: steps
 * create and remove it. Any other rule of such a name is an error. All other rules with both Services are split. In a
 * rule with one of them, its destinations get the same weight. But a rule that has only one of the Services keeps its
 * weight when it would be 0, which would leave no destination, and one of an HTTPRoute or GRPCRoute that has only the
 * canary's is a user's preview, which is never changed.
 *
 * The Services are those of the rollout's namespace. A route of another namespace refers to them with `namespace`;
 * Services of its own namespace that have the same names are not the rollout's.
 */
#pragma once
#include "kube/api/gateway.h"
#include "kube/api/rollout.h"
#include "traffic/router.h"

#define GATEWAY_FIELD "spec.strategy.canary.trafficRouting.plugins.argoproj-labs/gatewayAPI"

enum gateway_kind { GATEWAY_HTTP, GATEWAY_GRPC, GATEWAY_TCP, GATEWAY_TLS, GATEWAY_KIND_MAX };

/* A reference of the strategy to a route. */
struct gateway_reference {
	enum gateway_kind kind;
	const char *name;
	bool header_routes; /* setHeaderRoute and setMirrorRoute steps create rules in it */
	struct opt_int index; /* in the list of its kind; absent: it is named alone, as httpRoute, or selected */
	bool selected; /* by its labels */
};

/* A route of the strategy, as it was read. */
struct gateway_target {
	struct gateway_reference reference;
	const struct gateway_route *route; /* NULL: it could not be read */
	bool invalid; /* it cannot be split as it is */
	bool label_needed; /* another rollout whose canary has weight in this route needs the label */
};

/* The Service of an experiment's template. */
struct gateway_service {
	const char *name;
	int64_t port; /* 0: unknown */
};

/* The Services of a rollout's experiments. In the arena. */
struct gateway_services {
	const struct gateway_service *at;
	size_t n;
};

/* The routes of a strategy, each once. In the arena. */
struct gateway_targets {
	struct gateway_target *at;
	size_t n;
	struct gateway_services services;
	bool has_http; /* a rule of an HTTPRoute was read */
};

/* The weights of the destinations of one rule. */
struct gateway_shares {
	size_t n_canary, n_stable; /* the number of its backendRefs of each side */
	int64_t least, most; /* percent of the canary; they differ by rounding only */
	bool none; /* no destination of the two has weight */
};

/* --- gateway_api.c. The functions without a comment are those of struct router. --- */

/* Returns the fields of the router, or NULL. */
const struct gateway_routing *gateway_of(const struct canary_strategy *);

/* Returns the i-th type of the routes of a kind, from 0: its versions, the preferred one first. NULL after the last
 * one. */
const struct type *gateway_type(enum gateway_kind, size_t i);

/* Sets *ret to the i-th reference of the strategy, from 0. Returns false after the last one. */
bool gateway_reference_at(const struct canary_strategy *, size_t i, struct gateway_reference *ret);

/* Returns the labels by which the strategy selects further routes of a kind; NULL: it selects none. */
const struct label_selector *gateway_selector(const struct canary_strategy *, enum gateway_kind);

/* Returns the namespace of all routes of the rollout. */
const char *gateway_namespace(const struct rollout *);

bool gateway_concerns(const struct rollout *, const struct object *);

/* --- gateway_rules.c --- */

/* Returns whether the name is one of a managed rule. */
bool gateway_has_managed_name(const struct canary_strategy *, const struct gateway_rule *);

/* Returns whether a rule of this name may be one of a managed route: the name, or it with a number. */
bool gateway_is_rule_name(const char *rule, const char *managed);

/* Returns whether a rule can have the name of both: they are equal, or one is the other with a number. */
bool gateway_names_overlap(const char *, const char *);

/* Returns whether a step made the rule: see above. The Services have swapped since then with pingPong. */
bool gateway_is_managed(const struct rollout *, const struct gateway_rule *);

/* Returns whether the rule has both Services, and is not managed. */
bool gateway_is_split(const struct rollout *, const struct gateway_rule *);

/* Returns whether weights are set in the rule of the route: it has one of the Services, and neither is a preview of the
 * canary nor leads the requests of a header to it. */
bool gateway_has_weights(const struct rollout *, const struct gateway_route *, const struct gateway_rule *);

/* Returns whether a reference in a route of the rollout is to this Service of its namespace. */
bool gateway_ref_is(const struct rollout *, const struct backend_ref *, const char *service);

/* Returns whether a backendRef of the rule is to this Service. */
bool gateway_refers_to(const struct rollout *, const struct gateway_rule *, const char *service);

/* Returns the weight of a reference: 1 if it has none. */
int64_t gateway_weight(const struct backend_ref *);

/* Returns the shares of a rule, of all traffic that destinations other than the rollout's do not get. */
struct gateway_shares gateway_shares_of(
    const struct rollout *, const struct gateway_rule *, const struct gateway_services *);

/* Adds to *ops (see json_patch_of) what gives each destination its weight in all rules that have weights: the canary's
 * Service `weight`, the stable one the rest of weight_total. In an HTTPRoute, rules that are split get the wanted
 * Services of experiments too, and lose the others of `services`. Other destinations are not changed. Returns an error
 * if no rule has both Services. */
struct err *gateway_weight_patch(struct arena *, const struct rollout *, const struct gateway_route *,
    const struct gateway_services *, const struct wanted_split *, json_t **ops);

/* Adds to *ops what sets or removes the label of an update. It stays while `needed`. */
void gateway_label_patch(
    struct arena *, const struct gateway_routing *, const struct object *, int64_t weight, bool needed, json_t **ops);

/* Returns the key of the label of an update; NULL: the strategy has disabled it. */
const char *gateway_label_key(const struct gateway_routing *);

/* --- gateway_managed.c --- */

bool gateway_set_routes(
    const struct rollout *, const struct routing *, const struct wanted_route *, size_t, struct arena *, struct plan *);

/* Returns the match of one header of a step. A regular expression stays as it is; a prefix becomes one. A new
 * reference. */
json_t *gateway_header_match(struct arena *, const struct header_match *);

/* Returns the reference to the canary's Service in a rule that is split, without a weight: the rule, and its JSON. A
 * new reference. */
json_t *gateway_canary_ref(const struct rollout *, const struct gateway_rule *, const json_t *);

/* Returns the same for a Service. A new reference. */
json_t *gateway_service_ref(const struct rollout *, const struct gateway_rule *, const json_t *, const char *service);

/* Returns the number of the rule in a list of wanted ones; -1: it is not wanted, or not as it is. */
int gateway_wanted_at(const struct gateway_rule *, const json_t *want);

/* --- gateway_experiment.c --- */

/* Returns the Services of the rollout's experiments, also of those that have ended: see above. */
struct gateway_services gateway_read_services(const struct rollout *, const struct view *, struct arena *);

/* Returns the Service of this name; NULL: it is not among them, or the name is NULL. */
const struct gateway_service *gateway_service_of(const struct gateway_services *, const char *name);

/* Returns the weight that all of them have in a rule. */
int64_t gateway_services_weight(const struct rollout *, const struct gateway_rule *, const struct gateway_services *);

/* Adds the weights that they have in a rule to *ret: each Service once, with the most that a rule gives it. `first`: no
 * rule was read before. */
void gateway_read_additional(const struct rollout *, const struct gateway_rule *, const struct gateway_services *,
    bool first, struct arena *, struct routing *ret);

/* Returns what the reference is to get, if it is to a Service of an experiment; NULL if not. */
const struct weight_destination *gateway_wanted_service(
    const struct rollout *, const struct wanted_split *, const struct backend_ref *);

/* Returns the operations on the backendRefs at `base` that remove Services which are not wanted and add missing ones;
 * NULL: there are none. A new reference. */
json_t *gateway_service_edits(struct arena *, const struct rollout *, const struct gateway_rule *, const char *base,
    const struct gateway_services *, const struct wanted_split *);

/* Adds a problem for each weight of an experiment that no route of the strategy can have. */
void gateway_check_experiments(const struct canary_strategy *, struct problems *);

/* --- gateway_mirror.c --- */

/* Returns whether a setMirrorRoute step made the rule. */
bool gateway_is_mirror(const struct rollout *, const struct gateway_rule *);

/* Sets *ret to the rules of a setMirrorRoute step in a route: "NAME", "NAME-1" and so on, one for each rule that is
 * split, as far as requests match both. Returns an error, which names the field of the step, if no request
 * matches both, or if the conditions of a rule and of the step cannot be combined. A new reference to a list. */
struct err *gateway_mirror_rules(
    struct arena *, const struct rollout *, const struct mirror_route *, const struct gateway_route *, json_t **ret);

/* Adds a problem for each match of a setMirrorRoute step that routes of the strategy cannot have. */
void gateway_check_mirrors(const struct canary_strategy *, struct problems *);

/* --- gateway_session.c --- */

/* Returns whether the rule is one for session affinity, of this rollout. */
bool gateway_is_session(const struct rollout *, const struct gateway_rule *);

/* Returns the operations on the filters of the canary's backendRefs at `base` for this weight of the canary, a new
 * reference; NULL if nothing changes. */
json_t *gateway_session_edits(
    struct arena *, const struct rollout *, const struct gateway_rule *, const char *base, int64_t weight);

/* Adds to *ops what makes the rules for session affinity those for this weight of the canary. They are behind all
 * others, so that it moves none that it does not remove. */
void gateway_session_patch(
    struct arena *, const struct rollout *, const struct gateway_route *, int64_t weight, json_t **ops);

/* Copies the filter for session affinity from a live backendRef to the desired one. */
void gateway_session_keep(const json_t *live, json_t *desired);

/* Returns why the route cannot have session affinity, if the rollout wants it; NULL: it can. */
struct err *gateway_session_problem(struct arena *, const struct rollout *, const struct gateway_route *);

/* --- gateway_owns.c --- */

void gateway_overlay(const struct rollout *, const struct type *, const json_t *live, json_t *desired);
