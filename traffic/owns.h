/* traffic/owns.h: the ownership map: which fields of an object are a rollout's, whoever keeps the rest of it.
 *
 * While a rollout is there, these are its own, and nobody else's to set back:
 *	VirtualService	weights of the canary's and the stable destination in the routes that it names; destinations that an experiment
 *			added; the managed routes that its steps made
 *	DestinationRule	the pod template hash among the labels of its two subsets
 *	Service		the pod template hash in the selectors of its Services
 *	Deployment	spec.replicas, of a workload that it scales down
 * Lists and selectors of these objects are one value to a server-side apply, so that they cannot be left out of what is applied: they are put
 * into it as they are live, by what tells them apart (a route's name, a destination's host and subset), and everything else of the same
 * object is what Git says.
 */
#pragma once
#include "kube/api/rollout.h"
#include "kube/plan/view.h"

/* Puts what the rollout owns of the live object into the desired one. Nothing, when the object is not one of its own. */
void owns_overlay(const struct rollout *, const json_t *live, json_t *desired);

/* The rollout's strategy names this Service, or this object of its router. */
bool owns_names(const struct rollout *, const struct object *);

/* The object's annotation names this rollout as its manager, and neither this rollout nor another one names it any more. */
bool owns_is_left(const struct rollout *, const struct view *, const struct object *);
