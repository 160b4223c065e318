/* analysis/backtest/threshold.c: recognizes queries, and puts drawn counters into the place of those that were. */
#include "analysis/backtest/threshold.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json_walk.h"
#include "base/str.h"

#define THRESHOLD_LOOKBACK_MS 300000 /* the age up to which Prometheus takes a sample as the last one */
#define THRESHOLD_LARGE 1e9 /* a result that is worse than any limit, where more is worse */
#define THRESHOLD_POD "pod"

/* --- forms --- */

static bool
threshold_is_sum(const struct promql_node *n, bool by_le)
{
	bool labels = by_le ? n->by.n == 1 && str_eq(n->by.at[0], "le") : n->by.n == 0;

	return n->kind == PROMQL_AGGREGATE && n->aggregate == PROMQL_SUM && labels &&
	       (n->left->kind == PROMQL_RATE || n->left->kind == PROMQL_INCREASE);
}

static enum run_phase
threshold_phase(struct arena *a, const struct metric *m, double value)
{
	const struct value v = value_from_floats(a, &value, 1);
	const char *message = NULL;

	return measurement_phase(a, m, &v, false, 0, &message);
}

/* Finds out from the conditions which results are bad. */
static enum threshold_worse
threshold_worse(struct arena *a, const struct metric *m, double large)
{
	bool low = threshold_phase(a, m, 0) == RUN_SUCCESSFUL, high = threshold_phase(a, m, large) == RUN_SUCCESSFUL;

	return low && !high ? THRESHOLD_MORE : high && !low ? THRESHOLD_LESS : THRESHOLD_UNKNOWN;
}

static enum threshold_form
threshold_form(const struct promql_node *root, enum threshold_worse of_share)
{
	if (root->kind == PROMQL_QUANTILE)
		return threshold_is_sum(root->left, true) ? THRESHOLD_QUANTILE : THRESHOLD_RESULT;
	if (root->kind != PROMQL_ARITHMETIC || root->operator!= '/' || !threshold_is_sum(root->left, false) ||
	    !threshold_is_sum(root->right, false))
		return THRESHOLD_RESULT;
	return of_share == THRESHOLD_MORE   ? THRESHOLD_BAD
	       : of_share == THRESHOLD_LESS ? THRESHOLD_GOOD
					    : THRESHOLD_RESULT;
}

void
threshold_read(struct arena *a, const struct metric *m, const struct metric_limits *limits, struct threshold *ret)
{
	enum threshold_worse of_share = threshold_worse(a, m, 1);

	*ret = (struct threshold){ .metric = m, .limits = limits, .worse = threshold_worse(a, m, THRESHOLD_LARGE) };
	if (promql_parse(a, m->provider.prometheus->query, &ret->query) != NULL)
		return;
	ret->form = threshold_form(ret->query.root, of_share);
	if (ret->form == THRESHOLD_BAD || ret->form == THRESHOLD_GOOD)
		ret->worse = of_share;
	for (size_t i = 0; i < ret->query.n_selectors; i++)
		if (ret->query.selectors[i].range_ms > ret->range_ms)
			ret->range_ms = ret->query.selectors[i].range_ms;
}

const char *
threshold_query(struct arena *a, const char *query, const char *canary, const char *stable)
{
	return str_replace(a, str_replace(a, query, THRESHOLD_CANARY, canary), THRESHOLD_STABLE, stable);
}

/* A label that names the canary without its hash, such as that of a Service, is known by its text. The value of others,
 * such as Istio's destination_version, is of one version, whatever it is. */
static bool
threshold_names_version(const struct promql_matcher *m)
{
	static const char *const labels[] = { "version", "revision", "hash", "subset", "track" };

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (strstr(m->label, labels[i]) != NULL)
			return true;
	return strstr(m->value, "canary") != NULL || strstr(m->value, THRESHOLD_STABLE) != NULL;
}

bool
threshold_sums_versions(const struct threshold *t)
{
	for (size_t i = 0; t->form != THRESHOLD_RESULT && i < t->query.n_selectors; i++)
		for (size_t k = 0; k < t->query.selectors[i].n; k++)
			if (threshold_names_version(&t->query.selectors[i].matchers[k]))
				return false;
	return t->form != THRESHOLD_RESULT;
}

