/* kube/api/field_set.h: sets of fields of an object, in the form of metadata.managedFields (FieldsV1).
 *
 * {"f:spec": {"f:replicas": {}, "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}: `f:` is a field,
 * `k:` an element of a list with keys, `v:` an element of a list that is a set; {} is the whole field, and "." the
 * existence of an element. Source: the structured merge diff of Kubernetes, KEP 555.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Sets *ret to the keys that identify the elements of a list, and returns their number. Returns 0 if the list counts as
 * one value, or two elements have equal keys. `builtin` is true for types of Kubernetes; in other types all lists count
 * as one value, which is the default of CRDs. */
size_t list_keys(const char *list, const json_t *elements, bool builtin, const char *ret[2]);

/* Returns the element of the list that has the same values of these n keys as `element`, or NULL. Borrowed. */
json_t *list_find(const json_t *list, const char *const *keys, size_t n, const json_t *element);

/* Returns all fields of a value, as a new reference. */
json_t *field_set_of(const json_t *value, bool builtin);

/* Change a set to its union, its difference or its intersection with another set. A field that loses a part is removed
 * from the set. */
void field_set_add(json_t *set, const json_t *other);
void field_set_subtract(json_t *set, const json_t *other);
void field_set_keep(json_t *set, const json_t *other);

/* Returns the fields of the set that differ between two values, as a new reference. */
json_t *field_set_changed(const json_t *set, const json_t *before, const json_t *after);

/* Removes the fields from a value, and objects and lists that become empty. */
void field_set_remove(const json_t *set, json_t *value);

/* Adds the fields that are in both sets and have different values to *ret_both, and to `paths` (an array) as
 * ".spec.containers[name=\"web\"].image". */
void field_set_clash(struct arena *, const json_t *set, const json_t *other, const json_t *value,
    const json_t *other_value, json_t *ret_both, json_t *paths);
