/* analysis/condition/eval.c: evaluation of a successCondition or failureCondition: a recursive walk over the tree,
 * within limits of steps and memory. Operators are here, functions in builtin_*.c. */
#include <math.h>
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/builtins.h"
#include "analysis/condition/condition.h"
#include "analysis/condition/go_time.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define STEPS_MAX 200000
#define BYTES_MAX (8u << 20)
#define NODES_MAX 1000000
#define RANGE_MAX 100000
#define TEXT_MAX (64u << 20)
#define MATCHING_MAX 2000000
#define ENTRY_BYTES 8 /* bytes that the comparison with one key costs */

struct value
eval_fail(struct eval *e, const char *format, ...)
{
	va_list ap;

	if (e->err == NULL) {
		va_start(ap, format);
		e->err = err_new(e->arena, ERR_INVALID, "%s", arena_vprintf(e->arena, format, ap));
		va_end(ap);
	}
	return (struct value){ 0 };
}

bool
eval_charge(struct eval *e, size_t bytes)
{
	if (bytes > e->bytes) {
		eval_fail(e, "it builds more than %u bytes", BYTES_MAX);
		return false;
	}
	e->bytes -= bytes;
	return true;
}

bool
eval_walk(struct eval *e, const struct value *v)
{
	size_t n = value_nodes(v, e->nodes);

	if (n > e->nodes) {
		eval_fail(e, "a list or map is larger than can be walked over");
		return false;
	}
	e->nodes -= n;
	return eval_read(e, value_text_len(v, e->text));
}

bool
eval_read(struct eval *e, size_t bytes)
{
	if (bytes > e->text) {
		eval_fail(e, "it reads more than %u bytes", TEXT_MAX);
		return false;
	}
	e->text -= bytes;
	return true;
}

/* Charges the strings among the arguments of a function, before it reads them. */
static bool
eval_read_texts(struct eval *e, const struct value *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i].kind == VALUE_STRING && !eval_read(e, args[i].s.len))
			return false;
	return true;
}

bool
eval_is_key(struct eval *e, const struct value *key)
{
	if (key->kind != VALUE_ARRAY && key->kind != VALUE_MAP)
		return true;
	if (e->err == NULL)
		eval_fail(e, "a key of a map cannot be %s", value_kind_name(key->kind));
	return false;
}

bool
eval_compare(struct eval *e, const struct value *a, const struct value *b, int *ret)
{
	double x, y;

	if (a->kind == VALUE_INT && b->kind == VALUE_INT) {
		*ret = a->i < b->i ? -1 : a->i > b->i;
		return true;
	}
	if (value_number(a, &x) && value_number(b, &y)) {
		*ret = x < y ? -1 : x > y ? 1 : x == y ? 0 : 2; /* 2: one is NaN */
		return true;
	}
	if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) {
		if (!eval_read(e, a->s.len < b->s.len ? a->s.len : b->s.len))
			return false;
		*ret = strcmp(a->s.at, b->s.at);
		*ret = *ret < 0 ? -1 : *ret > 0;
		return true;
	}
	if (a->kind == VALUE_TIME && b->kind == VALUE_TIME) {
		*ret = go_time_compare(a->time, b->time);
		return true;
	}
	if (a->kind == VALUE_DURATION && b->kind == VALUE_DURATION) {
		*ret = a->i < b->i ? -1 : a->i > b->i;
		return true;
	}
	eval_fail(e, "%s and %s cannot be compared", value_kind_name(a->kind), value_kind_name(b->kind));
	return false;
}

