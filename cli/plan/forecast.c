/* cli/plan/forecast.c: the forecast of the next update: plays it several times, and collects durations and warnings. */
#include "cli/plan/forecast.h"
#include "base/str.h"
#include "cli/plan/play.h"

#define START_MS 5000 /* of the containers of a pod: an image that is on the node starts in seconds */
#define DEADLINE_S 600 /* the default of progressDeadlineSeconds */
#define DEADLINE_MARGIN_MS 3000 /* stored times have whole seconds, and statuses are written with a delay */

int64_t
plan_ready_ms(const struct plan_objects *o)
{
	return START_MS + play_template_ms(o);
}

/* Returns the longest time to readiness of a pod that does not exceed progressDeadlineSeconds. */
static int64_t
plan_slowest_ms(const struct rollout *r)
{
	const struct opt_int *deadline = &r->spec.progress_deadline_seconds;
	int64_t s = deadline->present ? deadline->value : DEADLINE_S;

	return 1000 * (s - r->spec.min_ready_seconds) - DEADLINE_MARGIN_MS;
}

/* Sets the longest duration: that with the slowest pods. */
static struct err *
plan_forecast_longest(struct arena *a, const struct plan_objects *o, struct forecast *f)
{
	const struct forecast_course *least = f->course;
	struct play_settings slow = { .objects = o, .ready_ms = plan_slowest_ms(o->decoded) };
	struct forecast_course *c = arena_alloc(a, sizeof(*c));
	struct err *e;

	if (least->promoted_at < 0) {
		f->longest = "none";
		return NULL;
	}
	if (least->users > 0) {
		f->longest = least->user_step >= 0 ? arena_printf(a, "no limit: a user promotes at step %s",
							 forecast_step(a, f->rollout, least->user_step))
						   : "no limit: a user promotes";
		return NULL;
	}
	if (slow.ready_ms < f->ready_ms)
		slow.ready_ms = f->ready_ms;
	if ((e = play(a, &slow, c)) != NULL)
		return e;
	f->longest_ms = c->promoted_at;
	if (c->promoted_at < 0)
		f->longest = arena_printf(a, "not known: with pods that are ready after %s, %s",
		    forecast_time(a, slow.ready_ms), c->problem != NULL ? c->problem : "the update is aborted");
	return NULL;
}

static const char *
plan_where(struct arena *a, const struct forecast *f, const struct forecast_course *c)
{
	return arena_printf(a, "%s%s %lld %% of the traffic on the new version",
	    c->aborted_step >= 0 ? arena_printf(a, "at step %s", forecast_step(a, f->rollout, c->aborted_step)) : "",
	    c->aborted_step >= 0 ? ", with" : "with", (long long)c->aborted_weight);
}

/* The update is promoted before its analysis can fail: states how long a user must wait, if that helps. */
static struct err *
plan_warn_late(struct arena *a, const struct plan_objects *o, struct forecast *f, const struct forecast_course *bad)
{
	struct play_settings wait = { .objects = o, .ready_ms = f->ready_ms, .failing = true, .unattended = true };
	struct forecast_course c;
	struct err *e;
	int64_t fails_after, after_user = bad->promoted_at - bad->user_at;

	if (bad->users == 0) {
		forecast_line(a, &f->warnings,
		    "the analysis cannot stop a bad version: if every measurement fails, it is promoted anyway "
		    "after %s",
		    forecast_time(a, bad->promoted_at));
		return NULL;
	}
	if ((e = play(a, &wait, &c)) != NULL)
		return e;
	if (c.promoted_at >= 0 && c.aborted_at < 0) {
		forecast_line(a, &f->warnings,
		    "the analysis cannot stop a bad version: it begins after the last promotion by a user, and if "
		    "every measurement fails, the update is promoted before it ends");
		return NULL;
	}
	if (c.aborted_at < 0) {
		forecast_line(a, &f->warnings,
		    "the analysis never stops an update: if every measurement fails, it still waits for a user after "
		    "%s",
		    forecast_time(a, c.ended_at));
		return NULL;
	}
	fails_after = c.aborted_at - c.analysis_at;
	forecast_line(a, &f->warnings,
	    "the analysis cannot fail before %s; the steps after the promotion by a user take %s: promote at least %s "
	    "after the analysis began, or a bad version becomes the stable one before the analysis can stop it",
	    forecast_time(a, fails_after), forecast_time(a, after_user), forecast_time(a, fails_after - after_user));
	return NULL;
}

/* Plays the update with measurements that fail. */
static struct err *
plan_forecast_failing(struct arena *a, const struct plan_objects *o, struct forecast *f)
{
	struct play_settings failing = { .objects = o, .ready_ms = f->ready_ms, .failing = true };
	struct forecast_course c;
	struct err *e;

	if (!o->analyses) {
		forecast_line(a, &f->warnings, "no analysis measures the new version; only its readiness is checked");
		return NULL;
	}
	if (f->course->promoted_at < 0)
		return NULL;
	if ((e = play(a, &failing, &c)) != NULL)
		return e;
	if (c.promoted_at >= 0 && (c.aborted_at < 0 || c.aborted_at > c.promoted_at))
		return plan_warn_late(a, o, f, &c);
	if (c.aborted_at >= 0)
		forecast_line(a, &f->notes, "if every measurement fails, the update is aborted after %s, %s%s",
		    forecast_time(a, c.aborted_at), plan_where(a, f, &c),
		    o->compares ? "; a comparison stops a bad version as soon as its traffic shows it, sooner or later "
				  "(`sluice simulate`)"
				: "");
	else
		forecast_line(a, &f->warnings, "if every measurement fails, the update is not aborted: %s",
		    c.problem != NULL ? c.problem : "it waits");
	return NULL;
}

struct err *
plan_forecast(struct arena *a, struct plan_objects *o, int64_t ready_ms, struct forecast *ret)
{
	struct forecast f = { .namespace = o->decoded->object.meta.namespace,
		.name = o->decoded->object.meta.name,
		.rollout = o->decoded,
		.ready_ms = ready_ms,
		.warnings = o->warnings,
		.notes = o->notes };
	struct forecast_course *course = arena_alloc(a, sizeof(*course));
	struct err *e = play(a, &(struct play_settings){ .objects = o, .ready_ms = ready_ms }, course);

	f.course = course;
	if (e != NULL || (e = plan_forecast_longest(a, o, &f)) != NULL || (e = plan_forecast_failing(a, o, &f)) != NULL)
		return e;
	*ret = f;
	return NULL;
}
