/* analysis/backtest/figures_svg.c: draws the power of metrics. */
#include "analysis/backtest/figures_svg.h"
#include <math.h>
#include "base/str.h"
#include "base/svg.h"

#define PICTURE_WIDTH 900
#define PICTURE_HEIGHT 420
#define PICTURE_LEFT 60
#define PICTURE_RIGHT 660
#define PICTURE_TOP 50
#define PICTURE_BOTTOM 350
#define PICTURE_NAMES 10 /* lines of the legend */

static const char *const picture_colors[] = { "#3b82c4", "#b3261e", "#2e7d32", "#d9a441", "#6a4fb3", "#00838f" };

struct picture {
	double most; /* the effect at the right edge, above 1 */
	struct str *out;
};

static double
picture_x(const struct picture *p, double effect)
{
	return PICTURE_LEFT + (PICTURE_RIGHT - PICTURE_LEFT) * log(effect) / log(p->most);
}

static double
picture_y(double share)
{
	return PICTURE_BOTTOM - (PICTURE_BOTTOM - PICTURE_TOP) * share;
}

static double
picture_most(const struct figures_line *lines, size_t n)
{
	double most = 1;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < lines[i].n; k++)
			most = fmax(most, lines[i].power[k].effect);
	return most > 1 ? most : 2;
}

static void
picture_add_axes(const struct picture *p, double wanted)
{
	for (int i = 0; i <= 4; i++)
		str_addf(p->out,
		    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#8884\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n",
		    PICTURE_LEFT, PICTURE_RIGHT, picture_y(i / 4.0), picture_y(i / 4.0), PICTURE_LEFT - 8,
		    picture_y(i / 4.0) + 4, i * 25);
	str_addf(p->out,
	    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#111\" stroke-dasharray=\"4 3\"/>"
	    "<text x=\"%d\" y=\"%.1f\">%.0f %%</text>\n"
	    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">how many times worse the canary is (good: x1)</text>\n",
	    PICTURE_LEFT, PICTURE_RIGHT, picture_y(wanted), picture_y(wanted), PICTURE_RIGHT + 8, picture_y(wanted) + 4,
	    wanted * 100, (PICTURE_LEFT + PICTURE_RIGHT) / 2, PICTURE_BOTTOM + 42);
}

/* Each effect has its tick once: the metrics of a backtest have the same ones. */
static void
picture_add_ticks(const struct picture *p, const struct figures_line *line)
{
	for (size_t i = 0; i < line->n; i++)
		str_addf(p->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">x%g</text>\n",
		    picture_x(p, line->power[i].effect), PICTURE_BOTTOM + 18, line->power[i].effect);
}

static void
picture_add_line(const struct picture *p, const struct figures_line *line, const char *color)
{
	char command = 'M';

	str_addf(p->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"", color);
	for (size_t i = 0; i < line->n; i++) {
		const struct figures_power *e = &line->power[i];

		if (e->releases == 0)
			continue;
		str_addf(p->out, "%c%.1f %.1f", command, picture_x(p, e->effect),
		    picture_y((double)e->stopped / (double)e->releases));
		command = 'L';
	}
	/* A path must begin with a move. */
	str_adds(p->out, command == 'M' ? "M0 0\"/>\n" : "\"/>\n");
}

static void
picture_add_name(const struct picture *p, const char *name, size_t line, const char *color)
{
	str_addf(p->out, "<rect x=\"%d\" y=\"%zu\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%d\" y=\"%zu\">",
	    PICTURE_RIGHT + 60, PICTURE_TOP + 22 * line, color, PICTURE_RIGHT + 78, PICTURE_TOP + 10 + 22 * line);
	svg_text(p->out, name);
	str_adds(p->out, "</text>\n");
}

void
figures_svg(const struct figures_line *lines, size_t n, double wanted, const char *title, struct str *out)
{
	const struct picture p = { .most = picture_most(lines, n), .out = out };

	svg_begin(out, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_LEFT, title);
	picture_add_axes(&p, wanted);
	if (n > 0)
		picture_add_ticks(&p, &lines[0]);
	for (size_t i = 0; i < n; i++) {
		const char *color = picture_colors[i % ARRAY_SIZE(picture_colors)];

		picture_add_line(&p, &lines[i], color);
		if (i < PICTURE_NAMES)
			picture_add_name(&p, lines[i].name, i, color);
	}
	str_adds(out, "</svg>\n");
}
