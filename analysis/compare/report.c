/* analysis/compare/report.c: texts of a comparison. Numbers are rounded to what a reader needs. */
#include "analysis/compare/report.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

#define REPORT_EVIDENCE_MAX 1e6
#define REPORT_FEW_CANARY 2 /* pods, below which a slow node may be taken for a slow version */
#define REPORT_FEW_STABLE 3

/* Returns a whole number with separators: "1,240". */
static const char *
report_count(struct arena *a, double n)
{
	const char *text = arena_printf(a, "%.0f", n), *all = "";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		all = arena_printf(a, "%s%c%s", all, text[i], i + 1 < len && (len - i - 1) % 3 == 0 ? "," : "");
	return all;
}

static const char *
report_percent(struct arena *a, const struct comparison_requests *r)
{
	return r->n > 0 ? arena_printf(a, "%.2f %%", 100 * r->x / r->n) : "-";
}

static const char *
report_evidence(struct arena *a, double e)
{
	if (e >= REPORT_EVIDENCE_MAX)
		return "over 1,000,000";
	return e >= 10 ? report_count(a, e) : arena_printf(a, e >= 0.095 ? "%.1f" : "%.2f", e);
}

/* How a version treats its requests: "fails 2.98 % of 1,240 requests". */
static const char *
report_version(struct arena *a, const struct report_input *in, const struct comparison_requests *r)
{
	const struct comparison_point *at = &in->result->at;

	return in->bounds == NULL
		   ? arena_printf(a, "fails %s of %s requests", report_percent(a, r), report_count(a, r->n))
		   : arena_printf(a, "takes more than %s s for %s of %s requests", in->bounds[at->kind],
			 report_percent(a, r), report_count(a, r->n));
}

static const char *
report_both(struct arena *a, const struct report_input *in)
{
	const struct comparison_point *at = &in->result->at;

	return arena_printf(a, "the canary %s, the stable version %s of %s", report_version(a, in, &at->canary),
	    report_percent(a, &at->stable), report_count(a, at->stable.n));
}

static double
report_ratio(const struct comparison_point *at)
{
	return at->canary.n > 0 && at->stable.n > 0 && at->stable.x > 0
		   ? at->canary.x / at->canary.n / (at->stable.x / at->stable.n)
		   : INFINITY;
}

static const char *
report_worse(struct arena *a, const struct report_input *in)
{
	const struct comparison_point *at = &in->result->at;
	double ratio = report_ratio(at), least = 0;
	const char *seen = isfinite(ratio)    ? arena_printf(a, "%.1f times as many", ratio)
			   : at->canary.x > 0 ? "the stable version has none"
					      : "none";

	if (in->result->verdict == COMPARISON_FAILED)
		least = comparison_at_least(in->comparison, a, in->result->bin);
	return least > 0 ? arena_printf(a, "at least %g times as many; seen: %s", least, seen) : seen;
}

/* The time until a canary as good as it seems passes. The evidence grows by the same amount in each bin, about. */
static const char *
report_remaining(struct arena *a, const struct report_input *in)
{
	const struct comparison_point *at = &in->result->at;
	double missing = log(at->pass_at) - at->pass, each = at->bins > 0 ? at->pass / (double)at->bins : 0, bins;

	if (at->stop > EVIDENCE_NEUTRAL && missing <= 0)
		return "for evidence: the canary may be worse";
	if (each <= 0)
		return "for evidence: the canary seems no better than what must be caught";
	bins = fmax(missing / each, COMPARISON_BINS_MIN - (double)at->bins);
	if (bins > 100000)
		return "for traffic: more than a day at this rate";
	return arena_printf(a, "for traffic: about %s at this rate",
	    duration_human(a, (int64_t)(fmax(bins, 1) * (double)in->config->step_ms)));
}

static const char *
report_waits(struct arena *a, const struct report_input *in)
{
	const struct comparison_point *at = &in->result->at;

	if (at->canary.n == 0)
		return "for traffic: no request has reached the canary";
	if (at->stable.n == 0)
		return "for traffic: no request has reached the stable version";
	if (in->config->until_end && in->result->verdict == COMPARISON_WAITS)
		return arena_printf(a, "for the end of the update, at most %s", duration_human(a, in->config->wait_ms));
	return report_remaining(a, in);
}

static const char *
report_failed(struct arena *a, const struct report_input *in)
{
	double least = comparison_at_least(in->comparison, a, in->result->bin);

	return least > 0 ? arena_printf(a, "at least %g times as many", least)
			 : "more than the pods differ from each other";
}

const char *
report_message(struct arena *a, const struct report_input *in)
{
	switch (in->result->verdict) {
	case COMPARISON_FAILED:
		return arena_printf(a, "%s: %s (at most 1 in %s by chance)", report_both(a, in), report_failed(a, in),
		    report_count(a, in->comparison->stop_at));
	case COMPARISON_PASSED: return arena_printf(a, "%s: no worse than tolerated", report_both(a, in));
	case COMPARISON_EXPIRED:
		return arena_printf(a, "no verdict within %s, waits %s; %s", duration_human(a, in->config->wait_ms),
		    report_waits(a, in), report_both(a, in));
	case COMPARISON_WAITS: break;
	}
	return arena_printf(a, "waits %s", report_waits(a, in));
}

static const char *
report_requests(struct arena *a, const struct report_input *in, const struct comparison_requests *r, size_t pods)
{
	const char *kind =
	    in->bounds != NULL ? arena_printf(a, "slower than %s s", in->bounds[in->result->at.kind]) : "bad";

	return arena_printf(a, "%s of %s %s (%s), %zu pod%s", report_count(a, r->x), report_count(a, r->n), kind,
	    report_percent(a, r), pods, pods == 1 ? "" : "s");
}

size_t
report_numbers(struct arena *a, const struct report_input *in, struct string_pair *ret)
{
	const struct comparison_point *at = &in->result->at;
	const char *few = at->canary_pods < REPORT_FEW_CANARY || at->stable_pods < REPORT_FEW_STABLE
			      ? "; few pods: one node can make the difference"
			      : "";
	size_t n = 0;

	ret[n++] = (struct string_pair){ REPORT_CANARY, report_requests(a, in, &at->canary, at->canary_pods) };
	ret[n++] = (struct string_pair){ REPORT_STABLE, report_requests(a, in, &at->stable, at->stable_pods) };
	ret[n++] = (struct string_pair){ REPORT_EVIDENCE,
		arena_printf(a, "%s of %s to stop, %s of %s to pass", report_evidence(a, exp(at->stop)),
		    report_count(a, in->comparison->stop_at), report_evidence(a, exp(at->pass)),
		    report_count(a, at->pass_at)) };
	ret[n++] = (struct string_pair){ REPORT_MARGIN,
		arena_printf(a, "%.2f (pods differ by %.0f %%)%s", at->margin, 100 * at->spread, few) };
	ret[n++] = (struct string_pair){ REPORT_WORSE, report_worse(a, in) };
	if (in->result->verdict == COMPARISON_WAITS)
		ret[n++] = (struct string_pair){ REPORT_WAITS, report_waits(a, in) };
	return n;
}
