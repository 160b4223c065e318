/* tests/unit/base/cbor.c: CBOR, with examples of RFC 8949, appendix A. */
#include "tests/unit/unit.h"
#include "base/cbor.h"

static struct bytes
hex(struct arena *a, const char *digits)
{
	size_t n = strlen(digits) / 2;
	char *at = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		const char pair[3] = { digits[2 * i], digits[2 * i + 1] };

		at[i] = (char)strtol(pair, NULL, 16);
	}
	return (struct bytes){ at, n };
}

static void
values_are_read_as_their_json(void **state)
{
	static const char *const cases[][2] = {
		{ "00", "0" },
		{ "1818", "24" },
		{ "1903e8", "1000" },
		{ "1a000f4240", "1000000" },
		{ "20", "-1" },
		{ "3863", "-100" },
		{ "f93c00", "1.0" },
		{ "f90001", "5.960464477539063e-8" },
		{ "f9c400", "-4.0" },
		{ "f97bff", "65504.0" },
		{ "fa47c35000", "100000.0" },
		{ "fb3ff199999999999a", "1.1" },
		{ "f97c00", "null" },
		{ "f4", "false" },
		{ "f6", "null" },
		{ "c11a514b67b0", "{\"tag\":1,\"value\":1363896240}" },
		{ "6449455446", "\"IETF\"" },
		{ "8301820203820405", "[1,[2,3],[4,5]]" },
		{ "a26161016162820203", "{\"a\":1,\"b\":[2,3]}" },
		{ "7f657374726561646d696e67ff", "\"streaming\"" },
		{ "9f01820203ff", "[1,[2,3]]" },
		{ "bf6161016162f5ff", "{\"a\":1,\"b\":true}" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *got = NULL, *want = json_loads(cases[i][1], JSON_DECODE_ANY, NULL);
		struct err *e = cbor_decode(a, hex(a, cases[i][0]), &got);

		if (e != NULL || !json_equal(got, want))
			fail_msg("%s: got %s", cases[i][0], e != NULL ? err_text(a, e) : json_text(a, got));
		json_decref(got);
		json_decref(want);
	}
	arena_free(a);
}

static void
what_is_not_cbor_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "it ends too early" },
		{ "18", "it ends too early" },
		{ "62e2", "it ends too early" },
		{ "0000", "something follows it" },
		{ "1c", "an item has a reserved length" },
		{ "1f", "an item has no length" },
		{ "61ff", "a text is not UTF-8" },
		{ "a1016161", "a map has a key that is not text" },
		{ "7f01ff", "a text has a piece of another type" },
		{ "9bffffffffffffffff", "it ends too early" },
		{ "f0", "an item has an unknown simple value" },
	};
	struct arena *a = arena_new();
	char deep[400];
	json_t *got = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err *e = cbor_decode(a, hex(a, cases[i][0]), &got);

		if (e == NULL || strstr(err_text(a, e), cases[i][1]) == NULL)
			fail_msg("%s: got %s", cases[i][0], e != NULL ? err_text(a, e) : "no error");
	}
	memset(deep, 0x81, sizeof(deep));
	assert_non_null(
	    strstr(err_text(a, cbor_decode(a, (struct bytes){ deep, sizeof(deep) }, &got)), "it is too deep"));
	arena_free(a);
}

static void
a_tree_is_encoded_in_the_shortest_form(void **state)
{
	struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = json_loads(
	    "{\"t\":{\"tag\":1,\"value\":1767225600.0},\"n\":[0,24,256,-1,70000],\"s\":\"x\",\"b\":[true,null]}", 0,
	    NULL);
	const struct bytes got = cbor_encode(a, j), want = hex(a, "a46174c1fb41da556e40000000616e8500181819010020"
								  "1a00011170617361786162"
								  "82f5f6");

	(void)state;
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.at, want.at, want.len);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_as_their_json),
		cmocka_unit_test(what_is_not_cbor_is_refused),
		cmocka_unit_test(a_tree_is_encoded_in_the_shortest_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
