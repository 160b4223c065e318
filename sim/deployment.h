/* sim/deployment.h: the decision of the laptop cluster's Deployment controller, a pure function.
 *
 * The rules are those of Kubernetes (pkg/controller/deployment, deployment/util and apis/apps/validation): which
 * ReplicaSet is the new one, revisions, proportional scaling, rolling updates within maxSurge and maxUnavailable,
 * Recreate, the history, the conditions with their reasons and messages, and the progress deadline. A decision is one
 * sync of that controller: the requests that it makes, of which a later one may change the status again. Its caller
 * (sim/deployments.c) reads the store, makes the requests, and calls it again after every change.
 *
 * The hash of a template is another than that of Kubernetes, which depends on the types of Go.
 */
#pragma once
#include "base/json.h"

/* A ReplicaSet that belongs to the Deployment, or has no controller and is in its namespace. */
struct deployment_set {
	const json_t *object;
	size_t pods; /* of it that have not ended; those that are being deleted too. Read for Recreate only */
};

struct deployment_world {
	const json_t *deployment;
	const struct deployment_set *sets;
	size_t n_sets;
	int refused; /* the status code with which the last creation of a ReplicaSet was refused; 0: it was not */
	const char *refusal; /* its message; NULL without one */
	int64_t now; /* wall ms */
};

struct deployment_request {
	const char *method; /* POST, DELETE, or PATCH with a merge patch */
	const char *path;
	json_t *body; /* owned; NULL for DELETE */
	bool creates_set; /* if it is refused, the Deployment is decided again with the refusal */
};

/* The requests of one decision, in order. Their texts are in the arena of deployment_decide. */
struct deployment_plan {
	struct deployment_request *requests;
	size_t n, capacity;
	int64_t again_ms; /* the Deployment is decided again after this time, also without a change; -1: it is not */
};

/* Decides about a Deployment. *ret has what to do, and is released with deployment_plan_done. */
void deployment_decide(const struct deployment_world *, struct arena *, struct deployment_plan *ret);
void deployment_plan_done(struct deployment_plan *);

/* The pods that a Deployment's spec permits: maxSurge is rounded up, maxUnavailable down; if both are 0,
 * maxUnavailable is 1. Both are 0 for Recreate, and maxUnavailable is at most the replicas. */
struct deployment_limits {
	int64_t replicas, surge, unavailable;
	bool rolling; /* RollingUpdate */
};
struct deployment_limits deployment_limits(const json_t *spec);

/* Sets what an API server sets in a Deployment that does not have it. */
void deployment_default(json_t *deployment);

/* Returns the first problem of a Deployment in the words of an API server, "spec.selector: Required value"; NULL: it is
 * valid. In the arena. */
const char *deployment_problem(struct arena *, const json_t *deployment);
