/* analysis/condition/parse.c: parser of conditions: recursive descent with operator precedence; it returns the tree,
 * or an error with the column. */
#include <string.h>
#include "analysis/condition/ast.h"
#include "analysis/condition/condition.h"
#include "analysis/condition/lex.h"
#include "base/str.h"

#define CONDITION_MAX 8192 /* bytes of text */
#define DEPTH_MAX 100
#define ITEMS_MAX 256 /* arguments, elements */
#define VARIABLES_MAX 100 /* of let, visible at once */

struct parser {
	struct arena *arena;
	struct lexer lex;
	const char *variables[VARIABLES_MAX]; /* the names of those that are visible at this point */
	size_t n_variables, max_variables; /* how many those are; the most that there were */
	int depth, closures; /* of nested expressions; of predicates around this point */
	bool names; /* a name that the language does not have is a member of the result */
};

static const struct {
	const char *text;
	enum op op;
	int precedence; /* a higher one binds more tightly */
	bool right; /* it associates to the right: a ** b ** c is a ** (b ** c) */
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

static struct node *parse_expression(struct parser *, int precedence);
static struct node *parse_sequence(struct parser *);

static bool
parse_failed(const struct parser *p)
{
	return p->lex.err != NULL;
}

static void
parse_expect(struct parser *p, const char *word)
{
	if (!lex_accept(&p->lex, word))
		lex_fail(&p->lex, arena_printf(p->arena, "%s expected", word));
}

static struct node *
parse_node(struct parser *p, enum node_kind kind, size_t n)
{
	struct node *node = arena_alloc(p->arena, sizeof(*node));

	node->kind = kind;
	node->column = (int)(p->lex.start - p->lex.text) + 1;
	node->args = arena_new_array(p->arena, struct node *, n > 0 ? n : 1);
	node->n = n;
	return node;
}

static struct node *
parse_constant(struct parser *p, struct value v)
{
	struct node *n = parse_node(p, NODE_CONST, 0);

	n->value = v;
	return n;
}

static struct node *
parse_nil(struct parser *p)
{
	return parse_constant(p, (struct value){ 0 });
}

static struct node *
parse_operation(struct parser *p, enum op op, struct node *left, struct node *right)
{
	struct node *n = parse_node(p, NODE_BINARY, 2);

	n->op = op;
	n->args[0] = left;
	n->args[1] = right;
	return n;
}

static struct node *
parse_not(struct parser *p, struct node *of)
{
	struct node *n = parse_node(p, NODE_UNARY, 1);

	n->op = OP_NOT;
	n->args[0] = of;
	return n;
}

/* Parses a predicate over # : { … } or an expression. */
static struct node *
parse_predicate(struct parser *p)
{
	struct node *n;

	p->closures++;
	if (lex_accept(&p->lex, "{")) {
		n = parse_sequence(p);
		p->closures--;
		parse_expect(p, "}");
		return n;
	}
	n = parse_expression(p, 0);
	if (lex_is(&p->lex, ";"))
		lex_fail(&p->lex, "a predicate with ; stands in { and }");
	p->closures--;
	return n;
}

/* Parses items between commas up to `end`; the opening bracket has been read, and a comma before the end is allowed.
 * The first `count` items are set already. */
static size_t
parse_items(struct parser *p, const char *end, const struct builtin *b, struct node **items, size_t count)
{
	while (!parse_failed(p) && !lex_is(&p->lex, end)) {
		if (count == ITEMS_MAX) {
			lex_fail(&p->lex, "too many of them");
			break;
		}
		items[count] = b != NULL && b->closure && count == 1 ? parse_predicate(p) : parse_expression(p, 0);
		count++;
		if (!lex_accept(&p->lex, ","))
			break;
	}
	parse_expect(p, end);
	return count;
}

/* Parses the arguments of a call, from its "("; `first` is the one before a pipe, or NULL. */
static struct node *
parse_call(struct parser *p, const char *name, struct node *first)
{
	const struct builtin *b = builtin_find(name);
	struct node *items[ITEMS_MAX], *n;
	size_t count = 0;

	if (b == NULL) {
		lex_fail(&p->lex, arena_printf(p->arena, "unknown function %s", name));
		return parse_nil(p);
	}
	if (first != NULL)
		items[count++] = first;
	parse_expect(p, "(");
	count = parse_items(p, ")", b, items, count);
	if (!parse_failed(p) && ((int)count < b->min || (b->max >= 0 && (int)count > b->max)))
		lex_fail(&p->lex, arena_printf(p->arena, "%s takes %d%s arguments", name, b->min,
				      b->max != b->min ? " or more" : ""));
	n = parse_node(p, NODE_CALL, count);
	n->builtin = b;
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

static struct node *
parse_array(struct parser *p)
{
	struct node *items[ITEMS_MAX], *n;
	size_t count = parse_items(p, "]", NULL, items, 0);

	n = parse_node(p, NODE_ARRAY, count);
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

/* Parses { a: 1, "b": 2, 3: 4, (expression): 5 } after its "{". */
static struct node *
parse_map(struct parser *p)
{
	struct node *items[ITEMS_MAX], *n;
	size_t count = 0;

	while (!parse_failed(p) && !lex_is(&p->lex, "}")) {
		if (count + 2 > ITEMS_MAX) {
			lex_fail(&p->lex, "too many of them");
			break;
		}
		if (p->lex.token == T_NAME || p->lex.token == T_STRING || p->lex.token == T_NUMBER) {
			items[count++] =
			    parse_constant(p, p->lex.token == T_STRING ? p->lex.value : value_string(p->lex.word));
			lex_next(&p->lex);
		} else if (lex_is(&p->lex, "(")) {
			items[count++] = parse_expression(p, 0);
		} else {
			lex_fail(&p->lex, "a key is a name, a string, a number or an expression in parentheses");
			break;
		}
		parse_expect(p, ":");
		items[count++] = parse_expression(p, 0);
		if (!lex_accept(&p->lex, ","))
			break;
	}
	parse_expect(p, "}");
	n = parse_node(p, NODE_MAP, count);
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

static struct node *
parse_member(struct parser *p, struct node *of, struct node *key, bool optional)
{
	struct node *n = parse_node(p, NODE_MEMBER, 2);

	n->args[0] = of;
	n->args[1] = key;
	n->optional = optional;
	return n;
}

static struct node *
parse_chain(struct parser *p, struct node *of)
{
	struct node *n = parse_node(p, NODE_CHAIN, 1);

	n->args[0] = of;
	return n;
}

/* Parses .name, ?.name or .name(…) after the point. The chain of a ?. continues with the next point. */
static struct node *
parse_member_link(struct parser *p, struct node *n, bool optional)
{
	struct node *items[ITEMS_MAX], *of = n->kind == NODE_CHAIN ? n->args[0] : n;
	bool chained = optional || n->kind == NODE_CHAIN;
	const char *name = p->lex.word;
	size_t count;

	if (p->lex.token != T_NAME && p->lex.token != T_WORD) {
		lex_fail(&p->lex, "a field's name expected");
		return n;
	}
	lex_next(&p->lex);
	if (lex_accept(&p->lex, "(")) {
		items[0] = of;
		count = parse_items(p, ")", NULL, items, 1);
		n = parse_node(p, NODE_METHOD, count);
		n->name = name;
		n->optional = optional;
		memcpy(n->args, items, count * sizeof(*items));
	} else {
		n = parse_member(p, of, parse_constant(p, value_string(name)), optional);
	}
	return chained ? parse_chain(p, n) : n;
}

/* Parses [i] or [from:to] after the bracket. */
static struct node *
parse_index(struct parser *p, struct node *of, bool optional)
{
	struct node *from = NULL, *to = NULL, *n;

	if (!lex_is(&p->lex, ":"))
		from = parse_expression(p, 0);
	if (lex_accept(&p->lex, ":")) {
		if (!lex_is(&p->lex, "]"))
			to = parse_expression(p, 0);
		n = parse_node(p, NODE_SLICE, 3);
		n->args[0] = of;
		n->args[1] = from;
		n->args[2] = to;
	} else {
		n = parse_member(p, of, from, optional);
		if (optional)
			n = parse_chain(p, n);
	}
	parse_expect(p, "]");
	return n;
}

static struct node *
parse_postfix(struct parser *p, struct node *n)
{
	while (!parse_failed(p)) {
		bool optional = lex_is(&p->lex, "?.");

		if (optional || lex_is(&p->lex, ".")) {
			lex_next(&p->lex);
			if (optional && lex_accept(&p->lex, "["))
				n = parse_index(p, n, true);
			else
				n = parse_member_link(p, n, optional);
		} else if (lex_accept(&p->lex, "[")) {
			n = parse_index(p, n, false);
		} else {
			break;
		}
	}
	return n;
}

/* Parses if a { b } else { c } after the if. */
static struct node *
parse_conditional(struct parser *p)
{
	struct node *n = parse_node(p, NODE_COND, 3);

	if (++p->depth > DEPTH_MAX)
		lex_fail(&p->lex, "nested too deeply");
	n->args[0] = parse_expression(p, 0);
	parse_expect(p, "{");
	n->args[1] = parse_sequence(p);
	parse_expect(p, "}");
	parse_expect(p, "else");
	if (lex_accept(&p->lex, "if")) {
		n->args[2] = parse_conditional(p);
	} else {
		parse_expect(p, "{");
		n->args[2] = parse_sequence(p);
		parse_expect(p, "}");
	}
	p->depth--;
	return n;
}

/* Returns whether the name has a meaning already, so that a let may not define it. */
static bool
parse_is_taken(const struct parser *p, const char *name)
{
	if (builtin_find(name) != NULL || (!p->names && strcmp(name, "result") == 0))
		return true;
	for (size_t i = 0; i < p->n_variables; i++)
		if (strcmp(p->variables[i], name) == 0)
			return true;
	return false;
}

/* Parses let name = a; b after the let. The variable is visible in b, up to its end, and then frees its slot. */
static struct node *
parse_let(struct parser *p)
{
	struct node *n = parse_node(p, NODE_LET, 2);
	const char *name = p->lex.word;

	if (p->lex.token != T_NAME)
		lex_fail(&p->lex, "a variable's name expected");
	else if (parse_is_taken(p, name))
		lex_fail(&p->lex, arena_printf(p->arena, "%s cannot be declared again", name));
	else if (p->n_variables == VARIABLES_MAX)
		lex_fail(&p->lex, "too many variables");
	if (parse_failed(p))
		return n;
	lex_next(&p->lex);
	parse_expect(p, "=");
	n->args[0] = parse_expression(p, 0);
	parse_expect(p, ";");
	n->slot = p->n_variables;
	p->variables[p->n_variables++] = name;
	if (p->n_variables > p->max_variables)
		p->max_variables = p->n_variables;
	n->args[1] = parse_sequence(p);
	p->n_variables--;
	return n;
}

/* Parses what names the element in a predicate (expr calls it a pointer): #, #acc, #index, or nothing before the dot of
 * .field, which stands for #.field. */
static struct node *
parse_pointer(struct parser *p)
{
	struct node *n = parse_node(p, NODE_ELEMENT, 0);

	if (lex_accept(&p->lex, "#") && p->lex.token == T_NAME) {
		if (strcmp(p->lex.word, "acc") == 0)
			n->kind = NODE_ACC;
		else if (strcmp(p->lex.word, "index") == 0)
			n->kind = NODE_INDEX;
		else
			lex_fail(&p->lex, arena_printf(p->arena, "unknown pointer #%s", p->lex.word));
		lex_next(&p->lex);
	}
	return parse_postfix(p, n);
}

static struct node *
parse_name(struct parser *p)
{
	const char *name = p->lex.word;
	struct node *n;

	lex_next(&p->lex);
	if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
		return parse_constant(p, value_bool(name[0] == 't'));
	if (strcmp(name, "nil") == 0)
		return parse_nil(p);
	if (lex_is(&p->lex, "("))
		return parse_postfix(p, parse_call(p, name, NULL));
	for (size_t i = p->n_variables; i-- > 0;)
		if (strcmp(p->variables[i], name) == 0) {
			n = parse_node(p, NODE_VARIABLE, 0);
			n->slot = i;
			return parse_postfix(p, n);
		}
	if (strcmp(name, "$env") == 0)
		return parse_postfix(p, parse_node(p, NODE_ENV, 0));
	if (p->names)
		return parse_postfix(
		    p, parse_member(p, parse_node(p, NODE_RESULT, 0), parse_constant(p, value_string(name)), false));
	if (strcmp(name, "result") != 0) {
		lex_fail(&p->lex, arena_printf(p->arena, "unknown name %s", name));
		return parse_nil(p);
	}
	return parse_postfix(p, parse_node(p, NODE_RESULT, 0));
}

static struct node *
parse_primary(struct parser *p)
{
	struct lexer *l = &p->lex;
	struct node *n;
	const char *name;

	if (l->token == T_NUMBER || l->token == T_STRING || l->token == T_BYTES) {
		n = parse_constant(p, l->value);
		lex_next(l);
		return n->value.kind == VALUE_STRING || n->value.kind == VALUE_ARRAY ? parse_postfix(p, n) : n;
	}
	if (l->token == T_NAME)
		return parse_name(p);
	if (lex_accept(l, "(")) {
		n = parse_sequence(p);
		parse_expect(p, ")");
		return parse_postfix(p, n);
	}
	if (lex_accept(l, "["))
		return parse_postfix(p, parse_array(p));
	if (lex_accept(l, "{"))
		return parse_postfix(p, parse_map(p));
	if (p->closures > 0 && (lex_is(l, "#") || lex_is(l, ".")))
		return parse_pointer(p);
	/* ::f() is the function f, even if there is a variable f. */
	if (lex_accept(l, "::") && l->token == T_NAME) {
		name = l->word;
		lex_next(l);
		return parse_postfix(p, parse_call(p, name, NULL));
	}
	lex_fail(l, l->token == T_END ? "the condition ends too early"
		    : lex_is(l, "#")  ? "# is only known inside a predicate"
				      : arena_printf(p->arena, "unexpected %s", l->word));
	return parse_nil(p);
}

static struct node *
parse_unary(struct parser *p)
{
	static const struct {
		const char *text;
		enum op op;
		int precedence;
	} ops[] = { { "not", OP_NOT, PRECEDENCE_NOT }, { "!", OP_NOT, PRECEDENCE_NOT },
		{ "-", OP_NEG, PRECEDENCE_SIGN }, { "+", OP_PLUS, PRECEDENCE_SIGN } };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (lex_is(&p->lex, ops[i].text)) {
			struct node *n = parse_node(p, NODE_UNARY, 1);

			lex_next(&p->lex);
			n->op = ops[i].op;
			n->args[0] = parse_expression(p, ops[i].precedence);
			return parse_postfix(p, n);
		}
	return parse_primary(p);
}

/* Returns the row in binary_ops of the operator at this position, or -1; `not in`, `not matches` and others set
 * *ret_negated. */
static int
parse_binary_op(struct parser *p, bool *ret_negated)
{
	struct lexer ahead = p->lex;
	const struct lexer *l = &p->lex;

	*ret_negated = false;
	if (lex_is(l, "not")) {
		lex_next(&ahead);
		l = &ahead;
		*ret_negated = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(binary_ops); i++)
		if (lex_is(l, binary_ops[i].text) &&
		    (!*ret_negated || (binary_ops[i].op >= OP_IN && binary_ops[i].op <= OP_ENDS_WITH)))
			return (int)i;
	if (*ret_negated)
		lex_fail(&p->lex, "not is followed by in, contains, startsWith, endsWith or matches here");
	return -1;
}

static bool
parse_is_order(enum op op)
{
	return op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
}

/* Parses a < b, and a < b < c, which is a < b && b < c. The first operator has been read. */
static struct node *
parse_comparison(struct parser *p, struct node *left, int i)
{
	struct node *all = NULL, *right, *one;
	bool negated;

	for (;;) {
		right = parse_expression(p, binary_ops[i].precedence + 1);
		one = parse_operation(p, binary_ops[i].op, left, right);
		all = all == NULL ? one : parse_operation(p, OP_AND, all, one);
		left = right;
		if (parse_failed(p) || lex_is(&p->lex, "not") || (i = parse_binary_op(p, &negated)) < 0 ||
		    !parse_is_order(binary_ops[i].op))
			return all;
		lex_next(&p->lex);
	}
}

/* Parses the right side of a binary operator, which has been read. */
static struct node *
parse_binary(struct parser *p, struct node *left, int i, bool negated)
{
	struct node *n;

	if (binary_ops[i].op == OP_NONE) {
		const char *name = p->lex.word;

		if (p->lex.token != T_NAME) {
			lex_fail(&p->lex, "a function expected after |");
			return left;
		}
		lex_next(&p->lex);
		return parse_call(p, name, left);
	}
	if (parse_is_order(binary_ops[i].op))
		return parse_comparison(p, left, i);
	n = parse_operation(p, binary_ops[i].op, left,
	    parse_expression(p, binary_ops[i].right ? binary_ops[i].precedence : binary_ops[i].precedence + 1));
	return negated ? parse_not(p, n) : n;
}

/* Parses a ? b : c, and a ?: c, which is a ? a : c. */
static struct node *
parse_ternary(struct parser *p, struct node *left)
{
	while (!parse_failed(p) && lex_accept(&p->lex, "?")) {
		struct node *n = parse_node(p, NODE_COND, 3);

		n->args[0] = n->args[1] = left;
		if (!lex_accept(&p->lex, ":")) {
			n->args[1] = parse_expression(p, 0);
			parse_expect(p, ":");
		}
		n->args[2] = parse_expression(p, 0);
		left = n;
	}
	return left;
}

static struct node *
parse_operators(struct parser *p, int precedence)
{
	struct node *left = parse_unary(p);
	enum op previous = OP_NONE;
	bool negated;
	int i;

	while (!parse_failed(p) && (i = parse_binary_op(p, &negated)) >= 0 && binary_ops[i].precedence >= precedence) {
		enum op op = binary_ops[i].op;

		if (previous == OP_COALESCE && op != OP_COALESCE && op != OP_NONE) {
			lex_fail(&p->lex,
			    arena_printf(p->arena, "?? and %s stand together in parentheses only", binary_ops[i].text));
			break;
		}
		if (negated)
			lex_next(&p->lex);
		lex_next(&p->lex);
		left = parse_binary(p, left, i, negated);
		previous = op;
	}
	return precedence == 0 ? parse_ternary(p, left) : left;
}

static struct node *
parse_expression(struct parser *p, int precedence)
{
	struct node *n;

	if (++p->depth > DEPTH_MAX) {
		lex_fail(&p->lex, "nested too deeply");
		p->depth--;
		return parse_nil(p);
	}
	if (precedence == 0 && lex_accept(&p->lex, "let"))
		n = parse_let(p);
	else if (precedence == 0 && lex_accept(&p->lex, "if"))
		n = parse_conditional(p);
	else
		n = parse_operators(p, precedence);
	p->depth--;
	return n;
}

/* Parses a; b; c, of which the last is the value. A semicolon at the end is allowed. */
static struct node *
parse_sequence(struct parser *p)
{
	struct node *items[ITEMS_MAX], *n;
	size_t count = 0;

	do {
		if (count > 0 && p->lex.token == T_END)
			break;
		if (count == ITEMS_MAX) {
			lex_fail(&p->lex, "too many of them");
			break;
		}
		items[count++] = parse_expression(p, 0);
	} while (!parse_failed(p) && lex_accept(&p->lex, ";"));
	if (count == 1)
		return items[0];
	n = parse_node(p, NODE_SEQUENCE, count);
	memcpy(n->args, items, count * sizeof(*items));
	return n;
}

static struct err *
parse_program(struct arena *a, const char *text, bool names, struct condition_program **ret)
{
	struct parser p = { .arena = a, .names = names };
	struct condition_program *program = arena_alloc(a, sizeof(*program));

	if (strlen(text) > CONDITION_MAX)
		return err_new(a, ERR_INVALID, "longer than %d bytes", CONDITION_MAX);
	lex_begin(&p.lex, a, text);
	program->root = parse_sequence(&p);
	program->n_variables = p.max_variables;
	if (!parse_failed(&p) && p.lex.token != T_END)
		lex_fail(&p.lex, arena_printf(a, "unexpected %s",
				     p.lex.token == T_STRING || p.lex.token == T_BYTES ? "string" : p.lex.word));
	if (parse_failed(&p))
		return p.lex.err;
	*ret = program;
	return NULL;
}

struct err *
condition_parse(struct arena *a, const char *text, struct condition_program **ret)
{
	return parse_program(a, text, false, ret);
}

struct err *
condition_parse_names(struct arena *a, const char *text, struct condition_program **ret)
{
	return parse_program(a, text, true, ret);
}
