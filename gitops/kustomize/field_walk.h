/* gitops/kustomize/field_walk.h: visits the fields that a path of kustomize's field specs names:
 * "spec/template/metadata/labels". A list is entered at each of its elements; a trailing "[]" has no effect. A slash
 * after a backslash is part of a name. The tables are in field_specs.h; paths of replacements in path.h. */
#pragma once
#include "gitops/kustomize/objects.h"

/* Called for a field: the map that holds the last name of the path. */
typedef void k_visit_fn(json_t *map, const char *name, void *arg);

/* Calls visit for each such map that there is; a value that is no map on the way ends it. */
void k_fields(json_t *object, const char *path, bool create, k_visit_fn *, void *arg);

/* The place is of that use, and in objects of this kind. */
bool k_spec_in(const struct k_spec *, enum k_use, const struct k_id *);

/* The same at all places of one use in one object. */
void k_visit(const struct k_objects *, const struct k_object *, enum k_use, k_visit_fn *, void *arg);

/* In all objects. */
void k_visit_all(const struct k_objects *, enum k_use, k_visit_fn *, void *arg);

/* There is a place of that use, and of that path (NULL: of any), in objects of this kind. */
bool k_has_place(const struct k_objects *, const struct k_id *, enum k_use, const char *path);
