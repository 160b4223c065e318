/* tests/unit/analysis/backtest.c: placebo releases: the times, the draws, the regressions, and the figures. */
#include <math.h>
#include "tests/unit/unit.h"
#include "analysis/backtest/evidence_svg.h"
#include "analysis/backtest/binomial.h"
#include "analysis/backtest/figures.h"
#include "analysis/backtest/figures_svg.h"
#include "analysis/backtest/past.h"
#include "analysis/backtest/placebo.h"
#include "base/str.h"

static void
assert_near(double is, double wanted, double distance)
{
	if (!(fabs(is - wanted) <= distance))
		fail_msg("%.12g is not within %g of %.12g", is, distance, wanted);
}

/* Both ways of drawing, and both sides of one half. */
static void
draws_have_the_mean_and_variance_of_the_binomial_distribution(void **state)
{
	static const struct {
		double n, p;
	} cases[] = { { 1, 0.3 }, { 20, 0.05 }, { 40, 0.9 }, { 1000, 0.01 }, { 1000, 0.5 }, { 1e6, 0.2 } };
	struct rand_stream r = rand_stream(1, "draws");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double n = cases[i].n, p = cases[i].p, sum = 0, squares = 0, variance = n * p * (1 - p), times = 20000;

		for (int k = 0; k < times; k++) {
			double x = binomial_draw(&r, n, p), d = x - n * p;

			assert_true(x >= 0 && x <= n && x == round(x));
			sum += d;
			squares += d * d;
		}
		assert_near(sum / times, 0, 4 * sqrt(variance / times));
		/* The fourth moment of the distribution gives the standard error of its variance. */
		assert_near(squares / times / variance, 1, 4 * sqrt((2 + 1 / variance) / times));
	}
}

static void
draws_keep_all_none_and_parts_of_a_request(void **state)
{
	struct rand_stream r = rand_stream(1, "draws");
	size_t kept = 0;

	(void)state;
	assert_true(binomial_draw(&r, 7.5, 1) == 7.5 && binomial_draw(&r, 7, 0) == 0 && binomial_draw(&r, 0, 0.5) == 0);
	assert_true(binomial_draw(&r, -1, 0.5) == 0 && binomial_draw(&r, NAN, 0.5) == 0);
	for (int i = 0; i < 1000; i++)
		kept += binomial_draw(&r, 0.5, 0.25) == 0.5;
	assert_near((double)kept, 250, 4 * sqrt(1000 * 0.25 * 0.75));
}

static void
intervals_are_those_of_clopper_and_pearson(void **state)
{
	static const struct {
		double x, n, low, high;
	} cases[] = {
		{ 0, 35, 0, 0.10003 },
		{ 5, 10, 0.187086, 0.812914 },
		{ 1, 100, 0.000253, 0.054459 },
		{ 10, 10, 0.691503, 1 },
		{ 50, 1000, 0.037335, 0.065390 },
	};
	double low, high;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		figures_interval(cases[i].x, cases[i].n, &low, &high);
		assert_near(low, cases[i].low, 1e-5);
		assert_near(high, cases[i].high, 1e-5);
	}
	/* The bounds of shares between whole numbers are between theirs. */
	figures_interval(5.5, 10, &low, &high);
	assert_true(low > 0.187086 && low < 0.262378 && high > 0.812914 && high < 0.878448);
}

