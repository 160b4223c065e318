/* notify/subscriptions.h: who receives the notifications of a trigger.
 *
 * A Rollout's annotations subscribe: `notifications.argoproj.io/subscribe.TRIGGER.SERVICE: recipient;recipient`, and
 * the default subscriptions of the ConfigMap are for all Rollouts with given labels.
 */
#pragma once
#include "kube/api/meta.h"

struct notify_config;

#define NOTIFY_PREFIX "notifications.argoproj.io/"

struct destination {
	const char *service, *recipient; /* the recipient may be "" */
};

#define NOTIFY_DESTINATIONS_MAX 256 /* of one trigger and object; the caller logs that there may be more */

/* Returns the recipients of a trigger by an object's annotations and the default subscriptions, each once. In the
 * arena. */
size_t notify_destinations(const struct notify_config *, const struct string_map *labels,
    const struct string_map *annotations, const char *trigger, struct arena *, struct destination **ret);
