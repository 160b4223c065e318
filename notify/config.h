/* notify/config.h: the configuration of notifications (argoproj/notifications-engine): a ConfigMap with services
 * ("service.TYPE" or "service.TYPE.NAME"), templates, triggers and default subscriptions. Pure.
 *
 * An invalid key of the ConfigMap disables only what uses this key, and is reported by its name. In Argo Rollouts
 * one invalid template disables all notifications.
 */
#pragma once
#include "base/json.h"

#define NOTIFY_CONFIG_MAP "argo-rollouts-notification-configmap"
#define NOTIFY_SECRET "argo-rollouts-notification-secret"

/* The parsed data of a ConfigMap. */
struct notify_config {
	json_t *services; /* name → {"type": …, "options": …} */
	json_t *templates; /* name → notification */
	json_t *triggers; /* name → [{when, oncePer, send, description}] */
	json_t *subscriptions; /* [{recipients, triggers, selector}] */
	json_t *default_triggers; /* names */
	json_t *service_default_triggers; /* service → names */
	json_t *context; /* for templates */
	json_t *problems; /* texts: the keys that are invalid, and why */
};

/* Reads `data`, a map of texts. Freed by notify_config_done. */
void notify_config_read(struct arena *, const json_t *data, struct notify_config *ret);
void notify_config_done(struct notify_config *);

/* Returns whether the options of a service refer to a key of the Secret. */
bool notify_needs_secret(const struct notify_config *);
