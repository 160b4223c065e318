/* cli/simulate/metric_server.c: reads selectors, and responds to queries. */
#include "cli/simulate/metric_server.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "kube/plan/query.h"

#define METRIC_SERVER_COLUMNS_MAX 11000 /* of a range query, as in Prometheus */
#define METRIC_SERVER_BODY_MAX (16u << 20)
#define METRIC_SERVER_LABELS_MAX 24 /* of a series */
#define METRIC_SERVER_SHOWN 300 /* bytes of a query in an error */

enum metric_server_kind {
	METRIC_SERVER_REQUESTS,
	METRIC_SERVER_ERRORS,
	METRIC_SERVER_COUNT,
	METRIC_SERVER_SUM,
	METRIC_SERVER_BUCKETS
};

/* The series of a pod. */
struct metric_server_pod {
	struct {
		bool selected;
		struct promql_labels labels;
	} at[WORLD_SERIES];
};

/* A selector of a query, and which series it selects. */
struct metric_server_selector {
	const struct promql_selector *text;
	enum metric_server_kind kind;
	double scale; /* of seconds: 1000 for a histogram in milliseconds */
	struct metric_server_pod *pods; /* those that were seen; the order is that of the world */
	size_t known, capacity;
};

/* A series of the response to a range query: its labels as JSON, and its samples so far. */
struct metric_server_row {
	const char *labels;
	struct str values;
};

/* A query. A range query is repeated with a later end: what was returned stays. */
struct metric_server_query {
	struct promql promql;
	struct metric_server_selector *selectors;
	struct promql_data *data;
	const char **labels; /* of all series: those that it aggregates by, and pod, code and le */
	size_t n_labels;
	struct metric_server_row *rows;
	size_t n_rows, rows_capacity, columns;
	bool range;
};

struct metric_server {
	struct arena *arena, *scratch;
	struct metric_server_settings settings;
	struct map queries; /* text → query */
	struct metric_server_query **all;
	size_t n, capacity;
	const struct err *problem;
};

struct metric_server *
metric_server_new(struct arena *a, const struct metric_server_settings *settings)
{
	struct metric_server *m = arena_alloc(a, sizeof(*m));

	m->arena = a;
	m->settings = *settings;
	return m;
}

void
metric_server_done(struct metric_server *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->all[i]->n_rows; k++)
			str_done(&m->all[i]->rows[k].values);
	map_done(&m->queries);
}

const struct err *
metric_server_problem(const struct metric_server *m)
{
	return m->problem;
}

/* --- what a selector means --- */

static bool
metric_server_is_in(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
metric_server_contains(const char *const *parts, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(name, parts[i]) != NULL)
			return true;
	return false;
}

static bool
metric_server_is_code(const char *label)
{
	static const char *const names[] = { "code", "status", "status_code", "response_code", "http_status",
		"http_status_code", "http_response_status_code", "http_code", "grpc_code", "grpc_status" };

	return metric_server_is_in(names, ARRAY_SIZE(names), label);
}

static bool
metric_server_is_pod(const char *label)
{
	static const char *const names[] = { "pod", "pod_name", "kubernetes_pod_name", "exported_pod", "instance",
		"destination_pod" };

	return metric_server_is_in(names, ARRAY_SIZE(names), label);
}

static bool
metric_server_is_hash(const char *label)
{
	static const char *const names[] = { "rollouts_pod_template_hash", "pod_template_hash",
		"label_rollouts_pod_template_hash", "hash" };

	return metric_server_is_in(names, ARRAY_SIZE(names), label);
}

/* A label that tells successful requests from others, in words that are not known. */
static bool
metric_server_is_outcome(const char *label)
{
	static const char *const parts[] = { "success", "outcome", "result", "error", "exception", "class",
		"quantile" };

	return metric_server_contains(parts, ARRAY_SIZE(parts), label);
}

static const char *
metric_server_name(const struct promql_selector *s)
{
	for (size_t i = 0; s->name[0] == '\0' && i < s->n; i++)
		if (strcmp(s->matchers[i].label, "__name__") == 0 && s->matchers[i].match == PROMQL_IS)
			return s->matchers[i].value;
	return s->name;
}

