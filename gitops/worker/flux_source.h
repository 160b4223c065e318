/* gitops/worker/flux_source.h: the source of a Kustomization or GitRepository: variables, credentials, rendering. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "gitops/worker/stage.h"

struct session;
struct tree;

/* Renders the Kustomization's manifests. */
struct err *flux_source_render(struct session *, const struct tree *);

/* The functions of STAGE_FLUX_SETTINGS (stage.h). */
size_t flux_source_prepare(struct session *);
bool flux_source_start(struct session *, size_t i);
enum session_stage flux_source_finish(struct session *);
