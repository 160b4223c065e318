/* cli/backtest/output.h: the figures of a backtest, as a table, JSON or a picture. */
#pragma once
#include "cli/backtest/play.h"
#include "cli/backtest/releases.h"

/* Prints it on standard output. */
void output_table(const struct play *);
void output_json(const struct play *);
void output_svg(const struct play *);
void output_releases_table(const struct releases *, bool plot);
void output_releases_json(const struct releases *);
void output_releases_svg(const struct releases *);

/* Returns a share in percent with as many digits as it is precise to, in the arena. */
const char *output_percent(struct arena *, double share);
