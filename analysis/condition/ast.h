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
	/* From here to OP_ENDS_WITH: those that `not` can precede (parse.c) */
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
	NODE_RESULT, /* result: the measured value */
	NODE_ENV, /* $env: a map of all names */
	NODE_VARIABLE, /* a name that a let defines */
	NODE_ELEMENT, /* #: the element that a predicate is evaluated for */
	NODE_ACC, /* #acc: the result of reduce() so far */
	NODE_INDEX, /* #index: the index of the element */
	NODE_UNARY,
	NODE_BINARY,
	NODE_COND, /* a ? b : c */
	NODE_LET, /* let name = a; b: args are a, b. The name is visible in b only */
	NODE_SEQUENCE, /* a; b: its value is that of b */
	NODE_MEMBER, /* a[b], a.b */
	NODE_SLICE, /* a[b:c] */
	NODE_ARRAY,
	NODE_MAP, /* key, value, key, value */
	NODE_CALL,
	NODE_METHOD, /* a.name(b, c): args are a, b, c */
	NODE_CHAIN, /* an optional chain, such as a?.b.c: its value is nil if the value before a ?. in it is nil */
};

/* A node of the tree. Members that only some kinds use name these kinds. */
struct node {
	enum node_kind kind;
	enum op op; /* UNARY, BINARY */
	bool optional; /* MEMBER, METHOD: it is written with ?. */
	int column; /* where it begins in the text, from 1 */
	enum value_kind exact; /* BINARY == and !=: the type of both sides, with which nil is an error; by the check */
	/* VARIABLE, LET: the index of the variable in the evaluation. Variables of different scopes share slots. */
	size_t slot;
	const char *name; /* METHOD: its name */
	struct value value; /* CONST: its value */
	const struct builtin *builtin; /* CALL: the function */
	struct node **args; /* operands, elements or arguments; a bound of a slice may be NULL */
	size_t n; /* the number of args */
};

/* A parsed condition. */
struct condition_program {
	struct node *root;
	size_t n_variables; /* the most variables that are visible at once: slots that an evaluation needs */
};

/* The type of an expression, as far as it is known before evaluation. */
struct shape {
	bool any; /* the type is not known; `kind` has no meaning */
	bool open; /* with `any`: the type in Go is `any`, to which every type can be assigned */
	enum value_kind kind;
	bool any_keys; /* MAP: as in struct value */
	bool named; /* STRING: as in struct value */
	const struct value *fields; /* MAP: a struct in Go with the members of this value; NULL: any members */
	bool typed; /* ARRAY: it is []float64, []int or []string in Go; other arrays are []any */
	const struct shape *element; /* ARRAY: the shape of its elements; NULL: not known */
};

/* The state of an evaluation. */
struct eval {
	struct arena *arena;
	const struct value *result; /* the measured value */
	int64_t now; /* ms since 1970: the value of now() */
	/* Remaining budgets: an evaluation that exceeds one fails. */
	unsigned long steps; /* nodes that may still be evaluated */
	size_t bytes; /* memory that may still be built */
	size_t nodes; /* values in lists and maps that may still be visited */
	size_t text; /* bytes of text that may still be read */
	size_t pattern_steps; /* steps that patterns may still take */
	struct value element, acc; /* # and #acc of the innermost predicate */
	struct value *variables; /* by slot */
	int64_t index; /* #index of the innermost predicate */
	bool ended; /* the value before a ?. was nil, so the value of the chain is nil */
	struct err *err; /* the first error */
};

/* The state of a type check. */
struct check {
	struct arena *arena;
	struct shape result, element; /* of the measured value, and of # */
	struct shape *variables; /* by slot */
	bool has_acc, has_index; /* the predicate may use #acc, #index */
	struct err *err; /* the first error */
};

/* A function of the language. */
struct builtin {
	const char *name;
	int min, max; /* the number of arguments; max -1: any number */
	bool closure; /* its second argument is a predicate over # */
	bool walks; /* it visits all values in its arguments */
	struct shape (*check)(struct check *, const struct node *, const struct shape *args);
	struct value (*run)(struct eval *, const struct node *, struct value *args);
};

/* methods.c: checks and runs the call of a method on a time, a duration, a month, a weekday or a zone. `args` has this
 * value first, then the arguments. */
struct shape method_check(struct check *, const struct node *, const struct shape *args);
struct value method_run(struct eval *, const struct node *, struct value *args);

/* builtins.c: returns the function of this name, or NULL if the language has none. */
const struct builtin *builtin_find(const char *name);

/* eval.c: returns the value of a node. An error sets e->err, and the value is nil. */
struct value eval_node(struct eval *, const struct node *);

/* Sets e->err to a printf format, unless an error is set already. Returns nil. */
struct value eval_fail(struct eval *, const char *format, ...) printf_like(2, 3);

/* Charges memory to the budget; called before it is built. Returns false, and sets an error, if the budget is
 * exceeded. */
bool eval_charge(struct eval *, size_t bytes);

/* Returns whether the value can be a key of a map. Sets an error if it cannot, because it is a list or a map. */
bool eval_is_key(struct eval *, const struct value *);

/* Charges a visit of all values in a value; called before the visit. Returns false, and sets an error, if the budget is
 * exceeded. */
bool eval_walk(struct eval *, const struct value *);

/* Charges the reading of a text; called before it is read. Returns false, and sets an error, if the budget is
 * exceeded. */
bool eval_read(struct eval *, size_t bytes);

/* Returns the element of a list, the member of a map, or the byte of a string that `key` names. */
struct value eval_fetch(struct eval *, const struct value *of, const struct value *key);

/* Returns the kind of the result of an operation on times, durations and numbers. VALUE_NIL: there is no such
 * operation. */
enum value_kind time_arithmetic(enum op, enum value_kind left, enum value_kind right);

/* Sets *ret to -1, 0 or 1 by the order of two numbers, strings, times or durations, and to 2 if one is NaN. Returns
 * false, and sets an error, if values of these kinds have no order. */
bool eval_compare(struct eval *, const struct value *, const struct value *, int *ret);

/* pattern.c: returns the value of `text matches pattern`. An invalid pattern or an exceeded limit sets an error. */
struct value eval_matches(struct eval *, const struct value *text, const struct value *pattern);

/* pattern.c: returns the error of a pattern that cannot be compiled, or NULL. */
struct err *pattern_check(struct arena *, const char *pattern);

/* Returns whether the node is a constant bool, and sets *ret to it. expr folds constants, and does not check the branch
 * that it removes. */
bool eval_folded(const struct node *, bool *ret);

/* check.c: returns the shape of a node. An operation that no value of its type allows sets c->err. */
struct shape check_node(struct check *, struct node *);

/* Sets c->err to a printf format, with the column of the node, unless an error is set already. Returns the shape of a
 * value of any type. */
struct shape check_fail(struct check *, const struct node *, const char *format, ...) printf_like(3, 4);
