/* analysis/condition/eval.c: the evaluator. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/condition.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

#define STEPS_MAX 200000
#define BYTES_MAX (8u << 20)
#define RANGE_MAX 100000
#define MATCH_LIMIT 100000
#define MATCH_DEPTH 1000

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
eval_compare(struct eval *e, const struct value *a, const struct value *b, int *ret)
{
	double x, y;

	if (a->kind == VALUE_INT && b->kind == VALUE_INT) {
		*ret = a->i < b->i ? -1 : a->i > b->i;
		return true;
	}
	if (value_number(a, &x) && value_number(b, &y)) {
		*ret = x < y ? -1 : x > y ? 1 : x == y ? 0 : 2; /* 2: NaN, neither */
		return true;
	}
	if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) {
		*ret = strcmp(a->s.at, b->s.at);
		*ret = *ret < 0 ? -1 : *ret > 0;
		return true;
	}
	if ((a->kind == VALUE_TIME || a->kind == VALUE_DURATION) && a->kind == b->kind) {
		*ret = a->i < b->i ? -1 : a->i > b->i;
		return true;
	}
	eval_fail(e, "%s and %s cannot be compared", value_kind_name(a->kind), value_kind_name(b->kind));
	return false;
}

enum value_kind
time_arithmetic(enum op op, enum value_kind l, enum value_kind r)
{
	if (op == OP_SUB && l == VALUE_TIME && r == VALUE_TIME)
		return VALUE_DURATION;
	if ((op == OP_ADD || op == OP_SUB) && l == VALUE_TIME && r == VALUE_DURATION)
		return VALUE_TIME;
	if (op == OP_ADD && l == VALUE_DURATION && r == VALUE_TIME)
		return VALUE_TIME;
	if ((op == OP_ADD || op == OP_SUB) && l == VALUE_DURATION && r == VALUE_DURATION)
		return VALUE_DURATION;
	return VALUE_NIL;
}

static struct value
arithmetic(struct eval *e, enum op op, const struct value *l, const struct value *r)
{
	enum value_kind moment;
	double x, y;

	if (op == OP_ADD && l->kind == VALUE_STRING && r->kind == VALUE_STRING) {
		if (!eval_charge(e, l->s.len + r->s.len))
			return (struct value){ 0 };
		return value_string(arena_printf(e->arena, "%s%s", l->s.at, r->s.at));
	}
	if ((moment = time_arithmetic(op, l->kind, r->kind)) != VALUE_NIL)
		return (struct value){ .kind = moment, .i = time_add(l->i, op == OP_ADD ? r->i : -r->i) };
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
	if (l->kind == VALUE_INT && r->kind == VALUE_INT) {
		/* Go's integers wrap. */
		uint64_t i = (uint64_t)l->i, k = (uint64_t)r->i;

		return value_int((int64_t)(op == OP_ADD ? i + k : op == OP_SUB ? i - k : i * k));
	}
	return value_float(op == OP_ADD ? x + y : op == OP_SUB ? x - y : x * y);
}

static struct value
matches(struct eval *e, const struct value *l, const struct value *r)
{
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_code *code;
	PCRE2_UCHAR text[120];
	PCRE2_SIZE at;
	int error, rc;

	if (l->kind == VALUE_NIL || r->kind == VALUE_NIL)
		return value_bool(false);
	if (l->kind != VALUE_STRING || r->kind != VALUE_STRING)
		return eval_fail(
		    e, "matches takes strings, not %s and %s", value_kind_name(l->kind), value_kind_name(r->kind));
	code = pcre2_compile((PCRE2_SPTR)r->s.at, r->s.len, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, text, sizeof(text));
		return eval_fail(e, "matches '%s': %s at %zu", r->s.at, (const char *)text, at);
	}
	context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_depth_limit(context, MATCH_DEPTH);
	pcre2_set_heap_limit(context, 4096);
	data = pcre2_match_data_create(1, NULL);
	rc = pcre2_match(code, (PCRE2_SPTR)l->s.at, l->s.len, 0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
		pcre2_get_error_message(rc, text, sizeof(text));
		return eval_fail(e, "matches '%s': %s", r->s.at, (const char *)text);
	}
	return value_bool(rc >= 0);
}

static struct value
range(struct eval *e, const struct value *l, const struct value *r)
{
	struct value v;

	if (l->kind != VALUE_INT || r->kind != VALUE_INT)
		return eval_fail(e, ".. takes integers");
	if (r->i < l->i)
		return value_array(e->arena, 0);
	if ((uint64_t)r->i - (uint64_t)l->i >= RANGE_MAX)
		return eval_fail(e, "a range of more than %d", RANGE_MAX);
	v = value_array(e->arena, (size_t)(r->i - l->i + 1));
	for (size_t i = 0; i < v.array.n; i++)
		v.array.at[i] = value_int(l->i + (int64_t)i);
	return v;
}

