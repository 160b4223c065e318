/* analysis/backtest/evidence_svg.c: draws the evidence of comparisons in named releases. */
#include "analysis/backtest/evidence_svg.h"
#include <math.h>
#include "base/str.h"
#include "base/svg.h"

#define EVIDENCE_WIDTH 900
#define EVIDENCE_LEFT 60
#define EVIDENCE_TOP 80
#define EVIDENCE_PLOT 330 /* width of one side */
#define EVIDENCE_GAP 110 /* between the sides */
#define EVIDENCE_HEIGHT 180
#define EVIDENCE_PANEL 270 /* from one panel to the next */
#define EVIDENCE_NAMES 10 /* lines with a name at their end */
#define EVIDENCE_BELOW (-2.0) /* decimal logarithm: evidence below 0.01 is not distinguished, */
#define EVIDENCE_ABOVE 1.0 /* nor is that above ten times the limit */

static const struct {
	const char *name, *color;
} evidence_qualities[] = {
	[PAST_UNKNOWN] = { "unknown", "#8a8a8a" },
	[PAST_GOOD] = { "good", "#2e7d32" },
	[PAST_BAD] = { "bad", "#b3261e" },
};

/* One side of a panel: the evidence to stop, or to pass. */
struct evidence_side {
	const struct evidence_panel *panel;
	bool pass;
	int left, top;
	int64_t span; /* ms at the right edge, > 0 */
	double limit; /* decimal logarithm */
	struct str *out;
};

static double
evidence_x(const struct evidence_side *s, int64_t ms)
{
	return s->left + EVIDENCE_PLOT * (double)ms / (double)s->span;
}

static double
evidence_y(const struct evidence_side *s, double log10)
{
	double high = s->limit + EVIDENCE_ABOVE, v = fmax(EVIDENCE_BELOW, fmin(high, log10));

	return s->top + EVIDENCE_HEIGHT * (high - v) / (high - EVIDENCE_BELOW);
}

static void
evidence_add_axes(const struct evidence_side *s, double limit)
{
	str_addf(s->out, "<text x=\"%d\" y=\"%d\">", s->left, s->top - 10);
	svg_text(s->out, s->panel->metric);
	str_addf(s->out, ": evidence to %s</text>\n", s->pass ? "let it pass" : "stop the canary");
	for (int i = 0; i < 2; i++)
		str_addf(s->out,
		    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"%s/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n",
		    s->left, s->left + EVIDENCE_PLOT, evidence_y(s, i * s->limit), evidence_y(s, i * s->limit),
		    i == 0 ? "#8884" : "#111", i == 0 ? "" : " stroke-dasharray=\"4 3\"", s->left - 8,
		    evidence_y(s, i * s->limit) + 4, i == 0 ? 1.0 : limit);
	str_addf(s->out,
	    "<text x=\"%d\" y=\"%d\">0</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.3g min</text>\n", s->left,
	    s->top + EVIDENCE_HEIGHT + 18, s->left + EVIDENCE_PLOT, s->top + EVIDENCE_HEIGHT + 18,
	    (double)s->span / 60000);
}

/* Evidence is 1 before the first bin. The title is shown under the pointer. */
static void
evidence_add_line(const struct evidence_side *s, const struct evidence_line *line, bool named)
{
	const struct course *c = line->course;
	const char *color = evidence_qualities[line->quality].color;
	double y = evidence_y(s, 0);

	str_addf(s->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"M%d %.1f", color, s->left, y);
	for (size_t i = 0; i < c->n; i++) {
		y = evidence_y(s, s->pass ? c->at[i].pass : c->at[i].stop);
		str_addf(s->out, "L%.1f %.1f", evidence_x(s, c->at[i].at - c->from), y);
	}
	str_adds(s->out, "\"><title>");
	svg_text(s->out, line->name);
	str_adds(s->out, "</title></path>\n");
	if (!named)
		return;
	str_addf(s->out, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\" font-size=\"10\">",
	    evidence_x(s, c->at[c->n - 1].at - c->from) + 4, y + 3, color);
	svg_text(s->out, line->name);
	str_adds(s->out, "</text>\n");
}

static void
evidence_add_side(const struct evidence_panel *p, size_t row, bool pass, struct str *out)
{
	struct evidence_side s = { .panel = p,
		.pass = pass,
		.left = EVIDENCE_LEFT + (pass ? EVIDENCE_PLOT + EVIDENCE_GAP : 0),
		.top = EVIDENCE_TOP + EVIDENCE_PANEL * (int)row,
		.span = 60000,
		.out = out };
	double limit = 1;

	for (size_t i = 0; i < p->n; i++) {
		const struct course *c = p->lines[i].course;

		limit = fmax(limit, pass ? c->pass_at : c->stop_at);
		s.span = c->at[c->n - 1].at - c->from > s.span ? c->at[c->n - 1].at - c->from : s.span;
	}
	s.limit = log10(limit);
	evidence_add_axes(&s, limit);
	for (size_t i = 0; i < p->n; i++)
		evidence_add_line(&s, &p->lines[i], i < EVIDENCE_NAMES);
}

static void
evidence_add_legend(struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(evidence_qualities); i++)
		str_addf(out, "<text x=\"%zu\" y=\"46\" fill=\"%s\">%s</text>\n", EVIDENCE_LEFT + 80 * i,
		    evidence_qualities[i].color, evidence_qualities[i].name);
}

void
evidence_svg(const struct evidence_panel *panels, size_t n, const char *title, struct str *out)
{
	svg_begin(out, EVIDENCE_WIDTH, EVIDENCE_TOP + EVIDENCE_PANEL * (int)n, EVIDENCE_LEFT, title);
	evidence_add_legend(out);
	for (size_t i = 0; i < n; i++) {
		evidence_add_side(&panels[i], i, false, out);
		evidence_add_side(&panels[i], i, true, out);
	}
	str_adds(out, "</svg>\n");
}
