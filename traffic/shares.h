/* traffic/shares.h: the weights of canaryService and stableService in a list of destinations, which have a name and a
 * weight each. Other destinations are not changed.
 */
#pragma once
#include "kube/api/rollout.h"

/* The form of such a list. */
struct share_list {
	const char *name; /* the member with the Service's name */
	const char *kind; /* of a destination, for errors: "service" */
	int64_t weight; /* of a destination without one */
};

/* The two destinations: the first ones with these names. */
struct shares {
	const json_t *list; /* borrowed */
	size_t canary, stable; /* their numbers */
	int64_t canary_weight, stable_weight;
	bool again; /* a later destination has one of these names: its weight is not set */
};

/* Finds the two destinations. Returns an error if one is missing, or the list is malformed. */
struct err *shares_find(
    struct arena *, const struct canary_strategy *, const struct share_list *, const json_t *list, struct shares *ret);

/* Sets *ret_least and *ret_most to the percentage of the canary, rounded down and up. */
void shares_percent(const struct shares *, int64_t *ret_least, int64_t *ret_most);

/* Adds to *ops (see json_patch_of) what gives the canary `weight` percent and the stable destination the rest, behind a
 * test of the whole list, which is at `path`. */
void shares_patch(struct arena *, const struct shares *, const char *path, int64_t weight, json_t **ops);

/* Copies the two weights from a live list to a desired one. */
void shares_overlay(
    const struct canary_strategy *, const struct share_list *, const json_t *live, const json_t *desired);