static struct value
in(struct eval *e, const struct value *l, const struct value *r)
{
	if (r->kind == VALUE_NIL)
		return value_bool(false);
	if (r->kind == VALUE_MAP)
		return value_bool(value_member(r, l) != NULL);
	if (r->kind != VALUE_ARRAY)
		return eval_fail(e, "in needs a list or a map on its right, not %s", value_kind_name(r->kind));
	for (size_t i = 0; i < r->array.n; i++)
		if (value_equal(l, &r->array.at[i]))
			return value_bool(true);
	return value_bool(false);
}

static struct value
text_op(struct eval *e, enum op op, const struct value *l, const struct value *r)
{
	if (l->kind == VALUE_NIL || r->kind == VALUE_NIL)
		return value_bool(false);
	if (l->kind != VALUE_STRING || r->kind != VALUE_STRING)
		return eval_fail(
		    e, "strings are needed, not %s and %s", value_kind_name(l->kind), value_kind_name(r->kind));
	return value_bool(op == OP_CONTAINS	 ? strstr(l->s.at, r->s.at) != NULL
			  : op == OP_STARTS_WITH ? str_starts(l->s.at, r->s.at)
						 : str_ends(l->s.at, r->s.at));
}

static struct value
eval_binary(struct eval *e, const struct node *n)
{
	const struct node *right = n->args[1];
	struct value l, r;
	int c;

	/* The original folds `x || true` and `x && false` when it compiles: x never runs. */
	if ((n->op == OP_AND || n->op == OP_OR) && right->kind == NODE_CONST && right->value.kind == VALUE_BOOL &&
	    right->value.b == (n->op == OP_OR))
		return right->value;
	l = eval_node(e, n->args[0]);
	if (e->err != NULL)
		return l;
	if (n->op == OP_AND || n->op == OP_OR) {
		if (l.kind != VALUE_BOOL)
			return eval_fail(e, "%s is not a bool", value_kind_name(l.kind));
		if (l.b == (n->op == OP_OR))
			return l;
		r = eval_node(e, n->args[1]);
		if (e->err == NULL && r.kind != VALUE_BOOL)
			return eval_fail(e, "%s is not a bool", value_kind_name(r.kind));
		return r;
	}
	if (n->op == OP_COALESCE)
		return l.kind != VALUE_NIL ? l : eval_node(e, n->args[1]);
	r = eval_node(e, n->args[1]);
	if (e->err != NULL)
		return r;
	switch (n->op) {
	case OP_EQ: return value_bool(value_equal(&l, &r));
	case OP_NE: return value_bool(!value_equal(&l, &r));
	case OP_LT: return eval_compare(e, &l, &r, &c) ? value_bool(c == -1) : l;
	case OP_LE: return eval_compare(e, &l, &r, &c) ? value_bool(c == -1 || c == 0) : l;
	case OP_GT: return eval_compare(e, &l, &r, &c) ? value_bool(c == 1) : l;
	case OP_GE: return eval_compare(e, &l, &r, &c) ? value_bool(c == 1 || c == 0) : l;
	case OP_IN: return in(e, &l, &r);
	case OP_MATCHES: return matches(e, &l, &r);
	case OP_CONTAINS:
	case OP_STARTS_WITH:
	case OP_ENDS_WITH: return text_op(e, n->op, &l, &r);
	case OP_RANGE: return range(e, &l, &r);
	default: return arithmetic(e, n->op, &l, &r);
	}
}

/* Sets *ret_nil when an optional link met nil: the whole chain is nil then. */
static struct value
eval_member(struct eval *e, const struct node *n)
{
	struct value of = eval_node(e, n->args[0]), key;
	const struct value *found;
	int64_t i;

	if (e->err != NULL)
		return of;
	key = eval_node(e, n->args[1]);
	if (e->err != NULL)
		return key;
	if (of.kind == VALUE_NIL && n->optional)
		return of;
	if (of.kind == VALUE_MAP) {
		found = value_member(&of, &key);
		return found != NULL ? *found : (struct value){ 0 };
	}
	if (of.kind != VALUE_ARRAY || (key.kind != VALUE_INT && key.kind != VALUE_FLOAT))
		return eval_fail(e, "cannot fetch %s from %s", value_text(e->arena, &key), value_kind_name(of.kind));
	i = key.kind == VALUE_INT ? key.i : int_of_double(key.f);
	if (i < 0)
		i += (int64_t)of.array.n;
	if (i < 0 || i >= (int64_t)of.array.n)
		return eval_fail(e, "index out of range: %lld (of %zu)", (long long)i, of.array.n);
	return of.array.at[i];
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
		if (v.kind != VALUE_INT)
			return eval_fail(e, "a bound must be an integer");
		bound[k] = v.i < 0 ? v.i + len : v.i;
		bound[k] = bound[k] < 0 ? 0 : bound[k] > len ? len : bound[k];
	}
	if (bound[0] > bound[1])
		bound[0] = bound[1];
	if (of.kind == VALUE_ARRAY) {
		of.array.at += bound[0];
		of.array.n = (size_t)(bound[1] - bound[0]);
		return of;
	}
	return value_string(arena_strndup(e->arena, of.s.at + bound[0], (size_t)(bound[1] - bound[0])));
}

