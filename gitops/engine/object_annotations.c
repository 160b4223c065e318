/* gitops/engine/object_annotations.c: annotations of Argo CD and Flux on objects, and warnings about values without
 * effect: one row for each annotation. Sync options: sync_options.c. */
#include "gitops/engine/object_annotations.h"
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "gitops/engine/hooks.h"
#include "gitops/engine/resource.h"

/* Values are separated by "|". */
static const struct annotation_row {
	const char *name;
	const char *known; /* with an effect, or with none to expect */
	const char *without; /* Argo CD's or Flux's, and not supported */
	const char *why; /* the effect on the object */
	bool flux; /* a switch of Flux's: one value, in any case of letters, also as a label */
} rows[] = {
	{ .name = ANNOTATION_HOOK,
	    .known = "PreSync|Sync|PostSync|SyncFail|Skip",
	    .without = "PreDelete|PostDelete",
	    .why = "the object is not applied" },
	{ .name = ANNOTATION_HOOK_DELETE, .known = "HookSucceeded|HookFailed|BeforeHookCreation" },
	{ .name = ANNOTATION_COMPARE,
	    .known = "IgnoreExtraneous|ServerSideDiff=true|IncludeMutationWebhook=true",
	    .without = "ServerSideDiff=false",
	    .why = "objects are compared by a dry run on the API server" },
	{ .name = FLUX "prune", .known = "enabled|disabled", .flux = true },
	{ .name = FLUX "reconcile", .known = "enabled|disabled", .flux = true },
	{ .name = FLUX "force", .known = "enabled|disabled", .flux = true },
	{ .name = FLUX "substitute", .known = "enabled|disabled", .flux = true },
	{ .name = FLUX "ssa", .known = "Override|Merge|IfNotPresent|Ignore", .flux = true },
};

static bool
object_annotations_lists(const char *values, const char *word, bool any_case)
{
	size_t n = strlen(word);

	for (const char *at = values; at != NULL; at = strchr(at, '|') != NULL ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == n && (any_case ? strncasecmp(at, word, n) : strncmp(at, word, n)) == 0)
			return true;
	return false;
}

/* Returns the error in one word of an annotation, or NULL. */
static const char *
object_annotations_word_problem(struct arena *a, const struct annotation_row *row, const char *word)
{
	if (object_annotations_lists(row->known, word, row->flux))
		return NULL;
	if (object_annotations_lists(row->without, word, false))
		return arena_printf(a, "annotation %s: \"%s\" is not supported: %s", row->name, word, row->why);
	return arena_printf(a, "annotation %s: \"%s\" has no effect; known are %s", row->name, word,
	    str_replace(a, row->known, "|", ", "));
}

static const char *
object_annotations_row_problem(struct arena *a, const struct annotation_row *row, const char *value)
{
	const char *problem = NULL;
	char *save = NULL;

	if (value == NULL || row->flux)
		return value != NULL ? object_annotations_word_problem(a, row, value) : NULL;
	for (char *w = strtok_r(arena_strdup(a, value), ", ", &save); w != NULL && problem == NULL;
	     w = strtok_r(NULL, ", ", &save))
		problem = object_annotations_word_problem(a, row, w);
	return problem;
}

const char *
object_annotations_problem(struct arena *a, const json_t *object, bool flux)
{
	const json_t *labels = json_object_get(json_object_get(object, "metadata"), "labels");
	const char *all = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *problem;

		if (rows[i].flux != flux)
			continue;
		problem = object_annotations_row_problem(a, &rows[i], resource_annotation(object, rows[i].name));
		if (problem == NULL && flux)
			problem = object_annotations_row_problem(a, &rows[i], json_str(labels, rows[i].name));
		if (problem != NULL)
			all = all == NULL ? problem : arena_printf(a, "%s; %s", all, problem);
	}
	return all;
}
