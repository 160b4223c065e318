/* kube/egress.h: which servers a request to an absolute URL must not reach.
 *
 * Requests that users configure (metrics, webhooks) must not reach this machine, its link and the API server, which
 * trust the controller's network. No request to another server may reach the link, where clouds have their metadata
 * services. The rule holds for every notation of an address, and for every name.
 */
#pragma once
#include <stdbool.h>
#include "base/address.h"

struct egress {
	bool restricted; /* false: requests may reach all servers */
	char *server; /* the API server's URL, which outside_only requests must not reach; NULL: not known. Owned */
};

/* Sets the rule; `server` is copied, and may be NULL. */
void egress_restrict(struct egress *, const char *server, bool restricted);
void egress_done(struct egress *);

/* Return whether a request must not reach this address, or a host with this name, at this port. `outside_only`: the
 * request is one of a user. A name is forbidden whether or not it resolves here, as a proxy may resolve it. */
bool egress_forbids_address(const struct egress *, bool outside_only, const struct address *, const char *port);
bool egress_forbids_name(const struct egress *, bool outside_only, const char *host, const char *port);
