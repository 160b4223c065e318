/* analysis/compare/evidence.c: the evidence of one comparison. The hypotheses are described in evidence.h. */
#include "analysis/compare/evidence.h"
#include <math.h>
#include <string.h>
#include "base/str.h"

/* Shares of the capital that are bet on the canary's share of a bin's bad requests. */
static const double evidence_bets[EVIDENCE_BETS] = { 0.05, 0.15, 0.35, 0.65, 0.95 };

/* Breakage that the fast path searches for, in units of FAST_FROM margins. */
static const double evidence_fast[EVIDENCE_FAST] = { 2, 5, 20, 100 };
#define FAST_FROM 2.5
#define FAST_DISPERSION 10 /* at least: a tenth of the evidence that independent requests would give */

/* How bad a good canary is: in times of the stable version, and as parts of catch_share. */
static const double evidence_less[EVIDENCE_PASS] = { 0.5, 1, 1.3 };
static const double evidence_few[EVIDENCE_PASS] = { 50, 5, 2 };
#define PASS_DISPERSION 2 /* at least */

/* Quantiles of the difference between two groups of pods. The spread is an estimate from about ten pods: 3.25 is
 * Student's quantile of 99.5 % with 9 degrees of freedom; passing is tested with 1.65, of 95 %. */
#define MARGIN_STOP 3.25
#define MARGIN_PASS 1.65

#define SPREAD_HALF 20 /* bad requests of a pod at which its own spread and the prior count alike */
#define SPREAD_MAX 1 /* of the variance */
#define DISPERSION_PRIOR 4 /* degrees of freedom */

struct evidence
evidence_new(const struct evidence_settings *settings, struct evidence_pod *pods, size_t n_pods)
{
	for (size_t i = 0; i < n_pods; i++)
		pods[i] = (struct evidence_pod){ 0 };
	return (struct evidence){ .settings = *settings, .pods = pods, .n_pods = n_pods };
}

void
evidence_restart_pass(struct evidence *j)
{
	memset(j->less, 0, sizeof(j->less));
	memset(j->few, 0, sizeof(j->few));
}

