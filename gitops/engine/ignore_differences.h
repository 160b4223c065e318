/* gitops/engine/ignore_differences.h: differences that do not count (spec.ignoreDifferences).
 *
 * What a rule names are places of an object: a JSON list of paths, each a list of keys and of numbers of elements, as jq has them:
 * [["spec", "http", 0, "route"]]. Before two objects are compared, what stands there is taken out of both; with
 * RespectIgnoreDifferences=true it is also applied as it is live.
 */
#pragma once
#include "kube/api/application.h"
#include "kube/api/kinds.h"

/* The rule is about objects of this kind, namespace and name. */
bool ignore_differences_concerns(
    const struct ignored_difference *, const struct api_kind *, const char *ns, const char *name);

/* Adds the place at an RFC 6901 pointer; nothing, when it is not there. */
void ignore_differences_add_pointer(const json_t *object, const char *pointer, json_t *places);

/* Adds the places of the object whose value one of these managers has set last, as the live object's managedFields say. */
void ignore_differences_add_owned(
    const json_t *object, const json_t *live, const struct strings *managers, json_t *places);

/* Takes out what stands at these places. */
void ignore_differences_drop(json_t *object, const json_t *places);

/* What stands at the live object's places goes into the desired one, and what stands at the desired one's only goes out of it. Elements of
 * lists are matched by what tells them apart (a name, a key, a host), else by their number. */
void ignore_differences_keep(
    json_t *desired, const json_t *desired_places, const json_t *live, const json_t *live_places);

/* The same place in another object, whose elements of lists may have other numbers: a new reference; NULL: it is not there. */
json_t *ignore_differences_place_in(const json_t *to, const json_t *from, const json_t *place);
