/* cli/backtest/play.c: finds times without a release, reads their counters, and judges releases drawn from them. */
#include "cli/backtest/play.h"
#include "analysis/backtest/proposal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analysis/compare/series.h"
#include "base/str.h"
#include "base/time.h"

#define PLAY_LEAD_MS 120000 /* before the first bin: pods that are older than it are not new */
#define PLAY_DISTANCE_MS 300000 /* between two windows */
#define PLAY_BOUNDS_MAX 64

/* Returns the queries of one window: at least 1. */
static size_t
play_queries(const struct play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_metrics; i++)
		n += p->metrics[i].queries;
	return n > 0 ? n : 1;
}

/* Sets the windows that are judged. */
static struct err *
play_find_windows(struct play *p)
{
	struct arena *a = p->cli->arena;
	struct past past = { .grid = replicasets_grid(p->history->until, p->options.past_ms) };
	struct past_rules rules = { .lead_ms = PLAY_LEAD_MS,
		.length_ms = p->options.length_ms,
		.distance_ms = PLAY_DISTANCE_MS,
		.pods_min = p->options.pods + 1 };
	/* One is about ReplicaSets, and one of each metric with conditions checks its evaluation. */
	size_t most = (PLAY_REQUESTS_MAX - 1 - (p->n_metrics - p->n_comparisons - p->n_proposed)) / play_queries(p);
	struct err *e;

	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].compare == NULL || p->metrics[i].compare->slow != NULL)
			rules.lead_ms = SERIES_HISTORY_MS;
	if ((e = replicasets_read(p->history, p->subject, &past)) != NULL)
		return e;
	p->n_past_releases = past_releases(&past, a, &p->past_releases);
	p->n_found = past_windows(&past, &rules, a, &p->windows);
	if (p->n_found == 0)
		return err_new(a, ERR_INVALID,
		    "in the past there is no time of %s in which one version had all the pods, and more than %zu of "
		    "them: "
		    "choose a longer --past, fewer --minutes or fewer --pods",
		    duration_human(a, p->options.length_ms + rules.lead_ms), p->options.pods);
	p->n_windows = past_choose(p->windows, p->n_found, most < PLAY_WINDOWS_MAX ? most : PLAY_WINDOWS_MAX);
	p->apart = past_apart(p->windows, p->n_windows, p->options.length_ms);
	p->draws = (PLAY_PLACEBOS + p->n_windows - 1) / p->n_windows;
	if (p->draws > PLAY_DRAWS_MAX)
		p->draws = PLAY_DRAWS_MAX;
	return NULL;
}

/* --- one window of one metric --- */

struct play_window {
	struct play *play;
	struct play_metric *metric;
	size_t index; /* of the window */
	const struct past_window *at;
	struct compared_release release;
	struct arena *arena; /* of the window */
	const char *bounds; /* of all kinds, comma separated; NULL: errors */
	double values[PLAY_BOUNDS_MAX]; /* of the bounds */
	size_t n_bounds, compared;
	struct matrix_grid grid;
	size_t lead;
};

/* Adds the bounds that are needed to know how many requests take longer than a compared bound if all take longer: those
 * below it, as far as the largest effect reaches, and the next one. */
