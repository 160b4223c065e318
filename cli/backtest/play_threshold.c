/* cli/backtest/play_threshold.c: placebo releases of a metric with a query and conditions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/backtest/play.h"

#define PLAY_INTERVAL_MS 60000 /* between two values of a metric without an interval */
#define PLAY_LOOKBACK_MS 300000 /* as Prometheus */
#define PLAY_LEAD_COLUMNS 8
#define PLAY_STEP_MS_MIN 1000
#define PLAY_STEP_MS_MAX 60000
#define PLAY_EQUAL 1e-9 /* relative difference of values that are equal */
#define PLAY_COLUMNS_MAX 10000

/* One window of one metric. */
struct play_pass {
	struct play *play;
	struct play_metric *metric;
	size_t index;
	struct arena *arena;
	const char *text; /* of the query, with THRESHOLD_CANARY and the hash of the stable version */
	const char *past; /* the same with this hash for both */
	struct promql past_query; /* of it; if the form is known */
	struct threshold_window window;
	struct schedule schedule;
};

/* The values that measurements read. */
struct play_values {
	const struct promql *query;
	const struct promql_data *data;
	const struct matrix_points *points; /* instead: results of Prometheus */
	size_t n_points;
	int64_t interval;
	double factor; /* of the results */
};

static int64_t
play_interval(const struct metric *m)
{
	return m->interval.ms > 0 ? m->interval.ms : PLAY_INTERVAL_MS;
}

static struct schedule_value
play_evaluate(void *arg, int64_t at, struct arena *a)
{
	const struct play_values *v = arg;

	return threshold_value(v->query, v->data, at, a);
}

/* Returns the last result at a time, made worse. */
static struct schedule_value
play_result(void *arg, int64_t at, struct arena *a)
{
	const struct play_values *v = arg;
	double *values = arena_new_array(a, double, v->n_points);
	size_t n = 0;

	for (size_t i = 0; i < v->n_points; i++) {
		const struct matrix_points *s = &v->points[i];
		size_t k = s->n;

		while (k > 0 && s->at[k - 1].at > at)
			k--;
		if (k > 0 && at - s->at[k - 1].at < v->interval)
			values[n++] = s->at[k - 1].value * v->factor;
	}
	return (struct schedule_value){ .value = value_from_floats(a, values, n) };
}

static struct play_end
play_schedule(struct play_pass *p, schedule_measure *measure, struct play_values *values, struct arena *a)
{
	struct schedule_result r = schedule_play(&p->schedule, measure, values, a);

	return (struct play_end){ r.phase, (double)(r.at - p->schedule.start) / 1000 };
}

/* --- results --- */

/* Sets *ret to the results of Prometheus from the first measurement on. */
static struct err *
play_read_results(struct play_pass *p, struct matrix_points **ret, size_t *ret_n)
{
	const struct metric *m = p->metric->threshold.metric;
	int64_t step = play_interval(m), start = p->schedule.start + m->initial_delay.ms;
	struct matrix_grid grid = { .start = start, .step = step };
	struct response got;

	if (start > p->schedule.end || (p->schedule.end - start) / step >= PLAY_COLUMNS_MAX)
		return err_new(p->arena, ERR_INVALID, "a release of --minutes has no measurement, or more than %d",
		    PLAY_COLUMNS_MAX);
	grid.columns = (size_t)((p->schedule.end - start) / step) + 1;
	got = history_query(p->play->history, p->arena, p->past, &grid);
	return matrix_read_points(p->arena, &got, true, ret, ret_n);
}

