/* analysis/promql/balance.c: parentheses, braces, brackets and quotes of an expression of PromQL. Strings, escapes and
 * comments are those of Prometheus' lexer (promql/parser/lex.go). */
#include "analysis/promql/balance.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/arena.h"

#define BALANCE_DEPTH_MAX 256 /* a deeper expression is not judged */

/* Returns the end of the {{…}} that begins here; NULL: none does. It has no quotes, which end a string. */
static const char *
balance_placeholder(const char *at)
{
	const char *end = at[0] == '{' && at[1] == '{' ? at + 2 + strcspn(at + 2, "{}\"'`\n") : NULL;

	return end != NULL && end[0] == '}' && end[1] == '}' ? end + 2 : NULL;
}

/* Returns the end of the string that begins here; NULL: it has none. A string in backquotes has no escapes, and may
 * have several lines. */
static const char *
balance_string(const char *at)
{
	char quote = *at++;

	while (*at != quote) {
		const char *placeholder = balance_placeholder(at);

		if (*at == '\0' || (*at == '\n' && quote != '`'))
			return NULL;
		if (placeholder != NULL)
			at = placeholder;
		else if (*at == '\\' && quote != '`' && at[1] != '\0')
			at += 2;
		else
			at++;
	}
	return at + 1;
}

static size_t
balance_position(const char *expression, const char *at)
{
	return (size_t)(at - expression) + 1;
}

/* Returns the first problem. Sets *ret_unknown if a {{…}} before it can be the reason, or it is too deep. */
static const char *
balance_check(struct arena *a, const char *expression, bool *ret_unknown)
{
	static const char opens[] = "([{", closes[] = ")]}";
	const char *open[BALANCE_DEPTH_MAX], *end;
	size_t n = 0;

	for (const char *at = expression; *at != '\0'; at++)
		if (*at == '#') {
			at += strcspn(at, "\n");
			at -= *at == '\0';
		} else if (strchr("\"'`", *at) != NULL) {
			if ((end = balance_string(at)) == NULL) {
				*ret_unknown |= strstr(at, "{{") != NULL;
				return arena_printf(a, "the string that begins with %c at position %zu does not end",
				    *at, balance_position(expression, at));
			}
			at = end - 1;
		} else if ((end = balance_placeholder(at)) != NULL) {
			*ret_unknown = true;
			at = end - 1;
		} else if (strchr(opens, *at) != NULL) {
			if (n == BALANCE_DEPTH_MAX) {
				*ret_unknown = true;
				return NULL;
			}
			open[n++] = at;
		} else if (strchr(closes, *at) != NULL) {
			if (n == 0)
				return arena_printf(
				    a, "%c at position %zu closes nothing", *at, balance_position(expression, at));
			if (strchr(opens, *open[--n]) - opens != strchr(closes, *at) - closes)
				return arena_printf(a, "%c at position %zu is closed by %c at position %zu", *open[n],
				    balance_position(expression, open[n]), *at, balance_position(expression, at));
		}
	return n == 0 ? NULL
		      : arena_printf(a, "%c at position %zu is not closed", *open[n - 1],
			    balance_position(expression, open[n - 1]));
}

const char *
promql_balance_problem(struct arena *a, const char *expression)
{
	bool unknown = false;
	const char *problem = balance_check(a, expression, &unknown);

	return unknown ? NULL : problem;
}
