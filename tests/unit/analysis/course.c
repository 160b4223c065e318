/* tests/unit/analysis/course.c: the course of a comparison in the metadata of its measurement. */
#include <math.h>
#include "tests/unit/unit.h"
#include "analysis/compare/course.h"
#include "base/str.h"

#define BEGIN 1764596400000 /* 2025-12-01T13:40:00Z; wall ms */
#define STEP_MS 15000
#define COLUMNS_MAX 301

static const enum arm arms[4] = { ARM_CANARY, ARM_CANARY, ARM_STABLE, ARM_STABLE };

/* Two pods of each version with 100 requests in each bin, of which `bad` of the canary's and 1 of the stable version's
 * are bad. */
static const char *
written(struct arena *a, size_t columns, int bad, const char *bound, struct comparison_result *ret)
{
	struct counters c = counters_new(a, columns, 1);
	struct comparison_point points[COLUMNS_MAX];
	struct comparison all = { .counters = &c,
		.arms = arms,
		.settings = { 1.25, 0.001, 2, 0.01, 0.1, 0.2 },
		.stop_at = 200,
		.misses = 0.1,
		.first = 1,
		.pass_from = SIZE_MAX,
		.expires = SIZE_MAX };
	const struct course_input in = { &all, ret, points, BEGIN, STEP_MS, bound };
	struct counters_pod *pod;

	for (int i = 0; i < 4; i++) {
		assert_null(counters_pod(&c, arena_printf(a, "pod-%d", i), &pod));
		for (size_t k = 0; k < columns; k++) {
			counters_series(&c, pod, 0)[k] = 1000 + 100 * (double)k;
			counters_series(&c, pod, 1)[k] = 10 + (arms[i] == ARM_CANARY ? bad : 1) * (double)k;
		}
	}
	assert_null(counters_settle(&c, &(struct counters_rules){ 0 }));
	comparison_judge(&all, a, points, ret);
	return course_text(a, &in);
}

static bool
read_back(struct arena *a, const char *text, struct course *ret)
{
	const struct string_map metadata = { &(struct string_pair){ COMPARE_COURSE, text }, 1 };

	return course_read(a, &metadata, ret);
}

static void
a_short_course_has_a_point_for_each_bin(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison_result r;
	struct course c;

	(void)state;
	assert_true(read_back(a, written(a, 60, 20, NULL, &r), &c));
	assert_int_equal(r.verdict, COMPARISON_FAILED);
	assert_int_equal(c.n, r.bin);
	assert_int_equal(c.from, BEGIN);
	assert_int_equal(c.at[0].at, BEGIN + STEP_MS);
	assert_int_equal(c.at[c.n - 1].at, BEGIN + (int64_t)r.bin * STEP_MS);
	assert_true(fabs(c.at[c.n - 1].stop - r.at.stop / M_LN10) < 0.001);
	assert_true(fabs(c.at[c.n - 1].pass - r.at.pass / M_LN10) < 0.001);
	assert_true(c.at[0].canary == 0.2 && c.at[0].stable == 0.01);
	assert_true(c.stop_at == 200 && c.pass_at == 10);
	assert_null(c.bound);
}

/* 297 bins are 59 points of 5 bins and one of 2. */
static void
a_long_course_has_a_limited_number_of_points(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison_result r;
	struct course c;
	const char *text = written(a, 298, 1, "0.25", &r);

	(void)state;
	assert_true(strlen(text) < 2048);
	assert_true(read_back(a, text, &c));
	assert_int_equal(r.bin, 297);
	assert_int_equal(c.n, 60);
	assert_int_equal(c.at[0].at, BEGIN + 5 * STEP_MS);
	assert_int_equal(c.at[58].at, BEGIN + 295 * STEP_MS);
	assert_int_equal(c.at[59].at, BEGIN + 297 * STEP_MS);
	assert_true(fabs(c.at[59].pass - r.at.pass / M_LN10) < 0.001);
	assert_string_equal(c.bound, "0.25");
}

static void
a_version_without_requests_has_no_share(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct comparison_result r = { .bin = 1 };
	struct counters c = counters_new(a, 3, 1);
	const struct comparison all = { .counters = &c, .first = 1, .stop_at = 200 };
	const struct comparison_point points[3] = { { 0 } };
	struct course course;

	(void)state;
	r.at.pass_at = 10;
	assert_true(
	    read_back(a, course_text(a, &(struct course_input){ &all, &r, points, BEGIN, STEP_MS, NULL }), &course));
	assert_true(course.n == 1 && isnan(course.at[0].canary) && isnan(course.at[0].stable));
}

#define COURSE(every, stop, canary, at)                                                                                \
	"{\"from\":\"2025-12-01T13:40:00Z\",\"to\":\"2025-12-01T13:40:30Z\",\"every\":" every ",\"stop\":" stop        \
	",\"pass\":[0,0],\"canary\":" canary ",\"stable\":[0,null],\"stopAt\":" at ",\"passAt\":10}"

/* Anyone with the permission can write a status. */
static void
a_malformed_course_is_none(void **state)
{
	static const char *const cases[] = { "", "[]", "{}", COURSE("15", "[0]", "[0,0]", "200"),
		COURSE("15", "[0,null]", "[0,0]", "200"), COURSE("15", "[0,300001]", "[0,0]", "200"),
		COURSE("15", "[0,0.5]", "[0,0]", "200"), COURSE("15", "[0,0]", "[0,-1]", "200"),
		COURSE("15", "[0,0]", "[0,1000001]", "200"), COURSE("0", "[0,0]", "[0,0]", "200"),
		COURSE("9223372036854775807", "[0,0]", "[0,0]", "200"), COURSE("15", "[0,0]", "[0,0]", "0"),
		COURSE("15", "[0,0]", "[0,0]", "\"200\""), COURSE("15", "{}", "[0,0]", "200") };
	struct course c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();

		if (read_back(a, cases[i], &c))
			fail_msg("%s was read", cases[i]);
	}
	{
		_cleanup_(arena_freep) struct arena *a = arena_new();

		assert_true(read_back(a, COURSE("15", "[0,0]", "[0,0]", "200"), &c));
		assert_false(course_read(a, &(struct string_map){ 0 }, &c));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_course_has_a_point_for_each_bin),
		cmocka_unit_test(a_long_course_has_a_limited_number_of_points),
		cmocka_unit_test(a_version_without_requests_has_no_share),
		cmocka_unit_test(a_malformed_course_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
