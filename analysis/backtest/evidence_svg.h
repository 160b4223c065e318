/* analysis/backtest/evidence_svg.h: how the evidence of comparisons grew in named releases, as a picture. */
#pragma once
#include "analysis/backtest/past.h"
#include "analysis/compare/course.h"

struct str;

/* A release in a panel. */
struct evidence_line {
	const char *name;
	enum past_quality quality;
	const struct course *course;
};

/* A comparison, in all releases. */
struct evidence_panel {
	const char *metric;
	const struct evidence_line *lines;
	size_t n;
};

/* Appends an SVG document: for each comparison the evidence to stop and that to pass, on logarithmic scales over the
 * time since the first bin, with a line for each release and a dashed line at the limit. Colors are those of the
 * qualities; the first ten releases are named. Panels without lines have axes only. */
void evidence_svg(const struct evidence_panel *, size_t n, const char *title, struct str *);
