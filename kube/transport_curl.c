/* kube/transport_curl.c: HTTP requests to the API server and all other servers: curl's sockets and timers are on the
 * loop. The limits of concurrent requests are below; fair_slots.c divides the slots among tenants.
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
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "kube/curl_exchange.h"

/* libcurl 8.23.0: the version with which the tests were run over HTTP/2. */
#define MULTIPLEXES_SINCE 0x081700
#define CALLS_MAX 16 /* concurrent calls to the API server, and kept connections; other calls wait for a slot */
#define CALLS_TENANT_MAX 12 /* of them for one namespace; cluster-wide calls count as one more namespace */
#define STREAMS_MAX 160 /* watches and lists, and kept connections: more than the types of all controllers */
#define OUTSIDE_MAX 128 /* requests to other servers at once: providers, webhooks, OAuth */
#define OUTSIDE_CONNECTIONS_MAX 96 /* to one host */
#define OUTSIDE_KEPT 56 /* open connections, idle or busy */
#define OUTSIDE_TENANT_MAX 32 /* of them for one namespace */
#define OUTSIDE_HOST_MAX 16 /* of those to one destination, by default the host */
#define RETRY_AFTER_MAX_S 1000000000 /* a longer Retry-After is ignored */
#define FAILED_AGAIN_MS                                                                                                \
	0 /* ms to the one retry of a credential program that could not be started; a second failure is reported */

_Static_assert(URGENCY_MAX - URGENCY_SAFETY == FAIR_SLOTS_RANKS, "a rank for each urgency");

static const struct {
	long per_host, kept; /* connections */
} pools[] = {
	[POOL_CALLS] = { CALLS_MAX + 1, CALLS_MAX + 1 }, /* one is for the Lease */
	[POOL_STREAMS] = { STREAMS_MAX, STREAMS_MAX },
	[POOL_OUTSIDE] = { OUTSIDE_CONNECTIONS_MAX, OUTSIDE_KEPT },
};
_Static_assert(ARRAY_SIZE(pools) == POOL_MAX, "a row for each pool");

static void curl_exchange_leave(struct exchange *);

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

void
curl_exchange_withdraw(struct exchange *e)
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
	curl_exchange_withdraw(e);
	curl_exchange_leave(e);
	resolve_cancel(e->resolving);
	curl_handle_free(e);
	curl_slist_free_all(e->headers);
	curl_slist_free_all(e->bare);
	curl_slist_free_all(e->connect_to);
	str_done(&e->response);
	free(e->method);
	free(e->url);
	free(e->body);
	free(e);
}

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

void
curl_exchange_finish(struct exchange *e, CURLcode code)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct receiver *receiver = e->receiver;
	struct err *err = NULL;
	void *arg = e->arg;
	long status = 0;
	struct str response;
	struct reply reply = { .retry_after_ms = e->retry_after_ms };

	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && curl_outside_follow(e, status))
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
		curl_exchange_finish(e, code);
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
	curl_exchange_finish(e, CURLE_OPERATION_TIMEDOUT);
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
	e->slot.rank = urgency_rank(e->urgency);
	if (fair_slots_take(&e->owner->calls, &e->slot, arena_strndup(a, ns, strcspn(ns, "/?")), NULL))
		curl_submit(e);
	else
		loop_timer(e->owner->transport.loop, &e->timer, e->timeout_ms);
}

/* Returns its slot, and starts the request that gets it. */
static void
curl_exchange_leave(struct exchange *e)
{
	struct curl *c = e->owner;
	struct slot_request *given = fair_slots_release(e->api ? &c->calls : &c->outside, &e->slot);
	struct exchange *next = given != NULL ? given->arg : NULL;
	int64_t left;

	if (next == NULL)
		return;
	if (!next->api) {
		/* The wait for a slot does not count: the host is not the cause, and a late measurement is not an
		 * error. */
		next->began = loop_mono(c->transport.loop);
		curl_outside_send(next);
		return;
	}
	/* The wait for a slot counts: a call ends within its time-out, whatever the number of calls before it. */
	loop_timer_stop(c->transport.loop, &next->timer);
	left = next->timeout_ms - (loop_mono(c->transport.loop) - next->began);
	curl_easy_setopt(next->easy, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
	curl_submit(next);
}

void
curl_exchange_run(struct exchange *e, const struct credential *credential)
{
	if (e->api)
		curl_options_set_identity(e, credential);
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

	e->owner = c;
	e->receiver = receiver;
	e->arg = arg;
	e->pool = !api ? POOL_OUTSIDE : r->stream ? POOL_STREAMS : POOL_CALLS;
	e->easy = curl_handle_new(e);
	e->urgency = r->urgency;
	e->slot.arg = e;
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
	curl_options_set(e, r);
	curl_easy_setopt(e->easy, CURLOPT_WRITEFUNCTION, curl_on_body);
	curl_easy_setopt(e->easy, CURLOPT_WRITEDATA, e);
	curl_easy_setopt(e->easy, CURLOPT_HEADERFUNCTION, curl_on_header);
	curl_easy_setopt(e->easy, CURLOPT_HEADERDATA, e);
	if (r->stream)
		loop_timer(t->loop, &e->timer, r->timeout_ms);
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
		if (e->slot.waits) {
			fair_slots_release(e->api ? &c->calls : &c->outside, &e->slot);
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
	bool https = config != NULL && str_starts(config->server, "https://");
	struct curl *c = mem_alloc(sizeof(*c));

	c->transport = (struct transport){ .ops = &ops, .loop = l };
	c->config = config;
	c->http2 = https && transport_curl_multiplexes(info->version_num, (info->features & CURL_VERSION_HTTP2) != 0);
	c->known = (struct timer){ .fire = curl_on_known, .arg = c };
	c->calls.limits = (struct fair_slots_limits){ CALLS_MAX, CALLS_TENANT_MAX, CALLS_TENANT_MAX };
	c->outside.limits = (struct fair_slots_limits){ OUTSIDE_MAX, OUTSIDE_TENANT_MAX, OUTSIDE_HOST_MAX };
	if (config != NULL && config->exec != NULL)
		c->credentials = credentials_new(l, config->exec, curl_on_credentials, c);
	for (size_t i = 0; i < POOL_MAX; i++)
		curl_pool_init(&c->pools[i], l, pools[i].per_host, pools[i].kept, &pool_events, c);
	curl_handles_init(&c->handles, l);
	/* Over HTTP, a proxy needs the whole URL instead of the path. */
	c->api = https ? curl_url() : NULL;
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
