/* kube/api/field_set.h: sets of fields of an object, in the form that metadata.managedFields keeps them (FieldsV1).
 *
 * {"f:spec": {"f:replicas": {}, "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}: `f:` is a field, `k:` an
 * element of a list that is told apart by keys, `v:` one of a list that is a set; {} is the field itself with all that it holds,
 * and "." an element's being there. Source: the structured merge diff of Kubernetes, KEP 555.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* The keys that tell a list's elements apart, in *ret, and how many; 0: the list is one value, or two elements have the same.
 * `builtin`: the object's type is Kubernetes' own; lists of other types are one value, as in a CRD that does not say otherwise. */
size_t list_keys(const char *list, const json_t *elements, bool builtin, const char *ret[2]);

/* The element with the same keys; NULL: none. Borrowed. */
json_t *list_find(const json_t *list, const char *const *keys, size_t n, const json_t *element);

/* All fields of a value. A new reference. */
json_t *field_set_of(const json_t *value, bool builtin);

/* Adds, takes away, keeps only what is in the other. In place. A field of which a part is taken away is not in the set any more. */
void field_set_add(json_t *set, const json_t *other);
void field_set_subtract(json_t *set, const json_t *other);
void field_set_keep(json_t *set, const json_t *other);

/* Those of the set that are not the same in both values. A new reference. */
json_t *field_set_changed(const json_t *set, const json_t *before, const json_t *after);

/* Takes the fields out of a value, and what is empty then. */
void field_set_remove(const json_t *set, json_t *value);

/* Those of the set that are in the other too, and whose values differ: they are added to *ret_both, and to `paths` (an array) as
 * people write them: ".spec.containers[name=\"web\"].image". */
void field_set_clash(struct arena *, const json_t *set, const json_t *other, const json_t *value,
    const json_t *other_value, json_t *ret_both, json_t *paths);
