/* base/json.h: what jansson does not bring: pointers, canonical text, cleanup, copies into arenas.
 *
 * jansson trees are for parsing and patching. What is kept is decoded into structs or kept as compact text.
 */
#pragma once
#include <jansson.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 200 /* deeper input is refused: no unbounded recursion on what comes from outside */

/* Parses a whole text, any value no deeper than JSON_DEPTH_MAX, duplicate keys refused. The caller owns *ret. Errors name line and
 * column. */
struct err *json_parse(struct arena *, const char *text, size_t len, json_t **ret);

/* Compact text in insertion order, in the arena. Numbers have the fewest digits that are the same number. */
char *json_text(struct arena *, const json_t *);

/* Compact text as Go's encoding/json writes it: keys sorted, <, >, & and U+2028/9 escaped. */
char *json_text_go(struct arena *, const json_t *);

/* The same of a struct: keys stay in the order of its fields. */
char *json_text_go_struct(struct arena *, const json_t *);

/* A JSON string literal as Go's encoding/json writes it, quotes included. */
char *json_quote_go(struct arena *, const char *s, size_t len);

/* A string, with U+FFFD in place of each byte that is no UTF-8: what json_string makes nothing of. A new reference. */
json_t *json_shown(const char *text);

/* A text under a key, as json_shown has it; NULL or "": none. */
void json_put(json_t *object, const char *key, const char *text);

/* The value at an RFC 6901 pointer, or NULL. Borrowed. */
json_t *json_at(const json_t *, const char *pointer);

/* Member access that takes NULL and anything else: NULL, or the default, where there is none of that type. */
const char *json_str(const json_t *object, const char *key);
json_int_t json_int(const json_t *object, const char *key, json_int_t otherwise);

/* A number as an integer, as Go converts it on the machines it mostly runs on: cut towards zero, and the least integer for
 * what fits none (NaN, infinities, too large). */
int64_t int_of_double(double);

/* Escapes one reference token of a pointer (~ and /). */
char *json_pointer_escape(struct arena *, const char *token);
