/* gitops/argocd/application_pass.h: one pass over an Application: its input, its scratch, and its conditions. Pure. */
#pragma once
#include "gitops/argocd/application_status.h"
#include "gitops/argocd/project.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

#define REFRESH_AGAIN_MS 2000 /* shortest time between two requests to the worker */

/* Kept by this process between two passes of an Application. Times are wall ms; 0: none. */
struct app_memory {
	int64_t refreshed_at; /* time of the last request to the worker */
	int64_t refresh_at; /* time of a comparison that is due before the interval ends */
	int64_t step_at; /* time of the next step of the running sync */
	int64_t failures; /* failed comparisons in a row */
	int64_t spec; /* spec_number of the last request to the worker */
	bool unconfirmed; /* the last step waits for a user's confirmation */
	bool awaits_response; /* no pass has read the response to the last request */
	struct held_memory held;
};

extern const struct type app_memory_type;

/* The input of a pass. */
struct app_world {
	const struct pass *pass;
	const struct application *app;
	const struct app_project *project; /* project of the spec; NULL: it does not exist, and everything is allowed */
	const char *problem; /* error in the spec or the project; NULL: none */
	int64_t now; /* wall ms */
	int64_t spec_number; /* identifies the spec and the project; never 0 */
	const char *source, *sources; /* of the spec, JSON; NULL: none */
	struct application_status status; /* the stored one */
	const struct app_operation *operation; /* the requested sync; NULL: none */
	struct app_memory memory; /* from the previous pass */
};

/* The state of one pass. */
struct app_pass {
	struct app_world w;
	struct plan *plan;
	struct arena *arena; /* borrowed from the plan */
	struct application_status status; /* to be written */
	struct app_operation synced; /* the operation of status.operation_state */
	struct app_memory memory; /* for the next pass */
	json_t *more; /* patch of other parts of the object, written with the status; NULL: nothing */
};

/* Begins and ends a pass. The end writes the status. */
struct app_pass app_pass_begin(const struct pass *, const struct application *, struct plan *);
void app_pass_end(struct app_pass *);

/* Returns whether a sync has begun and not ended. */
bool app_pass_is_running(const struct app_pass *);
bool app_pass_is_deleting(const struct app_pass *);

/* Returns whether a user has confirmed the deletions of this sync, or of the Application (annotation
 * ANNOTATION_DELETION_APPROVED). */
bool app_pass_is_confirmed(const struct app_pass *);

/* Records whether this step of a sync or deletion waits for a confirmation by a user, and sets or deletes the condition
 * ConfirmationRequired. NULL if there is no step. */
void app_pass_set_confirmation(struct app_pass *, const struct worker_step *);

/* Returns the current time in whole seconds, as it is stored. */
int64_t app_pass_stamp(const struct app_pass *);

/* Returns the patch of other parts of the object, which is written with the status. */
json_t *app_pass_more(struct app_pass *);

/* Sets an annotation in that patch. The value is consumed; null removes the annotation. */
void app_pass_set_annotation(struct app_pass *, const char *key, json_t *value);

/* Sets a condition; message NULL: deletes it. Other conditions stay. With the same message, its time stays. */
void app_pass_set_condition(struct app_pass *, const char *type, const char *message);
void app_pass_set_sync(struct app_pass *, enum sync_status, const char *revision);
void app_pass_set_health(struct app_pass *, enum health, const char *message);

/* Returns the revisions of the status as one text; NULL: none. */
const char *app_pass_compared_revision(const struct app_pass *);
const char *app_pass_synced_revision(const struct app_pass *);
