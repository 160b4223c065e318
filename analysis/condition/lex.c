/* analysis/condition/lex.c: tokens of a condition: text to numbers, strings, names and operators, with their columns
 * for errors. */
#include "analysis/condition/lex.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include "base/literal.h"
#include "base/str.h"

#define NUMBER_MAX 64 /* characters of a number */

static bool
lex_is_letter(char c)
{
	return isalpha((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool
lex_is_name(char c)
{
	return lex_is_letter(c) || isdigit((unsigned char)c);
}

void
lex_fail(struct lexer *l, const char *why)
{
	if (l->err == NULL)
		l->err = err_new(l->arena, ERR_INVALID, "column %d: %s", (int)(l->start - l->text) + 1, why);
	l->token = T_END;
	l->at = l->text + strlen(l->text);
}

/* Reads `…`, a string without escapes, in which two backticks are one. */
static void
lex_raw_string(struct lexer *l)
{
	size_t n = 0;
	char *text;
	const char *s;

	for (s = l->at + 1; *s != '\0' && (s[0] != '`' || s[1] == '`'); s++)
		if (*s == '`')
			s++;
	if (*s == '\0') {
		lex_fail(l, "the string does not end");
		return;
	}
	text = arena_alloc(l->arena, (size_t)(s - l->at));
	for (const char *c = l->at + 1; c < s; c++) {
		text[n++] = *c;
		c += *c == '`';
	}
	l->value = value_string(text);
	l->token = T_STRING;
	l->at = s + 1;
}

/* b'…': a list of numbers, as []byte; its escapes are bytes and not characters. */
static void
lex_bytes(struct lexer *l)
{
	const char *s = l->at + 1, *end, *escapes = "abfnrtv\\", *bytes = "\a\b\f\n\r\t\v\\", *one;
	char quote = *s++;
	size_t n = 0;

	l->value = value_array(l->arena, strlen(s));
	for (; *s != quote; n++) {
		unsigned long c = (unsigned char)*s;

		if (*s == '\0' || *s == '\n') {
			lex_fail(l, "the string does not end");
			return;
		}
		if (*s++ == '\\') {
			char digits[4] = { s[0], s[0] != '\0' ? s[1] : '\0', '\0', '\0' };

			if ((one = *s != '\0' ? strchr(escapes, *s) : NULL) != NULL || *s == quote) {
				c = one != NULL ? (unsigned char)bytes[one - escapes] : (unsigned char)quote;
				s++;
			} else if (*s == 'x' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2])) {
				memcpy(digits, s + 1, 2);
				c = (unsigned long)strtol(digits, NULL, 16);
				s += 3;
			} else if (*s >= '0' && *s <= '3' && strspn(s + 1, "01234567") >= 2) {
				digits[2] = s[2];
				c = (unsigned long)strtol(digits, NULL, 8);
				s += 3;
			} else {
				lex_fail(l, "an unknown escape");
				return;
			}
		}
		l->value.array.at[n] = value_int((int64_t)c);
	}
	end = s + 1;
	l->value.array.n = n;
	l->token = T_BYTES;
	l->at = end;
}

static void
lex_string(struct lexer *l)
{
	const char *end, *why, *text = literal_read(l->arena, l->at, strlen(l->at), &end, &why);

	if (text == NULL) {
		lex_fail(l, why);
		return;
	}
	l->at = end;
	l->token = T_STRING;
	l->value = value_string(text);
}

static const char *
lex_digits(const char *s, const char *digits)
{
	return s + strspn(s, digits);
}

static void
lex_number(struct lexer *l)
{
	const char *digits = "0123456789_", *s = l->at;
	char text[NUMBER_MAX], *end;
	int base = 10;
	bool real = false;
	size_t n = 0;

	if (s[0] == '0' && s[1] != '\0' && strchr("xXoObB", s[1]) != NULL) {
		base = tolower((unsigned char)s[1]) == 'x' ? 16 : tolower((unsigned char)s[1]) == 'o' ? 8 : 2;
		digits = base == 16 ? "0123456789abcdefABCDEF_" : base == 8 ? "01234567_" : "01_";
		s += 2;
	}
	s = lex_digits(s, digits);
	if (s[0] == '.' && s[1] != '.') {
		real = true;
		s = lex_digits(s + 1, digits);
	}
	if (*s == 'e' || *s == 'E') {
		real = true;
		s++;
		s += *s == '+' || *s == '-';
		s = lex_digits(s, digits);
	}
	l->word = arena_strndup(l->arena, l->at, (size_t)(s - l->at));
	for (const char *c = l->at + (base != 10 ? 2 : 0); c < s && n < sizeof(text) - 1; c++)
		if (*c != '_')
			text[n++] = *c;
	text[n] = '\0';
	errno = 0;
	l->value = real ? value_float(strtod(text, &end)) : value_int(strtoll(text, &end, base));
	l->token = T_NUMBER;
	if (n == 0 || n == sizeof(text) - 1 || *end != '\0' || (real ? base != 10 || isinf(l->value.f) : errno != 0) ||
	    lex_is_name(*s))
		lex_fail(l, "not a number");
	else
		l->at = s;
}

/* Returns whether the word is an operator. true, false and nil are names. */
static bool
lex_is_operator(const char *word)
{
	static const char *const words[] = { "not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith",
		"let", "if", "else" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Skips white space and comments. False with an error for a comment without an end. */
static bool
lex_skip(struct lexer *l)
{
	for (;;) {
		while (isspace((unsigned char)*l->at))
			l->at++;
		if (l->at[0] == '/' && l->at[1] == '/') {
			l->at += strcspn(l->at, "\n");
		} else if (l->at[0] == '/' && l->at[1] == '*') {
			const char *end = strstr(l->at + 2, "*/");

			l->start = l->at;
			if (end == NULL) {
				lex_fail(l, "the comment does not end");
				return false;
			}
			l->at = end + 2;
		} else {
			return true;
		}
	}
}

void
lex_next(struct lexer *l)
{
	/* The operators, or beginnings of them, that are two characters. All others are one. */
	static const char *const pairs[] = { "?.", "??", "..", "||", "::", "&&", "&=", "&*", "!&", "!=", "!*", "=&",
		"==", "=*", "*&", "*=", "**", "<&", "<=", "<*", ">&", ">=", ">*" };
	bool pointer = l->token == T_PUNCT && l->word[0] == '#' && l->at == l->start + 1;

	/* The name of a pointer follows without space: #acc. An operator is a name there. */
	if (!pointer && !lex_skip(l))
		return;
	l->start = l->at;
	if (pointer && lex_is_name(*l->at)) {
		while (lex_is_name(*l->at))
			l->at++;
		l->token = T_NAME;
		l->word = arena_strndup(l->arena, l->start, (size_t)(l->at - l->start));
		return;
	}
	if (!lex_skip(l))
		return;
	l->start = l->at;
	if (*l->at == '\0') {
		l->token = T_END;
		l->word = "";
	} else if (*l->at == '`') {
		lex_raw_string(l);
	} else if (*l->at == '\'' || *l->at == '"') {
		lex_string(l);
	} else if ((*l->at == 'b' || *l->at == 'B') && (l->at[1] == '\'' || l->at[1] == '"')) {
		lex_bytes(l);
	} else if (isdigit((unsigned char)*l->at) || (*l->at == '.' && isdigit((unsigned char)l->at[1]))) {
		lex_number(l);
	} else if (lex_is_letter(*l->at)) {
		while (lex_is_name(*l->at))
			l->at++;
		l->word = arena_strndup(l->arena, l->start, (size_t)(l->at - l->start));
		l->token = lex_is_operator(l->word) ? T_WORD : T_NAME;
	} else if (strchr("([{}]),;%+-^#|:&!=*<>.?/", *l->at) != NULL) {
		size_t n = 1;

		for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
			if (str_starts(l->at, pairs[i]))
				n = 2;
		l->token = T_PUNCT;
		l->word = arena_strndup(l->arena, l->at, n);
		l->at += n;
	} else {
		lex_fail(l, "an unknown character");
	}
}

void
lex_begin(struct lexer *l, struct arena *a, const char *text)
{
	*l = (struct lexer){ .arena = a, .text = text, .at = text, .start = text, .word = "" };
	lex_next(l);
}

bool
lex_is(const struct lexer *l, const char *word)
{
	return (l->token == T_PUNCT || l->token == T_WORD) && strcmp(l->word, word) == 0;
}

bool
lex_accept(struct lexer *l, const char *word)
{
	if (!lex_is(l, word))
		return false;
	lex_next(l);
	return true;
}
