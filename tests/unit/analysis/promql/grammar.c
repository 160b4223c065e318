/* tests/unit/analysis/promql/grammar.c: which queries are read, and which errors the others get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "analysis/promql/promql.h"
#include "base/str.h"

static void
a_quotient_of_rates_is_read(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct promql q = { 0 };
	const struct promql_node *n;

	(void)state;
	assert_null(promql_parse(a,
	    "sum(rate(http_requests_total{job=\"web\",code!~\"2..\"}[1m])) / # bad ones\n"
	    " sum by (pod, le) (increase(http_requests_total{job='web',}[1h30m])) * 100",
	    &q));
	n = q.root;
	assert_int_equal(n->kind, PROMQL_ARITHMETIC);
	assert_int_equal(n->operator, '*');
	assert_int_equal(n->right->kind, PROMQL_NUMBER);
	assert_true(n->right->number == 100);
	n = n->left;
	assert_int_equal(n->operator, '/');
	assert_int_equal(n->left->kind, PROMQL_AGGREGATE);
	assert_int_equal(n->left->aggregate, PROMQL_SUM);
	assert_int_equal(n->left->left->kind, PROMQL_RATE);
	assert_int_equal(n->right->left->kind, PROMQL_INCREASE);
	assert_int_equal(n->right->by.n, 2);
	assert_string_equal(n->right->by.at[1], "le");
	assert_int_equal(q.n_selectors, 2);
	assert_string_equal(q.selectors[0].name, "http_requests_total");
	assert_string_equal(q.selectors[0].text, "http_requests_total{job=\"web\",code!~\"2..\"}");
	assert_int_equal(q.selectors[0].n, 2);
	assert_int_equal(q.selectors[0].matchers[1].match, PROMQL_MATCHES_NOT);
	assert_string_equal(q.selectors[0].matchers[1].value, "2..");
	assert_int_equal(q.selectors[0].range_ms, 60000);
	assert_int_equal(q.selectors[1].range_ms, 5400000);
}

static void
a_quantile_and_a_label_are_read(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct promql q = { 0 };

	(void)state;
	assert_null(promql_parse(a, "histogram_quantile(0.95, sum(rate(x_bucket[1m])) by (le))", &q));
	assert_int_equal(q.root->kind, PROMQL_QUANTILE);
	assert_true(q.root->number == 0.95);
	assert_int_equal(q.root->left->by.n, 1);
	assert_null(promql_parse(
	    a, "label_replace(sum by (pod) (x{pod=~\"a\\\\.b\"}), \"v\", \"c\", \"\", \"\") or vector(0)", &q));
	assert_int_equal(q.root->kind, PROMQL_OR);
	assert_string_equal(q.root->left->label.value, "c");
	assert_string_equal(q.selectors[0].matchers[0].value, "a\\.b");
	assert_int_equal(q.selectors[0].range_ms, 0);
	assert_int_equal(q.root->right->kind, PROMQL_VECTOR);
}

static void
what_is_not_read_is_an_error_that_names_it(void **state)
{
	static const struct {
		const char *query, *error;
	} wrong[] = {
		{ "", "there is no number at `the end`" },
		{ "topk(3, x)", "there is another function at `topk(3, x)`" },
		{ "irate(x[1m])", "another function at `irate(x[1m])`" },
		{ "sum without (pod) (x)", "something else at `without (pod) (x)`" },
		{ "sum(x) without (pod)", "something else at `without (pod)`" },
		{ "a / on (pod) b", "another function at `on (pod) b`" },
		{ "a offset 5m", "something else at `offset 5m`" },
		{ "a > 0", "something else at `> 0`" },
		{ "rate(x)", "there is no `[` at `)`" },
		{ "rate(x[1y])", "there is no window such as 1m" },
		{ "rate(x[99999999999999999999s])", "there is no window such as 1m" },
		{ "rate(sum(x)[5m:1m])", "there is no `[` at `(x)[5m:1m])`" },
		{ "x{a=b}", "there is no string at `b}`" },
		{ "x{a=\"b", "a string does not end at `the end`" },
		{ "x{a=\"\\x41\"}", "unknown escape" },
		{ "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")", "label_replace reads another label" },
		{ "sum(x", "there is no `)` at `the end`" },
		{ "{}", "there is no selector" },
		{ "1.5.2", "something else at `.2`" },
		{ "1x", "there is no number at `1x`" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct promql q = { 0 };
		struct err *e = promql_parse(a, wrong[i].query, &q);

		if (e == NULL || strstr(err_text(a, e), wrong[i].error) == NULL)
			fail_msg("%s: want %s, got %s", wrong[i].query, wrong[i].error,
			    e != NULL ? err_text(a, e) : "no error");
		assert_null(q.root);
	}
}

static void
depth_and_length_have_limits(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	char *deep = arena_alloc(a, 100001);
	struct promql q;

	(void)state;
	memset(deep, '(', 1000);
	assert_non_null(strstr(err_text(a, promql_parse(a, deep, &q)), "too many parentheses"));
	memset(deep, ' ', 100000);
	assert_non_null(strstr(err_text(a, promql_parse(a, deep, &q)), "more than 65536 bytes"));
	for (size_t i = 0; i < 101; i++)
		memcpy(deep + 2 * i, "x+", 2);
	deep[201] = '\0';
	assert_non_null(strstr(err_text(a, promql_parse(a, deep, &q)), "too many selectors"));
}

static void
matchers_compare_the_whole_text(void **state)
{
	static const struct promql_label labels[] = { { "code", "500" }, { "pod", "web-1" } };
	static const struct promql_labels series = { labels, 2 };
	static const struct {
		const char *query;
		bool selected;
	} cases[] = {
		{ "x", true },
		{ "x{code=\"500\"}", true },
		{ "x{code=~\"5..\"}", true },
		{ "x{code=~\"5\"}", false },
		{ "x{code!~\"2..|3..\"}", true },
		{ "x{code!=\"500\"}", false },
		{ "x{method=\"\"}", true },
		{ "x{method!=\"\"}", false },
		{ "x{pod=~\"web-.*\",code=\"200\"}", false },
		{ "x{code=~\"(\"}", false },
		{ "x{code!~\"(\"}", false },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct promql q = { 0 };

		assert_null(promql_parse(a, cases[i].query, &q));
		if (promql_selects(&q.selectors[0], &series) != cases[i].selected)
			fail_msg("%s: want %d", cases[i].query, cases[i].selected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quotient_of_rates_is_read),
		cmocka_unit_test(a_quantile_and_a_label_are_read),
		cmocka_unit_test(what_is_not_read_is_an_error_that_names_it),
		cmocka_unit_test(depth_and_length_have_limits),
		cmocka_unit_test(matchers_compare_the_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
