/* kube/transport_curl.c: HTTP requests to the API server and all other servers: curl's sockets and timers are on the
 * loop. The limits of concurrent requests are below; turns.c divides the slots among tenants.
 *
 * Calls, streams and requests to other servers have a pool of connections each, so that none takes or closes the
 * connections of another. A busy controller makes no TLS handshake: a call uses an idle connection of its pool, which
 * has as many as there are slots for calls, and a watch that ends leaves its connection to the next one. The Lease is
 * renewed over this pool, so that a call after a long rest finds a connection that is open.
 *
 * Time-outs of curl stay in milliseconds. Converted to seconds as integers, those below a second would expire at
 * once.
 */
#include "kube/transport_curl.h"
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "base/address.h"
#include "base/base64.h"
#include "kube/credentials.h"
#include "kube/curl_handles.h"
#include "kube/curl_pool.h"
#include "kube/egress.h"
#include "kube/proxy.h"
#include "kube/resolve.h"
#include "kube/turns.h"
#include "kube/url_origin.h"

#define CONNECT_MS 10000
#define KEEPALIVE_S 30
/* libcurl 8.23.0: the version with which the tests were run over HTTP/2. */
#define MULTIPLEXES_SINCE 0x081700
#define USER_AGENT "sluice"
/* Each request over TLS allocates such a buffer. By default it has 64 KiB, and freeing as much makes malloc consolidate
 * all its free memory each time. 16 KiB, the least, holds nearly every patch. */
#define UPLOAD_BUFFER 16384L
#define CALLS_MAX 16 /* concurrent calls to the API server, and kept connections; other calls wait for a slot */
#define CALLS_TENANT_MAX 12 /* of them for one namespace; cluster-wide calls count as one more namespace */
#define STREAMS_MAX 160 /* watches and lists, and kept connections: more than the types of all controllers */
#define OUTSIDE_MAX 128 /* requests to other servers at once: providers, webhooks, OAuth */
#define OUTSIDE_CONNECTIONS_MAX 96 /* to one host */
#define OUTSIDE_KEPT 56 /* open connections, idle or busy */
#define OUTSIDE_TENANT_MAX 32 /* of them for one namespace */
#define OUTSIDE_HOST_MAX 16 /* of those to one destination, by default the host */
#define RETRY_AFTER_MAX_S 1000000000 /* a longer Retry-After is ignored */
#define HEADER_MAX (16u << 20) /* bytes of one header; no object that could have it is as large */
#define TOKEN_MS 1000 /* between two readings of the token's file */
#define FAILED_AGAIN_MS                                                                                                \
	0 /* ms to the one retry of a credential program that could not be started; a second failure is reported */

_Static_assert(URGENCY_MAX - URGENCY_SAFETY == TURNS_RANKS, "a rank for each urgency");

enum pool_kind { POOL_CALLS, POOL_STREAMS, POOL_OUTSIDE, POOL_MAX };

static const struct {
	long per_host, kept; /* connections */
} pools[] = {
	[POOL_CALLS] = { CALLS_MAX + 1, CALLS_MAX + 1 }, /* one is for the Lease */
	[POOL_STREAMS] = { STREAMS_MAX, STREAMS_MAX },
	[POOL_OUTSIDE] = { OUTSIDE_CONNECTIONS_MAX, OUTSIDE_KEPT },
};
_Static_assert(ARRAY_SIZE(pools) == POOL_MAX, "a row for each pool");

struct curl {
	struct transport transport;
	const struct config *config;
	struct credentials *credentials; /* NULL: the configuration has the credentials */
	char *token; /* of the configuration's file; NULL: none */
	int64_t token_until; /* mono ms: when it is read again */
	struct timer known; /* fires when credentials have arrived or failed */
	struct curl_pool pools[POOL_MAX];
	struct curl_handles handles; /* of calls to the API server */
	CURLSH *share; /* TLS sessions of the API server: connections that are opened later resume one */
	struct exchange *exchanges;
	struct turns calls; /* slots for requests to the API server */
	struct turns outside; /* slots for all other requests */
	bool http2; /* over HTTPS, requests to the API server share a connection for calls and one for streams */
	struct egress egress; /* of requests to other servers */
	CURLU *api; /* the API server's URL, parsed; NULL: it cannot be parsed, or no server is configured */
	bool has_canceled; /* exchanges that wait for the end of a call into curl */
};

