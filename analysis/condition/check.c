/* analysis/condition/check.c: type errors of a condition: found on the tree before evaluation, as expr does. */
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/builtins.h"

static const struct shape any = { .any = true }, open = { .any = true, .open = true };

static struct shape
check_shape(enum value_kind k)
{
	return (struct shape){ .kind = k };
}

struct shape
check_fail(struct check *c, const struct node *n, const char *format, ...)
{
	va_list ap;

	if (c->err == NULL) {
		va_start(ap, format);
		c->err =
		    err_new(c->arena, ERR_INVALID, "column %d: %s", n->column, arena_vprintf(c->arena, format, ap));
		va_end(ap);
	}
	return any;
}

static bool
check_may_be(struct shape s, enum value_kind k)
{
	return s.any || s.kind == k;
}

static bool
check_may_be_number(struct shape s)
{
	return s.any || s.kind == VALUE_INT || s.kind == VALUE_FLOAT;
}

static const char *
check_kind_name(struct shape s)
{
	return s.any ? "any" : s.named ? "a string of a type of its own" : value_kind_name(s.kind);
}

static bool
check_comparable(struct shape a, struct shape b)
{
	return a.any || b.any || a.kind == VALUE_NIL || b.kind == VALUE_NIL ||
	       (check_may_be_number(a) && check_may_be_number(b)) ||
	       (a.kind == b.kind && a.named == b.named && (a.kind != VALUE_MAP || a.any_keys == b.any_keys));
}

static struct shape
check_element_of(struct shape list)
{
	return list.any || list.kind != VALUE_ARRAY ? any : list.element != NULL ? *list.element : open;
}

static struct shape
check_list_of(struct check *c, struct shape element)
{
	struct shape *copy;

	if (element.any)
		return check_shape(VALUE_ARRAY);
	copy = arena_alloc(c->arena, sizeof(*copy));
	*copy = element;
	return (struct shape){ .kind = VALUE_ARRAY, .element = copy };
}

struct shape
shape_list_of(struct check *c, struct shape element)
{
	return check_list_of(c, element);
}

struct shape
shape_typed(struct check *c, enum value_kind k)
{
	struct shape s = check_list_of(c, check_shape(k));

	s.typed = true;
	return s;
}

/* Returns whether a value of type a can be used where type b is needed. */
static bool
check_assignable(struct shape a, struct shape b)
{
	struct shape x, y;

	if (b.open)
		return !a.any || a.open;
	if (a.any || b.any || a.kind != b.kind)
		return false;
	if (a.kind == VALUE_MAP)
		return a.any_keys == b.any_keys;
	x = check_element_of(a);
	y = check_element_of(b);
	return a.kind != VALUE_ARRAY || (a.typed == b.typed && (!a.typed || x.kind == y.kind));
}

static bool
check_is_literal(const struct node *n)
{
	return n->kind == NODE_CONST || (n->kind == NODE_UNARY && n->op != OP_NOT && n->args[0]->kind == NODE_CONST);
}

static struct shape
check_in(struct check *c, const struct node *n, struct shape l, struct shape r)
{
	if (!r.any && r.kind == VALUE_MAP) {
		if (!l.any && l.kind != VALUE_STRING && !r.any_keys)
			return check_fail(c, n, "a map of strings has no key that is %s", check_kind_name(l));
		return check_shape(VALUE_BOOL);
	}
	if (!r.any && r.kind == VALUE_ARRAY) {
		if (!check_comparable(l, check_element_of(r)))
			return check_fail(c, n, "%s cannot be in a list of %s", check_kind_name(l),
			    check_kind_name(check_element_of(r)));
		return check_shape(VALUE_BOOL);
	}
	if (r.any || (l.any && r.kind == VALUE_STRING) || (r.kind == VALUE_TIME && check_may_be(l, VALUE_STRING)))
		return check_shape(VALUE_BOOL);
	return check_fail(c, n, "in needs a list or a map on its right, not %s", check_kind_name(r));
}

