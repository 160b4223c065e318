/* cli/backtest/output.c: the table, the JSON and the picture of a backtest. */
#include "cli/backtest/output.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "analysis/backtest/figures_svg.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define OUTPUT_MAX (1u << 20)
#define OUTPUT_COARSE 2.5 /* ratio of two effects that are far apart */

const char *
output_percent(struct arena *a, double share)
{
	return arena_printf(a, share > 0.00005 && share < 0.0995 ? "%.2g %%" : "%.0f %%", share * 100);
}

const char *
output_quality(enum past_quality quality)
{
	static const char *const names[] = {
		[PAST_UNKNOWN] = "unknown",
		[PAST_GOOD] = "good",
		[PAST_BAD] = "bad",
	};

	return names[quality];
}

static double
output_share(size_t n, size_t of)
{
	return of > 0 ? (double)n / (double)of : 0;
}

static double
output_rate(struct comparison_requests r)
{
	return r.n > 0 ? r.x / r.n : 0;
}

/* The interval is about windows, not about releases: releases of one window have the same errors, and so have windows
 * that overlap. */
static void
output_interval(const struct play *p, double share, double *ret_low, double *ret_high)
{
	figures_interval(share * (double)p->apart, (double)p->apart, ret_low, ret_high);
}

static size_t
output_releases(const struct play *p)
{
	return p->n_windows * p->draws;
}

static double
output_pods(const struct play *p)
{
	size_t pods = 0;

	for (size_t i = 0; i < p->n_windows; i++)
		pods += p->windows[i].pods;
	return p->n_windows > 0 ? (double)pods / (double)p->n_windows : 0;
}

/* Returns the weight that the canary had. */
static double
output_weight(const struct play_metric *m)
{
	double all = m->canary.n + m->stable.n;

	return all > 0 ? m->canary.n / all : 0;
}

/* Returns the width of the first column. */
static int
output_width(const struct play *p)
{
	size_t width = 16;

	for (size_t i = 0; i < p->n_metrics; i++)
		width = strlen(p->metrics[i].name) > width ? strlen(p->metrics[i].name) : width;
	return width < 60 ? (int)width : 60;
}

static void
output_rows(const struct play *p, const struct play_metric *m)
{
	struct arena *a = p->cli->arena;

	for (size_t i = 0; i < p->options.n_effects; i++) {
		const struct figures_power *e = &m->power[i];

		if (e->releases == 0)
			continue;
		printf("%-*s %-7s %-8s %-8s %s\n", output_width(p), i == 0 ? m->name : "",
		    i == 0 ? "good" : arena_printf(a, "x%g", e->effect),
		    output_percent(a, output_share(e->stopped, e->releases)),
		    output_percent(a, output_share(e->passed, e->releases)),
		    isnan(e->median) ? "-" : duration_human(a, (int64_t)(e->median * 1000)));
	}
}

/* Between two effects that are far apart the smallest one that is caught is a guess. */
static void
output_coarse(const struct play *p, double smallest)
{
	for (size_t i = 1; i < p->options.n_effects; i++) {
		double before = p->options.effects[i - 1], effect = p->options.effects[i];

		if (smallest > before && smallest < effect && effect / before > OUTPUT_COARSE)
			printf("    It is interpolated between x%g and x%g: add effects between them to --effects.\n",
			    before, effect);
	}
}

bool
output_stops_good(const struct play_metric *m)
{
	return output_share(m->power[0].stopped, m->power[0].releases) >= PLAY_CAUGHT;
}