struct exchange {
	struct curl *owner;
	enum pool_kind pool;
	CURL *easy;
	bool sent; /* curl has it */
	struct curl_slist *headers; /* of the request, with credentials */
	struct curl_slist *bare; /* headers that any server may get, after a redirect to another origin */
	const struct receiver *receiver;
	void *arg;
	char *method, *url, *body;
	size_t body_len;
	size_t response_max;
	bool stream, too_long, canceled, date;
	bool refused; /* the address is one that the request must not reach */
	bool outside_only;
	bool proxied; /* the connection is to a proxy: the URL was checked before */
	bool held; /* not passed to curl yet: its name is being resolved, or it is about to be refused */
	struct resolve *resolving; /* NULL: no lookup is running */
	unsigned redirects_left;
	int64_t began, timeout_ms; /* monotonic; of all redirects together */
	bool api; /* to the API server, with the controller's credentials */
	bool waiting; /* for the credentials: not passed to curl yet */
	enum urgency urgency;
	struct turn turn; /* its arg is the exchange; while it waits, it is not passed to curl */
	/* it was started within a callback of curl: it is passed to curl in the next iteration of the loop */
	bool late;
	struct timer soon;
	int64_t retry_after_ms;
	struct curl_slist *connect_to;
	CURLU *parsed; /* the URL; NULL: curl parses it */
	struct str response;
	struct timer
	    timer; /* of a stream: to the end of its header, or of its refusal; of a call that waits: to its time-out */
	char error[CURL_ERROR_SIZE];
	struct exchange *next;
};

static void curl_exchange_leave(struct exchange *);
static void curl_aim(struct exchange *);

static CURL *
curl_handle_new(struct exchange *e)
{
	return e->pool == POOL_CALLS ? curl_handles_take(&e->owner->handles) : curl_easy_init();
}

static void
curl_handle_free(struct exchange *e)
{
	if (e->pool == POOL_CALLS)
		curl_handles_give(&e->owner->handles, e->easy);
	else
		curl_easy_cleanup(e->easy);
}

/* Takes the request back from curl. */
static void
curl_withdraw(struct exchange *e)
{
	if (e->sent)
		curl_pool_remove(&e->owner->pools[e->pool], e->easy);
	e->sent = false;
}

static void
curl_exchange_free(struct exchange *e)
{
	for (struct exchange **at = &e->owner->exchanges; *at != NULL; at = &(*at)->next)
		if (*at == e) {
			*at = e->next;
			break;
		}
	loop_timer_stop(e->owner->transport.loop, &e->timer);
	loop_timer_stop(e->owner->transport.loop, &e->soon);
	curl_withdraw(e);
	curl_exchange_leave(e);
	resolve_cancel(e->resolving);
	curl_handle_free(e);
	curl_slist_free_all(e->headers);
	curl_slist_free_all(e->bare);
	curl_slist_free_all(e->connect_to);
	curl_url_cleanup(e->parsed);
	str_done(&e->response);
	free(e->method);
	free(e->url);
	free(e->body);
	free(e);
}

static bool curl_follow(struct exchange *, long status);

/* Returns the Date of the response in wall ms; 0: it has none. */
static int64_t
curl_date_ms(CURL *easy)
{
	struct curl_header *date;
	time_t at;

	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) != CURLHE_OK)
		return 0;
	at = curl_getdate(date->value, NULL);
	return at > 0 ? (int64_t)at * 1000 : 0;
}

