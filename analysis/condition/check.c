/* analysis/condition/check.c: what cannot work with this result's type is an error before anything runs. */
#include "analysis/condition/ast.h"

static const struct shape any = { .any = true };

static struct shape
known(enum value_kind k)
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
may_be(struct shape s, enum value_kind k)
{
	return s.any || s.kind == k;
}

static bool
may_be_number(struct shape s)
{
	return s.any || s.kind == VALUE_INT || s.kind == VALUE_FLOAT;
}

static const char *
name(struct shape s)
{
	return s.any ? "any" : value_kind_name(s.kind);
}

static bool
comparable(struct shape a, struct shape b)
{
	return a.any || b.any || a.kind == VALUE_NIL || b.kind == VALUE_NIL || (may_be_number(a) && may_be_number(b)) ||
	       a.kind == b.kind;
}

static struct shape
check_in(struct check *c, const struct node *n, struct shape l, struct shape r)
{
	if (r.any || r.kind == VALUE_MAP)
		return known(VALUE_BOOL);
	if (r.kind != VALUE_ARRAY)
		return check_fail(c, n, "in needs a list or a map on its right, not %s", name(r));
	if (r.element_known && !comparable(l, known(r.element)))
		return check_fail(c, n, "%s cannot be in a list of %s", name(l), value_kind_name(r.element));
	return known(VALUE_BOOL);
}

static struct shape
check_binary(struct check *c, const struct node *n)
{
	struct shape l = check_node(c, n->args[0]), r = check_node(c, n->args[1]);
	bool numbers = may_be_number(l) && may_be_number(r);
	bool strings = may_be(l, VALUE_STRING) && may_be(r, VALUE_STRING);

	if (!l.any && !r.any && time_arithmetic(n->op, l.kind, r.kind) != VALUE_NIL)
		return known(time_arithmetic(n->op, l.kind, r.kind));
	switch (n->op) {
	case OP_OR:
	case OP_AND:
		if (may_be(l, VALUE_BOOL) && may_be(r, VALUE_BOOL))
			return known(VALUE_BOOL);
		break;
	case OP_EQ:
	case OP_NE:
		if (comparable(l, r))
			return known(VALUE_BOOL);
		break;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		if (numbers || strings || (may_be(l, VALUE_TIME) && may_be(r, VALUE_TIME)) ||
		    (may_be(l, VALUE_DURATION) && may_be(r, VALUE_DURATION)))
			return known(VALUE_BOOL);
		break;
	case OP_IN:
	case OP_NOT_IN: return check_in(c, n, l, r);
	case OP_MATCHES:
	case OP_CONTAINS:
	case OP_STARTS_WITH:
	case OP_ENDS_WITH:
		if (strings)
			return known(VALUE_BOOL);
		break;
	case OP_RANGE:
		if (may_be(l, VALUE_INT) && may_be(r, VALUE_INT))
			return (struct shape){ .kind = VALUE_ARRAY, .element = VALUE_INT, .element_known = true };
		break;
	case OP_ADD:
		if (!l.any && !r.any && strings)
			return known(VALUE_STRING);
		if (strings || numbers)
			return l.any || r.any				    ? any
			       : l.kind == VALUE_INT && r.kind == VALUE_INT ? known(VALUE_INT)
									    : known(VALUE_FLOAT);
		break;
	case OP_SUB:
	case OP_MUL:
		if (numbers)
			return l.any || r.any				    ? any
			       : l.kind == VALUE_INT && r.kind == VALUE_INT ? known(VALUE_INT)
									    : known(VALUE_FLOAT);
		break;
	case OP_DIV:
	case OP_POW:
		if (numbers)
			return known(VALUE_FLOAT);
		break;
	case OP_MOD:
		if (may_be(l, VALUE_INT) && may_be(r, VALUE_INT))
			return known(VALUE_INT);
		break;
	case OP_COALESCE:
		if (!l.any && !r.any && l.kind == r.kind)
			return l;
		return l.kind == VALUE_NIL && !l.any ? r : any;
	default: break;
	}
	return check_fail(c, n, "the operator does not take %s and %s", name(l), name(r));
}

