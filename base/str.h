/* base/str.h: growing text with a limit.
 *
 * Input from outside decides about the length, so that every buffer has a maximum from the start. Text beyond it is
 * dropped and sets `overflow`. The owner checks that once, at the end, and reports an error.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct str {
	char *at; /* NUL-terminated; NULL before the first append */
	size_t len, capacity, max;
	bool overflow; /* text was dropped */
};

/* Borrowed memory. */
struct bytes {
	const char *at;
	size_t len;
};

/* Initializes an empty buffer for at most `max` bytes. str_done frees it. */
void str_init(struct str *, size_t max);
void str_done(struct str *);

/* Append. Return false if text was dropped. */
bool str_add(struct str *, const char *at, size_t len);
bool str_adds(struct str *, const char *s);
bool str_addc(struct str *, char c);
bool str_add_int(struct str *, long long); /* decimal */
bool str_addf(struct str *, const char *format, ...) printf_like(2, 3);

/* Appends as many bytes as there is space for. Returns false if text was dropped. */
bool str_add_most(struct str *, const char *at, size_t len);

/* Removes all but the first `len` bytes. */
void str_shorten(struct str *, size_t len);

/* Removes the first n bytes. */
void str_cut(struct str *, size_t n);

/* Returns the text, "" if empty. Borrowed until the next change. */
const char *str_text(const struct str *);

/* Return whether s starts, or ends, with a text. False for NULL. */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Returns the text with every `what` (not empty) replaced, in the arena. */
const char *str_replace(struct arena *, const char *text, const char *what, const char *by);

/* Percent-encodes everything except letters, digits and "-_.~", for a URL's query or the value of a form. */
char *str_url_escape(struct arena *, const char *);

/* Returns whether both are equal. NULL equals only NULL. */
bool str_eq(const char *, const char *);

/* Returns whether s is NULL or "". */
bool str_empty(const char *);

/* Returns whether a guess is the secret. The time does not show how many bytes of it are right. */
bool str_same_secret(const char *secret, const char *guess);

/* Returns "an" for a word that starts with a vowel, else "a". */
const char *str_article(const char *word);

/* Reads the whole string as a decimal number in [min, max]. Returns false, and leaves *ret, for all others. */
bool str_int(const char *s, long long min, long long max, long long *ret);
