/* analysis/condition/builtin_shapes.c: types of function calls in conditions: the check of their arguments before
 * evaluation, and the type of the result. */
#include <stdarg.h>
#include <string.h>
#include "analysis/condition/builtins.h"

struct shape
shape_any(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return (struct shape){ .any = true, .open = true };
}

/* Checks that an argument has one of n_kinds kinds, which follow (enum value_kind). `what` names them in the error:
 * "a list". A value of unknown type is accepted, and fails at its evaluation. */
static bool
shape_expect(struct check *c, const struct node *n, const struct shape *s, const char *what, int n_kinds, ...)
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

struct shape
shape_of(enum value_kind k)
{
	return (struct shape){ .kind = k };
}

struct shape
shape_predicate(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 1 && !args[1].any && args[1].kind != VALUE_BOOL)
		return check_fail(c, n, "the predicate of %s must return a bool, not %s", n->builtin->name,
		    value_kind_name(args[1].kind));
	return shape_of(VALUE_BOOL);
}

struct shape
shape_count(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n == 1)
		shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	shape_predicate(c, n, args);
	return shape_of(VALUE_INT);
}

static struct shape
shape_unknown(void)
{
	return (struct shape){ .any = true, .open = true };
}

static struct shape
shape_elements(const struct shape *list)
{
	if (list->any || list->kind != VALUE_ARRAY)
		return (struct shape){ .any = true };
	return list->element != NULL ? *list->element : shape_unknown();
}

struct shape
shape_filter(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return shape_list_of(c, shape_elements(&args[0]));
}

struct shape
shape_find(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return shape_elements(&args[0]);
}

struct shape
shape_map(struct check *c, const struct node *n, const struct shape *args)
{
	(void)n;
	return shape_list_of(c, args[1]);
}

struct shape
shape_sum(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	return n->n > 1 ? args[1] : shape_elements(&args[0]);
}

struct shape
shape_group(struct check *c, const struct node *n, const struct shape *args)
{
	struct shape *list = arena_alloc(c->arena, sizeof(*list));

	(void)n;
	*list = shape_list_of(c, shape_elements(&args[0]));
	return (struct shape){ .kind = VALUE_MAP, .any_keys = true, .element = list };
}

struct shape
shape_reduce(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	return args[1];
}

struct shape
shape_len(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a list, a map or a string", 3, VALUE_ARRAY, VALUE_MAP, VALUE_STRING);
	return shape_of(VALUE_INT);
}

/* The reflection of Go does not know the type of the elements of a list that a condition builds; the check of expr
 * does. */
static struct shape
shape_reflected(const struct shape *list)
{
	return list->typed ? shape_elements(list) : shape_unknown();
}

struct shape
shape_take(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	shape_expect(c, n, &args[1], "a number", 4, VALUE_INT, VALUE_DURATION, VALUE_MONTH, VALUE_WEEKDAY);
	return args[0].any || args[0].typed ? args[0] : shape_of(VALUE_ARRAY);
}

struct shape
shape_sort(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	if (n->n > 1)
		shape_expect(c, n, &args[1], "\"asc\" or \"desc\"", 1, VALUE_STRING);
	return shape_of(VALUE_ARRAY);
}

struct shape
shape_sort_by(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 2)
		shape_expect(c, n, &args[2], "\"asc\" or \"desc\"", 1, VALUE_STRING);
	return args[0];
}

struct shape
shape_lists(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n; i++)
		shape_expect(c, n, &args[i], "lists", 1, VALUE_ARRAY);
	return shape_of(VALUE_ARRAY);
}

struct shape
shape_element(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return shape_reflected(&args[0]);
}

struct shape
shape_numeric(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n; i++) {
		if (args[i].any || args[i].kind == VALUE_ARRAY)
			return shape_unknown();
		shape_expect(
		    c, n, &args[i], "numbers", 5, VALUE_INT, VALUE_FLOAT, VALUE_DURATION, VALUE_MONTH, VALUE_WEEKDAY);
	}
	return args[0];
}

