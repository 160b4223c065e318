/* traffic/elbv2_rounds.c: rounds of calls to the AWS API, until what they verify is there. */
#include "traffic/elbv2_rounds.h"
#include <inttypes.h>
#include <stdarg.h>
#include "base/time.h"
#include "kube/api/rollout.h"

#define AGAIN_MS 10000
#define AGAIN_MOST_MS 300000
#define ERRORS "alb-errors" /* a note: the number of rounds in a row that failed */
#define CREDENTIALS "alb-credentials" /* a note: the round of the credentials */
#define CREDENTIALS_BEFORE "alb-credentials-before" /* a note: that of the round before */

/* The rounds about a subject, as notes have them. */
struct elbv2_rounds {
	const char *name; /* the note of their number */
	const char *reported_name; /* the note of elbv2_round.reports */
	int64_t number, reported, errors, credentials, credentials_before;
};

void
elbv2_report(struct elbv2_round *v, int64_t what, bool warning, const char *reason, const char *format, ...)
{
	const char *text;
	va_list ap;

	v->reports |= what;
	if ((v->reported & what) != 0)
		return;
	va_start(ap, format);
	text = arena_vprintf(v->events->arena, format, ap);
	va_end(ap);
	plan_event(v->events, &v->rollout->object, warning, reason, "%s", text);
}

void
elbv2_unlike(struct elbv2_round *v, const char *format, ...)
{
	va_list ap;

	if (v->why != NULL)
		return;
	va_start(ap, format);
	v->why = arena_vprintf(v->events->arena, format, ap);
	va_end(ap);
}

static struct elbv2_rounds
rounds_of(struct arena *a, const struct pass *pass, const char *name)
{
	const char *reported_name = arena_printf(a, "%s reported", name);

	return (struct elbv2_rounds){ .name = name,
		.reported_name = reported_name,
		.number = seen_note(pass->seen, name, 0),
		.reported = seen_note(pass->seen, reported_name, 0),
		.errors = seen_note(pass->seen, ERRORS, 0),
		.credentials = seen_note(pass->seen, CREDENTIALS, 0),
		.credentials_before = seen_note(pass->seen, CREDENTIALS_BEFORE, 0) };
}

static void
rounds_note(const struct elbv2_rounds *all, struct plan *plan)
{
	plan_note(plan, all->name, all->number);
	plan_note(plan, all->reported_name, all->reported);
	plan_note(plan, ERRORS, all->errors);
	plan_note(plan, CREDENTIALS, all->credentials);
	plan_note(plan, CREDENTIALS_BEFORE, all->credentials_before);
}

/* Fetches the credentials again shortly before they expire. */
static void
rounds_renew_credentials(struct elbv2_rounds *all, const struct pass *pass, struct arena *a)
{
	struct elbv2 api;

	elbv2_begin(&api, plan_new(a), pass, all->name, arena_printf(a, CREDENTIALS "/%" PRId64, all->credentials));
	api.reads_only = true;
	all->credentials += elbv2_credentials_expire(&api);
	elbv2_done(&api);
}

/* Reads the current round, or the one `before` it, of which `v` has the subject. */
static void
rounds_read(const struct elbv2_rounds *all, bool before, const struct pass *pass, elbv2_verify *verify,
    struct plan *plan, struct elbv2_round *v)
{
	struct arena *a = plan->arena;

	*v = (struct elbv2_round){
		.rollout = v->rollout, .subject = v->subject, .events = plan_new(a), .reported = all->reported
	};
	elbv2_begin(&v->api, plan, pass, arena_printf(a, "%s/%" PRId64, all->name, all->number - before),
	    arena_printf(a, CREDENTIALS "/%" PRId64, before ? all->credentials_before : all->credentials));
	v->api.reads_only = before;
	verify(v);
	elbv2_done(&v->api);
}

/* Returns the time from a round that failed to the next one. */
static int64_t
rounds_again_ms(const struct elbv2_round *v, int64_t errors)
{
	int64_t ms = AGAIN_MS;

	if (v->api.err == NULL)
		return ms;
	for (int64_t i = 0; i < errors && ms < AGAIN_MOST_MS; i++)
		ms *= 2;
	ms = v->api.retry_after_ms > ms ? v->api.retry_after_ms : ms;
	return ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS;
}

/* Begins the round that follows one that failed, if it is time. Without a response nothing was queried: the next pass
 * is that of a change. */
static void
rounds_next(struct elbv2_rounds *all, const struct elbv2_round *done, const struct pass *pass, elbv2_verify *verify,
    struct plan *plan)
{
	int64_t at = time_add(done->api.responded_at, rounds_again_ms(done, all->errors));
	struct elbv2_round next = *done;

	if (done->api.responded_at == 0)
		return;
	if (pass->now < at) {
		plan_wake(plan, at);
		return;
	}
	all->number++;
	all->errors = done->api.err != NULL ? all->errors + 1 : 0;
	all->credentials_before = all->credentials;
	all->credentials += done->api.err != NULL; /* they may be what failed */
	rounds_read(all, false, pass, verify, plan, &next);
}

bool
elbv2_rounds_confirm(const struct rollout *r, const struct pass *pass, const char *name, const void *subject,
    elbv2_verify *verify, struct plan *plan, struct elbv2_round *ret)
{
	struct elbv2_rounds all = rounds_of(plan->arena, pass, name);
	struct elbv2_round v = { .rollout = r, .subject = subject };
	bool complete;

	rounds_renew_credentials(&all, pass, plan->arena);
	rounds_read(&all, false, pass, verify, plan, &v);
	complete = !v.api.waits || v.api.err != NULL;
	if (complete) {
		plan_include(plan, v.events);
		all.reported |= v.reports;
		if (v.why != NULL)
			rounds_next(&all, &v, pass, verify, plan);
	} else {
		v.why = NULL;
		if (all.number > 0)
			rounds_read(&all, true, pass, verify, plan, &v);
	}
	rounds_note(&all, plan);
	*ret = v;
	return complete;
}
