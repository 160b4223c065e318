/* cli/backtest/releases.c: plays the measurements of past releases. */
#include "cli/backtest/releases.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "analysis/backtest/schedule.h"
#include "analysis/backtest/threshold.h"
#include "analysis/compare/report.h"
#include "analysis/prometheus.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/compare.h"

#define RELEASES_ADDRESS "http://history" /* of a metric: its queries are read, and not sent there */
#define RELEASES_LOOKBACK_MS (24ll * 3600 * 1000) /* --at: the versions that had pods before are known */
#define RELEASES_ROUNDS 3 /* of a comparison: it is stored, chooses buckets, and judges */
#define RELEASES_HASH_MAX 63
#define RELEASES_EARLY_MS 600000 /* an AnalysisRun begins before the first sample of a pod */
#define RELEASES_STEP_MS 5000 /* the start of a release is known to that */

/* The scratch of one metric in one release. */
struct releases_pass {
	struct releases *all;
	const struct releases_one *one;
	struct metric metric; /* with the hashes of the release */
	struct analysis_run run;
	const struct err *failed; /* Prometheus was not reached */
};

/* --- metrics --- */

static const char *
releases_replace(struct arena *a, const char *text, const struct past_release *r)
{
	return text != NULL ? threshold_query(a, text, r->canary, r->stable) : NULL;
}

/* Sets the hashes of a release, and an address without credentials. */
static void
releases_set_metric(struct arena *a, struct metric *m, const struct past_release *r)
{
	if (m->provider.prometheus != NULL) {
		struct prometheus_metric *p = arena_alloc(a, sizeof(*p));

		*p = (struct prometheus_metric){ .address = RELEASES_ADDRESS,
			.query = releases_replace(a, m->provider.prometheus->query, r),
			.range_query = m->provider.prometheus->range_query };
		m->provider.prometheus = p;
	} else {
		struct metric_plugin *plugin = arena_alloc(a, sizeof(*plugin));
		struct compare_metric *c = arena_alloc(a, sizeof(*c));

		*c = *m->provider.plugin->compare;
		c->address = RELEASES_ADDRESS;
		c->headers.n = 0;
		c->authentication = NULL;
		c->ca_cert = NULL;
		c->bad = releases_replace(a, c->bad, r);
		c->total = releases_replace(a, c->total, r);
		c->slow = releases_replace(a, c->slow, r);
		c->canary = releases_replace(a, c->canary, r);
		c->stable = releases_replace(a, c->stable, r);
		*plugin = (struct metric_plugin){ .compare = c };
		m->provider.plugin = plugin;
	}
}

/* Chooses the metrics that Prometheus can measure; others are named. */
static int
releases_metrics(struct releases *p)
{
	const struct metric_set *set = &p->subject->set;
	struct arena *a = p->cli->arena;

	p->metrics = arena_new_array(a, struct metric, set->n);
	p->limits = arena_new_array(a, const struct metric_limits *, set->n);
	p->dry_run = arena_new_array(a, bool, set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct metric_provider *provider = &set->metrics[i].provider;
		bool compared = provider->plugin != NULL && provider->plugin->compare != NULL;

		if (provider->prometheus == NULL && !compared) {
			fprintf(stderr, "warning: metric %s is not tested: Prometheus does not measure it\n",
			    set->metrics[i].name);
			continue;
		}
		p->n_comparisons += compared;
		p->limits[p->n_metrics] = &set->limits[i];
		p->dry_run[p->n_metrics] = set->rules[i].dry_run;
		p->metrics[p->n_metrics++] = set->metrics[i];
	}
	return p->n_metrics > 0
		   ? 0
		   : cli_fail(p->cli, "AnalysisTemplate %s has no metric that can be tested: docs/backtest.md",
			 p->subject->template);
}

/* --- measurements --- */

/* Sends a query of the provider to the history: an instant query at its time. */
static struct response
releases_exchange(struct releases_pass *p, const struct query_input *in, const struct request *request, struct arena *a)
{
	const char *path = request->url + strlen(RELEASES_ADDRESS "/api/v1/");
	const char *body = request->body;

	if (str_eq(path, "query"))
		body = arena_printf(a, "%s&time=%s", body, prometheus_seconds(a, in->now));
	return history_exchange(p->all->history, a, path, body);
}

