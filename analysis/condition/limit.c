/* analysis/condition/limit.c: the comparison with a number that decides a condition: its distance shows how close a
 * measurement was. */
#include <math.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/condition.h"

#define LIMIT_DEPTH_MAX 50 /* of && and || in each other */

struct limit_search {
	struct arena *arena;
	const struct value *result;
	int64_t now;
};

static const char *const limit_operators[] = {
	[OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">="
};

/* The same comparison with its sides exchanged. */
static enum op
limit_exchange(enum op op)
{
	switch (op) {
	case OP_LT: return OP_GT;
	case OP_LE: return OP_GE;
	case OP_GT: return OP_LT;
	case OP_GE: return OP_LE;
	default: return op;
	}
}

static bool
limit_holds(enum op op, double value, double limit)
{
	switch (op) {
	case OP_EQ: return value == limit;
	case OP_NE: return value != limit;
	case OP_LT: return value < limit;
	case OP_LE: return value <= limit;
	case OP_GT: return value > limit;
	default: return value >= limit;
	}
}

static bool
limit_read_number(const struct limit_search *s, const struct node *n, double *ret)
{
	struct condition_program program = { .root = (struct node *)n };
	struct value v;

	return condition_eval_value(s->arena, &program, s->result, s->now, &v) == NULL && value_number(&v, ret);
}

static bool
limit_is_number(const struct node *n)
{
	return n->kind == NODE_CONST || (n->kind == NODE_UNARY && n->op == OP_NEG && n->args[0]->kind == NODE_CONST);
}

/* Of two comparisons that both hold, or both do not, the closer one decides. */
static double
limit_closeness(const struct condition_limit *l)
{
	return fabs(l->value - l->limit) / fmax(fabs(l->limit), 1e-9);
}

static bool limit_find(const struct limit_search *, const struct node *, int depth, struct condition_limit *ret);

/* `a && b` is decided by the side that does not hold, `a || b` by the one that does. */
static bool
limit_find_of_both(const struct limit_search *s, const struct node *n, int depth, struct condition_limit *ret)
{
	struct condition_limit a, b;
	bool has_a = limit_find(s, n->args[0], depth + 1, &a), has_b = limit_find(s, n->args[1], depth + 1, &b);

	if (!has_a || !has_b)
		*ret = has_a ? a : b;
	else if (a.holds != b.holds)
		*ret = a.holds == (n->op == OP_OR) ? a : b;
	else
		*ret = limit_closeness(&a) <= limit_closeness(&b) ? a : b;
	return has_a || has_b;
}

static bool
limit_find(const struct limit_search *s, const struct node *n, int depth, struct condition_limit *ret)
{
	bool exchanged;

	*ret = (struct condition_limit){ 0 };
	if (depth > LIMIT_DEPTH_MAX || n->kind != NODE_BINARY)
		return false;
	if (n->op == OP_AND || n->op == OP_OR)
		return limit_find_of_both(s, n, depth, ret);
	exchanged = limit_is_number(n->args[0]);
	if (n->op < OP_EQ || n->op > OP_GE || (!exchanged && !limit_is_number(n->args[1])) ||
	    !limit_read_number(s, n->args[exchanged ? 1 : 0], &ret->value) ||
	    !limit_read_number(s, n->args[exchanged ? 0 : 1], &ret->limit))
		return false;
	ret->op = limit_operators[exchanged ? limit_exchange(n->op) : n->op];
	ret->holds = limit_holds(exchanged ? limit_exchange(n->op) : n->op, ret->value, ret->limit);
	return true;
}

bool
condition_find_limit(struct arena *a, const struct condition_program *p, const struct value *result, int64_t now,
    struct condition_limit *ret)
{
	struct limit_search s = { .arena = a, .result = result, .now = now };

	return p->n_variables == 0 && limit_find(&s, p->root, 0, ret);
}
