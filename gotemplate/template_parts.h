/* gotemplate/template_parts.h: the tree between parser and evaluator, and what functions see. Private to this folder.
 */
#pragma once
#include "base/str.h"
#include "gotemplate/template.h"

#define DEPTH_MAX 40 /* of blocks, and of parentheses */
#define ARGS_MAX 32 /* of a command */
#define FIELDS_MAX 32 /* of a chain: .a.b.c */

struct function;

enum operand_kind { O_DOT, O_VARIABLE, O_STRING, O_INT, O_FLOAT, O_BOOL, O_NIL, O_FUNCTION, O_PIPELINE };

/* One word of a command, with the fields behind it. */
struct operand {
	enum operand_kind kind;
	const char *text; /* STRING; VARIABLE: its name, "" for the template's own dot */
	int64_t number; /* INT, BOOL */
	double real;
	const struct function *function;
	const struct pipeline *pipeline;
	const char **fields;
	size_t n_fields;
};

struct command {
	struct operand *operands;
	size_t n;
	struct command *next;
};

struct pipeline {
	const char *variables[2]; /* set by it; of a range, index and element */
	size_t n_variables;
	bool assigns; /* = to what there is; otherwise := */
	struct command *first;
	int line;
};

enum part_kind { PART_TEXT, PART_ACTION, PART_IF, PART_WITH, PART_RANGE, PART_BREAK, PART_CONTINUE };

struct part {
	enum part_kind kind;
	const char *text; /* TEXT */
	size_t len;
	struct pipeline *pipeline;
	struct part *body, *otherwise; /* the first of each; NULL: empty */
	struct part *next;
};

/* While a template runs. A value is JSON, or NULL for none; what is made is kept until the end. */
struct run {
	struct arena *arena;
	json_t *kept;
	struct str *out;
	unsigned long steps; /* left */
	size_t text; /* bytes left that functions may be given, or return */
	struct err *err;
	bool located; /* it names its line */
	char variant; /* of the function that is called */
};

/* A value that was made: kept, and borrowed. NULL stays that. */
const json_t *run_keep(struct run *, json_t *);

/* The first error stays. NULL, for return. */
const json_t *run_fail(struct run *, const char *format, ...) printf_like(2, 3);

/* As Go prints it. In the arena. */
const char *text_of(struct run *, const json_t *);

bool truth_of(const json_t *);

struct function {
	const char *name;
	size_t min, max; /* arguments */
	const json_t *(*call)(struct run *, const json_t *const *args, size_t n);
	char variant; /* which of those that share `call`; 0: it is alone */
};

/* NULL: absent */
const struct function *function_find(const char *name);

/* In order, with commas. In the arena. */
const char *function_names(struct arena *);

struct err *template_parse(struct arena *, const char *text, struct part **ret);
