/* kube/api/patch.h: patches of Kubernetes: merge, JSON and strategic merge. */
#pragma once
#include "base/json.h"

/* RFC 7396: merges `patch` into `target` in place (a new reference is returned; `target` is consumed). */
json_t *merge_patch_apply(json_t *target, const json_t *patch);

/* Returns the merge patch from `from` to `to`, as a new reference; NULL if they are equal. Lists are replaced as a
 * whole, and removed members are null. */
json_t *merge_patch_diff(const json_t *from, const json_t *to);

/* RFC 6902: applies a list of operations to *doc. *doc is unchanged after an error: ERR_CONFLICT for a failed
 * `test`, else ERR_INVALID. */
struct err *json_patch_apply(struct arena *, json_t **doc, const json_t *patch);

/* Strategic merge patch for the built-in types that sim/ serves: like a merge patch, but lists whose elements have a
 * merge key (containers: name, ports: port or containerPort, conditions: type, …) are merged by element. Supports
 * `$patch: delete|replace` and `$deleteFromPrimitiveList`. In place, as merge_patch_apply. */
json_t *strategic_patch_apply(json_t *target, const json_t *patch);

/* Returns the merge key of a list with this name that its first element has (containers: "name"). NULL: it is
 * replaced. */
const char *patch_merge_key(const char *list, const json_t *elements);

/* Add operations to a JSON patch, a json_array(). Values are consumed. */
void json_patch_add(json_t *ops, const char *op, const char *path, json_t *value);