static void
play_add_bounds(struct play_window *w, const struct series_buckets *b)
{
	double least = INFINITY, most = 0, next = 0;
	double effect = w->play->options.effects[w->play->options.n_effects - 1];

	for (size_t i = 0; i < w->compared; i++) {
		least = fmin(least, w->values[i] / effect);
		most = fmax(most, w->values[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		double v = strtod(b->le[i], NULL);

		if (v < least && v > next)
			next = v;
	}
	for (size_t i = 0; i < b->n && w->n_bounds < PLAY_BOUNDS_MAX; i++) {
		double v = strtod(b->le[i], NULL);
		bool known = !(v > 0) || v < next || v > most;

		for (size_t k = 0; k < w->n_bounds && !known; k++)
			known = w->values[k] == v;
		if (known)
			continue;
		w->values[w->n_bounds++] = v;
		w->bounds = arena_printf(w->arena, "%s,%s", w->bounds, b->le[i]);
	}
}

/* Chooses the buckets as the provider does: from the ten minutes before. Sets w->compared to 0 without one. */
static struct err *
play_read_bounds(struct play_window *w)
{
	struct series_buckets *buckets = arena_alloc(w->arena, sizeof(*buckets));
	const struct matrix_grid grid = { w->at->start - SERIES_HISTORY_MS, SERIES_HISTORY_STEP_MS,
		SERIES_HISTORY_COLUMNS };
	const char *names[CONFIG_BOUNDS_MAX], *query;
	struct response got;
	struct err *e;

	if ((e = config_bounds_query(w->arena, w->metric->compare, &w->release, &query)) != NULL)
		return e;
	got = history_query(w->play->history, w->arena, query, &grid);
	if ((e = matrix_read(w->arena, &got, &grid, series_read_bucket, buckets)) != NULL)
		return e;
	w->bounds = series_choose_bounds(w->arena, buckets, CONFIG_BOUNDS_MAX);
	w->n_bounds = w->compared = series_split_bounds(w->arena, w->bounds, CONFIG_BOUNDS_MAX, names, w->values);
	play_add_bounds(w, buckets);
	return NULL;
}

static struct err *
play_read_counters(struct play_window *w, struct counters *ret)
{
	const struct compare_metric *m = w->metric->compare;
	struct series_counters series = { .metric = m, .bounds = w->values, .n_bounds = w->n_bounds };
	const struct counters_rules rules = { .good = m->slow != NULL };
	struct response got;
	const char *query;
	struct err *e;

	if ((e = config_stable_query(w->arena, m, &w->release, w->bounds, &query)) != NULL)
		return e;
	got = history_query(w->play->history, w->arena, query, &w->grid);
	series.counters = counters_new(w->arena, w->grid.columns, m->slow != NULL ? w->n_bounds : 1);
	if ((e = matrix_read(w->arena, &got, &w->grid, series_read_counter, &series)) != NULL ||
	    (e = counters_settle(&series.counters, &rules)) != NULL)
		return e;
	*ret = series.counters;
	return NULL;
}

void
play_count(struct play *p, struct play_metric *m, size_t window, size_t draw, size_t effect, struct play_end end)
{
	struct figures_power *power = &m->power[effect];

	power->releases++;
	power->passed += end.phase == RUN_SUCCESSFUL;
	power->inconclusive += end.phase == RUN_INCONCLUSIVE;
	power->errors += end.phase == RUN_ERROR;
	if (end.phase != RUN_FAILED && end.phase != RUN_ERROR)
		return;
	m->seconds[effect][power->stopped++] = end.seconds;
	if (effect == 0 && !m->dry_run)
		p->stopped[window * p->draws + draw] = true;
}

struct rand_stream
play_stream(const struct play *p, size_t window, size_t draw)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return rand_stream(p->options.seed, arena_printf(a, "window %zu, release %zu", window, draw));
}

void
play_add_requests(struct play_metric *m, const struct placebo *p)
{
	struct comparison_requests canary = placebo_requests(p, 0, ARM_CANARY),
				   stable = placebo_requests(p, 0, ARM_STABLE);

	m->canary.n += canary.n;
	m->canary.x += canary.x;
	m->stable.n += stable.n;
	m->stable.x += stable.x;
}

static void
play_draw(struct play_window *w, const struct counters *counters, size_t draw)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *scratch = arena_new();
	const struct play_options *o = &w->play->options;
	const struct compare_config *config = &w->metric->config;
	const struct placebo_window window = { .counters = counters,
		.bounds = w->bounds != NULL ? w->values : NULL,
		.compared = w->compared,
		.first = w->lead + 1 };
	const struct placebo_rules rules = { .canary_pods = o->pods,
		.weight = o->weight,
		.warm_up = (size_t)((config->warmup_ms + config->step_ms - 1) / config->step_ms),
		.settings = config->evidence,
		.stop_at = (double)(w->play->subject->n_others + w->play->n_comparisons +
				    (w->metric->proposed ? w->play->n_proposed : 0)) /
			   config->false_alarms,
		.misses = config->misses,
		.wait = (size_t)(config->wait_ms / config->step_ms),
		.until_end = config->until_end,
		.spend = w->play->subject->in_background };
	/* The metrics of a release draw the same pods. */
	struct rand_stream stream = rand_stream(o->seed, arena_printf(a, "window %zu, release %zu", w->index, draw));
	const struct placebo *p = placebo_draw(a, &window, &rules, &stream);

	play_add_requests(w->metric, p);
	for (size_t i = 0; i < o->n_effects; i++) {
		struct comparison_result result;

		arena_reset(scratch);
		placebo_judge(p, o->effects[i], scratch, &result);
		play_count(w->play, w->metric, w->index, draw, i,
		    (struct play_end){ config_phase(config, result.verdict),
			(double)(result.bin - w->lead) * (double)config->step_ms / 1000 });
	}
}

