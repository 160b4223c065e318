/* notify/services/services.h: the request of a notification to its service, and whether the service has accepted it. */
#pragma once
#include "base/json.h"
#include "kube/plan/query.h"

struct destination;
struct notify_config;

/* Returns the query that sends a notification, its texts in the arena. `secret` is the Secret's data (base64; NULL:
 * there is no Secret). */
struct err *notify_compose(struct arena *, const struct notify_config *, const json_t *secret,
    const struct destination *, const json_t *notification, int64_t now, struct query *ret);

/* Returns NULL if the response accepts the notification. ERR_AGAIN: it may be sent again. */
struct err *notify_check_response(
    struct arena *, const struct notify_config *, const struct destination *, const struct response *);
