/* analysis/condition/builtin_numbers.c: functions of conditions on numbers (abs, ceil, floor, max, mean, …), with
 * Go's int and float64. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/json.h"
#include "base/str.h"

/* Collects the numbers in the arguments and in their lists. Returns false, and sets an error, for any other value. */
static bool
number_collect(
    struct eval *e, const char *name, const struct value *args, size_t n, double *out, size_t cap, size_t *count)
{
	for (size_t i = 0; i < n; i++) {
		if (args[i].kind == VALUE_ARRAY) {
			if (!number_collect(e, name, args[i].array.at, args[i].array.n, out, cap, count))
				return false;
		} else if (*count < cap && value_number(&args[i], &out[*count])) {
			(*count)++;
		} else if (*count < cap && (args[i].kind == VALUE_DURATION || args[i].kind == VALUE_MONTH ||
					       args[i].kind == VALUE_WEEKDAY)) {
			out[(*count)++] = (double)args[i].i;
		} else {
			eval_fail(e, "%s takes numbers, not %s", name, value_kind_name(args[i].kind));
			return false;
		}
	}
	return true;
}

size_t
value_count_all(const struct value *args, size_t n)
{
	size_t count = n;

	for (size_t i = 0; i < n; i++)
		if (args[i].kind == VALUE_ARRAY)
			count += value_count_all(args[i].array.at, args[i].array.n);
	return count;
}

static int
number_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	/* NaN comes first, as in sort.Float64s. */
	if (isnan(x) || isnan(y))
		return isnan(y) - isnan(x) < 0 ? -1 : isnan(y) - isnan(x);
	return x < y ? -1 : x > y;
}

struct value
run_sum(struct eval *e, const struct node *n, struct value *args)
{
	struct value list = args[0], sum = value_int(0);

	if (n->n > 1)
		list = run_map(e, n, args);
	for (size_t i = 0; i < list.array.n && e->err == NULL; i++)
		sum = eval_arithmetic(e, OP_ADD, &list.array.at[i], &sum);
	return sum;
}

/* Sets *best to the greatest (or least) of itself and the values in `v`; *any: it is set. As in expr, NaN is greater
 * and less than nothing. */
static bool
number_extreme(struct eval *e, const struct node *n, const struct value *v, int depth, struct value *best, bool *any)
{
	bool most = builtin_is(n, "max");
	int c;

	if (v->kind == VALUE_ARRAY) {
		for (size_t i = 0; i < v->array.n; i++)
			if (!number_extreme(e, n, &v->array.at[i], depth + 1, best, any))
				return false;
		return true;
	}
	if (v->kind != VALUE_INT && v->kind != VALUE_FLOAT && (depth > 0 || v->kind != VALUE_DURATION)) {
		eval_fail(e, "%s takes numbers, not %s", n->builtin->name, value_kind_name(v->kind));
		return false;
	}
	if (*any && !eval_compare(e, best, v, &c))
		return false;
	if (!*any || c == (most ? -1 : 1))
		*best = *v;
	*any = true;
	return true;
}

struct value
run_extreme(struct eval *e, const struct node *n, struct value *args)
{
	struct value best = { 0 };
	bool any = false;

	if (n->n == 1 && args[0].kind != VALUE_ARRAY)
		return args[0];
	for (size_t i = 0; i < n->n; i++)
		if (!number_extreme(e, n, &args[i], 0, &best, &any))
			return best;
	return best;
}

struct value
run_mean(struct eval *e, const struct node *n, struct value *args)
{
	size_t cap = value_count_all(args, n->n), count = 0;
	double *x, sum = 0;

	if (!eval_charge(e, cap * sizeof(*x)))
		return (struct value){ 0 };
	x = arena_new_array(e->arena, double, cap);
	if (!number_collect(e, n->builtin->name, args, n->n, x, cap, &count))
		return (struct value){ 0 };
	if (count == 0)
		return value_float(0);
	if (strcmp(n->builtin->name, "median") == 0) {
		qsort(x, count, sizeof(*x), number_order);
		return value_float(count % 2 ? x[count / 2] : (x[count / 2 - 1] + x[count / 2]) / 2);
	}
	for (size_t i = 0; i < count; i++)
		sum += x[i];
	return value_float(sum / (double)count);
}

