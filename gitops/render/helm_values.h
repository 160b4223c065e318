/* gitops/render/helm_values.h: values of a Helm release, from several places. Pure.
 *
 * Source: Flux's documentation of HelmRelease, "Values"; Helm's, "The Format and Limitations of --set".
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

#define HELM_VALUES_INDEX_MAX 1024 /* of an item of a list that a path names */
#define HELM_VALUES_DEPTH_MAX 30 /* of a path */

/* Merges `from` into `to`: maps key by key, and anything else replaces what was there. */
void helm_values_merge(json_t *to, const json_t *from);

/* Sets one value, at a path as for `helm --set`: "a.b[0].c", where "\" before a character removes its meaning. The text
 * is a boolean, null, a number, a list "{a,b}", or else a string; in quotes, or if `literal`, it is a string. A comma
 * outside of a list needs a "\" before it, unless `literal`. */
struct err *helm_values_set(struct arena *, json_t *to, const char *path, const char *text, bool literal);

/* Returns the digest of values, "sha256:…", which does not depend on the order of keys. In the arena. */
const char *helm_values_digest(struct arena *, const json_t *values);
