/* rollout/view/comparison_plot.h: the course of a comparison as text for a terminal. */
#pragma once
#include "analysis/compare/course.h"

/* Returns two plots over the same time: the evidence on a logarithmic scale, with a line at each limit, and the shares
 * of bad requests of both versions. Lines of at most 76 columns, each with a line feed, in the arena. `color`: with
 * sequences that begin with PRINTABLE_ESC (base/printable.h). */
const char *comparison_plot(struct arena *, const struct course *, bool color);
