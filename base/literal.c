/* base/literal.c: see the header. */
#include "base/literal.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

static void
add_utf8(struct str *s, unsigned long c)
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

/* What stands behind a backslash; NULL: *ret_why. */
static const char *
escape(struct str *s, const char *at, const char **ret_why)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *one = *at != '\0' ? strchr(from, *at) : NULL;
	int digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
	unsigned long c = 0;

	*ret_why = "an unknown escape";
	if (one != NULL)
		str_addc(s, to[one - from]);
	if (one != NULL || digits == 0)
		return one != NULL ? at + 1 : NULL;
	for (at++; digits > 0; digits--, at++) {
		if (!isxdigit((unsigned char)*at)) {
			*ret_why = "not a hexadecimal digit";
			return NULL;
		}
		c = c * 16 +
		    (unsigned long)(isdigit((unsigned char)*at) ? *at - '0' : tolower((unsigned char)*at) - 'a' + 10);
	}
	if (c == 0 || c > 0x10ffff) {
		*ret_why = "an escape that is no character";
		return NULL;
	}
	add_utf8(s, c);
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
			at = escape(&s, at + 1, ret_why);
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