static void
the_smallest_effect_is_interpolated_on_a_logarithmic_scale(void **state)
{
	const struct figures_power p[] = { { .effect = 1, .releases = 100, .stopped = 0 },
		{ .effect = 2, .releases = 100, .stopped = 80 }, { .effect = 8, .releases = 100, .stopped = 100 } };
	const struct figures_power failing[] = { { .effect = 1, .releases = 100, .stopped = 0 },
		{ .effect = 3, .releases = 100, .stopped = 100, .errors = 11 } };
	const struct figures_power always[] = { { .effect = 1, .releases = 100, .stopped = 90 },
		{ .effect = 3, .releases = 100, .stopped = 100 } };
	double times[] = { 5, 1, 3, 2 };

	(void)state;
	assert_near(figures_smallest(p, 3, 0.9), 4, 1e-12);
	assert_near(figures_smallest(p, 3, 0.8), 2, 1e-12);
	assert_true(isnan(figures_smallest(p, 2, 0.9)));
	assert_near(figures_smallest(p + 2, 1, 0.9), 8, 0);
	assert_true(isnan(figures_smallest(failing, 2, 0.9)));
	assert_true(isnan(figures_smallest(always, 2, 0.9)));
	assert_near(figures_median(times, 4), 2.5, 0);
	assert_near(figures_median(times, 3), 2, 0);
	assert_true(isnan(figures_median(NULL, 0)));
}

/* --- pictures --- */

/* The evidence to stop is 1, then 10 and 10,000 after a minute each; its limit is 100. From 60 to 390 are two minutes;
 * 1 is at 260 - 180 * 2 / 5, and what exceeds ten times the limit is at the top. */
static void
a_picture_of_evidence_has_a_line_for_each_release_and_side(void **state)
{
	static const struct course course = { .from = 60000,
		.at = { { .at = 120000, .stop = 1, .pass = 0 }, { .at = 180000, .stop = 4, .pass = -3 } },
		.n = 2,
		.stop_at = 100,
		.pass_at = 10 };
	static const struct evidence_line lines[] = { { "abc", PAST_BAD, &course }, { "d<e", PAST_GOOD, &course } };
	static const struct evidence_panel panels[] = { { "errors", lines, 2 }, { "latency", NULL, 0 } };
	_cleanup_(str_done) struct str out = { 0 };
	size_t n = 0;

	(void)state;
	str_init(&out, 1 << 16);
	evidence_svg(panels, 2, "R & D", &out);
	for (const char *at = str_text(&out); (at = strstr(at, "<path ")) != NULL; at++)
		n++;
	assert_int_equal(n, 4);
	assert_non_null(strstr(str_text(&out), "R &amp; D"));
	assert_non_null(strstr(str_text(&out), "d&lt;e"));
	assert_non_null(
	    strstr(str_text(&out), "stroke=\"#b3261e\" stroke-width=\"1.5\" d=\"M60 188.0L225.0 152.0L390.0 80.0\""));
	assert_non_null(strstr(str_text(&out), "d=\"M500 170.0L665.0 170.0L830.0 260.0\""));
	assert_non_null(strstr(str_text(&out), "latency: evidence to stop the canary"));
}

/* --- times without a release --- */

/* Minutes 0 to 60: the first ReplicaSet until 40, the second one from 30 on. */
static struct past
past_of_two(struct arena *a)
{
	struct past p = { .grid = { .start = 0, .step = 60000, .columns = 61 } };
	double *first = NULL, *second = NULL;

	assert_null(past_read_replicaset(&p, a, "{\"sluice\":\"abc\"}", &first));
	assert_null(past_read_replicaset(&p, a, "{\"sluice\":\"def\"}", &second));
	for (size_t i = 0; i <= 60; i++) {
		first[i] = i <= 40 ? 10 : NAN;
		second[i] = i >= 30 ? 2 : NAN;
	}
	return p;
}

