/* analysis/backtest/figures_svg.h: the share of releases that metrics stop, by how bad these are, as a picture. */
#pragma once
#include "analysis/backtest/figures.h"

struct str;

/* A metric, and its power for effects that ascend. Those without releases are left out. */
struct figures_line {
	const char *name;
	const struct figures_power *power;
	size_t n;
};

/* Appends an SVG document: a line for each metric over the effect, on a logarithmic scale from 1 to the largest one,
 * and a dashed line at the share `wanted`. All metrics have a line; the legend names the first ten. */
void figures_svg(const struct figures_line *, size_t n, double wanted, const char *title, struct str *);
