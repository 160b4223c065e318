/* analysis/jsonpath.h: one value out of a JSON document.
 *
 * The expressions of Kubernetes' JSONPath (kubernetes.io/docs/reference/kubectl/jsonpath) that name a value: "{$.data[0].rate}", with
 * or without the braces: fields (.name, ['name'], "\." for a point in a name), indices (from the end when negative), [*] and .*
 * (every one; the first that goes on is taken), and "..name" anywhere below. Filters, ranges and functions are not built, and said
 * so.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

/* What the path finds first; NULL: nothing. Borrowed from the document. An expression that cannot be read is an error that says where. */
struct err *jsonpath_first(struct arena *, const char *path, const json_t *document, const json_t **ret);