/* x1 is at the left edge (60), x4 at the right one (660), and x2 between; 0 % is at 350, 100 % at 50. */
static void
a_picture_has_a_line_for_each_metric(void **state)
{
	static const struct figures_power all[] = { { .effect = 1, .releases = 10 },
		{ .effect = 2, .releases = 10, .stopped = 5 }, { .effect = 4, .releases = 10, .stopped = 10 } };
	static const struct figures_power none[] = { { .effect = 1, .releases = 4, .stopped = 1 }, { .effect = 2 },
		{ .effect = 4 } };
	static const struct figures_line lines[] = { { "errors", all, 3 }, { "a<b", none, 3 } };
	_cleanup_(str_done) struct str out = { 0 };

	(void)state;
	str_init(&out, 1 << 16);
	figures_svg(lines, 2, 0.9, "R & D", &out);
	assert_non_null(strstr(str_text(&out), "R &amp; D"));
	assert_non_null(strstr(str_text(&out), "d=\"M60.0 350.0L360.0 200.0L660.0 50.0\""));
	assert_non_null(strstr(str_text(&out), "d=\"M60.0 275.0\""));
	assert_non_null(strstr(str_text(&out), "a&lt;b"));
	assert_non_null(strstr(str_text(&out), "y1=\"80.0\""));
	str_shorten(&out, 0);
	figures_svg(lines, 0, 0.9, "", &out);
	assert_non_null(strstr(str_text(&out), "</svg>"));
}

static void
windows_are_where_one_replicaset_has_all_pods(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct past p = past_of_two(a);
	struct past_rules rules = { .lead_ms = 120000, .length_ms = 600000, .distance_ms = 300000, .pods_min = 1 };
	struct past_window *at;
	size_t n = past_windows(&p, &rules, a, &at);

	(void)state;
	/* 2, 7, 12 and 17 to 27; at 47 the past of the second one has begun, at 50 the past ends. */
	assert_int_equal(n, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(at[i].start, (2 + 5 * (int64_t)i) * 60000);
		assert_string_equal(at[i].hash, "abc");
		assert_int_equal(at[i].pods, 10);
	}
	assert_int_equal(at[4].start, 47 * 60000);
	assert_string_equal(at[4].hash, "def");
	assert_int_equal(past_apart(at, n, rules.length_ms), 3);
	assert_int_equal(past_choose(at, n, 2), 2);
	assert_int_equal(at[1].start, 12 * 60000);
	rules.pods_min = 3;
	assert_int_equal(past_windows(&p, &rules, a, &at), 4);
}

static void
a_past_with_too_many_replicasets_is_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct past p = { .grid = { .step = 60000, .columns = PAST_SAMPLES_MAX / 2 } };
	double *row;

	(void)state;
	assert_non_null(past_read_replicaset(&p, a, "{\"other\":\"abc\"}", &row));
	assert_null(past_read_replicaset(&p, a, "{\"sluice\":\"a\"}", &row));
	assert_null(past_read_replicaset(&p, a, "{\"sluice\":\"b\"}", &row));
	assert_non_null(strstr(err_text(a, past_read_replicaset(&p, a, "{\"sluice\":\"c\"}", &row)), "shorter --past"));
}

/* --- releases --- */

/* A row is a ReplicaSet with its name, and a letter each minute: its pods, or '.' without. */
static struct past
past_of_rows(struct arena *a, const char *const *rows, size_t n)
{
	struct past p = { .grid = { .start = 0, .step = 60000, .columns = strlen(rows[1]) } };

	for (size_t i = 0; i < n; i += 2) {
		double *pods = NULL;

		assert_null(past_read_replicaset(&p, a, arena_printf(a, "{\"sluice\":\"%s\"}", rows[i]), &pods));
		for (size_t k = 0; k < p.grid.columns; k++)
			pods[k] = rows[i + 1][k] == '.' ? NAN : rows[i + 1][k] - '0';
	}
	return p;
}

