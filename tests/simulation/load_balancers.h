/* tests/simulation/load_balancers.h: the AWS API of the load balancers of Ingresses, in virtual time.
 *
 * Each Ingress whose status has a hostname has a load balancer, with a target group for each Service of its action.
 * The load balancers get the weights of the Ingresses at each request, and all target groups the addresses of all
 * EndpointSlices, unless they are held.
 */
#pragma once
#include "kube/plan/query.h"
#include "sim/store.h"

#define LOAD_BALANCERS_MAX 8

enum load_balancers_behavior { BALANCERS_FINE, BALANCERS_AWAY, BALANCERS_THROTTLE, BALANCERS_DENY };

/* The action that a load balancer has. */
struct load_balancer {
	char ingress[64];
	char action[2000]; /* JSON */
};

/* The initial value is all zeroes. */
struct load_balancers {
	enum load_balancers_behavior behavior;
	bool held; /* they keep the weights that they have */
	char targets[2000]; /* XML */
	struct load_balancer at[LOAD_BALANCERS_MAX];
	size_t n;
};

/* Returns whether a request is one to the AWS API of load balancers. */
bool load_balancers_are_queried(const struct request *);

/* Responds to such a request: returns the status (0: none) and sets *ret_body, which the caller frees. `name` is
 * set to the name of the call. */
int load_balancers_respond(
    struct load_balancers *, struct store *, const struct request *, char name[64], char **ret_body);
