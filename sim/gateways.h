/* sim/gateways.h: the gateway controller of the laptop cluster: reports that the parents of routes of the Gateway API
 * have accepted them, and that HTTPProxies of Contour are valid. No parent and no ingressClassName named "silent" is
 * reported, as if no controller served it. */
#pragma once
#include "sim/store.h"

struct gateways;

/* Returns whether a kind is a route of the Gateway API. */
bool gateways_is_route(const char *kind);

/* Reports each change of a route after `accept_ms`. The loop and the store are borrowed. */
struct gateways *gateways_new(struct loop *, struct store *, int64_t accept_ms);

/* Takes NULL; returns NULL. */
struct gateways *gateways_free(struct gateways *);
