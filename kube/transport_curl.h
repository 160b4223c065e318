/* kube/transport_curl.h: HTTP over libcurl's multi interface, on the loop. */
#pragma once
#include "kube/kubeconfig.h"
#include "kube/transport.h"

/* `config` is borrowed while the transport lives; NULL: only absolute URLs, without credentials. Credentials are
 * never sent to an absolute URL. A redirect to another origin gets neither headers nor body. */
struct transport *transport_curl_new(struct loop *, const struct config *);

/* Returns true if HTTP/2 is used with this version of libcurl (0xXXYYZZ), which supports it if `http2`. With 7.88
 * (Debian 12) the rest of a response may be delivered late if a watch event arrives between its parts on the same
 * connection, and later ones had transfers that stalled (docs/performance.md). */
bool transport_curl_multiplexes(unsigned version, bool http2);

/* Unless `allow_local`: requests to absolute URLs cannot reach link-local addresses and metadata services of clouds,
 * and those with outside_only reach neither this machine nor `server` (a URL; NULL: not known). This holds for every
 * notation of an address, for every name, and with a proxy. The rule is in kube/egress.h. */
void transport_curl_confine(struct transport *, const char *server, bool allow_local);