enum value_kind
time_arithmetic(enum op op, enum value_kind l, enum value_kind r)
{
	bool sum = op == OP_ADD || op == OP_SUB, number = l == VALUE_INT || l == VALUE_FLOAT;

	if (op == OP_SUB && l == VALUE_TIME && r == VALUE_TIME)
		return VALUE_DURATION;
	if ((sum && l == VALUE_TIME && r == VALUE_DURATION) || (op == OP_ADD && l == VALUE_DURATION && r == VALUE_TIME))
		return VALUE_TIME;
	if ((sum || op == OP_MUL) && l == VALUE_DURATION && r == VALUE_DURATION)
		return VALUE_DURATION;
	if (op == OP_MUL &&
	    ((l == VALUE_DURATION && (r == VALUE_INT || r == VALUE_FLOAT)) || (number && r == VALUE_DURATION)))
		return VALUE_DURATION;
	return VALUE_NIL;
}

/* Integers wrap, as those of Go. */
static int64_t
eval_integers(enum op op, int64_t l, int64_t r)
{
	uint64_t x = (uint64_t)l, y = (uint64_t)r;

	return (int64_t)(op == OP_ADD ? x + y : op == OP_SUB ? x - y : x * y);
}

static struct value
eval_times(enum op op, const struct value *l, const struct value *r)
{
	int64_t x = l->kind == VALUE_FLOAT ? int_of_double(l->f) : l->i;
	int64_t y = r->kind == VALUE_FLOAT ? int_of_double(r->f) : r->i;

	if (l->kind == VALUE_TIME && r->kind == VALUE_TIME)
		return value_duration(go_time_sub(l->time, r->time));
	if (l->kind == VALUE_TIME)
		return value_time(go_time_add(l->time, op == OP_ADD ? r->i : eval_integers(OP_SUB, 0, r->i)));
	if (r->kind == VALUE_TIME)
		return value_time(go_time_add(r->time, l->i));
	/* A duration times a float is a float of nanoseconds, although its checked type is a duration. */
	if (l->kind == VALUE_FLOAT || r->kind == VALUE_FLOAT)
		return value_float(
		    (l->kind == VALUE_FLOAT ? l->f : (double)x) * (r->kind == VALUE_FLOAT ? r->f : (double)y));
	return value_duration(eval_integers(op, x, y));
}

struct value
eval_arithmetic(struct eval *e, enum op op, const struct value *l, const struct value *r)
{
	double x, y;

	if (op == OP_ADD && l->kind == VALUE_STRING && r->kind == VALUE_STRING) {
		if (!eval_charge(e, l->s.len + r->s.len))
			return (struct value){ 0 };
		return value_string(arena_printf(e->arena, "%s%s", l->s.at, r->s.at));
	}
	if (time_arithmetic(op, l->kind, r->kind) != VALUE_NIL)
		return eval_times(op, l, r);
	if (op == OP_MOD) {
		if (l->kind != VALUE_INT || r->kind != VALUE_INT)
			return eval_fail(e, "%% takes integers");
		if (r->i == 0)
			return eval_fail(e, "integer divide by zero");
		return value_int(r->i == -1 ? 0 : l->i % r->i);
	}
	if (!value_number(l, &x) || !value_number(r, &y))
		return eval_fail(e, "%s and %s are not numbers", value_kind_name(l->kind), value_kind_name(r->kind));
	if (op == OP_DIV)
		return value_float(x / y);
	if (op == OP_POW)
		return value_float(pow(x, y));
	if (l->kind == VALUE_INT && r->kind == VALUE_INT)
		return value_int(eval_integers(op, l->i, r->i));
	return value_float(op == OP_ADD ? x + y : op == OP_SUB ? x - y : x * y);
}

