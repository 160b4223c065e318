/* rollout/view/forecast_svg.c: a forecast as a picture: pods by version as areas, and the weight as a line. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/svg.h"
#include "kube/api/rollout.h"
#include "rollout/view/forecast.h"

#define SVG_WIDTH 900
#define SVG_HEIGHT 400
#define SVG_LEFT 60
#define SVG_RIGHT 840
#define SVG_TOP 50
#define SVG_BOTTOM 330
#define SVG_TICKS 6

/* The scale of the picture. */
struct svg {
	const struct forecast_course *course;
	int64_t end; /* ms at the right edge */
	int64_t pods; /* at the top */
	struct str *out;
};

/* The areas from the bottom to the top, and the color of each. */
enum svg_area { SVG_OLD, SVG_NEW, SVG_OTHER, SVG_AREAS };

static const struct {
	const char *name, *color;
} svg_areas[] = {
	[SVG_OLD] = { "old version", "#9aa5b1" },
	[SVG_NEW] = { "new version", "#3b82c4" },
	[SVG_OTHER] = { "other pods", "#d9a441" },
};
_Static_assert(ARRAY_SIZE(svg_areas) == SVG_AREAS, "a color an area");

static double
svg_x(const struct svg *s, int64_t at)
{
	return SVG_LEFT + (double)(SVG_RIGHT - SVG_LEFT) * (double)(at < s->end ? at : s->end) / (double)s->end;
}

static double
svg_y(const struct svg *s, double pods)
{
	return SVG_BOTTOM - (double)(SVG_BOTTOM - SVG_TOP) * pods / (double)s->pods;
}

static double
svg_weight_y(const struct svg *s, int64_t weight)
{
	return svg_y(s, (double)s->pods * (double)weight / 100);
}

/* The pods in an area and in those below it. */
static int64_t
svg_below(const struct forecast_state *s, enum svg_area area)
{
	return s->old_pods.exist + (area >= SVG_NEW ? s->new_pods.exist : 0) +
	       (area >= SVG_OTHER ? s->other_pods.exist : 0);
}

static int64_t
svg_row_end(const struct svg *s, size_t i)
{
	return i + 1 < s->course->n ? s->course->rows[i + 1].at : s->end;
}

/* An area is drawn over those above it: from the bottom to its upper edge. */
static void
svg_add_area(const struct svg *s, enum svg_area area)
{
	str_addf(s->out, "<path fill=\"%s\" d=\"M%.1f %d", svg_areas[area].color, svg_x(s, 0), SVG_BOTTOM);
	for (size_t i = 0; i < s->course->n; i++) {
		const struct forecast_row *row = &s->course->rows[i];
		double y = svg_y(s, (double)svg_below(&row->state, area));

		str_addf(s->out, "L%.1f %.1fL%.1f %.1f", svg_x(s, row->at), y, svg_x(s, svg_row_end(s, i)), y);
	}
	str_addf(s->out, "L%.1f %dZ\"/>\n", svg_x(s, s->end), SVG_BOTTOM);
}

static void
svg_add_weight(const struct svg *s)
{
	str_adds(s->out, "<path fill=\"none\" stroke=\"#b3261e\" stroke-width=\"2\" d=\"");
	for (size_t i = 0; i < s->course->n; i++) {
		const struct forecast_row *row = &s->course->rows[i];
		double y = svg_weight_y(s, row->state.weight);

		str_addf(s->out, "%c%.1f %.1fL%.1f %.1f", i == 0 ? 'M' : 'L', svg_x(s, row->at), y,
		    svg_x(s, svg_row_end(s, i)), y);
	}
	str_adds(s->out, "\"/>\n");
}

/* Marks the promotions by users, and the peak. */
static void
svg_add_marks(const struct svg *s)
{
	for (size_t i = 0; i < s->course->n; i++) {
		const struct forecast_row *row = &s->course->rows[i];

		if (row->state.user)
			str_addf(s->out,
			    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#111\" "
			    "stroke-dasharray=\"4 3\"/><text x=\"%.1f\" y=\"%d\">promote</text>\n",
			    svg_x(s, row->at), svg_x(s, row->at), SVG_TOP, SVG_BOTTOM, svg_x(s, row->at) + 3,
			    SVG_TOP + 12);
		if (i == s->course->peak_row)
			str_addf(s->out, "<text x=\"%.1f\" y=\"%.1f\">peak %lld</text>\n", svg_x(s, row->at),
			    svg_y(s, (double)row->pods) - 5, (long long)row->pods);
	}
}

static void
svg_add_axes(const struct svg *s, struct arena *a)
{
	for (int i = 0; i <= SVG_TICKS; i++) {
		int64_t at = s->end * i / SVG_TICKS;

		str_addf(s->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", svg_x(s, at),
		    SVG_BOTTOM + 18, forecast_time(a, at));
	}
	for (int i = 0; i <= 4; i++) {
		double pods = (double)s->pods * i / 4;

		str_addf(s->out,
		    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#8884\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.10g</text>"
		    "<text x=\"%d\" y=\"%.1f\" fill=\"#b3261e\">%d %%</text>\n",
		    SVG_LEFT, SVG_RIGHT, svg_y(s, pods), svg_y(s, pods), SVG_LEFT - 8, svg_y(s, pods) + 4, pods,
		    SVG_RIGHT + 8, svg_y(s, pods) + 4, i * 25);
	}
}

static void
svg_add_legend(const struct svg *s)
{
	for (int i = 0; i < SVG_AREAS; i++)
		str_addf(s->out,
		    "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>"
		    "<text x=\"%d\" y=\"%d\">%s</text>\n",
		    SVG_LEFT + i * 140, SVG_HEIGHT - 34, svg_areas[i].color, SVG_LEFT + 18 + i * 140, SVG_HEIGHT - 24,
		    svg_areas[i].name);
	str_addf(s->out, "<text x=\"%d\" y=\"%d\" fill=\"#b3261e\">weight of the new version</text>\n",
	    SVG_LEFT + SVG_AREAS * 140, SVG_HEIGHT - 24);
}

void
forecast_svg(const struct forecast *f, struct arena *a, struct str *out)
{
	const struct forecast_course *c = f->course;
	struct svg s = { .course = c, .out = out, .pods = (c->peak + 3) / 4 * 4 };

	s.pods = s.pods > 0 ? s.pods : 4;
	s.end = c->ended_at > 0 ? c->ended_at + c->ended_at / 20 : 0;
	s.end = s.end > 1000 ? s.end : 1000;
	svg_begin(out, SVG_WIDTH, SVG_HEIGHT, SVG_LEFT,
	    arena_printf(a, "The next update of %s/%s: pods and weight", f->namespace, f->name));
	for (int area = SVG_AREAS; area-- > 0;)
		svg_add_area(&s, (enum svg_area)area);
	svg_add_axes(&s, a);
	svg_add_weight(&s);
	svg_add_marks(&s);
	svg_add_legend(&s);
	str_adds(out, "</svg>\n");
}
