/* rollout/view/forecast_table.c: a forecast as a table for terminals, and as JSON. */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/rollout.h"
#include "rollout/view/forecast.h"
#include "rollout/view/summary.h"

#define TEXT_MAX 100 /* of warnings and notes */
#define CELL_MAX 40 /* characters of a step's text */

enum column {
	TABLE_TIME,
	TABLE_STEP,
	TABLE_WEIGHT,
	TABLE_NEW,
	TABLE_OLD,
	TABLE_OTHER,
	TABLE_PODS,
	TABLE_WAITS,
	TABLE_MAX
};

static const char *const table_titles[] = { [TABLE_TIME] = "TIME",
	[TABLE_STEP] = "STEP",
	[TABLE_WEIGHT] = "WEIGHT",
	[TABLE_NEW] = "NEW",
	[TABLE_OLD] = "OLD",
	[TABLE_OTHER] = "OTHER",
	[TABLE_PODS] = "PODS",
	[TABLE_WAITS] = "WAITS FOR" };
_Static_assert(ARRAY_SIZE(table_titles) == TABLE_MAX, "a title a column");

/* Returns the number of characters of UTF-8 text. */
static size_t
table_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Returns the text, cut after CELL_MAX characters. */
static const char *
table_clip(struct arena *a, const char *text)
{
	size_t at = 0, n = 0;

	if (table_width(text) <= CELL_MAX)
		return text;
	for (; n < CELL_MAX - 1 || ((unsigned char)text[at] & 0xc0) == 0x80; at++)
		n += ((unsigned char)text[at] & 0xc0) != 0x80;
	return arena_printf(a, "%.*s…", (int)at, text);
}

static const char *
table_pods(struct arena *a, const struct forecast_pods *p)
{
	return p->wanted == 0 && p->exist == 0
		   ? "-"
		   : arena_printf(a, "%lld/%lld", (long long)p->ready, (long long)p->wanted);
}

/* Returns the pods after the changes of a row; of the one with the peak, the most. */
static int64_t
table_row_pods(const struct forecast_course *c, size_t i)
{
	return i == c->peak_row ? c->rows[i].pods : forecast_pods(&c->rows[i].state);
}

static const char *
table_cell(struct arena *a, const struct forecast *f, size_t i, enum column column)
{
	const struct forecast_row *row = &f->course->rows[i];
	const struct forecast_state *s = &row->state;

	switch (column) {
	case TABLE_TIME: return forecast_time(a, row->at);
	case TABLE_STEP: return s->promoted ? "promoted" : table_clip(a, forecast_step(a, f->rollout, s->step));
	case TABLE_WEIGHT: return arena_printf(a, "%lld%%", (long long)s->weight);
	case TABLE_NEW: return table_pods(a, &s->new_pods);
	case TABLE_OLD: return table_pods(a, &s->old_pods);
	case TABLE_OTHER: return table_pods(a, &s->other_pods);
	case TABLE_PODS:
		return arena_printf(
		    a, "%lld%s", (long long)table_row_pods(f->course, i), i == f->course->peak_row ? " peak" : "");
	case TABLE_WAITS: return s->waits;
	case TABLE_MAX: break;
	}
	return "";
}

/* Returns whether a column has anything in it. */
static bool
table_shows(const struct forecast *f, enum column column)
{
	if (column == TABLE_STEP)
		return f->rollout->spec.strategy.canary != NULL && f->rollout->spec.strategy.canary->steps.n > 0;
	for (size_t i = 0; column == TABLE_OTHER && i < f->course->n; i++)
		if (f->course->rows[i].state.other_pods.exist > 0 || f->course->rows[i].state.other_pods.wanted > 0)
			return true;
	return column != TABLE_OTHER;
}

static void
table_line(const struct forecast *f, struct arena *a, const size_t *widths, size_t i, bool title, struct str *out)
{
	const char *gap = "";

	for (int k = 0; k < TABLE_MAX; k++) {
		const char *text = title ? table_titles[k] : table_cell(a, f, i, (enum column)k);
		size_t pad = widths[k] - (widths[k] == 0 ? 0 : table_width(text));
		bool left = k == TABLE_STEP || k == TABLE_WAITS || k == TABLE_PODS;

		if (widths[k] == 0)
			continue;
		if (text[0] == '\0' && k == TABLE_WAITS)
			break;
		str_addf(out, "%s%*s%s", gap, left ? 0 : (int)pad, "", text);
		if (left && k != TABLE_WAITS)
			str_addf(out, "%*s", (int)pad, "");
		gap = "  ";
	}
	while (out->len > 0 && out->at[out->len - 1] == ' ')
		str_shorten(out, out->len - 1);
	str_addc(out, '\n');
}

static void
table_rows(const struct forecast *f, struct arena *a, struct str *out)
{
	size_t widths[TABLE_MAX] = { 0 };

	for (int k = 0; k < TABLE_MAX; k++) {
		if (!table_shows(f, (enum column)k))
			continue;
		widths[k] = table_width(table_titles[k]);
		for (size_t i = 0; i < f->course->n; i++) {
			size_t n = table_width(table_cell(a, f, i, (enum column)k));

			widths[k] = n > widths[k] ? n : widths[k];
		}
	}
	table_line(f, a, widths, 0, true, out);
	for (size_t i = 0; i < f->course->n; i++)
		table_line(f, a, widths, i, false, out);
	if (f->course->cut)
		str_addf(out, "… the rows after the first %d are left out\n", FORECAST_ROWS_MAX);
}

