/* tests/bench/comparing.c: the cost of one comparison of a canary with the stable version: from the text of Prometheus'
 * responses to a verdict, for 12 pods. Judging takes as much memory for one bin as for many.
 *
 * Kept in comparing.want, as in reading.c: instructions may differ by a tenth.
 */
#include <math.h>
#include <stdio.h>
#include "analysis/compare/comparison.h"
#include "analysis/compare/matrix.h"
#include "io/log.h"
#include "tests/bench/bench.h"

#define WANT "tests/bench/comparing.want"
#define PODS 12
#define CANARIES 2

static const struct amount {
	const char *name;
	size_t bins;
} amounts[] = { { "40 bins of 12 pods", 40 }, { "240 bins of 12 pods", 240 } };

static struct matrix_grid
grid_of(size_t bins)
{
	return (struct matrix_grid){ .start = 1764596400000, .step = 15000, .columns = bins + 1 };
}

/* The response of Prometheus with a counter of each pod. The caller frees it. */
static char *
response_of(size_t bins, unsigned increment, unsigned modulus)
{
	struct str text;

	str_init(&text, 1u << 22);
	str_adds(&text, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
	for (unsigned pod = 0; pod < PODS; pod++) {
		unsigned n = 1000;

		str_addf(&text, "%s{\"metric\":{\"pod\":\"myapp-%s-%05u\"},\"values\":[", pod > 0 ? "," : "",
		    pod < CANARIES ? "5d4f7c9b8" : "7b9c6d5f4", pod);
		for (size_t i = 0; i <= bins; i++) {
			n += increment + (modulus > 0 ? (pod * 7 + (unsigned)i * 13) % modulus : 0);
			str_addf(&text, "%s[%zu,\"%u\"]", i > 0 ? "," : "", 1764596400 + 15 * i, n);
		}
		str_adds(&text, "]}");
	}
	str_adds(&text, "]}}");
	return text.at;
}

struct series {
	struct counters *counters;
	size_t number;
};

static struct err *
row_of(void *arg, struct arena *a, const char *labels, double **ret)
{
	const struct series *s = arg;
	struct counters_pod *pod = NULL;
	struct err *e = counters_pod(s->counters, matrix_label(a, labels, "pod"), &pod);

	if (e == NULL)
		*ret = counters_series(s->counters, pod, s->number);
	return e;
}

/* Every allocation from glibc comes here first. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static unsigned long allocations, judge_allocations; /* of glibc; of the last judgment, without those of its arena */

void *
malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *
realloc(void *at, size_t n)
{
	allocations++;
	return __libc_realloc(at, n);
}

/* valgrind counts these functions, whose names are on its command line. The first one returns the bytes that judging
 * took. */
void bench_judge(const struct comparison *, struct arena *, struct comparison_result *ret);
size_t bench_compare(
    struct arena *, const struct matrix_grid *, const char *total, const char *bad, struct comparison_result *ret);

__attribute__((noinline)) void
bench_judge(const struct comparison *all, struct arena *a, struct comparison_result *ret)
{
	unsigned long before = allocations - arena_chunks(a);

	comparison_judge(all, a, NULL, ret);
	judge_allocations = allocations - arena_chunks(a) - before;
}

__attribute__((noinline)) size_t
bench_compare(
    struct arena *a, const struct matrix_grid *grid, const char *total, const char *bad, struct comparison_result *ret)
{
	struct counters c = counters_new(a, grid->columns, 1);
	struct response got[] = { { .status = 200, .body = { total, strlen(total) } },
		{ .status = 200, .body = { bad, strlen(bad) } } };
	enum arm arms[PODS];
	struct comparison all = { .counters = &c,
		.arms = arms,
		.settings = { 1.25, 0.001, 2, 0.01, 0.1, 0.2 },
		.stop_at = 200,
		.misses = 0.1,
		.first = 1,
		.pass_from = SIZE_MAX,
		.expires = SIZE_MAX };
	struct err *e = NULL;
	size_t used;

	for (size_t i = 0; i < 2 && e == NULL; i++)
		e = matrix_read(a, &got[i], grid, row_of, &(struct series){ &c, i });
	if (e == NULL)
		e = counters_settle(&c, &(struct counters_rules){ 0 });
	if (e != NULL)
		return 0;
	for (size_t i = 0; i < c.n_pods; i++)
		arms[i] = i < CANARIES ? ARM_CANARY : ARM_STABLE;
	used = arena_used(a);
	bench_judge(&all, a, ret);
	return arena_used(a) - used;
}

/* Returns the line of an amount in comparing.want as it should be. `judge` and `compare` are instructions. */
static const char *
line_of(struct arena *a, const struct amount *amount, size_t bytes, int64_t judge, int64_t compare)
{
	return arena_printf(a,
	    "%s: %zu bytes of the arena, %lu other allocations, %" PRId64 " instructions to judge, %" PRId64
	    " in all\n",
	    amount->name, bytes, judge_allocations, judge, compare);
}

/* Returns whether the line that is wanted has the same bytes and allocations, and about as many instructions. */
static bool
is_wanted(struct arena *a, const char *want, const struct amount *amount, size_t bytes, int64_t judge, int64_t compare)
{
	const char *head = arena_printf(
	    a, "%s: %zu bytes of the arena, %lu other allocations, ", amount->name, bytes, judge_allocations);
	const char *line = strstr(want, head), *all = line != NULL ? strstr(line, "to judge, ") : NULL;

	return all != NULL && bench_is_near(judge, strtoll(line + strlen(head), NULL, 10)) &&
	       bench_is_near(compare, strtoll(all + strlen("to judge, "), NULL, 10));
}

int
main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *want_arena = arena_new();
	const char *want;
	bool ok = true;

	log_setup(LOG_LEVEL_ERROR, false);
	want = bench_want(want_arena, WANT);
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		const struct amount *amount = &amounts[i];
		_cleanup_(arena_freep) struct arena *a = arena_new();
		_cleanup_(freep) char *total = response_of(amount->bins, 40, 9), *bad = response_of(amount->bins, 0, 2);
		const struct matrix_grid grid = grid_of(amount->bins);
		struct comparison_result r = { 0 };
		int64_t judge, compare;
		size_t bytes;

		if (argc > 2 && strcmp(argv[2], amount->name) != 0)
			continue;
		bytes = bench_compare(a, &grid, total, bad, &r);
		ok &= r.bin == amount->bins;
		if (argc > 2)
			continue;
		judge = bench_instructions(argv[0], "bench_judge", amount->name);
		compare = bench_instructions(argv[0], "bench_compare", amount->name);
		if (is_wanted(a, want, amount, bytes, judge, compare))
			continue;
		ok = false;
		fputs(line_of(a, amount, bytes, judge, compare), stdout);
	}
	if (argc <= 2)
		printf("%s costs of a comparison\n", ok ? "ok" : "not ok");
	return !ok;
}
