/* analysis/promql/result_type.c: type of a PromQL expression, scalar or vector: reads operands and operators, and skips
 * the arguments of scalar(…). Each function returns the rest of the text, or NULL if it cannot read a scalar. */
#include "analysis/promql/result_type.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"

#define PROMQL_DEPTH_MAX 50

static const char *promql_scalar(const char *s, int depth);

/* Skips white space and comments. */
static const char *
promql_skip(const char *s)
{
	for (;;) {
		while (isspace((unsigned char)*s))
			s++;
		if (*s != '#')
			return s;
		s += strcspn(s, "\n");
	}
}

/* Skips a text in parentheses. */
static const char *
promql_skip_parentheses(const char *s)
{
	int open = 0;

	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\'' || *s == '`') {
			char quote = *s;

			for (s++; *s != '\0' && *s != quote; s++)
				if (*s == '\\' && quote != '`' && s[1] != '\0')
					s++;
			if (*s == '\0')
				return NULL;
		}
		open += *s == '(';
		if (*s == ')' && --open == 0)
			return s + 1;
	}
	return NULL;
}

/* Reads a number, a call of a function that returns a scalar, or a scalar in parentheses. */
static const char *
promql_operand(const char *s, int depth)
{
	static const char *const functions[] = { "scalar", "time", "pi" };
	size_t n;

	s = promql_skip(s);
	while (*s == '-' || *s == '+')
		s = promql_skip(s + 1);
	if (*s == '(') {
		s = promql_scalar(s + 1, depth + 1);
		return s != NULL && *s == ')' ? s + 1 : NULL;
	}
	n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
	if (isdigit((unsigned char)*s) || (*s == '.' && isdigit((unsigned char)s[1]))) {
		/* 1e-3 continues after its sign. */
		n = strspn(s, "0123456789.abcdefxABCDEFX_msdhwy");
		if ((s[n] == '-' || s[n] == '+') && (s[n - 1] == 'e' || s[n - 1] == 'E') && s[1] != 'x')
			n += 1 + strspn(s + n + 1, "0123456789");
		return s + n;
	}
	if ((n == 3 && strncasecmp(s, "inf", 3) == 0) || (n == 3 && strncasecmp(s, "nan", 3) == 0))
		return s + n;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (n == strlen(functions[i]) && strncmp(s, functions[i], n) == 0) {
			s = promql_skip(s + n);
			return *s == '(' ? promql_skip_parentheses(s) : NULL;
		}
	return NULL;
}

/* Reads an expression of scalars, up to a character that is not an operator. */
static const char *
promql_scalar(const char *s, int depth)
{
	static const char *const operators[] = { "==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "%", "^",
		"atan2" };

	if (depth > PROMQL_DEPTH_MAX)
		return NULL;
	for (;;) {
		size_t n = 0;

		if ((s = promql_operand(s, depth)) == NULL)
			return NULL;
		s = promql_skip(s);
		for (size_t i = 0; i < ARRAY_SIZE(operators) && n == 0; i++)
			n = str_starts(s, operators[i]) ? strlen(operators[i]) : 0;
		if (n == 0)
			return s;
		s = promql_skip(s + n);
		/* A comparison of scalars needs `bool`. */
		if (str_starts(s, "bool"))
			s += strlen("bool");
	}
}

bool
promql_is_scalar(const char *query)
{
	const char *end = promql_scalar(query, 0);

	return end != NULL && *end == '\0';
}
