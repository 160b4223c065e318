/* gitops/worker/list.h: lists live objects from the API server: for which kinds and namespaces. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "gitops/worker/stage.h"

struct session;

/* STAGE_ROLLOUTS: the Rollouts come first, because they own fields of other objects. */
size_t list_prepare_rollouts(struct session *);
bool list_start_scope(struct session *, size_t i);

/* The functions of STAGE_OBJECTS (stage.h). */
size_t list_prepare_objects(struct session *);
bool list_start_object(struct session *, size_t i);
enum session_stage list_finish(struct session *);
