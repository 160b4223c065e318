/* base/literal.c: string literals of Go: parses quotes and escapes. Source: the Go specification, "String literals". */
#include "base/literal.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

static void
literal_add_utf8(struct str *s, unsigned long c)
{
	if (c < 0x80) {
		str_addc(s, (char)c);
	} else if (c < 0x800) {
		str_addc(s, (char)(0xc0 | c >> 6));
		str_addc(s, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		str_addc(s, (char)(0xe0 | c >> 12));
		str_addc(s, (char)(0x80 | (c >> 6 & 0x3f)));
		str_addc(s, (char)(0x80 | (c & 0x3f)));
	} else {
		str_addc(s, (char)(0xf0 | c >> 18));
		str_addc(s, (char)(0x80 | (c >> 12 & 0x3f)));
		str_addc(s, (char)(0x80 | (c >> 6 & 0x3f)));
		str_addc(s, (char)(0x80 | (c & 0x3f)));
	}
}

/* Reads an escape after its backslash. Returns its end, or NULL with *ret_why. */
static const char *
literal_read_escape(struct str *s, const char *at, char quote, const char **ret_why)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *one = *at != '\0' ? strchr(from, *at) : NULL;
	bool octal = *at >= '0' && *at <= '3', braces = at[0] == 'u' && at[1] == '{';
	int digits = octal ? 3 : braces ? 6 : *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0, n = 0;
	unsigned long c = 0, base = octal ? 8 : 16, digit;

	*ret_why = "an unknown escape";
	/* Only the quote that delimits the string can be escaped. */
	if (one != NULL && (*one == '\'' || *one == '"') && *one != quote)
		return NULL;
	if (one != NULL)
		str_addc(s, to[one - from]);
	if (one != NULL || digits == 0)
		return one != NULL ? at + 1 : NULL;
	for (at += braces ? 2 : octal ? 0 : 1; n < digits && !(braces && n > 0 && *at == '}'); n++, at++) {
		digit = isdigit((unsigned char)*at)    ? (unsigned long)(*at - '0')
			: isxdigit((unsigned char)*at) ? (unsigned long)(tolower((unsigned char)*at) - 'a' + 10)
						       : base;
		if (digit >= base) {
			*ret_why = octal ? "not an octal digit" : "not a hexadecimal digit";
			return NULL;
		}
		c = c * base + digit;
	}
	if (braces && *at++ != '}') {
		*ret_why = "\\u{ without its }";
		return NULL;
	}
	if (c == 0 || c > 0x10ffff) {
		*ret_why = "an escape that is no character";
		return NULL;
	}
	literal_add_utf8(s, c);
	return at;
}

char *
literal_read(struct arena *a, const char *at, size_t max, const char **ret_end, const char **ret_why)
{
	char quote = *at++, *text;
	struct str s;

	str_init(&s, max);
	while (at != NULL && *at != quote) {
		if (*at == '\0' || (*at == '\n' && quote != '`')) {
			*ret_why = "the string does not end";
			at = NULL;
		} else if (*at == '\\' && quote != '`') {
			at = literal_read_escape(&s, at + 1, quote, ret_why);
		} else {
			str_addc(&s, *at++);
		}
	}
	if (s.overflow) {
		*ret_why = "the string is too long";
		at = NULL;
	}
	text = at != NULL ? arena_strdup(a, str_text(&s)) : NULL;
	*ret_end = at != NULL ? at + 1 : NULL;
	str_done(&s);
	return text;
}
