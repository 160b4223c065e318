/* gitops/engine/adopt_fields.h: migration from client-side to server-side apply: adopts the fields that kubectl apply,
 * Argo CD or Flux own. Pure.
 *
 * `kubectl apply`, Argo CD without ServerSideApply and older versions of Flux own fields through the operation Update.
 * A server-side apply makes us another owner of these, and a field that Git drops later would stay, because the first
 * owner still has it. So before such an object is applied, the entries of managedFields become ours; and a field that
 * the last client-side apply named, and Git does not, is a difference. Source: Kubernetes' documentation, "Server-Side
 * Apply", "Upgrading from client-side apply".
 */
#pragma once
#include "base/json.h"
#include "base/str.h"
#include "kube/api/meta.h"

/* Returns whether one of these managers owns fields of the live object through Update. */
bool adopt_fields_is_due(const json_t *live, const struct strings *managers);

/* Returns whether `manager` has written the whole object through Update (Replace=true, or a hook), and not as
 * `kubectl apply` would. Then only another write of the whole object removes fields that Git does not have. */
bool adopt_fields_is_whole(const json_t *live, const char *manager);

/* Returns the paths (gitops/engine/ignore_differences.h) of the live object that the last client-side apply named and
 * `desired` does not have; a new reference. */
json_t *adopt_fields_paths(const json_t *live, const json_t *desired);

/* Returns the JSON patch that makes `manager` the owner, by Apply, of the fields of `managers`, in the arena. The patch
 * tests the resourceVersion, so that it fails if the object has changed. */
const char *adopt_fields_patch(struct arena *, const json_t *live, const struct strings *managers, const char *manager);
