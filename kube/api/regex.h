/* kube/api/regex.h: regular expressions of users that only match or do not: PCRE2, with a limit of steps. */
#pragma once
#include <stdbool.h>

enum regex_found {
	REGEX_NOTHING,
	REGEX_SOMETHING,
	REGEX_UNKNOWN, /* the expression is wrong, or takes too many tries on this text */
};

/* Whether the expression finds something in the text. */
enum regex_found regex_search(const char *expression, const char *text);

/* The same where what is not known is nothing. Not for what forbids. */
static inline bool
regex_finds(const char *expression, const char *text)
{
	return regex_search(expression, text) == REGEX_SOMETHING;
}
