/* kube/transport_curl.h: HTTP over libcurl's multi interface, on the loop. */
#pragma once
#include "kube/config.h"
#include "kube/transport.h"

/* `config` is borrowed while the transport lives; NULL: only absolute URLs, without credentials. Credentials are
 * never sent to an absolute URL. A redirect to another origin gets neither headers nor body. */
struct transport *transport_curl_new(struct loop *, const struct config *);

/* Unless `allow_local`: requests to absolute URLs cannot reach link-local addresses and metadata services of clouds,
 * and those with outside_only reach neither this machine nor `server` (a URL; NULL: not known). This holds for every
 * notation of an address, for every name, and with a proxy. */
void transport_curl_confine(struct transport *, const char *server, bool allow_local);
