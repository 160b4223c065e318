/* kube/api/apply.h: server-side apply: an object has managers, each of which owns the fields it has said.
 *
 * Whoever applies says all the fields it wants to have a say in. What it no longer says goes, unless somebody else owns it; what
 * another manager owns with another value is a conflict, unless it is forced. Who writes in any other way owns what it changed.
 * Source: the Kubernetes documentation, "Server-Side Apply".
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* An object of one of Kubernetes' own types, whose lists have keys: by its group, which has no dot or ends with ".k8s.io". */
bool object_is_builtin(const json_t *object);

struct field_manager {
	const char *name;
	const char *subresource; /* "status", or NULL: all but the status */
	const char *time; /* of the write, as metadata.managedFields has it */
};

/* What `manager` makes of the object when it applies `config`: a new reference in *ret, its metadata.managedFields current. `live` NULL:
 * there is none yet. Of a live object without managers everything is owned by "before-first-apply". ERR_CONFLICT names who owns
 * what (also in *ret_conflicts, a new list of {reason, message, field}, when it is not NULL); ERR_INVALID: `config` says what it may
 * not (managedFields). What equals the live object says that nothing is to be written. */
struct err *apply_config(struct arena *, const json_t *live, const json_t *config, const struct field_manager *manager,
    bool force, json_t **ret, json_t **ret_conflicts);

/* After any other write: `after` gets the managers of `before` (NULL: it is new), and `manager` what it changed. With neither managers
 * nor a name nothing is kept: an object that nobody applies does without. */
void apply_track(const json_t *before, json_t *after, const struct field_manager *manager);
