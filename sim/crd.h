/* sim/crd.h: validation of custom resources, as in an API server, by structural schemas: those of `sluice crds`, and
 * those of other CustomResourceDefinitions. Recursion follows the schema, whose depth is limited
 * (DEFINITION_DEPTH_MAX). */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct crds;
struct resource;

struct crds *crds_new(void);
struct crds *crds_free(struct crds *);

/* Returns the key of the schema that a resource has in a version of its group: in the arena, or the resource's kind. */
const char *crds_key(struct arena *, const struct resource *, const char *version);

/* Sets the schema of a key (consumed); NULL: it has none any more. */
void crds_define(struct crds *, const char *key, json_t *schema);

/* The schema of a key, or NULL. Borrowed. */
const json_t *crds_schema(const struct crds *, const char *key);

/* Adds the paths of the object's fields that the schema does not know, "spec.foo", to a list of at most UNKNOWN_MAX.
 * `whole`: the schema names every field outside of the status and of pod templates, also where it lets others
 * through. */
#define UNKNOWN_MAX 20
void crds_unknown(struct arena *, const json_t *schema, bool whole, const json_t *object, json_t *paths);

/* Prunes unknown fields, sets defaults, and checks types, required fields, choices, bounds, lengths, patterns, the
 * formats date-time and byte, alternatives (anyOf …), keys of lists and immutability, by the schema of a key and in
 * place. Rules of CEL are evaluated in the schemas of `sluice crds` only. A part that is the same in `old` (NULL: a new
 * object) is not checked again. Returns the first 20 problems in the words of an API server, in one error, each with
 * at most 20 choices of an enum; NULL: the object is valid, or the key has no schema. Pruning and validation take at
 * most 500,000 steps each (values, defaults, alternatives, choices, missing fields): what takes more is refused.
 * *ret_details is set to the details of a Status (a new reference). */
struct err *crds_admit(const struct crds *, struct arena *, const char *key, const char *kind, const char *group,
    json_t *object, const json_t *old, json_t **ret_details);
