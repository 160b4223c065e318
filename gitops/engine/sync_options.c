/* gitops/engine/sync_options.c: sync options (Prune=false, Replace=true, ...) of Applications and objects: one row
 * for each option. */
#include "gitops/engine/sync_options.h"
#include <string.h>
#include "base/str.h"

#define NAMED_MAX 8 /* problems of one list of options */

static const struct option_row {
	const char *name, *values; /* values are separated by "|" */
	bool application_only; /* it says nothing about one object */
	bool internal; /* users do not write it */
	const char *without; /* with this value it has no effect, */
	const char *why; /* for this reason */
} rows[] = {
	[OPTION_APPLY_OUT_OF_SYNC_ONLY] = { .name = "ApplyOutOfSyncOnly", .values = "true|false" },
	[OPTION_CLIENT_SIDE_APPLY_MIGRATION] = { .name = "ClientSideApplyMigration",
	    .values = "true|false",
	    .without = "false",
	    .why = "fields that kubectl apply has set are always taken over" },
	[OPTION_CREATE_NAMESPACE] = { .name = "CreateNamespace", .values = "true|false", .application_only = true },
	[OPTION_DELETE] = { .name = "Delete", .values = "true|false|confirm" },
	[OPTION_FAIL_ON_SHARED_RESOURCE] = { .name = "FailOnSharedResource", .values = "true|false" },
	[OPTION_FORCE] = { .name = "Force", .values = "true|false" },
	[OPTION_IF_NOT_PRESENT] = { .name = "IfNotPresent", .values = "true", .internal = true },
	[OPTION_PRUNE] = { .name = "Prune", .values = "true|false|confirm" },
	[OPTION_PRUNE_LAST] = { .name = "PruneLast", .values = "true|false" },
	[OPTION_PRUNE_PROPAGATION_POLICY] = { .name = "PrunePropagationPolicy",
	    .values = "foreground|background|orphan" },
	[OPTION_REPLACE] = { .name = "Replace", .values = "true|false" },
	[OPTION_RESPECT_IGNORE_DIFFERENCES] = { .name = "RespectIgnoreDifferences", .values = "true|false" },
	[OPTION_RESPECT_ROLLOUTS] = { .name = "RespectRollouts", .values = "true|false" },
	[OPTION_SERVER_SIDE_APPLY] = { .name = "ServerSideApply",
	    .values = "true|false",
	    .without = "false",
	    .why = "objects are always applied on the server" },
	[OPTION_SKIP_DRY_RUN_ON_MISSING_RESOURCE] = { .name = "SkipDryRunOnMissingResource", .values = "true|false" },
	[OPTION_VALIDATE] = { .name = "Validate", .values = "true|false" },
	[OPTION_WAIT_FOR_PAUSED_ROLLOUTS] = { .name = "WaitForPausedRollouts", .values = "true|false" },
};
_Static_assert(ARRAY_SIZE(rows) == OPTION_MAX, "a row for each option");

const char *
sync_option_name(enum sync_option o)
{
	return rows[o].name;
}

/* The row that `text`, NAME=VALUE, names; NULL: it is unknown. */
static const struct option_row *
sync_options_row_of(const char *text)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].internal && strlen(rows[i].name) == n && strncmp(rows[i].name, text, n) == 0)
			return &rows[i];
	return NULL;
}

/* Returns whether "a|b|c" has this word. */
static bool
sync_options_takes(const char *values, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = values; at != NULL; at = strchr(at, '|') != NULL ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == n && strncmp(at, word, n) == 0)
			return true;
	return false;
}

static const char *
sync_options_names(struct arena *a, bool of_object)
{
	const char *all = "";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].internal && !(of_object && rows[i].application_only))
			all = arena_printf(a, "%s%s%s", all, all[0] != '\0' ? ", " : "", rows[i].name);
	return all;
}

const char *
sync_option_problem(struct arena *a, const char *text, bool of_object)
{
	const struct option_row *row = sync_options_row_of(text);
	const char *value = strchr(text, '=');

	if (row == NULL)
		return arena_printf(a, "sync option \"%s\" is unknown and has no effect; known are %s", text,
		    sync_options_names(a, of_object));
	if (value == NULL || !sync_options_takes(row->values, value + 1))
		return arena_printf(a,
		    "sync option \"%s\" has no effect: it is written %s=VALUE, where VALUE is one of %s", text,
		    row->name, str_replace(a, row->values, "|", ", "));
	if (of_object && row->application_only)
		return arena_printf(a,
		    "sync option \"%s\" has no effect on an object: it belongs into the Application's spec.syncPolicy."
		    "syncOptions",
		    text);
	return NULL;
}

const char *
sync_option_without_effect(const char *text)
{
	const struct option_row *row = sync_options_row_of(text);
	const char *value = strchr(text, '=');

	return row != NULL && value != NULL && str_eq(row->without, value + 1) ? row->why : NULL;
}

const char *
sync_options_annotation_problem(struct arena *a, const char *list)
{
	const char *all = NULL;
	char *save = NULL;
	size_t n = 0;

	if (list == NULL)
		return NULL;
	for (char *o = strtok_r(arena_strdup(a, list), ", ", &save); o != NULL; o = strtok_r(NULL, ", ", &save)) {
		const char *problem = sync_option_problem(a, o, true), *why = sync_option_without_effect(o);

		if (problem == NULL && why != NULL)
			problem = arena_printf(a, "sync option \"%s\" has no effect: %s", o, why);
		if (problem != NULL && n++ < NAMED_MAX)
			all = all == NULL ? problem : arena_printf(a, "%s; %s", all, problem);
	}
	return n > NAMED_MAX ? arena_printf(a, "%s; and %zu more", all, n - NAMED_MAX) : all;
}