struct value
run_rounding(struct eval *e, const struct node *n, struct value *args)
{
	double x;

	if (!value_number(&args[0], &x))
		return eval_fail(e, "%s takes a number, not %s", n->builtin->name, value_kind_name(args[0].kind));
	if (builtin_is(n, "abs"))
		return args[0].kind == VALUE_INT
			   ? value_int(args[0].i < 0 ? (int64_t)(0 - (uint64_t)args[0].i) : args[0].i)
			   : value_float(fabs(x));
	return value_float(builtin_is(n, "ceil") ? ceil(x) : builtin_is(n, "floor") ? floor(x) : round(x));
}

/* Returns whether the node is an integer literal, or arithmetic on one. Where a float is needed, it is a float; a
 * computed integer is not. */
static bool
number_is_literal(const struct node *n)
{
	if (n->kind == NODE_CONST)
		return n->value.kind == VALUE_INT;
	if (n->kind == NODE_UNARY)
		return number_is_literal(n->args[0]);
	if (n->kind != NODE_BINARY || (n->op != OP_ADD && n->op != OP_SUB && n->op != OP_MUL))
		return false;
	return number_is_literal(n->args[0]) || number_is_literal(n->args[1]);
}

struct value
run_is_nan(struct eval *e, const struct node *n, struct value *args)
{
	if (args[0].kind == VALUE_INT && number_is_literal(n->args[0]))
		return value_bool(false);
	if (args[0].kind != VALUE_FLOAT)
		return eval_fail(e, "%s takes a float, not %s", n->builtin->name, value_kind_name(args[0].kind));
	return value_bool(builtin_is(n, "isNaN") ? isnan(args[0].f) : isinf(args[0].f));
}

struct value
run_int(struct eval *e, const struct node *n, struct value *args)
{
	bool own = builtin_is(n, "int");
	const char *s;
	char *end;
	long long i;

	if (args[0].kind == VALUE_INT)
		return args[0];
	if (own && (args[0].kind == VALUE_DURATION || args[0].kind == VALUE_MONTH || args[0].kind == VALUE_WEEKDAY))
		return value_int(args[0].i);
	if (args[0].kind == VALUE_FLOAT)
		return value_int(int_of_double(args[0].f));
	if (args[0].kind == VALUE_STRING) {
		errno = 0;
		s = args[0].s.at;
		i = strtoll(s, &end, 10);
		if (errno == 0 && end != s && *end == '\0' && !isspace((unsigned char)s[0]))
			return value_int(i);
	}
	return eval_fail(e, "%s cannot read %s", n->builtin->name, value_kind_name(args[0].kind));
}

struct value
run_float(struct eval *e, const struct node *n, struct value *args)
{
	double x;
	char *end;

	if (value_number(&args[0], &x))
		return value_float(x);
	if (args[0].kind == VALUE_STRING) {
		errno = 0;
		x = strtod(args[0].s.at, &end);
		if (end != args[0].s.at && *end == '\0' && !isspace((unsigned char)args[0].s.at[0]) &&
		    (errno == 0 || fabs(x) < 1))
			return value_float(x);
	}
	return eval_fail(e, "%s cannot read %s", n->builtin->name, value_kind_name(args[0].kind));
}

struct value
run_bits(struct eval *e, const struct node *n, struct value *args)
{
	const char *name = n->builtin->name + 3;
	int64_t a, b = n->n > 1 ? args[1].i : 0;

	for (size_t i = 0; i < n->n; i++)
		if (args[i].kind != VALUE_INT)
			return eval_fail(e, "%s takes integers", n->builtin->name);
	a = args[0].i;
	if (strcmp(name, "and") == 0)
		return value_int(a & b);
	if (strcmp(name, "or") == 0)
		return value_int(a | b);
	if (strcmp(name, "xor") == 0)
		return value_int(a ^ b);
	if (strcmp(name, "nand") == 0)
		return value_int(a & ~b);
	if (strcmp(name, "not") == 0)
		return value_int(~a);
	if (b < 0)
		return eval_fail(e, "a negative shift");
	if (strcmp(name, "shl") == 0)
		return value_int(b > 63 ? 0 : (int64_t)((uint64_t)a << b));
	if (strcmp(name, "ushr") == 0)
		return value_int(b > 63 ? 0 : (int64_t)((uint64_t)a >> b));
	return value_int(b > 62 ? (a < 0 ? -1 : 0) : a >> b);
}
