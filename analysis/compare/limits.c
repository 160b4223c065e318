/* analysis/compare/limits.c: how much a comparison reads. */
#include "analysis/compare/limits.h"
#include "base/time.h"

#define LIMITS_SAMPLES 1500000 /* COUNTERS_SAMPLES_MAX leaves a third more for pods that are replaced */
#define LIMITS_SAMPLES_OF_QUERY 100000
#define LIMITS_PODS 40 /* where the number of replicas is not known */

static size_t
limits_pods(const struct compare_metric *m, int64_t replicas)
{
	if (config_by(m) == NULL)
		return 2;
	if (replicas <= 0)
		return LIMITS_PODS;
	return replicas < COUNTERS_PODS_MAX / 2 ? 2 * (size_t)replicas : COUNTERS_PODS_MAX;
}

struct err *
limits_of(struct arena *a, const struct compare_metric *m, const struct compare_config *c, int64_t replicas,
    struct limits *ret)
{
	size_t most = m->slow != NULL ? CONFIG_BOUNDS_MAX : 1, pods = limits_pods(m, replicas);
	size_t needed = config_columns(c), series = LIMITS_SAMPLES / pods / needed;

	if (series < 2)
		return err_new(a, ERR_INVALID,
		    "wait: %s in steps of %s is %zu samples of a series, too many for %zu pods: set a longer step",
		    duration_human(a, c->wait_ms), duration_human(a, c->step_ms), needed, pods);
	ret->kinds = series - 1 < most ? series - 1 : most;
	ret->series = pods * (1 + ret->kinds);
	ret->columns = LIMITS_SAMPLES / ret->series;
	if (ret->columns > CONFIG_COLUMNS_MAX)
		ret->columns = CONFIG_COLUMNS_MAX;
	return NULL;
}

size_t
limits_columns_of_query(const struct limits *l, size_t columns)
{
	size_t enough = LIMITS_SAMPLES_OF_QUERY / l->series;
	size_t least = (columns + LIMITS_QUERIES_MAX - 1) / LIMITS_QUERIES_MAX;

	return enough > least ? enough : least;
}
