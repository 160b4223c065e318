/* sim/http.h: the laptop cluster's API server over HTTP and HTTPS.
 *
 * Discovery, OpenAPI documents that know no kinds (kubectl then skips its validation), the version, and all that
 * sim/store.h serves. Listens on loopback only.
 */
#pragma once
#include "sim/certificate.h"
#include "sim/store.h"

struct store_server;

/* Listens on 127.0.0.1, on a free port when `port` is 0; with a certificate, over HTTPS. NULL when it cannot; errno
 * says why. */
struct store_server *store_server_new(struct loop *, struct store *, int port, const struct certificate *);
struct store_server *store_server_free(struct store_server *);
int store_server_port(const struct store_server *);