/* Steps the provider until it needs no query. */
static enum measured
releases_step(struct releases_pass *p, struct query_input *in, struct arena *a, struct step_result *ret)
{
	const struct provider *provider = provider_of(&p->metric);
	enum measured how;

	in->n = 0;
	for (;;) {
		struct response *got;

		*ret = (struct step_result){ 0 };
		how = provider->step(&p->metric, in, a, ret);
		if (how != MEASURED_QUERY || in->n == QUERIES_MAX)
			return how;
		got = arena_alloc(a, sizeof(*got));
		*got = p->all->history->requests < RELEASES_QUERIES_MAX
			   ? releases_exchange(p, in, &ret->query.request, a)
			   : (struct response){ .err = err_new(a, ERR_INVALID,
						    "more than %d queries: choose fewer --minutes or a shorter --past",
						    RELEASES_QUERIES_MAX) };
		if (got->err != NULL) {
			p->failed = err_copy(p->all->cli->arena, got->err);
			ret->err = err_new(a, ERR_AGAIN, "%s", err_text(a, got->err));
			return MEASURED_ERROR;
		}
		in->responses[in->n++] = got;
	}
}

static struct schedule_value
releases_measure(void *arg, int64_t at, struct arena *a)
{
	struct releases_pass *p = arg;
	struct query_input in = { .now = at, .run_started_at = p->one->begin, .run = &p->run, .n_like = 1 };
	struct step_result r;

	if (p->failed != NULL)
		return (struct schedule_value){ .err = p->failed };
	switch (releases_step(p, &in, a, &r)) {
	case MEASURED_VALUE:
	case MEASURED_NOTHING: return (struct schedule_value){ .value = r.value };
	default: return (struct schedule_value){ .err = r.err };
	}
}

static struct releases_verdict
releases_threshold(struct releases_pass *p, const struct metric_limits *limits, struct arena *a)
{
	const struct schedule s = { &p->metric, limits, p->one->begin, p->one->end };
	struct schedule_result r = schedule_play(&s, releases_measure, p, a);

	return (struct releases_verdict){ .phase = r.phase,
		.at = r.at,
		.why = r.reason != NULL && r.err != NULL ? arena_printf(a, "%s: %s", r.reason, err_text(a, r.err))
		       : r.reason != NULL		 ? r.reason
							 : "" };
}

/* Returns the course of a comparison, which outlives its measurement; NULL: it has no bin. */
static const struct course *
releases_course(struct arena *a, const struct string_map *metadata)
{
	struct course *c = arena_alloc(a, sizeof(*c));

	return course_read(a, metadata, c) ? c : NULL;
}

/* A comparison is judged once, at the end of the run: it reads all its counters again each time, and finds a verdict
 * at the same bin. */
static struct releases_verdict
releases_comparison(struct releases_pass *p, struct arena *a)
{
	static const struct string_map none;
	struct string_map metadata = none;
	struct query_input in = { .now = p->one->end,
		.run_started_at = p->one->begin,
		.run = &p->run,
		.n_like = p->one->run != NULL ? kept_comparisons(p->one->run, a)
					      : p->all->n_comparisons + p->all->subject->n_others,
		.metadata = &metadata };
	struct compare_config config;
	struct step_result r = { 0 };
	enum measured how = MEASURED_RUNNING;
	const char *bin = NULL;
	int64_t at = p->one->end;

	if (time_add(p->one->begin, p->metric.initial_delay.ms) > at)
		return (struct releases_verdict){
			.phase = RUN_RUNNING, .at = at, .why = "its run ended before initialDelay had passed"
		};
	if ((r.err = config_read(a, p->metric.provider.plugin->compare, &config)) != NULL)
		return (struct releases_verdict){ .phase = RUN_ERROR, .at = at, .why = err_text(a, r.err) };
	in.resumed_at = p->one->end + config_lag_ms(&config);
	for (int i = 0; i < RELEASES_ROUNDS && how == MEASURED_RUNNING && bin == NULL; i++) {
		how = releases_step(p, &in, a, &r);
		metadata = r.metadata;
		bin = string_map_get(&metadata, REPORT_BIN);
	}
	if (how == MEASURED_ERROR)
		return (struct releases_verdict){ .phase = RUN_ERROR, .at = at, .why = err_text(a, r.err) };
	if (bin != NULL && how == MEASURED_VALUE)
		time_parse(bin, &at);
	return (struct releases_verdict){ how == MEASURED_VALUE ? r.phase : RUN_RUNNING, at,
		r.message != NULL ? r.message : string_map_get(&metadata, REPORT_WAITS) ?: "",
		releases_course(p->all->cli->arena, &metadata) };
}

