/* kube/egress.c: which servers a request to an absolute URL must not reach. */
#include "kube/egress.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "kube/url_origin.h"

void
egress_restrict(struct egress *e, const char *server, bool restricted)
{
	free(e->server);
	e->server = server != NULL ? mem_strdup(server) : NULL;
	e->restricted = restricted;
}

void
egress_done(struct egress *e)
{
	free(e->server);
}

bool
egress_forbids_address(const struct egress *e, bool outside_only, const struct address *a, const char *port)
{
	enum address_kind kind = address_kind(a);
	struct address own;
	struct url_origin server;
	bool same;

	if (!outside_only)
		return kind == ADDRESS_LINK;
	if (kind != ADDRESS_OUTSIDE || e->server == NULL)
		return kind != ADDRESS_OUTSIDE;
	server = url_origin_parse(e->server);
	same = url_origin_is_whole(&server) && strcmp(server.port, port) == 0 && address_parse(server.host, &own) &&
	       address_is_same(&own, a);
	url_origin_done(&server);
	return same;
}

bool
egress_forbids_name(const struct egress *e, bool outside_only, const char *host, const char *port)
{
	enum address_kind kind = address_name_kind(host);
	size_t n = strlen(host);
	struct url_origin server;
	bool same;

	if (!outside_only || kind != ADDRESS_OUTSIDE || e->server == NULL)
		return outside_only ? kind != ADDRESS_OUTSIDE : kind == ADDRESS_LINK;
	n -= n > 0 && host[n - 1] == '.';
	server = url_origin_parse(e->server);
	same = url_origin_is_whole(&server) && strcmp(server.port, port) == 0 && strlen(server.host) == n &&
	       strncasecmp(server.host, host, n) == 0;
	url_origin_done(&server);
	return same;
}
