/* cli/simulate/results.c: collects releases, and prints them. */
#include "cli/simulate/results.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"

#define RESULTS_OTHERS "others"
#define RESULTS_MESSAGE_MAX 160 /* bytes of a message in a timeline */

static const char *const results_ends[] = { [RELEASE_STOPPED] = "stopped",
	[RELEASE_PROMOTED] = "promoted",
	[RELEASE_UNDECIDED] = "undecided",
	[RELEASE_STUCK] = "stuck" };
_Static_assert(ARRAY_SIZE(results_ends) == RELEASE_END_MAX, "a text for each end");

static void
results_count_metric(struct arena *a, struct results_version *v, const char *name)
{
	size_t i = 0;

	while (i < v->n_metrics && strcmp(v->metrics[i].name, name) != 0)
		i++;
	if (i == RESULTS_METRICS_MAX)
		v->metrics[i].name = RESULTS_OTHERS;
	else if (i == v->n_metrics)
		v->metrics[v->n_metrics++].name = arena_strdup(a, name);
	v->metrics[i].n++;
}

void
results_add(struct arena *a, struct results_version *v, const struct release *r)
{
	if (r->end == RELEASE_STOPPED) {
		v->stopped_at[v->ends[RELEASE_STOPPED]] = r->at;
		v->stopped_weight[v->ends[RELEASE_STOPPED]] = r->weight;
		results_count_metric(a, v, r->metric != NULL ? r->metric : "no metric");
	}
	if (r->end == RELEASE_PROMOTED)
		v->promoted_at[v->ends[RELEASE_PROMOTED]] = r->at;
	if (r->end == RELEASE_STUCK && v->stuck == NULL)
		v->stuck = arena_strdup(a, r->message != NULL ? r->message : "it does not continue");
	v->ends[r->end]++;
	v->n++;
	v->requests += r->users.requests;
	v->failed += r->users.failed;
	v->slow += r->users.slow;
	v->expected += r->users.expected;
}

static int
results_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Returns the median, the lower one of two; -1 of none. Sorts the list. */
static int64_t
results_median(int64_t *at, int64_t n)
{
	if (n == 0)
		return -1;
	qsort(at, (size_t)n, sizeof(*at), results_compare);
	return at[(n - 1) / 2];
}

static const char *
results_share(struct arena *a, const struct results_version *v, enum release_end end)
{
	return arena_printf(a, "%.3g%%", v->n > 0 ? 100.0 * (double)v->ends[end] / (double)v->n : 0);
}

/* Returns bad requests of a release that the stable version would not have had. */
static double
results_bad(const struct results_version *v)
{
	return v->n > 0 ? (v->failed + v->slow - v->expected) / (double)v->n : 0;
}

/* Returns a number with three digits and groups: 12,300. */
static const char *
results_number(struct arena *a, double x)
{
	double unit = fabs(x) < 1000 ? 1 : pow(10, floor(log10(fabs(x))) - 2);
	long long n = (long long)llround(fabs(x) / unit) * (long long)unit;
	const char *text = "";

	for (; n >= 1000; n /= 1000)
		text = arena_printf(a, ",%03lld%s", n % 1000, text);
	return arena_printf(a, "%s%lld%s", x < 0 && (n > 0 || text[0] != '\0') ? "-" : "", n, text);
}

/* Returns the metrics that stopped releases, and how many when there are several: "errors 12, latency 3". */
static const char *
results_metrics(struct arena *a, const struct results_version *v)
{
	const char *text = "";

	if (v->n_metrics == 1)
		return v->metrics[0].name;
	for (size_t i = 0; i <= v->n_metrics && i <= RESULTS_METRICS_MAX; i++)
		if (v->metrics[i].n > 0)
			text = arena_printf(a, "%s%s%s %lld", text, text[0] != '\0' ? ", " : "", v->metrics[i].name,
			    (long long)v->metrics[i].n);
	return text[0] != '\0' ? text : "-";
}

/* --- the table --- */

enum results_column {
	COLUMN_VERSION,
	COLUMN_STOPPED,
	COLUMN_AFTER,
	COLUMN_AT,
	COLUMN_PROMOTED,
	COLUMN_UNDECIDED,
	COLUMN_STUCK,
	COLUMN_BAD,
	COLUMN_BY,
	COLUMN_MAX
};

static const char *const results_titles[] = { [COLUMN_VERSION] = "NEW VERSION",
	[COLUMN_STOPPED] = "STOPPED",
	[COLUMN_AFTER] = "AFTER",
	[COLUMN_AT] = "WEIGHT",
	[COLUMN_PROMOTED] = "PROMOTED",
	[COLUMN_UNDECIDED] = "UNDECIDED",
	[COLUMN_STUCK] = "STUCK",
	[COLUMN_BAD] = "BAD REQUESTS",
	[COLUMN_BY] = "STOPPED BY" };
_Static_assert(ARRAY_SIZE(results_titles) == COLUMN_MAX, "a title a column");