bool
threshold_has_matcher(const struct promql_selector *s, const struct promql_matcher *m)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->matchers[i].match == m->match && str_eq(s->matchers[i].label, m->label) &&
		    str_eq(s->matchers[i].value, m->value))
			return true;
	return false;
}

size_t
threshold_source(const struct promql *q, size_t selector)
{
	const struct promql_selector *s = &q->selectors[selector];

	for (size_t i = 0; i < q->n_selectors; i++) {
		const struct promql_selector *other = &q->selectors[i];
		bool includes = other->n < s->n && str_eq(other->name, s->name);

		for (size_t k = 0; k < other->n && includes; k++)
			includes = threshold_has_matcher(s, &other->matchers[k]);
		if (includes)
			return i;
	}
	return selector;
}

/* --- series --- */

static struct promql_labels
threshold_labels(struct arena *a, const char *json)
{
	struct promql_label *at = arena_new_array(a, struct promql_label, json_count(json));
	struct json_walk w = json_walk(json);
	size_t n = 0, len;

	while (json_walk_next(&w))
		if (!json_walk_is(&w, "__name__") && json_at_string(w.value))
			at[n++] = (struct promql_label){ json_unquote_key(a, w.key, w.key_len),
				json_unquote(a, w.value, &len) };
	return (struct promql_labels){ at, n };
}

struct promql_data
threshold_data_of(struct arena *a, const struct matrix_points *points, size_t n)
{
	struct promql_series *at = arena_new_array(a, struct promql_series, n);

	for (size_t i = 0; i < n; i++) {
		struct promql_sample *samples = arena_new_array(a, struct promql_sample, points[i].n);

		for (size_t k = 0; k < points[i].n; k++)
			samples[k] = (struct promql_sample){ points[i].at[k].at, points[i].at[k].value };
		at[i] = (struct promql_series){
			.labels = threshold_labels(a, points[i].labels), .samples = samples, .n = points[i].n
		};
	}
	return (struct promql_data){ at, n };
}

/* Returns the name of the series' pod, if it is one of the window's version; or NULL. */
static const char *
threshold_pod(const struct threshold_window *w, const struct promql_series *s)
{
	const char *pod = promql_label(&s->labels, THRESHOLD_POD);
	size_t rollout = strlen(w->rollout), hash = strlen(w->hash);

	return strncmp(pod, w->rollout, rollout) == 0 && pod[rollout] == '-' &&
		       strncmp(pod + rollout + 1, w->hash, hash) == 0 && pod[rollout + 1 + hash] == '-'
		   ? pod
		   : NULL;
}

/* Adds the last sample of a series at each column. */
static void
threshold_add(const struct matrix_grid *g, const struct promql_series *s, double *row)
{
	size_t next = 0;

	for (size_t i = 0; i < g->columns; i++) {
		int64_t at = g->start + (int64_t)i * g->step;

		while (next < s->n && s->samples[next].at <= at)
			next++;
		if (next > 0 && at - s->samples[next - 1].at < THRESHOLD_LOOKBACK_MS)
			row[i] = (isnan(row[i]) ? 0 : row[i]) + s->samples[next - 1].value;
	}
}

/* Returns the index of a bound, -1 for +Inf, or the number of bounds if there are too many. */
static int
threshold_bound(struct threshold_window *w, const struct promql_series *s)
{
	const char *le = promql_label(&s->labels, "le");
	double v = strtod(le, NULL);

	if (isinf(v))
		return -1;
	for (size_t i = 0; i < w->n_bounds; i++)
		if (w->bounds[i] == v)
			return (int)i;
	if (w->n_bounds < THRESHOLD_BOUNDS_MAX) {
		w->le[w->n_bounds] = le;
		w->bounds[w->n_bounds++] = v;
	}
	return (int)w->n_bounds - 1;
}

static struct err *
threshold_read_series(struct threshold_window *w, struct counters *c, size_t selector, const struct promql_series *s)
{
	const char *name = threshold_pod(w, s);
	struct counters_pod *pod = NULL;
	size_t row = selector == 0 ? 1 : 0;
	struct err *e;

	if (name == NULL)
		return NULL;
	if ((e = counters_pod(c, name, &pod)) != NULL)
		return e;
	if (w->threshold->form == THRESHOLD_QUANTILE)
		row = (size_t)(threshold_bound(w, s) + 1);
	threshold_add(&w->grid, s, counters_series(c, pod, row));
	return NULL;
}

