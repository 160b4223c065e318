/* analysis/condition/parse.c: a lexer and a precedence climber. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/condition.h"
#include "base/literal.h"
#include "base/str.h"

#define CONDITION_MAX 8192 /* bytes of text */
#define DEPTH_MAX 100
#define ITEMS_MAX 256 /* arguments, elements */

enum token { T_END, T_NUMBER, T_STRING, T_NAME, T_PUNCT };

struct parser {
	struct arena *arena;
	const char *text, *at;
	enum token token;
	const char *start; /* of the token */
	const char *word; /* NAME, PUNCT: its text */
	struct value value; /* NUMBER, STRING */
	int depth;
	bool in_closure;
	bool names; /* any name is a member of the result */
	struct err *err;
};

static const struct {
	const char *text;
	enum op op;
	int precedence;
	bool right;
} binary_ops[] = {
	{ "|", OP_NONE, 0, false },
	{ "or", OP_OR, 10, false },
	{ "||", OP_OR, 10, false },
	{ "and", OP_AND, 15, false },
	{ "&&", OP_AND, 15, false },
	{ "==", OP_EQ, 20, false },
	{ "!=", OP_NE, 20, false },
	{ "<", OP_LT, 20, false },
	{ "<=", OP_LE, 20, false },
	{ ">", OP_GT, 20, false },
	{ ">=", OP_GE, 20, false },
	{ "in", OP_IN, 20, false },
	{ "matches", OP_MATCHES, 20, false },
	{ "contains", OP_CONTAINS, 20, false },
	{ "startsWith", OP_STARTS_WITH, 20, false },
	{ "endsWith", OP_ENDS_WITH, 20, false },
	{ "..", OP_RANGE, 25, false },
	{ "+", OP_ADD, 30, false },
	{ "-", OP_SUB, 30, false },
	{ "*", OP_MUL, 60, false },
	{ "/", OP_DIV, 60, false },
	{ "%", OP_MOD, 60, false },
	{ "**", OP_POW, 100, true },
	{ "^", OP_POW, 100, true },
	{ "??", OP_COALESCE, 500, false },
};

#define PRECEDENCE_NOT 50
#define PRECEDENCE_SIGN 90

static struct node *expression(struct parser *, int precedence);
static void next(struct parser *);

static void
fail(struct parser *p, const char *what)
{
	if (p->err == NULL)
		p->err = err_new(p->arena, ERR_INVALID, "column %d: %s", (int)(p->start - p->text) + 1, what);
	p->token = T_END;
	p->at = p->text + strlen(p->text);
}

static void
string_token(struct parser *p)
{
	const char *end, *why, *text = literal_read(p->arena, p->at, CONDITION_MAX, &end, &why);

	if (text == NULL) {
		fail(p, why);
		return;
	}
	p->at = end;
	p->token = T_STRING;
	p->value = value_string(text);
}

static void
number_token(struct parser *p)
{
	char text[64];
	size_t n = 0;
	bool real = false;
	char *end;

	if (p->at[0] == '0' && p->at[1] != '\0' && strchr("xXoObB", p->at[1]) != NULL) {
		int base = tolower(p->at[1]) == 'x' ? 16 : tolower(p->at[1]) == 'o' ? 8 : 2;

		for (p->at += 2; isxdigit((unsigned char)*p->at) || *p->at == '_'; p->at++)
			if (*p->at != '_' && n < sizeof(text) - 1)
				text[n++] = *p->at;
		text[n] = '\0';
		errno = 0;
		p->value = value_int(strtoll(text, &end, base));
	} else {
		for (; isdigit((unsigned char)*p->at) || *p->at == '_' || (*p->at == '.' && p->at[1] != '.' && !real) ||
		       ((*p->at == 'e' || *p->at == 'E') && n > 0) ||
		       ((*p->at == '+' || *p->at == '-') && n > 0 && tolower(text[n - 1]) == 'e');
		     p->at++) {
			real |= *p->at == '.' || tolower(*p->at) == 'e';
			if (*p->at != '_' && n < sizeof(text) - 1)
				text[n++] = *p->at;
		}
		text[n] = '\0';
		errno = 0;
		p->value = real ? value_float(strtod(text, &end)) : value_int(strtoll(text, &end, 10));
	}
	p->token = T_NUMBER;
	if (n == 0 || *end != '\0' || (errno != 0 && !real) || isalpha((unsigned char)*p->at))
		fail(p, "not a number");
}