static struct value
eval_range(struct eval *e, const struct value *l, const struct value *r)
{
	int64_t from = l->kind == VALUE_FLOAT ? int_of_double(l->f) : l->i;
	int64_t to = r->kind == VALUE_FLOAT ? int_of_double(r->f) : r->i;
	struct value v;

	if ((l->kind != VALUE_INT && l->kind != VALUE_FLOAT) || (r->kind != VALUE_INT && r->kind != VALUE_FLOAT))
		return eval_fail(e, ".. takes integers");
	if (to < from)
		return value_array(e->arena, 0);
	if ((uint64_t)to - (uint64_t)from >= RANGE_MAX)
		return eval_fail(e, "a range of more than %d", RANGE_MAX);
	if (!eval_charge(e, (size_t)(to - from + 1) * sizeof(v)))
		return value_array(e->arena, 0);
	v = value_array(e->arena, (size_t)(to - from + 1));
	for (size_t i = 0; i < v.array.n; i++)
		v.array.at[i] = value_int(from + (int64_t)i);
	return v;
}

/* nil is the key "" of a map of strings: the zero value of Go. */
static const struct value *
eval_key(const struct value *map, const struct value *key, struct value *empty)
{
	if (map->any_keys || key->kind != VALUE_NIL)
		return key;
	*empty = value_string("");
	return empty;
}

static struct value
eval_in(struct eval *e, const struct value *l, const struct value *r)
{
	struct value key;

	if (r->kind == VALUE_NIL)
		return value_bool(false);
	if (r->kind == VALUE_MAP && !r->any_keys && l->kind != VALUE_STRING && l->kind != VALUE_NIL)
		return eval_fail(e, "a map of strings has no key that is %s", value_kind_name(l->kind));
	if (r->kind == VALUE_MAP && !eval_read(e, r->map.n * ENTRY_BYTES))
		return (struct value){ 0 };
	if (r->kind == VALUE_MAP)
		return eval_is_key(e, l) ? value_bool(value_member(r, eval_key(r, l, &key)) != NULL)
					 : (struct value){ 0 };
	/* All fields of time.Time are private. */
	if (r->kind == VALUE_TIME && l->kind == VALUE_STRING)
		return value_bool(false);
	if (r->kind != VALUE_ARRAY)
		return eval_fail(e, "in needs a list or a map on its right, not %s", value_kind_name(r->kind));
	if (!eval_walk(e, r) || !eval_walk(e, l))
		return (struct value){ 0 };
	for (size_t i = 0; i < r->array.n; i++)
		if (value_equal(l, &r->array.at[i]))
			return value_bool(true);
	return value_bool(false);
}

static struct value
eval_text(struct eval *e, enum op op, const struct value *l, const struct value *r)
{
	if (l->kind == VALUE_NIL || r->kind == VALUE_NIL)
		return value_bool(false);
	if (l->kind != VALUE_STRING || r->kind != VALUE_STRING)
		return eval_fail(
		    e, "strings are needed, not %s and %s", value_kind_name(l->kind), value_kind_name(r->kind));
	if (!eval_read(e, l->s.len + r->s.len))
		return (struct value){ 0 };
	return value_bool(op == OP_CONTAINS	 ? strstr(l->s.at, r->s.at) != NULL
			  : op == OP_STARTS_WITH ? str_starts(l->s.at, r->s.at)
						 : str_ends(l->s.at, r->s.at));
}

bool
eval_folded(const struct node *n, bool *ret)
{
	const struct value *l, *r;
	bool x, y, has_x, has_y;

	if (n->kind == NODE_CONST && n->value.kind == VALUE_BOOL) {
		*ret = n->value.b;
		return true;
	}
	if (n->kind == NODE_UNARY && n->op == OP_NOT && eval_folded(n->args[0], &x)) {
		*ret = !x;
		return true;
	}
	if (n->kind != NODE_BINARY)
		return false;
	if (n->op == OP_EQ && n->args[0]->kind == NODE_CONST && n->args[1]->kind == NODE_CONST) {
		l = &n->args[0]->value;
		r = &n->args[1]->value;
		*ret = value_equal(l, r);
		return l->kind == r->kind && (l->kind == VALUE_INT || l->kind == VALUE_STRING || l->kind == VALUE_BOOL);
	}
	if (n->op != OP_AND && n->op != OP_OR)
		return false;
	has_x = eval_folded(n->args[0], &x);
	has_y = eval_folded(n->args[1], &y);
	*ret = n->op == OP_OR;
	if ((has_x && x == *ret) || (has_y && y == *ret))
		return true;
	*ret = !*ret;
	return has_x && has_y;
}

