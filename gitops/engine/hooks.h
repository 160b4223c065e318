/* gitops/engine/hooks.h: the phases of a sync, and hooks: objects that a sync creates in a phase. Pure.
 *
 * Hooks and their policies of deletion are Argo CD's (its documentation, "Resource Hooks"), and those of Helm that mean
 * the same. sync.c decides when a hook is created and when it is deleted.
 */
#pragma once
#include "base/json.h"

#define ANNOTATION_HOOK "argocd.argoproj.io/hook"
#define ANNOTATION_HOOK_DELETE "argocd.argoproj.io/hook-delete-policy"
#define ANNOTATION_OPERATION "sluice.argoproj.io/sync-operation" /* on a hook: the id of the sync that created it */

struct app_resource;

enum phase { PHASE_PRE_SYNC, PHASE_SYNC, PHASE_POST_SYNC, PHASE_SYNC_FAIL, PHASE_MAX };

/* Returns the name of a phase: "PreSync", "Sync", "PostSync" or "SyncFail". */
const char *phase_name(enum phase);

/* When a hook is deleted, as bits. */
enum { HOOK_SUCCEEDED = 1, HOOK_FAILED = 2, BEFORE_HOOK_CREATION = 4 };

/* Reads the hook annotations of an object: sets `hooks` (bits of the phases are added), `skip` and `hook_delete` of its
 * resource. */
void hooks_read(const json_t *object, struct app_resource *);
