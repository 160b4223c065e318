/* kube/curl_pool.h: connections of one kind of requests: curl's sockets and timers are on the loop.
 *
 * A pool without requests closes its connections after a while, because each one costs memory here and at the server.
 */
#pragma once
#include <curl/curl.h>
#include "io/loop.h"

/* An API server closes an idle connection after 90 s. */
#define CURL_POOL_REST_MS 60000

struct curl_pool_events {
	/* A request has ended. It is still in the pool: curl_pool_remove takes it out. */
	void (*ended)(void *arg, CURL *, CURLcode);
	/* A call into curl has returned, after `ended` was called for all requests that ended in it. */
	void (*returned)(void *arg);
};

struct curl_socket;

struct curl_pool {
	struct loop *loop;
	long per_host, kept; /* connections */
	const struct curl_pool_events *events;
	void *arg;
	CURLM *multi; /* NULL: it has no connections */
	struct curl_socket *sockets;
	struct timer timer; /* curl's */
	struct timer rest;
	size_t requests;
	bool inside; /* a call into curl is running: no request may be removed */
};

/* `per_host`: the number of connections to one host; `kept`: of connections that are kept. */
void curl_pool_init(
    struct curl_pool *, struct loop *, long per_host, long kept, const struct curl_pool_events *, void *arg);

/* Closes all connections. The pool has no requests. */
void curl_pool_done(struct curl_pool *);

/* Passes a request to curl. Returns false within a callback of another request of the pool (a watch event that causes
 * a request): curl accepts none then. */
bool curl_pool_add(struct curl_pool *, CURL *);

/* Takes a request back from curl. */
void curl_pool_remove(struct curl_pool *, CURL *);