static void
curl_finish(struct exchange *e, CURLcode code)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct receiver *receiver = e->receiver;
	struct err *err = NULL;
	void *arg = e->arg;
	long status = 0;
	struct str response;
	struct reply reply = { .retry_after_ms = e->retry_after_ms };

	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && curl_follow(e, status))
		return;
	response = e->response;
	if (e->too_long)
		err = err_new(
		    a, ERR_INVALID, "%s %s: the response is longer than %zu bytes", e->method, e->url, e->response_max);
	else if (code != CURLE_OK && e->refused)
		err = err_new(a, ERR_INVALID,
		    "%s %s: leads to this machine, its link or the API server, to which no request is sent unless the "
		    "controller runs with --allow-local-web-metrics",
		    e->method, e->url);
	else if (code != CURLE_OK)
		err = err_new(a, ERR_AGAIN, "%s %s: %s", e->method, e->url,
		    e->error[0] != '\0' ? e->error : curl_easy_strerror(code));
	if (err == NULL)
		reply.status = (int)status;
	if (err == NULL && e->date)
		reply.date_ms = curl_date_ms(e->easy);
	if (e->api && status == 401) {
		e->owner->token_until = 0;
		if (e->owner->credentials != NULL)
			credentials_refused(e->owner->credentials);
	}
	reply.body = (struct bytes){ str_text(&response), response.len };
	str_init(&e->response, 0);
	curl_exchange_free(e);
	receiver->done(arg, err, &reply);
	str_done(&response);
}

static void
curl_on_ended(void *arg, CURL *easy, CURLcode code)
{
	struct exchange *e = NULL;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&e);
	if (e->canceled)
		curl_exchange_free(e);
	else
		curl_finish(e, code);
}

/* Frees the exchanges that were canceled while curl had control. */
static void
curl_on_returned(void *arg)
{
	struct curl *c = arg;

	if (!c->has_canceled)
		return;
	c->has_canceled = false;
	for (struct exchange *e = c->exchanges, *next; e != NULL; e = next) {
		next = e->next;
		if (e->canceled)
			curl_exchange_free(e);
	}
}

static bool
curl_is_inside(const struct curl *c)
{
	for (size_t i = 0; i < POOL_MAX; i++)
		if (c->pools[i].inside)
			return true;
	return false;
}

static size_t
curl_on_body(char *at, size_t size, size_t n, void *arg)
{
	struct exchange *e = arg;
	long status = 0;

	n *= size;
	if (e->canceled)
		return 0;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (e->stream && status == 200) {
		e->receiver->data(e->arg, at, n);
		return e->canceled ? 0 : n;
	}
	if (!str_add(&e->response, at, n)) {
		e->too_long = true;
		return 0;
	}
	return n;
}

/* Returns the seconds of a Retry-After; 0 for a date and for anything that is not a number. */
static int64_t
curl_retry_after_ms(const char *at, size_t n)
{
	_cleanup_(freep) char *text = mem_printf("%.*s", (int)n, at);
	char *value = text + strspn(text, " \t");
	long long seconds;

	value[strcspn(value, " \t\r\n")] = '\0';
	return str_int(value, 0, RETRY_AFTER_MAX_S, &seconds) ? seconds * 1000 : 0;
}

/* A watch whose header has arrived may be silent: its time-out ends. A refused watch keeps its time-out for the
 * whole response. */
static size_t
curl_on_header(char *at, size_t size, size_t n, void *arg)
{
	static const char name[] = "retry-after:";
	struct exchange *e = arg;
	long status = 0;

	n *= size;
	if (n > sizeof(name) && strncasecmp(at, name, sizeof(name) - 1) == 0)
		e->retry_after_ms = curl_retry_after_ms(at + sizeof(name) - 1, n - sizeof(name) + 1);
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && (at[0] == '\r' || at[0] == '\n'))
		loop_timer_stop(e->owner->transport.loop, &e->timer);
	return n;
}

static void
curl_on_late(struct timer *t, void *arg)
{
	struct exchange *e = arg;

	(void)t;
	snprintf(e->error, sizeof(e->error), "no response in time");
	curl_finish(e, CURLE_OPERATION_TIMEDOUT);
}

/* Adds the header "NAME: SCHEME VALUE". Returns false, and adds nothing, if the value would make it several headers.
 * A token has a kilobyte, and every call has one: it is copied, not formatted. */
static bool
curl_add_header_of(struct exchange *e, const char *name, const char *scheme, const char *value)
{
	struct str header;
	bool one;

	str_init(&header, HEADER_MAX);
	str_adds(&header, name);
	str_adds(&header, ": ");
	str_adds(&header, scheme);
	str_adds(&header, value);
	one = !header.overflow && strpbrk(str_text(&header), "\r\n") == NULL;
	if (one)
		e->headers = curl_slist_append(e->headers, str_text(&header));
	str_done(&header);
	return one;
}

