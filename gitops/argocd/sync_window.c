/* gitops/argocd/sync_window.c: the sync windows of an AppProject: which apply to an Application, and which are open. */
#include "gitops/argocd/sync_window.h"
#include "base/json.h"
#include "base/str.h"
#include "gitops/argocd/cron.h"
#include "gitops/argocd/project.h"

static bool
sync_window_concerns(const struct sync_window *w, const struct application *app)
{
	const struct application_destination *d = &app->spec.destination;
	const struct {
		const struct strings *globs;
		const char *texts[2];
	} all[] = { { &w->applications, { app->object.meta.name, NULL } }, { &w->namespaces, { d->namespace, NULL } },
		{ &w->clusters, { d->server, d->name } } };
	bool any = false, every = true;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool matches = false;

		if (all[i].globs->n == 0)
			continue;
		for (size_t t = 0; t < 2; t++)
			matches |= all[i].texts[t] != NULL && project_globs_allow(all[i].globs, all[i].texts[t], '\0');
		any |= matches;
		every &= matches;
	}
	return w->and_operator ? any && every : any;
}

/* Sets *ret_until to the time of the next change, if it is earlier. */
static void
sync_window_next_change(int64_t at, int64_t *until)
{
	if (at > 0 && (*until == 0 || at < *until))
		*until = at;
}

bool
sync_windows_permit(struct arena *a, const struct app_project *p, const struct application *app, int64_t now,
    bool manual, const char **ret_why, int64_t *ret_until)
{
	bool allow_is_open = false, manual_by_allow = false;
	const struct sync_window *forbidding = NULL, *closed = NULL;

	*ret_until = 0;
	for (size_t i = 0; i < p->spec.windows.n; i++) {
		const struct sync_window *w = &p->spec.windows.at[i];
		struct schedule s;
		int64_t began;

		if (!sync_window_concerns(w, app) || w->schedule == NULL || !cron_parse(w->schedule, &s))
			continue;
		began = cron_last(&s, now, w->duration.ms);
		sync_window_next_change(began > 0 ? began + w->duration.ms : cron_next(&s, now), ret_until);
		if (str_eq(w->kind, "deny")) {
			/* A manual sync during several deny windows needs manualSync in each of them. */
			if (began > 0 && (forbidding == NULL || !w->manual_sync))
				forbidding = w;
			continue;
		}
		allow_is_open |= began > 0;
		manual_by_allow |= w->manual_sync;
		closed = w;
	}
	if (forbidding != NULL && !(manual && forbidding->manual_sync)) {
		*ret_why = arena_printf(a, "Cannot sync: blocked by the sync window \"%s\" (deny) of project %s",
		    forbidding->schedule, p->object.meta.name);
		return false;
	}
	if (closed != NULL && !allow_is_open && forbidding == NULL && !(manual && manual_by_allow)) {
		*ret_why = arena_printf(
		    a, "Cannot sync: no sync window of project %s that allows it is open", p->object.meta.name);
		return false;
	}
	return true;
}