static void
releases_end_as_their_pods_show_it(void **state)
{
	static const struct {
		const char *rows[6];
		size_t n; /* rows of text */
		int64_t start, end; /* minutes, of the first release */
		enum past_quality quality;
		const char *why;
	} cases[] = {
		{ { "old", "9998887...", "new", "...2224999" }, 4, 2, 7, PAST_GOOD, "it got all the pods" },
		{ { "old", "9998887999", "new", "...2224..." }, 4, 2, 7, PAST_BAD, "it lost its pods" },
		{ { "old", "9998888888", "new", "...2222222" }, 4, 2, 9, PAST_UNKNOWN, "it is in progress" },
		{ { "old", "9998888888", "new", "...222....", "third", ".....22222" }, 6, 2, 5, PAST_UNKNOWN,
		    "a third version replaced it" },
		{ { "old", "999888...8", "new", "...2229998" }, 4, 2, 6, PAST_UNKNOWN, "it was undone" },
		{ { "older", "9999....", "old", "88888888", "new", "....2222" }, 6, 3, 7, PAST_UNKNOWN,
		    "the stable version stays" },
		{ { "old", "999.88.8..", "new", "....22.299" }, 4, 3, 8, PAST_GOOD, "a time without data is no end" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		struct past p = past_of_rows(a, cases[i].rows, cases[i].n);
		struct past_release *r;

		assert_true(past_releases(&p, a, &r) > 0);
		if (r->start != cases[i].start * 60000 || r->end != cases[i].end * 60000 ||
		    r->quality != cases[i].quality || strcmp(r->canary, "new") != 0 || strcmp(r->stable, "old") != 0)
			fail_msg("%s: minute %d to %d, quality %d, %s after %s", cases[i].why, (int)r->start / 60000,
			    (int)r->end / 60000, r->quality, r->canary, r->stable);
	}
}

/* A day later, the older version is a release of its own. */
static void
a_release_that_is_undone_after_a_day_was_good(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const rows[] = { "old", "9998887...8999", "new", "...22249999998" };
	struct past p = past_of_rows(a, rows, 4);
	struct past_release *r;

	(void)state;
	p.grid.step = PAST_UNDONE_MS / 3;
	assert_int_equal(past_releases(&p, a, &r), 2);
	assert_int_equal(r[0].quality, PAST_UNKNOWN);
	p.grid.step = PAST_UNDONE_MS;
	assert_int_equal(past_releases(&p, a, &r), 2);
	assert_int_equal(r[0].quality, PAST_GOOD);
	assert_string_equal(r[1].canary, "old");
}

static void
the_release_at_a_time_is_in_progress_or_the_next_one(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const char *const rows[] = { "a", "999999999999", "b", "...22.......", "c", "........22.." };
	struct past p = past_of_rows(a, rows, 6);
	struct past_release *r;
	size_t n = past_releases(&p, a, &r);

	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(past_release_at(r, n, 3 * 60000, 0)->canary, "b");
	assert_string_equal(past_release_at(r, n, 2 * 60000, 0)->canary, "b");
	assert_null(past_release_at(r, n, 5 * 60000, 60000));
	assert_string_equal(past_release_at(r, n, 5 * 60000, 120000)->canary, "c");
	assert_null(past_release_at(r, n, 10 * 60000, 600000));
	assert_true(past_has(&p, "b", 240000, 300000));
	assert_false(past_has(&p, "b", 300000, 600000));
	assert_false(past_has(&p, "d", 0, 600000));
}

/* --- draws and regressions --- */

#define COLUMNS 121
#define PODS 10

/* Pods with n requests in each bin, of which pods with an even number have one bad and the others three. */
static struct counters
constant_counters(struct arena *a, double n, size_t kinds, const double *x)
{
	struct counters c = counters_new(a, COLUMNS, kinds);
	struct counters_pod *pod;

	for (int i = 0; i < PODS; i++) {
		assert_null(counters_pod(&c, arena_printf(a, "s-%d", i), &pod));
		for (size_t k = 0; k < COLUMNS; k++) {
			counters_series(&c, pod, 0)[k] = 7 + n * (double)k;
			for (size_t kind = 0; kind < kinds; kind++)
				counters_series(&c, pod, 1 + kind)[k] = 3 + (x != NULL	     ? x[kind]
										: i % 2 == 0 ? 1
											     : 3) *
										(double)k;
		}
	}
	assert_null(counters_settle(&c, &(struct counters_rules){ 0 }));
	return c;
}

static struct placebo_rules
rules_of(double weight)
{
	return (struct placebo_rules){ .canary_pods = 2,
		.weight = weight,
		.settings = { .tolerate_ratio = 1.25,
		    .tolerate_share = 0.001,
		    .catch_ratio = 2,
		    .catch_share = 0.01,
		    .prior = 0.1,
		    .prior_alone = 0.2 },
		.stop_at = 100,
		.misses = 0.1 };
}

static void
a_draw_is_repeated_by_its_stream_and_differs_by_its_seed(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = constant_counters(a, 100, 1, NULL);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 1 };
	struct placebo_rules rules = rules_of(0.2);
	size_t first_is_0 = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct rand_stream s = rand_stream(seed, "draw");
		struct counters one = placebo_counters(placebo_draw(a, &w, &rules, &s), 3, a);
		struct counters two = placebo_counters(placebo_draw(a, &w, &rules, &s), 3, a);

		for (size_t i = 0; i < PODS; i++)
			assert_string_equal(one.pods[i].name, two.pods[i].name);
		assert_memory_equal(one.pods[0].samples + COLUMNS + 1, two.pods[0].samples + COLUMNS + 1,
		    (COLUMNS - 1) * sizeof(double));
		first_is_0 += str_eq(one.pods[0].name, "s-0");
	}
	assert_near((double)first_is_0, 50, 4 * sqrt(500 * 0.1 * 0.9));
}

