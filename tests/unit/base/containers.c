/* tests/unit/base/containers.c: maps keep their order, timers theirs, text its limit. */
#include "tests/unit/unit.h"
#include "base/json.h"
#include "base/map.h"
#include "base/quantity.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/timers.h"

static void
a_map_is_walked_in_the_order_of_insertion(void **state)
{
	struct map m = { 0 };
	char key[32];
	long seen = 0;

	(void)state;
	for (long i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key%ld", i);
		assert_null(map_set(&m, key, (void *)(i + 1)));
	}
	for (long i = 0; i < 1000; i += 2) {
		snprintf(key, sizeof(key), "key%ld", i);
		assert_ptr_equal(map_remove(&m, key), (void *)(i + 1));
	}
	assert_ptr_equal(map_set(&m, "key501", (void *)7), (void *)502);
	assert_null(map_get(&m, "key500"));
	assert_null(map_remove(&m, "key500"));
	assert_null(map_set(&m, "key0", (void *)1));
	map_each (&m, s) {
		long n = strtol(s->key + 3, NULL, 10);

		if (n != 0)
			assert_true(n > seen);
		seen = n;
	}
	assert_int_equal(seen, 0); /* set anew, it is the last */
	assert_int_equal(m.count, 501);
	map_done(&m);
}

static int fired[8], n_fired;

static void
on_fire(struct timer *t, void *arg)
{
	(void)t;
	fired[n_fired++] = *(int *)arg;
}

static void
timers_fire_by_deadline_and_then_in_the_order_of_starting(void **state)
{
	static int names[] = { 0, 1, 2, 3, 4 };
	static const int64_t due[] = { 30, 10, 20, 10, 99 };
	struct timers ts = { 0 };
	struct timer t[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		t[i] = (struct timer){ .fire = on_fire, .arg = &names[i] };
		timers_start(&ts, &t[i], due[i]);
	}
	assert_int_equal(timers_next(&ts), 10);
	timers_stop(&ts, &t[2]);
	timers_run(&ts, 30);
	assert_int_equal(n_fired, 3);
	assert_int_equal(fired[0], 1);
	assert_int_equal(fired[1], 3);
	assert_int_equal(fired[2], 0);
	assert_int_equal(timers_next(&ts), 99);
	timers_done(&ts);
	assert_int_equal(t[4].place, 0);
}

static void
text_past_its_limit_is_dropped_and_remembered(void **state)
{
	struct str s;

	(void)state;
	str_init(&s, 10);
	assert_true(str_adds(&s, "12345"));
	assert_true(str_addf(&s, "%d", 678));
	assert_false(str_adds(&s, "9ab"));
	assert_true(s.overflow);
	assert_string_equal(str_text(&s), "12345678");
	str_cut(&s, 5);
	assert_string_equal(str_text(&s), "678");
	str_done(&s);
}

static void
numbers_are_whole_texts_in_bounds(void **state)
{
	long long n = 7;

	(void)state;
	assert_true(str_int("42", 0, 100, &n));
	assert_int_equal(n, 42);
	assert_false(str_int("42x", 0, 100, &n));
	assert_false(str_int("", 0, 100, &n));
	assert_false(str_int(" 42", 0, 100, &n));
	assert_false(str_int("101", 0, 100, &n));
	assert_false(str_int("99999999999999999999", 0, INT64_MAX, &n));
	assert_int_equal(n, 42);
}

static void
what_goes_into_a_url_is_escaped(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(str_url_escape(a, "a b&c=d/é-_.~"), "a%20b%26c%3Dd%2F%C3%A9-_.~");
	arena_free(a);
}

static void
quantities_have_one_form(void **state)
{
	static const char *const cases[][2] = {
		{ "0.5", "500m" },
		{ "1000m", "1" },
		{ "1024Mi", "1Gi" },
		{ "1e3", "1e3" },
		{ "1500Ki", "1500Ki" },
		{ "0", "0" },
		{ "-1", "-1" },
		{ "1.5Gi", "1536Mi" },
		{ "100n", "100n" },
		{ "0.1n", "1n" },
		{ "9E", "9E" },
		{ "62.5Ki", "64000" },
		{ "5101101030103010131.01101030103010", "5101101030103010131011010302n" },
		{ "5101101030103010131011010302n", "5101101030103010131011010302n" },
		{ "99999999999999999999999999999n", NULL },
		{ "12E", NULL },
		{ "1Kb", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "1.2.3", NULL },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = quantity_canonical(a, cases[i][0]);

		if (!str_eq(got, cases[i][1]))
			fail_msg("\"%s\": got %s, want %s", cases[i][0], got ? got : "none",
			    cases[i][1] ? cases[i][1] : "none");
	}
	arena_free(a);
}

static void
numbers_are_written_with_the_fewest_digits(void **state)
{
	static const char *const texts[] = { "[0.1,0.5,1e21,1e-7,0.30000000000000004,-2.5,100.0]",
		"{\"limits\":{\"cpu\":0.1,\"memory\":\"1Gi\"},\"list\":[{},[],null,true,{\"a\\\"b\":1.5}]}", "0.7",
		"{\"whole\":1}" };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(json_decrefp) json_t *j = NULL;

		assert_null(json_parse(a, texts[i], strlen(texts[i]), &j));
		assert_string_equal(
		    json_text(a, j), i == 0 ? "[0.1,0.5,1e+21,1e-7,0.30000000000000004,-2.5,100]" : texts[i]);
		if (i == 1)
			assert_string_equal(json_text_go(a, json_at(j, "/limits/cpu")), "0.1");
	}
}

static void
streams_of_one_seed_do_not_disturb_each_other(void **state)
{
	struct rand_stream a = rand_stream(1, "a"), b = rand_stream(1, "b"), again = rand_stream(1, "a");
	uint64_t first = rand_next(&a);

	(void)state;
	rand_next(&b);
	assert_int_equal(rand_next(&again), first);
	assert_true(rand_next(&b) != rand_next(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_is_walked_in_the_order_of_insertion),
		cmocka_unit_test(timers_fire_by_deadline_and_then_in_the_order_of_starting),
		cmocka_unit_test(text_past_its_limit_is_dropped_and_remembered),
		cmocka_unit_test(numbers_are_whole_texts_in_bounds),
		cmocka_unit_test(numbers_are_written_with_the_fewest_digits),
		cmocka_unit_test(what_goes_into_a_url_is_escaped),
		cmocka_unit_test(quantities_have_one_form),
		cmocka_unit_test(streams_of_one_seed_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