static const char *
table_longest(struct arena *a, const struct forecast *f)
{
	return f->longest != NULL ? f->longest : forecast_time(a, f->longest_ms);
}

static void
table_sums(const struct forecast *f, struct arena *a, struct str *out)
{
	const struct forecast_course *c = f->course;
	int64_t replicas = summary_desired(f->rollout);

	str_addf(out, "\nLeast duration:    %s", forecast_least(a, f));
	if (c->settled_at > c->promoted_at + FORECAST_SPAN_MS)
		str_addf(out, "; the last old pod is deleted after %s", forecast_time(a, c->settled_at));
	str_addf(out, "\nLongest duration:  %s\n", table_longest(a, f));
	str_addf(out, "Peak:              %lld pods", (long long)c->peak);
	if (c->peak > replicas)
		str_addf(out, ", %lld more than spec.replicas", (long long)(c->peak - replicas));
	str_addf(out, "\nUsers promote:     %s\n",
	    c->users == 0   ? "never"
	    : c->users == 1 ? "once"
			    : arena_printf(a, "%lld times", (long long)c->users));
}

/* Appends a text in lines of at most TEXT_MAX characters; a longer word has a line of its own. */
static void
table_wrap(const char *title, const char *text, struct str *out)
{
	size_t at = strlen(title) + 1;

	str_addf(out, "%s:", title);
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at + 1 + n > TEXT_MAX) {
			str_adds(out, "\n ");
			at = 1;
		}
		str_addf(out, " %.*s", (int)n, text);
		at += 1 + n;
		text += n;
		text += strspn(text, " ");
	}
	str_addc(out, '\n');
}

static void
table_lines(const char *title, const struct forecast_lines *lines, struct str *out)
{
	for (size_t i = 0; i < lines->n; i++) {
		str_adds(out, i == 0 ? "\n" : "");
		table_wrap(title, lines->at[i], out);
	}
}

void
forecast_table(const struct forecast *f, struct arena *a, struct str *out)
{
	str_addf(out, "The next update of rollout %s/%s: %s, spec.replicas %lld, a pod is ready after %s\n\n",
	    f->namespace, f->name, f->rollout->spec.strategy.canary != NULL ? "canary" : "blue-green",
	    (long long)summary_desired(f->rollout), forecast_time(a, f->ready_ms));
	table_rows(f, a, out);
	table_sums(f, a, out);
	table_lines("Warning", &f->warnings, out);
	table_lines("Note", &f->notes, out);
}

static json_t *
forecast_json_time(int64_t ms)
{
	return ms < 0 ? json_null() : json_real((double)ms / 1000);
}

static json_t *
forecast_json_pods(const struct forecast_pods *p)
{
	return json_pack("{s:I,s:I,s:I}", "wanted", (json_int_t)p->wanted, "existing", (json_int_t)p->exist, "ready",
	    (json_int_t)p->ready);
}

static json_t *
forecast_json_lines(const struct forecast_lines *lines)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(list, json_shown(lines->at[i]));
	return list;
}

static json_t *
forecast_json_rows(const struct forecast *f, struct arena *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->course->n; i++) {
		const struct forecast_row *row = &f->course->rows[i];
		const struct forecast_state *s = &row->state;
		json_t *o = json_pack("{s:o,s:o,s:I,s:o,s:o,s:o,s:I,s:o}", "seconds", forecast_json_time(row->at),
		    "step", json_shown(forecast_step(a, f->rollout, s->step)), "weight", (json_int_t)s->weight,
		    "newPods", forecast_json_pods(&s->new_pods), "oldPods", forecast_json_pods(&s->old_pods),
		    "otherPods", forecast_json_pods(&s->other_pods), "pods", (json_int_t)table_row_pods(f->course, i),
		    "waitsFor", json_shown(s->waits));

		if (s->step >= 0)
			json_object_set_new(o, "stepIndex", json_integer(s->step));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
forecast_json(const struct forecast *f, struct arena *a)
{
	const struct forecast_course *c = f->course;
	json_t *o =
	    json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o}", "namespace", f->namespace, "name", f->name,
		"replicas", (json_int_t)summary_desired(f->rollout), "readySeconds", forecast_json_time(f->ready_ms),
		"leastSeconds", forecast_json_time(c->promoted_at), "settledSeconds", forecast_json_time(c->settled_at),
		"longestSeconds", forecast_json_time(f->longest != NULL ? -1 : f->longest_ms), "peakPods",
		(json_int_t)c->peak, "promotions", (json_int_t)c->users, "warnings", forecast_json_lines(&f->warnings),
		"notes", forecast_json_lines(&f->notes), "rows", forecast_json_rows(f, a));

	json_put(o, "longest", f->longest);
	if (c->promoted_at < 0)
		json_put(o, "problem", forecast_least(a, f));
	return o;
}
