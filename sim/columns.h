/* sim/columns.h: the values of additionalPrinterColumns: the part of kubectl's JSONPath that definitions use.
 *
 * ".a.b", "['a.b']", "\." in a name, "[0]", "[*]", and filters "[?(@.type==\"Ready\")]" with == and !=. Source: the
 * Kubernetes documentation, "JSONPath Support".
 */
#pragma once
#include "base/json.h"

/* Returns the first value at a path, borrowed; NULL: no value, or a path that is not read here. */
const json_t *column_value(struct arena *, const json_t *object, const char *path);