static bool
curl_add_header(struct exchange *e, const char *name, const char *value)
{
	return curl_add_header_of(e, name, "", value);
}

static char *
curl_read_token(const char *file)
{
	FILE *f = fopen(file, "r");
	char buffer[16384];
	size_t n = f != NULL ? fread(buffer, 1, sizeof(buffer), f) : 0;

	if (f != NULL)
		fclose(f);
	while (n > 0 && (buffer[n - 1] == '\n' || buffer[n - 1] == ' '))
		n--;
	return n > 0 ? mem_printf("%.*s", (int)n, buffer) : NULL;
}

/* Service account tokens are rotated long before they expire: the file is read again after TOKEN_MS, and when the API
 * server has refused the token. */
static const char *
curl_token(struct curl *c)
{
	int64_t now = loop_mono(c->transport.loop);

	if (c->config->token_file != NULL && now >= c->token_until) {
		free(c->token);
		c->token = curl_read_token(c->config->token_file);
		c->token_until = now + TOKEN_MS;
	}
	return c->token != NULL ? c->token : c->config->token;
}

static void
curl_set_blob(CURL *easy, CURLoption file_option, const char *file, CURLoption blob_option, const char *data)
{
	struct curl_blob b = { .data = (void *)data, .len = data != NULL ? strlen(data) : 0, .flags = CURL_BLOB_COPY };

	if (data != NULL)
		curl_easy_setopt(easy, blob_option, &b);
	else if (file != NULL)
		curl_easy_setopt(easy, file_option, file);
}