static void
the_canary_takes_part_from_the_start_after_its_warm_up(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = constant_counters(a, 100, 1, NULL);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 9 };
	struct placebo_rules rules = rules_of(0.2);
	struct rand_stream r = rand_stream(1, "a");
	struct counters drawn;

	(void)state;
	rules.warm_up = 4;
	drawn = placebo_counters(placebo_draw(a, &w, &rules, &r), 1, a);
	for (size_t i = 0; i < PODS; i++)
		for (size_t bin = 1; bin < COLUMNS; bin++)
			assert_int_equal(isnan(drawn.pods[i].samples[bin]), i < 2 && bin < 13);
}

static void
a_small_weight_thins_requests_and_keeps_their_error_rate(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const double x[] = { 10 };
	struct counters c = constant_counters(a, 100, 1, x);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 1 };
	struct placebo_rules rules = rules_of(0.05);
	struct rand_stream r = rand_stream(1, "a");
	struct placebo *p = placebo_draw(a, &w, &rules, &r);
	struct comparison_requests canary = placebo_requests(p, 0, ARM_CANARY),
				   stable = placebo_requests(p, 0, ARM_STABLE);
	double wanted = 0.05 / 0.95 * stable.n;

	(void)state;
	assert_true(stable.n == 8 * 100 * 120 && stable.x == stable.n / 10);
	assert_near(canary.n, wanted, 4 * sqrt(wanted));
	assert_near(canary.x, canary.n / 10, 4 * sqrt(canary.n / 10));
	/* More requests than its pods had do not exist. */
	rules.weight = 0.5;
	assert_true(placebo_requests(placebo_draw(a, &w, &rules, &r), 0, ARM_CANARY).n == 2 * 100 * 120);
}

static void
a_release_ends_when_the_time_to_wait_does(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = constant_counters(a, 1, 1, NULL);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 9 };
	struct placebo_rules rules = rules_of(0.2);
	struct rand_stream r = rand_stream(1, "a");
	struct comparison_result result;

	(void)state;
	rules.misses = 1e-9;
	placebo_judge(placebo_draw(a, &w, &rules, &r), 1, a, &result);
	assert_int_equal(result.verdict, COMPARISON_WAITS);
	rules.wait = 10;
	placebo_judge(placebo_draw(a, &w, &rules, &r), 1, a, &result);
	assert_int_equal(result.verdict, COMPARISON_EXPIRED);
	assert_int_equal(result.bin, 18);
}