static const char *
results_cell(struct arena *a, const struct results_version *v, enum results_column column)
{
	int64_t stopped = v->ends[RELEASE_STOPPED];

	switch (column) {
	case COLUMN_VERSION: return v->text;
	case COLUMN_STOPPED: return results_share(a, v, RELEASE_STOPPED);
	case COLUMN_AFTER: return stopped > 0 ? forecast_time(a, results_median(v->stopped_at, stopped)) : "-";
	case COLUMN_AT:
		return stopped > 0 ? arena_printf(a, "%lld%%", (long long)results_median(v->stopped_weight, stopped))
				   : "-";
	case COLUMN_PROMOTED: return results_share(a, v, RELEASE_PROMOTED);
	case COLUMN_UNDECIDED: return results_share(a, v, RELEASE_UNDECIDED);
	case COLUMN_STUCK: return results_share(a, v, RELEASE_STUCK);
	case COLUMN_BAD: return results_number(a, results_bad(v));
	case COLUMN_BY: return results_metrics(a, v);
	case COLUMN_MAX: break;
	}
	return "";
}

static bool
results_shows(const struct results *r, enum results_column column)
{
	enum release_end end = column == COLUMN_STUCK ? RELEASE_STUCK : RELEASE_UNDECIDED;

	if (column != COLUMN_STUCK && column != COLUMN_UNDECIDED)
		return true;
	for (size_t i = 0; i < r->n; i++)
		if (r->versions[i].ends[end] > 0)
			return true;
	return false;
}

/* Appends a row; a NULL version: the titles. */
static void
results_row(
    const struct results *r, struct arena *a, const size_t *widths, const struct results_version *v, struct str *out)
{
	const char *gap = "";

	for (int i = 0; i < COLUMN_MAX; i++) {
		const char *text = v == NULL ? results_titles[i] : results_cell(a, v, (enum results_column)i);
		bool left = i == COLUMN_VERSION || i == COLUMN_BY;

		if (!results_shows(r, (enum results_column)i))
			continue;
		str_addf(out, "%s%*s", gap, left ? -(int)widths[i] : (int)widths[i], text);
		gap = "  ";
	}
	while (out->len > 0 && out->at[out->len - 1] == ' ')
		str_shorten(out, out->len - 1);
	str_addc(out, '\n');
}

static void
results_rows(const struct results *r, struct arena *a, struct str *out)
{
	size_t widths[COLUMN_MAX];

	for (int i = 0; i < COLUMN_MAX; i++) {
		widths[i] = strlen(results_titles[i]);
		for (size_t k = 0; k < r->n; k++) {
			size_t n = strlen(results_cell(a, &r->versions[k], (enum results_column)i));

			widths[i] = n > widths[i] ? n : widths[i];
		}
	}
	results_row(r, a, widths, NULL, out);
	for (size_t k = 0; k < r->n; k++)
		results_row(r, a, widths, &r->versions[k], out);
}

static void
results_lines(struct str *out, const char *what, const struct forecast_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		str_addf(out, "%s: %s\n", what, lines->at[i]);
}

void
results_title(const struct results *r, struct arena *a, struct str *out)
{
	const struct meta *m = &r->rollout->object.meta;

	str_addf(out,
	    "%lld update%s of rollout %s/%s for each version: %g requests/s, %g %% errors, world %s, seed %llu\n",
	    (long long)r->releases, r->releases == 1 ? "" : "s", m->namespace, m->name, r->world->rps,
	    100 * r->world->errors, r->world->kind->name, (unsigned long long)r->seed);
	str_addf(out,
	    "Users promote after %s; bad requests: those of the first %s that the old version would not have had\n\n",
	    forecast_time(a, r->user_ms), forecast_time(a, r->horizon_ms));
}

void
results_end(const struct results *r, struct str *out)
{
	if (r->meanings.n > 0) {
		str_adds(out, "\nThe queries count:\n");
		for (size_t i = 0; i < r->meanings.n; i++)
			str_addf(out, "  %s\n", r->meanings.at[i]);
	}
	if (r->warnings.n + r->notes.n > 0)
		str_addc(out, '\n');
	results_lines(out, "Warning", &r->warnings);
	results_lines(out, "Note", &r->notes);
}

void
results_table(const struct results *r, struct arena *a, struct str *out)
{
	results_title(r, a, out);
	results_rows(r, a, out);
	for (size_t i = 0; i < r->n; i++)
		if (r->versions[i].stuck != NULL)
			str_addf(out, "%s is stuck: %s\n", r->versions[i].text, r->versions[i].stuck);
	results_end(r, out);
}

/* --- a timeline --- */

static void
results_change(const struct results *r, const struct forecast_row *row, struct arena *a, struct str *out)
{
	const struct forecast_state *s = &row->state;
	const char *step = s->promoted ? "promoted" : forecast_step(a, r->rollout, s->step);

	str_addf(out, "%8s  %s%sweight %lld%%, pods %lld/%lld new, %lld/%lld old%s%s\n", forecast_time(a, row->at),
	    step, step[0] != '\0' ? ": " : "", (long long)s->weight, (long long)s->new_pods.ready,
	    (long long)s->new_pods.wanted, (long long)s->old_pods.ready, (long long)s->old_pods.wanted,
	    s->waits[0] != '\0' ? "; waits for " : "", s->waits);
}

