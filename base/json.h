/* base/json.h: additions to jansson: pointers, canonical text, cleanup, copies into arenas.
 *
 * Trees of jansson are for parsing and patching. Data that is kept is decoded into structs, or kept as compact text.
 */
#pragma once
#include <jansson.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct str;

#define JSON_DEPTH_MAX 200 /* deeper input is refused, so that recursion is bounded */

/* Parses a text with one value of any type, not deeper than JSON_DEPTH_MAX and without duplicate keys. The caller
 * owns *ret. Errors name the line and column. */
struct err *json_parse(struct arena *, const char *text, size_t len, json_t **ret);

/* Returns compact text in insertion order, in the arena. Numbers have the fewest digits of the same number. */
char *json_text(struct arena *, const json_t *);

/* Appends a string literal as json_text writes it, with U+FFFD for each byte that is not UTF-8. */
void json_add_string(struct str *, const char *text);

/* Returns compact text as Go's encoding/json writes it: keys sorted; <, >, & and U+2028/9 escaped. */
char *json_text_go(struct arena *, const json_t *);

/* Returns the JSON of a value as Go writes a struct: keys are in the order of its fields. In the arena. */
char *json_text_go_struct(struct arena *, const json_t *);

/* Appends a number as Go's encoding/json writes it: the fewest digits of the same number, with an exponent below 1e-6
 * and from 1e21 on. */
void json_add_real(struct str *, double);

/* Appends a JSON string literal as Go's encoding/json writes it, with quotes. */
void json_add_quoted_go(struct str *, const char *s, size_t len);

/* Returns that literal. */
char *json_quote_go(struct arena *, const char *s, size_t len);

/* Returns a new string, with U+FFFD for each byte that is not UTF-8, which json_string refuses. */
json_t *json_shown(const char *text);

/* Sets a key to json_shown of the text. NULL or "": nothing. */
void json_put(json_t *object, const char *key, const char *text);

/* Returns the value at an RFC 6901 pointer, or NULL. Borrowed. */
json_t *json_at(const json_t *, const char *pointer);

/* Return a member of an object. NULL, or the fallback, if `object` is not an object or has no member of that type. */
const char *json_str(const json_t *object, const char *key);
json_int_t json_int(const json_t *object, const char *key, json_int_t fallback);

/* Converts a number to an integer as Go does on amd64: truncated towards zero; INT64_MIN for NaN, infinities and
 * numbers that are too large. */
int64_t int_of_double(double);

/* Returns one reference token of a pointer with ~ and / escaped. */
char *json_pointer_escape(struct arena *, const char *token);
