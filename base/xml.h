/* base/xml.h: XML 1.0, as far as services of AWS respond with it: elements and text, without a document type.
 *
 * A tree of JSON values. An element with elements in it is an object, any other one a text. An element in which all
 * elements are called "member" is a list. Attributes, comments, processing instructions, and text next to elements are
 * skipped.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define XML_DEPTH_MAX 32
#define XML_ELEMENTS_MAX 200000 /* of a text; more are an error */

/* Reads a document with one element: *ret is its content, and *ret_name, which may be NULL, its name (in the arena). Of
 * elements with the same name in an object the first one counts. An error names the byte. The caller owns *ret. */
struct err *xml_decode(struct arena *, struct bytes, const char **ret_name, json_t **ret);
