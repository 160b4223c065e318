/* analysis/condition/builtins.c: the functions of the language, one row each at the end of the file. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "analysis/condition/ast.h"
#include "base/str.h"
#include "base/time.h"

#define REPEAT_MAX 100000

/* --- what is known before running ------------------------------------------------------------------------------- */

static struct shape
shape_any(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return (struct shape){ .any = true };
}

static bool
wants(struct check *c, const struct node *n, const struct shape *s, const char *what, int n_kinds, ...)
{
	va_list ap;
	bool ok = s->any;

	va_start(ap, n_kinds);
	while (n_kinds-- > 0)
		ok |= s->kind == (enum value_kind)va_arg(ap, int);
	va_end(ap);
	if (!ok)
		check_fail(c, n, "%s takes %s, not %s", n->builtin->name, what, value_kind_name(s->kind));
	return ok;
}

static struct shape
of(enum value_kind k)
{
	return (struct shape){ .kind = k };
}

static struct shape
shape_predicate(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 1 && !args[1].any && args[1].kind != VALUE_BOOL)
		return check_fail(c, n, "the predicate of %s must answer a bool, not %s", n->builtin->name,
		    value_kind_name(args[1].kind));
	return of(VALUE_BOOL);
}

static struct shape
shape_count(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n == 1)
		wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	shape_predicate(c, n, args);
	return of(VALUE_INT);
}

static struct shape
shape_filter(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return of(VALUE_ARRAY);
}

static struct shape
shape_find(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return args[0].any || !args[0].element_known ? (struct shape){ .any = true } : of(args[0].element);
}

static struct shape
shape_map(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	return (struct shape){ .kind = VALUE_ARRAY, .element = args[1].kind, .element_known = !args[1].any };
}

static struct shape
shape_len(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list, a map or a string", 3, VALUE_ARRAY, VALUE_MAP, VALUE_STRING);
	return of(VALUE_INT);
}

static struct shape
shape_list(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return args[0];
}

static struct shape
shape_element(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return args[0].any || !args[0].element_known ? (struct shape){ .any = true } : of(args[0].element);
}

static struct shape
shape_numeric(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n; i++)
		wants(c, n, &args[i], "numbers", 3, VALUE_INT, VALUE_FLOAT, VALUE_ARRAY);
	return (struct shape){ .any = true };
}

static struct shape
shape_number(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a number", 2, VALUE_INT, VALUE_FLOAT);
	return (struct shape){ .any = true };
}

static struct shape
shape_float_bool(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a number", 2, VALUE_FLOAT, VALUE_INT);
	return of(VALUE_BOOL);
}

static struct shape
shape_text(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n && i < 1; i++)
		wants(c, n, &args[i], "a string", 1, VALUE_STRING);
	return (struct shape){ .any = true };
}

static struct shape
shape_bool(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return of(VALUE_BOOL);
}

static struct shape
shape_string(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return of(VALUE_STRING);
}

static struct shape
shape_keyed(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a map", 1, VALUE_MAP);
	return of(VALUE_ARRAY);
}

static struct shape
shape_get(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list or a map", 2, VALUE_ARRAY, VALUE_MAP);
	if (!args[0].any && args[0].kind == VALUE_ARRAY && !args[1].any && args[1].kind != VALUE_INT)
		check_fail(c, n, "a list has no member by %s", value_kind_name(args[1].kind));
	return (struct shape){ .any = true };
}

static struct shape
shape_time(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return of(VALUE_TIME);
}

/* --- over the elements of a list ---------------------------------------------------------------------------------- */

static struct value
at_element(struct eval *e, const struct node *n, const struct value *list, size_t i)
{
	struct value outer = e->element, v;
	int64_t index = e->index;

	e->element = list->array.at[i];
	e->index = (int64_t)i;
	v = eval_node(e, n->args[1]);
	e->element = outer;
	e->index = index;
	return v;
}

/* The predicate's answer for element i; false and an error when it is no bool. */
static bool
holds(struct eval *e, const struct node *n, const struct value *list, size_t i)
{
	struct value v = n->n > 1 ? at_element(e, n, list, i) : list->array.at[i];

	if (e->err == NULL && v.kind != VALUE_BOOL)
		eval_fail(
		    e, "the predicate of %s must answer a bool, not %s", n->builtin->name, value_kind_name(v.kind));
	return e->err == NULL && v.b;
}

