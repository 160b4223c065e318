/* analysis/promql/promql.h: the part of PromQL that this process evaluates itself, without a Prometheus: what metrics
 * of releases are written with, and the queries of comparisons.
 *
 *	expression  := number | (expression) | expression op expression      op: + - * / or
 *	             | rate(S[d]) | increase(S[d]) | S                       S: name{matchers}
 *	             | sum|avg|min|max|count [by (labels)] (expression)      or the labels behind it
 *	             | histogram_quantile(number, expression) | vector(number)
 *	             | label_replace(expression, "label", "value", "", "")
 *
 * Anything else is an error that names it: no value is guessed. `sluice simulate` evaluates the queries on the counters
 * of virtual pods, `sluice backtest` on those of past releases that it has changed.
 */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

#define PROMQL_LENGTH_MAX 65536 /* bytes of a query */
#define PROMQL_SELECTORS_MAX 100 /* in a query */

struct promql_label {
	const char *name, *value;
};

struct promql_labels {
	const struct promql_label *at;
	size_t n;
};

enum promql_match { PROMQL_IS, PROMQL_IS_NOT, PROMQL_MATCHES, PROMQL_MATCHES_NOT };

struct promql_matcher {
	const char *label, *value; /* a value of PROMQL_MATCHES is an expression for the whole text */
	enum promql_match match;
};

struct promql_selector {
	const char *name; /* of the metric; "" if only matchers are given */
	struct promql_matcher *matchers; /* __name__ is one like any other */
	size_t n, capacity;
	int64_t range_ms; /* the window of its rate() or increase(), > 0; 0: its last sample is used */
	const char *text; /* as written, without the window: for a query of the series, and for errors */
};

enum promql_kind {
	PROMQL_NUMBER, /* number */
	PROMQL_VECTOR, /* vector(number) */
	PROMQL_SELECTOR, /* the last samples of the series of a selector */
	PROMQL_RATE, /* per second, of a selector with a window */
	PROMQL_INCREASE,
	PROMQL_AGGREGATE, /* left, by labels */
	PROMQL_QUANTILE, /* histogram_quantile(number, left) */
	PROMQL_LABEL, /* left, whose series get a label */
	PROMQL_ARITHMETIC, /* left operator right */
	PROMQL_OR, /* left, and the series of right that left does not have */
};

enum promql_aggregate { PROMQL_SUM, PROMQL_AVG, PROMQL_MIN, PROMQL_MAX, PROMQL_COUNT };

struct promql_node {
	enum promql_kind kind;
	enum promql_aggregate aggregate;
	char operator; /* + - * / */
	double number;
	size_t selector; /* index in the query's list */
	struct strings by; /* labels of PROMQL_AGGREGATE */
	struct promql_label label; /* of PROMQL_LABEL */
	const struct promql_node *left, *right;
};

struct promql {
	const struct promql_node *root;
	struct promql_selector *selectors; /* in the order in which they are written */
	size_t n_selectors, capacity;
};

/* Parses a query. Everything is in the arena, and nothing is borrowed from the text. Returns an error (INVALID) with
 * the text where it cannot continue and what it can evaluate. */
struct err *promql_parse(struct arena *, const char *query, struct promql *ret);

/* Returns whether a series with these labels is one of the selector, as far as the matchers go; the metric's name is
 * not compared. A label that the series does not have is "". An expression that PCRE2 refuses, or that takes too many
 * steps, does not match. */
bool promql_selects(const struct promql_selector *, const struct promql_labels *);

/* Returns whether a text is what one matcher requires. */
bool promql_matches(const struct promql_matcher *, const char *value);

/* Returns the value of a label; "" if it is absent. */
const char *promql_label(const struct promql_labels *, const char *name);

/* --- evaluation --- */

struct promql_sample {
	int64_t at; /* wall ms */
	double value;
};

/* A series, whose samples are ascending in time. */
struct promql_series {
	struct promql_labels labels; /* without the metric's name */
	const struct promql_sample *samples;
	size_t n;
	int64_t stale_at; /* wall ms at which Prometheus found that the series had ended; 0: it has not */
};

/* The series of one selector. They have different labels. */
struct promql_data {
	const struct promql_series *at;
	size_t n;
};

struct promql_value {
	struct promql_labels labels;
	double value;
};

struct promql_result {
	bool scalar; /* one value without labels */
	struct promql_value *at;
	size_t n;
};

#define PROMQL_VALUES_MAX 20000 /* series of an intermediate result */

/* Evaluates the query at a time (wall ms), as Prometheus 2 does: rate() and increase() need two samples of a window,
 * extrapolate to its ends, and take a falling counter as restarted; the last sample of a series is at most five minutes
 * old. `data` has an element for each selector. The result is in the arena; its labels are borrowed from the data.
 * Returns an error where Prometheus does (two series with the same labels in one operand), or beyond the limit. */
struct err *promql_evaluate(
    const struct promql *, const struct promql_data *data, int64_t at, struct arena *, struct promql_result *ret);