/* All draws of a window have the same results: one release is counted. */
static struct err *
play_results(struct play_pass *p)
{
	const struct threshold *t = &p->metric->threshold;
	struct play_values values = { .interval = play_interval(t->metric) };
	struct matrix_points *points = NULL;
	size_t before = p->metric->power[0].stopped;
	struct err *e = play_read_results(p, &points, &values.n_points);

	values.points = points;
	for (size_t i = 0; i < p->play->options.n_effects && e == NULL; i++) {
		double effect = p->play->options.effects[i];
		struct play_end end;

		if (i > 0 && t->worse == THRESHOLD_UNKNOWN)
			break;
		values.factor = t->worse == THRESHOLD_LESS ? 1 / effect : effect;
		end = play_schedule(p, play_result, &values, p->arena);
		play_count(p->play, p->metric, p->index, 0, i, end);
		for (size_t k = 1; k < p->play->draws && i == 0 && p->metric->power[0].stopped > before; k++)
			p->play->stopped[p->index * p->play->draws + k] |= !p->metric->dry_run;
	}
	return e;
}

/* --- evaluation --- */

/* Reads the series of all selectors, those that others include only once. */
static struct err *
play_read_series(struct play_pass *p)
{
	const struct promql *q = &p->past_query;
	int64_t longest = p->play->options.length_ms + p->metric->threshold.range_ms + PLAY_LOOKBACK_MS +
			  PLAY_LEAD_COLUMNS * PLAY_STEP_MS_MAX;

	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < q->n_selectors; i++) {
			size_t source = threshold_source(q, i), n = 0;
			const char *text;
			struct matrix_points *points;
			struct response got;
			struct err *e;

			if ((source == i) == (again == 1))
				continue;
			if (source != i) {
				p->window.data[i] =
				    threshold_selected(&q->selectors[i], &p->window.data[source], p->arena);
				continue;
			}
			text = arena_printf(p->arena, "%s[%ds]", q->selectors[i].text, (int)(longest / 1000));
			got = history_query_at(p->play->history, p->arena, text, p->schedule.end);
			if ((e = matrix_read_points(p->arena, &got, false, &points, &n)) != NULL)
				return e;
			p->window.data[i] = threshold_data_of(p->arena, points, n);
		}
	return NULL;
}

static int
play_compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sets the times of the counters to those of the scrapes, as the longest series shows them: it depends on these times
 * how many samples the window of a rate() has. */
static void
play_set_grid(struct play_pass *p)
{
	const struct promql_data *d = &p->window.data[p->window.query.n_selectors - 1];
	const struct promql_series *longest = NULL;
	int64_t step = PLAY_STEP_MS_MAX, phase = 0, start;

	for (size_t i = 0; i < d->n; i++)
		if (longest == NULL || d->at[i].n > longest->n)
			longest = &d->at[i];
	if (longest != NULL && longest->n > 1) {
		double *distances = arena_new_array(p->arena, double, longest->n - 1);

		for (size_t i = 1; i < longest->n; i++)
			distances[i - 1] = (double)(longest->samples[i].at - longest->samples[i - 1].at);
		qsort(distances, longest->n - 1, sizeof(*distances), play_compare_double);
		step = (int64_t)fmin(
		    fmax(round(distances[(longest->n - 1) / 2] / 1000) * 1000, PLAY_STEP_MS_MIN), PLAY_STEP_MS_MAX);
		phase = longest->samples[longest->n - 1].at;
	}
	start = p->schedule.start - PLAY_LEAD_COLUMNS * step;
	start -= ((start - phase) % step + step) % step;
	p->window.first = PLAY_LEAD_COLUMNS + 1;
	p->window.grid = (struct matrix_grid){
		.start = start, .step = step, .columns = (size_t)((p->schedule.end - start) / step) + 1
	};
}

static double
play_value_difference(double x, double y)
{
	if (isnan(x) || isnan(y))
		return isnan(x) && isnan(y) ? 0 : INFINITY;
	return x == y ? 0 : fabs(x - y) / fmax(fabs(x), fabs(y));
}