static struct shape
check_binary(struct check *c, struct node *n)
{
	struct shape l = check_node(c, n->args[0]), r = check_node(c, n->args[1]);
	bool numbers = check_may_be_number(l) && check_may_be_number(r);
	bool strings = check_may_be(l, VALUE_STRING) && check_may_be(r, VALUE_STRING);
	bool both = l.any && r.any, times, durations;
	struct err *e;

	times = check_may_be(l, VALUE_TIME) && check_may_be(r, VALUE_TIME);
	durations = check_may_be(l, VALUE_DURATION) && check_may_be(r, VALUE_DURATION);

	if (!l.any && !r.any && time_arithmetic(n->op, l.kind, r.kind) != VALUE_NIL)
		return check_shape(time_arithmetic(n->op, l.kind, r.kind));
	switch (n->op) {
	case OP_OR:
	case OP_AND:
		if (check_may_be(l, VALUE_BOOL) && check_may_be(r, VALUE_BOOL))
			return check_shape(VALUE_BOOL);
		break;
	case OP_EQ:
	case OP_NE:
		n->exact = !l.any && !r.any && l.kind == r.kind ? l.kind : VALUE_NIL;
		if (check_comparable(l, r))
			return check_shape(VALUE_BOOL);
		break;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		if (numbers || strings || times || durations)
			return check_shape(VALUE_BOOL);
		break;
	case OP_IN:
	case OP_NOT_IN: return check_in(c, n, l, r);
	case OP_MATCHES:
		if (n->args[1]->kind == NODE_CONST && n->args[1]->value.kind == VALUE_STRING &&
		    (e = pattern_check(c->arena, n->args[1]->value.s.at)) != NULL)
			return check_fail(c, n, "%s", err_text(c->arena, e));
		if (!l.any && l.kind == VALUE_ARRAY && check_element_of(l).kind == VALUE_INT &&
		    check_may_be(r, VALUE_STRING))
			return check_shape(VALUE_BOOL);
		__attribute__((fallthrough));
	case OP_CONTAINS:
	case OP_STARTS_WITH:
	case OP_ENDS_WITH:
		if (strings)
			return check_shape(VALUE_BOOL);
		break;
	case OP_RANGE:
		if (check_may_be(l, VALUE_INT) && check_may_be(r, VALUE_INT))
			return check_list_of(c, check_shape(VALUE_INT));
		break;
	case OP_ADD:
		if (!l.any && !r.any && strings)
			return check_shape(VALUE_STRING);
		__attribute__((fallthrough));
	case OP_SUB:
		if (both || ((l.any || r.any) && (numbers || times || durations || (n->op == OP_ADD && strings))))
			return any;
		__attribute__((fallthrough));
	case OP_MUL:
		if (both || ((l.any || r.any) && (numbers || durations)))
			return any;
		if (!l.any && !r.any && numbers)
			return l.kind == VALUE_INT && r.kind == VALUE_INT ? check_shape(VALUE_INT)
									  : check_shape(VALUE_FLOAT);
		break;
	case OP_DIV:
	case OP_POW:
		if (numbers)
			return check_shape(VALUE_FLOAT);
		break;
	case OP_MOD:
		if (check_is_literal(n->args[0]) && n->args[1]->kind == NODE_CONST && l.kind == VALUE_INT &&
		    n->args[1]->value.kind == VALUE_INT && n->args[1]->value.i == 0)
			return check_fail(c, n, "integer divide by zero");
		if (check_may_be(l, VALUE_INT) && check_may_be(r, VALUE_INT))
			return check_shape(VALUE_INT);
		break;
	case OP_COALESCE:
		if (!l.any && l.kind == VALUE_NIL)
			return r;
		if (!r.any && r.kind == VALUE_NIL)
			return l;
		return check_assignable(r, l) ? l : any;
	default: break;
	}
	return check_fail(c, n, "the operator does not take %s and %s", check_kind_name(l), check_kind_name(r));
}

/* The member of a struct in Go, whose type is known. */
static struct shape
check_struct_field(struct check *c, const struct node *n, const struct value *fields)
{
	const struct value *field = value_member(fields, &n->args[1]->value);

	if (field == NULL)
		return check_fail(c, n, "there is no field %s", n->args[1]->value.s.at);
	if (field->kind == VALUE_ARRAY && field->floats)
		return shape_typed(c, VALUE_FLOAT);
	return field->kind == VALUE_STRING ? (struct shape){ .kind = VALUE_STRING, .named = field->named } : any;
}

static struct shape
check_member(struct check *c, struct node *n)
{
	struct shape of = check_node(c, n->args[0]), key = check_node(c, n->args[1]);

	if (of.any)
		return any;
	if (of.kind == VALUE_MAP) {
		if (of.fields != NULL && n->args[1]->kind == NODE_CONST && n->args[1]->value.kind == VALUE_STRING)
			return check_struct_field(c, n, of.fields);
		if (!of.any_keys && !check_may_be(key, VALUE_STRING))
			return check_fail(c, n, "a map of strings has no member by %s", check_kind_name(key));
		if (n->args[0]->kind == NODE_ENV && n->args[1]->kind == NODE_CONST) {
			if (strcmp(n->args[1]->value.s.at, "result") == 0)
				return c->result;
			if (!n->optional)
				return check_fail(c, n, "unknown name %s", n->args[1]->value.s.at);
		}
		/* The members of a map from groupBy are lists. */
		return of.any_keys && of.element != NULL ? *of.element : open;
	}
	if (of.kind == VALUE_ARRAY) {
		if (!check_may_be(key, VALUE_INT))
			return check_fail(c, n, "a list has no member by %s", check_kind_name(key));
		return check_element_of(of);
	}
	return check_fail(c, n, "%s has no members", check_kind_name(of));
}

