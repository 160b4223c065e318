/* gitops/argocd/application_sync.h: a sync operation in its Application: begun, retried, ended. Pure. engine/sync.h
 * decides its steps. */
#pragma once
#include "gitops/argocd/application_pass.h"

/* Begins a sync: writes the operation (`text`: the same as JSON) and the phase Running into the object. The next
 * pass does the first step. */
void app_sync_begin(struct app_pass *, const struct app_operation *, const char *text);

/* Ends the sync: moves `operation` to the status, with its result. */
void app_sync_finish(struct app_pass *, enum operation_phase, const char *message);

/* Schedules the next retry. Returns false if the limit is reached. */
bool app_sync_retry(struct app_pass *, const char *message);

/* Reads the result of a step. */
void app_sync_read_step(struct app_pass *, const struct worker_response *);
