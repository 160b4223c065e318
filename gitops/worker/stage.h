/* gitops/worker/stage.h: the stages of a session (gitops/worker/session.c). */
#pragma once

/* In this order, except where a stage says which one follows it. */
enum session_stage {
	STAGE_SETTINGS, /* of Argo CD, and the credentials of repositories and clusters */
	STAGE_DECLARED, /* Secrets of the repositories that argocd-cm declares */
	STAGE_FLUX_SETTINGS, /* variables, values and credentials of a Flux object */
	STAGE_SOURCES, /* fetch and render */
	STAGE_RECORD, /* Helm's record of a release, before and after an action */
	STAGE_KINDS, /* kinds of the desired objects, and of the objects in the last status */
	STAGE_ROLLOUTS,
	STAGE_OBJECTS, /* all other live objects */
	STAGE_DRY_RUNS,
	STAGE_PLAN, /* the next step of the sync */
	STAGE_TASKS, /* of that step: one group of tasks */
	STAGE_RELEASE, /* the decision about a release */
	STAGE_CRDS, /* definitions of its chart */
	STAGE_ACTION, /* the next action about it */
	STAGE_CHECKS, /* health checks of a Kustomization */
	STAGE_END,
};
