/* gitops/flux/post_build.h: the variables of a Kustomization's postBuild in an object (${VAR}).
 *
 * Flux writes the object as YAML, puts the values into the text, and reads it again. So a string that YAML writes
 * without quotes (`replicas: ${n}`, with or without quotes in Git) becomes the value that YAML reads from the result: a
 * number, a boolean, a list, a mapping or a string. A string that YAML must write in quotes or as a block stays a
 * string. If YAML cannot read the result, Flux fails; here it stays a string. Pure. */
#pragma once
#include "base/json.h"
#include "gitops/render/substitute.h"

/* Sets *ret to the object with the values of the variables; a new reference. Returns an error for an invalid ${…}, or
 * an object that becomes too large. */
struct err *post_build(
    struct arena *, const json_t *object, const struct substitute_variables *variables, json_t **ret);
