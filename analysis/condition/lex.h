/* analysis/condition/lex.h: the tokens of a condition. Private to this folder. */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"

enum token {
	T_END,
	T_NUMBER,
	T_STRING,
	T_BYTES, /* b"…" */
	T_NAME,
	T_WORD, /* an operator that is a word: "in", "let" */
	T_PUNCT, /* an operator or bracket of one or two characters */
};

/* A position in a text. To return to a position, keep a copy of the struct. */
struct lexer {
	struct arena *arena;
	const char *text; /* the whole text */
	const char *at; /* the first byte after the current token */
	enum token token; /* the current one */
	const char *start; /* the first byte of the token */
	const char *word; /* the text of a NAME, WORD, PUNCT or NUMBER */
	struct value value; /* the value of a NUMBER, STRING or BYTES */
	struct err *err; /* the first error; the token is T_END from then on */
};

/* Starts at the first token of a text, which must outlive the lexer. */
void lex_begin(struct lexer *, struct arena *, const char *text);

/* Reads the next token. */
void lex_next(struct lexer *);

/* Sets err, with the column of the token, unless an error is set already. */
void lex_fail(struct lexer *, const char *why);

/* Returns whether the token is this operator, bracket or word. */
bool lex_is(const struct lexer *, const char *word);

/* Returns whether the token is this operator, bracket or word, and reads the next one if it is. */
bool lex_accept(struct lexer *, const char *word);
