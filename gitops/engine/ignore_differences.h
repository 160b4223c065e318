/* gitops/engine/ignore_differences.h: differences that are ignored (spec.ignoreDifferences). Pure.
 *
 * A rule names paths of an object: a JSON list of paths, each a list of keys and indexes, as in jq:
 * [["spec", "http", 0, "route"]]. Before two objects are compared, the values at these paths are removed from both;
 * with RespectIgnoreDifferences=true the live values are applied.
 */
#pragma once
#include "kube/api/application.h"
#include "kube/api/kinds.h"

/* Returns whether a rule is for objects of this kind, namespace and name. */
bool ignore_differences_concerns(
    const struct ignored_difference *, const struct api_kind *, const char *ns, const char *name);

/* Adds the path that a JSON pointer (RFC 6901) names to `paths`, if the object has a value there. */
void ignore_differences_add_pointer(const json_t *object, const char *pointer, json_t *paths);

/* Adds the paths of the object's fields that one of these managers owns, by the live object's managedFields. */
void ignore_differences_add_owned(
    const json_t *object, const json_t *live, const struct strings *managers, json_t *paths);

/* Removes the values at these paths from the object. */
void ignore_differences_drop(json_t *object, const json_t *paths);

/* Copies the values at the live object's paths into the desired object, and removes the values that only the desired
 * object has. Elements of lists are matched by a name, a key or a host, else by their index. */
void ignore_differences_keep(
    json_t *desired, const json_t *desired_paths, const json_t *live, const json_t *live_paths);

/* Returns a path of the object `from` as a path of the object `to`, whose list elements may have other indexes; a new
 * reference. Returns NULL if `to` has no such path. */
json_t *ignore_differences_path_in(const json_t *to, const json_t *from, const json_t *path);
