/* cli/backtest/output.h: the figures of a backtest, as a table, JSON or a picture. */
#pragma once
#include "cli/backtest/play.h"
#include "cli/backtest/releases.h"

/* The false alarms of placebo releases, of a Rollout of which few good releases are known. */
struct output_placebo {
	const struct play *play; /* NULL: many are known, or they were not requested */
	const struct err *err; /* why there are no figures; NULL: there are */
};

/* Each prints on standard output. */
/* Returns whether the metric stops nine of ten good releases. */
bool output_stops_good(const struct play_metric *);

void output_table(const struct play *);
void output_json(const struct play *);
void output_svg(const struct play *);
void output_releases_table(const struct releases *, const struct output_placebo *, bool plot);
void output_releases_json(const struct releases *, const struct output_placebo *);
void output_releases_svg(const struct releases *);

/* Prints the false alarms: their share, with its confidence interval. */
void output_false_alarms(const struct play *);

/* Returns the same as members of an object. */
json_t *output_false_alarms_json(const struct play *);

/* Returns a past release as an object: when, which versions, and its quality. */
json_t *output_past_release_json(struct arena *, const struct past_release *);

/* Returns "unknown", "good" or "bad". */
const char *output_quality(enum past_quality);

/* Returns a share in percent with as many digits as it is precise to, in the arena. */
const char *output_percent(struct arena *, double share);
