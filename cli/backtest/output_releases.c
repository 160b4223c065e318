/* cli/backtest/output_releases.c: the table and the JSON of past releases. */
#include <stdio.h>
#include "analysis/backtest/evidence_svg.h"
#include "analysis/backtest/figures.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/backtest/output.h"
#include "rollout/view/comparison_plot.h"

#define OUTPUT_PICTURE_MAX (8u << 20)

/* The last bin of a comparison may be before its first measurement. */
static const char *
output_after(const struct releases *p, const struct releases_one *one, size_t metric)
{
	int64_t ms = one->metrics[metric].at - one->begin, first = p->metrics[metric].initial_delay.ms;

	if (one->metrics[metric].phase == RUN_RUNNING || first < 0)
		first = 0;
	return duration_human(p->cli->arena, ms > first ? ms : first);
}

/* Returns the phase of a metric in the AnalysisRun that the cluster keeps; RUN_NONE without one. */
static enum run_phase
output_live(const struct releases *p, const struct releases_one *one, size_t metric)
{
	return one->run != NULL ? kept_phase(one->run, p->metrics[metric].name) : RUN_NONE;
}

static void
output_release(const struct releases *p, const struct releases_one *one, bool plot)
{
	struct arena *a = p->cli->arena;

	printf("%s  %s after %s, %s%s%s\n", time_format(a, one->begin), one->of.canary, one->of.stable,
	    output_quality(one->of.quality),
	    one->version != NULL ? arena_printf(a, ", revision %lld", (long long)one->version->revision) : "",
	    one->run != NULL ? arena_printf(a, ", AnalysisRun %s", one->run->object.meta.name) : "");
	if (one->no_data)
		printf("    no data\n");
	for (size_t i = 0; i < p->n_metrics && !one->no_data; i++) {
		const struct releases_verdict *v = &one->metrics[i];
		enum run_phase live = output_live(p, one, i);

		printf("    %-16s %-12s %-8s %s%s%s\n", p->metrics[i].name, run_phase_name(v->phase),
		    output_after(p, one, i), p->dry_run[i] ? "dry run; " : "", v->why,
		    live != RUN_NONE ? arena_printf(a, "; the AnalysisRun: %s", run_phase_name(live)) : "");
		if (plot && v->course != NULL)
			fputs(comparison_plot(a, v->course, false), stdout);
	}
}

/* Of few good releases no share is known; placebo releases are many. */
static void
output_placebo(const struct releases *p, const struct output_placebo *placebo)
{
	const struct play *play = placebo->play;

	if (play == NULL)
		return;
	printf("    Fewer than %d are known, which is too few for a share of false alarms. ", RELEASES_KNOWN_MIN);
	if (placebo->err != NULL) {
		printf("Placebo releases have none: %s.\n", err_text(p->cli->arena, placebo->err));
		return;
	}
	printf("That of %zu placebo releases:\n    ", play->n_windows * play->draws);
	output_false_alarms(play);
}

/* The interval is about releases: those of one Rollout do not overlap. */
static void
output_good(const struct releases *p)
{
	struct releases_count good = releases_count(p, PAST_GOOD);
	struct arena *a = p->cli->arena;
	double low, high;

	if (good.n == 0) {
		printf("\nNo good release is known.\n");
		return;
	}
	figures_interval((double)good.stopped, (double)good.n, &low, &high);
	printf("\nGood releases: %zu of %zu stopped, %zu passed; with 95 %% confidence %s to %s are stopped.\n",
	    good.stopped, good.n, good.passed, output_percent(a, low), output_percent(a, high));
}

static size_t
output_no_data(const struct releases *p)
{
	return releases_count(p, PAST_GOOD).no_data + releases_count(p, PAST_BAD).no_data +
	       releases_count(p, PAST_UNKNOWN).no_data;
}

static void
output_summary(const struct releases *p, const struct output_placebo *placebo)
{
	struct releases_count bad = releases_count(p, PAST_BAD);
	size_t unknown = releases_count(p, PAST_UNKNOWN).n;

	output_good(p);
	output_placebo(p, placebo);
	printf("Bad releases: %zu of %zu stopped, %zu passed.\n", bad.stopped, bad.n, bad.passed);
	if (unknown > 0)
		printf("Unknown: %zu, which are not counted: undone within a day, replaced by a third version, or in "
		       "progress.\n",
		    unknown);
	if (p->n < p->n_found)
		printf("The newest %zu of %zu are shown.\n", p->n, p->n_found);
}