/* Evaluates the query on the series as they were, and sets the largest difference to Prometheus' own results. */
static struct err *
play_check(struct play_pass *p)
{
	const struct metric *m = p->metric->threshold.metric;
	struct promql_data data[THRESHOLD_SELECTORS];
	struct matrix_points *points = NULL;
	const struct promql *query = &p->past_query;
	size_t n = 0;
	struct err *e = play_read_results(p, &points, &n);

	if (e != NULL)
		return e;
	for (size_t i = 0; i < query->n_selectors; i++)
		data[i] = threshold_selected(&query->selectors[i], &p->window.data[i], p->arena);
	p->metric->difference = n > 1 ? INFINITY : 0;
	for (int64_t at = p->schedule.start + m->initial_delay.ms; at <= p->schedule.end && n <= 1;
	     at += play_interval(m)) {
		struct play_values theirs = { .points = points, .n_points = n, .interval = 1, .factor = 1 };
		struct schedule_value ours = threshold_value(query, data, at, p->arena),
				      other = play_result(&theirs, at, p->arena);
		double difference = INFINITY;

		if (ours.err == NULL && ours.value.kind == VALUE_ARRAY && ours.value.array.n == other.value.array.n)
			difference = other.value.array.n == 0
					 ? 0
					 : play_value_difference(ours.value.array.at[0].f, other.value.array.at[0].f);
		p->metric->difference = fmax(p->metric->difference, difference);
	}
	if (!(p->metric->difference <= PLAY_EQUAL))
		p->metric->kind = PLAY_RESULT;
	return NULL;
}

static void
play_draws(struct play_pass *p, const struct counters *counters, size_t draw)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *scratch = arena_new();
	const struct play_options *o = &p->play->options;
	const struct placebo_window window = { .counters = counters,
		.bounds = p->metric->kind == PLAY_LATENCY ? p->window.bounds : NULL,
		.compared = counters->kinds,
		.first = p->window.first };
	const struct placebo_rules rules = { .canary_pods = o->pods, .weight = o->weight };
	struct rand_stream stream = play_stream(p->play, p->index, draw);
	const struct placebo *placebo = placebo_draw(a, &window, &rules, &stream);

	play_add_requests(p->metric, placebo);
	for (size_t i = 0; i < o->n_effects; i++) {
		struct promql_data data[THRESHOLD_SELECTORS];
		struct play_values values = { .query = &p->window.query, .data = data };
		struct counters drawn;

		arena_reset(scratch);
		drawn = placebo_counters(placebo, o->effects[i], scratch);
		threshold_release(&p->window, &drawn, o->pods, scratch, data);
		play_count(p->play, p->metric, p->index, draw, i, play_schedule(p, play_evaluate, &values, scratch));
	}
}

static struct err *
play_evaluated(struct play_pass *p)
{
	struct counters counters = { 0 };
	struct err *e;

	if ((e = promql_parse(p->arena, p->text, &p->window.query)) != NULL ||
	    (e = promql_parse(p->arena, p->past, &p->past_query)) != NULL || (e = play_read_series(p)) != NULL)
		return e;
	if (isnan(p->metric->difference) && ((e = play_check(p)) != NULL || p->metric->kind == PLAY_RESULT))
		return e != NULL ? e : play_results(p);
	play_set_grid(p);
	if ((e = threshold_counters(&p->window, p->arena, &counters)) != NULL)
		return e;
	if (counters.n_pods <= p->play->options.pods)
		return err_new(p->arena, ERR_INVALID, "%zu pods of %s have series; more than %zu are needed",
		    counters.n_pods, p->window.hash, p->play->options.pods);
	for (size_t i = 0; i < p->play->draws; i++)
		play_draws(p, &counters, i);
	return NULL;
}

struct err *
play_threshold(struct play *p, struct play_metric *m, size_t window, struct arena *a)
{
	const char *query = m->threshold.metric->provider.prometheus->query, *hash = p->windows[window].hash;
	struct play_pass pass = { .play = p,
		.metric = m,
		.index = window,
		.arena = a,
		.text = threshold_query(a, query, THRESHOLD_CANARY, hash),
		.past = threshold_query(a, query, hash, hash),
		.window = { .threshold = &m->threshold, .rollout = p->subject->rollout, .hash = hash },
		.schedule = { m->threshold.metric, m->threshold.limits, p->windows[window].start,
		    p->windows[window].start + p->options.length_ms } };

	return m->kind == PLAY_RESULT ? play_results(&pass) : play_evaluated(&pass);
}