static struct err *
play_comparison(struct play *p, struct play_metric *m, size_t index, struct arena *a)
{
	int64_t step = m->config.step_ms;
	struct play_window w = { .play = p,
		.metric = m,
		.index = index,
		.at = &p->windows[index],
		.release = { .rollout = p->subject->rollout, .stable = p->windows[index].hash },
		.arena = a,
		.compared = 1,
		.lead = (size_t)((PLAY_LEAD_MS + step - 1) / step) };
	struct counters counters = { 0 };
	struct err *e = NULL;

	w.grid = (struct matrix_grid){ .start = w.at->start - (int64_t)w.lead * step,
		.step = step,
		.columns = w.lead + 1 + (size_t)(p->options.length_ms / step) };
	if (m->compare->slow != NULL && (e = play_read_bounds(&w)) == NULL && w.compared == 0) {
		m->without_bounds++;
		return NULL;
	}
	if (e != NULL || (e = play_read_counters(&w, &counters)) != NULL)
		return e;
	if (counters.n_pods <= p->options.pods)
		return err_new(a, ERR_INVALID, "%zu pods of %s have series; more than %zu are needed", counters.n_pods,
		    w.at->hash, p->options.pods);
	for (size_t i = 0; i < p->draws; i++)
		play_draw(&w, &counters, i);
	return NULL;
}

static struct err *
play_window(struct play *p, struct play_metric *m, size_t index)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct arena *out = p->cli->arena;
	struct err *e = m->compare != NULL ? play_comparison(p, m, index, a) : play_threshold(p, m, index, a);

	return e != NULL ? err_wrap(out, err_copy(out, e), "metric %s, release at %s", m->name,
			       time_format(out, p->windows[index].start))
			 : NULL;
}

/* --- all --- */

static struct err *
play_add_comparison(struct play *p, struct play_metric *m)
{
	struct arena *a = p->cli->arena;
	struct err *e = config_read(a, m->compare, &m->config);

	m->kind = m->compare->slow != NULL ? PLAY_LATENCY : PLAY_ERRORS;
	m->queries = m->compare->slow != NULL ? 2 : 1;
	if (e != NULL)
		return err_wrap(a, e, "metric %s", m->name);
	if (p->options.length_ms < COMPARISON_BINS_MIN * m->config.step_ms ||
	    p->options.length_ms / m->config.step_ms > REPLICASETS_COLUMNS)
		return err_new(a, ERR_INVALID,
		    "metric %s: --minutes %lld is not from %s to %s: a comparison in steps of %s needs %d of them, and "
		    "%d are read at most",
		    m->name, (long long)p->options.length_ms / 60000,
		    duration_human(a, COMPARISON_BINS_MIN * m->config.step_ms),
		    duration_human(a, REPLICASETS_COLUMNS * m->config.step_ms), duration_human(a, m->config.step_ms),
		    COMPARISON_BINS_MIN, REPLICASETS_COLUMNS);
	*(m->proposed ? &p->n_proposed : &p->n_comparisons) += 1;
	return NULL;
}

static void
play_add_threshold(struct play *p, struct play_metric *m, const struct metric *metric, const struct metric_limits *l)
{
	struct threshold *t = &m->threshold;

	threshold_read(p->cli->arena, metric, l, t);
	m->difference = NAN;
	m->kind = t->form == THRESHOLD_RESULT	  ? PLAY_RESULT
		  : t->form == THRESHOLD_QUANTILE ? PLAY_LATENCY
						  : PLAY_ERRORS;
	m->queries = 1;
	for (size_t i = 1; i < t->query.n_selectors && t->form != THRESHOLD_RESULT; i++)
		m->queries += threshold_source(&t->query, i) == i && threshold_source(&t->query, 0) != i;
}

