/* kube/plan/query.h: one HTTP exchange with something outside the cluster, and what came of it. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct header {
	const char *name, *value;
};

struct query {
	const char *method, *url;
	/* NULL, or a program that is run instead, as JSON (kube/transport_exec.h), with the body as standard input; exit code 0 is status 200.
	 * From the controller's configuration only: never set by what users write. */
	const char *command;
	bool
	    of_cluster; /* url is "/api/v1/…", asked of the API server with our own credentials: never set by what users write */
	bool
	    elsewhere; /* of_cluster: asked of the cluster in which runner_settings' objects are, where that is another */
	const char *shown; /* the URL for people, without secrets; NULL: the URL */
	const struct header *headers;
	size_t n_headers;
	const char *ca; /* PEM: whom to trust besides what the machine trusts; NULL: nobody */
	const char *body; /* NULL: none */
	const char *content_type; /* of the body */
	int64_t timeout_ms; /* from sending to the last byte; > 0 */
	size_t response_max; /* bytes; a longer answer is an error, never cut */
	unsigned redirects_max; /* so many are followed, to http and https */
	/* No address of this machine or link, nor the API server's, is connected to, whatever a name resolves to: for what users write. */
	bool outside_only;
	bool insecure; /* do not verify the server's certificate */
	/* Whose it is, for the sharing of places (kube/turns.h); NULL: of the namespace of what asks, and of the host that is asked. */
	const char *tenant, *owner;
};

/* err (not reached, timed out, too long), or else status and body. */
struct response {
	const struct err *err;
	int status;
	struct bytes body;
};
