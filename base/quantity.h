/* base/quantity.h: Kubernetes resource quantities in canonical form.
 *
 * This is the form that `resource.Quantity` prints (k8s.io/apimachinery, pkg/api/resource): the same family of suffixes
 * (binary, decimal, exponent), with the largest suffix that results in an integer. The pod template hash depends on it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* Returns the canonical form of a quantity, in the arena: "500m" for "0.5", "1Gi" for "1024Mi", "1" for "1000m",
 * "1e3" for "1e3". Returns NULL if the text is not a quantity, or larger than the maximum of Kubernetes (2^63 - 1). */
char *quantity_canonical(struct arena *, const char *);

/* Reads a quantity that is an integer and not negative: "1Gi" is 1073741824. Returns false for all others. */
bool quantity_whole(const char *, int64_t *ret);
