/* kube/queries.h: the queries that one key has sent, and their responses.
 *
 * A query is sent once under its name. Every pass gets its response, until a status that includes it was written, or
 * until a plan that used it was carried out without failure. All of it may be lost with the process: the query is
 * then sent again.
 */
#pragma once
#include "kube/plan/controller.h"
#include "kube/transport.h"

/* Limits for one key: kept responses and queries without a response (an AnalysisRun has METRICS_MAX metrics with a
 * few queries each, and arguments from Secrets), and open queries. Queries beyond that are left to a later pass:
 * each response causes a pass, whose plan names the remaining queries again. */
#define QUERIES_KEPT_MAX 4096
#define QUERIES_OPEN_MAX 64

struct sent_query;

/* Zero it, then set the transports, on_response and arg. */
struct queries {
	struct transport *outside, *api; /* borrowed */
	struct transport *programs; /* NULL: no program is run; borrowed */
	struct transport *own; /* NULL: QUERY_OWN is an error; borrowed */
	struct transport *jobs_cluster; /* NULL: Jobs are in the cluster of the API server; borrowed */
	const char *namespace; /* of the key, borrowed: the tenant of its queries; NULL: none */
	void (*on_response)(void *arg, int64_t ms); /* called after every response, with the time that it took */
	void *arg;
	struct sent_query **list;
	size_t n, capacity, open;
};

/* Sends a PLAN_QUERY, unless it has been sent already. */
void queries_send(struct queries *, const struct plan_step *);

/* Returns the number of queries and, in *ret, in the arena, what a pass may read of them. Responses are borrowed
 * until they are dropped. */
size_t queries_show(struct queries *, struct arena *, struct seen_query **ret);

/* The plan of the last pass is replaced by one that reads no responses: they are for the next pass. */
void queries_keep_all(struct queries *);

/* Drops the responses that a pass has read, except those that the plan keeps. */
void queries_forget_shown(struct queries *, const struct plan *);

/* Cancels and drops all queries. */
void queries_done(struct queries *);
