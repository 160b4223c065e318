/* kube/transport_curl.h: HTTP over libcurl's multi interface, on the loop. */
#pragma once
#include "kube/config.h"
#include "kube/transport.h"

/* `config` is borrowed for as long as the transport lives; NULL: only absolute URLs, without credentials. Credentials are
 * never sent to an absolute URL. */
struct transport *transport_curl_new(struct loop *, const struct config *);
