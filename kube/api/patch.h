/* kube/api/patch.h: patches of Kubernetes: merge, JSON and strategic merge. */
#pragma once
#include "base/json.h"

/* Applies a merge patch (RFC 7396) to `target` in place. `target` is consumed, and returned as a new reference. */
json_t *merge_patch_apply(json_t *target, const json_t *patch);

/* Returns the merge patch from `from` to `to`, as a new reference; NULL if they are equal. Lists are replaced as a
 * whole, and removed members are null. */
json_t *merge_patch_diff(const json_t *from, const json_t *to);

/* Applies a JSON patch (RFC 6902), a list of operations, to *doc. After an error *doc is unchanged. The class of the
 * error is ERR_CONFLICT for a failed `test`, and ERR_INVALID otherwise. */
struct err *json_patch_apply(struct arena *, json_t **doc, const json_t *patch);

/* Applies a strategic merge patch to an object of a built-in type that sim/ serves. It is like a merge patch, but lists
 * whose elements have a merge key (containers: name, ports: port or containerPort, conditions: type, …) are merged by
 * element. Supports `$patch: delete|replace` and `$deleteFromPrimitiveList`. `target` is changed and consumed as by
 * merge_patch_apply. */
json_t *strategic_patch_apply(json_t *target, const json_t *patch);

/* Returns the merge key of a list with this name that its first element has ("name" for containers). Returns NULL if a
 * patch replaces the list as a whole. */
const char *patch_merge_key(const char *list, const json_t *elements);

/* Returns *ops, or an empty list that becomes *ops if that is NULL. Borrowed. Most patches turn out to be empty, and
 * are never made. */
json_t *json_patch_of(json_t **ops);

/* Adds an operation to a JSON patch, which is a json_array(). `value` is consumed; NULL for an operation without
 * one. */
void json_patch_add(json_t *ops, const char *op, const char *path, json_t *value);
