/* analysis/condition/ast.h: the tree between parser, checker and evaluator. Private to this folder. */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"

enum op {
	OP_NONE,
	OP_OR,
	OP_AND,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_IN,
	OP_NOT_IN,
	OP_MATCHES,
	OP_CONTAINS,
	OP_STARTS_WITH,
	OP_ENDS_WITH,
	OP_RANGE,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_POW,
	OP_COALESCE,
	OP_NOT,
	OP_NEG,
	OP_PLUS,
};

enum node_kind {
	NODE_CONST,
	NODE_RESULT,
	NODE_ELEMENT, /* # */
	NODE_ACC, /* #acc */
	NODE_INDEX, /* #index */
	NODE_UNARY,
	NODE_BINARY,
	NODE_COND, /* a ? b : c */
	NODE_MEMBER, /* a[b], a.b */
	NODE_SLICE, /* a[b:c] */
	NODE_ARRAY,
	NODE_MAP, /* key, value, key, value */
	NODE_CALL,
	NODE_CHAIN, /* the end of an optional chain: a nil inside ends here */
};

struct node {
	enum node_kind kind;
	enum op op;
	bool optional; /* MEMBER: ?. */
	int column;
	struct value value; /* CONST */
	const struct builtin *builtin; /* CALL */
	struct node **args; /* operands, elements, arguments; a slice's bounds may be NULL */
	size_t n;
};

struct condition_program {
	struct node *root;
};

/* What is known of an expression's type before it runs. */
struct shape {
	bool any; /* not known */
	enum value_kind kind;
	enum value_kind element; /* ARRAY, when element_known */
	bool element_known;
};

struct eval {
	struct arena *arena;
	const struct value *result;
	int64_t now;
	unsigned long steps; /* left */
	size_t bytes; /* left to build */
	struct value element, acc;
	int64_t index;
	struct err *err;
};

struct check {
	struct arena *arena;
	struct shape result, element, acc;
	struct err *err;
};

/* A function of the language. `closure` says that its second argument is a predicate over # . */
struct builtin {
	const char *name;
	int min, max; /* arguments; max -1: any number */
	bool closure;
	struct shape (*check)(struct check *, const struct node *, const struct shape *args);
	struct value (*run)(struct eval *, const struct node *, struct value *args);
};

/* builtins.c: the row of a name, or NULL. */
const struct builtin *builtin_find(const char *name);

/* eval.c: evaluates; on an error e->err is set and the value is nil. */
struct value eval_node(struct eval *, const struct node *);
struct value eval_fail(struct eval *, const char *format, ...) printf_like(2, 3);
bool eval_charge(struct eval *, size_t bytes);
/* What the sum or difference of times and durations is; VALUE_NIL: there is none. */
enum value_kind time_arithmetic(enum op, enum value_kind left, enum value_kind right);

bool eval_compare(struct eval *, const struct value *, const struct value *, int *ret);

/* check.c: the shape of a node; c->err is set where it cannot work. */
struct shape check_node(struct check *, const struct node *);
struct shape check_fail(struct check *, const struct node *, const char *format, ...) printf_like(3, 4);
