/* kube/transport_as.h: makes requests over another transport as another user (Impersonate-User, Impersonate-Group). */
#pragma once
#include "kube/transport.h"

#define TRANSPORT_AS_GROUPS_MAX 64

struct transport_as {
	struct transport transport; /* for calls */
	struct transport_ops ops;
	struct transport *to;
	struct header headers[1 + TRANSPORT_AS_GROUPS_MAX];
	size_t n_headers;
};

/* Initializes the transport. The user and the groups (n, at most TRANSPORT_AS_GROUPS_MAX) are printable ASCII and not
 * empty, and are borrowed, like the other transport, until the last exchange has ended. It must not move, and needs no
 * end of its own. Neither uid nor extra are sent. */
void transport_as_init(
    struct transport_as *, struct transport *to, const char *user, const char *const *groups, size_t n);