static size_t
count_true(struct eval *e, const struct node *n, const struct value *list, size_t stop_at, bool stop_on)
{
	size_t count = 0;

	for (size_t i = 0; i < list->array.n && e->err == NULL; i++) {
		bool yes = holds(e, n, list, i);

		count += yes;
		if (stop_at > 0 && yes == stop_on && e->err == NULL)
			break;
	}
	return count;
}

static struct value
run_all(struct eval *e, const struct node *n, struct value *args)
{
	for (size_t i = 0; i < args[0].array.n; i++)
		if (!holds(e, n, &args[0], i))
			return value_bool(false);
	return value_bool(true);
}

static struct value
run_any(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(count_true(e, n, &args[0], 1, true) > 0);
}

static struct value
run_none(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(count_true(e, n, &args[0], 1, true) == 0);
}

static struct value
run_one(struct eval *e, const struct node *n, struct value *args)
{
	return value_bool(count_true(e, n, &args[0], 0, true) == 1);
}

static struct value
run_count(struct eval *e, const struct node *n, struct value *args)
{
	return value_int((int64_t)count_true(e, n, &args[0], 0, true));
}

static struct value
run_filter(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = value_array(e->arena, args[0].array.n);

	v.array.n = 0;
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++)
		if (holds(e, n, &args[0], i))
			v.array.at[v.array.n++] = args[0].array.at[i];
	return v;
}

static struct value
run_map(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = value_array(e->arena, args[0].array.n);

	if (!eval_charge(e, args[0].array.n * sizeof(v)))
		return v;
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++)
		v.array.at[i] = at_element(e, n, &args[0], i);
	return v;
}

static int64_t
find(struct eval *e, const struct node *n, const struct value *list, bool from_end)
{
	for (size_t k = 0; k < list->array.n && e->err == NULL; k++) {
		size_t i = from_end ? list->array.n - 1 - k : k;

		if (holds(e, n, list, i))
			return (int64_t)i;
	}
	return -1;
}

static struct value
run_find(struct eval *e, const struct node *n, struct value *args)
{
	int64_t i = find(e, n, &args[0], strcmp(n->builtin->name, "findLast") == 0);

	return i >= 0 ? args[0].array.at[i] : (struct value){ 0 };
}

static struct value
run_find_index(struct eval *e, const struct node *n, struct value *args)
{
	int64_t i = find(e, n, &args[0], strcmp(n->builtin->name, "findLastIndex") == 0);

	/* The original answers nil here, which no comparison with a number takes. */
	return i >= 0 ? value_int(i) : eval_fail(e, "%s found nothing", n->builtin->name);
}

static struct value
run_group_by(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = { .kind = VALUE_MAP };

	v.map.at = arena_new_array(e->arena, struct value_entry, args[0].array.n);
	for (size_t i = 0; i < args[0].array.n && e->err == NULL; i++) {
		struct value key = at_element(e, n, &args[0], i);
		struct value *group = (struct value *)value_member(&v, &key);

		if (group == NULL) {
			struct value empty = value_array(e->arena, args[0].array.n);

			if (!eval_charge(e, args[0].array.n * sizeof(empty)))
				return v;
			empty.array.n = 0;
			v.map.at[v.map.n++] = (struct value_entry){ key, empty };
			group = &v.map.at[v.map.n - 1].value;
		}
		group->array.at[group->array.n++] = args[0].array.at[i];
	}
	return v;
}

static struct value
run_reduce(struct eval *e, const struct node *n, struct value *args)
{
	struct value outer = e->acc, acc;
	size_t i = 0;

	if (n->n > 2)
		acc = args[2];
	else if (args[0].array.n == 0)
		return eval_fail(e, "reduce of an empty list with no initial value");
	else
		acc = args[0].array.at[i++];
	for (; i < args[0].array.n && e->err == NULL; i++) {
		e->acc = acc;
		acc = at_element(e, n, &args[0], i);
	}
	e->acc = outer;
	return acc;
}

