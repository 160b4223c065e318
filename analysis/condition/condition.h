/* analysis/condition/condition.h: the language of successCondition and failureCondition.
 *
 * It is that of Argo Rollouts (expr 1.17, expr-lang.org): `result[0] < 0.05`, `all(result, # >= 0.95)`, `len(result) ==
 * 0 || isNaN(result[0])`, `result.errors in 1..5`. A condition is parsed once. Before it is evaluated, the types that
 * are known from the result are checked: `result.ok` on a list of floats is an error, even if it would not be
 * evaluated. Users write conditions, and all Rollouts wait while one is evaluated. Therefore evaluation has limits: of
 * steps, of text read and built, of values visited, and of steps of patterns.
 *
 * Two differences from expr are intended: `matches` has the syntax of PCRE2, not RE2, and the only time zone with a
 * name is UTC, because decisions read no files.
 */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"

struct condition_program;

/* Parses a condition. An error names the column. The program lives in the arena. */
struct err *condition_parse(struct arena *, const char *text, struct condition_program **ret);

/* Parses an expression with several variables: any name that the language does not have is a member of the result, a
 * map. */
struct err *condition_parse_names(struct arena *, const char *text, struct condition_program **ret);

/* Returns the error that every result of the type of `like` would cause, or NULL. */
struct err *condition_fits(struct arena *, const struct condition_program *, const struct value *like);

/* Evaluates a condition on `result`; `now` (ms since 1970) is the value of now(). A value that is not a bool is an
 * error. */
struct err *condition_eval(
    struct arena *, const struct condition_program *, const struct value *result, int64_t now, bool *ret);

/* Evaluates an expression of any type. *ret is in the arena. */
struct err *condition_eval_value(
    struct arena *, const struct condition_program *, const struct value *result, int64_t now, struct value *ret);

/* Evaluates an expression whose value is a time, as in rangeQuery: `now() - duration("5m")`. *ret is ms since 1970. */
struct err *condition_eval_time(struct arena *, const struct condition_program *, int64_t now, int64_t *ret);

/* A comparison with a number: result[0] < 0.05. */
struct condition_limit {
	const char *op; /* "<": the measured value is on its left side; static */
	double value, limit; /* the measured value, and the number */
	bool holds;
};

#define CONDITION_LIMITS_MAX 4

/* Finds the comparisons with a number that decide the condition for this result: in `a && b` those that do not hold, in
 * `a || b` those that hold, and else the closest one; in all(list, # < 1) that of the element that decides. Returns
 * their number: 0 if something else decides it, such as the length of a list or a comparison of texts, or if the
 * condition has variables. */
size_t condition_find_limits(struct arena *, const struct condition_program *, const struct value *result, int64_t now,
    struct condition_limit ret[CONDITION_LIMITS_MAX]);
