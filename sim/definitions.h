/* sim/definitions.h: CustomResourceDefinitions that are created in the laptop cluster, and what it serves because of
 * them.
 *
 * The resources of store_resources are always served; a definition of one of them is kept and changes nothing. Any
 * other adds a resource: discovery, storage, a structural schema for each version, subresources and columns. When it
 * is deleted, its objects are deleted first.
 *
 * Rules of CEL (x-kubernetes-validations) are not evaluated, and webhooks of conversion are not called: with one, only
 * the version that is stored can be used.
 */
#pragma once
#include "sim/crd.h"
#include "sim/store.h"

#define DEFINITIONS_MAX 200 /* resources that were ever defined in one store */
#define DEFINITION_SCHEMA_MAX (1u << 20) /* bytes of one schema as JSON */
#define DEFINITION_DEPTH_MAX 50 /* levels of one schema */
#define DEFINITION_VERSIONS_MAX 20

struct definitions;

struct definitions *definitions_new(void);
struct definitions *definitions_free(struct definitions *);

/* The i-th resource that is defined now; NULL past the last. Stays valid for the life of the store, also once it is
 * deleted. */
const struct resource *definitions_at(const struct definitions *, size_t i);

/* Returns the problem of a definition in the words of an API server; NULL: it is valid. Fills in the names that may be
 * left out, and its status: the conditions NamesAccepted and Established, which stay as they were in `old` (NULL: a new
 * definition) if they do not change. A definition whose names another one has is kept and not served. */
const char *definitions_admit(
    const struct definitions *, struct arena *, json_t *definition, const json_t *old, const char *now);

/* Sets the condition Terminating of a definition whose objects are being deleted. */
void definition_terminate(json_t *definition, const char *now);

/* Returns whether a definition waits for a name that another one has. */
bool definition_waits(const json_t *definition);

/* definition_check.c: returns the problem of the versions of a definition, their schemas and its conversion; NULL: they
 * are valid. */
const char *definition_problem(struct arena *, const json_t *definition);

/* A definition was written. */
void definitions_add(struct definitions *, struct crds *, const json_t *definition);

/* Returns the resource of a definition; NULL: it is not served. */
const struct resource *definitions_of(const struct definitions *, const json_t *definition);

/* A definition was deleted; the resource that is not served any more, or NULL. */
const struct resource *definitions_remove(struct definitions *, struct crds *, const json_t *definition);