/* The borrowed requests of an effect r are (r - 1) times those of the canary, of pods with one or three bad ones. */
static void
errors_are_borrowed_from_the_same_bin_of_other_pods(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = constant_counters(a, 100, 1, NULL);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 1 };
	struct placebo_rules rules = rules_of(0.2);
	double own = 0, with = 0, releases = 200;

	(void)state;
	for (size_t i = 0; i < c.n_pods; i++)
		counters_series(&c, &c.pods[i], 1)[50] = 100;
	for (uint64_t seed = 0; seed < releases; seed++) {
		_cleanup_(arena_freep) struct arena *scratch = arena_new();
		struct rand_stream s = rand_stream(seed, "draw");
		struct placebo *p = placebo_draw(scratch, &w, &rules, &s);
		struct counters plain = placebo_counters(p, 1, scratch), bad = placebo_counters(p, 6, scratch);

		for (size_t bin = 1; bin < COLUMNS; bin++) {
			double before = plain.pods[0].samples[COLUMNS + bin],
			       after = bad.pods[0].samples[COLUMNS + bin];

			assert_true(after >= before && after <= 100);
			if (bin == 50)
				assert_true(after == 100);
			else
				own += before, with += after;
		}
		for (size_t i = 2; i < PODS; i++)
			assert_ptr_equal(bad.pods[i].samples, plain.pods[i].samples);
	}
	/* Pods have one or three: two in the mean; five times these are added. */
	assert_near(own / (119 * releases), 2, 4 / sqrt(releases));
	assert_near((with - own) / (119 * releases), 10, 20 / sqrt(releases));
}

static void
errors_are_not_borrowed_where_no_other_pod_has_requests(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct counters c = constant_counters(a, 100, 1, NULL);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 1 };
	struct placebo_rules rules = rules_of(0.2);
	struct rand_stream r = rand_stream(1, "a");
	struct placebo *p;

	(void)state;
	p = placebo_draw(a, &w, &rules, &r);
	for (size_t i = 0; i < c.n_pods; i++)
		if (placebo_counters(p, 1, a).pods[0].name != c.pods[i].name &&
		    placebo_counters(p, 1, a).pods[1].name != c.pods[i].name)
			counters_series(&c, &c.pods[i], 0)[20] = counters_series(&c, &c.pods[i], 1)[20] = 0;
	assert_true(placebo_counters(p, 10, a).pods[0].samples[COLUMNS + 20] ==
		    placebo_counters(p, 1, a).pods[0].samples[COLUMNS + 20]);
}

static void
a_longer_latency_is_interpolated_between_the_bounds(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	/* Of 100 requests in a bin, 10 took more than 1 s, 20 more than 0.4 s, 60 more than 0.1 s. */
	static const double x[] = { 20, 10, 60 }, bounds[] = { 0.4, 1, 0.1 };
	struct counters c = constant_counters(a, 100, 3, x);
	struct placebo_window w = { .counters = &c, .bounds = bounds, .compared = 2, .first = 1 };
	struct placebo_rules rules = rules_of(0.2);
	struct rand_stream r = rand_stream(1, "a");
	struct placebo *p = placebo_draw(a, &w, &rules, &r);
	struct counters twice = placebo_counters(p, 2, a), eight = placebo_counters(p, 8, a);

	(void)state;
	assert_int_equal(twice.kinds, 2);
	/* 0.2 s is half of the way from 0.1 to 0.4 s on a logarithmic scale, 0.5 s a quarter of that from 0.4 to 1. */
	assert_near(twice.pods[0].samples[COLUMNS + 5], 40, 1e-9);
	assert_near(twice.pods[0].samples[2 * COLUMNS + 5], 20 - 10 * log(0.5 / 0.4) / log(1 / 0.4), 1e-9);
	/* 0.05 s: half of the way from 0 to 0.1 s. */
	assert_near(eight.pods[1].samples[COLUMNS + 5], 80, 1e-9);
	assert_near(placebo_counters(p, 1, a).pods[0].samples[COLUMNS + 5], 20, 0);
	assert_near(twice.pods[2].samples[COLUMNS + 5], 20, 0);
}

