/* gitops/request.c: one question, and its answer. */
#include "gitops/request.h"
#include <string.h>
#include "base/rand.h"
#include "base/str.h"

#define QUESTION "work " /* and what it is about */
#define ANSWER_MAX (32u << 20) /* of 20,000 objects, a line each */

void
worker_ask(struct plan *plan, const struct pass *p, const char *about, json_t *request, int64_t timeout_ms,
    const char *tenant, const char *repository)
{
	plan_ask(plan, arena_printf(plan->arena, QUESTION "%s", about),
	    &(struct question){ .method = "POST",
		.url = "",
		.command = string_map_get(p->settings, GITOPS_WORKER),
		.body = json_text(plan->arena, request),
		.content_type = "application/json",
		.timeout_ms = timeout_ms,
		.answer_max = ANSWER_MAX,
		.tenant = tenant,
		.owner = repository });
	json_decref(request);
	plan_note(plan, "looked", p->now);
}

const struct seen_answer *
worker_asked(const struct pass *p)
{
	for (size_t i = 0; i < p->seen->n_answers; i++)
		if (str_starts(p->seen->answers[i].key, QUESTION))
			return &p->seen->answers[i];
	return NULL;
}

const char *
worker_about(const struct seen_answer *s)
{
	return s->key + strlen(QUESTION);
}

json_t *
worker_answer(struct arena *a, const struct seen_answer *s, const char *found, struct worker_failure *ret)
{
	json_t *answer = NULL;
	const json_t *error;
	struct err *e = NULL;

	if (s->answer.err != NULL)
		e = err_copy(a, s->answer.err);
	else if (s->answer.status != 200)
		e = err_new(a, ERR_AGAIN, "the worker failed; see the controller's log");
	else
		e = json_parse(a, s->answer.body.at, s->answer.body.len, &answer);
	if (e != NULL) {
		*ret = (struct worker_failure){ .text = err_text(a, e), .may_pass = true };
		return NULL;
	}
	error = json_object_get(answer, "error");
	if (error == NULL && json_object_get(answer, found) != NULL)
		return answer;
	if (error == NULL) {
		*ret = (struct worker_failure){ .text = arena_printf(a, "the worker's answer has no %s", found),
			.may_pass = true };
		json_decref(answer);
		return NULL;
	}
	*ret = (struct worker_failure){ .type = arena_strdup(a, json_str(error, "type")),
		.text = arena_strdup(a, json_str(error, "message") ?: ""),
		.may_pass = json_is_true(json_object_get(error, "again")) };
	json_decref(answer);
	return NULL;
}

int64_t
worker_number(const char *text)
{
	struct rand_stream own = rand_stream(0, text);

	return (int64_t)(rand_next(&own) >> 1) | 1;
}

int64_t
worker_wait(int64_t first, int64_t failures, int64_t most)
{
	for (int64_t i = 0; i < failures && first < most; i++)
		first *= 2;
	return first;
}

int64_t
worker_spread(const struct object *o, int64_t below)
{
	struct rand_stream own = rand_stream(0, o->meta.uid != NULL ? o->meta.uid : "");

	return (int64_t)rand_below(&own, (uint64_t)below);
}
