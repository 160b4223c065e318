/* analysis/explanation.c: AnalysisRuns and templates in words. */
#include "analysis/explanation.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/args.h"
#include "analysis/compare_annotation.h"
#include "analysis/condition/condition.h"
#include "analysis/validate.h"
#include "base/str.h"
#include "base/time.h"

#define EXPLANATION_MAX (4u << 20)
#define FLOATS_MAX 10000 /* of one measured vector */
#define VALUE_SHOWN 24 /* bytes of a value in the table */
#define REASON_SHOWN 60 /* ... in the reason */
#define REASONS_MAX 400 /* bytes of all of them */

struct explanation {
	struct arena *arena;
	struct str out;
	int64_t now;
};

/* Reads the text of a measurement: a vector of floats as Prometheus' ([0.1,NaN]), other JSON, or a text. */
static struct value
explanation_read_value(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
	double *x;
	size_t n = 0;
	char *end;

	if (text[0] != '[' && j == NULL)
		return value_string(text);
	if (text[0] != '[')
		return value_from_json(a, j);
	x = arena_new_array(a, double, FLOATS_MAX);
	text++;
	while (n < FLOATS_MAX && *(text += strspn(text, " ,")) != ']' && *text != '\0') {
		x[n] = strtod(text, &end);
		if (end == text)
			return j != NULL ? value_from_json(a, j) : value_string(text);
		text = end;
		n++;
	}
	return value_from_floats(a, x, n);
}

/* Returns whether the query of this measurement had no sample. */
static bool
explanation_has_no_data(const struct measurement *m)
{
	return str_starts(m->message, "no data") || str_eq(m->value, "[]") || str_eq(m->value, "[NaN]") ||
	       str_eq(m->value, "NaN");
}

static size_t
explanation_find_limits(const struct explanation *e, const struct metric *m, const char *value,
    struct condition_limit ret[CONDITION_LIMITS_MAX])
{
	const char *conditions[] = { m->failure_condition, m->success_condition };
	struct condition_program *program;
	size_t n = 0;

	/* A failureCondition that holds decides before the successCondition. */
	for (size_t i = 0; i < ARRAY_SIZE(conditions) && value != NULL; i++) {
		struct value v;

		if (conditions[i] == NULL || condition_parse(e->arena, conditions[i], &program) != NULL)
			continue;
		v = explanation_read_value(e->arena, value);
		n = condition_find_limits(e->arena, program, &v, e->now, ret);
		if (i == 0 && n > 0 && ret[0].holds)
			break;
	}
	return n;
}

/* Returns the distance from a limit, such as "0.0784 above 0.05 (2.6 times)". */
static const char *
explanation_distance_from(const struct explanation *e, const struct condition_limit *l)
{
	double by = fabs(l->value - l->limit);

	if (!isfinite(by))
		return arena_printf(e->arena, "no number to compare with %g", l->limit);
	if (by == 0)
		return arena_printf(e->arena, "equal to %g", l->limit);
	if (l->limit > 0 && l->value / l->limit >= 2)
		return arena_printf(e->arena, "%.3g above %g (%.2g times)", by, l->limit, l->value / l->limit);
	return arena_printf(e->arena, "%.3g %s %g", by, l->value > l->limit ? "above" : "below", l->limit);
}

/* Returns the distances of a measurement from the limits that decide it; "" without a limit. */
static const char *
explanation_distance(const struct explanation *e, const struct metric *m, const struct measurement *one)
{
	struct condition_limit l[CONDITION_LIMITS_MAX];
	const char *text = "";
	size_t n;

	if (explanation_has_no_data(one))
		return "no data";
	n = explanation_find_limits(e, m, one->value, l);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(e->arena, "%s%s%s", text, i > 0 ? "; " : "", explanation_distance_from(e, &l[i]));
	return n > 0 ? text : one->message ?: "";
}