/* The largest term is taken out, so that no exponential overflows. */
double
evidence_log_mean(const double *v, size_t n)
{
	double top = v[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		top = v[i] > top ? v[i] : top;
	for (size_t i = 0; i < n; i++)
		sum += exp(v[i] - top);
	return top + log(sum / (double)n);
}

/* The stable pods before this bin. */
struct evidence_shown {
	size_t m; /* pods */
	double n, x; /* their requests */
	double spread; /* relative difference between pods */
	double dispersion; /* of the bad requests, relative to independent ones; at least 1 */
};

/* Only the covariance between different bins counts as a difference between pods: a burst within one bin does not. */
static double
evidence_spread(const struct evidence *j, const struct evidence_shown *s)
{
	double prior = s->m > 1 ? j->settings.prior : j->settings.prior_alone, num = 0, den = 0, own, weight;
	double m = (double)s->m, mean = s->m > 0 ? s->x / m : 0;

	for (size_t i = 0; i < j->n_pods; i++) {
		num += j->pods[i].d * j->pods[i].d - j->pods[i].dd;
		den += j->pods[i].e * j->pods[i].e - j->pods[i].ee;
	}
	prior *= prior;
	if (s->m < 2 || s->n == 0)
		return sqrt(prior);
	own = (den > 1e-9 ? fmax(num, 0) / den : prior) * m / (m - 1);
	weight = mean / (mean + SPREAD_HALF);
	return sqrt(fmin(weight * own + (1 - weight) * prior, SPREAD_MAX));
}

static double
evidence_dispersion(const struct evidence *j, const struct evidence_shown *s)
{
	double p = s->n > 0 ? s->x / s->n : 0, q = 0;

	for (size_t i = 0; i < j->n_pods; i++) {
		double expected = j->pods[i].n * p, d = j->pods[i].x - expected;

		if (expected > 0)
			q += d * d / fmax(expected * (1 - p), 1e-12);
	}
	return fmax((q + DISPERSION_PRIOR) / ((double)(s->m > 1 ? s->m - 1 : 0) + DISPERSION_PRIOR), 1);
}

static struct evidence_shown
evidence_shown(const struct evidence *j)
{
	struct evidence_shown s = { 0 };

	for (size_t i = 0; i < j->n_pods; i++) {
		s.m += j->pods[i].seen;
		s.n += j->pods[i].n;
		s.x += j->pods[i].x;
	}
	s.spread = evidence_spread(j, &s);
	s.dispersion = s.n > 0 ? evidence_dispersion(j, &s) : 1;
	return s;
}

/* The requests of one bin. */
struct evidence_arms {
	double nc, xc, ns, xs; /* of the canary, of the stable version */
	size_t k, m; /* pods */
};

/* Logarithm of the likelihood ratio of a canary that is `to` times as bad as the stable version, against one that is
 * `at` times as bad, given the bad requests of both together. */
static double
evidence_ratio(const struct evidence_arms *b, double to, double at)
{
	return b->xc * log(to / at) - (b->xc + b->xs) * log((to * b->nc + b->ns) / (at * b->nc + b->ns));
}

/* If a bad request of the bin is the canary's with a probability of at most `share`, the expected factor of each bet
 * is at most 1: the bets are a supermartingale. */
static void
evidence_bet(struct evidence *j, const struct evidence_arms *b, double margin, double dispersion)
{
	double share = margin * b->nc / (margin * b->nc + b->ns), bad = b->xc + b->xs;

	for (size_t i = 0; bad > 0 && i < EVIDENCE_BETS; i++)
		j->bets[i] += log(1 - evidence_bets[i] + evidence_bets[i] * (b->xc / bad / share));
	for (size_t i = 0; i < EVIDENCE_FAST; i++)
		j->fast[i] += evidence_ratio(b, evidence_fast[i] * FAST_FROM * margin, FAST_FROM * margin) /
			      fmax(dispersion, FAST_DISPERSION);
}

static void
evidence_pass(struct evidence *j, const struct evidence_arms *b, double spread, double dispersion)
{
	double at = fmax(j->settings.catch_ratio * exp(-MARGIN_PASS * spread), 1), share = j->settings.catch_share;

	dispersion = fmax(dispersion, PASS_DISPERSION);
	for (size_t i = 0; b->nc > 0 && b->ns > 0 && i < EVIDENCE_PASS; i++)
		j->less[i] += evidence_ratio(b, fmin(evidence_less[i], at), at) / dispersion;
	for (size_t i = 0; i < EVIDENCE_PASS; i++) {
		double few = share / evidence_few[i];

		j->few[i] += (b->xc * log(few / share) + (b->nc - b->xc) * log((1 - few) / (1 - share))) / dispersion;
	}
}

static void
evidence_remember(struct evidence *j, const struct evidence_count *stable, const struct evidence_arms *b)
{
	for (size_t i = 0; i < j->n_pods; i++) {
		struct evidence_pod *p = &j->pods[i];
		double e = b->xs * stable[i].n / fmax(b->ns, 1), d = stable[i].x - e;

		if (!stable[i].present)
			continue;
		p->n += stable[i].n;
		p->x += stable[i].x;
		p->e += e;
		p->ee += e * e;
		p->d += d;
		p->dd += d * d;
	}
}

static void
evidence_read(const struct evidence *j, struct evidence_value *ret)
{
	double both[2] = { evidence_log_mean(j->bets, EVIDENCE_BETS), evidence_log_mean(j->fast, EVIDENCE_FAST) };

	ret->stop = evidence_log_mean(both, 2);
	if (j->canary_x < j->settings.tolerate_share * fmax(j->canary_n, 1))
		ret->stop = fmin(ret->stop, EVIDENCE_NEUTRAL);
	both[0] = evidence_log_mean(j->less, EVIDENCE_PASS);
	both[1] = evidence_log_mean(j->few, EVIDENCE_PASS);
	ret->pass = evidence_log_mean(both, 2);
}

/* The margin and the dispersion are those of earlier bins: what a bin shows must not decide what it is compared
 * with. */
void
evidence_bin(struct evidence *j, const struct evidence_count *canary, size_t n_canary,
    const struct evidence_count *stable, struct evidence_value *ret)
{
	struct evidence_arms b = { 0 };
	struct evidence_shown shown;
	double spread;

	for (size_t i = 0; i < n_canary; i++) {
		b.k += canary[i].present;
		b.nc += canary[i].n;
		b.xc += canary[i].x;
	}
	for (size_t i = 0; i < j->n_pods; i++) {
		b.m += stable[i].present;
		j->pods[i].seen |= stable[i].present;
		b.ns += stable[i].n;
		b.xs += stable[i].x;
	}
	shown = evidence_shown(j);
	spread = shown.spread * sqrt(1 / fmax((double)b.k, 1) + 1 / fmax((double)b.m, 1));
	ret->spread = shown.spread;
	ret->margin = fmax(j->settings.tolerate_ratio, exp(MARGIN_STOP * spread));
	if (b.nc > 0 && b.ns > 0)
		evidence_bet(j, &b, ret->margin, shown.dispersion);
	evidence_pass(j, &b, spread, shown.dispersion);
	j->canary_n += b.nc;
	j->canary_x += b.xc;
	evidence_remember(j, stable, &b);
	evidence_read(j, ret);
}
