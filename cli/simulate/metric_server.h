/* cli/simulate/metric_server.h: a Prometheus of the simulated service: evaluates the queries of metrics over the
 * counters of its pods, with the evaluator of analysis/promql/.
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

struct metric_server_settings {
	const struct world *world;
	const char *new_service, *old_service; /* names; NULL: the versions have none of their own */
	const char *rollout; /* its name */
};

struct metric_server;

/* Returns one without queries. The settings are copied; all they point to is borrowed. metric_server_done frees what
 * is not in the arena. */
struct metric_server *metric_server_new(struct arena *, const struct metric_server_settings *);
void metric_server_done(struct metric_server *);

/* Responds to a request of the HTTP API at a wall time (ms). Returns the status code; the caller frees *ret_body. */
int metric_server_respond(struct metric_server *, const struct request *, int64_t now, char **ret_body);

/* Returns the first query that could not be evaluated; NULL: all could. */
const struct err *metric_server_problem(const struct metric_server *);

/* Appends a line for each selector of instant queries, with what it counts. Range queries are those of comparisons,
 * which select their versions themselves. */
void metric_server_meanings(const struct metric_server *, struct arena *, struct forecast_lines *);
