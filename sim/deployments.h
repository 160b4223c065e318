/* sim/deployments.h: the Deployment controller of the laptop cluster: makes the requests that sim/deployment.h
 * decides. */
#pragma once
#include "sim/store.h"

struct deployments;

/* Follows all Deployments of a store, from now on. The ReplicaSets get their pods from sim/pods.h. */
struct deployments *deployments_new(struct loop *, struct store *);
struct deployments *deployments_free(struct deployments *);
