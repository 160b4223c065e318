/* gitops/argocd/application_result.h: the result of a comparison becomes the status of an Application. Pure. The
 * comparison itself is in engine/compare.h. */
#pragma once
#include "gitops/argocd/application_pass.h"

/* The resources of a comparison, hooks excepted. */
struct app_summed {
	size_t n, desired, live, out_of_sync, to_prune;
	size_t kept; /* those of out_of_sync that no sync changes (Prune=false) */
	enum health health;
	const char *message; /* of the resource that determines `health` */
};

/* Writes the comparison into the status. */
void app_result_read(struct app_pass *, const struct worker_response *, struct app_summed *ret);