/* Returns a text of at most `max` bytes, with whole characters. */
static const char *
explanation_clip(const struct explanation *e, const char *text, int max)
{
	int n = max - 3;

	if ((int)strlen(text) <= max)
		return text;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return arena_printf(e->arena, "%.*s...", n, text);
}

static const char *
explanation_clock(struct arena *a, int64_t ms)
{
	const char *text = ms > 0 ? time_format(a, ms) : "-";

	return ms > 0 && strlen(text) > 18 ? arena_printf(a, "%.8s", text + 11) : text;
}

static void
explanation_add_measurements(struct explanation *e, const struct metric *m, const struct metric_result *r)
{
	if (r->measurements.n == 0)
		return;
	str_addf(&e->out, "  %-9s %-*s %-13s %s\n", "TIME", VALUE_SHOWN, "VALUE", "PHASE", "DISTANCE");
	for (size_t i = 0; i < r->measurements.n; i++) {
		const struct measurement *one = &r->measurements.at[i];

		str_addf(&e->out, "  %-9s %-*s %-13s %s\n", explanation_clock(e->arena, one->started_at), VALUE_SHOWN,
		    explanation_clip(e, one->value ?: "-", VALUE_SHOWN), one->phase ?: "",
		    explanation_distance(e, m, one));
	}
	if ((int64_t)r->measurements.n < r->count + r->error)
		str_addf(&e->out, "  The status keeps the last %zu of %" PRId64 " measurements.\n", r->measurements.n,
		    r->count + r->error);
}

static void
explanation_add_numbers(struct explanation *e, const struct metric_result *r)
{
	const struct measurement *last = r->measurements.n > 0 ? &r->measurements.at[r->measurements.n - 1] : NULL;

	for (size_t i = 0; last != NULL && i < last->metadata.n; i++)
		if (!str_eq(last->metadata.at[i].key, "ResolvedPrometheusQuery") &&
		    !str_eq(last->metadata.at[i].key, COMPARE_COURSE))
			str_addf(&e->out, "  %s: %s\n", last->metadata.at[i].key, last->metadata.at[i].value);
}

static const char *
explanation_condition(const struct explanation *e, const struct metric *m)
{
	const char *text =
	    m->success_condition != NULL ? arena_printf(e->arena, "success is %s", m->success_condition) : "";

	if (m->failure_condition != NULL)
		text = arena_printf(
		    e->arena, "%s%sfailure is %s", text, text[0] != '\0' ? ", " : "", m->failure_condition);
	return text[0] != '\0' ? text : "no condition";
}

static const char *
explanation_limit(const struct explanation *e, int64_t limit)
{
	return limit < 0 ? "without a limit" : arena_printf(e->arena, "%" PRId64 " allowed", limit);
}

static void
explanation_add_result(struct explanation *e, const struct metric *m, const struct metric_limits *l, bool dry_run,
    const struct metric_result *r)
{
	size_t no_data = 0;

	str_addf(&e->out, "\n%s: %s%s\n", m->name, r->phase ?: "Pending",
	    dry_run || r->dry_run ? " (dry run: without effect on the AnalysisRun)" : "");
	if (r->message != NULL)
		str_addf(&e->out, "  %s\n", r->message);
	str_addf(&e->out, "  %s\n", explanation_condition(e, m));
	str_addf(&e->out,
	    "  %" PRId64 " successful, %" PRId64 " failed (%s), %" PRId64 " inconclusive (%s), %" PRId64
	    " errors (%" PRId64 " in a row allowed)\n",
	    r->successful, r->failed, explanation_limit(e, l->failure), r->inconclusive,
	    explanation_limit(e, l->inconclusive), r->error, l->consecutive_error);
	explanation_add_measurements(e, m, r);
	explanation_add_numbers(e, r);
	for (size_t i = 0; i < r->measurements.n; i++)
		no_data += explanation_has_no_data(&r->measurements.at[i]);
	if (no_data > 0)
		str_addf(&e->out,
		    "  %zu measurement%s had no data: the query returned no sample or no number. Check its "
		    "labels, and that the metric exists before the first event that it counts.\n",
		    no_data, no_data == 1 ? "" : "s");
}

