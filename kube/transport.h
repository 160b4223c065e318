/* kube/transport.h: requests and responses, over any transport.
 *
 * Two implementations: transport_curl.c (HTTP over libcurl on the loop) and sim/in_process.c (straight into the laptop
 * cluster's store). Callbacks always come from the loop, never from within transport_start.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"
#include "kube/plan/query.h"

/* The response of an exchange. */
struct reply {
	int status; /* 0: there was no response */
	struct bytes body; /* empty for a stream with status 200 */
	int64_t retry_after_ms; /* Retry-After; 0: none */
	int64_t date_ms; /* Date, wall ms, if the request wanted it; 0: none */
};

struct receiver {
	/* A piece of a streamed body. May cancel the exchange. */
	void (*data)(void *arg, const char *at, size_t len);
	/* The end: err (not reached, timed out, broken off, too long), or the reply. Borrowed for the call; the
	 * exchange is freed when it returns. */
	void (*done)(void *arg, const struct err *err, const struct reply *);
};

struct exchange;
struct transport;

struct transport_ops {
	struct exchange *(*start)(struct transport *, const struct request *, const struct receiver *, void *arg);
	void (*cancel)(struct exchange *);
	struct transport *(*free)(struct transport *);
};

/* Since the start of the process: of the connections to the API server. */
struct transport_counts {
	uint64_t connections; /* opened, or tried to open */
	uint64_t handshakes; /* of TLS, begun */
};

/* The first member of every implementation. */
struct transport {
	const struct transport_ops *ops;
	struct loop *loop;
	int64_t patience_ms; /* time-out of a call; 0: CLIENT_TIMEOUT_MS */
	struct transport_counts counts;
	/* NULL, or called after every call, with its HTTP method, and every watch, with "WATCH"; status 0: without a
	 * response. */
	void (*responded)(void *arg, const char *method, const char *url, int status);
	void *responded_arg;
};

/* Starts an exchange; the request is copied. */
static inline struct exchange *
transport_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	return t->ops->start(t, r, to, arg);
}

static inline void
transport_report(struct transport *t, const char *method, const char *url, int status)
{
	if (t->responded != NULL)
		t->responded(t->responded_arg, method, url, status);
}

/* Ends an exchange without a further callback. */
static inline void
transport_cancel(struct transport *t, struct exchange *e)
{
	t->ops->cancel(e);
}

/* Ends all its exchanges without a further callback. Takes NULL; returns NULL. */
static inline struct transport *
transport_free(struct transport *t)
{
	return t != NULL ? t->ops->free(t) : NULL;
}
