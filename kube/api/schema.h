/* kube/api/schema.h: rows as CustomResourceDefinitions (apiextensions.k8s.io/v1, structural schemas). */
#pragma once
#include "kube/api/type.h"

/* The CustomResourceDefinition of a root type; a new reference.
 *
 * Unknown fields of strict types are pruned, which kubectl refuses to let happen silently ("unknown field"); those of others are
 * preserved, and so is what is not supported, because the controller refuses it by name. */
json_t *schema_crd(const struct type *);
