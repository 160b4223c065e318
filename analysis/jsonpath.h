/* analysis/jsonpath.h: one value out of a JSON document.
 *
 * The expressions of Kubernetes' JSONPath (kubernetes.io/docs/reference/kubectl/jsonpath) that name a value:
 * "{$.data[0].rate}", with or without the braces: fields (.name, ['name'], "\." for a point in a name), indices (from
 * the end when negative), [*] and .* (every item; the first that the rest of the path matches), and "..name" at any
 * depth. Filters, ranges and functions are not supported: an expression with one is an error.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

/* Sets *ret to the first value that the path matches, or NULL; borrowed from the document. The error of an invalid
 * expression has the position. */
struct err *jsonpath_first(struct arena *, const char *path, const json_t *document, const json_t **ret);
