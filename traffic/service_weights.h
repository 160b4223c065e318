/* traffic/service_weights.h: the weights of canaryService and stableService in a list of destinations, which have names
 * and weights. Other destinations are not changed. */
#pragma once
#include "kube/api/rollout.h"

/* The form of a list of destinations. */
struct weighted_list {
	const char *name; /* the member with the Service's name */
	const char *kind; /* of a destination, for errors: "service" */
	int64_t weight; /* of a destination without one */
	const char *mirror; /* a member; destinations in which it is true are not meant; NULL: there are none */
	bool keeps; /* other destinations keep their parts of 100, and the two divide the rest */
};

/* The two destinations: the first ones with these names. */
struct service_weights {
	const json_t *list; /* borrowed */
	size_t canary, stable; /* their numbers */
	int64_t canary_weight, stable_weight;
	int64_t kept; /* the weights of other destinations that keep them */
	bool again; /* a later destination has one of these names too; its weight is not set */
};

/* Finds the two destinations. Returns an error if one is missing, or the list is malformed. */
struct err *service_weights_find(struct arena *, const struct canary_strategy *, const struct weighted_list *,
    const json_t *list, struct service_weights *ret);

/* Sets *ret_least and *ret_most to the percentage of the canary, rounded down and up. If it
 * has all that other destinations leave, that is 100. */
void service_weights_percent(const struct service_weights *, int64_t *ret_least, int64_t *ret_most);

/* Adds to *ops (see json_patch_of) what gives the canary `weight` percent, at most what other destinations leave, and
 * the stable destination the rest, behind a test of the whole list, which is at `path`. */
void service_weights_patch(
    struct arena *, const struct service_weights *, const char *path, int64_t weight, json_t **ops);

/* The same, if it lowers the canary's percentage. For lists of an object with an error, from which an abort takes the
 * weight nevertheless. */
void service_weights_lower(
    struct arena *, const struct service_weights *, const char *path, int64_t weight, json_t **ops);

/* Copies the two weights from a live list to a desired one. */
void service_weights_overlay(
    const struct canary_strategy *, const struct weighted_list *, const json_t *live, const json_t *desired);
