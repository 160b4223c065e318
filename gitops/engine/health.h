/* gitops/engine/health.h: how an object is, by what its status says (Argo CD's resource health). */
#pragma once
#include <stdbool.h>
#include "base/json.h"
#include "kube/api/application.h"

/* "Healthy", …; "" of NONE. */
const char *health_name(enum health);
/* By its name; NONE of another. */
enum health health_named(const char *);

/* It is being deleted, and whatever its status says does not count. */
bool health_is_pending_deletion(const json_t *object);

/* An object's health, and why in *ret_message (in the arena; "" when there is nothing to say). NONE: its kind has none (a ConfigMap). */
enum health health_of(struct arena *, const json_t *object, const char **ret_message);
