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
	NODE_ENV, /* $env: a map of the variables */
	NODE_VARIABLE, /* of a let */
	NODE_ELEMENT, /* # */
	NODE_ACC, /* #acc */
	NODE_INDEX, /* #index */
	NODE_UNARY,
	NODE_BINARY,
	NODE_COND, /* a ? b : c */
	NODE_LET, /* let name = a; b */
	NODE_SEQUENCE, /* a; b: the last one's value */
	NODE_MEMBER, /* a[b], a.b */
	NODE_SLICE, /* a[b:c] */
	NODE_ARRAY,
	NODE_MAP, /* key, value, key, value */
	NODE_CALL,
	NODE_METHOD, /* a.name(b, c): args are a, b, c */
	NODE_CHAIN, /* the end of an optional chain: a nil inside ends here */
};

struct node {
	enum node_kind kind;
	enum op op;
	bool optional; /* MEMBER, METHOD: ?. */
	int column;
	enum value_kind exact; /* == and !=: both sides have this type, so that a nil is an error; set by the check */
	size_t slot; /* VARIABLE, LET: which variable */
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

/* What is known of an expression's type before it runs. */
struct shape {
	bool any; /* not known */
	bool open; /* any: Go's type any, to which every type can be assigned; otherwise not even that is known */
	enum value_kind kind;
	bool any_keys; /* MAP: as struct value's */
	bool typed; /* ARRAY: one of floats, ints or strings in Go; others are of anything, whatever is in them */
	const struct shape *element; /* ARRAY: of its elements; NULL: not known */
};

struct eval {
	struct arena *arena;
	const struct value *result;
	int64_t now;
	unsigned long steps; /* left */
	size_t bytes; /* left to build */
	size_t nodes; /* left to walk over: values in lists and maps */
	size_t text; /* bytes left to read */
	size_t matching; /* steps left of patterns */
	struct value element, acc;
	struct value *variables;
	int64_t index;
	bool ended; /* an optional link met nil: the chain around it is nil */
	struct err *err;
};

struct check {
	struct arena *arena;
	struct shape result, element;
	struct shape *variables;
	bool has_acc, has_index; /* the predicate knows #acc, #index */
	struct err *err;
};

/* A function of the language. `closure` says that its second argument is a predicate over # . */
struct builtin {
	const char *name;
	int min, max; /* arguments; max -1: any number */
	bool closure;
	bool walks; /* over all that is in its arguments */
	struct shape (*check)(struct check *, const struct node *, const struct shape *args);
	struct value (*run)(struct eval *, const struct node *, struct value *args);
};

/* methods.c: a call on a time, a duration, a month, a weekday or a zone. */
struct shape method_check(struct check *, const struct node *, const struct shape *args);
struct value method_run(struct eval *, const struct node *, struct value *args);

/* builtins.c: the row of a name, or NULL. */
const struct builtin *builtin_find(const char *name);

/* eval.c: evaluates; on an error e->err is set and the value is nil. */
struct value eval_node(struct eval *, const struct node *);
struct value eval_fail(struct eval *, const char *format, ...) printf_like(2, 3);
bool eval_charge(struct eval *, size_t bytes);

/* Lists and maps are no keys of a map: false and an error. */
bool eval_is_key(struct eval *, const struct value *);

/* To be asked before all of a value is walked over; false and an error when that is too much. */
bool eval_walk(struct eval *, const struct value *);

/* The same before text of so many bytes is read. */
bool eval_read(struct eval *, size_t bytes);

/* The element or member of a list, a map, or a string's byte. */
struct value eval_fetch(struct eval *, const struct value *of, const struct value *key);

/* What an operation on times, durations and numbers is; VALUE_NIL: there is none. */
enum value_kind time_arithmetic(enum op, enum value_kind left, enum value_kind right);

bool eval_compare(struct eval *, const struct value *, const struct value *, int *ret);

/* pattern.c: the operator matches. Its error is the pattern's, or the limits of matching. */
struct value eval_matches(struct eval *, const struct value *text, const struct value *pattern);
struct err *pattern_check(struct arena *, const char *pattern);

/* True for a bool that is known without the result, as the original folds constants before it checks nothing more. */
bool eval_folded(const struct node *, bool *ret);

/* check.c: the shape of a node; c->err is set where it cannot work. */
struct shape check_node(struct check *, struct node *);
struct shape check_fail(struct check *, const struct node *, const char *format, ...) printf_like(3, 4);