struct shape
shape_number(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a number", 5, VALUE_INT, VALUE_FLOAT, VALUE_DURATION, VALUE_MONTH, VALUE_WEEKDAY);
	return builtin_is(n, "abs") ? args[0] : shape_of(VALUE_FLOAT);
}

struct shape
shape_cast(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a number or a string", 6, VALUE_INT, VALUE_FLOAT, VALUE_STRING, VALUE_DURATION,
	    VALUE_MONTH, VALUE_WEEKDAY);
	return shape_of(builtin_is(n, "int") ? VALUE_INT : VALUE_FLOAT);
}

struct shape
shape_as_number(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)args;
	return shape_of(builtin_is(n, "asInt") ? VALUE_INT : VALUE_FLOAT);
}

struct shape
shape_bits(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n; i++)
		shape_expect(c, n, &args[i], "integers", 1, VALUE_INT);
	return shape_of(VALUE_INT);
}

struct shape
shape_float_bool(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a number", 2, VALUE_FLOAT, VALUE_INT);
	return shape_of(VALUE_BOOL);
}

/* All arguments are strings, except for a last one that may be a number (split, replace, repeat). */
static void
shape_strings(struct check *c, const struct node *n, const struct shape *args, size_t strings)
{
	for (size_t i = 0; i < n->n; i++)
		shape_expect(c, n, &args[i], i < strings ? "a string" : "a number there", 1,
		    i < strings ? VALUE_STRING : VALUE_INT);
}

struct shape
shape_text(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, n->n);
	return shape_of(VALUE_STRING);
}

struct shape
shape_repeat(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, strcmp(n->builtin->name, "repeat") == 0 ? 1 : 3);
	return shape_of(VALUE_STRING);
}

struct shape
shape_split(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, 2);
	return shape_typed(c, VALUE_STRING);
}

struct shape
shape_join(struct check *c, const struct node *n, const struct shape *args)
{
	struct shape element = shape_reflected(&args[0]);

	shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	shape_expect(c, n, &element, "a list of strings", 1, VALUE_STRING);
	if (n->n > 1)
		shape_expect(c, n, &args[1], "a string", 1, VALUE_STRING);
	return shape_of(VALUE_STRING);
}

struct shape
shape_text_index(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, n->n);
	return shape_of(VALUE_INT);
}

struct shape
shape_text_bool(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, n->n);
	return shape_of(VALUE_BOOL);
}

struct shape
shape_text_any(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, n->n);
	return shape_unknown();
}

struct shape
shape_bool(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return shape_of(VALUE_BOOL);
}

struct shape
shape_string(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return shape_of(VALUE_STRING);
}

struct shape
shape_keyed(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a map", 1, VALUE_MAP);
	return shape_of(VALUE_ARRAY);
}

struct shape
shape_pairs(struct check *c, const struct node *n, const struct shape *args)
{
	shape_expect(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return (struct shape){ .kind = VALUE_MAP, .any_keys = true };
}

struct shape
shape_get(struct check *c, const struct node *n, const struct shape *args)
{
	if (args[0].any)
		return shape_unknown();
	shape_expect(c, n, &args[0], "a list or a map", 2, VALUE_ARRAY, VALUE_MAP);
	if (args[0].kind == VALUE_ARRAY)
		shape_expect(c, n, &args[1], "the number of an element", 1, VALUE_INT);
	else if (!args[0].any_keys)
		shape_expect(c, n, &args[1], "a key", 1, VALUE_STRING);
	return args[0].kind == VALUE_ARRAY ? shape_elements(&args[0]) : shape_unknown();
}

struct shape
shape_now(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 0 && (args[0].any || args[0].kind != VALUE_ZONE))
		return check_fail(c, n, "now takes a time zone only");
	return shape_of(VALUE_TIME);
}

struct shape
shape_date(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 3 && (args[0].any || args[0].kind != VALUE_ZONE))
		return check_fail(c, n, "date takes a date, its layout and a time zone");
	return shape_of(VALUE_TIME);
}

struct shape
shape_duration(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, 1);
	return shape_of(VALUE_DURATION);
}

struct shape
shape_zone(struct check *c, const struct node *n, const struct shape *args)
{
	shape_strings(c, n, args, 1);
	return shape_of(VALUE_ZONE);
}