static const struct metric_result *
explanation_result(const struct analysis_run *run, const char *name)
{
	for (size_t i = 0; i < run->status.metric_results.n; i++)
		if (str_eq(run->status.metric_results.at[i].name, name))
			return &run->status.metric_results.at[i];
	return NULL;
}

/* Returns the values of a measurement that decide its condition, "0.1 and 3"; without a limit, all that was measured;
 * "": no number. */
static const char *
explanation_value(const struct explanation *e, const struct metric *m, const struct measurement *one)
{
	struct condition_limit l[CONDITION_LIMITS_MAX];
	size_t n = explanation_find_limits(e, m, one->value, l);
	const char *text = "";

	if (explanation_has_no_data(one) || one->value == NULL)
		return "";
	if (n == 0)
		return explanation_clip(e, one->value, REASON_SHOWN);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || l[i].value != l[i - 1].value)
			text = arena_printf(e->arena, "%s%s%.3g", text, text[0] != '\0' ? " and " : "", l[i].value);
	return text;
}

/* Returns the values of the kept measurements, "0.1, 0.2". */
static const char *
explanation_values(const struct explanation *e, const struct metric *m, const struct metric_result *r)
{
	const char *text = "";

	for (size_t i = 0; i < r->measurements.n; i++) {
		const char *one = explanation_value(e, m, &r->measurements.at[i]);

		if (strlen(text) >= REASONS_MAX)
			return arena_printf(e->arena, "%s, ...", text);
		if (one[0] != '\0')
			text = arena_printf(e->arena, "%s%s%s", text, text[0] != '\0' ? ", " : "", one);
	}
	return text;
}

/* Adds why the metric ended the run: "error-rate failed 4 times, and 3 are allowed. It measured 0, 0.128, ...". */
static void
explanation_add_reason(struct explanation *e, const struct metric *m, const struct metric_result *r)
{
	const struct measurement *first = NULL, *last = NULL;
	const char *values = explanation_values(e, m, r);

	str_addf(&e->out, " Metric %s: %s.", m->name, r->message ?: r->phase);
	for (size_t i = 0; i < r->measurements.n; i++)
		if (str_eq(r->measurements.at[i].phase, r->phase)) {
			first = first != NULL ? first : &r->measurements.at[i];
			last = &r->measurements.at[i];
		}
	if (values[0] != '\0')
		str_addf(&e->out, " It measured %s, where %s.", values, explanation_condition(e, m));
	if (last != NULL && last != first)
		str_addf(&e->out, " The first %s measurement was at %s, the last one %s later.", first->phase,
		    time_format(e->arena, first->started_at),
		    duration_human(e->arena, last->started_at - first->started_at));
}

static const char *
explanation_owner(const struct explanation *e, const struct analysis_run *run)
{
	const struct owner *owner = object_controller(&run->object);
	const char *revision = object_annotation(&run->object, "rollout.argoproj.io/revision");

	if (owner == NULL)
		return "";
	return arena_printf(
	    e->arena, " of %s %s%s%s", owner->kind, owner->name, revision != NULL ? ", revision " : "", revision ?: "");
}

/* The effect of the phase of a run on the update that it belongs to. */
static const char *
explanation_effect(const char *phase)
{
	switch (run_phase_named(phase)) {
	case RUN_FAILED:
	case RUN_ERROR: return "This aborts the update: all traffic goes back to the stable version.";
	case RUN_INCONCLUSIVE: return "This pauses the update until it is promoted or aborted.";
	case RUN_SUCCESSFUL: return "The update continues.";
	default: return "The verdict is open.";
	}
}