static bool
curl_is_loopback(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.", "[::1]" };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host != NULL && i < ARRAY_SIZE(hosts); i++)
		if (strncmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/* A dead connection is detected within a minute or two, whether or not data was being sent. */
static int
curl_on_new_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct exchange *e = arg;
	int probes = 3, user_timeout_ms = 60000;

	(void)purpose;
	if (e->api)
		e->owner->transport.counts.connections++;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof(user_timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* curl sets up TLS for a new connection. */
static CURLcode
curl_on_handshake(CURL *easy, void *context, void *arg)
{
	(void)easy;
	(void)context;
	((struct exchange *)arg)->owner->transport.counts.handshakes++;
	return CURLE_OK;
}

/* Adds the controller's credentials, and the user to impersonate. */
static void
curl_add_identity(struct exchange *e, const struct credential *credential)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct config *c = e->owner->config;
	const char *token = credential->token != NULL ? credential->token : curl_token(e->owner);

	if (token != NULL) {
		curl_add_header_of(e, "Authorization", "Bearer ", token);
	} else if (c->username != NULL) {
		const char *both = arena_printf(a, "%s:%s", c->username, c->password != NULL ? c->password : "");

		curl_add_header_of(e, "Authorization", "Basic ", base64_encode(a, both, strlen(both)));
	}
	/* Without the header, the request would be made with the controller's own permissions. */
	if (c->as.user != NULL && !curl_add_header(e, "Impersonate-User", c->as.user))
		curl_add_header(e, "Impersonate-User", "system:anonymous");
	if (c->as.uid != NULL)
		curl_add_header(e, "Impersonate-Uid", c->as.uid);
	for (size_t i = 0; i < c->as.groups.n; i++)
		curl_add_header(e, "Impersonate-Group", c->as.groups.at[i]);
	curl_set_blob(e->easy, CURLOPT_SSLCERT, c->cert_file, CURLOPT_SSLCERT_BLOB,
	    credential->cert != NULL ? credential->cert : c->cert_data);
	curl_set_blob(e->easy, CURLOPT_SSLKEY, c->key_file, CURLOPT_SSLKEY_BLOB,
	    credential->key != NULL ? credential->key : c->key_data);
}

/* Connects to the address of the URL, and verifies that the certificate has the name `as`. */
static void
curl_rename_server(struct exchange *e, const char *as)
{
	const char *host = strstr(e->url, "://") + 3, *path = host + strcspn(host, "/");
	const char *colon = memchr(host, ':', (size_t)(path - host));
	int host_len = (int)((colon != NULL ? colon : path) - host),
	    port = colon != NULL ? (int)strtol(colon + 1, NULL, 10) : 443;
	_cleanup_(freep) char *to = mem_printf("%s:%d:%.*s:%d", as, port, host_len, host, port);
	_cleanup_(freep) char *real = mem_printf("%.*s", (int)(path - host), host);
	char *url = mem_printf("https://%s:%d%s", as, port, path);

	e->connect_to = curl_slist_append(NULL, to);
	curl_easy_setopt(e->easy, CURLOPT_CONNECT_TO, e->connect_to);
	curl_easy_setopt(e->easy, CURLOPT_URL, url);
	curl_add_header(e, "Host", real);
	free(url);
}

static bool
curl_pass_on(struct exchange *e)
{
	e->sent = curl_pool_add(&e->owner->pools[e->pool], e->easy);
	return e->sent;
}

static void
curl_on_soon(struct timer *t, void *arg)
{
	struct exchange *e = arg;

	(void)t;
	e->late = false;
	curl_pass_on(e);
}

/* Passes the request to curl. Within a callback of another transfer (a watch event that causes a request) curl
 * accepts none: it is passed on the next iteration of the loop. */
static void
curl_submit(struct exchange *e)
{
	if (curl_pass_on(e))
		return;
	e->late = true;
	e->soon = (struct timer){ .fire = curl_on_soon, .arg = e };
	loop_timer(e->owner->transport.loop, &e->soon, 0);
}

/* After a short stall a controller has hundreds of calls to make. One connection for each would spend time on TLS
 * handshakes and memory on buffers, and most would be closed again: a few connections are faster. A namespace with
 * slow calls, because of an admission webhook, gets only some of them. Urgency comes before fairness: a namespace with
 * an abort gets the next connection, even if it has more of them than a namespace that makes progress. */
static void
curl_call_start(struct exchange *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *in = strstr(e->url + strlen(e->owner->config->server), "/namespaces/");
	const char *ns = in != NULL ? in + strlen("/namespaces/") : "";

	if (e->urgency == URGENCY_LEASE) {
		curl_submit(e);
		return;
	}
	e->turn.rank = urgency_rank(e->urgency);
	if (turn_take(&e->owner->calls, &e->turn, arena_strndup(a, ns, strcspn(ns, "/?")), NULL))
		curl_submit(e);
	else
		loop_timer(e->owner->transport.loop, &e->timer, e->timeout_ms);
}

/* Returns its slot, and starts the request that gets it. */
static void
curl_exchange_leave(struct exchange *e)
{
	struct curl *c = e->owner;
	struct turn *turn = turn_end(e->api ? &c->calls : &c->outside, &e->turn);
	struct exchange *next = turn != NULL ? turn->arg : NULL;
	int64_t left;

	if (next == NULL)
		return;
	if (!next->api) {
		/* The wait for a slot does not count: the host is not the cause, and a late measurement is not an
		 * error. */
		next->began = loop_mono(c->transport.loop);
		curl_aim(next);
		return;
	}
	/* The wait for a slot counts: a call ends within its time-out, whatever the number of calls before it. */
	loop_timer_stop(c->transport.loop, &next->timer);
	left = next->timeout_ms - (loop_mono(c->transport.loop) - next->began);
	curl_easy_setopt(next->easy, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
	curl_submit(next);
}

static void
curl_exchange_run(struct exchange *e, const struct credential *credential)
{
	if (e->api)
		curl_add_identity(e, credential);
	curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers != NULL ? e->headers : e->bare);
	e->waiting = e->held = false;
	if (e->api && !e->stream)
		curl_call_start(e);
	else
		curl_submit(e);
}

/* Requests that wait for the credentials are sent, or fail. */
static void
curl_on_known(struct timer *t, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct curl *c = arg;
	struct credential credential = { 0 };
	struct err *e = NULL;
	enum credentials_state state = credentials_get(c->credentials, a, &credential, &e);

	(void)t;
	for (struct exchange *x = c->exchanges, *next; x != NULL && state != CREDENTIALS_WAITING; x = next) {
		next = x->next;
		if (!x->waiting)
			continue;
		if (state == CREDENTIALS_READY) {
			curl_exchange_run(x, &credential);
		} else {
			const struct receiver *receiver = x->receiver;
			struct reply none = { .body = { "", 0 } };
			void *to = x->arg;

			curl_exchange_free(x);
			receiver->done(to, e, &none);
			next = c->exchanges; /* its owner may have canceled others */
		}
	}
}

static void
curl_on_credentials(void *arg)
{
	struct curl *c = arg;

	loop_timer(c->transport.loop, &c->known, 0);
}

/* The address is checked here, after the lookup and before connect: a later lookup with another result has no
 * effect. */
static curl_socket_t
curl_on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
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
curl_on_refused(struct timer *t, void *arg)
{
	(void)t;
	curl_finish(arg, CURLE_COULDNT_CONNECT);
}

/* The request ends in the next iteration of the loop. */
static void
curl_refuse(struct exchange *e)
{
	e->held = e->refused = true;
	e->soon = (struct timer){ .fire = curl_on_refused, .arg = e };
	loop_timer(e->owner->transport.loop, &e->soon, 0);
}

static void
curl_on_resolved(void *arg, const struct address *addresses, size_t n)
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
		curl_refuse(e);
		return;
	}
	curl_exchange_run(e, &none);
}