static void
output_smallest(const struct play *p, const struct play_metric *m)
{
	struct arena *a = p->cli->arena;
	double smallest = figures_smallest(m->power, p->options.n_effects, PLAY_CAUGHT), rate = output_rate(m->stable);
	const struct figures_power *good = &m->power[0], *worst = &m->power[p->options.n_effects - 1];
	double most = worst->effect;
	bool slow = m->kind == PLAY_LATENCY;

	if (m->kind == PLAY_RESULT && m->threshold.worse == THRESHOLD_UNKNOWN)
		printf("%s: the conditions do not tell whether more or less is worse: only good releases are played.\n",
		    m->name);
	else if (isnan(smallest) && output_stops_good(m))
		printf("%s: %s of the good releases are stopped: it does not tell good ones from bad ones.\n", m->name,
		    output_percent(a, output_share(good->stopped, good->releases)));
	else if (isnan(smallest) && output_share(worst->stopped, worst->releases) >= PLAY_CAUGHT)
		printf("%s: canaries are stopped because measurements fail, not nine times in ten by its conditions.\n",
		    m->name);
	else if (isnan(smallest))
		printf("%s: not even a canary with x%g %s is stopped nine times in ten.\n", m->name, most,
		    m->kind == PLAY_RESULT ? "the result"
		    : slow		   ? "the latency"
					   : "the errors");
	else if (m->kind != PLAY_ERRORS)
		printf("%s: a canary with about x%.2g the %s is stopped nine times in ten.\n", m->name, smallest,
		    slow ? "latency" : "result");
	else
		printf("%s: a canary with about x%.2g the errors is stopped nine times in ten: %s -> %s of its "
		       "requests.\n",
		    m->name, smallest, output_percent(a, rate), output_percent(a, fmin(rate * smallest, 1)));
	output_coarse(p, smallest);
}

/* Why the result itself was changed, and not what it is computed from. */
static void
output_result_notes(const struct play_metric *m)
{
	if (m->threshold.worse == THRESHOLD_UNKNOWN)
		return;
	if (m->difference > 0)
		printf("    The value in this process differs from that of Prometheus (by %.2g of it); so xN is\n",
		    m->difference);
	else
		printf("    The query has no form that is evaluated in this process; so xN is\n");
	printf("    %s, of all pods, and a time is one release.\n",
	    m->threshold.worse == THRESHOLD_LESS ? "the result divided by N (less is worse)" : "N times the result");
}

static void
output_phase_notes(const struct play_metric *m)
{
	const struct figures_power *good = &m->power[0];

	if (good->errors > 0)
		printf("    Of the good releases %zu of %zu were stopped because measurements failed: no data is no "
		       "pass.\n",
		    good->errors, good->releases);
	if (good->inconclusive > 0)
		printf("    %zu of %zu good releases were inconclusive: they wait for a user.\n", good->inconclusive,
		    good->releases);
	if (m->dry_run && !m->proposed)
		printf("    It is a dry run: it stops no release, and has no part in the false alarms.\n");
}

static void
output_metric_notes(const struct play *p, const struct play_metric *m)
{
	struct arena *a = p->cli->arena;
	double n = (double)m->power[0].releases;

	if (n == 0) {
		printf("%s: no time has a bucket with a bound that 0.5 to 50 %% of the requests exceeded.\n", m->name);
		return;
	}
	output_smallest(p, m);
	output_phase_notes(m);
	if (m->compare == NULL && threshold_sums_versions(&m->threshold))
		printf("    The query sums over both versions, and the canary has %s of the requests: compare the "
		       "versions\n    (--propose), or select the pods of the canary.\n",
		    output_percent(a, p->options.weight));
	if (m->kind == PLAY_RESULT) {
		output_result_notes(m);
		return;
	}
	printf("    Each release had %.0f requests of the canary and %.0f of the stable version in the mean.\n",
	    m->canary.n / n, m->stable.n / n);
	if (m->stable.n == 0)
		printf("    Without requests nothing was compared.\n");
	if (output_weight(m) < 0.9 * p->options.weight && m->stable.n > 0)
		printf("    The pods that played the canary had %s of the requests only: more --pods have more.\n",
		    output_percent(a, output_weight(m)));
	if (m->without_bounds > 0)
		printf("    %zu times have no bucket with a bound that 0.5 to 50 %% of the requests exceeded.\n",
		    m->without_bounds);
}

static void
output_field(struct arena *a, const char *name, const char *value)
{
	if (value != NULL)
		printf("          %s: '%s'\n", name, str_replace(a, value, "'", "''"));
}