static struct shape
check_predicate(struct check *c, struct node *n, struct shape list)
{
	struct check outer = *c;
	struct shape s;

	c->element = check_element_of(list);
	c->has_acc = strcmp(n->builtin->name, "reduce") == 0;
	c->has_index = c->has_acc || strcmp(n->builtin->name, "map") == 0;
	s = check_node(c, n->args[1]);
	c->element = outer.element;
	c->has_acc = outer.has_acc;
	c->has_index = outer.has_index;
	/* Go cannot call a predicate whose type is nil. */
	if (!s.any && s.kind == VALUE_NIL)
		return check_fail(c, n, "the predicate of %s has no value", n->builtin->name);
	return s;
}

static struct shape
check_call(struct check *c, struct node *n)
{
	struct shape *args = arena_new_array(c->arena, struct shape, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		if (n->builtin->closure && i == 1) {
			args[1] = check_predicate(c, n, args[0]);
			continue;
		}
		args[i] = check_node(c, n->args[i]);
		if (n->builtin->closure && i == 0 && !check_may_be(args[0], VALUE_ARRAY))
			return check_fail(c, n, "%s needs a list, not %s", n->builtin->name, check_kind_name(args[0]));
	}
	return c->err != NULL ? any : n->builtin->check(c, n, args);
}

static struct shape
check_method(struct check *c, struct node *n)
{
	struct shape *args = arena_new_array(c->arena, struct shape, n->n);

	for (size_t i = 0; i < n->n; i++)
		args[i] = check_node(c, n->args[i]);
	return c->err != NULL ? any : method_check(c, n, args);
}

static struct shape
check_array(struct check *c, struct node *n)
{
	struct shape first = any;
	bool same = true;

	for (size_t i = 0; i < n->n; i++) {
		struct shape e = check_node(c, n->args[i]);

		if (i == 0)
			first = e;
		same &= e.any == first.any && e.kind == first.kind;
	}
	return check_list_of(c, same ? first : any);
}

static struct shape
check_conditional(struct check *c, struct node *n)
{
	struct shape s = check_node(c, n->args[0]), t;

	if (!check_may_be(s, VALUE_BOOL))
		return check_fail(c, n, "a condition must be a bool, not %s", check_kind_name(s));
	s = check_node(c, n->args[1]);
	t = check_node(c, n->args[2]);
	if (!s.any && s.kind == VALUE_NIL)
		return t;
	if (!t.any && t.kind == VALUE_NIL)
		return s;
	if (!check_assignable(s, t))
		return any;
	if (s.kind == VALUE_ARRAY && !s.typed && !check_assignable(check_element_of(s), check_element_of(t)))
		return check_shape(VALUE_ARRAY);
	return s;
}

static struct shape
check_unary(struct check *c, struct node *n)
{
	struct shape s = check_node(c, n->args[0]);

	if (n->op == OP_NOT && check_may_be(s, VALUE_BOOL))
		return check_shape(VALUE_BOOL);
	if (n->op != OP_NOT && check_may_be_number(s))
		return s;
	return check_fail(c, n, "the operator does not take %s", check_kind_name(s));
}

static struct shape
check_slice(struct check *c, struct node *n)
{
	struct shape s = check_node(c, n->args[0]);

	if (!check_may_be(s, VALUE_ARRAY) && !check_may_be(s, VALUE_STRING))
		return check_fail(c, n, "%s cannot be cut", check_kind_name(s));
	for (size_t i = 1; i < 3; i++)
		if (n->args[i] != NULL && !check_may_be(check_node(c, n->args[i]), VALUE_INT))
			return check_fail(c, n, "a bound must be an integer");
	return s;
}

struct shape
check_node(struct check *c, struct node *n)
{
	struct shape s = any;

	if (c->err != NULL)
		return any;
	switch (n->kind) {
	case NODE_CONST: return n->value.kind == VALUE_ARRAY ? shape_typed(c, VALUE_INT) : check_shape(n->value.kind);
	case NODE_RESULT: return c->result;
	case NODE_ENV: return check_shape(VALUE_MAP);
	case NODE_VARIABLE: return c->variables[n->slot];
	case NODE_ELEMENT: return c->element;
	case NODE_ACC: return c->has_acc ? any : check_fail(c, n, "#acc is known in reduce only");
	case NODE_INDEX:
		return c->has_index ? check_shape(VALUE_INT)
				    : check_fail(c, n, "#index is known in map and reduce only");
	case NODE_UNARY: return check_unary(c, n);
	case NODE_BINARY: return check_binary(c, n);
	case NODE_COND: return check_conditional(c, n);
	case NODE_LET: c->variables[n->slot] = check_node(c, n->args[0]); return check_node(c, n->args[1]);
	case NODE_SEQUENCE:
		for (size_t i = 0; i < n->n; i++)
			s = check_node(c, n->args[i]);
		return s;
	case NODE_MEMBER: return check_member(c, n);
	case NODE_SLICE: return check_slice(c, n);
	case NODE_ARRAY: return check_array(c, n);
	case NODE_MAP:
		for (size_t i = 0; i < n->n; i++)
			check_node(c, n->args[i]);
		return check_shape(VALUE_MAP);
	case NODE_CALL: return check_call(c, n);
	case NODE_METHOD: return check_method(c, n);
	case NODE_CHAIN: return check_node(c, n->args[0]);
	}
	return any;
}
