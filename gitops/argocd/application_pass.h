/* gitops/argocd/application_pass.h: one pass over an Application: its input, its scratch, and its conditions. Pure. */
#pragma once
#include "gitops/argocd/application_status.h"
#include "gitops/argocd/project.h"
#include "gitops/held_revision.h"
#include "gitops/request.h"

#define REFRESH_AGAIN_MS 2000 /* between two requests to the worker, however much happens */

/* Kept by this process between two passes of an Application. Times are wall ms; 0: none. */
struct app_memory {
	int64_t refreshed_at; /* the worker was last asked */
	int64_t refresh_at; /* the next comparison, when it is due before the interval */
	int64_t step_at; /* the next step of the sync that is running */
	int64_t failures; /* comparisons in a row that failed */
	int64_t spec; /* number of the spec that the worker was asked about */
	bool unconfirmed; /* the last step waits for a user's confirmation */
	struct held_memory held;
};

extern const struct type app_memory_type;

/* The input of a pass. */
struct app_world {
	const struct pass *pass;
	const struct application *app;
	const struct app_project *project; /* that the spec names; NULL: no such project, and everything is allowed */
	const char *problem; /* with the spec or the project; NULL: none */
	int64_t now; /* wall ms */
	int64_t spec_number; /* differs from that of another spec or project; never 0 */
	const char *source, *sources; /* of the spec, JSON; NULL: none */
	struct application_status status; /* as it is stored */
	const struct app_operation *operation; /* that is requested; NULL: none */
	struct app_memory memory; /* of the last pass */
};

/* Its scratch. */
struct app_pass {
	struct app_world w;
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct application_status status; /* to be written */
	struct app_operation synced; /* the operation of status.operation_state */
	struct app_memory memory; /* for the next pass */
	json_t *more; /* of the object, written with the status; NULL: nothing */
};

/* Begins and ends a pass. The end writes the status. */
struct app_pass app_pass_begin(const struct pass *, const struct application *, struct plan *);
void app_pass_end(struct app_pass *);

/* The requested sync has begun, and has not ended. */
bool app_pass_is_running(const struct app_pass *);
bool app_pass_is_deleting(const struct app_pass *);

/* A user has confirmed the deletions of this sync, or of the Application (ANNOTATION_DELETION_APPROVED). */
bool app_pass_is_confirmed(const struct app_pass *);

/* The sync, or the deletion, waits for a confirmation, as its step says; NULL: it does not wait. */
void app_pass_set_confirmation(struct app_pass *, const struct worker_step *);

/* Now, as it is stored: in whole seconds. */
int64_t app_pass_stamp(const struct app_pass *);

/* The patch of the rest of the object, which is written with the status. */
json_t *app_pass_more(struct app_pass *);

/* Sets an annotation in it; the value is consumed, null removes the annotation. */
void app_pass_set_annotation(struct app_pass *, const char *key, json_t *value);

/* Sets a condition; message NULL: deletes it. Others stay; one with the same message keeps its time. */
void app_pass_set_condition(struct app_pass *, const char *type, const char *message);
void app_pass_set_sync(struct app_pass *, enum sync_status, const char *revision);
void app_pass_set_health(struct app_pass *, enum health, const char *message);

/* The revisions in the status as one text; NULL: none. */
const char *app_pass_compared_revision(const struct app_pass *);
const char *app_pass_synced_revision(const struct app_pass *);
