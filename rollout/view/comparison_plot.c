/* rollout/view/comparison_plot.c: plots of characters. Two series differ by their signs, so that they can be read
 * without colors too. */
#include "rollout/view/comparison_plot.h"
#include <math.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

#define PLOT_WIDTH 60 /* columns of a plot, without its labels */
#define PLOT_HEIGHT 10
#define PLOT_LABEL 12 /* columns */
#define PLOT_BELOW (-2.0) /* decimal logarithm: evidence below 0.01 is not distinguished, */
#define PLOT_ABOVE 1.0 /* nor is that above ten times the limit */
#define PLOT_TEXT_MAX 65536 /* bytes */

enum cell { CELL_EMPTY, CELL_LINE, CELL_FIRST, CELL_SECOND };

struct plot {
	double low, high; /* values of the lowest and the highest row; low < high */
	enum cell cells[PLOT_HEIGHT][PLOT_WIDTH];
	const char *labels[PLOT_HEIGHT]; /* NULL: none */
	const char *colors[2]; /* of the series, of ECMA-48 */
};

static size_t
plot_row(const struct plot *p, double value)
{
	double v = fmax(p->low, fmin(p->high, value));

	return (size_t)round((p->high - v) / (p->high - p->low) * (PLOT_HEIGHT - 1));
}

/* Labels the row of a value. Two values in the same row share it. */
static void
plot_label(struct arena *a, struct plot *p, double value, const char *label)
{
	const char **at = &p->labels[plot_row(p, value)];

	*at = *at != NULL && !str_eq(*at, label) ? arena_printf(a, "%s, %s", *at, label) : label;
}

static void
plot_line(struct plot *p, double value)
{
	for (size_t i = 0; i < PLOT_WIDTH; i++)
		p->cells[plot_row(p, value)][i] = CELL_LINE;
}

/* Returns the point that a column shows. A column is a part of the time, of which the last point's may be shorter. */
static const struct course_point *
plot_point(const struct course *c, size_t column)
{
	int64_t at = c->from + (c->at[c->n - 1].at - c->from) / PLOT_WIDTH * (int64_t)(column + 1);
	size_t i = 0;

	while (i + 1 < c->n && c->at[i].at < at)
		i++;
	return &c->at[i];
}

static void
plot_value(struct plot *p, size_t column, enum cell series, double value)
{
	if (!isnan(value))
		p->cells[plot_row(p, value)][column] = series;
}

static void
plot_write_cell(struct str *to, const struct plot *p, enum cell cell, bool color)
{
	static const char *const signs[] = { " ", "─", "●", "○" };

	if (color && (cell == CELL_FIRST || cell == CELL_SECOND))
		str_addf(to, "\xff[%sm%s\xff[0m", p->colors[cell - CELL_FIRST], signs[cell]);
	else
		str_adds(to, signs[cell]);
}

static void
plot_write(struct str *to, const struct plot *p, bool color)
{
	for (size_t row = 0; row < PLOT_HEIGHT; row++) {
		size_t end = PLOT_WIDTH;

		while (end > 0 && p->cells[row][end - 1] == CELL_EMPTY)
			end--;
		str_addf(to, "%*s %s", PLOT_LABEL, p->labels[row] != NULL ? p->labels[row] : "",
		    p->labels[row] != NULL ? "┤" : "│");
		for (size_t i = 0; i < end; i++)
			plot_write_cell(to, p, p->cells[row][i], color);
		str_addc(to, '\n');
	}
}

/* Writes the legend: what is drawn, and the sign of each series. */
static void
plot_write_legend(
    struct str *to, const struct plot *p, const char *what, const char *first, const char *second, bool color)
{
	str_addf(to, "%*s %s: ", PLOT_LABEL, "", what);
	plot_write_cell(to, p, CELL_FIRST, color);
	str_addf(to, " %s, ", first);
	plot_write_cell(to, p, CELL_SECOND, color);
	str_addf(to, " %s\n", second);
}

static void
plot_evidence(struct arena *a, struct str *to, const struct course *c, bool color)
{
	double stop_at = log(c->stop_at) / M_LN10, pass_at = log(c->pass_at) / M_LN10, limit = fmax(stop_at, pass_at);
	struct plot p = { .low = -1, .high = limit, .colors = { "31", "32" } };

	for (size_t i = 0; i < c->n; i++) {
		p.low = fmax(PLOT_BELOW, fmin(p.low, fmin(c->at[i].stop, c->at[i].pass)));
		p.high = fmin(limit + PLOT_ABOVE, fmax(p.high, fmax(c->at[i].stop, c->at[i].pass)));
	}
	plot_line(&p, pass_at);
	plot_line(&p, stop_at);
	plot_label(a, &p, stop_at, arena_printf(a, "stop %g", c->stop_at));
	plot_label(a, &p, pass_at, arena_printf(a, "pass %g", c->pass_at));
	plot_label(a, &p, 0, "1");
	for (size_t i = 0; i < PLOT_WIDTH; i++) {
		plot_value(&p, i, CELL_SECOND, plot_point(c, i)->pass);
		plot_value(&p, i, CELL_FIRST, plot_point(c, i)->stop);
	}
	plot_write_legend(to, &p, "evidence", "to stop the canary", "to let it pass", color);
	plot_write(to, &p, color);
}

static void
plot_shares(struct arena *a, struct str *to, const struct course *c, bool color)
{
	struct plot p = { .colors = { "33", "34" } };

	for (size_t i = 0; i < c->n; i++)
		p.high = fmax(p.high, fmax(c->at[i].canary, c->at[i].stable)); /* fmax ignores NaN */
	if (p.high == 0)
		p.high = 0.01;
	plot_label(a, &p, p.high, arena_printf(a, "%.2f %%", 100 * p.high));
	plot_label(a, &p, 0, "0 %");
	for (size_t i = 0; i < PLOT_WIDTH; i++) {
		plot_value(&p, i, CELL_SECOND, plot_point(c, i)->stable);
		plot_value(&p, i, CELL_FIRST, plot_point(c, i)->canary);
	}
	plot_write_legend(to, &p,
	    c->bound == NULL ? "bad requests" : arena_printf(a, "requests slower than %.16s s", c->bound), "canary",
	    "stable version", color);
	plot_write(to, &p, color);
}

static const char *
plot_clock(struct arena *a, int64_t at)
{
	const char *text = time_format(a, at), *clock = strchr(text, 'T');

	return clock != NULL ? arena_strndup(a, clock + 1, strlen("hh:mm:ss")) : text;
}

const char *
comparison_plot(struct arena *a, const struct course *c, bool color)
{
	_cleanup_(str_done) struct str to;
	const char *end = plot_clock(a, c->at[c->n - 1].at);

	str_init(&to, PLOT_TEXT_MAX);
	plot_evidence(a, &to, c, color);
	plot_shares(a, &to, c, color);
	str_addf(&to, "%*s  %-*s%s\n", PLOT_LABEL, "", PLOT_WIDTH - (int)strlen(end), plot_clock(a, c->from), end);
	return arena_strdup(a, str_text(&to));
}
