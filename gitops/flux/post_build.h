/* gitops/flux/post_build.h: the variables of a Kustomization's postBuild in an object (${VAR}).
 *
 * Flux writes the object as YAML, puts the values into the text, and reads it again. So a string that stands bare in
 * that text (`replicas: ${n}`, in quotes or not where Git has it) becomes what YAML makes of it, also a number, a
 * boolean, a list or a mapping; one that YAML must write in quotes or as a block stays a string. A bare string whose
 * values YAML cannot read, which Flux refuses, has them as they are written. Pure.
 */
#pragma once
#include "base/json.h"
#include "gitops/render/substitute.h"

/* The object with its values: a new reference. */
struct err *post_build(
    struct arena *, const json_t *object, const struct substitute_variables *variables, json_t **ret);
