/* sim/in_process.h: a transport straight into the store, with faults, for simulation.
 *
 * Requests and responses take virtual time. A fault function sees every request and says what goes wrong with it;
 * without one everything takes a millisecond and works.
 */
#pragma once
#include "kube/transport.h"
#include "sim/store.h"

struct fault {
	int64_t before_ms, after_ms; /* on the way there and back */
	bool refused; /* has no effect; the caller sees a broken connection */
	bool lost; /* has its effect; the caller sees a broken connection, for a list in the middle of it */
	int status; /* has no effect; the server responds with this status (429, 500, …); 0: none */
	int64_t retry_after_ms; /* ... with this Retry-After; 0: none with that status, but a second with 429 */
	int64_t drop_ms; /* a watch ends after this time; 0: never */
	int64_t lag_ms; /* delay of a watch's events */
	bool twice; /* a watch's events come twice */
};

struct fault_policy {
	void (*choose)(void *arg, const struct request *, struct fault *);
	/* Responds to requests for absolute URLs (Prometheus): the status code, and a body the caller frees. NULL: not
	 * reached. */
	int (*outside)(void *arg, const struct request *, char **ret_body);
	/* Changes a response's body, or lines of a watch, as a hostile server would: *text is malloc'ed. NULL: they
	 * arrive as they are. */
	void (*spoil)(void *arg, const struct request *, char **text);
	/* Called with a response or the data of a watch before the receiver is. NULL: not called. */
	void (*brought)(void *arg, const char *text);
	/* Called when a fault delays events of a watch, which can be long after it was chosen. NULL: not called. */
	void (*lagged)(void *arg);
	void *arg;
};

/* Returns whether a stream is a watch, not a list. */
bool in_process_is_watch(const struct request *);

/* The transport does not own the store. `policy` may be NULL and is borrowed. */
struct transport *in_process_new(struct loop *, struct store *, const struct fault_policy *policy);
