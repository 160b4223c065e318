/* sim/crd.h: custom resources as an API server admits them, by the structural schemas of `sluice crds`. */
#pragma once
#include "base/json.h"

struct crds;

struct crds *crds_new(void);
struct crds *crds_free(struct crds *);

/* Prunes what the schema does not know, sets its defaults, and checks types, required fields, choices, bounds and what may not change;
 * a part that is as it was in `old` (NULL: there is none) is not checked again. In place. The problems as an API server words them, in one
 * error; NULL: none, or a kind without a schema. *ret_details is then what a Status says of them (a new reference). */
struct err *crds_admit(
    const struct crds *, struct arena *, const char *kind, json_t *object, const json_t *old, json_t **ret_details);
