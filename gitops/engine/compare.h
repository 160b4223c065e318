/* gitops/engine/compare.h: diff: whether a live object is as desired. Pure.
 *
 * metadata.managedFields lists the fields that we have applied. If these are the fields in Git, and each has the value
 * that Git gives it, another apply would change nothing, and no request is needed. If that is not certain (the object
 * was never applied by us, or a value is written in another form), the result of a dry run is compared with the live
 * object. Source: the structured merge diff of Kubernetes, KEP 555.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Returns whether an entry of managedFields is of this manager and operation ("Apply", "Update"), and of the object
 * itself, not of a subresource. */
bool compare_is_of(const json_t *entry, const char *manager, const char *operation);

/* Returns true if applying `desired` as `manager` certainly changes nothing in `live`. If it returns false, only a dry
 * run can decide. */
bool compare_is_applied(struct arena *, const json_t *desired, const json_t *live, const char *manager);

/* Returns whether a live object and the result of the dry run of its apply are equal, except for fields that each write
 * changes (resourceVersion, generation, managedFields, status). */
bool compare_is_same(const json_t *live, const json_t *dry_run);

/* Returns the object without the fields that each write changes, for a diff; a new reference. */
json_t *compare_essence(const json_t *object);

/* Returns whether the values are equal. 1 equals 1.0, and null equals a missing value. */
bool compare_values(const json_t *, const json_t *);

/* Returns the index of the element of a list that has these keys and values; a key that an element lacks counts with
 * its default value. Returns the list's length if no element has them. */
size_t compare_element(const json_t *list, const json_t *keys);
