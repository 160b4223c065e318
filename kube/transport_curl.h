/* kube/transport_curl.h: HTTP over libcurl's multi interface, on the loop. */
#pragma once
#include "kube/config.h"
#include "kube/transport.h"

/* `config` is borrowed for as long as the transport lives; NULL: only absolute URLs, without credentials. Credentials
 * are never sent to an absolute URL, and no header or body of a request to another origin than its own: redirects
 * carry none there. */
struct transport *transport_curl_new(struct loop *, const struct config *);

/* Unless `allow_local`, requests to absolute URLs reach no link-local address and no metadata service of a cloud's,
 * and those that are outside_only neither this machine nor `server` (a URL; NULL: none is known): whatever form the
 * address has, whatever a name resolves to, and also where a proxy would ask. */
void transport_curl_confine(struct transport *, const char *server, bool allow_local);