static bool
eval_is_string_list(const struct node *n)
{
	if (n->kind != NODE_ARRAY || n->n == 0)
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (n->args[i]->kind != NODE_CONST || n->args[i]->value.kind != VALUE_STRING)
			return false;
	return true;
}

static struct value
eval_binary(struct eval *e, const struct node *n)
{
	struct value l, r;
	bool folded;
	int c;

	/* expr folds `x || true` and `x && false` at compile time: x is not evaluated. */
	if ((n->op == OP_AND || n->op == OP_OR) && eval_folded(n->args[1], &folded) && folded == (n->op == OP_OR))
		return value_bool(folded);
	l = eval_node(e, n->args[0]);
	if (e->err != NULL)
		return l;
	if (n->op == OP_AND || n->op == OP_OR) {
		if (l.kind != VALUE_BOOL)
			return eval_fail(e, "%s is not a bool", value_kind_name(l.kind));
		if (l.b == (n->op == OP_OR))
			return l;
		return eval_node(e, n->args[1]);
	}
	if (n->op == OP_COALESCE)
		return l.kind != VALUE_NIL ? l : eval_node(e, n->args[1]);
	r = eval_node(e, n->args[1]);
	if (e->err != NULL)
		return r;
	switch (n->op) {
	case OP_EQ:
	case OP_NE:
		/* expr compares values of the checked type, and a member that does not exist is nil nevertheless. */
		if ((n->exact == VALUE_INT || n->exact == VALUE_STRING) && (l.kind != n->exact || r.kind != n->exact))
			return eval_fail(e, "nil is no %s", value_kind_name(n->exact));
		if (!eval_walk(e, &l) || !eval_walk(e, &r))
			return l;
		return value_bool(value_equal(&l, &r) == (n->op == OP_EQ));
	case OP_LT: return eval_compare(e, &l, &r, &c) ? value_bool(c == -1) : l;
	case OP_LE: return eval_compare(e, &l, &r, &c) ? value_bool(c == -1 || c == 0) : l;
	case OP_GT: return eval_compare(e, &l, &r, &c) ? value_bool(c == 1) : l;
	case OP_GE: return eval_compare(e, &l, &r, &c) ? value_bool(c == 1 || c == 0) : l;
	case OP_IN:
		/* expr makes a set of a list of string literals, which can contain only a string. */
		if (l.kind != VALUE_STRING && eval_is_string_list(n->args[1])) {
			if (l.kind != VALUE_NIL)
				return eval_fail(e, "%s cannot be in a list of strings", value_kind_name(l.kind));
			l = value_string("");
		}
		return eval_in(e, &l, &r);
	case OP_MATCHES: return eval_matches(e, &l, &r);
	case OP_CONTAINS:
	case OP_STARTS_WITH:
	case OP_ENDS_WITH: return eval_text(e, n->op, &l, &r);
	case OP_RANGE: return eval_range(e, &l, &r);
	default: return eval_arithmetic(e, n->op, &l, &r);
	}
}

