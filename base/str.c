/* base/str.c: growing text with a limit, and helpers for strings (str_int, str_replace, …). */
#include "base/str.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/format.h"

#define STR_MIN 512 /* bytes of the first allocation: most texts that grow are longer than 128 */

void
str_init(struct str *s, size_t max)
{
	*s = (struct str){ .max = max };
}

void
str_done(struct str *s)
{
	free(s->at);
	*s = (struct str){ .max = s->max };
}

bool
str_add(struct str *s, const char *at, size_t len)
{
	if (len > s->max - s->len) {
		s->overflow = true;
		return false;
	}
	if (s->len + len + 1 > s->capacity) {
		size_t capacity = s->capacity < STR_MIN ? STR_MIN : s->capacity * 2;

		while (capacity < s->len + len + 1)
			capacity *= 2;
		s->at = mem_realloc(s->at, capacity);
		s->capacity = capacity;
	}
	if (len > 0)
		memcpy(s->at + s->len, at, len);
	s->len += len;
	s->at[s->len] = '\0';
	return true;
}

bool
str_add_most(struct str *s, const char *at, size_t len)
{
	size_t space = s->max - s->len;

	str_add(s, at, len < space ? len : space);
	s->overflow |= len > space;
	return len <= space;
}

bool
str_adds(struct str *s, const char *text)
{
	return str_add(s, text, strlen(text));
}

bool
str_addc(struct str *s, char c)
{
	if (s->len + 1 >= s->capacity || s->len == s->max)
		return str_add(s, &c, 1);
	s->at[s->len++] = c;
	s->at[s->len] = '\0';
	return true;
}

bool
str_add_int(struct str *s, long long n)
{
	char digits[FORMAT_INT_SIZE];

	return str_adds(s, format_int(digits, n));
}

bool
str_addf(struct str *s, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	char few[200]; /* most texts are short */
	va_list ap;
	int n;

	va_start(ap, format);
	n = format_text(few, sizeof(few), format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(few))
		return str_add(s, few, (size_t)n);
	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		s->overflow = true;
		return false;
	}
	return str_add(s, text, (size_t)n);
}

void
str_shorten(struct str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->at[len] = '\0';
}

void
str_cut(struct str *s, size_t n)
{
	if (n == 0)
		return;
	memmove(s->at, s->at + n, s->len - n + 1);
	s->len -= n;
}

const char *
str_text(const struct str *s)
{
	return s->at != NULL ? s->at : "";
}

const char *
str_replace(struct arena *a, const char *text, const char *what, const char *by)
{
	size_t n = 0, len = strlen(what), by_len = strlen(by);
	const char *at;
	char *ret, *to;

	for (at = text; (at = strstr(at, what)) != NULL; at += len)
		n++;
	ret = to = arena_alloc(a, strlen(text) - n * len + n * by_len + 1);
	for (; (at = strstr(text, what)) != NULL; text = at + len) {
		memcpy(to, text, (size_t)(at - text));
		to += at - text;
		for (const char *c = by; *c != '\0'; c++)
			*to++ = *c;
	}
	memcpy(to, text, strlen(text) + 1);
	return ret;
}

char *
str_url_escape(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) * 3 + 1), *o = out;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-_.~", c) != NULL) {
			*o++ = (char)c;
		} else {
			*o++ = '%';
			*o++ = "0123456789ABCDEF"[c >> 4];
			*o++ = "0123456789ABCDEF"[c & 15];
		}
	}
	return out;
}

bool
str_starts(const char *s, const char *prefix)
{
	return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t n, m = strlen(suffix);

	if (s == NULL || (n = strlen(s)) < m)
		return false;
	return strcmp(s + n - m, suffix) == 0;
}

bool
str_same_secret(const char *secret, const char *guess)
{
	size_t n = strlen(secret), len = strlen(guess);
	volatile unsigned char differ = n != len;

	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)(secret[i < n ? i : n] ^ guess[i]);
	return differ == 0;
}

const char *
str_article(const char *word)
{
	return word[0] != '\0' && strchr("aeiouAEIOU", word[0]) != NULL ? "an" : "a";
}

bool
str_empty(const char *s)
{
	return s == NULL || s[0] == '\0';
}

bool
str_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
str_int(const char *s, long long min, long long max, long long *ret)
{
	long long n;
	char *end;

	if (s == NULL || *s == '\0' || *s == ' ' || *s == '\t' || *s == '\n')
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || n < min || n > max)
		return false;
	*ret = n;
	return true;
}
