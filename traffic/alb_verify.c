/* traffic/alb_verify.c: whether the load balancers have the weights of the Ingresses: the AWS API is queried.
 *
 * The AWS Load Balancer Controller applies an annotation some time after it was written, or never. With
 * --aws-verify-target-group a weight therefore counts only when the rules of the load balancer have it. That is written
 * into status.canary.weights.verified, with the weights: after a restart it is known, and AWS is queried about changes
 * only.
 * All calls about one split are a round (traffic/elbv2_rounds.h).
 */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/core.h"
#include "kube/plan/controller.h"
#include "traffic/alb.h"
#include "traffic/elbv2_rounds.h"
#include "traffic/target_groups.h"

/* The bits of what has been reported about a split, so that it is not repeated in each round. From REPORTED_SHARE on, a
 * bit for each Service that has its weight. */
enum alb_reported {
	REPORTED_WEIGHT = 1 << 0,
	REPORTED_NO_BALANCER = 1 << 1,
	REPORTED_ERROR = 1 << 2,
	REPORTED_SHARE = 1 << 3
};
#define REPORTED_SHARES_MAX 16 /* further Services share the last bit */

/* --- which splits are unknown --- */

static bool
alb_same_split(const struct rollout *r, const struct routing *now, const struct traffic_weights *was)
{
	if (was == NULL || was->canary.weight != now->weight || was->additional.n != now->n_additional ||
	    !str_eq(was->canary.service_name, r->spec.strategy.canary->turn_canary_service))
		return false;
	for (size_t i = 0; i < now->n_additional; i++) {
		size_t k = 0;

		while (k < was->additional.n &&
		       !str_eq(was->additional.at[k].service_name, now->additional[i].service_name))
			k++;
		if (k == was->additional.n || was->additional.at[k].weight != now->additional[i].weight)
			return false;
	}
	return true;
}

/* Returns whether the split of the Ingresses is to be verified: the status has another one, or has it as not verified.
 * Before the first version is stable there is nothing that traffic could be split with. Traffic that was never split
 * since this controller verifies is not verified: many rollouts would send queries at once when it starts. */
static bool
alb_is_unknown(const struct rollout *r, const struct routing *now)
{
	const struct traffic_weights *was = r->status.canary.weights;
	bool same = alb_same_split(r, now, was);

	if (str_empty(r->status.stable_rs))
		return false;
	if (was != NULL && was->verified.present)
		return !same || !was->verified.value;
	return now->weight > 0 || now->n_additional > 0 || (was != NULL && !same);
}

/* Returns the text of a split, for keys: another one has other queries and notes. */
static const char *
alb_split_text(struct arena *a, const struct rollout *r, const struct routing *now)
{
	const char *text =
	    arena_printf(a, "alb/%s=%" PRId64, r->spec.strategy.canary->turn_canary_service, now->weight);

	for (size_t i = 0; i < now->n_additional; i++)
		text =
		    arena_printf(a, "%s,%s=%" PRId64, text, now->additional[i].service_name, now->additional[i].weight);
	return text;
}

/* --- one round --- */

/* Returns the target group of a Service of an Ingress, by the tag that the AWS Load Balancer Controller writes. */
static const struct elbv2_target_group *
alb_group_of(const struct elbv2_round *v, const char *ingress, const char *service,
    const struct elbv2_target_group *groups, size_t n)
{
	const struct alb_routing *alb = alb_of(v->rollout->spec.strategy.canary);
	const char *key = pass_settings(v->api.pass)->target_group_tag ?: ALB_RESOURCE_TAG;
	const char *want = arena_printf(v->api.plan->arena, "%s/%s-%s:%" PRId64, v->rollout->object.meta.namespace,
	    ingress, service, alb->service_port.value);

	for (size_t i = 0; i < n; i++)
		if (str_eq(string_map_get(&groups[i].tags, key), want))
			return &groups[i];
	return NULL;
}

static int64_t
alb_share_in(const struct elbv2_forward *f, const char *arn)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->at[i].arn, arn))
			return f->at[i].weight;
	return -1;
}

/* Returns the weight of a target group in the actions that split between it and the stable one; the one that differs
 * from what is wanted, if there are several; -1: no action has it. An action of a managed route has the group alone. */