void
output_releases_table(const struct releases *p, const struct output_placebo *placebo, bool plot)
{
	struct arena *a = p->cli->arena;

	if (p->past_ms > 0)
		printf("%zu releases of %s in %s before %s, each judged as then, for %s at most. %zu queries.\n\n",
		    p->n, p->subject->rollout, duration_human(a, p->past_ms), time_format(a, p->history->until),
		    duration_human(a, p->length_ms), p->history->requests);
	for (size_t i = 0; i < p->n; i++)
		output_release(p, &p->at[i], plot);
	if (p->past_ms > 0)
		output_summary(p, placebo);
	if (output_no_data(p) > 0)
		printf("Prometheus has no data of %zu of %zu releases.\n", output_no_data(p), p->n);
}

static json_t *
output_release_json(const struct releases *p, const struct releases_one *one)
{
	struct arena *a = p->cli->arena;
	json_t *metrics = json_array();

	for (size_t i = 0; i < p->n_metrics && !one->no_data; i++) {
		const struct releases_verdict *v = &one->metrics[i];

		json_array_append_new(
		    metrics, json_pack("{s:s,s:b,s:s,s:s,s:s,s:s}", "name", p->metrics[i].name, "dryRun", p->dry_run[i],
				 "phase", run_phase_name(v->phase), "at", time_format(a, v->at), "message", v->why,
				 "analysisRunPhase", run_phase_name(output_live(p, one, i))));
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s?,s:I,s:b,s:o}", "begin", time_format(a, one->begin), "end",
	    time_format(a, one->end), "since", time_format(a, one->of.start), "canary", one->of.canary, "stable",
	    one->of.stable, "quality", output_quality(one->of.quality), "analysisRun",
	    one->run != NULL ? one->run->object.meta.name : NULL, "revision",
	    (json_int_t)(one->version != NULL ? one->version->revision : 0), "data", !one->no_data, "metrics", metrics);
}

static json_t *
output_count_json(const struct releases *p, enum past_quality quality)
{
	struct releases_count c = releases_count(p, quality);

	return json_pack("{s:I,s:I,s:I,s:I}", "releases", (json_int_t)c.n, "stopped", (json_int_t)c.stopped, "passed",
	    (json_int_t)c.passed, "withoutData", (json_int_t)c.no_data);
}

static json_t *
output_placebo_json(const struct releases *p, const struct output_placebo *placebo)
{
	if (placebo->play == NULL)
		return NULL;
	return placebo->err != NULL ? json_pack("{s:s}", "error", err_text(p->cli->arena, placebo->err))
				    : output_false_alarms_json(placebo->play);
}

void
output_releases_json(const struct releases *p, const struct output_placebo *placebo)
{
	json_t *list = json_array();
	_cleanup_(json_decrefp) json_t *all = NULL;
	_cleanup_(freep) char *text = NULL;

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(list, output_release_json(p, &p->at[i]));
	all = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o*,s:o}", "template", p->subject->template,
	    "rollout", p->subject->rollout, "until", time_format(p->cli->arena, p->history->until), "pastSeconds",
	    (json_int_t)(p->past_ms / 1000), "releaseSeconds", (json_int_t)(p->length_ms / 1000), "releasesFound",
	    (json_int_t)p->n_found, "queries", (json_int_t)p->history->requests, "good",
	    output_count_json(p, PAST_GOOD), "bad", output_count_json(p, PAST_BAD), "unknown",
	    output_count_json(p, PAST_UNKNOWN), "placebo", output_placebo_json(p, placebo), "releases", list);
	text = json_dumps(all, JSON_INDENT(4) | JSON_REAL_PRECISION(12));
	printf("%s\n", text);
}

/* Lists the releases in which a metric has a course. */
static struct evidence_panel
output_panel(const struct releases *p, size_t metric)
{
	struct evidence_line *lines = arena_new_array(p->cli->arena, struct evidence_line, p->n);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct releases_one *one = &p->at[i];

		if (!one->no_data && one->metrics[metric].course != NULL)
			lines[n++] =
			    (struct evidence_line){ one->of.canary, one->of.quality, one->metrics[metric].course };
	}
	return (struct evidence_panel){ p->metrics[metric].name, lines, n };
}

void
output_releases_svg(const struct releases *p)
{
	struct arena *a = p->cli->arena;
	struct evidence_panel *panels = arena_new_array(a, struct evidence_panel, p->n_metrics);
	_cleanup_(str_done) struct str text = { 0 };
	size_t n = 0;

	str_init(&text, OUTPUT_PICTURE_MAX);
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].provider.plugin != NULL)
			panels[n++] = output_panel(p, i);
	evidence_svg(panels, n,
	    arena_printf(a, "Releases of %s, as %s judges them", p->subject->rollout, p->subject->template), &text);
	fputs(str_text(&text), stdout);
}
