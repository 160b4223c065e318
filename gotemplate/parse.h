/* gotemplate/parse.h: the tree of a notification template. Private to this folder. */
#pragma once
#include "base/err.h"

#define DEPTH_MAX 40 /* levels of blocks, and of parentheses */
#define ARGS_MAX 32 /* arguments of a command */
#define FIELDS_MAX 32 /* fields of a chain: .a.b.c */

struct function;

enum operand_kind { O_DOT, O_VARIABLE, O_STRING, O_INT, O_FLOAT, O_BOOL, O_NIL, O_FUNCTION, O_PIPELINE };

/* One word of a command, followed by fields. */
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
	const char *variables[2]; /* that it sets; for a range: index and element */
	size_t n_variables;
	bool assigns; /* "=": the variables exist; otherwise ":=" */
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

/* Parses a template; *ret_first is its first part, in the arena (NULL: it is empty). Errors name the line. */
struct err *template_parse(struct arena *, const char *text, struct part **ret_first);
