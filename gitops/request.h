/* gitops/request.h: a request to the worker (gitops/protocol.h) in a pass, and its response. Pure. */
#pragma once
#include "gitops/protocol.h"
#include "kube/plan/controller.h"

/* Settings of the process (struct pass): the worker's program (struct query, command); the controller's own namespace. */
#define GITOPS_WORKER "gitops-worker"
#define GITOPS_NAMESPACE "gitops-namespace"

/* Adds a request to the plan. One request at a time. `about` (borrowed; "": nothing) is kept with the request, so
 * that the pass that gets the response can compare it with what is wanted by then. The number of workers is limited:
 * `tenant` (NULL: the object's namespace) and `repository` share them (kube/turns.h). */
void request_send(struct plan *, const struct pass *, const char *about, const struct worker_request *,
    int64_t timeout_ms, const char *tenant, const char *repository);

/* The request, with or without its response; NULL: there is none. */
const struct seen_query *request_sent(const struct pass *);

/* The `about` of the request. Borrowed from it. */
const char *request_about(const struct seen_query *);

/* Why there is no response. */
struct request_failure {
	const char *type; /* "ComparisonError"; NULL: the worker did not respond */
	const char *text;
	bool may_pass; /* the same request may succeed later */
};

/* What a response must have: otherwise what is missing would count as nothing. */
enum request_part { REQUEST_REVISION, REQUEST_RESOURCES };

/* The response, in the arena. NULL: *ret says why; a response that has neither an error nor the required part is a
 * failure. */
const struct worker_response *request_response(
    struct arena *, const struct seen_query *, enum request_part required, struct request_failure *ret);

/* A number that tells a text from others, for a note; never 0. */
int64_t worker_number(const char *text);

/* Before the next try after so many failures: `first` after the first, and then twice as long each time, while that
 * is less than `most`. */
int64_t worker_wait(int64_t first, int64_t failures, int64_t most);

/* A time of [0, below) that is an object's own, and always the same: no two processes disagree. */
int64_t worker_spread(const struct object *, int64_t below);
