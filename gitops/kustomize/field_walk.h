/* gitops/kustomize/field_walk.h: visits the fields that a path of kustomize's field specs names:
 * "spec/template/metadata/labels". A list is entered at each of its elements; a trailing "[]" has no effect. A slash
 * after a backslash is part of a name. The tables are in field_specs.h; paths of replacements in path.h. */
#pragma once
#include "gitops/kustomize/objects.h"

/* Called for a field: `map` is the map that has (or will have) `name`, the last name of the path. */
typedef void k_visit_fn(json_t *map, const char *name, void *arg);

/* Calls visit for each map that the path leads to. A value on the way that is not a map, nor a list, ends it.
 * `create`: adds missing maps. */
void k_fields(json_t *object, const char *path, bool create, k_visit_fn *, void *arg);

/* Returns whether the field spec is of this use, and for objects of this kind. */
bool k_spec_in(const struct k_spec *, enum k_use, const struct k_id *);

/* Calls visit for the fields of all specs of one use in one object. */
void k_visit(const struct k_objects *, const struct k_object *, enum k_use, k_visit_fn *, void *arg);

/* Visits the fields of all objects. */
void k_visit_all(const struct k_objects *, enum k_use, k_visit_fn *, void *arg);

/* Returns whether a field spec of that use and path (NULL: any path) is for objects of this kind. */
bool k_has_spec(const struct k_objects *, const struct k_id *, enum k_use, const char *path);