static struct err *
metric_server_unknown(struct arena *a, const struct promql_selector *s, const char *why)
{
	return err_new(a, ERR_INVALID,
	    "`%.*s` %s; simulated are counters of requests or errors (…_total) with a label for the code (code, "
	    "status, …), and a histogram of latencies (…_bucket, …_count, …_sum)",
	    METRIC_SERVER_SHOWN, s->text, why);
}

/* Reads the name and the labels of a selector. */
static struct err *
metric_server_read_selector(struct arena *a, const struct promql_selector *s, struct metric_server_selector *ret)
{
	static const char *const requests[] = { "request", "response", "http", "grpc", "rpc", "call", "hits" };
	static const char *const errors[] = { "error", "fail", "5xx" };
	static const char *const times[] = { "duration", "latency", "second", "time" };
	const char *name = metric_server_name(s);
	bool is_time = metric_server_contains(times, ARRAY_SIZE(times), name), coded = false;

	*ret = (struct metric_server_selector){ .text = s, .scale = 1 };
	for (size_t i = 0; i < s->n; i++) {
		coded |= metric_server_is_code(s->matchers[i].label);
		if (metric_server_is_outcome(s->matchers[i].label))
			return metric_server_unknown(a, s,
			    arena_printf(a, "has the label %s, whose values are not known", s->matchers[i].label));
	}
	if (strcasestr(name, "millisecond") != NULL || strstr(name, "_ms_") != NULL)
		ret->scale = 1000;
	if (is_time && str_ends(name, "_bucket"))
		ret->kind = METRIC_SERVER_BUCKETS;
	else if (is_time && str_ends(name, "_count"))
		ret->kind = METRIC_SERVER_COUNT;
	else if (is_time && str_ends(name, "_sum"))
		ret->kind = METRIC_SERVER_SUM;
	else if (str_ends(name, "_total") && metric_server_contains(errors, ARRAY_SIZE(errors), name))
		ret->kind = coded ? METRIC_SERVER_REQUESTS : METRIC_SERVER_ERRORS;
	else if (str_ends(name, "_total") && metric_server_contains(requests, ARRAY_SIZE(requests), name))
		ret->kind = METRIC_SERVER_REQUESTS;
	else
		return metric_server_unknown(a, s, "is no metric that is simulated");
	return NULL;
}

static const char *
metric_server_code(const char *label, bool failed)
{
	if (strcmp(label, "grpc_code") == 0)
		return failed ? "Internal" : "OK";
	if (strcmp(label, "grpc_status") == 0)
		return failed ? "13" : "0";
	return failed ? "500" : "200";
}

/* Returns whether a matcher of another label selects a version: where it matches the Service of one version only, the
 * pods are those of that version. */
static bool
metric_server_selects_version(const struct metric_server *m, const struct promql_matcher *matcher, bool is_new)
{
	const char *of_new = m->settings.new_service, *of_old = m->settings.old_service;
	bool matches_new, matches_old;

	if (of_new == NULL || of_old == NULL || strcmp(of_new, of_old) == 0)
		return true;
	matches_new = promql_matches(matcher, of_new);
	matches_old = promql_matches(matcher, of_old);
	return matches_new == matches_old || (is_new ? matches_new : matches_old);
}

/* Writes a bound as client libraries do. */
static const char *
metric_server_le(struct arena *a, size_t bucket, double scale)
{
	return isinf(world_bounds[bucket]) ? "+Inf" : arena_printf(a, "%.12g", world_bounds[bucket] * scale);
}

/* Returns the value of a label of a series; NULL: the simulation does not have this label. */
static const char *
metric_server_value(const struct metric_server *m, const struct metric_server_selector *s, const struct world_pod *pod,
    size_t series, const char *label)
{
	bool requests = s->kind == METRIC_SERVER_REQUESTS || s->kind == METRIC_SERVER_ERRORS;

	if (metric_server_is_code(label) && requests)
		return metric_server_code(label, series == WORLD_FAILED);
	if (strcmp(label, "le") == 0)
		return s->kind == METRIC_SERVER_BUCKETS ? metric_server_le(m->arena, series - WORLD_BUCKET, s->scale)
							: "";
	if (metric_server_is_pod(label))
		return pod->name;
	if (metric_server_is_hash(label))
		return pod->hash;
	if (strcmp(label, "replicaset") == 0 || strcmp(label, "rs") == 0)
		return arena_printf(m->arena, "%s-%s", m->settings.rollout, pod->hash);
	return NULL;
}