/* Returns whether a metric ended the run: otherwise its message has the reason, such as that it was terminated. */
static bool
explanation_has_reason(const struct analysis_run *run)
{
	for (size_t i = 0; i < run->status.metric_results.n; i++) {
		const struct metric_result *r = &run->status.metric_results.at[i];

		if (!r->dry_run && !str_eq(r->phase, "Successful") && str_eq(r->phase, run->status.phase))
			return true;
	}
	return false;
}

static void
explanation_add_summary(struct explanation *e, const struct analysis_run *run, const struct metric_set *set)
{
	const struct analysis_status *s = &run->status;
	const struct owner *owner = object_controller(&run->object);

	str_addf(&e->out, "AnalysisRun %s/%s%s: %s", run->object.meta.namespace ?: "", run->object.meta.name ?: "",
	    explanation_owner(e, run), s->phase ?: "Pending");
	if (s->started_at > 0)
		str_addf(&e->out, phase_is_final(s->phase) ? ", %s after its start at %s" : " for %s, since %s",
		    duration_human(e->arena, (s->completed_at > 0 ? s->completed_at : e->now) - s->started_at),
		    time_format(e->arena, s->started_at));
	str_adds(&e->out, ".");
	for (size_t i = 0; i < set->n; i++) {
		const struct metric_result *r = explanation_result(run, set->metrics[i].name);

		if (r != NULL && phase_is_final(r->phase) && str_eq(r->phase, s->phase) && !set->rules[i].dry_run &&
		    !str_eq(r->phase, "Successful"))
			explanation_add_reason(e, &set->metrics[i], r);
	}
	if (!explanation_has_reason(run) && !str_empty(s->message))
		str_addf(&e->out, " %s%s", s->message, str_ends(s->message, ".") ? "" : ".");
	if (owner != NULL && str_eq(owner->kind, "Rollout"))
		str_addf(&e->out, " %s", explanation_effect(s->phase));
	str_adds(&e->out, "\n");
}

static struct err *
explanation_end(struct explanation *e, const char **ret)
{
	bool whole = !e->out.overflow;

	*ret = arena_strdup(e->arena, str_text(&e->out));
	str_done(&e->out);
	return whole ? NULL : err_new(e->arena, ERR_INVALID, "the text is longer than %u bytes", EXPLANATION_MAX);
}

struct err *
explanation_of_run(struct arena *a, const struct analysis_run *run, int64_t now, const char **ret)
{
	struct explanation e = { .arena = a, .now = now };
	struct metric_set set = { 0 };
	struct argument *args = args_unresolved(a, run->spec.args.at, run->spec.args.n);
	struct err *err = compare_annotation_apply(a, run, &run);

	if (err == NULL)
		err = metrics_prepare(a, &run->spec, args, run->spec.args.n, &set);
	/* A run that ended because it is invalid has a message. */
	if (err != NULL && (!phase_is_final(run->status.phase) || str_empty(run->status.message)))
		return err;
	str_init(&e.out, EXPLANATION_MAX);
	explanation_add_summary(&e, run, &set);
	for (size_t i = 0; i < set.n; i++) {
		const struct metric_result *r = explanation_result(run, set.metrics[i].name);

		if (r != NULL)
			explanation_add_result(&e, &set.metrics[i], &set.limits[i], set.rules[i].dry_run, r);
		else
			str_addf(&e.out, "\n%s: not measured yet\n", set.metrics[i].name);
	}
	return explanation_end(&e, ret);
}

/* The time of n intervals, at most INT64_MAX. */
static const char *
explanation_duration(const struct explanation *e, int64_t delay_ms, int64_t n, int64_t interval_ms)
{
	int64_t ms = n > 0 && interval_ms > INT64_MAX / n ? INT64_MAX : n * interval_ms;

	return duration_human(e->arena, time_add(delay_ms, ms));
}

