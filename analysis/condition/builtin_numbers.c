/* analysis/condition/builtin_numbers.c: functions of numbers. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include "analysis/condition/builtins.h"
#include "base/json.h"
#include "base/str.h"

/* All numbers among the arguments, lists opened; false with an error for anything else. */
static bool
numbers(struct eval *e, const char *name, const struct value *args, size_t n, double *out, size_t room, size_t *count)
{
	for (size_t i = 0; i < n; i++) {
		if (args[i].kind == VALUE_ARRAY) {
			if (!numbers(e, name, args[i].array.at, args[i].array.n, out, room, count))
				return false;
		} else if (*count < room && value_number(&args[i], &out[*count])) {
			(*count)++;
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

static bool
all_ints(const struct value *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i].kind == VALUE_ARRAY ? !all_ints(args[i].array.at, args[i].array.n)
						: args[i].kind != VALUE_INT)
			return false;
	return true;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct value
run_statistic(struct eval *e, const struct node *n, struct value *args)
{
	size_t room = value_count_all(args, n->n), count = 0;
	double *x, r = 0;
	char what = n->builtin->name[2]; /* suM, maX, miN, meAn, meDian */

	if (!eval_charge(e, room * sizeof(*x)))
		return (struct value){ 0 };
	x = arena_new_array(e->arena, double, room);
	if (n->n == 2 && n->builtin->closure) {
		struct value mapped = run_map(e, n, args);

		if (e->err != NULL || !numbers(e, "sum", &mapped, 1, x, room, &count))
			return mapped;
	} else if (!numbers(e, n->builtin->name, args, n->n, x, room, &count)) {
		return (struct value){ 0 };
	}
	if (what == 'm' || what == 'a' || what == 'd')
		for (size_t i = 0; i < count; i++)
			r += x[i];
	if (what == 'a')
		return value_float(count > 0 ? r / (double)count : 0);
	if (what == 'd') {
		qsort(x, count, sizeof(*x), by_value);
		return value_float(count == 0 ? 0 : count % 2 ? x[count / 2] : (x[count / 2 - 1] + x[count / 2]) / 2);
	}
	if (what == 'x' || what == 'n') {
		if (count == 0)
			return eval_fail(e, "%s of nothing", n->builtin->name);
		r = x[0];
		for (size_t i = 1; i < count; i++)
			r = what == 'x' ? fmax(r, x[i]) : fmin(r, x[i]);
	}
	return all_ints(args, n->n) ? value_int(int_of_double(r)) : value_float(r);
}

struct value
run_rounding(struct eval *e, const struct node *n, struct value *args)
{
	double x;

	if (!value_number(&args[0], &x))
		return eval_fail(e, "%s takes a number, not %s", n->builtin->name, value_kind_name(args[0].kind));
	switch (n->builtin->name[0]) {
	case 'a':
		return args[0].kind == VALUE_INT
			   ? value_int(args[0].i < 0 ? (int64_t)(0 - (uint64_t)args[0].i) : args[0].i)
			   : value_float(fabs(x));
	case 'c': return value_float(ceil(x));
	case 'f': return value_float(floor(x));
	default: return value_float(round(x));
	}
}

struct value
run_is_nan(struct eval *e, const struct node *n, struct value *args)
{
	if (args[0].kind != VALUE_FLOAT)
		return eval_fail(e, "%s takes a float, not %s", n->builtin->name, value_kind_name(args[0].kind));
	return value_bool(n->builtin->name[2] == 'N' ? isnan(args[0].f) : isinf(args[0].f));
}

struct value
run_int(struct eval *e, const struct node *n, struct value *args)
{
	char *end;
	long long i;

	if (args[0].kind == VALUE_INT)
		return args[0];
	if (args[0].kind == VALUE_FLOAT)
		return value_int(int_of_double(args[0].f));
	if (args[0].kind == VALUE_STRING) {
		errno = 0;
		i = strtoll(args[0].s.at, &end, 10);
		if (errno == 0 && end != args[0].s.at && *end == '\0' && !isspace((unsigned char)args[0].s.at[0]))
			return value_int(i);
	}
	return eval_fail(e, "%s cannot read %s", n->builtin->name, value_text(e->arena, &args[0]));
}

struct value
run_float(struct eval *e, const struct node *n, struct value *args)
{
	double x;
	char *end;

	if (value_number(&args[0], &x))
		return value_float(x);
	if (args[0].kind == VALUE_STRING) {
		x = strtod(args[0].s.at, &end);
		if (end != args[0].s.at && *end == '\0' && !isspace((unsigned char)args[0].s.at[0]))
			return value_float(x);
	}
	return eval_fail(e, "%s cannot read %s", n->builtin->name, value_text(e->arena, &args[0]));
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
