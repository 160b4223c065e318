/* base/format.c: formats texts, numbers and characters; everything else is left to vsnprintf. */
#include "base/format.h"
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 20 /* of 64 bits */

struct format_output {
	char *to;
	size_t size; /* of `to`, without the NUL */
	size_t len; /* of the whole text so far */
};

static void
format_add(struct format_output *o, const char *text, size_t n)
{
	size_t space = o->len < o->size ? o->size - o->len : 0;

	if (space > 0)
		memcpy(o->to + o->len, text, n < space ? n : space);
	o->len += n;
}

static void
format_add_number(struct format_output *o, uintmax_t n, bool negative)
{
	char digits[DIGITS_MAX + 1], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (negative)
		*--at = '-';
	format_add(o, at, (size_t)(digits + sizeof(digits) - at));
}

static void
format_add_signed(struct format_output *o, intmax_t n)
{
	format_add_number(o, n < 0 ? -(uintmax_t)n : (uintmax_t)n, n < 0);
}

static bool
format_add_string(struct format_output *o, const char *text, int max)
{
	if (text != NULL)
		format_add(o, text, max < 0 ? strlen(text) : strnlen(text, (size_t)max));
	return text != NULL;
}

/* Adds the value of the conversion at `at`, behind its "%". Returns its length; 0: it is left to vsnprintf. */
static size_t
format_add_value(struct format_output *o, const char *at, va_list *ap)
{
	char c;
	int max;

	switch (at[0]) {
	case 's': return format_add_string(o, va_arg(*ap, const char *), -1) ? 1 : 0;
	case 'd': format_add_signed(o, va_arg(*ap, int)); return 1;
	case 'u': format_add_number(o, va_arg(*ap, unsigned), false); return 1;
	case 'c':
		c = (char)va_arg(*ap, int);
		format_add(o, &c, 1);
		return 1;
	case '%': format_add(o, "%", 1); return 1;
	case '.':
		if (at[1] != '*' || at[2] != 's')
			return 0;
		max = va_arg(*ap, int);
		return format_add_string(o, va_arg(*ap, const char *), max) ? 3 : 0;
	case 'z':
		if (at[1] != 'u')
			return 0;
		format_add_number(o, va_arg(*ap, size_t), false);
		return 2;
	case 'l': break;
	default: return 0;
	}
	if (at[1] == 'd')
		format_add_signed(o, va_arg(*ap, long));
	else if (at[1] == 'u')
		format_add_number(o, va_arg(*ap, unsigned long), false);
	else if (at[1] == 'l' && at[2] == 'd')
		format_add_signed(o, va_arg(*ap, long long));
	else if (at[1] == 'l' && at[2] == 'u')
		format_add_number(o, va_arg(*ap, unsigned long long), false);
	else
		return 0;
	return at[1] == 'l' ? 3 : 2;
}

int
format_text(char *to, size_t size, const char *format, va_list ap)
{
	struct format_output o = { to, size > 0 ? size - 1 : 0, 0 };
	const char *at = format;
	va_list values;
	size_t n = 1;

	va_copy(values, ap);
	for (const char *value; n > 0 && (value = strchr(at, '%')) != NULL; at = value + 1 + n) {
		format_add(&o, at, (size_t)(value - at));
		n = format_add_value(&o, value + 1, &values);
	}
	va_end(values);
	if (n == 0)
		return vsnprintf(to, size, format, ap);
	format_add(&o, at, strlen(at));
	if (size > 0)
		to[o.len < o.size ? o.len : o.size] = '\0';
	return o.len <= INT_MAX ? (int)o.len : -1;
}
