/* analysis/compare/comparison.c: plays the bins of a comparison until there is a verdict. */
#include "analysis/compare/comparison.h"
#include <math.h>

/* The scratch of one comparison. */
struct comparison_pass {
	const struct comparison *c;
	struct evidence *of_kind; /* of each kind */
	struct evidence_value *evidence; /* of each kind */
	struct comparison_requests *canary, *stable; /* sums of each kind */
	double *log_stop; /* of each kind */
	struct evidence_count *canary_counts, *stable_counts; /* of the pods of one bin */
	size_t n_canary, n_stable;
	size_t restarts; /* so far */
	size_t bins; /* of the canary since the last one */
};

static struct comparison_pass
comparison_begin(const struct comparison *c, struct arena *a)
{
	size_t kinds = c->counters->kinds;
	struct comparison_pass p = { .c = c };

	for (size_t i = 0; i < c->counters->n_pods; i++) {
		p.n_canary += c->arms[i] == ARM_CANARY;
		p.n_stable += c->arms[i] == ARM_STABLE;
	}
	p.of_kind = arena_new_array(a, struct evidence, kinds);
	p.evidence = arena_new_array(a, struct evidence_value, kinds);
	p.canary = arena_new_array(a, struct comparison_requests, kinds);
	p.stable = arena_new_array(a, struct comparison_requests, kinds);
	p.log_stop = arena_new_array(a, double, kinds);
	p.canary_counts = arena_new_array(a, struct evidence_count, p.n_canary);
	p.stable_counts = arena_new_array(a, struct evidence_count, p.n_stable);
	for (size_t k = 0; k < kinds; k++)
		p.of_kind[k] =
		    evidence_new(&c->settings, arena_new_array(a, struct evidence_pod, p.n_stable), p.n_stable);
	return p;
}

/* Reads the counts of one kind in one bin. */
static void
comparison_counts(struct comparison_pass *p, size_t kind, size_t bin)
{
	const struct counters *c = p->c->counters;
	size_t canary = 0, stable = 0;

	for (size_t i = 0; i < c->n_pods; i++) {
		double n = counters_series(c, &c->pods[i], 0)[bin];
		struct evidence_count count = { 0 };

		if (!isnan(n))
			count = (struct evidence_count){ n, counters_series(c, &c->pods[i], 1 + kind)[bin], true };
		if (p->c->arms[i] == ARM_CANARY) {
			p->canary[kind].n += count.n;
			p->canary[kind].x += count.x;
			p->canary_counts[canary++] = count;
		} else if (p->c->arms[i] == ARM_STABLE) {
			p->stable[kind].n += count.n;
			p->stable[kind].x += count.x;
			p->stable_counts[stable++] = count;
		}
	}
}

static size_t
comparison_present(const struct evidence_count *counts, size_t n)
{
	size_t present = 0;

	for (size_t i = 0; i < n; i++)
		present += counts[i].present;
	return present;
}

/* Adds a bin. The mean of the kinds' evidence to stop is evidence; to pass, each kind must pass. */
static struct comparison_point
comparison_bin(struct comparison_pass *p, size_t bin)
{
	struct comparison_point at = { .pass = INFINITY };
	size_t kinds = p->c->counters->kinds;

	for (; p->restarts < p->c->n_restarts && p->c->restarts[p->restarts] <= bin; p->restarts++) {
		for (size_t k = 0; k < kinds; k++)
			evidence_restart_pass(&p->of_kind[k]);
		p->bins = 0;
	}
	for (size_t k = 0; k < kinds; k++) {
		comparison_counts(p, k, bin);
		evidence_bin(&p->of_kind[k], p->canary_counts, p->n_canary, p->stable_counts, &p->evidence[k]);
		p->log_stop[k] = p->evidence[k].stop;
		at.pass = fmin(at.pass, p->evidence[k].pass);
		if (p->evidence[k].stop > p->evidence[at.kind].stop)
			at.kind = k;
	}
	at.stop = evidence_log_mean(p->log_stop, kinds);
	at.pass_at = (p->c->spend ? exp2(fmax((double)p->restarts, 1)) : 1) / p->c->misses;
	at.canary = p->canary[at.kind];
	at.stable = p->stable[at.kind];
	at.margin = p->evidence[at.kind].margin;
	at.spread = p->evidence[at.kind].spread;
	at.canary_pods = comparison_present(p->canary_counts, p->n_canary);
	at.stable_pods = comparison_present(p->stable_counts, p->n_stable);
	p->bins += p->bins > 0 || at.canary_pods > 0;
	at.bins = p->bins;
	return at;
}

static enum comparison_verdict
comparison_verdict(const struct comparison *c, size_t bin, const struct comparison_point *at)
{
	if (at->stop >= log(c->stop_at))
		return COMPARISON_FAILED;
	if (bin >= c->pass_from && at->bins >= COMPARISON_BINS_MIN && at->stop <= EVIDENCE_NEUTRAL &&
	    at->pass >= log(at->pass_at))
		return COMPARISON_PASSED;
	return bin >= c->expires ? COMPARISON_EXPIRED : COMPARISON_WAITS;
}

void
comparison_judge(
    const struct comparison *c, struct arena *a, struct comparison_point *points, struct comparison_result *ret)
{
	struct comparison_pass p = comparison_begin(c, a);

	*ret = (struct comparison_result){ .bin = c->first - 1 };
	for (size_t bin = c->first; bin < c->counters->columns && ret->verdict == COMPARISON_WAITS; bin++) {
		ret->bin = bin;
		ret->at = comparison_bin(&p, bin);
		ret->verdict = comparison_verdict(c, bin, &ret->at);
		if (points != NULL)
			points[bin] = ret->at;
	}
}

double
comparison_at_least(const struct comparison *c, struct arena *a, size_t bin)
{
	static const double ratios[] = { 10, 5, 3, 2, 1.5, 1.25 };

	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		struct comparison other = *c;
		struct comparison_result r;

		other.settings.tolerate_ratio = ratios[i];
		other.pass_from = other.expires = SIZE_MAX;
		comparison_judge(&other, a, NULL, &r);
		if (r.verdict == COMPARISON_FAILED && r.bin <= bin)
			return ratios[i];
	}
	return 0;
}