/* Sets the run that the controller would have created. */
static void
releases_set_run(struct releases_pass *p, struct arena *a)
{
	const struct past_release *r = &p->one->of;
	const struct compared_release release = { .rollout = p->all->subject->rollout,
		.canary = r->canary,
		.stable = r->stable,
		.since = r->start < p->one->begin ? r->start : p->one->begin,
		.in_background = p->all->subject->in_background };
	_cleanup_(json_decrefp) json_t *j = encode(&compared_release_type, &release);
	const char *kept = p->one->run != NULL ? object_annotation(&p->one->run->object, ANNOTATION_RELEASE) : NULL;
	struct string_pair *pair = arena_new_array(a, struct string_pair, 1);

	*pair = (struct string_pair){ ANNOTATION_RELEASE, kept != NULL ? kept : json_text(a, j) };
	p->run.object.meta.creation_timestamp = p->one->begin;
	p->run.object.meta.annotations = (struct string_map){ pair, 1 };
}

static struct err *
releases_play_metric(struct releases *all, const struct releases_one *one, size_t i)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct releases_pass p = { .all = all, .one = one, .metric = all->metrics[i] };
	struct releases_verdict *v = &one->metrics[i];

	releases_set_metric(a, &p.metric, &one->of);
	releases_set_run(&p, a);
	*v = p.metric.provider.plugin != NULL ? releases_comparison(&p, a) : releases_threshold(&p, all->limits[i], a);
	v->why = arena_strdup(all->cli->arena, v->why);
	return p.failed != NULL ? err_wrap(all->cli->arena, p.failed, "metric %s, release at %s", p.metric.name,
				      time_format(a, one->begin))
				: NULL;
}

/* --- all --- */

static void
releases_progress(size_t i, size_t n)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (i < n)
		fprintf(stderr, "\r%zu of %zu releases", i, n);
	else
		fprintf(stderr, "\r%40s\r", "");
}

static int
releases_play_each(struct releases *p, const struct past *past)
{
	struct err *e = NULL;

	for (size_t i = 0; i < p->n && e == NULL; i++) {
		struct releases_one *one = &p->at[i];

		one->metrics = arena_new_array(p->cli->arena, struct releases_verdict, p->n_metrics);
		/* Between two columns it is not known. */
		one->no_data =
		    !past_has(past, one->of.canary, one->begin - past->grid.step, one->end + past->grid.step) ||
		    !past_has(past, one->of.stable, one->of.start - past->grid.step, one->end + past->grid.step);
		releases_progress(i, p->n);
		for (size_t k = 0; k < p->n_metrics && e == NULL && !one->no_data; k++)
			e = releases_play_metric(p, one, k);
	}
	releases_progress(p->n, p->n);
	return e != NULL ? cli_fail(p->cli, "%s", err_text(p->cli->arena, e)) : 0;
}

/* Sets the start of a release to the last time without a pod of the canary: queries the column in which it began
 * again, in smaller steps. */
