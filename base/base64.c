/* base/base64.c: base64: three bytes are four digits. */
#include "base/base64.h"
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_encode(struct arena *a, const void *data, size_t len)
{
	const unsigned char *at = data;
	char *out = arena_alloc(a, (len + 2) / 3 * 4 + 1), *o = out;

	for (size_t i = 0; i < len; i += 3) {
		unsigned group =
		    (unsigned)at[i] << 16 | (i + 1 < len ? at[i + 1] : 0u) << 8 | (i + 2 < len ? at[i + 2] : 0u);

		*o++ = digits[group >> 18];
		*o++ = digits[group >> 12 & 63];
		*o++ = i + 1 < len ? digits[group >> 6 & 63] : '=';
		*o++ = i + 2 < len ? digits[group & 63] : '=';
	}
	return out;
}

char *
base64_decode(struct arena *a, const char *text, size_t *ret_len)
{
	char *out = arena_alloc(a, strlen(text) / 4 * 3 + 4), *o = out;
	unsigned bits = 0, n = 0;

	for (; *text != '\0' && *text != '='; text++) {
		const char *d;

		if (*text == '\n' || *text == '\r' || *text == ' ')
			continue;
		if ((d = strchr(digits, *text)) == NULL)
			return NULL;
		bits = bits << 6 | (unsigned)(d - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			*o++ = (char)(bits >> n & 0xff);
		}
	}
	if (ret_len != NULL)
		*ret_len = (size_t)(o - out);
	return out;
}

char *
base64url_encode(struct arena *a, const void *data, size_t len)
{
	char *text = base64_encode(a, data, len);

	for (char *c = text; *c != '\0'; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=')
			*c = '\0';
	}
	return text;
}

char *
base64url_decode(struct arena *a, const char *text, size_t len, size_t *ret_len)
{
	char *standard = arena_strndup(a, text, len);

	if (len % 4 == 1)
		return NULL;
	for (char *c = standard; *c != '\0'; c++) {
		if (strchr("+/=\r\n ", *c) != NULL)
			return NULL;
		if (*c == '-')
			*c = '+';
		else if (*c == '_')
			*c = '/';
	}
	return base64_decode(a, standard, ret_len);
}
