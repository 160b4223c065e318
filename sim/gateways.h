/* sim/gateways.h: the gateway controller of the laptop cluster: reports that the parents of routes of the Gateway API
 * have accepted them, and that HTTPProxies of Contour are valid. No parent and no ingressClassName named "silent" is
 * reported, as if no controller served it. */
#pragma once
#include "sim/store.h"

struct gateways;

/* Returns whether a kind is a route of the Gateway API. */
bool gateways_is_route(const char *kind);

/* Returns whether a Service exists. */
typedef bool gateways_has_service(const char *ns, const char *name, void *arg);

/* Returns the members of the status that are reported of a route or an HTTPProxy, a new reference; NULL: no controller
 * serves it. */
json_t *gateways_status(const json_t *object, gateways_has_service *, void *arg);

/* Reports each change of a route after `accept_ms`. The loop and the store are borrowed. */
struct gateways *gateways_new(struct loop *, struct store *, int64_t accept_ms);

/* Takes NULL; returns NULL. */
struct gateways *gateways_free(struct gateways *);
