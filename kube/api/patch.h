/* kube/api/patch.h: the patches that Kubernetes takes. */
#pragma once
#include "base/json.h"

/* RFC 7396: merges `patch` into `target` in place (a new reference is returned; `target` is consumed). */
json_t *merge_patch_apply(json_t *target, const json_t *patch);

/* The merge patch that turns `from` into `to`; NULL when they are equal. Lists are replaced whole; a member that is gone
 * becomes null. A new reference. */
json_t *merge_patch_diff(const json_t *from, const json_t *to);

/* RFC 6902: applies a list of operations to *doc. On an error *doc is as it was. A failed `test` is ERR_CONFLICT, anything
 * else ERR_INVALID. */
struct err *json_patch_apply(struct arena *, json_t **doc, const json_t *patch);

/* Kubernetes' strategic merge for the built-in types that Sluice serves: as a merge patch, but lists whose elements have a
 * merge key (containers by name, ports by port or containerPort, conditions by type, …) are merged element by element, and
 * `$patch: delete|replace` and `$deleteFromPrimitiveList` are understood. In place, as merge_patch_apply. */
json_t *strategic_patch_apply(json_t *target, const json_t *patch);

/* By what a list of this name is merged (that its first element has): "name" of containers; NULL: it is replaced. */
const char *patch_merge_key(const char *list, const json_t *elements);

/* Builds JSON patches. The list starts as json_array(); values are consumed. */
void json_patch_add(json_t *ops, const char *op, const char *path, json_t *value);