static void
next(struct parser *p)
{
	static const char *const puncts[] = { "?.", "??", "..", "**", "==", "!=", "<=", ">=", "&&", "||" };

	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (p->at[0] == '/' && p->at[1] == '/') {
			p->at += strcspn(p->at, "\n");
		} else if (p->at[0] == '/' && p->at[1] == '*') {
			const char *end = strstr(p->at + 2, "*/");

			p->start = p->at;
			if (end == NULL) {
				fail(p, "the comment does not end");
				return;
			}
			p->at = end + 2;
		} else {
			break;
		}
	}
	p->start = p->at;
	if (*p->at == '\0') {
		p->token = T_END;
		p->word = "";
	} else if (*p->at == '\'' || *p->at == '"' || *p->at == '`') {
		string_token(p);
	} else if (isdigit((unsigned char)*p->at) || (*p->at == '.' && isdigit((unsigned char)p->at[1]))) {
		number_token(p);
	} else if (isalpha((unsigned char)*p->at) || *p->at == '_' || *p->at == '$' || (unsigned char)*p->at >= 0x80) {
		while (
		    isalnum((unsigned char)*p->at) || *p->at == '_' || *p->at == '$' || (unsigned char)*p->at >= 0x80)
			p->at++;
		p->token = T_NAME;
		p->word = arena_strndup(p->arena, p->start, (size_t)(p->at - p->start));
	} else {
		size_t n = 1;

		for (size_t i = 0; i < ARRAY_SIZE(puncts); i++)
			if (str_starts(p->at, puncts[i]))
				n = 2;
		p->token = T_PUNCT;
		p->word = arena_strndup(p->arena, p->at, n);
		p->at += n;
	}
}

static bool
is(const struct parser *p, const char *word)
{
	return (p->token == T_PUNCT || p->token == T_NAME) && strcmp(p->word, word) == 0;
}

static bool
accept(struct parser *p, const char *word)
{
	if (!is(p, word))
		return false;
	next(p);
	return true;
}

static void
expect(struct parser *p, const char *word)
{
	if (!accept(p, word))
		fail(p, arena_printf(p->arena, "%s expected", word));
}

static struct node *
make(struct parser *p, enum node_kind kind, size_t n)
{
	struct node *node = arena_alloc(p->arena, sizeof(*node));

	node->kind = kind;
	node->column = (int)(p->start - p->text) + 1;
	node->args = arena_new_array(p->arena, struct node *, n > 0 ? n : 1);
	node->n = n;
	return node;
}

static struct node *
constant(struct parser *p, struct value v)
{
	struct node *n = make(p, NODE_CONST, 0);

	n->value = v;
	return n;
}

/* A predicate: { … } or a bare expression, over # . */
static struct node *
closure(struct parser *p)
{
	bool outer = p->in_closure, braces;
	struct node *n;

	p->in_closure = true;
	braces = accept(p, "{");
	n = expression(p, 0);
	if (braces)
		expect(p, "}");
	p->in_closure = outer;
	return n;
}

