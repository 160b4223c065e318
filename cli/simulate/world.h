/* cli/simulate/world.h: a service that gets requests, in virtual time: what its pods count, and what a fault of a new
 * version changes.
 *
 * Requests arrive at random, at a rate that varies over minutes and the day. How much pods differ, how errors come in
 * bursts, and how often all pods fail together depends on the kind of world; docs/simulate.md has the numbers.
 * Counters are sampled every 15 s, as Prometheus scrapes them. The same seed gives the same requests.
 */
#pragma once
#include "analysis/promql/promql.h"
#include "base/draw.h"

#define WORLD_SCRAPE_MS 15000
#define WORLD_SAMPLES_MAX 20000000 /* of all series: 320 MB */
#define WORLD_BUCKETS 12 /* of latency, the default ones of Prometheus' client libraries; the last one is +Inf */
#define WORLD_SLOW_S 1.0 /* a request that takes longer is a bad one, in seconds; the bound of a bucket */

extern const double world_bounds[WORLD_BUCKETS]; /* s */

/* How different pods and times are; standard deviations are those of logarithms. */
struct world_kind {
	const char *name;
	double pods, drift; /* of the error rates of pods: for ever, and over a minute */
	double burst; /* errors that come together, on average */
	double shock; /* probability that an outage of all pods begins in a scrape interval */
	double slow_pods, slow_drift, slow_common; /* of the latency of pods, and of all */
	double cold; /* how many times slower a new pod is at first, less one */
};

/* Returns the kind of this name; NULL: unknown. The names are "clean", "usual" and "rough". */
const struct world_kind *world_kind(const char *name);

/* The fault of a new version: how it differs from the stable one. All zeroes but ratio and latency: it does not. */
struct world_fault {
	double ratio; /* factor of the error rate */
	double more; /* added to the error rate */
	double latency; /* factor */
	double leak; /* of the latency: added per minute of a pod's life */
	int64_t crash_weight; /* percent from which its pods crash; -1: they do not */
	int64_t late_ms; /* from its first request to the start of the fault */
};

#define WORLD_NO_FAULT ((struct world_fault){ .ratio = 1, .latency = 1, .crash_weight = -1 })

struct world_settings {
	const struct world_kind *kind;
	double rps; /* requests per second of all pods, > 0 */
	double errors; /* share of requests that fail, in [0, 1] */
	uint64_t seed;
	struct world_fault fault;
};

/* The counters of a pod. */
enum world_series { WORLD_OK, WORLD_FAILED, WORLD_COUNT, WORLD_SUM, WORLD_BUCKET };
#define WORLD_SERIES (WORLD_BUCKET + WORLD_BUCKETS)

struct world_counter {
	double value;
	struct promql_sample *samples; /* of the scrapes */
	size_t n, capacity;
};

struct world_pod {
	const char *name, *hash; /* pod template hash */
	bool is_new; /* of the new version */
	int64_t ready_at; /* wall ms; -1: it is not ready */
	int64_t gone_at; /* the first scrape that failed; 0: it exists */
	bool gone;
	double share; /* of the requests of its version, relative to the other pods */
	double bias, drift, slow_bias, slow_drift;
	struct rand_stream rand;
	struct world_counter counters[WORLD_SERIES];
};

/* Requests that the new version got. */
struct world_users {
	double requests, failed, slow; /* failed; slower than WORLD_SLOW_S */
	double expected; /* failed ones that the stable version would have had instead, and slow ones on average */
};

struct world;

/* Returns a world without pods, whose traffic begins at a wall time (ms). */
struct world *world_new(struct arena *, const struct world_settings *, int64_t start);

/* Adds a pod (names are copied), or returns the one of this name. `is_new`: it is of the new version. */
struct world_pod *world_pod(struct world *, const char *name, const char *hash, bool is_new);

/* Sets whether a pod is ready, from now on; and that it is deleted. */
void world_pod_ready(struct world *, struct world_pod *, bool ready);
void world_pod_gone(struct world *, struct world_pod *);

/* Sets the percentage of the requests that the new version gets from now on, if it has a ready pod. */
void world_weight(struct world *, int64_t percent);

/* Lets requests arrive until a wall time (ms), and samples the counters. Returns an error if there are more samples
 * than the limit. */
struct err *world_run(struct world *, int64_t until);

int64_t world_now(const struct world *);

/* Returns the pods in the order in which they were added. */
struct world_pod *const *world_pods(const struct world *, size_t *ret_n);

const struct world_users *world_users(const struct world *);
