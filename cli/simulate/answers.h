/* cli/simulate/answers.h: a Prometheus of the simulated service: answers the queries of metrics from the counters of
 * its pods, with the evaluator of analysis/promql/.
 *
 * The name and the matchers of a selector decide which counters it means: a name that ends in _bucket, _count or _sum
 * is the histogram of latencies; another counter of requests or errors has a label for the code, 200 or 500. Labels of
 * pods, hashes and Services distinguish the versions; all others are taken to select the service. What cannot be read
 * is an error, which is kept: no value is guessed.
 */
#pragma once
#include "cli/simulate/world.h"
#include "rollout/view/forecast.h"

struct request;

struct answers_settings {
	const struct world *world;
	const char *new_service, *old_service; /* names; NULL: the versions have none of their own */
	const char *rollout; /* its name */
};

struct answers;

/* Returns one without queries. The settings are copied; all they point to is borrowed. answers_done frees what is not
 * in the arena. */
struct answers *answers_new(struct arena *, const struct answers_settings *);
void answers_done(struct answers *);

/* Answers a request of the HTTP API at a wall time (ms). Returns the status code; the caller frees *ret_body. */
int answers_answer(struct answers *, const struct request *, int64_t now, char **ret_body);

/* Returns the first query that could not be answered; NULL: all were. */
const struct err *answers_problem(const struct answers *);

/* Appends a line for each selector of instant queries, with what it counts. Range queries are those of comparisons,
 * which select their versions themselves. */
void answers_meanings(const struct answers *, struct arena *, struct forecast_lines *);
