/* base/quantity.h: Kubernetes resource quantities in canonical form.
 *
 * The form is the one that `resource.Quantity` prints after reading (k8s.io/apimachinery, pkg/api/resource): the suffix
 * family that was read (binary, decimal, exponent) with the largest suffix that leaves a whole number. The pod template
 * hash depends on it.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* "0.5" → "500m", "1024Mi" → "1Gi", "1000m" → "1", "1e3" → "1e3". NULL if it is no quantity, or larger
 * than any that Kubernetes keeps (2^63 - 1). */
char *quantity_canonical(struct arena *, const char *);

/* A quantity that is a whole number and not negative, in units: "1Gi" is 1073741824. False: it is none. */
bool quantity_whole(const char *, int64_t *ret);