/* Returns the labels of a series with the hash of the canary in place of the pod's own. */
static struct promql_labels
threshold_rename(const struct threshold_window *w, const struct promql_labels *labels, struct arena *a)
{
	struct promql_label *at = arena_new_array(a, struct promql_label, labels->n);

	for (size_t i = 0; i < labels->n; i++)
		at[i] = (struct promql_label){ labels->at[i].name,
			str_replace(a, labels->at[i].value, w->hash, THRESHOLD_CANARY) };
	return (struct promql_labels){ at, labels->n };
}

/* Returns whether a selector has the series of canary pods: those of the version's pods, if they had the canary's hash.
 * Without errors in this time there are no series of bad requests; those of all requests then decide. */
static bool
threshold_has_canary(const struct threshold_window *w, size_t selector, struct arena *a)
{
	bool found = false;

	for (size_t i = 0; i < w->data[selector].n; i++) {
		const struct promql_series *s = &w->data[selector].at[i];
		struct promql_labels labels;

		if (threshold_pod(w, s) == NULL)
			continue;
		found = true;
		labels = threshold_rename(w, &s->labels, a);
		if (promql_selects(&w->query.selectors[selector], &labels))
			return true;
	}
	return !found && selector == 0 && w->threshold->form == THRESHOLD_BAD && threshold_has_canary(w, 1, a);
}

struct err *
threshold_counters(struct threshold_window *w, struct arena *a, struct counters *ret)
{
	bool quantile = w->threshold->form == THRESHOLD_QUANTILE;
	const struct counters_rules rules = { .good = w->threshold->form != THRESHOLD_BAD };
	struct counters c;
	struct err *e;

	w->n_bounds = 0;
	for (size_t i = 0; i < w->data[0].n && quantile; i++)
		if (threshold_pod(w, &w->data[0].at[i]) != NULL)
			threshold_bound(w, &w->data[0].at[i]);
	if (w->n_bounds == THRESHOLD_BOUNDS_MAX)
		return err_new(a, ERR_INVALID, "the histogram has more than %d buckets", THRESHOLD_BOUNDS_MAX - 1);
	c = counters_new(a, w->grid.columns, quantile ? w->n_bounds : 1);
	for (size_t i = 0; i < w->query.n_selectors; i++)
		for (size_t k = 0; k < w->data[i].n; k++)
			if ((e = threshold_read_series(w, &c, i, &w->data[i].at[k])) != NULL)
				return e;
	if (c.n_pods == 0 || c.kinds == 0)
		return err_new(a, ERR_INVALID, "no series has the name of a pod of %s-%s as its label " THRESHOLD_POD,
		    w->rollout, w->hash);
	if ((e = counters_settle(&c, &rules)) != NULL)
		return e;
	for (size_t i = 0; i < w->query.n_selectors; i++)
		w->canary[i] = threshold_has_canary(w, i, a);
	*ret = c;
	return NULL;
}

/* --- releases --- */

static bool
threshold_is_canary(const struct counters *drawn, size_t canary, const char *pod)
{
	for (size_t i = 0; i < canary && pod != NULL; i++)
		if (strcmp(drawn->pods[i].name, pod) == 0)
			return true;
	return false;
}

/* Adds a series of a canary pod: the sums of its increments, all requests' times `all`, and a kind's times `kind`. A
 * series of requests begins with the first one, and those of a histogram with the pod. */
static void
threshold_grow(const struct threshold_window *w, const double *samples, size_t series, double all, double kind,
    struct arena *a, struct promql_series *ret)
{
	const double *n = samples, *x = samples + series * w->grid.columns;
	struct promql_sample *at = arena_new_array(a, struct promql_sample, w->grid.columns);
	double sum = 0;

	for (size_t i = w->first; i < w->grid.columns; i++) {
		if (!isnan(n[i]))
			sum += all * n[i] + kind * x[i];
		if (sum > 0 || w->threshold->form == THRESHOLD_QUANTILE)
			at[ret->n++] = (struct promql_sample){ w->grid.start + (int64_t)i * w->grid.step, sum };
	}
	ret->samples = at;
}

static struct promql_labels
threshold_new_labels(struct arena *a, const char *pod, const char *name, const char *value)
{
	struct promql_label *at = arena_new_array(a, struct promql_label, 2);

	at[0] = (struct promql_label){ THRESHOLD_POD, pod };
	at[1] = (struct promql_label){ name, value };
	return (struct promql_labels){ at, 2 };
}

