/* base/str.h: growing text with a limit at birth.
 *
 * What comes from outside decides how much is appended, so every buffer is born with the most it may hold. Appending past
 * that sets `overflow` and drops the rest: the owner checks it once, at the end, and reports an error.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct str {
	char *at; /* NUL-terminated once something was appended; NULL before */
	size_t len, room, max;
	bool overflow; /* something was dropped */
};

/* A piece of memory that somebody else owns. */
struct bytes {
	const char *at;
	size_t len;
};

/* An empty buffer for at most `max` bytes. Freed with str_done. */
void str_init(struct str *, size_t max);
void str_done(struct str *);

/* Appends; false when the limit was hit (see above). */
bool str_add(struct str *, const char *at, size_t len);
bool str_adds(struct str *, const char *s);
bool str_addc(struct str *, char c);
bool str_addf(struct str *, const char *format, ...) printf_like(2, 3);

/* Removes the first n bytes. */
void str_cut(struct str *, size_t n);

/* The text so far, "" when empty. Borrowed until the next change. */
const char *str_text(const struct str *);

/* True when s starts (ends) with the given text. NULL starts with nothing. */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* The text with every `what` (not empty) replaced, in the arena. */
const char *str_replace(struct arena *, const char *text, const char *what, const char *by);

/* Percent-encodes for a URL's query or a form's value: all but letters, digits and "-_.~". */
char *str_url_escape(struct arena *, const char *);

/* strcmp for equality that takes NULLs: NULL equals NULL only. */
bool str_eq(const char *, const char *);

/* NULL or "". */
bool str_empty(const char *);

/* "an" before a word that begins with a vowel, else "a". */
const char *str_article(const char *word);

/* Whole string as a decimal number within [min, max]; false (and *ret untouched) otherwise. */
bool str_int(const char *s, long long min, long long max, long long *ret);