static void
explanation_add_times(struct explanation *e, const struct metric *m, const struct metric_limits *l)
{
	if (l->count == 1 || (m->interval.ms == 0 && l->count == 0))
		str_adds(&e->out, "  measured once");
	else if (l->count > 0)
		str_addf(&e->out, "  measured %" PRId64 " times in %s, every %s", l->count,
		    explanation_duration(e, 0, l->count - 1, m->interval.ms), duration_human(e->arena, m->interval.ms));
	else if (l->consecutive_success > 0)
		str_addf(&e->out, "  measured every %s until %" PRId64 " in a row are successful",
		    duration_human(e->arena, m->interval.ms), l->consecutive_success);
	else
		str_addf(&e->out, "  measured every %s until the update has ended",
		    duration_human(e->arena, m->interval.ms));
	if (m->initial_delay.ms > 0)
		str_addf(&e->out, ", for the first time after %s", duration_human(e->arena, m->initial_delay.ms));
	str_adds(&e->out, "\n");
}

/* The effect of a response without a sample, as the condition has it. */
static void
explanation_add_no_data(struct explanation *e, const struct metric *m, const struct metric_limits *l)
{
	struct value none = value_from_floats(e->arena, NULL, 0);
	const char *message = NULL;
	enum run_phase phase = measurement_phase(e->arena, m, &none, true, e->now, &message);

	if (m->provider.prometheus == NULL)
		return;
	if (phase == RUN_ERROR)
		str_addf(&e->out,
		    "  a query without a sample is an error: %" PRId64 " in a row end the run, %s after the first\n",
		    l->consecutive_error + 1, explanation_duration(e, 0, l->consecutive_error, RETRY_AFTER_ERROR_MS));
	else
		str_addf(&e->out, "  a query without a sample is %s\n", run_phase_name(phase));
}

static void
explanation_add_metric(struct explanation *e, const struct metric *m, const struct metric_limits *l, bool dry_run)
{
	str_addf(&e->out, "\n%s%s\n", m->name, dry_run ? " (dry run: without effect on the AnalysisRun)" : "");
	if (m->provider.plugin != NULL && m->success_condition == NULL && m->failure_condition == NULL) {
		str_addf(&e->out, "  compares the canary with the stable version (docs/gates.md); queries every %s\n",
		    duration_human(e->arena, m->interval.ms > 0 ? m->interval.ms : 30000));
		return;
	}
	str_addf(&e->out, "  %s\n", explanation_condition(e, m));
	explanation_add_times(e, m, l);
	if (l->failure < 0)
		str_adds(&e->out, "  never fails: failureLimit is -1\n");
	else if (l->count > 0 && l->failure >= l->count)
		str_addf(&e->out,
		    "  never fails: failureLimit is %" PRId64 ", and there are %" PRId64 " measurements\n", l->failure,
		    l->count);
	else
		str_addf(&e->out,
		    "  fails when more than %" PRId64 " measurements have failed, %s after the start at the earliest\n",
		    l->failure, explanation_duration(e, m->initial_delay.ms, l->failure, m->interval.ms));
	explanation_add_no_data(e, m, l);
}

struct err *
explanation_of_template(struct arena *a, const struct analysis_template *t, int64_t now, const char **ret)
{
	/* A run of it, whose arguments have no values yet, has the same comparisons. */
	const struct analysis_run template = { .object = t->object, .spec = t->spec }, *run = &template;
	struct explanation e = { .arena = a, .now = now };
	struct metric_set set = { 0 };
	struct argument *args = args_unresolved(a, t->spec.args.at, t->spec.args.n);
	struct err *err = compare_annotation_apply(a, run, &run);

	if (err != NULL || (err = metrics_prepare(a, &run->spec, args, run->spec.args.n, &set)) != NULL)
		return err;
	str_init(&e.out, EXPLANATION_MAX);
	str_addf(&e.out, "Template %s: %zu metric%s\n", t->object.meta.name ?: "", set.n, set.n == 1 ? "" : "s");
	for (size_t i = 0; i < set.n; i++)
		explanation_add_metric(&e, &set.metrics[i], &set.limits[i], set.rules[i].dry_run);
	return explanation_end(&e, ret);
}
