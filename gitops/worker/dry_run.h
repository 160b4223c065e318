/* gitops/worker/dry_run.h: server-side dry run: requests the result of applying an object from the API server. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "gitops/worker/stage.h"

struct app_resource;
struct session;

/* Returns whether the object is deleted first if the API server refuses the change (Force=true). Never for kinds
 * that contain other objects. */
bool dry_run_is_forced(struct session *, const struct app_resource *);

/* STAGE_DRY_RUNS: one call for each resource. */
size_t dry_run_prepare(struct session *);
bool dry_run_start(struct session *, size_t i);
enum session_stage dry_run_finish(struct session *);