static struct err *
releases_refine(struct releases *p, const struct past *past, struct past_release *r)
{
	struct past fine = { .grid = { .start = r->start,
				 .step = RELEASES_STEP_MS,
				 .columns = (size_t)(past->grid.step / RELEASES_STEP_MS) + 1 } };
	struct err *e = replicasets_read(p->history, p->subject, &fine);

	if (e != NULL)
		return e;
	while (r->start + RELEASES_STEP_MS < fine.grid.start + past->grid.step &&
	       !past_has(&fine, r->canary, fine.grid.start, r->start + RELEASES_STEP_MS))
		r->start += RELEASES_STEP_MS;
	return NULL;
}

/* A run ends with its release, and with the past. */
static struct releases_one
releases_one_of(const struct releases *p, const struct past_release *r, int64_t begin)
{
	struct releases_one one = { .of = *r, .begin = begin, .end = begin + p->length_ms };

	one.end = r->end < one.end ? r->end : one.end;
	one.end = p->history->until < one.end ? p->history->until : one.end;
	one.version = kept_version(&p->subject->kept, r->canary);
	return one;
}

/* Returns a release that began with its pods, or with the AnalysisRun that the cluster keeps. */
static struct releases_one
releases_found(const struct releases *p, const struct past_release *r)
{
	const struct analysis_run *run = kept_run(&p->subject->kept, r->canary, r->start - RELEASES_EARLY_MS, r->end);
	struct releases_one one = releases_one_of(p, r, run != NULL ? run->object.meta.creation_timestamp : r->start);
	struct compared_release kept = { 0 };

	one.run = run;
	if (run == NULL)
		return one;
	decode_text(&compared_release_type, object_annotation(&run->object, ANNOTATION_RELEASE), p->cli->arena, &kept);
	if (!str_empty(kept.stable))
		one.of.stable = kept.stable;
	return one;
}

/* Adds the versions that the cluster keeps and Prometheus does not know: they have no data. The first one is no
 * release. */
static void
releases_add_kept(struct releases *p, const struct past *past)
{
	const struct kept *k = &p->subject->kept;
	int64_t end = past->grid.start + (int64_t)past->grid.columns * past->grid.step;

	for (size_t i = 0; i < k->n_versions && p->n < RELEASES_MAX; i++) {
		const struct kept_version *v = &k->versions[i], *before = kept_before(k, v);
		struct past_release r = { .start = v->created, .end = v->created, .canary = v->hash };

		if (before == NULL || v->created < past->grid.start || v->created > end ||
		    past_has(past, v->hash, past->grid.start, end))
			continue;
		r.stable = before->hash;
		p->at[p->n] = releases_one_of(p, &r, v->created);
		p->n++;
		p->n_found++;
	}
}

