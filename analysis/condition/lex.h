/* analysis/condition/lex.h: the tokens of a condition. Private to this folder. */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"

enum token { T_END, T_NUMBER, T_STRING, T_BYTES, T_NAME, T_WORD, T_PUNCT };

/* A position in a text. A copy keeps the position. */
struct lexer {
	struct arena *arena;
	const char *text, *at;
	enum token token;
	const char *start; /* of the token */
	const char *word; /* NAME, WORD (an operator that is a word: "in", "let"), PUNCT, NUMBER: its text */
	struct value value; /* NUMBER, STRING, BYTES */
	struct err *err; /* the first error; the token is T_END from then on */
};

/* Starts with the first token. The text outlives the lexer. */
void lex_begin(struct lexer *, struct arena *, const char *text);

/* Reads the next token. */
void lex_next(struct lexer *);

/* Sets err, with the column of the token, unless it is set. */
void lex_fail(struct lexer *, const char *why);

/* The token is this operator, bracket or word. */
bool lex_is(const struct lexer *, const char *word);

/* The same; true also reads the next token. */
bool lex_accept(struct lexer *, const char *word);