static struct value
run_sort(struct eval *e, const struct node *n, struct value *args)
{
	struct value v, *keys;
	bool by = strcmp(n->builtin->name, "sortBy") == 0, descending = false;
	size_t order = by ? 2 : 1;
	int c;

	if (args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "%s takes a list, not %s", n->builtin->name, value_kind_name(args[0].kind));
	if (n->n > order && args[order].kind == VALUE_STRING)
		descending = strcmp(args[order].s.at, "desc") == 0;
	if (!eval_charge(e, 2 * args[0].array.n * sizeof(v)))
		return args[0];
	v = value_array(e->arena, args[0].array.n);
	keys = arena_new_array(e->arena, struct value, v.array.n);
	/* Insertion: stable, and the budget of steps bounds it. */
	for (size_t i = 0; i < v.array.n; i++) {
		struct value key = by ? at_element(e, n, &args[0], i) : args[0].array.at[i];
		size_t k = i;

		for (; k > 0; k--) {
			if (e->steps-- == 0)
				return eval_fail(e, "too long to sort");
			if (!eval_compare(e, &key, &keys[k - 1], &c))
				return v;
			if (c == 2 || (descending ? c <= 0 : c >= 0))
				break;
			keys[k] = keys[k - 1];
			v.array.at[k] = v.array.at[k - 1];
		}
		keys[k] = key;
		v.array.at[k] = args[0].array.at[i];
	}
	return v;
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

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

static size_t
total(const struct value *args, size_t n)
{
	size_t count = n;

	for (size_t i = 0; i < n; i++)
		if (args[i].kind == VALUE_ARRAY)
			count += total(args[i].array.at, args[i].array.n);
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

static struct value
run_statistic(struct eval *e, const struct node *n, struct value *args)
{
	size_t room = total(args, n->n), count = 0;
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
	return all_ints(args, n->n) ? value_int((int64_t)r) : value_float(r);
}

static struct value
run_rounding(struct eval *e, const struct node *n, struct value *args)
{
	double x;

	if (!value_number(&args[0], &x))
		return eval_fail(e, "%s takes a number, not %s", n->builtin->name, value_kind_name(args[0].kind));
	switch (n->builtin->name[0]) {
	case 'a':
		return args[0].kind == VALUE_INT ? value_int(args[0].i < 0 ? -args[0].i : args[0].i)
						 : value_float(fabs(x));
	case 'c': return value_float(ceil(x));
	case 'f': return value_float(floor(x));
	default: return value_float(round(x));
	}
}

static struct value
run_is_nan(struct eval *e, const struct node *n, struct value *args)
{
	if (args[0].kind != VALUE_FLOAT)
		return eval_fail(e, "%s takes a float, not %s", n->builtin->name, value_kind_name(args[0].kind));
	return value_bool(n->builtin->name[2] == 'N' ? isnan(args[0].f) : isinf(args[0].f));
}

static struct value
run_int(struct eval *e, const struct node *n, struct value *args)
{
	char *end;
	long long i;

	if (args[0].kind == VALUE_INT)
		return args[0];
	if (args[0].kind == VALUE_FLOAT)
		return value_int(isnan(args[0].f) || fabs(args[0].f) >= 9.2e18 ? INT64_MIN : (int64_t)args[0].f);
	if (args[0].kind == VALUE_STRING) {
		errno = 0;
		i = strtoll(args[0].s.at, &end, 10);
		if (errno == 0 && end != args[0].s.at && *end == '\0' && !isspace((unsigned char)args[0].s.at[0]))
			return value_int(i);
	}
	return eval_fail(e, "%s cannot read %s", n->builtin->name, value_text(e->arena, &args[0]));
}

static struct value
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

static struct value
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
	return value_int(b > 63 ? (a < 0 ? -1 : 0) : a >> b);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static bool
strings_only(struct eval *e, const struct node *n, const struct value *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (args[i].kind != VALUE_STRING) {
			eval_fail(e, "%s takes a string, not %s", n->builtin->name, value_kind_name(args[i].kind));
			return false;
		}
	return true;
}

static struct value
run_trim(struct eval *e, const struct node *n, struct value *args)
{
	const char *set, *s, *end;
	bool prefix = strcmp(n->builtin->name, "trimPrefix") == 0, suffix = strcmp(n->builtin->name, "trimSuffix") == 0;

	if (!strings_only(e, n, args, n->n))
		return (struct value){ 0 };
	s = args[0].s.at;
	end = s + args[0].s.len;
	set = n->n > 1 ? args[1].s.at : prefix || suffix ? " " : " \t\n\r\v\f";
	if (prefix)
		return value_string(str_starts(s, set) ? s + strlen(set) : s);
	if (suffix)
		return value_string(
		    arena_strndup(e->arena, s, str_ends(s, set) ? args[0].s.len - strlen(set) : args[0].s.len));
	while (s < end && strchr(set, *s) != NULL)
		s++;
	while (end > s && strchr(set, end[-1]) != NULL)
		end--;
	return value_string(arena_strndup(e->arena, s, (size_t)(end - s)));
}

static struct value
run_case(struct eval *e, const struct node *n, struct value *args)
{
	char *s;

	if (!strings_only(e, n, args, 1) || !eval_charge(e, args[0].s.len))
		return (struct value){ 0 };
	s = arena_strdup(e->arena, args[0].s.at);
	for (char *c = s; *c != '\0'; c++)
		*c = (char)(n->builtin->name[0] == 'u' ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
	return value_string(s);
}

static struct value
run_split(struct eval *e, const struct node *n, struct value *args)
{
	const char *s, *by, *hit;
	struct value v;
	size_t parts = 1;

	if (!strings_only(e, n, args, 2))
		return (struct value){ 0 };
	s = args[0].s.at;
	by = args[1].s.at;
	if (*by == '\0')
		return eval_fail(e, "split needs a separator");
	for (hit = s; (hit = strstr(hit, by)) != NULL; hit += strlen(by))
		parts++;
	if (!eval_charge(e, parts * sizeof(v) + args[0].s.len))
		return (struct value){ 0 };
	v = value_array(e->arena, parts);
	for (size_t i = 0; i < parts; i++) {
		hit = strstr(s, by);
		v.array.at[i] = value_string(arena_strndup(e->arena, s, hit != NULL ? (size_t)(hit - s) : strlen(s)));
		s = hit != NULL ? hit + strlen(by) : s;
	}
	return v;
}

static struct value
run_replace(struct eval *e, const struct node *n, struct value *args)
{
	struct str out;
	struct value v;
	const char *hit;

	if (!strings_only(e, n, args, 3) || args[1].s.len == 0)
		return args[0];
	str_init(&out, 1u << 20);
	for (const char *s = args[0].s.at; *s != '\0';) {
		hit = strstr(s, args[1].s.at);
		str_add(&out, s, hit != NULL ? (size_t)(hit - s) : strlen(s));
		if (hit == NULL)
			break;
		str_adds(&out, args[2].s.at);
		s = hit + args[1].s.len;
	}
	v = out.overflow || !eval_charge(e, out.len) ? eval_fail(e, "replace builds too much")
						     : value_string(arena_strdup(e->arena, str_text(&out)));
	str_done(&out);
	return v;
}

static struct value
run_repeat(struct eval *e, const struct node *n, struct value *args)
{
	char *s;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (args[1].kind != VALUE_INT || args[1].i < 0 || args[1].i > REPEAT_MAX ||
	    !eval_charge(e, args[0].s.len * (size_t)args[1].i))
		return eval_fail(e, "repeat: not that often");
	s = arena_alloc(e->arena, args[0].s.len * (size_t)args[1].i + 1);
	for (int64_t i = 0; i < args[1].i; i++)
		memcpy(s + (size_t)i * args[0].s.len, args[0].s.at, args[0].s.len);
	return value_string(s);
}

static struct value
run_join(struct eval *e, const struct node *n, struct value *args)
{
	const char *by = n->n > 1 && args[1].kind == VALUE_STRING ? args[1].s.at : "";
	struct str out;
	struct value v;

	if (args[0].kind != VALUE_ARRAY || !strings_only(e, n, args[0].array.at, args[0].array.n))
		return eval_fail(e, "join takes a list of strings");
	str_init(&out, 1u << 20);
	for (size_t i = 0; i < args[0].array.n; i++) {
		if (i > 0)
			str_adds(&out, by);
		str_adds(&out, args[0].array.at[i].s.at);
	}
	v = eval_charge(e, out.len) ? value_string(arena_strdup(e->arena, str_text(&out))) : (struct value){ 0 };
	str_done(&out);
	return v;
}

static struct value
run_index_of(struct eval *e, const struct node *n, struct value *args)
{
	const char *hit, *last = NULL;

	if (!strings_only(e, n, args, 2))
		return args[0];
	for (hit = args[0].s.at; (hit = strstr(hit, args[1].s.at)) != NULL; hit++) {
		last = hit;
		if (n->builtin->name[0] == 'i' || *hit == '\0')
			break;
	}
	return value_int(last != NULL ? last - args[0].s.at : -1);
}

static struct value
run_has(struct eval *e, const struct node *n, struct value *args)
{
	if (!strings_only(e, n, args, 2))
		return args[0];
	return value_bool(
	    n->builtin->name[3] == 'P' ? str_starts(args[0].s.at, args[1].s.at) : str_ends(args[0].s.at, args[1].s.at));
}

static struct value
run_string(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	return value_string(value_text(e->arena, &args[0]));
}

static struct value
run_to_json(struct eval *e, const struct node *n, struct value *args)
{
	_cleanup_(json_decrefp) json_t *j = value_to_json(&args[0]);

	(void)n;
	return value_string(json_text_go(e->arena, j));
}

static struct value
run_from_json(struct eval *e, const struct node *n, struct value *args)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct err *err;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if ((err = json_parse(e->arena, args[0].s.at, args[0].s.len, &j)) != NULL)
		return eval_fail(e, "fromJSON: %s", err->text);
	return value_from_json(e->arena, j);
}

/* --- lists and maps ------------------------------------------------------------------------------------------------ */

static struct value
run_len(struct eval *e, const struct node *n, struct value *args)
{
	int64_t count = 0;

	(void)n;
	switch (args[0].kind) {
	case VALUE_ARRAY: return value_int((int64_t)args[0].array.n);
	case VALUE_MAP: return value_int((int64_t)args[0].map.n);
	case VALUE_STRING: /* characters, not bytes */
		for (size_t i = 0; i < args[0].s.len; i++)
			count += ((unsigned char)args[0].s.at[i] & 0xc0) != 0x80;
		return value_int(count);
	default: return eval_fail(e, "invalid argument for len (type %s)", value_kind_name(args[0].kind));
	}
}

static struct value
run_first_last(struct eval *e, const struct node *n, struct value *args)
{
	if (args[0].kind == VALUE_NIL)
		return args[0];
	if (args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "%s takes a list, not %s", n->builtin->name, value_kind_name(args[0].kind));
	if (args[0].array.n == 0)
		return (struct value){ 0 };
	return args[0].array.at[n->builtin->name[0] == 'f' ? 0 : args[0].array.n - 1];
}

static struct value
run_get(struct eval *e, const struct node *n, struct value *args)
{
	const struct value *found;
	int64_t i;

	(void)n;
	if (args[0].kind == VALUE_MAP) {
		found = value_member(&args[0], &args[1]);
		return found != NULL ? *found : (struct value){ 0 };
	}
	if (args[0].kind == VALUE_ARRAY && args[1].kind == VALUE_INT) {
		i = args[1].i < 0 ? args[1].i + (int64_t)args[0].array.n : args[1].i;
		return i >= 0 && i < (int64_t)args[0].array.n ? args[0].array.at[i] : (struct value){ 0 };
	}
	return args[0].kind == VALUE_NIL
		   ? args[0]
		   : eval_fail(e, "get takes a list or a map, not %s", value_kind_name(args[0].kind));
}

static struct value
run_take(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	if (args[0].kind != VALUE_ARRAY || args[1].kind != VALUE_INT || args[1].i < 0)
		return eval_fail(e, "take takes a list and a number");
	if ((size_t)args[1].i < args[0].array.n)
		args[0].array.n = (size_t)args[1].i;
	return args[0];
}

static struct value
run_keys(struct eval *e, const struct node *n, struct value *args)
{
	char what = n->builtin->name[0];
	struct value v;

	if (args[0].kind != VALUE_MAP)
		return eval_fail(e, "%s takes a map, not %s", n->builtin->name, value_kind_name(args[0].kind));
	v = value_array(e->arena, args[0].map.n);
	for (size_t i = 0; i < args[0].map.n; i++) {
		const struct value_entry *m = &args[0].map.at[i];

		if (what == 't') {
			v.array.at[i] = value_array(e->arena, 2);
			v.array.at[i].array.at[0] = m->key;
			v.array.at[i].array.at[1] = m->value;
		} else {
			v.array.at[i] = what == 'k' ? m->key : m->value;
		}
	}
	return v;
}

static struct value
run_from_pairs(struct eval *e, const struct node *n, struct value *args)
{
	struct value v = { .kind = VALUE_MAP };

	(void)n;
	if (args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "fromPairs takes a list");
	v.map.at = arena_new_array(e->arena, struct value_entry, args[0].array.n);
	for (size_t i = 0; i < args[0].array.n; i++) {
		const struct value *pair = &args[0].array.at[i];

		if (pair->kind != VALUE_ARRAY || pair->array.n != 2)
			return eval_fail(e, "fromPairs takes pairs");
		v.map.at[v.map.n++] = (struct value_entry){ pair->array.at[0], pair->array.at[1] };
	}
	return v;
}

static bool
append(struct eval *e, struct value *to, const struct value *from, bool deep, int depth)
{
	for (size_t i = 0; i < from->array.n; i++) {
		if (deep && from->array.at[i].kind == VALUE_ARRAY && depth < JSON_DEPTH_MAX) {
			if (!append(e, to, &from->array.at[i], true, depth + 1))
				return false;
			continue;
		}
		to->array.at[to->array.n++] = from->array.at[i];
	}
	return true;
}

static struct value
run_concat(struct eval *e, const struct node *n, struct value *args)
{
	bool deep = n->builtin->name[0] == 'f';
	size_t room = total(args, n->n);
	struct value v;

	if (!eval_charge(e, room * sizeof(v)))
		return args[0];
	v = value_array(e->arena, room);
	v.array.n = 0;
	for (size_t i = 0; i < n->n; i++) {
		if (args[i].kind != VALUE_ARRAY)
			return eval_fail(e, "%s takes lists", n->builtin->name);
		append(e, &v, &args[i], deep, 0);
	}
	return v;
}

static struct value
run_reverse(struct eval *e, const struct node *n, struct value *args)
{
	struct value v;

	(void)n;
	if (args[0].kind != VALUE_ARRAY || !eval_charge(e, args[0].array.n * sizeof(v)))
		return eval_fail(e, "reverse takes a list");
	v = value_array(e->arena, args[0].array.n);
	for (size_t i = 0; i < v.array.n; i++)
		v.array.at[i] = args[0].array.at[v.array.n - 1 - i];
	return v;
}

static struct value
run_uniq(struct eval *e, const struct node *n, struct value *args)
{
	struct value v;

	(void)n;
	if (args[0].kind != VALUE_ARRAY || !eval_charge(e, args[0].array.n * sizeof(v)))
		return eval_fail(e, "uniq takes a list");
	v = value_array(e->arena, args[0].array.n);
	v.array.n = 0;
	for (size_t i = 0; i < args[0].array.n; i++) {
		bool seen = false;

		for (size_t k = 0; k < v.array.n && !seen; k++) {
			if (e->steps-- == 0)
				return eval_fail(e, "too long a list");
			seen = value_equal(&v.array.at[k], &args[0].array.at[i]);
		}
		if (!seen)
			v.array.at[v.array.n++] = args[0].array.at[i];
	}
	return v;
}

/* --- the rest ------------------------------------------------------------------------------------------------------ */

static struct value
run_type(struct eval *e, const struct node *n, struct value *args)
{
	(void)e;
	(void)n;
	return value_string(value_kind_name(args[0].kind));
}

/* Argo Rollouts binds both of these to the whole result, whatever the first argument is (utils/evaluate/evaluate.go), and
 * conditions in use rely on their answers. */
static struct value
run_is_nil(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	(void)args;
	return value_bool(e->result->kind == VALUE_NIL);
}

static struct value
run_default(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	return e->result->kind == VALUE_NIL ? args[1] : *e->result;
}

static struct value
run_now(struct eval *e, const struct node *n, struct value *args)
{
	(void)n;
	(void)args;
	return (struct value){ .kind = VALUE_TIME, .i = e->now };
}

static struct value
run_date(struct eval *e, const struct node *n, struct value *args)
{
	int64_t t;

	if (!strings_only(e, n, args, 1))
		return args[0];
	if (!time_parse(args[0].s.at, &t) && !time_parse(arena_printf(e->arena, "%sT00:00:00Z", args[0].s.at), &t))
		return eval_fail(e, "date: \"%s\" is no date", args[0].s.at);
	return (struct value){ .kind = VALUE_TIME, .i = t };
}

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