static void
thinned_buckets_stay_within_each_other(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const double x[] = { 20, 10, 60 }, bounds[] = { 0.4, 1, 0.1 };
	struct counters c = constant_counters(a, 100, 3, x);
	struct placebo_window w = { .counters = &c, .bounds = bounds, .compared = 2, .first = 1 };
	struct placebo_rules rules = rules_of(0.02);
	struct rand_stream r = rand_stream(1, "a");
	struct placebo *p = placebo_draw(a, &w, &rules, &r);
	const double *s = placebo_counters(p, 1, a).pods[0].samples;

	(void)state;
	for (size_t bin = 1; bin < COLUMNS; bin++)
		assert_true(s[bin] >= s[3 * COLUMNS + bin] && s[3 * COLUMNS + bin] >= s[COLUMNS + bin] &&
			    s[COLUMNS + bin] >= s[2 * COLUMNS + bin]);
}

static void
a_good_placebo_is_not_stopped_and_a_bad_one_is(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const double x[] = { 10 };
	struct counters c = constant_counters(a, 1000, 1, x);
	struct placebo_window w = { .counters = &c, .compared = 1, .first = 9 };
	struct placebo_rules rules = rules_of(0.2);
	struct rand_stream r = rand_stream(1, "a");
	struct placebo *p = placebo_draw(a, &w, &rules, &r);
	struct comparison_result good, bad;

	(void)state;
	placebo_judge(p, 1, a, &good);
	placebo_judge(p, 5, a, &bad);
	/* As in tests/unit/analysis/comparison.c: eight bins of a good canary with as many requests. */
	assert_int_equal(good.verdict, COMPARISON_PASSED);
	assert_int_equal(good.bin, 8 + 8);
	assert_int_equal(bad.verdict, COMPARISON_FAILED);
	assert_in_range(bad.bin, 9 + 5, 9 + 12);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_have_the_mean_and_variance_of_the_binomial_distribution),
		cmocka_unit_test(draws_keep_all_none_and_parts_of_a_request),
		cmocka_unit_test(intervals_are_those_of_clopper_and_pearson),
		cmocka_unit_test(the_smallest_effect_is_interpolated_on_a_logarithmic_scale),
		cmocka_unit_test(a_picture_of_evidence_has_a_line_for_each_release_and_side),
		cmocka_unit_test(a_picture_has_a_line_for_each_metric),
		cmocka_unit_test(windows_are_where_one_replicaset_has_all_pods),
		cmocka_unit_test(a_past_with_too_many_replicasets_is_an_error),
		cmocka_unit_test(releases_end_as_their_pods_show_it),
		cmocka_unit_test(a_release_that_is_undone_after_a_day_was_good),
		cmocka_unit_test(the_release_at_a_time_is_in_progress_or_the_next_one),
		cmocka_unit_test(a_draw_is_repeated_by_its_stream_and_differs_by_its_seed),
		cmocka_unit_test(the_canary_takes_part_from_the_start_after_its_warm_up),
		cmocka_unit_test(a_release_ends_when_the_time_to_wait_does),
		cmocka_unit_test(a_small_weight_thins_requests_and_keeps_their_error_rate),
		cmocka_unit_test(errors_are_borrowed_from_the_same_bin_of_other_pods),
		cmocka_unit_test(errors_are_not_borrowed_where_no_other_pod_has_requests),
		cmocka_unit_test(a_longer_latency_is_interpolated_between_the_bounds),
		cmocka_unit_test(thinned_buckets_stay_within_each_other),
		cmocka_unit_test(a_good_placebo_is_not_stopped_and_a_bad_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
