/* tests/simulation/facts.h: the state of a rollout, for judges. It is read from stored objects with separate
 * arithmetic: no code is shared with the decisions that are judged. */
#pragma once
#include "tests/simulation/cluster.h"

#define HASH "rollouts-pod-template-hash"

/* Pods of one ReplicaSet. */
struct pod_facts {
	long long wanted, available;
	bool there; /* the ReplicaSet is */
};

/* The traffic as all VirtualServices of the rollout have it, and all its routes of the Gateway API. */
struct traffic_facts {
	bool routed; /* the rollout has a router */
	bool readable; /* every VirtualService and route is there, and splits requests */
	bool opaque; /* one of them splits by other routes, or with another total, which are not read here */
	long long most, least; /* the canary's weight, in the one that has most of it, and least */
	const char *canary_hash, *stable_hash; /* the hashes that the destinations select; NULL: none yet */
	long long others; /* the weight of other destinations, in the route where it is highest */
};

/* Every VirtualService of the rollout has a route of that name: one that leads to the canary, or a mirrored one. */
bool facts_has_route(struct cluster *, const char *name, bool mirror);

/* The label of an object; "" when it has none. */
const char *facts_label(const json_t *object);
/* The ReplicaSet of a hash that the rollout owns, or NULL. */
const json_t *facts_replicaset(struct cluster *, const char *hash);
struct pod_facts facts_pods(struct cluster *, const char *hash);
/* All ReplicaSets that the rollout owns; of those that are not `except` (NULL: none) what they want, and what is
 * available of it. */
struct pod_facts facts_all_pods(struct cluster *, const char *except);
struct traffic_facts facts_traffic(struct cluster *);

/* spec.replicas. */
long long facts_replicas(const json_t *rollout);
/* A number, or a percentage of `of`, rounded up or down; without it 25 %. */
long long facts_limit(const json_t *value, long long of, bool up);
/* maxSurge and maxUnavailable of a rollout with that number of replicas, as documented: never both 0. */
void facts_limits(const json_t *rollout, long long replicas, long long *ret_surge, long long *ret_unavailable);
/* The pods that a percentage of `replicas` comes to, rounded up. */
long long facts_share(long long percent, long long replicas);

/* The canary's steps; an empty list when there are none. Borrowed. */
const json_t *facts_steps(const json_t *rollout);
/* The weight that a canary has at a step: the last setWeight up to it; 0 before the first, 100 behind the last step. */
long long facts_step_weight(const json_t *steps, long long index);
/* The setCanaryScale in force at a step; NULL: pods follow the weight. */
const json_t *facts_step_scale(const json_t *steps, long long index);
/* Milliseconds of a pause; -1: until a user promotes. */
int64_t facts_pause_ms(const json_t *pause);

/* The object is the rollout's: its controller owner is of that kind. */
bool facts_owned(const json_t *object, const char *kind);
