/* analysis/condition/builtins.c: the list. Names and types are those of expr-lang, and of Argo Rollouts' additions to it. */
#include <string.h>
#include "analysis/condition/builtins.h"

static const struct builtin builtins[] = {
	/* name, arguments from, to, predicate?, types, function */
	{ "all", 2, 2, true, shape_predicate, run_all },
	{ "any", 2, 2, true, shape_predicate, run_any },
	{ "none", 2, 2, true, shape_predicate, run_none },
	{ "one", 2, 2, true, shape_predicate, run_one },
	{ "count", 1, 2, true, shape_count, run_count },
	{ "filter", 2, 2, true, shape_filter, run_filter },
	{ "map", 2, 2, true, shape_map, run_map },
	{ "find", 2, 2, true, shape_find, run_find },
	{ "findLast", 2, 2, true, shape_find, run_find },
	{ "findIndex", 2, 2, true, shape_count, run_find_index },
	{ "findLastIndex", 2, 2, true, shape_count, run_find_index },
	{ "groupBy", 2, 2, true, shape_any, run_group_by },
	{ "sortBy", 2, 3, true, shape_list, run_sort },
	{ "reduce", 2, 3, true, shape_any, run_reduce },
	{ "sum", 1, 2, true, shape_any, run_statistic },
	{ "len", 1, 1, false, shape_len, run_len },
	{ "type", 1, 1, false, shape_string, run_type },
	{ "abs", 1, 1, false, shape_number, run_rounding },
	{ "ceil", 1, 1, false, shape_number, run_rounding },
	{ "floor", 1, 1, false, shape_number, run_rounding },
	{ "round", 1, 1, false, shape_number, run_rounding },
	{ "int", 1, 1, false, shape_any, run_int },
	{ "float", 1, 1, false, shape_any, run_float },
	{ "string", 1, 1, false, shape_string, run_string },
	{ "trim", 1, 2, false, shape_text, run_trim },
	{ "trimPrefix", 1, 2, false, shape_text, run_trim },
	{ "trimSuffix", 1, 2, false, shape_text, run_trim },
	{ "upper", 1, 1, false, shape_text, run_case },
	{ "lower", 1, 1, false, shape_text, run_case },
	{ "split", 2, 2, false, shape_text, run_split },
	{ "replace", 3, 3, false, shape_text, run_replace },
	{ "repeat", 2, 2, false, shape_text, run_repeat },
	{ "join", 1, 2, false, shape_any, run_join },
	{ "indexOf", 2, 2, false, shape_text, run_index_of },
	{ "lastIndexOf", 2, 2, false, shape_text, run_index_of },
	{ "hasPrefix", 2, 2, false, shape_text, run_has },
	{ "hasSuffix", 2, 2, false, shape_text, run_has },
	{ "max", 1, -1, false, shape_numeric, run_statistic },
	{ "min", 1, -1, false, shape_numeric, run_statistic },
	{ "mean", 1, -1, false, shape_numeric, run_statistic },
	{ "median", 1, -1, false, shape_numeric, run_statistic },
	{ "toJSON", 1, 1, false, shape_string, run_to_json },
	{ "fromJSON", 1, 1, false, shape_text, run_from_json },
	{ "now", 0, 0, false, shape_time, run_now },
	{ "date", 1, 1, false, shape_time, run_date },
	{ "first", 1, 1, false, shape_element, run_first_last },
	{ "last", 1, 1, false, shape_element, run_first_last },
	{ "get", 2, 2, false, shape_get, run_get },
	{ "take", 2, 2, false, shape_list, run_take },
	{ "keys", 1, 1, false, shape_keyed, run_keys },
	{ "values", 1, 1, false, shape_keyed, run_keys },
	{ "toPairs", 1, 1, false, shape_keyed, run_keys },
	{ "fromPairs", 1, 1, false, shape_any, run_from_pairs },
	{ "sort", 1, 2, false, shape_list, run_sort },
	{ "reverse", 1, 1, false, shape_list, run_reverse },
	{ "uniq", 1, 1, false, shape_list, run_uniq },
	{ "concat", 1, -1, false, shape_any, run_concat },
	{ "flatten", 1, 1, false, shape_any, run_concat },
	{ "bitand", 2, 2, false, shape_any, run_bits },
	{ "bitor", 2, 2, false, shape_any, run_bits },
	{ "bitxor", 2, 2, false, shape_any, run_bits },
	{ "bitnand", 2, 2, false, shape_any, run_bits },
	{ "bitnot", 1, 1, false, shape_any, run_bits },
	{ "bitshl", 2, 2, false, shape_any, run_bits },
	{ "bitshr", 2, 2, false, shape_any, run_bits },
	{ "bitushr", 2, 2, false, shape_any, run_bits },
	/* Argo Rollouts' own */
	{ "asInt", 1, 1, false, shape_any, run_int },
	{ "asFloat", 1, 1, false, shape_any, run_float },
	{ "isNaN", 1, 1, false, shape_float_bool, run_is_nan },
	{ "isInf", 1, 1, false, shape_float_bool, run_is_nan },
	{ "isNil", 1, 1, false, shape_bool, run_is_nil },
	{ "default", 2, 2, false, shape_any, run_default },
};

const struct builtin *
builtin_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}
