/* rollout/replica_counts.c: numbers of pods of the new and the stable version: the share of a weight, maxSurge and
 * maxUnavailable with their rounding. Arithmetic only; replicas.c writes the numbers. */
#include "rollout/replica_counts.h"
#include <string.h>
#include "base/str.h"

#define WEIGHT_MAX 100 /* without a router */
#define DEFAULT_LIMIT 25 /* percent, of maxSurge and maxUnavailable */

static int64_t
counts_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
counts_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
counts_share(int64_t weight, int64_t total, int64_t replicas)
{
	return (weight * replicas + total - 1) / total;
}

int64_t
counts_step_weight(const struct canary_strategy *c, int64_t index, bool at_index)
{
	int64_t n = (int64_t)c->steps.n;

	if (index >= n && at_index)
		return weight_total(c);
	for (int64_t i = index < n ? (at_index ? index : index - 1) : n - 1; i >= 0; i--)
		if (c->steps.at[i].set_weight.present)
			return c->steps.at[i].set_weight.value;
	return 0;
}

/* Returns the number of pods of a limit, "5" or "25%" of `replicas`. */
static int64_t
counts_limit(const char *text, int64_t replicas, bool up)
{
	int64_t percent = DEFAULT_LIMIT;
	char digits[16] = { 0 };
	size_t len;
	long long n = 0;

	if (text != NULL) {
		len = strcspn(text, "%");
		if (len >= sizeof(digits))
			return 0;
		memcpy(digits, text, len);
		if (!str_int(digits, 0, INT32_MAX, &n))
			return 0; /* validation reports it */
		if (text[len] == '\0')
			return n;
		percent = n;
	}
	return (percent * replicas + (up ? 99 : 0)) / 100;
}

void
counts_limits(
    const char *max_surge, const char *max_unavailable, int64_t replicas, int64_t *ret_surge, int64_t *ret_unavailable)
{
	int64_t surge = counts_limit(max_surge, replicas, true),
		unavailable = counts_limit(max_unavailable, replicas, false);

	if (surge == 0 && unavailable == 0)
		unavailable = 1;
	*ret_surge = surge;
	*ret_unavailable = counts_least(unavailable, replicas);
}

static bool
counts_routed(const struct counts_question *q)
{
	return q->canary->traffic_routing != NULL;
}

static bool
counts_explicit(const struct opt_int *v, bool zero)
{
	return v->present && (v->value == 0) == zero;
}

static int64_t
counts_set_weight(const struct counts_question *q)
{
	return q->aborted ? 0 : counts_step_weight(q->canary, q->index, true);
}

/* The weight that determines the number of pods. While a dynamically scaled stable version is restored after an
 * abort, it is the weight of the last step that needs fewer pods than are still missing. */
static int64_t
counts_weight(const struct counts_question *q)
{
	const struct canary_strategy *c = q->canary;
	int64_t missing;

	if (!q->aborted || !c->dynamic_stable_scale || q->stable == NULL)
		return counts_set_weight(q);
	missing = q->replicas - q->stable->available;
	if (!counts_explicit(&c->abort_scale_down_delay_seconds, false))
		missing = counts_most(missing, q->new_rs.available);
	for (size_t i = c->steps.n; i-- > 0;)
		if (c->steps.at[i].set_weight.present &&
		    counts_share(c->steps.at[i].set_weight.value, weight_total(c), q->replicas) < missing)
			return c->steps.at[i].set_weight.value;
	return 0;
}

/* The setCanaryScale in force: the last one up to the current step, unless it has matchTrafficWeight. */
static const struct canary_scale *
counts_scale(const struct counts_question *q)
{
	const struct canary_strategy *c = q->canary;

	if (!counts_routed(q) || q->index >= (int64_t)c->steps.n ||
	    (q->aborted && !counts_explicit(&c->abort_scale_down_delay_seconds, true)))
		return NULL;
	for (int64_t i = q->index; i >= 0; i--)
		if (c->steps.at[i].set_canary_scale != NULL)
			return c->steps.at[i].set_canary_scale->match_traffic_weight ? NULL
										     : c->steps.at[i].set_canary_scale;
	return NULL;
}

static int64_t
counts_at_least_min(const struct counts_question *q, int64_t pods)
{
	const struct opt_int *min = &q->canary->min_pods_per_replicaset;

	return min->present && pods > 0 ? counts_most(pods, counts_least(min->value, q->replicas)) : pods;
}

