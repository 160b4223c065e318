/* kube/api/regex.h: regular expressions of users that only match or do not: PCRE2, with a limit of steps. */
#pragma once
#include <stdbool.h>

enum regex_found {
	REGEX_NOTHING,
	REGEX_SOMETHING,
	REGEX_UNKNOWN, /* the expression is wrong, or takes too many tries on this text */
};

/* Searches the text for the expression. */
enum regex_found regex_search(const char *expression, const char *text);

/* Returns whether the expression is found in the text; REGEX_UNKNOWN counts as not found. Not for rules that deny. */
static inline bool
regex_finds(const char *expression, const char *text)
{
	return regex_search(expression, text) == REGEX_SOMETHING;
}