static int64_t
alb_weight_of(const struct elbv2_forward *list, size_t n, const char *arn, const char *stable, int64_t want)
{
	int64_t found = -1;

	for (int pass = 0; pass < 2 && found < 0; pass++)
		for (size_t i = 0; i < n; i++) {
			int64_t weight = alb_share_in(&list[i], arn);
			bool splits = stable != NULL && alb_share_in(&list[i], stable) >= 0;

			if (weight >= 0 && (splits || pass == 1) && (found < 0 || found == want))
				found = weight;
		}
	return found;
}

/* `i`: the number of the Service. A target group that no rule has (found < 0) is not yet that of the action. */
static void
alb_verify_share(struct elbv2_round *v, size_t i, const char *service, const struct elbv2_target_group *group,
    int64_t want, int64_t found)
{
	if (found < 0) {
		elbv2_unlike(v, "no rule has the target group %s of Service %s", group->name, service);
		return;
	}
	if (found == want) {
		elbv2_report(v, REPORTED_SHARE << (i < REPORTED_SHARES_MAX ? i : REPORTED_SHARES_MAX), false,
		    "TargetGroupVerified", "Service %s (TargetGroup %s) verified: canary weight %" PRId64 " set",
		    service, group->arn, want);
		return;
	}
	elbv2_unlike(v, "target group %s of Service %s has the weight %" PRId64 ", not %" PRId64, group->name, service,
	    found, want);
	elbv2_report(v, REPORTED_WEIGHT, true, "TargetGroupUnverified",
	    "Service %s (TargetGroup %s) not verified: canary weight %" PRId64 " not yet set (current: %" PRId64 ")",
	    service, group->arn, want, found);
}

static struct aws_resource
alb_resource(struct arena *a, const char *name, const char *arn, int slashes)
{
	const char *full = arn;

	for (int i = 0; full != NULL && i < slashes; i++)
		if ((full = strchr(full, '/')) != NULL)
			full++;
	return (struct aws_resource){ name ?: "", arn ?: "", full != NULL ? arena_strdup(a, full) : "" };
}

static struct aws_resource
alb_group_resource(struct arena *a, const struct elbv2_target_group *g)
{
	return g != NULL ? alb_resource(a, g->name, g->arn, 1) : alb_resource(a, NULL, NULL, 0);
}

/* Verifies the weights of a load balancer. */
static void
alb_verify_balancer(
    struct elbv2_round *v, const char *ingress, const struct elbv2_balancer *balancer, struct alb_status *st)
{
	const struct canary_strategy *c = v->rollout->spec.strategy.canary;
	const struct routing *now = v->subject;
	struct arena *a = v->api.plan->arena;
	const struct elbv2_target_group *stable, *group;
	struct elbv2_target_group *groups;
	struct elbv2_forward *forwards;
	size_t n_groups, n_forwards;

	st->load_balancer = alb_resource(a, balancer->name, balancer->arn, 2);
	st->ingress = ingress;
	if (!elbv2_target_groups(&v->api, balancer->arn, &groups, &n_groups) ||
	    !elbv2_forwards(&v->api, balancer->arn, &forwards, &n_forwards))
		return;
	stable = alb_group_of(v, ingress, c->turn_stable_service, groups, n_groups);
	group = alb_group_of(v, ingress, c->turn_canary_service, groups, n_groups);
	st->canary_target_group = alb_group_resource(a, group);
	st->stable_target_group = alb_group_resource(a, stable);
	for (size_t i = 0; i <= now->n_additional; i++) {
		const char *service = i == 0 ? c->turn_canary_service : now->additional[i - 1].service_name;
		int64_t want = i == 0 ? now->weight : now->additional[i - 1].weight;

		group = alb_group_of(v, ingress, service, groups, n_groups);
		if (group == NULL)
			elbv2_unlike(v, "load balancer %s has no target group of Service %s", balancer->name, service);
		else
			alb_verify_share(v, i, service, group, want,
			    alb_weight_of(forwards, n_forwards, group->arn, stable != NULL ? stable->arn : NULL, want));
	}
}

