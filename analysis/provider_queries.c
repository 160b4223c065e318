/* analysis/provider_queries.c: measurements by queries, with any provider: sends a provider's queries and continues it
 * with the responses.
 *
 * The keys of queries have the number of the measurement, so that no response is taken for that of a later one.
 * Responses are kept until the result is written.
 */
#include <inttypes.h>
#include "analysis/metric_phase.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"

#define RETRY_AFTER_MAX_MS 300000 /* a longer Retry-After of a metric's server is cut */

/* The queries of a measurement so far. */
struct measure_queries {
	struct query_input input;
	const char *keys[QUERIES_MAX]; /* of the queries that were sent */
	size_t n;
	const char *next; /* the key of the next query; NULL: there may be no other one */
	int64_t sent_at; /* wall ms: the first query; 0: none was sent */
	int64_t received_at; /* wall ms: the last response; 0: none was received */
	int64_t retry_at; /* wall ms: the server responded with Retry-After; 0: it did not */
	int status; /* of that response */
	bool in_progress; /* the last query has no response yet */
};

/* A measurement that is RUNNING has further queries each time that it continues: `start` tells them apart. */
static const char *
measure_key(const struct run_pass *s, const struct metric *m, const struct metric_result *r, size_t k)
{
	const struct measurement *running = measurement_running(r);
	int64_t number = r != NULL ? r->count + r->error : 0;

	if (running != NULL && running->resume_at != 0)
		return arena_printf(s->arena, "%s#%" PRId64 "@%" PRId64 "/%zu", m->name, number, running->resume_at, k);
	return arena_printf(s->arena, "%s#%" PRId64 "/%zu", m->name, number, k);
}

static size_t
measure_like(const struct run_pass *s, const struct metric *m)
{
	size_t n = 0;

	for (size_t i = 0; i < s->masked.n; i++)
		n += provider_of(&s->masked.metrics[i]) == provider_of(m);
	return n;
}

static struct measure_queries
measure_queries_of(const struct run_pass *s, const struct metric *m, const struct metric_result *r)
{
	const struct measurement *running = measurement_running(r);
	struct measure_queries q = { .input = { .now = s->world->now,
					 .settings = s->world->settings,
					 .namespace = s->world->run->object.meta.namespace,
					 .run_started_at = s->status.started_at,
					 .metadata = running != NULL ? &running->metadata : NULL,
					 .resumed_at = running != NULL ? running->resume_at : 0,
					 .run = s->world->run,
					 .n_like = measure_like(s, m) } };

	while (q.n < QUERIES_MAX && !q.in_progress) {
		const char *key = measure_key(s, m, r, q.n);
		const struct seen_query *got = seen_query(s->world->seen, key);
		const struct response *response;

		if (got == NULL) {
			q.next = key;
			break;
		}
		q.keys[q.n++] = key;
		if (q.n == 1)
			q.sent_at = got->sent_at;
		q.in_progress = !got->done;
		if (q.in_progress)
			break;
		q.received_at = got->done_at;
		response = &got->response;
		q.retry_at = 0;
		if (response->err == NULL && (response->status == 429 || response->status == 503) &&
		    response->retry_after_ms > 0) {
			q.status = response->status;
			q.retry_at = time_add(got->done_at, response->retry_after_ms < RETRY_AFTER_MAX_MS
								? response->retry_after_ms
								: RETRY_AFTER_MAX_MS);
		} else {
			q.input.responses[q.input.n++] = response;
		}
	}
	return q;
}

/* Other metrics may write the status, which drops all responses that are not kept. */
static void
measure_keep(struct run_pass *s, const struct measure_queries *q)
{
	for (size_t k = 0; k < q->n; k++)
		if (!q->in_progress || k + 1 < q->n)
			plan_keep(s->plan, q->keys[k]);
	run_keep_secrets(s);
}

/* Masks the values of Secrets: of arguments, and of the provider. */
static const char *
measure_mask(const struct run_pass *s, const struct step_result *result, const char *text)
{
	for (size_t i = 0; text != NULL && i < ARRAY_SIZE(result->hidden); i++)
		if (!str_empty(result->hidden[i]))
			text = str_replace(s->arena, text, result->hidden[i], SECRET_MASK);
	return run_mask(s, text);
}

static void
measure_add_metadata(struct run_pass *s, const struct metric *m, struct metric_result *r)
{
	const struct provider *provider = provider_of(m);
	struct string_pair *pair;

	if (provider->metadata == NULL)
		return;
	pair = arena_new_array(s->arena, struct string_pair, 1);
	provider->metadata(m, &pair->key, &pair->value);
	r->metadata = (struct string_map){ pair, 1 };
}

static struct string_map
measure_metadata(const struct run_pass *s, const struct step_result *result)
{
	struct string_map masked = { arena_new_array(s->arena, struct string_pair, result->metadata.n),
		result->metadata.n };

	for (size_t i = 0; i < masked.n; i++)
		masked.at[i] = (struct string_pair){ result->metadata.at[i].key,
			measure_mask(s, result, result->metadata.at[i].value) };
	return masked;
}

