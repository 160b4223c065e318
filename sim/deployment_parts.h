/* sim/deployment_parts.h: declarations that the files of the Deployment's decision share. Private to
 * sim/deployment*.c. */
#pragma once
#include "sim/deployment.h"

#define DEPLOYMENT_HASH "pod-template-hash"

/* A ReplicaSet of the Deployment. */
struct owned_set {
	const json_t *object; /* NULL: this pass creates it */
	const char *name;
	int64_t replicas; /* of its spec */
	int64_t actual, ready, available; /* of its status */
	int64_t created; /* wall ms */
	int64_t revision; /* 0: none */
	size_t pods; /* see deployment_set */
};

/* The scratch of one decision. */
struct deployment_pass {
	const struct deployment_world *w;
	struct arena *arena;
	struct deployment_plan *plan;
	const char *ns, *name;
	const json_t *spec;
	struct deployment_limits limits;
	bool watched; /* it has a progress deadline */
	struct owned_set *sets; /* the oldest first; one more than there are has space */
	size_t n_sets;
	const struct owned_set *current; /* the one of the template; NULL: no ReplicaSet has it yet */
	json_t *conditions; /* owned; what this pass has made of the status' conditions */
	int64_t collisions; /* -1: none so far */
};

/* The path of the Deployment with something behind it ("/status"), in the arena. */
const char *deployment_path(struct deployment_pass *, const char *suffix);

/* Adds a request, whose body is consumed. Returns it until the next is added. */
struct deployment_request *deployment_request(
    struct deployment_pass *, const char *method, const char *path, json_t *body);

/* deployment_status.c. Returns the condition of a type, borrowed; NULL: it has no such condition. */
const json_t *deployment_condition(const json_t *conditions, const char *type);

/* Sets a condition as Kubernetes does: one with the same status and reason stays as it is, and the time of a
 * transition is that of a change of its status. */
void deployment_set_condition(
    struct deployment_pass *, const char *type, const char *status, const char *reason, const char *message);

/* Plans the status; `rollout`: with the conditions of progress, for a Deployment that is not paused or being scaled. */
void deployment_write_status(struct deployment_pass *, bool rollout);

/* Returns whether the status says that the Deployment has all its pods, all of them new and available. */
bool deployment_complete(const struct deployment_pass *, const json_t *status);
