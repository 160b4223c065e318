/* gitops/request.c: requests of a controller to the gitops worker: one request in a pass, and its response in a
 * later pass. The fields are in protocol.c. */
#include "gitops/request.h"
#include <string.h>
#include "base/rand.h"
#include "base/str.h"

#define REQUEST_KEY "work " /* before the `about` */
#define RESPONSE_MAX (32u << 20) /* bytes: 20,000 objects, a line each */

void
request_send(struct plan *plan, const struct pass *p, const char *about, const struct worker_request *request,
    int64_t timeout_ms, const char *tenant, const char *repository)
{
	const struct settings *s = pass_settings(p);
	bool release = request->release != NULL && s->gitops_release_worker != NULL;

	plan_query(plan, arena_printf(plan->arena, REQUEST_KEY "%s", about),
	    &(struct query){ .request = { .method = "POST",
				 .url = release ? s->gitops_release_worker : s->gitops_worker,
				 .body = worker_encode(plan->arena, &worker_request_type, request),
				 .content_type = "application/json",
				 .timeout_ms = timeout_ms,
				 .response_max = RESPONSE_MAX,
				 .tenant = tenant,
				 .destination = repository },
		.to = QUERY_PROGRAM });
}

const struct seen_query *
request_sent(const struct pass *p)
{
	for (size_t i = 0; i < p->seen->n_queries; i++)
		if (str_starts(p->seen->queries[i].key, REQUEST_KEY))
			return &p->seen->queries[i];
	return NULL;
}

const char *
request_about(const struct seen_query *s)
{
	return s->key + strlen(REQUEST_KEY);
}

/* The response as the worker sent it. */
static struct err *
request_decode(struct arena *a, const struct seen_query *s, struct worker_response *ret)
{
	if (s->response.err != NULL)
		return err_copy(a, s->response.err);
	if (s->response.status != 200)
		return err_new(a, ERR_AGAIN, "the worker failed; see the controller's log");
	return worker_decode(a, &worker_response_type, s->response.body.at, s->response.body.len, ret);
}

const struct worker_response *
request_response(struct arena *a, const struct seen_query *s, enum request_part required, struct request_failure *ret)
{
	struct worker_response *r = arena_alloc(a, sizeof(*r));
	struct err *e = request_decode(a, s, r);

	if (e == NULL && r->error == NULL && required == REQUEST_REVISION && r->revision == NULL)
		e = err_new(a, ERR_AGAIN, "the worker's response has no revision");
	if (e == NULL && r->error == NULL && required == REQUEST_RESOURCES && r->resources.at == NULL)
		e = err_new(a, ERR_AGAIN, "the worker's response has no resources");
	if (e == NULL && r->error == NULL)
		return r;
	if (e != NULL)
		*ret = (struct request_failure){ .text = err_text(a, e), .may_pass = true };
	else
		*ret = (struct request_failure){
			.type = r->error->type, .text = r->error->message ?: "", .may_pass = r->error->again
		};
	return NULL;
}

int64_t
request_hash(const char *text)
{
	struct rand_stream own = rand_stream(0, text);

	return (int64_t)(rand_next(&own) >> 1) | 1;
}

int64_t
request_backoff(int64_t first, int64_t failures, int64_t most)
{
	for (int64_t i = 0; i < failures && first < most; i++)
		first *= 2;
	return first;
}

int64_t
request_jitter(const struct object *o, int64_t below)
{
	struct rand_stream own = rand_stream(0, o->meta.uid != NULL ? o->meta.uid : "");

	return (int64_t)rand_below(&own, (uint64_t)below);
}
