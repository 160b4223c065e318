/* gitops/engine/health.h: the health of an object by its status (Argo CD's resource health). Pure. Kustomizations
 * use kstatus.h. */
#pragma once
#include <stdbool.h>
#include "base/json.h"
#include "kube/api/application.h"

/* "Healthy", …; "" of NONE. */
const char *health_name(enum health);
/* By its name; NONE of another. */
enum health health_named(const char *);

/* It is being deleted, and its status does not count. */
bool health_is_pending_deletion(const json_t *object);

/* An object's health, and why in *ret_message (in the arena; "": no reason). NONE: its kind has no health (a
 * ConfigMap). */
enum health health_of(struct arena *, const json_t *object, const char **ret_message);
