/* tests/fuzz/counters.c: responses of Prometheus to a comparison, up to its verdict, and as samples at any times. */
#include <math.h>
#include "analysis/backtest/threshold.h"
#include "analysis/compare/comparison.h"
#include "analysis/compare/matrix.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#define COLUMNS 24

static struct err *
row_of(void *arg, struct arena *a, const char *labels, double **ret)
{
	struct counters *c = arg;
	const char *pod = matrix_label(a, labels, "pod"), *series = matrix_label(a, labels, "series");
	struct counters_pod *found = NULL;
	struct err *e = pod != NULL ? counters_pod(c, pod, &found) : NULL;

	if (e == NULL && found != NULL)
		*ret = counters_series(c, found, str_eq(series, "bad") ? 1 : 0);
	return e;
}

static void
read_points(struct arena *a, const struct response *got)
{
	struct matrix_points *points;
	struct promql_data data;
	size_t n;

	if (matrix_read_points(a, got, false, &points, &n) != NULL)
		return;
	data = threshold_data_of(a, points, n);
	for (size_t i = 0; i < data.n; i++)
		for (size_t k = 0; k < data.at[i].n; k++)
			if (data.at[i].samples[k].at < 0 || !(data.at[i].samples[k].value >= 0) ||
			    (k > 0 && data.at[i].samples[k].at < data.at[i].samples[k - 1].at))
				__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const struct response got = { .status = 200, .body = { text, size } };
	const struct matrix_grid grid = { .start = 0, .step = 15000, .columns = COLUMNS };
	struct counters c = counters_new(a, COLUMNS, 1);
	struct comparison all = { .counters = &c,
		.settings = { 1.25, 0.001, 2, 0.01, 0.1, 0.2 },
		.stop_at = 100,
		.misses = 0.1,
		.first = 8,
		.expires = COLUMNS - 1 };
	struct comparison_result r;
	enum arm *arms;

	read_points(a, &got);
	if (matrix_read(a, &got, &grid, row_of, &c) != NULL ||
	    counters_settle(&c, &(struct counters_rules){ .warm_up = 2 }) != NULL)
		return 0;
	arms = arena_new_array(a, enum arm, c.n_pods);
	for (size_t i = 0; i < c.n_pods; i++)
		arms[i] = c.pods[i].name[0] == 'c' ? ARM_CANARY : ARM_STABLE;
	all.arms = arms;
	comparison_judge(&all, a, NULL, &r);
	if (isnan(r.at.stop) || isnan(r.at.pass) || r.verdict == COMPARISON_WAITS)
		__builtin_trap();
	return 0;
}
