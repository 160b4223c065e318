/* sim/definitions.h: CustomResourceDefinitions that are created in the laptop cluster, and what it serves because of
 * them.
 *
 * The resources of store_resources are always served; a definition of one of them is kept and changes nothing. Any
 * other adds a resource: discovery, storage and its structural schema (without CEL). When it is deleted, its objects
 * are deleted too.
 */
#pragma once
#include "sim/crd.h"
#include "sim/store.h"

#define DEFINITIONS_MAX 200 /* resources that were ever defined in one store */
#define DEFINITION_SCHEMA_MAX (1u << 20) /* bytes of one schema as JSON */

struct definitions;

struct definitions *definitions_new(void);
struct definitions *definitions_free(struct definitions *);

/* The i-th resource that is defined now; NULL past the last. Stays valid for the life of the store, also once it is
 * deleted. */
const struct resource *definitions_at(const struct definitions *, size_t i);

/* Returns the problem of a definition in the words of an API server; NULL: it is valid. Fills in its status and the
 * names that may be left out. */
const char *definitions_admit(const struct definitions *, struct arena *, json_t *definition, const char *now);

/* A definition was written. */
void definitions_add(struct definitions *, struct crds *, const json_t *definition);

/* A definition was deleted; the resource that is not served any more, or NULL. */
const struct resource *definitions_remove(struct definitions *, struct crds *, const json_t *definition);
