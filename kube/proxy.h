/* kube/proxy.h: the HTTP proxy for a URL, from the environment, as curl and Go's clients read it (http_proxy,
 * https_proxy, all_proxy, no_proxy, and the same in capitals; not HTTP_PROXY, which a CGI server would set from a
 * request). */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

/* Returns the URL of the proxy, borrowed from the environment; NULL: none. `host` is the URL's, without a port, and
 * in brackets if it is an IPv6 address. */
const char *proxy_of(const char *scheme, const char *host);

/* Returns true if no_proxy includes the host: "*", a name, the end of a name (with or without a dot in front), an
 * address, or a range of addresses (10.0.0.0/8). */
bool proxy_is_bypassed(const char *list, const char *host);