static void
counts_with_router(const struct counts_question *q, struct counts_result *ret)
{
	const struct canary_scale *scale = q->promote_full || q->stable == NULL ? NULL : counts_scale(q);
	int64_t all = weight_total(q->canary), total = scale != NULL ? 100 : all;
	int64_t weight = q->promote_full || q->stable == NULL ? all : counts_weight(q);

	ret->scaled = scale != NULL;
	if (scale != NULL) /* a percentage, whatever the weight of all traffic is */
		weight = scale->weight.present ? scale->weight.value : 0;
	ret->new_rs = scale != NULL && scale->replicas.present
			  ? scale->replicas.value
			  : counts_at_least_min(q, counts_share(weight, total, q->replicas));
	ret->new_rs = counts_most(ret->new_rs, q->least_new);
	ret->stable = q->replicas;
	if (!q->canary->dynamic_stable_scale)
		return;
	ret->stable = counts_share(total - weight, total, q->replicas);
	if (q->has_weights) {
		ret->stable = counts_most(ret->stable, counts_share(q->stable_weight, all, q->replicas));
		if (q->aborted)
			ret->new_rs = counts_most(ret->new_rs, counts_share(q->canary_weight, all, q->replicas));
	}
	ret->new_rs = counts_at_least_min(q, ret->new_rs);
	ret->stable = counts_at_least_min(q, ret->stable);
}

/* Splits R pods (or R + 1, if one more is allowed) so that the new version's share is closest to the weight. A side
 * gets no pod only if the weight is 0 or 100. */
static void
counts_split(int64_t replicas, int64_t weight, int64_t surge, int64_t *ret_new, int64_t *ret_stable)
{
	int64_t up = counts_share(weight, WEIGHT_MAX, replicas), down = weight * replicas / WEIGHT_MAX;
	bool whole = weight == 0 || weight == WEIGHT_MAX || (replicas == 1 && surge == 0);
	/* Half way between: rounding down is no closer. */
	bool tie = weight * replicas % WEIGHT_MAX * 2 == WEIGHT_MAX;
	double best = -1;

	/* Rounding up would leave no pod to the stable version, and one more is not allowed: round down. */
	*ret_new = weight > 0 && !whole ? down : 0;
	*ret_stable = replicas - *ret_new;
	for (int64_t total = replicas; replicas > 0 && total <= replicas + (surge > 0); total++)
		for (int k = 0; k < 2; k++) {
			int64_t pods = k == 0 ? up : down;
			double far = (double)(pods * WEIGHT_MAX) / (double)total - (double)weight;

			far = far < 0 ? -far : far;
			if (k == 0 ? !whole && total - pods <= 0 : tie || (!whole && pods == 0))
				continue;
			if (best >= 0 && far >= best)
				continue;
			best = far;
			*ret_new = pods;
			*ret_stable = total - pods;
		}
}

/* The pods of a version that may be removed: the requested ones, or those of them that are available. */
static int64_t
counts_drainable(const struct pod_counts *p, bool all)
{
	return all ? p->spec : counts_least(p->spec, p->available);
}

/* Pods that were taken from one side are not always available on the other: both sides are corrected. */
static void
counts_adjust(const struct counts_question *q, int64_t min_available, int64_t max_total, bool increasing,
    struct counts_result *ret)
{
	static const struct pod_counts none;
	const struct pod_counts *stable = q->stable != NULL ? q->stable : &none;
	const struct pod_counts *other_has = increasing ? &q->new_rs : stable;
	int64_t *other = increasing ? &ret->new_rs : &ret->stable, *drained = increasing ? &ret->stable : &ret->new_rs;
	int64_t missing;

	*other -= counts_least(*other, counts_most(0, ret->new_rs + ret->stable - max_total));
	missing = min_available - counts_least(q->new_rs.available, ret->new_rs) -
		  counts_least(stable->available, ret->stable);
	*other += counts_least(counts_most(0, other_has->available - *other), counts_most(0, missing));
	*drained -= counts_most(0, ret->new_rs + ret->stable - max_total);
}

