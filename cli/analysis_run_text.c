/* cli/analysis_run_text.c: text of `sluice get analysisrun`. */
#include "cli/analysis_run_text.h"
#include <inttypes.h>
#include "analysis/compare/report.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "rollout/view/comparison_plot.h"
#include "rollout/view/summary.h"

#define ANALYSIS_RUN_TEXT_MAX (4u << 20)

struct analysis_run_text {
	struct str out;
	struct arena *arena;
	const char *name;
	bool color, plot;
};

static const char *
analysis_run_text_phase(const struct analysis_run_text *t, const char *phase)
{
	const char *text = str_empty(phase) ? "Pending" : phase;
	struct summary_icon i = summary_icon(text);

	if (i.icon[0] == '\0')
		return text;
	return t->color ? arena_printf(t->arena, "\xff[%sm%s %s\xff[0m", i.color, i.icon, text)
			: arena_printf(t->arena, "%s %s", i.icon, text);
}

/* The numbers of a comparison. */
static void
analysis_run_text_numbers(struct analysis_run_text *t, const struct string_map *metadata)
{
	static const char *const keys[] = { REPORT_CANARY, REPORT_STABLE, REPORT_EVIDENCE, REPORT_MARGIN, REPORT_WORSE,
		REPORT_WAITS };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = string_map_get(metadata, keys[i]);

		if (value != NULL)
			str_addf(&t->out, "  %-9s %s\n", keys[i], value);
	}
}

static void
analysis_run_text_plot(struct analysis_run_text *t, const struct measurement *m)
{
	struct course course;

	if (m != NULL && course_read(t->arena, &m->metadata, &course))
		str_addf(&t->out, "\n%s", comparison_plot(t->arena, &course, t->color));
	else
		str_addf(&t->out,
		    "  No evidence to plot: it is no comparison, or has not compared yet. `sluice analyze %s` "
		    "explains the measurements.\n",
		    t->name);
}

static void
analysis_run_text_metric(struct analysis_run_text *t, const struct metric_result *r)
{
	const struct measurement *last = r->measurements.n > 0 ? &r->measurements.at[r->measurements.n - 1] : NULL;
	const char *message = !str_empty(r->message) ? r->message : last != NULL ? last->message : NULL;

	str_addf(&t->out, "\n%s: %s\n", r->name, analysis_run_text_phase(t, r->phase));
	if (!str_empty(message))
		str_addf(&t->out, "  %s\n", message);
	if (last != NULL && string_map_get(&last->metadata, REPORT_EVIDENCE) != NULL)
		analysis_run_text_numbers(t, &last->metadata);
	else
		str_addf(&t->out,
		    "  %" PRId64 " successful, %" PRId64 " failed, %" PRId64 " inconclusive, %" PRId64 " errors%s%s\n",
		    r->successful, r->failed, r->inconclusive, r->error,
		    last != NULL && last->value != NULL ? "; last: " : "",
		    last != NULL && last->value != NULL ? last->value : "");
	if (t->plot)
		analysis_run_text_plot(t, last);
}

static const char *
analysis_run_text_of(struct arena *a, const struct view *v, const char *ns, const char *name, bool color, bool plot)
{
	const struct analysis_run *run = (const struct analysis_run *)view_get(v, &analysis_run_type, ns, name);
	struct analysis_run_text t = { .arena = a, .name = name, .color = color, .plot = plot };
	const char *text;

	if (run == NULL)
		return NULL;
	str_init(&t.out, ANALYSIS_RUN_TEXT_MAX);
	str_addf(&t.out, "Name:            %s\nNamespace:       %s\nStatus:          %s\n", name, ns,
	    analysis_run_text_phase(&t, run->status.phase));
	if (!str_empty(run->status.message))
		str_addf(&t.out, "Message:         %s\n", run->status.message);
	for (size_t i = 0; i < run->status.metric_results.n; i++)
		analysis_run_text_metric(&t, &run->status.metric_results.at[i]);
	text = arena_strdup(a, str_text(&t.out));
	str_done(&t.out);
	return text;
}

const char *
analysis_run_text(struct arena *a, const struct view *v, const char *ns, const char *name, int64_t now, bool color)
{
	(void)now;
	return analysis_run_text_of(a, v, ns, name, color, false);
}

const char *
analysis_run_text_with_plots(
    struct arena *a, const struct view *v, const char *ns, const char *name, int64_t now, bool color)
{
	(void)now;
	return analysis_run_text_of(a, v, ns, name, color, true);
}
