/* sim/crd.h: custom resources as an API server admits them, by the structural schemas of `sluice crds`. */
#pragma once
#include <stdbool.h>
#include "base/json.h"

struct crds;

struct crds *crds_new(void);
struct crds *crds_free(struct crds *);

/* Sets the schema of a key (consumed); NULL: it has none any more. */
void crds_define(struct crds *, const char *key, json_t *schema);

/* The schema of a key, or NULL. Borrowed. */
const json_t *crds_schema(const struct crds *, const char *key);

/* Adds the paths of the object's fields that the schema does not know, "spec.foo", to a list of at most UNKNOWN_MAX. `whole`: the schema
 * names every field outside of the status and of pod templates, also where it lets others through. */
#define UNKNOWN_MAX 20
void crds_unknown(struct arena *, const json_t *schema, bool whole, const json_t *object, json_t *paths);

/* Prunes what the schema of a key does not know, sets its defaults, and checks types, required fields, choices, bounds and what may not
 * change; a part that is as it was in `old` (NULL: there is none) is not checked again. In place. The problems as an API server words
 * them, in one error; NULL: none, or a key without a schema. *ret_details is then what a Status says of them (a new reference). */
struct err *crds_admit(const struct crds *, struct arena *, const char *key, const char *kind, const char *group,
    json_t *object, const json_t *old, json_t **ret_details);
