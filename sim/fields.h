/* sim/fields.h: known fields of each type of the laptop cluster: which fields strict validation refuses, and which
 * OpenAPI documents show. */
#pragma once
#include "sim/crd.h"
#include "sim/store.h"

/* Adds the paths of fields that objects of this resource do not have to a list, at most UNKNOWN_MAX of them. A kind
 * whose fields are not kept here has any. */
void fields_unknown(const struct crds *, struct arena *, const struct resource *, const char *version,
    const json_t *object, json_t *paths);

/* The schema of a resource for OpenAPI, with apiVersion, kind and metadata. A new reference. */
json_t *fields_schema(const struct crds *, struct arena *, const struct resource *, const char *version);

/* The schema that "#/components/schemas/" META_SCHEMA names. A new reference. */
#define META_SCHEMA "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
json_t *fields_meta_schema(void);
