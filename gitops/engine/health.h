/* gitops/engine/health.h: the health of an object by its status (Argo CD's resource health). Pure. Kustomizations
 * use kstatus.h. */
#pragma once
#include <stdbool.h>
#include "base/json.h"
#include "kube/api/application.h"

/* Returns "Healthy", …; "" for NONE. */
const char *health_name(enum health);
/* Returns the health of that name; NONE: another name. */
enum health health_named(const char *);

/* Returns whether the object is being deleted, so that its status does not count. */
bool health_is_pending_deletion(const json_t *object);

/* Returns an object's health, and the reason in *ret_message (in the arena; "": none). NONE: its kind has no health
 * (a ConfigMap). */
enum health health_of(struct arena *, const json_t *object, const char **ret_message);