static bool
metric_server_is_of_kind(enum metric_server_kind kind, size_t series)
{
	switch (kind) {
	case METRIC_SERVER_REQUESTS: return series == WORLD_OK || series == WORLD_FAILED;
	case METRIC_SERVER_ERRORS: return series == WORLD_FAILED;
	case METRIC_SERVER_COUNT: return series == WORLD_COUNT;
	case METRIC_SERVER_SUM: return series == WORLD_SUM;
	case METRIC_SERVER_BUCKETS: return series >= WORLD_BUCKET;
	}
	return false;
}

static bool
metric_server_selects(
    const struct metric_server *m, const struct metric_server_selector *s, const struct world_pod *pod, size_t series)
{
	if (!metric_server_is_of_kind(s->kind, series))
		return false;
	for (size_t i = 0; i < s->text->n; i++) {
		const struct promql_matcher *matcher = &s->text->matchers[i];
		const char *value = metric_server_value(m, s, pod, series, matcher->label);

		if (value != NULL ? !promql_matches(matcher, value)
				  : !metric_server_selects_version(m, matcher, pod->is_new))
			return false;
	}
	return true;
}

/* --- queries --- */

static void
metric_server_add_label(struct metric_server_query *q, const char *name)
{
	if (q->n_labels < METRIC_SERVER_LABELS_MAX && !metric_server_is_in(q->labels, q->n_labels, name))
		q->labels[q->n_labels++] = name;
}

static void
metric_server_add_labels(struct metric_server_query *q, const struct promql_node *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->by.n; i++)
		metric_server_add_label(q, n->by.at[i]);
	metric_server_add_labels(q, n->left);
	metric_server_add_labels(q, n->right);
}

static struct err *
metric_server_read_query(struct metric_server *m, const char *text, struct metric_server_query *q)
{
	struct err *e = promql_parse(m->arena, text, &q->promql);

	if (e != NULL)
		return e;
	q->selectors = arena_new_array(m->arena, struct metric_server_selector, q->promql.n_selectors + 1);
	q->data = arena_new_array(m->arena, struct promql_data, q->promql.n_selectors + 1);
	q->labels = arena_new_array(m->arena, const char *, METRIC_SERVER_LABELS_MAX);
	metric_server_add_label(q, "pod");
	metric_server_add_label(q, "le");
	metric_server_add_label(q, "code");
	metric_server_add_labels(q, q->promql.root);
	for (size_t i = 0; i < q->promql.n_selectors; i++)
		if ((e = metric_server_read_selector(m->arena, &q->promql.selectors[i], &q->selectors[i])) != NULL)
			return e;
	return NULL;
}

static struct promql_labels
metric_server_labels(const struct metric_server *m, const struct metric_server_query *q,
    const struct metric_server_selector *s, const struct world_pod *pod, size_t series)
{
	struct promql_label *labels = arena_new_array(m->arena, struct promql_label, METRIC_SERVER_LABELS_MAX);
	struct promql_labels ret = { labels, 0 };

	for (size_t i = 0; i < q->n_labels; i++) {
		const char *value = metric_server_value(m, s, pod, series, q->labels[i]);

		if (!str_empty(value))
			labels[ret.n++] = (struct promql_label){ q->labels[i], value };
	}
	return ret;
}

