/* traffic/owned.h: objects of routers that a rollout owns: the controller creates them, the rollout is their controller
 * owner, so that they are deleted with it, and they are deleted when the rollout does not use them any more.
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/plan.h"
#include "kube/plan/view.h"

/* Returns whether the rollout is the controller of the object. */
bool owned_is(const struct rollout *, const struct object *);

/* Returns a new object of the rollout, without a spec, in the rollout's namespace. A new reference. */
json_t *owned_new(const struct rollout *, const char *api_version, const char *kind, const char *name);

/* Adds the deletion of each object of a type that the rollout owns and does not use: `used` returns whether it does.
 * Returns the number of these objects. */
size_t owned_release(const struct rollout *, const struct view *, const struct type *,
    bool (*used)(const struct rollout *, const struct object *), struct plan *);
