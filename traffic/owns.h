/* traffic/owns.h: the ownership map: which fields of an object are a rollout's, if other fields are managed in Git.
 *
 * While a rollout exists, a sync does not set back:
 *	VirtualService	the weights of the canary's and the stable destination in the routes that it names; the
 *			destinations that an experiment added; the managed routes that its steps created
 *	DestinationRule	the pod template hash in the labels of its two subsets; the subsets that an experiment added
 *	Service		the pod template hash in the selectors of its Services
 *	Deployment	spec.replicas, of a workload that it scales down
 * Server-side apply takes lists and selectors of these objects as one value, so that they cannot be left out: what is
 * applied has the live values of these fields (found by a route's name, or a destination's host and subset), and Git's
 * of all others.
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/view.h"

/* Returns whether a Rollout may own fields of objects of this group ("" of v1) and kind. */
bool owns_kind(const char *group, const char *kind);

/* Copies the fields that the rollout owns from the live object to the desired one: none, if it does not use the
 * object. */
void owns_overlay(const struct rollout *, const json_t *live, json_t *desired);

/* Returns whether the Rollout's strategy refers to this Service, or to this object of its router. */
bool owns_names(const struct rollout *, const struct object *);

/* Returns whether the object's annotation names this Rollout as its manager, but no Rollout refers to the object
 * now. */
bool owns_is_left(const struct rollout *, const struct view *, const struct object *);

/* Objects by the rollout that their annotation names as their manager: "NAMESPACE/NAME". */
extern const struct view_index owns_by_manager;
