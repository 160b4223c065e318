/* gitops/engine/adopt_fields.h: objects that were applied from the client side, before they were applied on the server. Pure.
 *
 * `kubectl apply`, Argo CD without ServerSideApply and older Fluxes have their fields as an Update's. An apply on the server makes us another
 * owner of these, and what Git drops later would stay, since the first one still has it. So before we apply such an object, its entries in
 * managedFields become ours; and what the last apply named, and Git does not name, is a difference. Source: Kubernetes' documentation,
 * "Server-Side Apply", "Upgrading from client-side apply".
 */
#pragma once
#include "base/json.h"
#include "base/str.h"
#include "kube/api/meta.h"

/* Some of the live object's fields are these managers', as an Update's. */
bool adopt_fields_is_due(const json_t *live, const struct strings *managers);

/* `manager` has written it as a whole, as an Update (Replace=true; or it was made as a hook), and not as `kubectl apply` would. What it holds and
 * Git does not name is then told only by a write of the whole. */
bool adopt_fields_is_whole(const json_t *live, const char *manager);

/* Places (gitops/engine/ignore_differences.h) of the live object that the last apply from the client side named and that Git does not: a new reference. */
json_t *adopt_fields_places(const json_t *live, const json_t *desired);

/* The JSON patch that makes these managers' fields those that `manager` has applied, in the arena. It tests the version that was looked at. */
const char *adopt_fields_patch(struct arena *, const json_t *live, const struct strings *managers, const char *manager);
