/* kube/transport_as.c: adds the headers of an impersonation to each request. */
#include "kube/transport_as.h"
#include <string.h>
#include "base/arena.h"

static struct exchange *
transport_as_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct transport_as *as = (struct transport_as *)t;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct header *headers = arena_new_array(a, struct header, as->n_headers + r->n_headers);
	struct request with = *r;

	memcpy(headers, as->headers, sizeof(*headers) * as->n_headers);
	if (r->n_headers > 0)
		memcpy(headers + as->n_headers, r->headers, sizeof(*headers) * r->n_headers);
	with.headers = headers;
	with.n_headers = as->n_headers + r->n_headers;
	/* The request is not kept. */
	return transport_start(as->to, &with, to, arg); // cppcheck-suppress returnDanglingLifetime
}

/* The exchanges are those of the other transport, and are canceled by it. */
void
transport_as_init(struct transport_as *as, struct transport *to, const char *user, const char *const *groups, size_t n)
{
	/* Without a group, less is permitted. */
	n = n < TRANSPORT_AS_GROUPS_MAX ? n : TRANSPORT_AS_GROUPS_MAX;
	*as = (struct transport_as){
		.transport = { .loop = to->loop, .patience_ms = to->patience_ms },
		.ops = { .start = transport_as_start, .cancel = to->ops->cancel },
		.to = to,
	};
	as->transport.ops = &as->ops;
	as->headers[as->n_headers++] = (struct header){ "Impersonate-User", user };
	for (size_t i = 0; i < n; i++)
		as->headers[as->n_headers++] = (struct header){ "Impersonate-Group", groups[i] };
}