/* Selects the series of pods that are new since the last time. */
static void
metric_server_select(struct metric_server *m, struct metric_server_query *q, struct metric_server_selector *s)
{
	size_t n;
	struct world_pod *const *pods = world_pods(m->settings.world, &n);

	while (s->known < n) {
		size_t pod = s->known;

		s->pods = arena_grow(m->arena, s->pods, pod, &s->capacity, sizeof(*s->pods));
		for (size_t i = 0; i < WORLD_SERIES; i++) {
			s->pods[pod].at[i].selected = metric_server_selects(m, s, pods[pod], i);
			if (s->pods[pod].at[i].selected)
				s->pods[pod].at[i].labels = metric_server_labels(m, q, s, pods[pod], i);
		}
		s->known++;
	}
}

/* Returns the samples of a counter; those of a sum in the unit of its metric. */
static const struct promql_sample *
metric_server_samples(struct arena *a, const struct metric_server_selector *s, const struct world_counter *c)
{
	struct promql_sample *scaled;

	if (s->kind != METRIC_SERVER_SUM || s->scale == 1)
		return c->samples;
	scaled = arena_new_array(a, struct promql_sample, c->n);
	for (size_t i = 0; i < c->n; i++)
		scaled[i] = (struct promql_sample){ c->samples[i].at, c->samples[i].value * s->scale };
	return scaled;
}

/* Sets the data of a selector: its series with samples. */
static void
metric_server_collect(struct metric_server *m, struct metric_server_query *q, size_t selector)
{
	struct metric_server_selector *s = &q->selectors[selector];
	size_t n;
	struct world_pod *const *pods = world_pods(m->settings.world, &n);
	struct promql_series *series;

	metric_server_select(m, q, s);
	series = arena_new_array(m->scratch, struct promql_series, n * WORLD_SERIES);
	q->data[selector] = (struct promql_data){ series, 0 };
	for (size_t i = 0; i < n * WORLD_SERIES; i++) {
		const struct world_pod *pod = pods[i / WORLD_SERIES];
		const struct world_counter *c = &pod->counters[i % WORLD_SERIES];
		struct promql_series *to = &series[q->data[selector].n];

		if (!s->pods[i / WORLD_SERIES].at[i % WORLD_SERIES].selected || c->n == 0)
			continue;
		*to = (struct promql_series){ .labels = s->pods[i / WORLD_SERIES].at[i % WORLD_SERIES].labels,
			.samples = metric_server_samples(m->scratch, s, c),
			.n = c->n,
			.stale_at = pod->gone_at };
		q->data[selector].n++;
	}
}

/* Returns the query of this text, read before or now. */
static struct err *
metric_server_find(struct metric_server *m, const char *key, const char *text, struct metric_server_query **ret)
{
	struct metric_server_query *q = map_get(&m->queries, key);
	struct err *e = NULL;

	if (q == NULL) {
		q = arena_alloc(m->arena, sizeof(*q));
		if ((e = metric_server_read_query(m, text, q)) != NULL)
			return e;
		map_set(&m->queries, arena_strdup(m->arena, key), q);
		m->all = arena_grow(m->arena, m->all, m->n, &m->capacity, sizeof(*m->all));
		m->all[m->n++] = q;
	}
	for (size_t i = 0; i < q->promql.n_selectors; i++)
		metric_server_collect(m, q, i);
	*ret = q;
	return NULL;
}

/* --- responses --- */

