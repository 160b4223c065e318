/* kube/queries.h: the queries that one key has sent, and their responses.
 *
 * A query is sent once under its name. Its response is shown to every pass until a status that holds it was written,
 * or a plan that had seen it has ended well. All of it may be lost with the process: the query is then sent again.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/transport.h"

/* Of one key: responses that are kept and queries without a response (an AnalysisRun has METRICS_MAX metrics with a
 * few queries each, and arguments from Secrets), and how many of them are open at once. Queries beyond that are left
 * to a later pass: the plan names again what has no response, and every response brings a pass. */
#define QUERIES_KEPT_MAX 4096
#define QUERIES_OPEN_MAX 64

struct sent_query;

/* All zeroes to start with, but for the transports, on_response and arg. */
struct queries {
	struct transport *outside, *api; /* borrowed */
	struct transport *programs; /* NULL: no program is run; borrowed */
	struct transport
	    *elsewhere; /* of queries that go to another cluster; NULL: the API server gets them; borrowed */
	const char *namespace; /* of the key, borrowed: the tenant of its queries; NULL: none */
	void (*on_response)(void *arg, int64_t ms); /* called after every response, with the time that it took */
	void *arg;
	struct sent_query **list;
	size_t n, room, open;
};

/* Sends a PLAN_QUERY, unless it has been sent already. */
void queries_send(struct queries *, const struct plan_step *);

/* Returns how many there are, and in *ret, in the arena, what a pass may see of them. Responses are borrowed until
 * they are forgotten. */
size_t queries_show(struct queries *, struct arena *, struct seen_query **ret);

/* Forgets the responses that were shown, except those that the plan keeps. */
void queries_forget_shown(struct queries *, const struct plan *);

/* Cancels and forgets all of them. */
void queries_done(struct queries *);