/* Sends a request to another server. A proxy resolves names itself. With a proxy, the rule is therefore applied
 * before the request: to an address in any notation, and to all addresses that the name has here. A name that does
 * not resolve here is left to the proxy. */
static void
curl_aim(struct exchange *e)
{
	static const struct credential none = { 0 };
	struct url_origin o = url_origin_parse(e->url);
	const char *proxy = url_origin_is_whole(&o) && !curl_is_loopback(e->url) ? proxy_of(o.scheme, o.host) : NULL;
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
			e->resolving = resolve_start(e->owner->transport.loop, o.host, curl_on_resolved, e);
		/* If the host cannot be checked, no request is sent. */
		forbidden |= name && e->proxied && e->resolving == NULL;
	}
	url_origin_done(&o);
	if (forbidden)
		curl_refuse(e);
	else if (e->resolving != NULL)
		e->held = true;
	else
		curl_exchange_run(e, &none);
}

/* Sends a request to another server, as soon as a slot is free. */
static void
curl_outside_start(struct exchange *e, const char *tenant, const char *destination)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct url_origin o = url_origin_parse(e->url);

	if (destination == NULL && url_origin_is_whole(&o))
		destination = arena_printf(a, "%s:%s", o.host, o.port);
	url_origin_done(&o);
	if (turn_take(&e->owner->outside, &e->turn, tenant, destination))
		curl_aim(e);
}

/* Follows a redirect, if the response is one and redirects are left. Returns false if the response is the result.
 * Another origin gets neither the request's headers nor its body, as any of them may be a credential. */
static bool
curl_follow(struct exchange *e, long status)
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
	curl_withdraw(e);
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
	curl_aim(e);
	return true;
}

/* Sets the parts of the URL of a call. From a text, curl would parse the address of the API server for each call and
 * write the URL again, with its own printf: 4 % of a call. Only for paths that curl does not change when it parses
 * them, and sends as they are: a part is not checked for line breaks as a URL is. */
static void
curl_set_parts(struct exchange *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~";
	const char *host = strstr(e->url, "://"), *path = host != NULL ? strchr(host + 3, '/') : NULL;

	if (path == NULL || path[strspn(path, plain)] != '\0' || (e->parsed = curl_url_dup(e->owner->api)) == NULL)
		return;
	if (curl_url_set(e->parsed, CURLUPART_PATH, path, 0) == CURLUE_OK)
		curl_easy_setopt(e->easy, CURLOPT_CURLU, e->parsed);
}