static struct shape
check_member(struct check *c, const struct node *n)
{
	struct shape of = check_node(c, n->args[0]), key = check_node(c, n->args[1]);

	if (of.any)
		return any;
	if (of.kind == VALUE_MAP) {
		/* A map in a JSON result has string keys; one that the condition built may have any. */
		if (n->args[0]->kind == NODE_RESULT && !may_be(key, VALUE_STRING))
			return check_fail(c, n, "a map of strings has no member by %s", name(key));
		return any;
	}
	if (of.kind == VALUE_ARRAY) {
		if (!may_be_number(key))
			return check_fail(c, n, "a list has no member by %s", name(key));
		return of.element_known ? known(of.element) : any;
	}
	return check_fail(c, n, "%s has no members", name(of));
}

static struct shape
check_call(struct check *c, const struct node *n)
{
	struct shape *args = arena_new_array(c->arena, struct shape, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		if (n->builtin->closure && i == 1) {
			struct shape outer = c->element, outer_acc = c->acc;

			if (!may_be(args[0], VALUE_ARRAY))
				return check_fail(c, n, "%s needs a list, not %s", n->builtin->name, name(args[0]));
			c->element = !args[0].any && args[0].element_known ? known(args[0].element) : any;
			c->acc = any;
			args[1] = check_node(c, n->args[1]);
			c->element = outer;
			c->acc = outer_acc;
		} else {
			args[i] = check_node(c, n->args[i]);
		}
	}
	return c->err != NULL ? any : n->builtin->check(c, n, args);
}

static struct shape
check_array(struct check *c, const struct node *n)
{
	struct shape s = known(VALUE_ARRAY);

	for (size_t i = 0; i < n->n; i++) {
		struct shape e = check_node(c, n->args[i]);

		if (i == 0 && !e.any) {
			s.element = e.kind;
			s.element_known = true;
		} else if (e.any || e.kind != s.element) {
			s.element_known = false;
		}
	}
	return s;
}

struct shape
check_node(struct check *c, const struct node *n)
{
	struct shape s, t;

	if (c->err != NULL)
		return any;
	switch (n->kind) {
	case NODE_CONST: return known(n->value.kind);
	case NODE_RESULT: return c->result;
	case NODE_ELEMENT: return c->element;
	case NODE_ACC: return c->acc;
	case NODE_INDEX: return known(VALUE_INT);
	case NODE_UNARY:
		s = check_node(c, n->args[0]);
		if (n->op == OP_NOT ? may_be(s, VALUE_BOOL) : may_be_number(s))
			return s;
		return check_fail(c, n, "the operator does not take %s", name(s));
	case NODE_BINARY: return check_binary(c, n);
	case NODE_COND:
		s = check_node(c, n->args[0]);
		if (!may_be(s, VALUE_BOOL))
			return check_fail(c, n, "a condition must be a bool, not %s", name(s));
		s = check_node(c, n->args[1]);
		t = check_node(c, n->args[2]);
		return !s.any && !t.any && s.kind == t.kind ? s : any;
	case NODE_MEMBER: return check_member(c, n);
	case NODE_SLICE:
		s = check_node(c, n->args[0]);
		for (size_t i = 1; i < 3; i++)
			if (n->args[i] != NULL && !may_be(check_node(c, n->args[i]), VALUE_INT))
				return check_fail(c, n, "a bound must be an integer");
		if (!may_be(s, VALUE_ARRAY) && !may_be(s, VALUE_STRING))
			return check_fail(c, n, "%s cannot be cut", name(s));
		return s;
	case NODE_ARRAY: return check_array(c, n);
	case NODE_MAP:
		for (size_t i = 0; i < n->n; i++)
			check_node(c, n->args[i]);
		return known(VALUE_MAP);
	case NODE_CALL: return check_call(c, n);
	case NODE_CHAIN: s = check_node(c, n->args[0]); return s.any ? s : any;
	}
	return any;
}