struct value
eval_fetch(struct eval *e, const struct value *of, const struct value *key)
{
	const struct value *found;
	struct value empty;
	size_t n = of->kind == VALUE_STRING ? of->s.len : of->array.n;
	int64_t i;

	if (of->kind == VALUE_MAP && !of->any_keys && key->kind != VALUE_STRING && key->kind != VALUE_NIL)
		return eval_fail(e, "a map of strings has no member by %s", value_kind_name(key->kind));
	if (of->kind == VALUE_MAP) {
		if (!eval_is_key(e, key))
			return (struct value){ 0 };
		if (!eval_read(e, of->map.n * ENTRY_BYTES))
			return (struct value){ 0 };
		found = value_member(of, eval_key(of, key, &empty));
		return found != NULL ? *found : (struct value){ 0 };
	}
	if ((of->kind != VALUE_ARRAY && of->kind != VALUE_STRING) ||
	    (key->kind != VALUE_INT && key->kind != VALUE_FLOAT))
		return eval_fail(
		    e, "cannot fetch a member by %s from %s", value_kind_name(key->kind), value_kind_name(of->kind));
	i = key->kind == VALUE_INT ? key->i : int_of_double(key->f);
	if (i < 0)
		i += (int64_t)n;
	if (i < 0 || i >= (int64_t)n)
		return eval_fail(e, "index out of range: %lld (of %zu)", (long long)i, n);
	return of->kind == VALUE_STRING ? value_int((unsigned char)of->s.at[i]) : of->array.at[i];
}

/* Evaluates the left side of a link of a chain. False: the chain has ended, or an error is set. */
static bool
eval_link(struct eval *e, const struct node *n, struct value *ret)
{
	*ret = eval_node(e, n->args[0]);
	if (e->err != NULL || e->ended)
		return false;
	e->ended = n->optional && ret->kind == VALUE_NIL;
	return !e->ended;
}

static struct value
eval_member(struct eval *e, const struct node *n)
{
	struct value of, key;

	if (!eval_link(e, n, &of))
		return (struct value){ 0 };
	key = eval_node(e, n->args[1]);
	return e->err != NULL ? key : eval_fetch(e, &of, &key);
}

static struct value
eval_method(struct eval *e, const struct node *n)
{
	struct value *args = arena_new_array(e->arena, struct value, n->n);

	if (!eval_link(e, n, &args[0]))
		return (struct value){ 0 };
	for (size_t i = 1; i < n->n && e->err == NULL; i++)
		args[i] = eval_node(e, n->args[i]);
	return e->err != NULL || !eval_read_texts(e, args, n->n) ? (struct value){ 0 } : method_run(e, n, args);
}

static struct value
eval_chain(struct eval *e, const struct node *n)
{
	struct value v = eval_node(e, n->args[0]);

	if (!e->ended)
		return v;
	e->ended = false;
	return (struct value){ 0 };
}

static struct value
eval_slice(struct eval *e, const struct node *n)
{
	struct value of = eval_node(e, n->args[0]);
	int64_t len, bound[2];

	if (e->err != NULL)
		return of;
	if (of.kind != VALUE_ARRAY && of.kind != VALUE_STRING)
		return eval_fail(e, "cannot slice %s", value_kind_name(of.kind));
	len = (int64_t)(of.kind == VALUE_ARRAY ? of.array.n : of.s.len);
	bound[0] = 0;
	bound[1] = len;
	for (int k = 0; k < 2; k++) {
		struct value v;

		if (n->args[k + 1] == NULL)
			continue;
		v = eval_node(e, n->args[k + 1]);
		if (e->err != NULL)
			return v;
		if (v.kind != VALUE_INT && v.kind != VALUE_FLOAT)
			return eval_fail(e, "a bound must be an integer");
		bound[k] = v.kind == VALUE_INT ? v.i : int_of_double(v.f);
		bound[k] = bound[k] < 0 ? bound[k] + len : bound[k];
		bound[k] = bound[k] < 0 ? 0 : bound[k] > len ? len : bound[k];
	}
	if (bound[0] > bound[1])
		bound[0] = bound[1];
	if (of.kind == VALUE_ARRAY) {
		of.array.at += bound[0];
		of.array.n = (size_t)(bound[1] - bound[0]);
		return of;
	}
	if (!eval_charge(e, (size_t)(bound[1] - bound[0]) + 1))
		return (struct value){ 0 };
	return value_string(arena_strndup(e->arena, of.s.at + bound[0], (size_t)(bound[1] - bound[0])));
}

