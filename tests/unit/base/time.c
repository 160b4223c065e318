/* tests/unit/base/time.c: times and durations. */
#include "tests/unit/unit.h"
#include "base/time.h"

static void
durations_are_gos(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t ms;
	} cases[] = {
		{ "0", true, 0 },
		{ "30s", true, 30000 },
		{ "1m30s", true, 90000 },
		{ "1.5h", true, 5400000 },
		{ "-2m", true, -120000 },
		{ "+5ms", true, 5 },
		{ "1500us", true, 1 },
		{ "1h2m3.5s", true, 3723500 },
		{ ".5s", true, 500 },
		{ "99999999999999h", true, TIME_MAX },
		{ "", false, 0 },
		{ "30", false, 0 },
		{ "s", false, 0 },
		{ "1d", false, 0 },
		{ "1 m", false, 0 },
		{ "m1", false, 0 },
		{ "-", false, 0 },
		{ NULL, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = -77;
		bool ok = duration_parse(cases[i].text, &ms);

		if (ok != cases[i].ok || (ok && ms != cases[i].ms))
			fail_msg("\"%s\": %s, %lld ms", cases[i].text, ok ? "read" : "refused", (long long)ms);
		if (!ok)
			assert_int_equal(ms, -77);
	}
}

static void
times_are_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", true, 0 },
		{ "2026-11-23T16:48:07Z", true, 1795452487000 },
		{ "2026-11-23T16:48:07.25Z", true, 1795452487250 },
		{ "2026-11-23T16:48:07.123456789Z", true, 1795452487123 },
		{ "2026-11-23T18:48:07+02:00", true, 1795452487000 },
		{ "2024-02-29T00:00:00Z", true, 1709164800000 },
		{ "1969-12-31T23:59:59Z", true, -1000 },
		{ "2026-13-01T00:00:00Z", false, 0 },
		{ "2026-11-23T16:48:07", false, 0 },
		{ "2026-11-23", false, 0 },
		{ "2026-11-23T25:00:00Z", false, 0 },
		{ "2026-11-23T16:48:07Zx", false, 0 },
		{ "soon", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = 0;
		bool ok = time_parse(cases[i].text, &ms);

		if (ok != cases[i].ok || (ok && ms != cases[i].ms))
			fail_msg("\"%s\": %s, %lld ms", cases[i].text, ok ? "read" : "refused", (long long)ms);
	}
}

static void
what_is_stored_is_cut_to_seconds(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(time_format(a, 1795452487999), "2026-11-23T16:48:07Z");
	assert_int_equal(time_stored(1795452487999), 1795452487000);
	assert_int_equal(time_stored(-1), -1000);
	assert_string_equal(time_format(a, -1), "1969-12-31T23:59:59Z");
	arena_free(a);
}

static void
sums_saturate(void **state)
{
	(void)state;
	assert_int_equal(time_add(INT64_MAX, 1), TIME_MAX);
	assert_int_equal(time_add(INT64_MIN, -1), -TIME_MAX);
	assert_int_equal(time_add(5, -7), -2);
}

static void
ages_are_kubectls(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(duration_human(a, 119000), "119s");
	assert_string_equal(duration_human(a, 125000), "2m5s");
	assert_string_equal(duration_human(a, 3600000), "60m");
	assert_string_equal(duration_human(a, 4 * 3600000 + 180000), "4h3m");
	assert_string_equal(duration_human(a, 50 * 3600000), "2d2h");
	assert_string_equal(duration_human(a, 30ll * 86400000), "30d");
	assert_string_equal(duration_human(a, -5), "0s");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_gos),
		cmocka_unit_test(times_are_rfc_3339),
		cmocka_unit_test(what_is_stored_is_cut_to_seconds),
		cmocka_unit_test(sums_saturate),
		cmocka_unit_test(ages_are_kubectls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