/* Adds the comparison that corresponds to a metric with conditions. */
static struct err *
play_propose(struct play *p, struct play_metric *of)
{
	struct compare_metric *compare = arena_alloc(p->cli->arena, sizeof(*compare));
	struct play_metric *m = &p->metrics[p->n_metrics];

	if ((of->not_proposed = proposal_read(p->cli->arena, &of->threshold, compare)) != NULL)
		return NULL;
	*m = (struct play_metric){ .name = arena_printf(p->cli->arena, "%s-compared", of->name),
		.compare = compare,
		.dry_run = true,
		.proposed = true };
	p->n_metrics++;
	return play_add_comparison(p, m);
}

/* Sets the metrics that can be tested; others are named. */
static struct err *
play_metrics(struct play *p)
{
	const struct metric_set *set = &p->subject->set;
	struct err *e = NULL;

	p->metrics = arena_new_array(p->cli->arena, struct play_metric, 2 * set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct metric_plugin *plugin = set->metrics[i].provider.plugin;
		const struct prometheus_metric *prometheus = set->metrics[i].provider.prometheus;
		struct play_metric *m = &p->metrics[p->n_metrics];

		*m = (struct play_metric){ .name = set->metrics[i].name,
			.dry_run = set->rules[i].dry_run,
			.compare = plugin != NULL ? plugin->compare : NULL };
		if (m->compare == NULL && (prometheus == NULL || prometheus->range_query != NULL)) {
			fprintf(stderr,
			    "warning: metric %s is not tested: neither a comparison nor an instant query of "
			    "Prometheus\n",
			    m->name);
			continue;
		}
		if (m->compare == NULL)
			play_add_threshold(p, m, &set->metrics[i], &set->limits[i]);
		else if ((e = play_add_comparison(p, m)) != NULL)
			return e;
		p->n_metrics++;
		if (p->options.propose && m->compare == NULL && (e = play_propose(p, m)) != NULL)
			return e;
	}
	if (p->options.propose && p->n_metrics == p->n_comparisons)
		return err_new(p->cli->arena, ERR_INVALID, "--propose: AnalysisTemplate %s has comparisons only",
		    p->subject->template);
	if (p->n_metrics == 0)
		return err_new(p->cli->arena, ERR_INVALID,
		    "AnalysisTemplate %s has no metric that can be tested: docs/backtest.md", p->subject->template);
	return p->n_metrics * 4 < PLAY_REQUESTS_MAX
		   ? NULL
		   : err_new(p->cli->arena, ERR_INVALID, "more than %d metrics", PLAY_REQUESTS_MAX / 4 - 1);
}

static void
play_progress(const struct play *p, size_t window)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (window < p->n_windows)
		fprintf(stderr, "\r%zu of %zu times", window, p->n_windows);
	else
		fprintf(stderr, "\r%40s\r", "");
}

double
play_false_alarms(const struct play *p)
{
	size_t n = 0, releases = p->n_windows * p->draws;

	for (size_t i = 0; i < releases; i++)
		n += p->stopped[i];
	return releases > 0 ? (double)n / (double)releases : 0;
}

struct err *
play_all(struct cli *c, struct history *h, const struct subject *s, const struct play_options *o, struct play *ret)
{
	size_t releases;
	struct err *e;

	*ret = (struct play){ .cli = c, .history = h, .subject = s, .options = *o };
	if ((e = play_metrics(ret)) != NULL || (e = play_find_windows(ret)) != NULL)
		return e;
	releases = ret->n_windows * ret->draws;
	ret->stopped = arena_new_array(c->arena, bool, releases);
	for (size_t i = 0; i < ret->n_metrics; i++)
		for (size_t k = 0; k < o->n_effects; k++) {
			ret->metrics[i].power[k].effect = o->effects[k];
			ret->metrics[i].seconds[k] = arena_new_array(c->arena, double, releases);
		}
	for (size_t i = 0; i < ret->n_windows && e == NULL; i++) {
		play_progress(ret, i);
		for (size_t k = 0; k < ret->n_metrics && e == NULL; k++)
			e = play_window(ret, &ret->metrics[k], i);
	}
	play_progress(ret, ret->n_windows);
	if (e != NULL)
		return e;
	for (size_t i = 0; i < ret->n_metrics; i++)
		for (size_t k = 0; k < o->n_effects; k++)
			ret->metrics[i].power[k].median =
			    figures_median(ret->metrics[i].seconds[k], ret->metrics[i].power[k].stopped);
	return NULL;
}