static struct value
eval_call(struct eval *e, const struct node *n)
{
	struct value *args = arena_new_array(e->arena, struct value, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		if (n->builtin->closure && i == 1)
			continue; /* evaluated by the function for each element */
		args[i] = eval_node(e, n->args[i]);
		if (e->err != NULL)
			return args[i];
	}
	if (!n->builtin->walks && !eval_read_texts(e, args, n->n))
		return args[0];
	for (size_t i = 0; n->builtin->walks && i < n->n; i++)
		if (!(n->builtin->closure && i == 1) && !eval_walk(e, &args[i]))
			return args[i];
	if (n->builtin->closure && args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "%s needs a list, not %s", n->builtin->name, value_kind_name(args[0].kind));
	return n->builtin->run(e, n, args);
}

static struct value
eval_unary(struct eval *e, const struct node *n)
{
	struct value v = eval_node(e, n->args[0]);

	if (e->err != NULL)
		return v;
	if (n->op == OP_NOT)
		return v.kind == VALUE_BOOL ? value_bool(!v.b)
					    : eval_fail(e, "%s is not a bool", value_kind_name(v.kind));
	if (n->op == OP_PLUS)
		return v;
	if (v.kind == VALUE_INT)
		return value_int(eval_integers(OP_SUB, 0, v.i));
	return v.kind == VALUE_FLOAT ? value_float(-v.f) : eval_fail(e, "%s is not a number", value_kind_name(v.kind));
}

static struct value
eval_map(struct eval *e, const struct node *n)
{
	struct value v = { .kind = VALUE_MAP };

	if (!eval_charge(e, n->n * sizeof(struct value_entry)))
		return v;
	v.map.at = arena_new_array(e->arena, struct value_entry, n->n / 2);
	for (size_t i = 0; i + 1 < n->n && e->err == NULL; i += 2) {
		struct value key = eval_node(e, n->args[i]), value = eval_node(e, n->args[i + 1]);

		if (e->err == NULL && key.kind != VALUE_STRING)
			return eval_fail(e, "a key of a map must be a string, not %s", value_kind_name(key.kind));
		/* expr fills a map from its end: if a key occurs twice, the first value remains. */
		if (e->err == NULL && value_member(&v, &key) == NULL)
			v.map.at[v.map.n++] = (struct value_entry){ key, value };
	}
	return v;
}

static struct value
eval_array(struct eval *e, const struct node *n)
{
	struct value v = { .kind = VALUE_ARRAY };

	if (!eval_charge(e, n->n * sizeof(v)))
		return v;
	v = value_array(e->arena, n->n);
	for (size_t i = 0; i < n->n; i++)
		v.array.at[i] = eval_node(e, n->args[i]);
	return v;
}

static struct value
eval_env(struct eval *e)
{
	struct value v = { .kind = VALUE_MAP };

	v.map.at = arena_new_array(e->arena, struct value_entry, 1);
	v.map.at[v.map.n++] = (struct value_entry){ value_string("result"), *e->result };
	return v;
}

struct value
eval_node(struct eval *e, const struct node *n)
{
	struct value v = { 0 };

	if (e->err != NULL)
		return v;
	if (e->steps == 0)
		return eval_fail(e, "more than %d steps", STEPS_MAX);
	e->steps--;
	switch (n->kind) {
	case NODE_CONST: return n->value;
	case NODE_RESULT: return *e->result;
	case NODE_ENV: return eval_env(e);
	case NODE_VARIABLE: return e->variables[n->slot];
	case NODE_ELEMENT: return e->element;
	case NODE_ACC: return e->acc;
	case NODE_INDEX: return value_int(e->index);
	case NODE_UNARY: return eval_unary(e, n);
	case NODE_BINARY: return eval_binary(e, n);
	case NODE_COND:
		v = eval_node(e, n->args[0]);
		if (e->err == NULL && v.kind != VALUE_BOOL)
			return eval_fail(e, "%s is not a bool", value_kind_name(v.kind));
		return e->err != NULL ? v : eval_node(e, n->args[v.b ? 1 : 2]);
	case NODE_LET: e->variables[n->slot] = eval_node(e, n->args[0]); return eval_node(e, n->args[1]);
	case NODE_SEQUENCE:
		for (size_t i = 0; i < n->n; i++)
			v = eval_node(e, n->args[i]);
		return v;
	case NODE_MEMBER: return eval_member(e, n);
	case NODE_SLICE: return eval_slice(e, n);
	case NODE_ARRAY: return eval_array(e, n);
	case NODE_MAP: return eval_map(e, n);
	case NODE_CALL: return eval_call(e, n);
	case NODE_METHOD: return eval_method(e, n);
	case NODE_CHAIN: return eval_chain(e, n);
	}
	return v;
}

