/* gitops/engine/sync_options.h: the sync options of Applications and of their objects, a row each. Pure.
 *
 * Source: Argo CD's documentation, "Sync Options". An option is written NAME=VALUE, in `spec.syncPolicy.syncOptions`,
 * in an operation, or in the annotation argocd.argoproj.io/sync-options of an object, comma-separated.
 */
#pragma once
#include <stdbool.h>
#include "base/arena.h"

enum sync_option {
	OPTION_APPLY_OUT_OF_SYNC_ONLY,
	OPTION_CLIENT_SIDE_APPLY_MIGRATION,
	OPTION_CREATE_NAMESPACE,
	OPTION_DELETE,
	OPTION_FAIL_ON_SHARED_RESOURCE,
	OPTION_FORCE,
	OPTION_IF_NOT_PRESENT, /* not written by users: Flux's `ssa: IfNotPresent` is read as this option */
	OPTION_PRUNE,
	OPTION_PRUNE_LAST,
	OPTION_PRUNE_PROPAGATION_POLICY,
	OPTION_REPLACE,
	OPTION_RESPECT_IGNORE_DIFFERENCES,
	OPTION_RESPECT_ROLLOUTS,
	OPTION_SERVER_SIDE_APPLY,
	OPTION_SKIP_DRY_RUN_ON_MISSING_RESOURCE,
	OPTION_VALIDATE,
	OPTION_WAIT_FOR_PAUSED_ROLLOUTS,
	OPTION_MAX
};

/* Returns the name of an option, such as "Prune". */
const char *sync_option_name(enum sync_option);

/* Returns the reason why `text` is not an option with one of its values, with the valid ones; NULL if it is valid.
 * `of_object` is true for an entry of an object's annotation. In the arena. */
const char *sync_option_problem(struct arena *, const char *text, bool of_object);

/* Returns the reason why an option with this value, which has an effect in Argo CD, has none here; NULL if it has its
 * effect, or is not an option. */
const char *sync_option_without_effect(const char *text);

/* Returns a text with the entries of an object's annotation that are invalid or have no effect; NULL if there are none.
 * `list` is NULL if the object has no annotation. In the arena. */
const char *sync_options_annotation_problem(struct arena *, const char *list);
