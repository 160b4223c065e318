/* analysis/compare/counters.h: counters of pods, sampled at equal intervals, as increments.
 *
 * A column is a time at which all counters were sampled; column i is i steps after the first. The series of a pod are
 * that of all its requests, and one for each kind of bad requests (errors, or requests slower than a bound). Counters
 * are given as they were read, without rate() or increase(), which lose the first error of a pod: whether a new series
 * began at 0 is known from the other series of its pod.
 */
#pragma once
#include "base/err.h"

#define COUNTERS_PODS_MAX 1000
#define COUNTERS_SAMPLES_MAX 2000000 /* columns x series of all pods: 16 MB */
#define COUNTERS_NAME_MAX 253 /* bytes of a pod's name */

struct counters_pod {
	const char *name;
	/* (1 + kinds) x columns; series 0 has all requests. First the samples, NaN where one is missing; once settled
	 * the increments, and NaN in series 0 where the pod has no part in the comparison. */
	double *samples;
	bool cut; /* more bad requests than requests were reported */
};

struct counters {
	struct arena *arena;
	size_t columns, kinds;
	struct counters_pod *pods; /* in the order of their names, once settled */
	size_t n_pods, capacity;
};

/* Returns counters without pods; columns > 1. */
struct counters counters_new(struct arena *, size_t columns, size_t kinds);

/* Sets *ret to the pod of this name, which is added if it is new (copied). Fails for a name that is too long, and for
 * more pods than the limits above allow. */
struct err *counters_pod(struct counters *, const char *name, struct counters_pod **ret);

/* Returns the samples of a series: 0, or 1 + a kind. */
static inline double *
counters_series(const struct counters *c, const struct counters_pod *pod, size_t series)
{
	return pod->samples + series * c->columns;
}

struct counters_rules {
	size_t warm_up; /* columns from the first sample of a new pod that are left out */
	bool good; /* the series of a kind counts the requests that are not bad: those within a bucket's bound */
};

/* Turns samples into increments, and sorts the pods.
 * - A fall is a restart: the new value is the increment. A fall of a pod's requests is one of its kinds too, even if
 *   theirs do not fall.
 * - A missing sample is covered by the next increment.
 * - A pod without a sample in column 0 is new: it began at 0. One that has been there before is counted from its first
 *   sample on.
 * - A series of bad requests that begins later than that of its pod began at 0. One without a sample is 0, if it counts
 *   bad requests; for one that counts good ones (`good`) this is an error.
 * - A pod has a part in the comparison from its first request on. */
struct err *counters_settle(struct counters *, const struct counters_rules *);
