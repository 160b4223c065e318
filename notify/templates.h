/* notify/templates.h: text of a notification, from the templates that its trigger names. */
#pragma once
#include "base/json.h"

struct destination;
struct notify_config;

/* Returns the variables of templates and conditions, a new reference: rollout (consumed), secrets, context,
 * recipient and serviceType. */
json_t *notify_vars(const struct notify_config *, json_t *rollout, const json_t *secret, const struct destination *);

/* The notification that templates make together: texts expanded. `templates` are their names. *ret is a new
 * reference. */
struct err *notify_render(
    struct arena *, const struct notify_config *, const json_t *templates, const json_t *vars, json_t **ret);
