/* notify/notify.h: which notification goes to which recipient, and its text (argoproj/notifications-engine). Pure.
 *
 * A ConfigMap has services ("service.TYPE" or "service.TYPE.NAME"), templates, triggers and default subscriptions. A
 * Rollout's annotations subscribe: `notifications.argoproj.io/subscribe.TRIGGER.SERVICE: recipient;recipient`. An
 * event with reason R is the trigger "on-r".
 *
 * An invalid key of the ConfigMap disables only what uses this key, and is reported by its name. In Argo Rollouts
 * one invalid template disables all notifications.
 */
#pragma once
#include "kube/api/meta.h"

#define NOTIFY_CONFIG_MAP "argo-rollouts-notification-configmap"
#define NOTIFY_SECRET "argo-rollouts-notification-secret"
#define NOTIFY_PREFIX "notifications.argoproj.io/"
#define NOTIFY_NOTIFIED                                                                                                \
	"notified.notifications.argoproj.io" /* an annotation: the conditions of triggers that were reported already */

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

/* Returns "on-rollout-step-completed" for "RolloutStepCompleted". In the arena. */
const char *notify_trigger(struct arena *, const char *reason);

struct destination {
	const char *service, *recipient; /* the recipient may be "" */
};

#define NOTIFY_DESTINATIONS_MAX 256 /* of one trigger and object; the caller logs that there may be more */

/* Returns the recipients of a trigger by an object's annotations and the default subscriptions, each once. In the
 * arena. */
size_t notify_destinations(const struct notify_config *, const struct string_map *labels,
    const struct string_map *annotations, const char *trigger, struct arena *, struct destination **ret);

/* The result of a trigger's conditions. */
struct notify_condition {
	const char *when; /* "": none */
	const char *key; /* of it in the annotation: "[0].hash" */
	const char *once_per; /* the value of its oncePer; "": it has none */
	bool holds;
	const json_t *send; /* names of templates */
	const struct err *err; /* when or oncePer could not be evaluated */
};

/* The trigger's conditions over the variables; `now` is ms since 1970. In the arena. 0: there is no such trigger. */
size_t notify_conditions(const struct notify_config *, const char *trigger, const json_t *vars, int64_t now,
    struct arena *, struct notify_condition **ret);

/* Returns the variables of templates and conditions, a new reference: rollout (consumed), secrets, context,
 * recipient and serviceType. */
json_t *notify_vars(const struct notify_config *, json_t *rollout, const json_t *secret, const struct destination *);

/* The notification that templates make together: texts expanded. `templates` are their names. *ret is a new
 * reference. */
struct err *notify_render(
    struct arena *, const struct notify_config *, const json_t *templates, const json_t *vars, json_t **ret);