static int
releases_compare(const void *a, const void *b)
{
	const struct releases_one *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static int
releases_begin(struct history *h, const struct subject *s, int64_t length_ms, struct releases *ret)
{
	*ret = (struct releases){ .cli = h->cli, .history = h, .subject = s, .length_ms = length_ms };
	return releases_metrics(ret);
}

int
releases_play(struct history *h, const struct subject *s, int64_t past_ms, int64_t length_ms, struct releases *ret)
{
	struct past past = { .grid = replicasets_grid(h->until, past_ms) };
	struct past_release *found;
	struct err *e;

	if (releases_begin(h, s, length_ms, ret) != 0)
		return 1;
	ret->past_ms = past_ms;
	if ((e = replicasets_read(h, s, &past)) != NULL)
		return cli_fail(h->cli, "%s", err_text(h->cli->arena, e));
	ret->n_found = past_releases(&past, h->cli->arena, &found);
	ret->n = ret->n_found < RELEASES_MAX ? ret->n_found : RELEASES_MAX;
	ret->at = arena_new_array(h->cli->arena, struct releases_one, RELEASES_MAX);
	for (size_t i = 0; i < ret->n; i++) {
		struct past_release *r = &found[ret->n_found - ret->n + i];

		if ((e = releases_refine(ret, &past, r)) != NULL)
			return cli_fail(h->cli, "%s", err_text(h->cli->arena, e));
		ret->at[i] = releases_found(ret, r);
	}
	releases_add_kept(ret, &past);
	qsort(ret->at, ret->n, sizeof(*ret->at), releases_compare);
	return releases_play_each(ret, &past);
}

/* Splits TIME:CANARY:STABLE, or TIME. The time itself has colons. */
static int
releases_split_at(struct cli *c, const char *text, int64_t *ret_at, struct past_release *ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char *copy = arena_strdup(c->arena, text), *stable, *canary;

	*ret = (struct past_release){ 0 };
	if (time_parse(text, ret_at))
		return 0;
	if ((stable = strrchr(copy, ':')) != NULL) {
		*stable++ = '\0';
		if ((canary = strrchr(copy, ':')) != NULL) {
			*canary++ = '\0';
			ret->canary = canary;
			ret->stable = stable;
			if (time_parse(copy, ret_at) && canary[0] != '\0' && stable[0] != '\0' &&
			    canary[strspn(canary, letters)] == '\0' && stable[strspn(stable, letters)] == '\0' &&
			    strlen(canary) <= RELEASES_HASH_MAX && strlen(stable) <= RELEASES_HASH_MAX &&
			    !str_eq(canary, stable))
				return 0;
		}
	}
	return cli_fail(c,
	    "--at: \"%s\" is not a time such as 2026-11-29T12:00:00Z, or TIME:CANARY:STABLE with the pod template "
	    "hashes of two versions",
	    text);
}

int
releases_play_at(struct history *h, const struct subject *s, const char *text, int64_t length_ms, struct releases *ret)
{
	struct past past = { 0 };
	struct past_release given, *found;
	struct past_release *of = &given;
	int64_t at, end, known;
	struct err *e;
	size_t n;

	if (releases_begin(h, s, length_ms, ret) != 0 || releases_split_at(h->cli, text, &at, &given) != 0)
		return 1;
	at = time_stored(at);
	if (at >= h->until)
		return cli_fail(h->cli, "--at: %s is not before the end of the history, %s", text,
		    time_format(h->cli->arena, h->until));
	end = at + length_ms < h->until ? at + length_ms : h->until;
	/* A day later it is known whether the release was undone. */
	known = end + PAST_UNDONE_MS < h->until ? end + PAST_UNDONE_MS : h->until;
	past.grid = replicasets_grid(known, known - at + RELEASES_LOOKBACK_MS);
	if ((e = replicasets_read(h, s, &past)) != NULL)
		return cli_fail(h->cli, "%s", err_text(h->cli->arena, e));
	n = past_releases(&past, h->cli->arena, &found);
	if (given.canary == NULL)
		of = past_release_at(found, n, at, length_ms);
	if (of == NULL)
		return cli_fail(h->cli,
		    "--at: there is no release of %s from %s to %s; with --at TIME:CANARY:STABLE, two versions that "
		    "had pods at that time are compared",
		    s->rollout, time_format(h->cli->arena, at), time_format(h->cli->arena, end));
	if (of != &given && (e = releases_refine(ret, &past, of)) != NULL)
		return cli_fail(h->cli, "%s", err_text(h->cli->arena, e));
	if (of == &given) {
		given.start = at;
		given.end = end;
	}
	ret->n = ret->n_found = 1;
	ret->at = arena_new_array(h->cli->arena, struct releases_one, 1);
	ret->at[0] = releases_one_of(ret, of, at);
	return releases_play_each(ret, &past);
}

enum run_phase
releases_phase(const struct releases *p, const struct releases_one *one)
{
	enum run_phase worst = RUN_SUCCESSFUL;

	for (size_t i = 0; i < p->n_metrics; i++)
		if (!p->dry_run[i] && one->metrics[i].phase > worst)
			worst = one->metrics[i].phase;
	return worst;
}

struct releases_count
releases_count(const struct releases *p, enum past_quality quality)
{
	struct releases_count c = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		enum run_phase phase = releases_phase(p, &p->at[i]);

		if (p->at[i].of.quality != quality)
			continue;
		c.n += !p->at[i].no_data;
		c.no_data += p->at[i].no_data;
		c.stopped += !p->at[i].no_data && (phase == RUN_FAILED || phase == RUN_ERROR);
		c.passed += !p->at[i].no_data && phase == RUN_SUCCESSFUL;
	}
	return c;
}