static struct exchange *
curl_start(struct transport *t, const struct request *r, const struct receiver *receiver, void *arg)
{
	struct curl *c = (struct curl *)t;
	struct exchange *e = mem_alloc(sizeof(*e));
	bool api = r->url[0] == '/' && c->config != NULL;
	struct credential credential = { 0 };
	enum credentials_state state = CREDENTIALS_READY;
	struct err *why = NULL;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	CURL *h;

	e->owner = c;
	e->receiver = receiver;
	e->arg = arg;
	e->pool = !api ? POOL_OUTSIDE : r->stream ? POOL_STREAMS : POOL_CALLS;
	e->easy = h = curl_handle_new(e);
	e->urgency = r->urgency;
	e->turn.arg = e;
	e->method = mem_strdup(r->method);
	e->url = api ? mem_printf("%s%s", c->config->server, r->url) : mem_strdup(r->url);
	if (r->body != NULL) {
		e->body_len = r->body_len > 0 ? r->body_len : strlen(r->body);
		e->body = mem_alloc(e->body_len + 1);
		memcpy(e->body, r->body, e->body_len);
	}
	e->response_max = r->response_max;
	e->stream = r->stream;
	e->api = api;
	e->date = r->date;
	e->outside_only = r->outside_only && c->egress.restricted;
	e->redirects_left = r->redirects_max;
	e->began = loop_mono(t->loop);
	e->timeout_ms = r->timeout_ms;
	e->timer = (struct timer){ .fire = curl_on_late, .arg = e };
	str_init(&e->response, r->response_max);
	curl_easy_setopt(h, CURLOPT_PRIVATE, e);
	curl_easy_setopt(h, CURLOPT_URL, e->url);
	/* A "." or ".." in a name must not change the path. */
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, e->method);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, e->error);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	/* Without this, the end of a transfer during a lookup would wait for the resolver thread, and the loop with
	 * it, for as long as the name servers do not respond. */
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(
	    h, CURLOPT_HTTP_VERSION, (long)(api && c->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	/* The first requests wait for the connection of one of them, instead of opening one each. */
	curl_easy_setopt(h, CURLOPT_PIPEWAIT, api && c->http2 ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, curl_on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, e);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, curl_on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, e);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L); /* a quiet watch on a dead connection is noticed */
	curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	if (api && curl_is_loopback(e->url))
		curl_easy_setopt(h, CURLOPT_NOPROXY, "*"); /* as Go's clients: no proxy for a server on this machine */
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(r->stream ? r->stream_max_ms : r->timeout_ms));
	if (r->stream)
		loop_timer(t->loop, &e->timer, r->timeout_ms);
	if (e->body != NULL) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, e->body);
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)e->body_len);
	}
	if (r->content_type != NULL) {
		_cleanup_(freep) char *header = mem_printf("Content-Type: %s", r->content_type);

		e->headers = curl_slist_append(e->headers, header);
	}
	for (size_t i = 0; i < r->n_headers; i++)
		curl_add_header(e, r->headers[i].name, r->headers[i].value);
	e->headers = curl_slist_append(e->headers, "Expect:");
	e->bare = curl_slist_append(NULL, "Expect:");
	curl_set_blob(h, CURLOPT_CAINFO, NULL, CURLOPT_CAINFO_BLOB, r->ca);
	/* A request's own CAs replace those of the system. */
	if (r->ca != NULL)
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	if (api) {
		e->headers = curl_slist_append(e->headers, "Accept: application/json");
		curl_easy_setopt(h, CURLOPT_SHARE, c->share);
		curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, curl_on_handshake);
		curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, e);
		curl_set_blob(h, CURLOPT_CAINFO, c->config->ca_file, CURLOPT_CAINFO_BLOB, c->config->ca_data);
		/* As in kubectl: only the configured CAs are trusted. libcurl parses a file of them once a pool. */
		if (c->config->ca_file != NULL || c->config->ca_data != NULL)
			curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
		if (c->config->proxy != NULL) {
			curl_easy_setopt(h, CURLOPT_PROXY, c->config->proxy);
			curl_easy_setopt(h, CURLOPT_NOPROXY, ""); /* the configured proxy is for this server */
		}
		if (c->config->tls_server_name != NULL && strncmp(e->url, "https://", 8) == 0)
			curl_rename_server(e, c->config->tls_server_name);
		else if (c->api != NULL && r->redirects_max == 0)
			curl_set_parts(e);
	}
	curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, curl_on_new_socket);
	curl_easy_setopt(h, CURLOPT_SOCKOPTDATA, e);
	if (c->egress.restricted && !api) {
		curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, curl_on_open_socket);
		curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, e);
	}
	if (e->outside_only) {
		/* not over a connection that was opened without this check */
		curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
	}
	if (r->insecure || (api && c->config->insecure)) {
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	e->next = c->exchanges;
	c->exchanges = e;
	if (api && c->credentials != NULL)
		state = credentials_get(c->credentials, a, &credential, &why);
	if (!api) {
		curl_outside_start(e, r->tenant, r->destination);
	} else if (state == CREDENTIALS_READY) {
		curl_exchange_run(e, &credential);
	} else {
		/* Errors are reported from the loop, like all responses. */
		e->waiting = true;
		if (state == CREDENTIALS_FAILED)
			loop_timer(t->loop, &c->known, FAILED_AGAIN_MS);
	}
	return e;
}