static void
results_event(const struct release_event *e, struct arena *a, struct str *out)
{
	str_addf(out, "%8s    %s: %s%s%s%s%.*s\n", forecast_time(a, e->at), e->metric, e->phase,
	    str_empty(e->value) ? "" : " ", str_empty(e->value) ? "" : e->value, str_empty(e->message) ? "" : "; ",
	    RESULTS_MESSAGE_MAX, str_empty(e->message) ? "" : e->message);
}

static void
results_conclusion(const struct release *x, struct arena *a, struct str *out)
{
	const char *at = forecast_time(a, x->at);
	double bad = x->users.failed + x->users.slow;

	switch (x->end) {
	case RELEASE_STOPPED:
		str_addf(out, "Stopped after %s at weight %lld%% by %s%s%s\n", at, (long long)x->weight,
		    x->metric != NULL ? x->metric : "no metric", str_empty(x->message) ? "" : ": ",
		    str_empty(x->message) ? "" : x->message);
		break;
	case RELEASE_PROMOTED: str_addf(out, "Promoted after %s\n", at); break;
	case RELEASE_UNDECIDED: str_addf(out, "Undecided after %s: the analysis is inconclusive\n", at); break;
	case RELEASE_STUCK:
	case RELEASE_END_MAX: str_addf(out, "Stuck after %s: %s\n", at, x->message != NULL ? x->message : ""); break;
	}
	str_addf(out,
	    "Users got %s requests from the new version, of which %s failed or took longer than %g s; "
	    "with the old version %s would have\n",
	    results_number(a, x->users.requests), results_number(a, bad), WORLD_SLOW_S,
	    results_number(a, x->users.expected));
}

void
results_timeline(
    const struct results *r, const char *version, const struct release *x, struct arena *a, struct str *out)
{
	size_t row = 0, event = 0;

	str_addf(out, "New version %s\n\n", version);
	while (row < x->course.n || event < x->n_events) {
		if (event == x->n_events || (row < x->course.n && x->course.rows[row].at <= x->events[event].at))
			results_change(r, &x->course.rows[row++], a, out);
		else
			results_event(&x->events[event++], a, out);
	}
	str_addc(out, '\n');
	results_conclusion(x, a, out);
}

/* --- JSON --- */

static json_t *
results_seconds(int64_t ms)
{
	return ms < 0 ? json_null() : json_real((double)ms / 1000);
}

static json_t *
results_texts(const struct forecast_lines *lines)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(list, json_shown(lines->at[i]));
	return list;
}

static json_t *
results_version_json(const struct results_version *v)
{
	json_t *o = json_pack("{s:s,s:I}", "version", v->text, "releases", (json_int_t)v->n), *by = json_object();
	int64_t stopped = v->ends[RELEASE_STOPPED];

	for (int i = 0; i < RELEASE_END_MAX; i++)
		json_object_set_new(o, results_ends[i], json_integer(v->ends[i]));
	for (size_t i = 0; i < ARRAY_SIZE(v->metrics); i++)
		if (v->metrics[i].n > 0)
			json_object_set_new(by, v->metrics[i].name, json_integer(v->metrics[i].n));
	json_object_set_new(o, "stoppedBy", by);
	json_object_set_new(o, "stoppedAfterMedian", results_seconds(results_median(v->stopped_at, stopped)));
	json_object_set_new(o, "stoppedWeightMedian",
	    stopped > 0 ? json_integer(results_median(v->stopped_weight, stopped)) : json_null());
	json_object_set_new(
	    o, "promotedAfterMedian", results_seconds(results_median(v->promoted_at, v->ends[RELEASE_PROMOTED])));
	json_object_set_new(o, "requests", json_real(v->requests));
	json_object_set_new(o, "failedRequests", json_real(v->failed));
	json_object_set_new(o, "slowRequests", json_real(v->slow));
	json_object_set_new(o, "badRequestsPerRelease", json_real(results_bad(v)));
	return o;
}

json_t *
results_json(const struct results *r)
{
	const struct meta *m = &r->rollout->object.meta;
	json_t *o = json_pack("{s:s,s:s,s:f,s:f,s:s,s:I}", "namespace", m->namespace, "name", m->name, "rps",
	    r->world->rps, "errors", r->world->errors, "world", r->world->kind->name, "seed", (json_int_t)r->seed);
	json_t *versions = json_array();

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(versions, results_version_json(&r->versions[i]));
	json_object_set_new(o, "versions", versions);
	json_object_set_new(o, "queries", results_texts(&r->meanings));
	json_object_set_new(o, "warnings", results_texts(&r->warnings));
	json_object_set_new(o, "notes", results_texts(&r->notes));
	return o;
}