static void
measure_record(
    struct run_pass *s, size_t i, const struct measure_queries *q, enum measured how, const struct step_result *result)
{
	const struct metric *m = &s->masked.metrics[i];
	struct metric_result *r = run_result(s, m);
	const struct measurement *running = measurement_running(r);
	struct measurement done = { .started_at = running != NULL
						      ? running->started_at
						      : time_stored(q->sent_at != 0 ? q->sent_at : s->world->now),
		.finished_at = time_stored(q->received_at != 0 ? q->received_at : s->world->now),
		.metadata = measure_metadata(s, result) };

	if (how == MEASURED_ERROR) {
		done.phase = run_phase_name(RUN_ERROR);
		done.message = err_text(s->arena, result->err);
		if (running != NULL)
			done.metadata = running->metadata;
	} else {
		done.message = result->message;
		done.value = result->text != NULL ? result->text : value_text(s->arena, &result->value);
		done.phase = run_phase_name(result->phase != RUN_NONE
						? result->phase
						: measurement_phase(s->arena, &s->resolved->metrics[i], &result->value,
						      how == MEASURED_NOTHING, s->world->now, &done.message));
	}
	done.value = measure_mask(s, result, done.value);
	done.message = measure_mask(s, result, done.message);
	if (r == NULL)
		r = run_result_add(s, m, s->masked.rules[i].dry_run);
	measure_add_metadata(s, m, r);
	measurement_record(s, r, s->masked.rules[i].kept, &done);
	plan_reason(s->plan, "metric %s: %s %s", m->name, done.phase, done.value != NULL ? done.value : done.message);
}

/* Writes the measurement as Running, with what it needs to continue. */
static void
measure_run_on(struct run_pass *s, size_t i, const struct measure_queries *q, const struct step_result *result)
{
	const struct metric *m = &s->masked.metrics[i];
	struct metric_result *r = run_result(s, m);
	const struct measurement *running = measurement_running(r);
	/* A stored time is whole seconds, and the next one must differ from the last: it is a part of the keys. */
	struct measurement put = { .phase = run_phase_name(RUN_RUNNING),
		.message = measure_mask(s, result, result->message),
		.started_at =
		    running != NULL ? running->started_at : time_stored(q->sent_at != 0 ? q->sent_at : s->world->now),
		.resume_at = time_stored(time_add(s->world->now, result->wait_ms > 1000 ? result->wait_ms : 1000)),
		.metadata = measure_metadata(s, result) };

	if (r == NULL)
		r = run_result_add(s, m, s->masked.rules[i].dry_run);
	r->phase = run_phase_name(RUN_RUNNING);
	measure_add_metadata(s, m, r);
	measurement_put(s, r, s->masked.rules[i].kept, &put);
	plan_reason(s->plan, "metric %s: the measurement continues", m->name);
	plan_wake(s->plan, put.resume_at);
}

static void
measure_send(struct run_pass *s, size_t i, const struct measure_queries *q, struct step_result *result)
{
	const struct metric *m = &s->masked.metrics[i];
	int64_t at = q->retry_at;

	if (at == 0 && result->wait_ms > 0)
		at = time_add(q->received_at, result->wait_ms);
	if (s->world->now < at) {
		plan_wake(s->plan, at);
	} else {
		result->query.shown = measure_mask(s, result, result->query.request.url);
		plan_query(s->plan, q->next, &result->query);
		plan_reason(s->plan, "metric %s: measurement %s is due", m->name, q->next);
	}
	measure_keep(s, q);
}

void
measure_by_query(struct run_pass *s, size_t i)
{
	const struct metric *m = &s->masked.metrics[i];
	struct measure_queries q = measure_queries_of(s, m, run_result(s, m));
	struct step_result result = { 0 };
	enum measured how = MEASURED_ERROR;
	enum secrets secrets;

	if (q.in_progress || (secrets = run_secrets(s, &result.err)) == SECRETS_QUERIED) {
		measure_keep(s, &q);
		return;
	}
	if (secrets == SECRETS_KNOWN)
		how = provider_of(m)->step(&s->resolved->metrics[i], &q.input, s->arena, &result);
	if (how == MEASURED_QUERY && q.next == NULL) {
		how = MEASURED_ERROR;
		result.err =
		    q.retry_at != 0
			? err_new(s->arena, ERR_AGAIN,
			      "the server limits requests: it responded %d with Retry-After to each", q.status)
			: err_new(s->arena, ERR_INVALID, "the measurement needs more than %d queries", QUERIES_MAX);
	}
	if (how == MEASURED_QUERY)
		measure_send(s, i, &q, &result);
	else if (how == MEASURED_RUNNING)
		measure_run_on(s, i, &q, &result);
	else
		measure_record(s, i, &q, how, &result);
}
