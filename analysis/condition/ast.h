/* analysis/condition/ast.h: the syntax tree of a successCondition or failureCondition, shared by parser, type check
 * and evaluator. Private to this folder. */
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
	NODE_ENV, /* $env: a map of all names */
	NODE_VARIABLE, /* of a let */
	NODE_ELEMENT, /* # */
	NODE_ACC, /* #acc */
	NODE_INDEX, /* #index */
	NODE_UNARY,
	NODE_BINARY,
	NODE_COND, /* a ? b : c */
	NODE_LET, /* let name = a; b */
	NODE_SEQUENCE, /* a; b: the value is that of the last */
	NODE_MEMBER, /* a[b], a.b */
	NODE_SLICE, /* a[b:c] */
	NODE_ARRAY,
	NODE_MAP, /* key, value, key, value */
	NODE_CALL,
	NODE_METHOD, /* a.name(b, c): args are a, b, c */
	NODE_CHAIN, /* an optional chain: nil at a ?. inside ends it */
};

struct node {
	enum node_kind kind;
	enum op op;
	bool optional; /* MEMBER, METHOD: ?. */
	int column;
	enum value_kind exact; /* == and !=: the type of both sides, so that nil is an error; set by the check */
	size_t slot; /* VARIABLE, LET: index of the variable */
	const char *name; /* METHOD */
	struct value value; /* CONST */
	const struct builtin *builtin; /* CALL */
	struct node **args; /* operands, elements, arguments; a slice's bounds may be NULL */
	size_t n;
};

struct condition_program {
	struct node *root;
	size_t n_variables;
};

/* The type of an expression, as far as it is known before evaluation. */
struct shape {
	bool any; /* not known */
	bool open; /* with `any`: statically Go's `any`: assignable from every type */
	enum value_kind kind;
	bool any_keys; /* MAP: as in struct value */
	bool typed; /* ARRAY: []float64, []int or []string in Go; others are []any, whatever their elements are */
	const struct shape *element; /* ARRAY: the shape of its elements; NULL: not known */
};

struct eval {
	struct arena *arena;
	const struct value *result;
	int64_t now;
	/* Remaining budgets: an evaluation that exceeds one fails. */
	unsigned long steps; /* evaluated nodes */
	size_t bytes; /* of memory to build */
	size_t nodes; /* visited values in lists and maps */
	size_t text; /* bytes of text read */
	size_t pattern_steps; /* steps of patterns */
	struct value element, acc;
	struct value *variables;
	int64_t index;
	bool ended; /* a ?. met nil: the value of the chain is nil */
	struct err *err;
};

struct check {
	struct arena *arena;
	struct shape result, element;
	struct shape *variables;
	bool has_acc, has_index; /* the predicate has #acc, #index */
	struct err *err;
};

/* A function of the language. `closure`: its second argument is a predicate over # . */
struct builtin {
	const char *name;
	int min, max; /* arguments; max -1: any number */
	bool closure;
	bool walks; /* it visits all values in its arguments */
	struct shape (*check)(struct check *, const struct node *, const struct shape *args);
	struct value (*run)(struct eval *, const struct node *, struct value *args);
};

/* methods.c: a call on a time, a duration, a month, a weekday or a zone. */
struct shape method_check(struct check *, const struct node *, const struct shape *args);
struct value method_run(struct eval *, const struct node *, struct value *args);

/* builtins.c: returns the row of a name, or NULL. */
const struct builtin *builtin_find(const char *name);

/* eval.c: evaluates. An error sets e->err; the value is nil then. */
struct value eval_node(struct eval *, const struct node *);
struct value eval_fail(struct eval *, const char *format, ...) printf_like(2, 3);
bool eval_charge(struct eval *, size_t bytes);

/* The value can be a key of a map. False sets an error: lists and maps cannot. */
bool eval_is_key(struct eval *, const struct value *);

/* Charges a visit of all values in a value; called before the visit. False sets an error: the budget is exceeded. */
bool eval_walk(struct eval *, const struct value *);

/* The same for reading a text of that length. */
bool eval_read(struct eval *, size_t bytes);

/* The element of a list, the member of a map, or the byte of a string. */
struct value eval_fetch(struct eval *, const struct value *of, const struct value *key);

/* Returns the kind of the result of an operation on times, durations and numbers; VALUE_NIL: it is not defined. */
enum value_kind time_arithmetic(enum op, enum value_kind left, enum value_kind right);

bool eval_compare(struct eval *, const struct value *, const struct value *, int *ret);

/* pattern.c: the operator matches. It fails for an invalid pattern, and when a limit is exceeded. */
struct value eval_matches(struct eval *, const struct value *text, const struct value *pattern);
struct err *pattern_check(struct arena *, const char *pattern);

/* True for a constant bool, which sets *ret: expr folds constants, and does not check what it removes. */
bool eval_folded(const struct node *, bool *ret);

/* check.c: returns the shape of a node. An operation that no value of its type allows sets c->err. */
struct shape check_node(struct check *, struct node *);
struct shape check_fail(struct check *, const struct node *, const char *format, ...) printf_like(3, 4);