static void
curl_cancel(struct exchange *e)
{
	e->canceled = true;
	if (curl_is_inside(e->owner))
		e->owner->has_canceled = true;
	else
		curl_exchange_free(e);
}

static struct transport *
curl_transport_free(struct transport *t)
{
	struct curl *c = (struct curl *)t;

	/* None of the waiting requests gets a slot any more. */
	for (struct exchange *e = c->exchanges; e != NULL; e = e->next)
		if (e->turn.waits) {
			turn_end(e->api ? &c->calls : &c->outside, &e->turn);
			e->held = true;
		}
	/* Each exchange removes itself from the list, which the analyzer does not follow. */
	while (c->exchanges != NULL)
		curl_exchange_free(c->exchanges); // NOLINT(clang-analyzer-unix.Malloc)
	for (size_t i = 0; i < POOL_MAX; i++)
		curl_pool_done(&c->pools[i]);
	curl_handles_done(&c->handles);
	curl_share_cleanup(c->share);
	curl_url_cleanup(c->api);
	egress_done(&c->egress);
	free(c->token);
	loop_timer_stop(t->loop, &c->known);
	credentials_free(c->credentials);
	free(c);
	return NULL;
}

static const struct transport_ops ops = { .start = curl_start, .cancel = curl_cancel, .free = curl_transport_free };

static const struct curl_pool_events pool_events = { .ended = curl_on_ended, .returned = curl_on_returned };

bool
transport_curl_multiplexes(unsigned version, bool http2)
{
	return http2 && version >= MULTIPLEXES_SINCE;
}

struct transport *
transport_curl_new(struct loop *l, const struct config *config)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	struct curl *c = mem_alloc(sizeof(*c));

	c->transport = (struct transport){ .ops = &ops, .loop = l };
	c->config = config;
	c->http2 = config != NULL && str_starts(config->server, "https://") &&
		   transport_curl_multiplexes(info->version_num, (info->features & CURL_VERSION_HTTP2) != 0);
	c->known = (struct timer){ .fire = curl_on_known, .arg = c };
	c->calls.limits = (struct turns_limits){ CALLS_MAX, CALLS_TENANT_MAX, CALLS_TENANT_MAX };
	c->outside.limits = (struct turns_limits){ OUTSIDE_MAX, OUTSIDE_TENANT_MAX, OUTSIDE_HOST_MAX };
	if (config != NULL && config->exec != NULL)
		c->credentials = credentials_new(l, config->exec, curl_on_credentials, c);
	for (size_t i = 0; i < POOL_MAX; i++)
		curl_pool_init(&c->pools[i], l, pools[i].per_host, pools[i].kept, &pool_events, c);
	curl_handles_init(&c->handles, l);
	c->api = config != NULL ? curl_url() : NULL;
	if (c->api != NULL && curl_url_set(c->api, CURLUPART_URL, config->server, 0) != CURLUE_OK) {
		curl_url_cleanup(c->api);
		c->api = NULL;
	}
	c->share = curl_share_init();
	curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return &c->transport;
}

void
transport_curl_confine(struct transport *t, const char *server, bool allow_local)
{
	struct curl *c = (struct curl *)t;

	egress_restrict(&c->egress, server, !allow_local);
}
