/* kube/plan/query.h: a request, a query (a request that a plan needs), and its response. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "kube/plan/urgency.h"

struct header {
	const char *name, *value;
};

/* One HTTP exchange, or one run of a program. */
struct request {
	const char *method;
	const char *url; /* "/api/v1/…" for the API server, or absolute for anything else */
	const char *body, *content_type; /* NULL: none */
	size_t body_len; /* bytes of a body in which a NUL may occur; 0: it ends at its NUL */
	const struct header *headers;
	size_t n_headers;
	const char *ca; /* PEM: trusted in addition to the CAs of the machine; NULL: none */
	int64_t
	    timeout_ms; /* from sending to the last byte; for a stream with status 200: to the end of its header; > 0 */
	size_t response_max; /* bytes of a body that is not streamed; a longer response is an error, never cut */
	bool date; /* the date of the response is wanted (struct reply) */
	bool stream; /* the body is passed on while it arrives; not for queries */
	int64_t stream_max_ms; /* of a stream: to its last byte; 0: no end */
	unsigned redirects_max; /* redirects that are followed, to http and https */
	/* For URLs that users write: no connection to an address of this machine, its link or the API server, even
	 * if a name resolves to it. */
	bool outside_only;
	bool insecure; /* do not verify the server's certificate */
	enum urgency urgency; /* of a call to the API server; not of streams */
	/* For fair use of slots (kube/fair_slots.h): the tenant, and the destination. NULL: the namespace of the
	 * object that sends the request, and the host of the URL. */
	const char *tenant, *destination;
};

/* Who responds to a query. Only the first may be chosen by what users write. */
enum query_to {
	QUERY_OUTSIDE, /* the host of the URL */
	QUERY_API_SERVER, /* the API server, with the controller's credentials; the URL is a path */
	QUERY_JOBS_CLUSTER, /* the same for the cluster of runner_settings.elsewhere; without one: the API server */
	/* A program of the controller's configuration. The URL is its JSON (kube/transport_exec.h), and the body its
	 * standard input; exit code 0 is status 200. */
	QUERY_PROGRAM,
	/* A service that the controller's environment names and that has its credentials, also one of this machine's
	 * link; or a file (file:///…), whose content is the body. */
	QUERY_OWN,
};

struct query {
	struct request request;
	enum query_to to;
	const char *shown; /* the URL for users, without secrets; NULL: the URL */
};

/* err (not reached, timed out, too long), or else status and body. */
struct response {
	const struct err *err;
	int status;
	struct bytes body;
	int64_t retry_after_ms; /* Retry-After; 0: none */
};
