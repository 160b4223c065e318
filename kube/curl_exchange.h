/* kube/curl_exchange.h: the transport over curl and its exchanges, for the files that carry them out.
 *
 * transport_curl.c has the life of an exchange: its slot, its response and its end. curl_options.c sets its headers,
 * credentials, TLS and address. curl_outside.c has what only requests to other servers have: egress, proxies and
 * redirects.
 */
#pragma once
#include <curl/curl.h>
#include "kube/kubeconfig.h"
#include "kube/credentials.h"
#include "kube/curl_handles.h"
#include "kube/curl_pool.h"
#include "kube/egress.h"
#include "kube/fair_slots.h"
#include "kube/dns.h"
#include "kube/transport.h"

enum pool_kind { POOL_CALLS, POOL_STREAMS, POOL_OUTSIDE, POOL_MAX };

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
	struct fair_slots calls; /* slots for requests to the API server */
	struct fair_slots outside; /* slots for all other requests */
	bool http2; /* over HTTPS, requests to the API server share a connection for calls and one for streams */
	struct egress egress; /* of requests to other servers */
	CURLU *api; /* the API server's HTTPS URL, parsed; NULL: it cannot be parsed, or is not HTTPS */
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
	struct slot_request slot; /* its arg is the exchange; while it waits, it is not passed to curl */
	/* it was started within a callback of curl: it is passed to curl in the next iteration of the loop */
	bool late;
	struct timer soon;
	int64_t retry_after_ms;
	struct curl_slist *connect_to;
	struct str response;
	struct timer
	    timer; /* of a stream: to the end of its header, or of its refusal; of a call that waits: to its time-out */
	char error[CURL_ERROR_SIZE];
	struct exchange *next;
};

/* transport_curl.c */

/* Passes the request to curl, or waits for a slot; `credential` is for requests to the API server. */
void curl_exchange_run(struct exchange *, const struct credential *);

/* Takes the request back from curl. */
void curl_exchange_withdraw(struct exchange *);

/* Ends the exchange: reports the response or the error, and frees the exchange. Or follows a redirect. */
void curl_exchange_finish(struct exchange *, CURLcode);

/* curl_options.c */

/* Sets all options but the credentials, the callbacks for the response and the proxy of another server. */
void curl_options_set(struct exchange *, const struct request *);

/* Adds the controller's credentials, and the user to impersonate. */
void curl_options_set_identity(struct exchange *, const struct credential *);

/* Returns whether the URL is one of this machine. */
bool curl_options_is_loopback(const char *url);

/* curl_outside.c */

/* Sends a request to another server, as soon as a slot is free. */
void curl_outside_start(struct exchange *, const char *tenant, const char *destination);

/* Sends a request to another server that has a slot, unless the rule of egress forbids it. */
void curl_outside_send(struct exchange *);

/* Follows a redirect, if the response is one and redirects are left. Returns false if the response is the result.
 * Another origin gets neither the request's headers nor its body, as any of them may be a credential. */
bool curl_outside_follow(struct exchange *, long status);
