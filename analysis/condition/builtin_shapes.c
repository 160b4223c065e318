/* analysis/condition/builtin_shapes.c: what is known of a call before it runs: the types of its arguments and of its value. */
#include <stdarg.h>
#include "analysis/condition/builtins.h"

struct shape
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

struct shape
shape_of(enum value_kind k)
{
	return (struct shape){ .kind = k };
}

struct shape
shape_predicate(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n > 1 && !args[1].any && args[1].kind != VALUE_BOOL)
		return check_fail(c, n, "the predicate of %s must answer a bool, not %s", n->builtin->name,
		    value_kind_name(args[1].kind));
	return shape_of(VALUE_BOOL);
}

struct shape
shape_count(struct check *c, const struct node *n, const struct shape *args)
{
	if (n->n == 1)
		wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	shape_predicate(c, n, args);
	return shape_of(VALUE_INT);
}

struct shape
shape_filter(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return shape_of(VALUE_ARRAY);
}

struct shape
shape_find(struct check *c, const struct node *n, const struct shape *args)
{
	shape_predicate(c, n, args);
	return args[0].any || !args[0].element_known ? (struct shape){ .any = true } : shape_of(args[0].element);
}

struct shape
shape_map(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	return (struct shape){ .kind = VALUE_ARRAY, .element = args[1].kind, .element_known = !args[1].any };
}

struct shape
shape_len(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list, a map or a string", 3, VALUE_ARRAY, VALUE_MAP, VALUE_STRING);
	return shape_of(VALUE_INT);
}

struct shape
shape_list(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return args[0];
}

struct shape
shape_element(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list", 1, VALUE_ARRAY);
	return args[0].any || !args[0].element_known ? (struct shape){ .any = true } : shape_of(args[0].element);
}

struct shape
shape_numeric(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n; i++)
		wants(c, n, &args[i], "numbers", 3, VALUE_INT, VALUE_FLOAT, VALUE_ARRAY);
	return (struct shape){ .any = true };
}

struct shape
shape_number(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a number", 2, VALUE_INT, VALUE_FLOAT);
	return (struct shape){ .any = true };
}

struct shape
shape_float_bool(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a number", 2, VALUE_FLOAT, VALUE_INT);
	return shape_of(VALUE_BOOL);
}

struct shape
shape_text(struct check *c, const struct node *n, const struct shape *args)
{
	for (size_t i = 0; i < n->n && i < 1; i++)
		wants(c, n, &args[i], "a string", 1, VALUE_STRING);
	return (struct shape){ .any = true };
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
	wants(c, n, &args[0], "a map", 1, VALUE_MAP);
	return shape_of(VALUE_ARRAY);
}

struct shape
shape_get(struct check *c, const struct node *n, const struct shape *args)
{
	wants(c, n, &args[0], "a list or a map", 2, VALUE_ARRAY, VALUE_MAP);
	if (!args[0].any && args[0].kind == VALUE_ARRAY && !args[1].any && args[1].kind != VALUE_INT)
		check_fail(c, n, "a list has no member by %s", value_kind_name(args[1].kind));
	return (struct shape){ .any = true };
}

struct shape
shape_time(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return shape_of(VALUE_TIME);
}

struct shape
shape_duration(struct check *c, const struct node *n, const struct shape *args)
{
	(void)c;
	(void)n;
	(void)args;
	return shape_of(VALUE_DURATION);
}
