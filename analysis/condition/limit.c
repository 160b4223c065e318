/* analysis/condition/limit.c: the comparisons with a number that decide a condition: their distances show how close a
 * measurement was. */
#include <math.h>
#include <string.h>
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

/* The comparisons that decide a part of the condition: none if it is decided by something else. */
struct limit_found {
	bool known; /* the part has a value */
	bool holds;
	struct condition_limit at[CONDITION_LIMITS_MAX];
	size_t n;
};

static struct limit_found limit_find(const struct limit_search *, const struct node *, int depth);

/* Returns how far the measured value is from the number, relative to it. */
static double
limit_distance(const struct condition_limit *l)
{
	return fabs(l->value - l->limit) / fmax(fabs(l->limit), 1e-9);
}

static void
limit_add(struct limit_found *to, const struct limit_found *from)
{
	for (size_t i = 0; i < from->n && to->n < CONDITION_LIMITS_MAX; i++)
		to->at[to->n++] = from->at[i];
}

/* Keeps the comparison that is the closest to its limit. */
static void
limit_keep_closest(struct limit_found *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (limit_distance(&f->at[i]) < limit_distance(&f->at[0]))
			f->at[0] = f->at[i];
	f->n = f->n > 0 ? 1 : 0;
}

/* `a && b` is decided by the sides that do not hold, `a || b` by those that do; without one, by the closest of all. */
static struct limit_found
limit_find_of_both(const struct limit_search *s, const struct node *n, int depth)
{
	struct limit_found a = limit_find(s, n->args[0], depth + 1), b = limit_find(s, n->args[1], depth + 1);
	bool decides = n->op == OP_OR;

	if (a.known && b.known && a.holds == b.holds) {
		limit_add(&a, &b);
		if (a.holds != decides)
			limit_keep_closest(&a);
		return a;
	}
	if (a.known && a.holds == decides)
		return a;
	return b.known && b.holds == decides ? b : (struct limit_found){ 0 };
}

/* The length of a list is no measured value. */
static bool
limit_counts(const struct node *n)
{
	return n->kind == NODE_CALL && (strcmp(n->builtin->name, "len") == 0 || strcmp(n->builtin->name, "count") == 0);
}

/* Sets a comparison of a node with a number; `element`: the value of # in it. Returns false if it is something else. */
static bool
limit_compare(
    const struct limit_search *s, const struct node *n, const struct value *element, struct condition_limit *ret)
{
	bool exchanged = n->kind == NODE_BINARY && limit_is_number(n->args[0]);
	const struct node *side = n->kind == NODE_BINARY ? n->args[exchanged ? 1 : 0] : NULL;
	enum op op = exchanged ? limit_exchange(n->op) : n->op;

	*ret = (struct condition_limit){ 0 };
	if (side == NULL || n->op < OP_EQ || n->op > OP_GE || (!exchanged && !limit_is_number(n->args[1])) ||
	    limit_counts(side) || (side->kind == NODE_ELEMENT) != (element != NULL))
		return false;
	if (!limit_read_number(s, n->args[exchanged ? 0 : 1], &ret->limit) ||
	    !(element != NULL ? value_number(element, &ret->value) : limit_read_number(s, side, &ret->value)))
		return false;
	ret->op = limit_operators[op];
	ret->holds = limit_holds(op, ret->value, ret->limit);
	return true;
}

/* A number shows more than NaN or an infinite value. */
static bool
limit_is_farther(const struct condition_limit *l, const struct condition_limit *than)
{
	if (!isfinite(l->value) || !isfinite(than->value))
		return isfinite(l->value);
	return limit_distance(l) > limit_distance(than);
}

/* all(list, # < 0.05) is decided by an element that does not hold, any(...) by one that does: the farthest from the
 * limit. Without one, by the closest of all. */
static struct limit_found
limit_find_of_elements(const struct limit_search *s, const struct node *n)
{
	struct condition_program list = { .root = n->args[0] };
	bool decides = strcmp(n->builtin->name, "any") == 0;
	struct limit_found f = { .known = true, .holds = !decides };
	struct condition_limit one;
	struct value v;

	if (condition_eval_value(s->arena, &list, s->result, s->now, &v) != NULL || v.kind != VALUE_ARRAY)
		return (struct limit_found){ 0 };
	for (size_t i = 0; i < v.array.n; i++) {
		bool deciding;

		if (!limit_compare(s, n->args[1], &v.array.at[i], &one))
			return (struct limit_found){ 0 };
		deciding = one.holds == decides;
		if (f.n == 0 || (deciding && (f.holds != decides || limit_is_farther(&one, &f.at[0]))) ||
		    (!deciding && f.holds != decides && limit_distance(&one) < limit_distance(&f.at[0])))
			f.at[0] = one;
		f.n = 1;
		f.holds = one.holds == decides ? decides : f.holds;
	}
	return f;
}

static struct limit_found
limit_find(const struct limit_search *s, const struct node *n, int depth)
{
	struct limit_found f = { 0 };
	struct condition_program program = { .root = (struct node *)n };
	struct value v;

	if (depth > LIMIT_DEPTH_MAX)
		return f;
	if (n->kind == NODE_BINARY && (n->op == OP_AND || n->op == OP_OR))
		return limit_find_of_both(s, n, depth);
	if (n->kind == NODE_CALL && n->n == 2 &&
	    (strcmp(n->builtin->name, "all") == 0 || strcmp(n->builtin->name, "any") == 0))
		f = limit_find_of_elements(s, n);
	else if (limit_compare(s, n, NULL, &f.at[0]))
		f = (struct limit_found){ true, f.at[0].holds, { f.at[0] }, 1 };
	if (!f.known && condition_eval_value(s->arena, &program, s->result, s->now, &v) == NULL && v.kind == VALUE_BOOL)
		f = (struct limit_found){ .known = true, .holds = v.b };
	return f;
}

size_t
condition_find_limits(struct arena *a, const struct condition_program *p, const struct value *result, int64_t now,
    struct condition_limit ret[CONDITION_LIMITS_MAX])
{
	struct limit_search s = { .arena = a, .result = result, .now = now };
	struct limit_found f = { 0 };

	if (p->n_variables == 0)
		f = limit_find(&s, p->root, 0);
	memcpy(ret, f.at, f.n * sizeof(*ret));
	return f.n;
}
