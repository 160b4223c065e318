/* analysis/condition/builtins.h: the functions of the condition language, for their list in builtins.c. Private to this
 * folder.
 *
 * A function has two parts. `check` gets the types of its arguments, as far as they are known, and returns the type of
 * its value, or fails. `run` gets their values, fails with eval_fail, and charges what it builds.
 */
#pragma once
#include <string.h>
#include "analysis/condition/ast.h"

typedef struct shape builtin_check(struct check *, const struct node *, const struct shape *args);
typedef struct value builtin_run(struct eval *, const struct node *, struct value *args);

builtin_check shape_any, shape_predicate, shape_count, shape_filter, shape_find, shape_map, shape_sum, shape_group,
    shape_reduce, shape_len, shape_take, shape_sort, shape_sort_by, shape_lists, shape_element, shape_numeric,
    shape_number, shape_cast, shape_as_number, shape_bits, shape_float_bool, shape_text, shape_repeat, shape_split,
    shape_join, shape_text_index, shape_text_bool, shape_text_any, shape_bool, shape_string, shape_keyed, shape_pairs,
    shape_get, shape_now, shape_date, shape_duration, shape_zone;

builtin_run run_all, run_any, run_none, run_one, run_count, run_filter, run_map, run_find, run_find_index, run_group_by,
    run_reduce, run_sort, run_len, run_first_last, run_get, run_take, run_keys, run_from_pairs, run_concat, run_reverse,
    run_uniq, run_sum, run_extreme, run_mean, run_rounding, run_is_nan, run_int, run_float, run_bits, run_trim,
    run_case, run_split, run_replace, run_repeat, run_join, run_index_of, run_has, run_string, run_to_json,
    run_from_json, run_base64, run_type, run_is_nil, run_default, run_now, run_date, run_duration, run_zone;

/* Returns whether a call is of the function of this name. Functions that differ little share their `check` or `run`. */
static inline bool
builtin_is(const struct node *call, const char *name)
{
	return strcmp(call->builtin->name, name) == 0;
}

/* Returns the shape of a value of this kind. */
struct shape shape_of(enum value_kind);

/* Returns the shape of a list whose elements have this shape. */
struct shape shape_list_of(struct check *, struct shape element);

/* Returns the shape of a list that is []int, []float64 or []string in Go. */
struct shape shape_typed(struct check *, enum value_kind element);

/* Returns the result of an arithmetic operation, from OP_ADD to OP_POW. One that is not defined for the two values sets
 * an error. */
struct value eval_arithmetic(struct eval *, enum op, const struct value *, const struct value *);

/* Returns whether the first `count` arguments are strings. Sets an error if one is not. */
bool strings_only(struct eval *, const struct node *, const struct value *args, size_t count);

/* Returns the number of values, with those in lists: the capacity that a flat list of them needs. */
size_t value_count_all(const struct value *, size_t n);
