/* tests/fuzz/query.c: queries of users that this process evaluates, on a few series. */
#include <math.h>
#include "analysis/promql/balance.h"
#include "analysis/promql/promql.h"
#include "base/cleanup.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct promql_sample samples[] = { { 0, 1 }, { 15000, 5 }, { 30000, 2 }, { 45000, INFINITY } };
	static const struct promql_label labels[] = { { "pod", "w-1-a" }, { "le", "0.5" }, { "le", "+Inf" } };
	const struct promql_series series[] = { { { labels, 2 }, samples, 4, 0 },
		{ { labels + 2, 1 }, samples, 3, 0 } };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct promql_result result;
	const char *text = arena_strndup(a, (const char *)data, size), *unbalanced = promql_balance_problem(a, text);
	struct promql_data *all;
	struct promql query;

	if (promql_parse(a, text, &query) != NULL)
		return 0;
	if (unbalanced != NULL)
		__builtin_trap();
	all = arena_new_array(a, struct promql_data, query.n_selectors + 1);
	for (size_t i = 0; i < query.n_selectors; i++)
		all[i] = (struct promql_data){ series,
			promql_selects(&query.selectors[i], &series[0].labels) ? ARRAY_SIZE(series) : 1 };
	if (promql_evaluate(&query, all, 45000, a, &result) == NULL && result.n > 0 && result.at == NULL)
		__builtin_trap();
	return 0;
}
