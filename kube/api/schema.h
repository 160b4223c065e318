/* kube/api/schema.h: CustomResourceDefinitions from the rows (apiextensions.k8s.io/v1, structural schemas). */
#pragma once
#include "kube/api/type.h"

/* Returns the CustomResourceDefinition of a root type, as a new reference.
 *
 * Unknown fields of strict types are pruned, which kubectl reports ("unknown field"). Those of other types are
 * preserved, as are unsupported fields, which the controller refuses by name. */
json_t *schema_crd(const struct type *);
