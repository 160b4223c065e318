/* kube/transport_curl.h: HTTP over libcurl's multi interface, on the loop. */
#pragma once
#include "kube/config.h"
#include "kube/transport.h"

/* `config` is borrowed for as long as the transport lives; NULL: only absolute URLs, without credentials. Credentials are
 * never sent to an absolute URL. */
struct transport *transport_curl_new(struct loop *, const struct config *);

/* Requests that are outside_only do not reach `server` (its URL's address and port, when that is an IP address; NULL: none is told), nor,
 * unless `allow_local`, this machine or the link. With allow_local they reach everything. */
void transport_curl_confine(struct transport *, const char *server, bool allow_local);
