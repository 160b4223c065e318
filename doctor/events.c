/* doctor/events.c: the warnings of the last hour about objects that are reconciled here. */
#include <string.h>
#include "base/time.h"
#include "doctor/sections.h"

#define RECENT_MS (3600 * 1000ll)

static void events_find_warnings(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "warnings", READS(LIST_WARNINGS), NULL, events_find_warnings },
	{ 0 },
};

const struct doctor_section doctor_events = { "events", "Warnings of the last hour", NULL, checks, false };

/* Whether the Event is about a kind that a controller of Sluice reconciles, or about its own Pods. */
static bool
warnings_is_ours(const json_t *of)
{
	static const char *const groups[] = { "argoproj.io/", "source.toolkit.fluxcd.io/",
		"kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/", "notification.toolkit.fluxcd.io/" };
	const char *version = json_str(of, "apiVersion");

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (str_starts(version, groups[i]))
			return true;
	return str_starts(json_str(of, "name"), "sluice-");
}

static int64_t
warnings_time(const json_t *e)
{
	static const char *const fields[] = { "/series/lastObservedTime", "/lastTimestamp", "/eventTime" };
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = json_string_value(json_at(e, fields[i]));

		if (text != NULL && time_parse(text, &ms))
			return ms;
	}
	return 0;
}

static void
events_find_warnings(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_WARNINGS);
	json_t *e;
	size_t i;

	json_array_foreach (items, i, e) {
		const json_t *of = json_object_get(e, "involvedObject");

		if (warnings_is_ours(of) && w->now - warnings_time(e) < RECENT_MS)
			doctor_add(f, DOCTOR_NOTE,
			    arena_printf(w->arena, "sluice events -n %s --for %s/%s", json_str(of, "namespace") ?: "",
				json_str(of, "kind") ?: "", json_str(of, "name") ?: ""),
			    "%s %s/%s: %s: %s", json_str(of, "kind") ?: "", json_str(of, "namespace") ?: "",
			    json_str(of, "name") ?: "", json_str(e, "reason") ?: "", json_str(e, "message") ?: "");
	}
	if (items != NULL && f->of_check[DOCTOR_NOTE] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "no warning about objects that are reconciled here");
}