/* The arguments of a call after its "("; `first` is the one piped in, or NULL. */
static struct node *
call(struct parser *p, const char *name, struct node *first)
{
	const struct builtin *b = builtin_find(name);
	struct node *items[ITEMS_MAX], *n;
	size_t count = 0;

	if (b == NULL) {
		fail(p, arena_printf(p->arena, "unknown function %s", name));
		return constant(p, (struct value){ 0 });
	}
	if (first != NULL)
		items[count++] = first;
	while (p->err == NULL && !is(p, ")")) {
		if (count == ITEMS_MAX) {
			fail(p, "too many arguments");
			break;
		}
		items[count] = b->closure && count == 1 ? closure(p) : expression(p, 0);
		count++;
		if (!accept(p, ","))
			break;
	}
	expect(p, ")");
	if (p->err == NULL && ((int)count < b->min || (b->max >= 0 && (int)count > b->max)))
		fail(p, arena_printf(
			    p->arena, "%s takes %d%s arguments", name, b->min, b->max != b->min ? " or more" : ""));
	n = make(p, NODE_CALL, count);
	n->builtin = b;
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

static struct node *
list(struct parser *p, enum node_kind kind, const char *end)
{
	struct node *items[ITEMS_MAX], *n;
	size_t count = 0;

	while (p->err == NULL && !is(p, end)) {
		if (count + 2 > ITEMS_MAX) {
			fail(p, "too many elements");
			break;
		}
		if (kind == NODE_MAP) {
			if (p->token == T_NAME || p->token == T_STRING || p->token == T_NUMBER) {
				items[count++] = constant(p, p->token == T_NAME ? value_string(p->word) : p->value);
				next(p);
			} else {
				expect(p, "(");
				items[count++] = expression(p, 0);
				expect(p, ")");
			}
			expect(p, ":");
		}
		items[count++] = expression(p, 0);
		if (!accept(p, ","))
			break;
	}
	expect(p, end);
	n = make(p, kind, count);
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

static struct node *
member(struct parser *p, struct node *of, struct node *key, bool optional)
{
	struct node *n = make(p, NODE_MEMBER, 2);

	n->args[0] = of;
	n->args[1] = key;
	n->optional = optional;
	return n;
}

static struct node *
postfix(struct parser *p, struct node *n)
{
	bool chained = false;

	while (p->err == NULL) {
		bool optional = is(p, "?.");

		if (optional || is(p, ".")) {
			next(p);
			chained |= optional;
			if (optional && accept(p, "[")) {
				n = member(p, n, expression(p, 0), true);
				expect(p, "]");
				continue;
			}
			if (p->token != T_NAME) {
				fail(p, "a field's name expected");
				break;
			}
			n = member(p, n, constant(p, value_string(p->word)), optional);
			next(p);
		} else if (accept(p, "[")) {
			struct node *from = NULL, *to = NULL, *s;

			if (!is(p, ":"))
				from = expression(p, 0);
			if (accept(p, ":")) {
				if (!is(p, "]"))
					to = expression(p, 0);
				s = make(p, NODE_SLICE, 3);
				s->args[0] = n;
				s->args[1] = from;
				s->args[2] = to;
				n = s;
			} else {
				n = member(p, n, from, false);
			}
			expect(p, "]");
		} else {
			break;
		}
	}
	if (chained) {
		struct node *c = make(p, NODE_CHAIN, 1);

		c->args[0] = n;
		n = c;
	}
	return n;
}

static struct node *
conditional(struct parser *p)
{
	struct node *n = make(p, NODE_COND, 3);

	n->args[0] = expression(p, 0);
	expect(p, "{");
	n->args[1] = expression(p, 0);
	expect(p, "}");
	expect(p, "else");
	if (accept(p, "if")) {
		n->args[2] = conditional(p);
		return n;
	}
	expect(p, "{");
	n->args[2] = expression(p, 0);
	expect(p, "}");
	return n;
}

static struct node *
primary(struct parser *p)
{
	struct node *n;
	const char *name;

	if (p->token == T_NUMBER || p->token == T_STRING) {
		n = constant(p, p->value);
		next(p);
		return n->value.kind == VALUE_STRING ? postfix(p, n) : n;
	}
	if (accept(p, "(")) {
		n = expression(p, 0);
		expect(p, ")");
		return postfix(p, n);
	}
	if (accept(p, "["))
		return postfix(p, list(p, NODE_ARRAY, "]"));
	if (accept(p, "{"))
		return postfix(p, list(p, NODE_MAP, "}"));
	if (is(p, "#") || (is(p, ".") && p->in_closure)) {
		bool hash = is(p, "#");

		n = make(p, NODE_ELEMENT, 0);
		if (!p->in_closure)
			fail(p, "# is only known inside a predicate");
		if (hash) {
			bool adjacent = isalpha((unsigned char)*p->at);

			next(p);
			if (adjacent && (is(p, "acc") || is(p, "index"))) {
				n->kind = is(p, "acc") ? NODE_ACC : NODE_INDEX;
				next(p);
			}
		}
		return postfix(p, n);
	}
	if (p->token != T_NAME) {
		fail(p, p->token == T_END ? "the condition ends too early"
					  : arena_printf(p->arena, "unexpected %s", p->word));
		return constant(p, (struct value){ 0 });
	}
	name = p->word;
	if (accept(p, "true"))
		return constant(p, value_bool(true));
	if (accept(p, "false"))
		return constant(p, value_bool(false));
	if (accept(p, "nil"))
		return constant(p, (struct value){ 0 });
	if (accept(p, "if"))
		return conditional(p);
	next(p);
	if (accept(p, "("))
		return postfix(p, call(p, name, NULL));
	if (p->names)
		return postfix(p, member(p, make(p, NODE_RESULT, 0), constant(p, value_string(name)), false));
	if (strcmp(name, "result") != 0) {
		fail(p, arena_printf(p->arena, "unknown name %s", name));
		return constant(p, (struct value){ 0 });
	}
	return postfix(p, make(p, NODE_RESULT, 0));
}

static struct node *
unary(struct parser *p)
{
	static const struct {
		const char *text;
		enum op op;
		int precedence;
	} ops[] = { { "not", OP_NOT, PRECEDENCE_NOT }, { "!", OP_NOT, PRECEDENCE_NOT },
		{ "-", OP_NEG, PRECEDENCE_SIGN }, { "+", OP_PLUS, PRECEDENCE_SIGN } };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (is(p, ops[i].text)) {
			struct node *n = make(p, NODE_UNARY, 1);

			next(p);
			n->op = ops[i].op;
			n->args[0] = expression(p, ops[i].precedence);
			return n;
		}
	return primary(p);
}

/* The binary operator at this place; `not in`, `not matches` and the like set *ret_negated. -1: none. */
static int
binary_op(struct parser *p, bool *ret_negated)
{
	struct parser ahead = *p;
	const struct parser *q = p;

	*ret_negated = false;
	if (is(p, "not")) {
		next(&ahead);
		q = &ahead;
		*ret_negated = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(binary_ops); i++)
		if (is(q, binary_ops[i].text) && (!*ret_negated || isalpha((unsigned char)binary_ops[i].text[0])))
			return (int)i;
	return -1;
}

static struct node *
expression(struct parser *p, int precedence)
{
	struct node *left, *n;
	bool negated;
	int i;

	if (++p->depth > DEPTH_MAX) {
		fail(p, "nested too deeply");
		p->depth--;
		return constant(p, (struct value){ 0 });
	}
	left = unary(p);
	while (p->err == NULL && (i = binary_op(p, &negated)) >= 0 && binary_ops[i].precedence >= precedence) {
		if (negated)
			next(p);
		next(p);
		if (binary_ops[i].op == OP_NONE) {
			const char *name = p->word;

			if (p->token != T_NAME) {
				fail(p, "a function expected after |");
				break;
			}
			next(p);
			expect(p, "(");
			left = postfix(p, call(p, name, left));
			continue;
		}
		n = make(p, NODE_BINARY, 2);
		n->op = binary_ops[i].op;
		n->args[0] = left;
		n->args[1] =
		    expression(p, binary_ops[i].right ? binary_ops[i].precedence : binary_ops[i].precedence + 1);
		left = n;
		if (negated) {
			n = make(p, NODE_UNARY, 1);
			n->op = OP_NOT;
			n->args[0] = left;
			left = n;
		}
	}
	if (precedence == 0 && p->err == NULL && accept(p, "?")) {
		n = make(p, NODE_COND, 3);
		n->args[0] = left;
		n->args[1] = expression(p, 0);
		expect(p, ":");
		n->args[2] = expression(p, 0);
		left = n;
	}
	p->depth--;
	return left;
}

static struct err *
parse(struct arena *a, const char *text, bool names, struct condition_program **ret)
{
	struct parser p = { .arena = a, .text = text, .at = text, .start = text, .names = names };
	struct condition_program *program = arena_alloc(a, sizeof(*program));

	if (strlen(text) > CONDITION_MAX)
		return err_new(a, ERR_INVALID, "longer than %d bytes", CONDITION_MAX);
	next(&p);
	program->root = expression(&p, 0);
	if (p.err == NULL && p.token != T_END)
		fail(&p, arena_printf(a, "unexpected %s", p.token == T_PUNCT || p.token == T_NAME ? p.word : "value"));
	if (p.err != NULL)
		return p.err;
	*ret = program;
	return NULL;
}

struct err *
condition_parse(struct arena *a, const char *text, struct condition_program **ret)
{
	return parse(a, text, false, ret);
}

struct err *
condition_parse_names(struct arena *a, const char *text, struct condition_program **ret)
{
	return parse(a, text, true, ret);
}