static struct value
eval_call(struct eval *e, const struct node *n)
{
	struct value *args = arena_new_array(e->arena, struct value, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		if (n->builtin->closure && i == 1)
			continue; /* evaluated by the function, once an element */
		args[i] = eval_node(e, n->args[i]);
		if (e->err != NULL)
			return args[i];
	}
	if (n->builtin->closure && args[0].kind != VALUE_ARRAY)
		return eval_fail(e, "%s needs a list, not %s", n->builtin->name, value_kind_name(args[0].kind));
	return n->builtin->run(e, n, args);
}

struct value
eval_node(struct eval *e, const struct node *n)
{
	struct value v;

	if (e->err != NULL)
		return (struct value){ 0 };
	if (e->steps-- == 0)
		return eval_fail(e, "more than %d steps", STEPS_MAX);
	switch (n->kind) {
	case NODE_CONST: return n->value;
	case NODE_RESULT: return *e->result;
	case NODE_ELEMENT: return e->element;
	case NODE_ACC: return e->acc;
	case NODE_INDEX: return value_int(e->index);
	case NODE_UNARY:
		v = eval_node(e, n->args[0]);
		if (e->err != NULL)
			return v;
		if (n->op == OP_NOT)
			return v.kind == VALUE_BOOL ? value_bool(!v.b)
						    : eval_fail(e, "%s is not a bool", value_kind_name(v.kind));
		if (v.kind == VALUE_INT)
			return value_int(n->op == OP_NEG ? (int64_t) - (uint64_t)v.i : v.i);
		if (v.kind == VALUE_FLOAT)
			return value_float(n->op == OP_NEG ? -v.f : v.f);
		return eval_fail(e, "%s is not a number", value_kind_name(v.kind));
	case NODE_BINARY: return eval_binary(e, n);
	case NODE_COND:
		v = eval_node(e, n->args[0]);
		if (e->err == NULL && v.kind != VALUE_BOOL)
			return eval_fail(e, "%s is not a bool", value_kind_name(v.kind));
		return e->err != NULL ? v : eval_node(e, n->args[v.b ? 1 : 2]);
	case NODE_MEMBER: return eval_member(e, n);
	case NODE_SLICE: return eval_slice(e, n);
	case NODE_ARRAY:
		v = value_array(e->arena, n->n);
		for (size_t i = 0; i < n->n; i++)
			v.array.at[i] = eval_node(e, n->args[i]);
		return v;
	case NODE_MAP:
		v = (struct value){ .kind = VALUE_MAP };
		v.map.at = arena_new_array(e->arena, struct value_entry, n->n / 2);
		for (size_t i = 0; i + 1 < n->n; i += 2)
			v.map.at[v.map.n++] =
			    (struct value_entry){ eval_node(e, n->args[i]), eval_node(e, n->args[i + 1]) };
		return v;
	case NODE_CALL: return eval_call(e, n);
	case NODE_CHAIN: return eval_node(e, n->args[0]);
	}
	return (struct value){ 0 };
}

struct err *
condition_eval_value(struct arena *a, const struct condition_program *program, const struct value *result, int64_t now,
    struct value *ret)
{
	struct eval e = { .arena = a, .result = result, .now = now, .steps = STEPS_MAX, .bytes = BYTES_MAX };
	struct check c = { .arena = a,
		.result = { .kind = result->kind, .element = VALUE_FLOAT, .element_known = result->floats } };

	check_node(&c, program->root);
	if (c.err != NULL)
		return c.err;
	*ret = eval_node(&e, program->root);
	return e.err;
}

static struct err *
run(struct arena *a, const struct condition_program *program, const struct value *result, int64_t now,
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
	struct err *e = run(a, program, result, now, VALUE_BOOL, &v);

	if (e == NULL)
		*ret = v.b;
	return e;
}

struct err *
condition_eval_time(struct arena *a, const struct condition_program *program, int64_t now, int64_t *ret)
{
	const struct value nil = { .kind = VALUE_NIL };
	struct value v;
	struct err *e = run(a, program, &nil, now, VALUE_TIME, &v);

	if (e == NULL)
		*ret = v.i;
	return e;
}
