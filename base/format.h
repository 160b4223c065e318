/* base/format.h: vsnprintf, faster for the formats of most texts. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include "base/cleanup.h"

#define FORMAT_INT_SIZE 24 /* bytes: a sign, the digits of 64 bits, and a NUL */

/* Writes a formatted text and its NUL to the `size` bytes at `to`, > 0. Returns the length of the whole text, as
 * vsnprintf does: if it is not less than `size`, the bytes at `to` are the beginning of the text. */
int format_text(char *to, size_t size, const char *format, va_list) printf_like(3, 0);

/* Writes a decimal number to the end of `digits`. Returns its first character. */
const char *format_int(char digits[FORMAT_INT_SIZE], long long n);
