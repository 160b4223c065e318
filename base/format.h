/* base/format.h: vsnprintf at a quarter of its cost, for the conversions that nearly all texts have. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

/* Does what vsnprintf does, and returns what it returns: the bytes of the whole text without its NUL, of which at most
 * size - 1 are in `to`. vsnprintf itself is called if the format has a conversion other than %s, %.*s, %c, %d, %u, %ld,
 * %lu, %lld, %llu, %zu and %%, or if a text is NULL. */
int format_text(char *to, size_t size, const char *format, va_list) __attribute__((format(printf, 3, 0)));
