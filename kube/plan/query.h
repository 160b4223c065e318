/* kube/plan/query.h: one HTTP exchange that a plan needs, and its response. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct header {
	const char *name, *value;
};

struct query {
	const char *method, *url;
	/* NULL, or a program that is run instead, as JSON (kube/transport_exec.h), with the body as standard input;
	 * exit code 0 is status 200. From the controller's configuration only: never set by what users write. */
	const char *command;
	/* The url is "/api/v1/…", requested from the API server with the controller's credentials: never set by what
	 * users write. */
	bool of_cluster;
	/* of_cluster: if runner_settings.elsewhere is another cluster, the request goes to it. */
	bool elsewhere;
	const char *shown; /* the URL for users, without secrets; NULL: the URL */
	const struct header *headers;
	size_t n_headers;
	const char *ca; /* PEM: trusted in addition to the CAs of the machine; NULL: none */
	const char *body; /* NULL: none */
	const char *content_type; /* of the body */
	int64_t timeout_ms; /* from sending to the last byte; > 0 */
	size_t response_max; /* bytes; a longer response is an error, never cut */
	unsigned redirects_max; /* redirects that are followed, to http and https */
	/* For URLs that users write: no connection to an address of this machine, its link or the API server, even
	 * if a name resolves to it. */
	bool outside_only;
	bool insecure; /* do not verify the server's certificate */
	/* For fair use of slots (kube/turns.h): the tenant, and the destination. NULL: the namespace of the
	 * object that sends the query, and the host of the URL. */
	const char *tenant, *destination;
};

/* err (not reached, timed out, too long), or else status and body. */
struct response {
	const struct err *err;
	int status;
	struct bytes body;
};
