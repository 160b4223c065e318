/* base/json_walk.h: JSON text that is read where it stands, without a tree.
 *
 * json_check accepts a text once; all other functions are for a value within an accepted text, and are given the
 * address of its first character. They find the end of a value by its brackets and quotes, so that a value that is not
 * read costs a scan and no memory. A number or word that is the whole text ends with a NUL.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json.h"

/* Returns true for the texts that json_parse accepts: one value of any type, UTF-8, integers of 64 bits, no U+0000 in
 * a key, no duplicate keys; except that it refuses a NUL byte everywhere. Brackets may be nested `depth` deep, at most
 * JSON_DEPTH_MAX + 1. */
bool json_check(const char *text, size_t len, size_t depth);

/* The same for a text with a member that is not read: the value of the member that n_path keys lead to from the
 * outermost object. If it is a list or an object, only its end is found, by its brackets and quotes; *ret_from is then
 * its first character, and *ret_to the address after it. NULL: the text has none. A text that is accepted with such a
 * value may be refused by json_parse. */
bool json_check_except(const char *text, size_t len, size_t depth, const char *const *path, size_t n_path,
    const char **ret_from, const char **ret_to);

/* Returns the address of the value of an accepted text: of its first character that is not space. */
const char *json_begin(const char *text);

/* The members of an object, or the elements of a list, in order. */
struct json_walk {
	const char *value;
	const char *key; /* as it is written, without its quotes; not of an element */
	size_t key_len;
	/* After the value. NULL: not known yet; a caller that has read the value can set it, which spares a scan. After
	 * the last value: after the object or list itself. */
	const char *end;
	const char *at; /* private */
};

/* Returns a walk before the first value. A value that is no object or list, and NULL, have none. */
struct json_walk json_walk(const char *value);

/* Moves to the next value. Returns false after the last one. */
bool json_walk_next(struct json_walk *);

/* Whether the current member has this name. */
bool json_walk_is(const struct json_walk *, const char *name);

/* Returns the address after a value. */
const char *json_skip(const char *value);

/* Returns the value of a member, or NULL if it is missing, or `object` is NULL or no object. */
const char *json_find(const char *object, const char *key);

/* Returns the number of members or elements. 0 for other values, and NULL. */
size_t json_count(const char *value);

/* Whether the value is one of this type. NULL is of no type. */
static inline bool
json_is(const char *value, char first)
{
	return value != NULL && *value == first;
}
#define json_at_object(value) json_is((value), '{')
#define json_at_list(value) json_is((value), '[')
#define json_at_string(value) json_is((value), '"')
#define json_at_null(value) json_is((value), 'n')
#define json_at_true(value) json_is((value), 't')
#define json_at_bool(value) (json_is((value), 't') || json_is((value), 'f'))
#define json_at_number(value) ((value) != NULL && (*(value) == '-' || (*(value) >= '0' && *(value) <= '9')))

/* Returns a string without its quotes and escapes, in the arena. *ret_len is its length in bytes: it may contain
 * U+0000. */
char *json_unquote(struct arena *, const char *string, size_t *ret_len) never_null;

/* Returns the length in bytes of a string between its quotes, with its escapes. */
size_t json_quoted_length(const char *string);

/* The same as json_unquote for a key. */
char *json_unquote_key(struct arena *, const char *key, size_t len) never_null;

/* Whether a string contains U+0000. */
bool json_has_nul(const char *string);

/* Returns true for an integer, with its value; false for a number with a fraction or an exponent. */
bool json_integer_at(const char *number, int64_t *ret);

/* Returns the value of any number. */
double json_number_at(const char *number);

/* Returns the value as compact text, in the arena, as json_text writes it: in the order of the text. */
char *json_compact(struct arena *, const char *value) never_null;

/* Takes the next character of a string, which may be escaped, as UTF-8. Returns its bytes (at most 4). */
size_t json_next_char(const char **at, char ret[4]);
