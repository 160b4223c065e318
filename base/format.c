/* base/format.c: copies texts and writes integers, where a format has no other directives. vsnprintf takes several
 * hundred instructions for each directive, and formatting was 7 % of an update. */
#include "base/format.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The arguments that are left. A va_list itself cannot be passed on and then be used again. */
struct format_args {
	va_list list;
};

const char *
format_int(char digits[FORMAT_INT_SIZE], long long n)
{
	unsigned long long rest = n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;
	char *at = &digits[FORMAT_INT_SIZE - 1];

	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--at = '-';
	return at;
}

/* Returns the text of the directive at *at, and moves *at behind it. NULL: it is another one than %s, %d, %u, %ld and
 * %zu, or its text is NULL. */
static const char *
format_next(const char **at, struct format_args *args, char digits[FORMAT_INT_SIZE])
{
	const char *d = *at + 1;
	bool size = d[0] == 'z' && d[1] == 'u', is_long = d[0] == 'l' && d[1] == 'd';
	size_t n;

	*at = d + (size || is_long ? 2 : 1);
	if (size)
		return (n = va_arg(args->list, size_t)) <= LLONG_MAX ? format_int(digits, (long long)n) : NULL;
	if (is_long)
		return format_int(digits, va_arg(args->list, long));
	switch (*d) {
	case 's': return va_arg(args->list, const char *);
	case 'd': return format_int(digits, va_arg(args->list, int));
	case 'u': return format_int(digits, va_arg(args->list, unsigned));
	default: return NULL;
	}
}

/* Returns false if the format has another directive, a text is NULL, or all of it does not fit with its NUL. */
static bool
format_copy(char *to, size_t size, const char *format, struct format_args *args, size_t *ret_len)
{
	char digits[FORMAT_INT_SIZE];
	size_t len = 0;

	for (;;) {
		size_t plain = (size_t)(strchrnul(format, '%') - format), n;
		const char *text;

		if (plain >= size - len)
			return false;
		memcpy(to + len, format, plain);
		len += plain;
		format += plain;
		if (*format == '\0')
			break;
		text = format_next(&format, args, digits);
		n = text != NULL ? strlen(text) : 0;
		if (text == NULL || n >= size - len)
			return false;
		memcpy(to + len, text, n);
		len += n;
	}
	to[len] = '\0';
	*ret_len = len;
	return true;
}

int
format_text(char *to, size_t size, const char *format, va_list ap)
{
	struct format_args args;
	size_t len;
	bool copied;

	va_copy(args.list, ap);
	copied = format_copy(to, size, format, &args, &len);
	va_end(args.list);
	return copied ? (int)len : vsnprintf(to, size, format, ap);
}
