/* traffic/alb_verify.c: whether the load balancers have the weights of the Ingresses: the AWS API is queried.
 *
 * The AWS Load Balancer Controller applies an annotation some time after it was written, or never. With
 * --aws-verify-target-group a weight therefore counts only when the rules of the load balancer have it. That is written
 * into status.canary.weights.verified, with the weights: after a restart it is known, and AWS is queried about changes
 * only.
 *
 * All calls about one split are a round (traffic/elbv2.h). If the load balancer does not have the split then, the next
 * round begins after ten seconds, as in Argo Rollouts; after errors, such as throttling, later and later. Until it is
 * complete, the reason is that of the round before. The number of the round is a note: a restart begins with the first.
 * The keys of a round have its split, so that no response of another split is taken for it.
 */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/controller.h"
#include "traffic/alb.h"
#include "traffic/elbv2.h"

#define AGAIN_MS 10000
#define AGAIN_MOST_MS 300000
#define ERRORS "alb-errors" /* a note: the number of rounds in a row that failed */
#define CREDENTIALS "alb-credentials" /* a note: the round of the credentials */
#define CREDENTIALS_BEFORE "alb-credentials-before" /* a note: that of the round before */

/* The bits of what has been reported about a split, so that it is not repeated in each round. From REPORTED_SHARE on, a
 * bit for each Service that has its weight. */
enum alb_reported {
	REPORTED_WEIGHT = 1 << 0,
	REPORTED_NO_BALANCER = 1 << 1,
	REPORTED_ERROR = 1 << 2,
	REPORTED_SHARE = 1 << 3
};
#define REPORTED_SHARES_MAX 16 /* further Services share the last bit */

/* One round about a split. */
struct alb_round {
	const struct rollout *rollout;
	const struct routing *routing;
	struct elbv2 api;
	struct plan *events; /* that were not reported before */
	int64_t reported, reports; /* enum alb_reported: before, and with this round */
	const char *why; /* the first reason why the split is not there */
	struct alb_status *balancers;
	size_t n_balancers;
};

/* --- which splits are unknown --- */

static bool
alb_same_split(const struct rollout *r, const struct routing *now, const struct traffic_weights *was)
{
	if (was == NULL || was->canary.weight != now->weight || was->additional.n != now->n_additional ||
	    !str_eq(was->canary.service_name, r->spec.strategy.canary->canary_service))
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
	const char *text = arena_printf(a, "alb/%s=%" PRId64, r->spec.strategy.canary->canary_service, now->weight);

	for (size_t i = 0; i < now->n_additional; i++)
		text =
		    arena_printf(a, "%s,%s=%" PRId64, text, now->additional[i].service_name, now->additional[i].weight);
	return text;
}

/* --- one round --- */

/* Adds an event, unless one like it was added by an earlier round about this split. */
static void printf_like(5, 6)
    alb_report(struct alb_round *v, int64_t what, bool warning, const char *reason, const char *format, ...)
{
	const char *text;
	va_list ap;

	v->reports |= what;
	if ((v->reported & what) != 0)
		return;
	va_start(ap, format);
	text = arena_vprintf(v->events->arena, format, ap);
	va_end(ap);
	plan_event(v->events, &v->rollout->object, warning, reason, "%s", text);
}

static void
alb_unlike(struct alb_round *v, const char *why)
{
	v->why = v->why != NULL ? v->why : why;
}

