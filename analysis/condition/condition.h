/* analysis/condition/condition.h: the language of successCondition and failureCondition.
 *
 * It is the one users of Argo Rollouts have written their conditions in (expr 1.17, expr-lang.org): `result[0] < 0.05`,
 * `all(result, # >= 0.95)`, `len(result) == 0 || isNaN(result[0])`, `result.errors in 1..5`. A condition is parsed once;
 * before it runs, the types that are known from the result are checked, so that `result.ok` over a list of floats is an
 * error even where it would not be reached. Evaluation has budgets: of steps, of text that is read and built, of values that are walked
 * over, and of steps of patterns. A condition comes from outside, and all Rollouts wait while one is evaluated.
 *
 * Two differences from the original are on purpose: `matches` is PCRE2's syntax, not RE2's, and no time zone has a name but
 * UTC, since deciding reads no files.
 */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"

struct condition_program;

/* Parses. Errors name the column. The program lives in the arena. */
struct err *condition_parse(struct arena *, const char *text, struct condition_program **ret);

/* The same of an expression over several variables: any name that is none of the language's is a member of the result, a map. */
struct err *condition_parse_names(struct arena *, const char *text, struct condition_program **ret);

/* What cannot work over any result of the same type as `like`; NULL: it may. */
struct err *condition_fits(struct arena *, const struct condition_program *, const struct value *like);

/* Runs over `result`; `now` (ms since 1970) is what now() answers. An answer that is not a bool is an error. */
struct err *condition_eval(
    struct arena *, const struct condition_program *, const struct value *result, int64_t now, bool *ret);

/* Runs what may answer anything. *ret is in the arena. */
struct err *condition_eval_value(
    struct arena *, const struct condition_program *, const struct value *result, int64_t now, struct value *ret);

/* Runs what is to answer a time, as a range query's start and end: `now() - duration("5m")`. *ret is ms since 1970. */
struct err *condition_eval_time(struct arena *, const struct condition_program *, int64_t now, int64_t *ret);