static void
metric_server_add_number(struct str *to, double v)
{
	if (isnan(v) || isinf(v))
		str_adds(to, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
	else
		str_addf(to, "%.17g", v);
}

/* Appends [time, "value"]. */
static void
metric_server_add_sample(struct str *to, int64_t at, double v)
{
	str_addf(to, "[%" PRId64 ".%03d,\"", at / 1000, (int)(at % 1000));
	metric_server_add_number(to, v);
	str_adds(to, "\"]");
}

static void
metric_server_add_series(struct str *to, const struct promql_labels *labels)
{
	str_adds(to, "{");
	for (size_t i = 0; i < labels->n; i++) {
		str_adds(to, i > 0 ? "," : "");
		json_add_string(to, labels->at[i].name);
		str_adds(to, ":");
		json_add_string(to, labels->at[i].value);
	}
	str_adds(to, "}");
}

static struct err *
metric_server_instant(struct metric_server *m, struct metric_server_query *q, int64_t now, struct str *to)
{
	struct promql_result r = { 0 };
	struct err *e = promql_evaluate(&q->promql, q->data, now, m->scratch, &r);

	if (e != NULL)
		return e;
	str_addf(to, "\"%s\",\"result\":", r.scalar ? "scalar" : "vector");
	if (r.scalar) {
		metric_server_add_sample(to, now, r.at[0].value);
		return NULL;
	}
	str_adds(to, "[");
	for (size_t i = 0; i < r.n; i++) {
		str_adds(to, i > 0 ? ",{\"metric\":" : "{\"metric\":");
		metric_server_add_series(to, &r.at[i].labels);
		str_adds(to, ",\"value\":");
		metric_server_add_sample(to, now, r.at[i].value);
		str_adds(to, "}");
	}
	str_adds(to, "]");
	return NULL;
}

static struct metric_server_row *
metric_server_row(struct metric_server *m, struct metric_server_query *q, const struct promql_labels *labels)
{
	_cleanup_(str_done) struct str text = { 0 };

	str_init(&text, METRIC_SERVER_BODY_MAX);
	metric_server_add_series(&text, labels);
	for (size_t i = 0; i < q->n_rows; i++)
		if (strcmp(q->rows[i].labels, str_text(&text)) == 0)
			return &q->rows[i];
	q->rows = arena_grow(m->arena, q->rows, q->n_rows, &q->rows_capacity, sizeof(*q->rows));
	q->rows[q->n_rows] = (struct metric_server_row){ .labels = arena_strdup(m->arena, str_text(&text)) };
	str_init(&q->rows[q->n_rows].values, METRIC_SERVER_BODY_MAX);
	return &q->rows[q->n_rows++];
}

/* Evaluates the columns that were not evaluated before: all samples until now are known. */
static struct err *
metric_server_range(
    struct metric_server *m, struct metric_server_query *q, int64_t start, int64_t end, int64_t step, struct str *to)
{
	for (int64_t at = start + (int64_t)q->columns * step; at <= end; at += step, q->columns++) {
		struct promql_result r = { 0 };
		struct err *e = q->columns == METRIC_SERVER_COLUMNS_MAX
				    ? err_new(m->scratch, ERR_INVALID, "the range has too many points")
				    : promql_evaluate(&q->promql, q->data, at, m->scratch, &r);

		if (e != NULL)
			return e;
		for (size_t i = 0; i < r.n; i++) {
			struct str *values = &metric_server_row(m, q, &r.at[i].labels)->values;

			str_adds(values, values->len > 0 ? "," : "");
			metric_server_add_sample(values, at, r.at[i].value);
		}
	}
	str_adds(to, "\"matrix\",\"result\":[");
	for (size_t i = 0; i < q->n_rows; i++) {
		str_adds(to, i > 0 ? ",{\"metric\":" : "{\"metric\":");
		str_adds(to, q->rows[i].labels);
		str_adds(to, ",\"values\":[");
		str_add(to, str_text(&q->rows[i].values), q->rows[i].values.len);
		str_adds(to, "]}");
	}
	str_adds(to, "]");
	return NULL;
}

/* Returns a value of a form, decoded, in the arena; NULL: it is absent. */
static const char *
metric_server_form(struct arena *a, const char *form, const char *name)
{
	size_t n = strlen(name), len = 0;
	char *text;

	while (form != NULL && (strncmp(form, name, n) != 0 || form[n] != '=')) {
		form = strchr(form, '&');
		form = form != NULL ? form + 1 : NULL;
	}
	if (form == NULL)
		return NULL;
	text = arena_strndup(a, form + n + 1, strcspn(form + n + 1, "&"));
	for (const char *at = text; *at != '\0'; at++) {
		char hex[3] = { 0 };

		if (*at != '%' || !isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2])) {
			text[len++] = *at;
			continue;
		}
		memcpy(hex, at + 1, 2);
		text[len++] = (char)strtol(hex, NULL, 16);
		at += 2;
	}
	text[len] = '\0';
	return text;
}

static int64_t
metric_server_time(const char *text)
{
	return text != NULL ? (int64_t)llround(strtod(text, NULL) * 1000) : 0;
}

