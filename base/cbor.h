/* base/cbor.h: CBOR (RFC 8949), as services of AWS use it (Smithy RPC v2): to and from JSON trees.
 *
 * A tag is an object with the members "tag" and "value": a time is {"tag": 1, "value": 1767225600}.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define CBOR_TAG_TIME 1 /* seconds since 1970 */
#define CBOR_ITEMS_MAX 1000000 /* of a text; more are an error */

/* Returns the CBOR of a tree, in the arena, followed by a NUL that does not count. Integers have the shortest form,
 * other numbers 8 bytes, as the number of a time. */
struct bytes cbor_encode(struct arena *, const json_t *);

/* Reads one value, not deeper than JSON_DEPTH_MAX. Byte strings are read as text; map keys must be text. The caller
 * owns *ret. */
struct err *cbor_decode(struct arena *, struct bytes, json_t **ret);