/* Returns the target group of a Service of an Ingress, by the tag that the AWS Load Balancer Controller writes. */
static const struct elbv2_target_group *
alb_group_of(const struct alb_round *v, const char *ingress, const char *service,
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
alb_verify_share(struct alb_round *v, size_t i, const char *service, const struct elbv2_target_group *group,
    int64_t want, int64_t found)
{
	if (found < 0) {
		alb_unlike(v, arena_printf(v->api.plan->arena, "no rule has the target group %s of Service %s",
				  group->name, service));
		return;
	}
	if (found == want) {
		alb_report(v, REPORTED_SHARE << (i < REPORTED_SHARES_MAX ? i : REPORTED_SHARES_MAX), false,
		    "TargetGroupVerified", "Service %s (TargetGroup %s) verified: canary weight %" PRId64 " set",
		    service, group->arn, want);
		return;
	}
	alb_unlike(v,
	    arena_printf(v->api.plan->arena, "target group %s of Service %s has the weight %" PRId64 ", not %" PRId64,
		group->name, service, found, want));
	alb_report(v, REPORTED_WEIGHT, true, "TargetGroupUnverified",
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
    struct alb_round *v, const char *ingress, const struct elbv2_balancer *balancer, struct alb_status *st)
{
	const struct canary_strategy *c = v->rollout->spec.strategy.canary;
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
	stable = alb_group_of(v, ingress, c->stable_service, groups, n_groups);
	group = alb_group_of(v, ingress, c->canary_service, groups, n_groups);
	st->canary_target_group = alb_group_resource(a, group);
	st->stable_target_group = alb_group_resource(a, stable);
	for (size_t i = 0; i <= v->routing->n_additional; i++) {
		const char *service = i == 0 ? c->canary_service : v->routing->additional[i - 1].service_name;
		int64_t want = i == 0 ? v->routing->weight : v->routing->additional[i - 1].weight;

		group = alb_group_of(v, ingress, service, groups, n_groups);
		if (group == NULL)
			alb_unlike(v, arena_printf(a, "load balancer %s has no target group of Service %s",
					  balancer->name, service));
		else
			alb_verify_share(v, i, service, group, want,
			    alb_weight_of(forwards, n_forwards, group->arn, stable != NULL ? stable->arn : NULL, want));
	}
}

/* Verifies the load balancers of an Ingress. Returns false if one does not exist. */
static bool
alb_verify_ingress(struct alb_round *v, const struct alb_target *t, struct alb_status *st)
{
	struct arena *a = v->api.plan->arena;
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
		alb_unlike(v, arena_printf(a, "AWS has no load balancer with the name %s", host));
		alb_report(
		    v, REPORTED_NO_BALANCER, true, "LoadBalancerNotFound", "Failed to find load balancer: %s", host);
		return false;
	}
	if (n == 0)
		alb_unlike(v, arena_printf(a, "Ingress %s has no load balancer yet", t->name));
	return true;
}

/* Reads what a round has found so far, and adds the queries for the rest to `plan`. An error, or a load balancer that
 * does not exist, ends it: the other Ingresses are not verified. */
static void
alb_verify(struct alb_round *v, const struct pass *pass, struct plan *plan, const char *key, const char *credentials,
    bool reads_only)
{
	const struct alb_targets *all = v->routing->own;
	bool more = true;

	elbv2_begin(&v->api, plan, pass, key, credentials);
	v->api.reads_only = reads_only;
	v->balancers = arena_new_array(plan->arena, struct alb_status, all->n);
	for (size_t i = 0; i < all->n; i++) {
		struct alb_status *st = &v->balancers[v->n_balancers++];

		st->load_balancer = st->canary_target_group = st->stable_target_group =
		    alb_resource(plan->arena, NULL, NULL, 0);
		if (more && all->at[i].ingress != NULL)
			more = alb_verify_ingress(v, &all->at[i], st) && v->api.err == NULL;
	}
	if (v->api.err != NULL) {
		v->why = err_text(plan->arena, v->api.err);
		alb_report(v, REPORTED_ERROR, true, "TargetGroupVerifyError",
		    "Failed to verify Service %s (TargetGroup unknown): %s",
		    v->rollout->spec.strategy.canary->canary_service, v->why);
	}
	elbv2_done(&v->api);
}

/* --- rounds --- */

/* The rounds about a split, as notes have them. */
struct alb_rounds {
	const char *split; /* the note of their number */
	const char *reported_name; /* the note of enum alb_reported */
	int64_t number, reported, errors, credentials, credentials_before;
};

static struct alb_rounds
alb_rounds_of(struct arena *a, const struct rollout *r, const struct pass *pass, const struct routing *now)
{
	const char *split = alb_split_text(a, r, now), *reported_name = arena_printf(a, "%s reported", split);

	return (struct alb_rounds){ .split = split,
		.reported_name = reported_name,
		.number = seen_note(pass->seen, split, 0),
		.reported = seen_note(pass->seen, reported_name, 0),
		.errors = seen_note(pass->seen, ERRORS, 0),
		.credentials = seen_note(pass->seen, CREDENTIALS, 0),
		.credentials_before = seen_note(pass->seen, CREDENTIALS_BEFORE, 0) };
}

static void
alb_rounds_note(const struct alb_rounds *all, struct plan *asks)
{
	plan_note(asks, all->split, all->number);
	plan_note(asks, all->reported_name, all->reported);
	plan_note(asks, ERRORS, all->errors);
	plan_note(asks, CREDENTIALS, all->credentials);
	plan_note(asks, CREDENTIALS_BEFORE, all->credentials_before);
}

/* Fetches the credentials again shortly before they expire. */
static void
alb_renew_credentials(struct alb_rounds *all, const struct pass *pass, struct arena *a)
{
	struct elbv2 api;

	elbv2_begin(&api, plan_new(a), pass, all->split, arena_printf(a, CREDENTIALS "/%" PRId64, all->credentials));
	api.reads_only = true;
	all->credentials += elbv2_credentials_expire(&api);
	elbv2_done(&api);
}

/* Reads the current round, or the one `before` it. */
static struct alb_round
alb_round_read(const struct alb_rounds *all, bool before, const struct rollout *r, const struct pass *pass,
    const struct routing *now, struct plan *asks)
{
	struct arena *a = asks->arena;
	struct alb_round v = { .rollout = r, .routing = now, .events = plan_new(a), .reported = all->reported };

	alb_verify(&v, pass, asks, arena_printf(a, "%s/%" PRId64, all->split, all->number - before),
	    arena_printf(a, CREDENTIALS "/%" PRId64, before ? all->credentials_before : all->credentials), before);
	return v;
}

/* Returns the time from a round that failed to the next one. */
static int64_t
alb_again_ms(const struct alb_round *v, int64_t errors)
{
	int64_t ms = AGAIN_MS;

	if (v->api.err == NULL)
		return ms;
	for (int64_t i = 0; i < errors && ms < AGAIN_MOST_MS; i++)
		ms *= 2;
	ms = v->api.retry_after_ms > ms ? v->api.retry_after_ms : ms;
	return ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS;
}

/* Begins the round that follows one that failed, if it is time. Without a response nothing was queried: the next pass
 * is that of a change. */
static void
alb_next_round(struct alb_rounds *all, const struct alb_round *done, const struct rollout *r, const struct pass *pass,
    const struct routing *now, struct plan *asks)
{
	int64_t at = time_add(done->api.answered_at, alb_again_ms(done, all->errors));

	if (done->api.answered_at == 0)
		return;
	if (pass->now < at) {
		plan_wake(asks, at);
		return;
	}
	all->number++;
	all->errors = done->api.err != NULL ? all->errors + 1 : 0;
	all->credentials_before = all->credentials;
	all->credentials += done->api.err != NULL; /* they may be what failed */
	alb_round_read(all, false, r, pass, now, asks);
}

void
alb_confirm(const struct rollout *r, const struct pass *pass, struct plan *asks, struct routing *ret)
{
	struct alb_rounds all = alb_rounds_of(asks->arena, r, pass, ret);
	struct alb_round v;

	if (!pass_settings(pass)->verify_target_groups)
		return;
	if (!alb_is_unknown(r, ret)) {
		if (r->status.canary.weights != NULL)
			ret->verified = r->status.canary.weights->verified;
		return;
	}
	ret->verified = (struct opt_bool){ true, false };
	ret->unverified = "AWS is queried about the load balancers";
	if (ret->weight != ret->weight_min || ret->routes_differ) {
		ret->unverified = "the Ingresses have different weights";
		return;
	}
	alb_renew_credentials(&all, pass, asks->arena);
	v = alb_round_read(&all, false, r, pass, ret, asks);
	if (v.api.waits && v.api.err == NULL) {
		if (all.number > 0)
			ret->unverified = alb_round_read(&all, true, r, pass, ret, asks).why ?: ret->unverified;
	} else {
		plan_include(asks, v.events);
		all.reported |= v.reports;
		ret->verified.value = v.why == NULL;
		ret->unverified = v.why;
		ret->balancers = v.balancers;
		ret->n_balancers = v.n_balancers;
		if (v.why != NULL)
			alb_next_round(&all, &v, r, pass, ret, asks);
	}
	alb_rounds_note(&all, asks);
}