static struct err *
eval_check(struct arena *a, const struct condition_program *program, const struct value *like, struct shape *ret)
{
	const bool structs = like->kind == VALUE_ARRAY && like->structs && like->array.n > 0;
	const struct shape element = structs ? (struct shape){ .kind = VALUE_MAP, .fields = &like->array.at[0] }
					     : (struct shape){ .kind = VALUE_FLOAT };
	struct check c = { .arena = a,
		.result = { .kind = like->kind,
		    .typed = like->floats,
		    .element = like->floats || structs ? &element : NULL },
		.variables = arena_new_array(a, struct shape, program->n_variables) };

	*ret = check_node(&c, program->root);
	ret->element = NULL; /* it may point to objects of this call */
	return c.err;
}

struct err *
condition_fits(struct arena *a, const struct condition_program *program, const struct value *like)
{
	struct shape s;
	struct err *e = eval_check(a, program, like, &s);

	if (e == NULL && !s.any && s.kind != VALUE_BOOL)
		e = err_new(a, ERR_INVALID, "expected bool, but got %s", value_kind_name(s.kind));
	return e;
}

struct err *
condition_eval_value(struct arena *a, const struct condition_program *program, const struct value *result, int64_t now,
    struct value *ret)
{
	struct eval e = { .arena = a,
		.result = result,
		.now = now,
		.steps = STEPS_MAX,
		.bytes = BYTES_MAX,
		.nodes = NODES_MAX,
		.text = TEXT_MAX,
		.pattern_steps = MATCHING_MAX,
		.variables = arena_new_array(a, struct value, program->n_variables) };
	struct shape shape;
	struct err *err = eval_check(a, program, result, &shape);

	if (err != NULL)
		return err;
	*ret = eval_node(&e, program->root);
	/* The caller visits all values in the value. */
	if (e.err == NULL)
		eval_walk(&e, ret);
	return e.err;
}

static struct err *
condition_eval_kind(struct arena *a, const struct condition_program *program, const struct value *result, int64_t now,
    enum value_kind want, struct value *ret)
{
	struct err *e = condition_eval_value(a, program, result, now, ret);

	if (e == NULL && ret->kind != want)
		e = err_new(
		    a, ERR_INVALID, "expected %s, but got %s", value_kind_name(want), value_kind_name(ret->kind));
	return e;
}

struct err *
condition_eval(
    struct arena *a, const struct condition_program *program, const struct value *result, int64_t now, bool *ret)
{
	struct value v;
	struct err *e = condition_eval_kind(a, program, result, now, VALUE_BOOL, &v);

	if (e == NULL)
		*ret = v.b;
	return e;
}

struct err *
condition_eval_time(struct arena *a, const struct condition_program *program, int64_t now, int64_t *ret)
{
	const struct value nil = { .kind = VALUE_NIL };
	struct value v;
	struct err *e = condition_eval_kind(a, program, &nil, now, VALUE_TIME, &v);

	if (e == NULL)
		*ret = go_time_ms(v.time);
	return e;
}