/* Prints the comparisons that correspond to metrics, as YAML for a template. */
static void
output_proposals(const struct play *p)
{
	struct arena *a = p->cli->arena;

	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].not_proposed != NULL)
			printf("%s: no comparison corresponds to it: %s.\n", p->metrics[i].name,
			    p->metrics[i].not_proposed);
	if (p->n_proposed > 0)
		printf("\nThe template with comparisons instead. Set catch.share to the error budget of the service "
		       "(docs/gates.md).\n\n"
		       "  metrics:\n");
	for (size_t i = 0; i < p->n_metrics; i++) {
		const struct play_metric *m = &p->metrics[i];

		if (!m->proposed)
			continue;
		printf("  - name: %s\n    provider:\n      plugin:\n        " COMPARE_NAME ":\n", m->name);
		output_field(a, "bad", m->compare->bad);
		output_field(a, "total", m->compare->total);
		output_field(a, "slow", m->compare->slow);
	}
}

void
output_false_alarms(const struct play *p)
{
	struct arena *a = p->cli->arena;
	double any = play_false_alarms(p), low, high;

	output_interval(p, any, &low, &high);
	printf("False alarms: %s of the good releases were stopped; with 95 %% confidence %s to %s.\n",
	    output_percent(a, any), output_percent(a, low), output_percent(a, high));
}

/* Lists the releases of this past: they are no part of the figures. */
static void
output_past_releases(const struct play *p)
{
	size_t first = p->n_past_releases > RELEASES_MAX ? p->n_past_releases - RELEASES_MAX : 0;
	struct arena *a = p->cli->arena;

	if (p->n_past_releases == 0)
		return;
	printf("\nThis past has %zu release%s, which --releases judges:\n", p->n_past_releases,
	    p->n_past_releases == 1 ? "" : "s");
	for (size_t i = first; i < p->n_past_releases; i++) {
		const struct past_release *r = &p->past_releases[i];

		printf("    %s  %s after %s, %s\n", time_format(a, r->start), r->canary, r->stable,
		    output_quality(r->quality));
	}
	if (first > 0)
		printf("    The newest %d are shown.\n", RELEASES_MAX);
}

void
output_table(const struct play *p)
{
	struct arena *a = p->cli->arena;

	printf("%zu placebo releases of %s in %s of %s before %s: %zu of %.0f pods play the canary, with %s\n",
	    output_releases(p), duration_human(a, p->options.length_ms), duration_human(a, p->options.past_ms),
	    p->subject->rollout, time_format(a, p->history->until), p->options.pods, output_pods(p),
	    output_percent(a, p->options.weight));
	printf("of the requests. They are at %zu of %zu times without a release; %zu of these do not overlap. %zu "
	       "queries.\n\n",
	    p->n_windows, p->n_found, p->apart, p->history->requests);
	printf("%-*s %-7s %-8s %-8s %s\n", output_width(p), "METRIC", "CANARY", "STOPPED", "PASSED", "AFTER");
	for (size_t i = 0; i < p->n_metrics; i++)
		output_rows(p, &p->metrics[i]);
	printf("\n");
	output_false_alarms(p);
	for (size_t i = 0; i < p->n_metrics; i++)
		output_metric_notes(p, &p->metrics[i]);
	printf("xN: N times the errors, borrowed from other pods at the same time, or N times the latency.\n");
	output_past_releases(p);
	output_proposals(p);
}

