/* gitops/engine/health.h: the health of an object by its status (Argo CD's resource health). Pure. Kustomizations
 * use kstatus.h. */
#pragma once
#include <stdbool.h>
#include "base/json.h"
#include "kube/api/application.h"

/* Returns the name of a health, such as "Healthy"; "" for HEALTH_NONE. */
const char *health_name(enum health);

/* Returns the health of this name, or HEALTH_NONE if no health has it. */
enum health health_named(const char *);

/* Returns whether the object is being deleted, so that its status does not count. */
bool health_is_pending_deletion(const json_t *object);

/* Returns an object's health. *ret_message is the reason, in the arena, or "". Returns HEALTH_NONE for a kind without
 * health, such as a ConfigMap. */
enum health health_of(struct arena *, const json_t *object, const char **ret_message);
