/* kube/curl_outside.c: requests to other servers than the API server: egress, proxies, redirects. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/address.h"
#include "kube/curl_exchange.h"
#include "kube/proxy.h"
#include "kube/url_origin.h"

/* The address is checked here, after the lookup and before connect: a later lookup with another result has no
 * effect. */
static curl_socket_t
outside_on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct exchange *e = arg;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&to->addr;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&to->addr;
	struct address a = { .n = to->family == AF_INET ? 4 : 16 };
	char port[8];

	(void)purpose;
	if (e->proxied)
		return socket(to->family, to->socktype, to->protocol);
	/* The port has the same offset in both address families. */
	snprintf(port, sizeof(port), "%d", ntohs(four->sin_port));
	if (to->family == AF_INET)
		memcpy(a.at, &four->sin_addr, 4);
	else if (to->family == AF_INET6)
		memcpy(a.at, &six->sin6_addr, 16);
	if ((to->family != AF_INET && to->family != AF_INET6) ||
	    egress_forbids_address(&e->owner->egress, e->outside_only, &a, port)) {
		e->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype, to->protocol);
}

static void
outside_on_refused(struct timer *t, void *arg)
{
	(void)t;
	curl_exchange_finish(arg, CURLE_COULDNT_CONNECT);
}

/* The request ends in the next iteration of the loop. */
static void
outside_refuse(struct exchange *e)
{
	e->held = e->refused = true;
	e->soon = (struct timer){ .fire = outside_on_refused, .arg = e };
	loop_timer(e->owner->transport.loop, &e->soon, 0);
}

static void
outside_on_resolved(void *arg, const struct address *addresses, size_t n)
{
	static const struct credential none = { 0 };
	struct exchange *e = arg;
	struct url_origin o = url_origin_parse(e->url);
	bool forbidden = !url_origin_is_whole(&o);

	e->resolving = NULL;
	for (size_t i = 0; i < n && !forbidden; i++)
		forbidden = egress_forbids_address(&e->owner->egress, e->outside_only, &addresses[i], o.port);
	url_origin_done(&o);
	if (forbidden) {
		outside_refuse(e);
		return;
	}
	curl_exchange_run(e, &none);
}

/* A proxy resolves names itself. With a proxy, the rule is therefore applied
 * before the request: to an address in any notation, and to all addresses that the name has here. A name that does
 * not resolve here is left to the proxy. */
void
curl_outside_send(struct exchange *e)
{
	static const struct credential none = { 0 };
	struct url_origin o = url_origin_parse(e->url);
	const char *proxy =
	    url_origin_is_whole(&o) && !curl_options_is_loopback(e->url) ? proxy_of(o.scheme, o.host) : NULL;
	const struct egress *egress = &e->owner->egress;
	bool forbidden = false, name = false;
	struct address a;

	e->proxied = proxy != NULL;
	curl_easy_setopt(e->easy, CURLOPT_PROXY, proxy != NULL ? proxy : "");
	curl_easy_setopt(e->easy, CURLOPT_NOPROXY, "");
	if (egress->restricted && url_origin_is_whole(&o)) {
		name = !address_parse(o.host, &a);
		forbidden = name ? egress_forbids_name(egress, e->outside_only, o.host, o.port)
				 : egress_forbids_address(egress, e->outside_only, &a, o.port);
		if (name && e->proxied && !forbidden)
			e->resolving = resolve_start(e->owner->transport.loop, o.host, outside_on_resolved, e);
		/* If the host cannot be checked, no request is sent. */
		forbidden |= name && e->proxied && e->resolving == NULL;
	}
	url_origin_done(&o);
	if (forbidden)
		outside_refuse(e);
	else if (e->resolving != NULL)
		e->held = true;
	else
		curl_exchange_run(e, &none);
}

/* The rule of egress holds for each new connection. */
static void
outside_restrict(struct exchange *e)
{
	if (e->owner->egress.restricted) {
		curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETFUNCTION, outside_on_open_socket);
		curl_easy_setopt(e->easy, CURLOPT_OPENSOCKETDATA, e);
	}
	if (e->outside_only) {
		/* not over a connection that was opened without this check */
		curl_easy_setopt(e->easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e->easy, CURLOPT_FORBID_REUSE, 1L);
	}
}

void
curl_outside_start(struct exchange *e, const char *tenant, const char *destination)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct url_origin o = url_origin_parse(e->url);

	outside_restrict(e);
	if (destination == NULL && url_origin_is_whole(&o))
		destination = arena_printf(a, "%s:%s", o.host, o.port);
	url_origin_done(&o);
	if (fair_slots_take(&e->owner->outside, &e->slot, tenant, destination))
		curl_outside_send(e);
}

bool
curl_outside_follow(struct exchange *e, long status)
{
	bool repeats = status == 307 || status == 308, foreign;
	int64_t left = e->timeout_ms - (loop_mono(e->owner->transport.loop) - e->began);
	char *to = NULL;

	if (e->redirects_left == 0 || e->canceled || e->too_long || left <= 0 ||
	    (!repeats && status != 301 && status != 302 && status != 303))
		return false;
	curl_easy_getinfo(e->easy, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL)
		return false;
	foreign = !url_origin_is_same(e->url, to);
	if (repeats && foreign && e->body != NULL)
		return false;
	e->redirects_left--;
	to = mem_strdup(to);
	curl_exchange_withdraw(e);
	free(e->url);
	e->url = to;
	str_cut(&e->response, e->response.len);
	if (!repeats && strcmp(e->method, "HEAD") != 0) {
		free(e->method);
		e->method = mem_strdup("GET");
		free(e->body);
		e->body = NULL;
		curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(e->easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(e->easy, CURLOPT_CUSTOMREQUEST, e->method);
	}
	if (foreign) {
		curl_slist_free_all(e->headers);
		e->headers = NULL;
	}
	curl_easy_setopt(e->easy, CURLOPT_URL, e->url);
	curl_easy_setopt(e->easy, CURLOPT_TIMEOUT_MS, (long)left);
	e->held = true;
	curl_outside_send(e);
	return true;
}
