/* kube/api/managed_fields.h: the managers of an object's fields: server-side apply as an API server does it, for the
 * laptop cluster. Each manager owns the fields that it applied.
 *
 * A manager applies all fields that it wants to own. A field that it no longer applies is removed, unless another
 * manager owns it. A field that another manager owns with a different value is a conflict, unless the apply is forced.
 * All other writes own what they change. Source: the Kubernetes documentation, "Server-Side Apply".
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* Returns whether an object is of a type of Kubernetes, whose lists have keys: its group has no dot or ends with
 * ".k8s.io". */
bool object_is_builtin(const json_t *object);

/* The client that makes a write. */
struct field_manager {
	const char *name;
	const char *subresource; /* "status" for a write of the status; NULL for a write of everything else */
	const char *time; /* the time of the write, in the form of metadata.managedFields */
};

/* Applies `config` to `live` (NULL: the object does not exist). *ret is a new object with current
 * metadata.managedFields; if it equals the live object, nothing has to be written. All fields of a live object
 * without managers are owned by "before-first-apply". ERR_CONFLICT names the owners of the fields; if ret_conflicts
 * is not NULL, it gets a new list of {reason, message, field}. ERR_INVALID: `config` has managedFields. */
struct err *managed_fields_apply(struct arena *, const json_t *live, const json_t *config,
    const struct field_manager *manager, bool force, json_t **ret, json_t **ret_conflicts);

/* Records a write that is not an apply: `after` gets the managers of `before` (NULL if the object is new), and
 * `manager` owns the changed fields. Records nothing if the object has no managers and the manager has no name. */
void managed_fields_track(const json_t *before, json_t *after, const struct field_manager *manager);