/* Verifies the load balancers of an Ingress. Returns false if one does not exist. */
static bool
alb_verify_ingress(struct elbv2_round *v, const struct alb_target *t, struct alb_status *st)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ingress->status.load_balancer.ingress.n; i++) {
		const char *host = t->ingress->status.load_balancer.ingress.at[i].hostname;
		struct elbv2_balancer balancer;

		if (str_empty(host))
			continue;
		n++;
		if (!elbv2_find_balancer(&v->api, host, &balancer))
			continue;
		if (balancer.arn != NULL) {
			alb_verify_balancer(v, t->name, &balancer, st);
			continue;
		}
		elbv2_unlike(v, "AWS has no load balancer with the name %s", host);
		elbv2_report(
		    v, REPORTED_NO_BALANCER, true, "LoadBalancerNotFound", "Failed to find load balancer: %s", host);
		return false;
	}
	if (n == 0)
		elbv2_unlike(v, "Ingress %s has no load balancer yet", t->name);
	return true;
}

/* Reads what a round has found so far. An error, or a load balancer that does not exist, ends it: the other Ingresses
 * are not verified. */
static void
alb_verify(struct elbv2_round *v)
{
	const struct routing *now = v->subject;
	const struct alb_targets *all = now->own;
	struct arena *a = v->api.plan->arena;
	bool more = true;

	v->balancers = arena_new_array(a, struct alb_status, all->n);
	for (size_t i = 0; i < all->n; i++) {
		struct alb_status *st = &v->balancers[v->n_balancers++];

		st->load_balancer = st->canary_target_group = st->stable_target_group = alb_resource(a, NULL, NULL, 0);
		if (more && all->at[i].ingress != NULL)
			more = alb_verify_ingress(v, &all->at[i], st) && v->api.err == NULL;
	}
	if (v->api.err == NULL)
		return;
	v->why = err_text(a, v->api.err);
	elbv2_report(v, REPORTED_ERROR, true, "TargetGroupVerifyError",
	    "Failed to verify Service %s (TargetGroup unknown): %s",
	    v->rollout->spec.strategy.canary->turn_canary_service, v->why);
}

/* Queries whether the load balancers have the split of the Ingresses. */
static void
alb_confirm_split(const struct rollout *r, const struct pass *pass, struct plan *queries, struct routing *ret)
{
	struct elbv2_round v;

	ret->verified = (struct opt_bool){ true, false };
	ret->unverified = "AWS is queried about the load balancers";
	if (ret->weight != ret->weight_min || ret->routes_differ) {
		ret->unverified = "the Ingresses have different weights";
		return;
	}
	if (!elbv2_rounds_confirm(r, pass, alb_split_text(queries->arena, r, ret), ret, alb_verify, queries, &v)) {
		ret->unverified = v.why ?: ret->unverified;
		return;
	}
	ret->verified.value = v.why == NULL;
	ret->unverified = v.why;
	ret->balancers = v.balancers;
	ret->n_balancers = v.n_balancers;
}

/* Returns whether the stable Service selects a version that is about to become the stable one. With pingPong no Service
 * is switched then. */
static bool
alb_is_switched(const struct rollout *r, const struct view *view)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct rollout_status *st = &r->status;
	const struct service *s =
	    (const struct service *)view_get(view, &service_type, r->object.meta.namespace, c->turn_stable_service);

	return c->ping_pong == NULL && !st->abort && !str_empty(st->stable_rs) &&
	       !str_eq(st->stable_rs, st->current_pod_hash) && s != NULL &&
	       str_eq(string_map_get(&s->spec.selector, LABEL_POD_TEMPLATE_HASH), st->current_pod_hash);
}

void
alb_confirm(const struct rollout *r, const struct pass *pass, struct plan *queries, struct routing *ret)
{
	if (!pass_settings(pass)->verify_target_groups)
		return;
	if (alb_is_unknown(r, ret))
		alb_confirm_split(r, pass, queries, ret);
	else if (r->status.canary.weights != NULL)
		ret->verified = r->status.canary.weights->verified;
	if (alb_is_switched(r, pass->view))
		target_groups_confirm(r, r->spec.strategy.canary->turn_stable_service, r->status.current_pod_hash,
		    ret->unverified == NULL, pass, queries, &ret->unregistered);
}
