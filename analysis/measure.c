/* analysis/measure.c: measurements by queries, with any provider: sends a provider's queries and continues it with
 * the responses.
 *
 * The keys of queries have the number of the measurement, so that no response is taken for that of a later one.
 * Responses are kept until the result is written.
 */
#include <inttypes.h>
#include "analysis/assess.h"
#include "analysis/provider.h"
#include "analysis/run_pass.h"
#include "base/str.h"
#include "base/time.h"

/* The queries of a measurement so far. */
struct measure_queries {
	struct query_input input;
	const char *keys[QUERIES_MAX];
	int64_t sent_at; /* wall ms: the first query; 0: none was sent */
	int64_t received_at; /* wall ms: the last response; 0: none was received */
	bool in_progress; /* the last query has no response yet */
};

static struct measure_queries
measure_queries_of(const struct run_pass *s, const struct metric *m, const struct metric_result *r)
{
	struct measure_queries q = { .input = { .now = s->world->now, .settings = s->world->settings } };

	for (size_t k = 0; k < QUERIES_MAX; k++)
		q.keys[k] =
		    arena_printf(s->arena, "%s#%" PRId64 "/%zu", m->name, r != NULL ? r->count + r->error : 0, k);
	for (size_t k = 0; k < QUERIES_MAX; k++) {
		const struct seen_query *got = seen_query(s->world->seen, q.keys[k]);

		if (got == NULL)
			break;
		if (k == 0)
			q.sent_at = got->sent_at;
		q.in_progress = !got->done;
		if (q.in_progress)
			break;
		q.received_at = got->done_at;
		q.input.responses[q.input.n++] = &got->response;
	}
	return q;
}

/* Other metrics may write the status, which drops all responses that are not kept. */
static void
measure_keep(struct run_pass *s, const struct measure_queries *q)
{
	for (size_t k = 0; k < q->input.n; k++)
		plan_keep(s->plan, q->keys[k]);
	run_keep_secrets(s);
}

static void
measure_record(struct run_pass *s, size_t i, const struct measure_queries *q, enum measured how,
    const struct value *value, const struct err *e)
{
	const struct metric *m = &s->masked.metrics[i];
	const struct provider *provider = provider_of(m);
	struct metric_result *r = run_result(s, m);
	struct measurement done = { .started_at = time_stored(q->sent_at != 0 ? q->sent_at : s->world->now),
		.finished_at = time_stored(q->received_at != 0 ? q->received_at : s->world->now) };

	if (how == MEASURED_ERROR) {
		done.phase = run_phase_name(RUN_ERROR);
		done.message = err_text(s->arena, e);
	} else {
		done.value = value_text(s->arena, value);
		done.phase = run_phase_name(measurement_phase(
		    s->arena, &s->resolved->metrics[i], value, how == MEASURED_NOTHING, s->world->now, &done.message));
	}
	done.value = run_mask(s, done.value);
	done.message = run_mask(s, done.message);
	if (r == NULL)
		r = run_result_add(s, m, s->masked.rules[i].dry_run);
	if (provider->metadata != NULL) {
		struct string_pair *pair = arena_new_array(s->arena, struct string_pair, 1);

		provider->metadata(m, &pair->key, &pair->value);
		r->metadata = (struct string_map){ pair, 1 };
	}
	measurement_record(s, r, s->masked.rules[i].kept, &done);
	plan_reason(s->plan, "metric %s: %s %s", m->name, done.phase, done.value != NULL ? done.value : done.message);
}

void
measure_by_query(struct run_pass *s, size_t i)
{
	const struct metric *m = &s->masked.metrics[i];
	struct measure_queries q = measure_queries_of(s, m, run_result(s, m));
	enum measured how = MEASURED_ERROR;
	enum secrets secrets;
	struct query next;
	struct value value = { 0 };
	struct err *e = NULL;

	if (q.in_progress || (secrets = run_secrets(s, &e)) == SECRETS_QUERIED) {
		measure_keep(s, &q);
		return;
	}
	if (secrets == SECRETS_KNOWN)
		how = provider_of(m)->step(&s->resolved->metrics[i], &q.input, s->arena, &next, &value, &e);
	if (how == MEASURED_QUERY && q.input.n == QUERIES_MAX) {
		how = MEASURED_ERROR;
		e = err_new(s->arena, ERR_INVALID, "the measurement needs more than %d queries", QUERIES_MAX);
	}
	if (how != MEASURED_QUERY) {
		measure_record(s, i, &q, how, &value, e);
		return;
	}
	next.shown = run_mask(s, next.request.url);
	plan_query(s->plan, q.keys[q.input.n], &next);
	plan_reason(s->plan, "metric %s: measurement %s is due", m->name, q.keys[q.input.n]);
	measure_keep(s, &q);
}
