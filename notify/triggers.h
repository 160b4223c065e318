/* notify/triggers.h: whether an event causes a notification. An event with reason R is the trigger "on-r", which may
 * have conditions over the Rollout.
 */
#pragma once
#include "base/json.h"

struct notify_config;

/* An annotation: the conditions of triggers that were reported already. */
#define NOTIFY_NOTIFIED "notified.notifications.argoproj.io"

/* Returns "on-rollout-step-completed" for "RolloutStepCompleted". In the arena. */
const char *notify_trigger(struct arena *, const char *reason);

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
