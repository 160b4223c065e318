/* analysis/controller.c: row of the analysis controller: its types, its watches, and how it gathers the world of an
 * AnalysisRun. */
#include <string.h>
#include "analysis/metric_phase.h"
#include "analysis/decide.h"
#include "analysis/provider.h"
#include "base/str.h"
#include "base/time.h"

#define UNLISTED "jobs" /* a note: since when a run has waited for a first list */
#define UNLISTED_MS 30000 /* wait before the status reports it */

static const struct analysis_run *
analysis_run_of(const struct pass *p)
{
	return (const struct analysis_run *)view_get(p->view, &analysis_run_type, p->namespace, p->name);
}

/* Writes the message, and no other result: the phase is that of the last pass. */
static void
analysis_write_message(const struct analysis_run *run, const char *message, struct plan *plan)
{
	struct analysis_status st = run->status;

	if (str_empty(st.phase))
		st.phase = run_phase_name(RUN_PENDING);
	st.message = message;
	plan_status(
	    plan, &run->object, encode(&analysis_status_type, &run->status), encode(&analysis_status_type, &st));
}

/* The first list of the type has not arrived. If that takes long, the controller may lack the permission to list the
 * type: the status reports it. */
static void
analysis_wait_for_list(const struct pass *p, const struct type *type, const struct analysis_run *run, struct plan *plan)
{
	const char *text = arena_printf(plan->arena, "cannot list %ss; see the controller's log", type->kind);
	int64_t since = seen_note(p->seen, UNLISTED, p->now), at = time_add(since, UNLISTED_MS);

	if (phase_is_final(run->status.phase) || str_eq(run->status.message, text))
		return;
	plan_note(plan, UNLISTED, since);
	if (p->now < at) {
		plan_wake(plan, at);
		return;
	}
	plan_reason(plan, "%s", text);
	analysis_write_message(run, text, plan);
}

/* Adds the objects that the run's measurements created. Returns the type that is not listed yet, or NULL. */
static const struct type *
analysis_gather(const struct pass *p, struct arena *a, struct analysis_world *w)
{
	for (const struct provider *const *row = providers; *row != NULL; row++) {
		const struct object **found, **all;
		size_t n;

		if ((*row)->watch == NULL || !provider_is_used(*row, w->run->spec.metrics))
			continue;
		if (!view_knows(p->view, (*row)->watch->type))
			return (*row)->watch->type;
		n = (*row)->objects(p, w->run, a, &found);
		all = arena_new_array(a, const struct object *, w->n_objects + n);
		if (w->n_objects > 0)
			memcpy(all, w->objects, w->n_objects * sizeof(*all));
		if (n > 0)
			memcpy(all + w->n_objects, found, n * sizeof(*all));
		w->objects = all;
		w->n_objects += n;
	}
	return NULL;
}

static void
analysis_pass(const struct pass *p, struct plan *plan)
{
	struct analysis_world w = {
		.now = p->now, .run = analysis_run_of(p), .seen = p->seen, .settings = p->settings
	};
	const struct type *unlisted;

	if (w.run == NULL)
		return;
	if ((unlisted = analysis_gather(p, plan->arena, &w)) != NULL)
		analysis_wait_for_list(p, unlisted, w.run, plan);
	else
		analysis_decide(&w, plan);
}

/* An object that a measurement created is unreadable: the outcome of the measurement is not known. */
static void
analysis_stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	const struct analysis_run *run = analysis_run_of(p);

	if (run != NULL && !phase_is_final(run->status.phase))
		analysis_write_message(run, why, plan);
}

static bool
analysis_needs(const struct object *run, const struct type *type)
{
	for (const struct provider *const *row = providers; *row != NULL; row++)
		if ((*row)->watch != NULL && (*row)->watch->type == type &&
		    provider_is_used(*row, ((const struct analysis_run *)run)->spec.metrics))
			return true;
	return false;
}

static const struct controller_watch watches[] = { { .type = &analysis_run_type } };

/* Adds the watches of the providers. */
static bool
analysis_watch_more(size_t i, struct controller_watch *ret)
{
	for (const struct provider *const *row = providers; *row != NULL; row++)
		if ((*row)->watch != NULL && i-- == 0) {
			*ret = *(*row)->watch;
			ret->needed = analysis_needs;
			return true;
		}
	return false;
}

const struct controller analysis_controller = {
	.name = "analysis",
	.type = &analysis_run_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.watch_more = analysis_watch_more,
	.pass = analysis_pass,
	.stand_still = analysis_stand_still,
};
