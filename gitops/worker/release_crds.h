/* gitops/worker/release_crds.h: the CustomResourceDefinitions of a chart (its directories crds/), before an install or
 * upgrade. Source: Flux's documentation of HelmRelease, "crds". */
#pragma once
#include "gitops/worker/stage.h"
#include "io/loop.h"

struct session;

/* A definition that is created or replaced, and then waited for. */
struct release_crd {
	const char *name, *text; /* JSON */
	struct session_call *call;
	struct timer again; /* until it is read again */
	int64_t waited_ms;
};

struct release_crds {
	struct release_crd *at;
	size_t n;
};

/* Returns whether the action, which is due, needs the stage: helm itself creates those that do not exist in an install,
 * and none in an upgrade. */
bool release_crds_due(const struct session *);

/* The functions of STAGE_CRDS (stage.h). What fails is a failure of the action. */
size_t release_crds_prepare(struct session *);
bool release_crds_start(struct session *, size_t i);
enum session_stage release_crds_finish(struct session *);

/* Stops the timers. */
void release_crds_done(struct session *);
