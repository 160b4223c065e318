/* gitops/argocd/application_action.h: syncs and rollbacks that users request, as merge patches. Pure.
 *
 * The command line and the dashboard read the Application, build the patch here, and send it. An error has the class
 * ERR_INVALID: the Application does not allow the action, and the text names what to do.
 */
#pragma once
#include <jansson.h>
#include <stdint.h>
#include "base/err.h"

/* Sets *ret to a patch that requests this sync (a `sync` of an operation; consumed, also on failure) for a user. */
struct err *application_action_sync(
    struct arena *, const json_t *app, json_t *sync, const char *username, json_t **ret);

/* Sets *ret to a patch that requests a sync to the revision of this entry of status.history. A negative id is the entry
 * before the last one. *ret_revision is the revision, in the arena. */
struct err *application_action_rollback(struct arena *, const json_t *app, int64_t id, bool prune, const char *username,
    json_t **ret, const char **ret_revision);