static struct err *
metric_server_write(struct metric_server *m, const struct request *r, int64_t now, struct str *to)
{
	const char *text = metric_server_form(m->scratch, r->body, "query");
	const char *start = metric_server_form(m->scratch, r->body, "start"), *key;
	int64_t step = metric_server_time(metric_server_form(m->scratch, r->body, "step"));
	int64_t end = metric_server_time(metric_server_form(m->scratch, r->body, "end"));
	struct metric_server_query *q = NULL;
	struct err *e;

	if (text == NULL || (start != NULL && step <= 0))
		return err_new(m->scratch, ERR_INVALID, "%s is no query of Prometheus", r->url);
	key = start == NULL ? text : arena_printf(m->scratch, "%s %" PRId64 " %s", start, step, text);
	e = metric_server_find(m, key, text, &q);
	if (e == NULL)
		q->range = start != NULL;
	if (e == NULL)
		e = start == NULL
			? metric_server_instant(m, q, now, to)
			: metric_server_range(m, q, metric_server_time(start), end < now ? end : now, step, to);
	if (e == NULL && to->overflow)
		e = err_new(m->scratch, ERR_INVALID, "the response is too large");
	return e != NULL ? err_wrap(m->scratch, e, "query `%.*s`", METRIC_SERVER_SHOWN, text) : NULL;
}

int
metric_server_respond(struct metric_server *m, const struct request *r, int64_t now, char **ret_body)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	_cleanup_(str_done) struct str to = { 0 };
	struct err *e;

	m->scratch = scratch;
	str_init(&to, METRIC_SERVER_BODY_MAX);
	str_adds(&to, "{\"status\":\"success\",\"data\":{\"resultType\":");
	if ((e = metric_server_write(m, r, now, &to)) == NULL) {
		str_adds(&to, "}}");
		*ret_body = mem_strdup(str_text(&to));
		return 200;
	}
	if (m->problem == NULL)
		m->problem = err_copy(m->arena, e);
	str_shorten(&to, 0);
	str_adds(&to, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":");
	json_add_string(&to, err_text(scratch, e));
	str_adds(&to, "}");
	*ret_body = mem_strdup(str_text(&to));
	return 400;
}

/* --- meanings --- */

/* Returns what a selector counts, in words. */
static const char *
metric_server_meaning(const struct metric_server *m, struct arena *a, const struct metric_server_selector *s)
{
	bool ok = false, failed = false, selected[2] = { false, false };
	size_t n;
	struct world_pod *const *all = world_pods(m->settings.world, &n);
	const char *what;

	for (size_t i = 0; i < s->known * WORLD_SERIES && i < n * WORLD_SERIES; i++) {
		if (!s->pods[i / WORLD_SERIES].at[i % WORLD_SERIES].selected)
			continue;
		selected[all[i / WORLD_SERIES]->is_new] = true;
		ok |= i % WORLD_SERIES != WORLD_FAILED;
		failed |= i % WORLD_SERIES == WORLD_FAILED;
	}
	if (s->kind != METRIC_SERVER_REQUESTS && s->kind != METRIC_SERVER_ERRORS)
		what = "latencies";
	else
		what = ok && failed ? "all requests" : failed ? "failed requests" : "successful requests";
	if (!selected[0] && !selected[1])
		return "nothing: no simulated series has these labels";
	return arena_printf(a, "%s%s", what,
	    selected[0] && selected[1] ? " of both versions"
	    : selected[1]	       ? " of the new version"
				       : " of the old version");
}

void
metric_server_meanings(const struct metric_server *m, struct arena *a, struct forecast_lines *to)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; !m->all[i]->range && k < m->all[i]->promql.n_selectors; k++) {
			const struct metric_server_selector *s = &m->all[i]->selectors[k];
			const char *line = arena_printf(
			    a, "%.*s: %s", METRIC_SERVER_SHOWN, s->text->text, metric_server_meaning(m, a, s));
			bool known = false;

			for (size_t j = 0; j < to->n && !known; j++)
				known = str_eq(to->at[j], line);
			if (!known)
				forecast_line(a, to, "%s", line);
		}
}