static bool
counts_threshold_met(const struct progress_threshold *t, int64_t wanted, const struct pod_counts *has)
{
	int64_t stays = counts_least(has->available, has->spec); /* the others are terminating */

	if (t == NULL)
		return has->spec == wanted && has->available == wanted;
	if (str_eq(t->type, "Percent"))
		return wanted == 0 || stays * 100 >= t->value * wanted;
	return stays >= t->value;
}

/* Returns whether the threshold is met, or as many pods as wanted exist already: it does not wait for more. */
static bool
counts_threshold_reached(const struct progress_threshold *t, int64_t wanted, const struct pod_counts *has)
{
	return counts_threshold_met(t, wanted, has) || (t != NULL && has->available >= wanted && has->spec >= wanted);
}

/* If the canary is scaled down, or fewer pods suffice, the number of stable pods does not matter. */
static bool
counts_is_split(const struct counts_question *q, int64_t want_new, int64_t want_stable)
{
	const struct progress_threshold *t = q->canary->replica_progress_threshold;

	if (q->stable == NULL || q->new_rs.spec > want_new)
		return false;
	return counts_threshold_reached(t, want_new, &q->new_rs) && (t != NULL || q->stable->spec == want_stable);
}

static void
counts_basic(const struct counts_question *q, struct counts_result *ret)
{
	static const struct pod_counts none;
	const struct pod_counts *stable = q->stable != NULL ? q->stable : &none;
	int64_t want_new = q->replicas, want_stable = 0, surge, unavailable, budget, add, min_available, slack;
	int64_t weight = q->promote_full ? WEIGHT_MAX : counts_set_weight(q);
	bool increasing;

	counts_limits(q->canary->max_surge, q->canary->max_unavailable, q->replicas, &surge, &unavailable);
	if (q->stable != NULL)
		counts_split(q->replicas, weight, surge, &want_new, &want_stable);
	ret->reached = counts_is_split(q, want_new, want_stable);
	ret->new_rs = q->new_rs.spec;
	ret->stable = stable->spec;
	/* More pods, the stable version first, as far as maxSurge allows. */
	budget = counts_most(0, q->replicas + surge - q->new_rs.spec - stable->spec - q->older.spec);
	add = counts_least(counts_most(0, want_stable - ret->stable), budget);
	ret->stable += add;
	ret->new_rs += counts_least(counts_most(0, want_new - ret->new_rs), budget - add);
	min_available = q->replicas - unavailable;
	increasing = want_new >= q->new_rs.spec;
	if (q->older.spec > 0) {
		/* Older versions are scaled down first. If every available pod is needed, maxSurge is used up, and no
		 * new pod is starting, this would block: stable pods that are neither wanted nor available are
		 * removed. */
		if (increasing && ret->new_rs < want_new && q->new_rs.spec <= q->new_rs.available &&
		    q->older.spec <= q->older.available &&
		    q->older.available + q->new_rs.available + stable->available <= min_available)
			ret->stable =
			    counts_least(ret->stable, counts_most(want_stable, counts_drainable(stable, false)));
		return;
	}
	/* Fewer pods, as far as maxUnavailable allows. */
	slack = counts_drainable(&q->new_rs, !increasing) + counts_drainable(stable, increasing) - min_available;
	if (slack <= 0)
		return;
	if (increasing && want_stable < stable->spec)
		ret->stable = counts_most(want_stable, stable->spec - slack);
	else if (!increasing && want_new < q->new_rs.spec)
		ret->new_rs = counts_most(want_new, q->new_rs.spec - slack);
	counts_adjust(q, min_available, q->replicas + surge, increasing, ret);
}

void
counts_wanted(const struct counts_question *q, struct counts_result *ret)
{
	struct counts_result a = { .set_weight = counts_set_weight(q), .reached = true };
	const struct progress_threshold *t = q->canary->replica_progress_threshold;
	bool others = true;

	if (counts_routed(q))
		counts_with_router(q, &a);
	else
		counts_basic(q, &a);
	a.at_desired = counts_threshold_met(t, a.new_rs, &q->new_rs);
	a.reached &= counts_threshold_reached(t, a.new_rs, &q->new_rs);
	if (!counts_routed(q) || !q->canary->dynamic_stable_scale)
		others &= q->stable != NULL && q->stable->spec == a.stable && q->stable->replicas == a.stable;
	if (!counts_routed(q))
		others &= q->older.available == 0;
	a.at_desired &= others;
	a.reached &= others;
	*ret = a;
}