/* Adds the series of a canary pod to a selector. */
static void
threshold_add_canary(const struct threshold_window *w, const struct counters_pod *pod, size_t selector, struct arena *a,
    struct promql_series *at, size_t *n)
{
	bool first = selector == 0, bad = w->threshold->form == THRESHOLD_BAD;

	if (w->threshold->form == THRESHOLD_QUANTILE) {
		for (size_t i = 0; i <= w->n_bounds; i++) {
			struct promql_series *s = &at[(*n)++];

			s->labels = threshold_new_labels(a, pod->name, "le", i < w->n_bounds ? w->le[i] : "+Inf");
			threshold_grow(w, pod->samples, i < w->n_bounds ? 1 + i : 0, 1, i < w->n_bounds ? -1 : 0, a, s);
		}
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct promql_series *s = &at[*n];

		/* The numerator has the bad requests, or the others. */
		if (first && (i == 0) != bad)
			continue;
		(*n)++;
		s->labels = threshold_new_labels(a, pod->name, "requests", i == 0 ? "bad" : "good");
		threshold_grow(w, pod->samples, 1, i == 0 ? 0 : 1, i == 0 ? 1 : -1, a, s);
	}
}

void
threshold_release(const struct threshold_window *w, const struct counters *drawn, size_t canary, struct arena *a,
    struct promql_data *ret)
{
	for (size_t i = 0; i < w->query.n_selectors; i++) {
		const struct promql_selector *selector = &w->query.selectors[i];
		struct promql_series *at =
		    arena_new_array(a, struct promql_series, w->data[i].n + canary * (w->n_bounds + 2));
		size_t n = 0;

		for (size_t k = 0; k < w->data[i].n; k++) {
			const struct promql_series *s = &w->data[i].at[k];

			if (!threshold_is_canary(drawn, canary, threshold_pod(w, s)) &&
			    promql_selects(selector, &s->labels))
				at[n++] = *s;
		}
		for (size_t k = 0; k < canary && w->canary[i]; k++)
			threshold_add_canary(w, &drawn->pods[k], i, a, at, &n);
		ret[i] = (struct promql_data){ at, n };
	}
}

struct schedule_value
threshold_value(const struct promql *q, const struct promql_data *data, int64_t at, struct arena *a)
{
	struct promql_result r;
	struct err *e = promql_evaluate(q, data, at, a, &r);
	double *values;

	if (e != NULL)
		return (struct schedule_value){ .err = e };
	values = arena_new_array(a, double, r.n);
	for (size_t i = 0; i < r.n; i++)
		values[i] = r.at[i].value;
	return (struct schedule_value){ .value = r.scalar && r.n == 1 ? value_float(values[0])
								      : value_from_floats(a, values, r.n) };
}

struct promql_data
threshold_selected(const struct promql_selector *selector, const struct promql_data *d, struct arena *a)
{
	struct promql_series *at = arena_new_array(a, struct promql_series, d->n);
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (promql_selects(selector, &d->at[i].labels))
			at[n++] = d->at[i];
	return (struct promql_data){ at, n };
}

static const char *
threshold_quoted(struct arena *a, const char *text)
{
	text = str_replace(a, str_replace(a, text, "\\", "\\\\"), "\"", "\\\"");
	return arena_printf(a, "\"%s\"", str_replace(a, text, "\n", "\\n"));
}

const char *
threshold_selector(struct arena *a, const struct promql_selector *s)
{
	static const char *const operators[] = {
		[PROMQL_IS] = "=", [PROMQL_IS_NOT] = "!=", [PROMQL_MATCHES] = "=~", [PROMQL_MATCHES_NOT] = "!~"
	};
	const char *matchers = "";

	for (size_t i = 0; i < s->n; i++) {
		const struct promql_matcher *m = &s->matchers[i];

		if (strstr(m->value, THRESHOLD_CANARY) == NULL && strstr(m->value, THRESHOLD_STABLE) == NULL)
			matchers = arena_printf(a, "%s%s%s%s%s", matchers, matchers[0] != '\0' ? "," : "", m->label,
			    operators[m->match], threshold_quoted(a, m->value));
	}
	return arena_printf(a, "%s{%s}", s->name, matchers);
}

const char *
threshold_pods_selector(struct arena *a, const struct promql *q)
{
	return threshold_selector(a, &q->selectors[q->n_selectors - 1]);
}