static json_t *
output_number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *
output_metric_json(const struct play *p, const struct play_metric *m)
{
	double n = m->power[0].releases > 0 ? (double)m->power[0].releases : 1;
	json_t *effects = json_array();

	for (size_t i = 0; i < p->options.n_effects; i++) {
		const struct figures_power *e = &m->power[i];

		json_array_append_new(
		    effects, json_pack("{s:f,s:I,s:I,s:I,s:I,s:I,s:o}", "effect", e->effect, "releases",
				 (json_int_t)e->releases, "stopped", (json_int_t)e->stopped, "errors",
				 (json_int_t)e->errors, "inconclusive", (json_int_t)e->inconclusive, "passed",
				 (json_int_t)e->passed, "medianSeconds", output_number(e->median)));
	}
	return json_pack("{s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:f,s:f,s:I,s:o,s:o*,s:s*,s:b}", "name", m->name, "kind",
	    m->kind == PLAY_RESULT    ? "result"
	    : m->kind == PLAY_LATENCY ? "latency"
				      : "errors",
	    "dryRun", m->dry_run && !m->proposed, "effects", effects, "smallestCaught",
	    output_number(figures_smallest(m->power, p->options.n_effects, PLAY_CAUGHT)), "weight",
	    output_number(output_weight(m)), "stableRate", output_number(output_rate(m->stable)), "canaryRequests",
	    m->canary.n / n, "stableRequests", m->stable.n / n, "timesWithoutBounds", (json_int_t)m->without_bounds,
	    "difference", output_number(m->compare != NULL ? NAN : m->difference), "proposed",
	    m->proposed ? encode(&compare_metric_type, m->compare) : NULL, "notProposed", m->not_proposed,
	    "sumsVersions", m->compare == NULL && threshold_sums_versions(&m->threshold));
}

json_t *
output_false_alarms_json(const struct play *p)
{
	double any = play_false_alarms(p), low, high;

	output_interval(p, any, &low, &high);
	return json_pack("{s:I,s:I,s:I,s:f,s:f,s:f}", "releases", (json_int_t)output_releases(p), "times",
	    (json_int_t)p->n_windows, "timesWithoutOverlap", (json_int_t)p->apart, "falseAlarms", any, "falseAlarmsLow",
	    low, "falseAlarmsHigh", high);
}

json_t *
output_past_release_json(struct arena *a, const struct past_release *r)
{
	return json_pack("{s:s,s:s,s:s,s:s}", "since", time_format(a, r->start), "canary", r->canary, "stable",
	    r->stable, "quality", output_quality(r->quality));
}

void
output_json(const struct play *p)
{
	json_t *metrics = json_array(), *past = json_array();
	_cleanup_(json_decrefp) json_t *all = NULL, *alarms = NULL;
	_cleanup_(freep) char *text = NULL;

	for (size_t i = 0; i < p->n_past_releases; i++)
		json_array_append_new(past, output_past_release_json(p->cli->arena, &p->past_releases[i]));
	for (size_t i = 0; i < p->n_metrics; i++)
		json_array_append_new(metrics, output_metric_json(p, &p->metrics[i]));
	all = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:f,s:f,s:I,s:I,s:o,s:o}", "template", p->subject->template,
	    "rollout", p->subject->rollout, "until", time_format(p->cli->arena, p->history->until), "pastSeconds",
	    (json_int_t)(p->options.past_ms / 1000), "releaseSeconds", (json_int_t)(p->options.length_ms / 1000),
	    "queries", (json_int_t)p->history->requests, "pods", (json_int_t)p->options.pods, "allPods", output_pods(p),
	    "weight", p->options.weight, "seed", (json_int_t)p->options.seed, "timesFound", (json_int_t)p->n_found,
	    "pastReleases", past, "metrics", metrics);
	alarms = output_false_alarms_json(p);
	json_object_update(all, alarms);
	text = json_dumps(all, JSON_INDENT(4) | JSON_REAL_PRECISION(12));
	printf("%s\n", text);
}

void
output_svg(const struct play *p)
{
	struct arena *a = p->cli->arena;
	struct figures_line *lines = arena_new_array(a, struct figures_line, p->n_metrics);
	_cleanup_(str_done) struct str text = { 0 };

	str_init(&text, OUTPUT_MAX);
	for (size_t i = 0; i < p->n_metrics; i++)
		lines[i] = (struct figures_line){ p->metrics[i].name, p->metrics[i].power, p->options.n_effects };
	figures_svg(lines, p->n_metrics, PLAY_CAUGHT,
	    arena_printf(a, "Releases of %s that %s stops", p->subject->rollout, p->subject->template), &text);
	fputs(str_text(&text), stdout);
}
