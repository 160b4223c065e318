/* gitops/request.h: a request to the worker (gitops/protocol.h) in a pass, and its response. Pure. */
#pragma once
#include "gitops/protocol.h"
#include "kube/plan/controller.h"

/* Adds a request to the plan. One request at a time. `about` (borrowed; "": nothing) is kept with the request, so
 * that the pass that gets the response can compare it with what is wanted by then. The number of workers is limited:
 * `tenant` (NULL: the object's namespace) and `repository` share them (kube/fair_slots.h). */
void request_send(struct plan *, const struct pass *, const char *about, const struct worker_request *,
    int64_t timeout_ms, const char *tenant, const char *repository);

/* Returns the request, with or without its response; NULL: none was sent. */
const struct seen_query *request_sent(const struct pass *);

/* The `about` of the request. Borrowed from it. */
const char *request_about(const struct seen_query *);

/* Why there is no response. */
struct request_failure {
	const char *type; /* "ComparisonError"; NULL: the worker did not respond */
	const char *text;
	bool may_pass; /* the same request may succeed later */
};

/* The part that a response must have: a missing list would be taken for an empty one, and everything pruned. */
enum request_part { REQUEST_REVISION, REQUEST_RESOURCES };

/* The response, in the arena. NULL: *ret says why; a response that has neither an error nor the required part is a
 * failure. */
const struct worker_response *request_response(
    struct arena *, const struct seen_query *, enum request_part required, struct request_failure *ret);

/* Returns a hash of a text, for a note; never 0. */
int64_t request_hash(const char *text);

/* Returns the wait before the next try after a number of failures: `first` after the first one, then twice as long
 * each time, while it is less than `most`. */
int64_t request_backoff(int64_t first, int64_t failures, int64_t most);

/* Returns a time of [0, below) that depends on the object's uid alone, so that every process computes the same. */
int64_t request_jitter(const struct object *, int64_t below);
