/* doctor/debug.c: why one Application does not sync: its state, its objects, its events, and the next commands. */
#include <string.h>
#include "doctor/sections.h"

static void debug_find_state(const struct doctor_world *, struct doctor_findings *);
static void debug_find_objects(const struct doctor_world *, struct doctor_findings *);
static void debug_find_events(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "state", READS(LIST_APPLICATIONS), NULL, debug_find_state },
	{ "objects", READS(LIST_APPLICATIONS), NULL, debug_find_objects },
	{ "events", READS(LIST_APPLICATIONS) | READS(LIST_WARNINGS), NULL, debug_find_events },
	{ 0 },
};

const struct doctor_section doctor_debug = { "debug", "Sync of an Application", "APP", checks, true };

/* The Application, or NULL after adding that it does not exist. */
static const json_t *
debug_application(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_APPLICATIONS);
	json_t *app;
	size_t i;

	json_array_foreach (items, i, app)
		if (str_eq(json_str(json_object_get(app, "metadata"), "name"), w->name))
			return app;
	return NULL;
}

static void
debug_find_state(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *app = debug_application(w, f), *m = json_object_get(app, "metadata"),
		     *status = json_object_get(app, "status"), *operation = json_object_get(status, "operationState");
	const char *args, *held;
	json_t *c;
	size_t i;

	if (app == NULL) {
		doctor_add(f, DOCTOR_PROBLEM, "sluice app list -A", "there is no Application \"%s\"", w->name ?: "");
		return;
	}
	args = arena_printf(w->arena, "%s -n %s", w->name, json_str(m, "namespace") ?: "");
	doctor_add(f, DOCTOR_OK, arena_printf(w->arena, "sluice app get %s --refresh; sluice app diff %s", args, args),
	    "%s, %s, at %s", json_string_value(json_at(status, "/sync/status")) ?: "not compared yet",
	    json_string_value(json_at(status, "/health/status")) ?: "Unknown",
	    json_string_value(json_at(status, "/sync/revision")) ?: "-");
	held = json_str(json_object_get(m, "annotations"), "sluice.argoproj.io/held-revision");
	if (held != NULL)
		doctor_add(f, DOCTOR_PROBLEM,
		    arena_printf(w->arena, "push a new commit, or release this one: sluice app sync %s", args),
		    "a Rollout aborted this commit, which is held: %s", held);
	json_array_foreach (json_object_get(status, "conditions"), i, c)
		doctor_add(f, str_ends(json_str(c, "type"), "Error") ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		    arena_printf(w->arena, "correct the cause, then: sluice app get %s --refresh", args), "%s: %s",
		    json_str(c, "type") ?: "", json_str(c, "message") ?: "");
	if (json_object_get(app, "operation") != NULL)
		doctor_add(f, DOCTOR_NOTE,
		    arena_printf(w->arena, "sluice app wait %s, or: sluice app terminate-op %s", args, args),
		    "a sync is running: %s", json_str(operation, "message") ?: "");
	else if (str_eq(json_str(operation, "phase"), "Failed") || str_eq(json_str(operation, "phase"), "Error"))
		doctor_add(f, DOCTOR_PROBLEM,
		    arena_printf(w->arena,
			"correct the cause, then: sluice app sync %s (--force recreates objects whose "
			"change is refused)",
			args),
		    "the last sync failed: %s", json_str(operation, "message") ?: "");
}

static void
debug_find_objects(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *app = debug_application(w, f);
	json_t *r;
	size_t i;

	json_array_foreach (json_at(app, "/status/resources"), i, r) {
		const char *status = json_str(r, "status"), *health = json_string_value(json_at(r, "/health/status")),
			   *name = arena_printf(w->arena, "%s %s/%s", json_str(r, "kind") ?: "",
			       json_str(r, "namespace") ?: "", json_str(r, "name") ?: "");
		bool bad = str_eq(health, "Degraded") || str_eq(health, "Missing");

		if (bad || str_eq(status, "OutOfSync") || str_eq(health, "Progressing"))
			doctor_add(f, bad ? DOCTOR_PROBLEM : DOCTOR_NOTE,
			    bad ? arena_printf(w->arena, "kubectl describe %s %s -n %s", json_str(r, "kind") ?: "",
				      json_str(r, "name") ?: "", json_str(r, "namespace") ?: "")
				: NULL,
			    "%s: %s, %s%s%s", name, status ?: "-", health ?: "-",
			    json_at(r, "/health/message") != NULL ? ": " : "",
			    json_string_value(json_at(r, "/health/message")) ?: "");
	}
	if (app != NULL && f->of_check[DOCTOR_PROBLEM] + f->of_check[DOCTOR_NOTE] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "%zu objects, all of which are Synced and none of which is degraded",
		    json_array_size(json_at(app, "/status/resources")));
}

static void
debug_find_events(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *app = debug_application(w, f), *m = json_object_get(app, "metadata"), *e;
	const char *to = json_string_value(json_at(app, "/spec/destination/namespace"));
	size_t i;

	json_array_foreach (app != NULL ? doctor_items(w, f, LIST_WARNINGS) : NULL, i, e) {
		const json_t *of = json_object_get(e, "involvedObject");
		bool own = str_eq(json_str(of, "kind"), "Application") && str_eq(json_str(of, "name"), w->name) &&
			   str_eq(json_str(of, "namespace"), json_str(m, "namespace"));

		if (own || (to != NULL && str_eq(json_str(of, "namespace"), to)))
			doctor_add(f, DOCTOR_NOTE, NULL, "%s %s: %s: %s", json_str(of, "kind") ?: "",
			    json_str(of, "name") ?: "", json_str(e, "reason") ?: "", json_str(e, "message") ?: "");
	}
}
