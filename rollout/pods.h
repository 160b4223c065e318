/* rollout/pods.h: the pods of a rollout. They are not watched, but listed when they are needed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct pod;
struct replicaset;
struct rollout_pass;

/* Returns the pods, or NULL: the list has been requested, and a later pass gets it. `purpose` names the request: the
 * list of another purpose may be older. In the arena. */
const struct pod *const *pods_list(struct rollout_pass *, const char *purpose, size_t *ret_n);

/* Returns true if the ReplicaSet is the pod's controller. */
bool pod_is_of(const struct pod *, const struct replicaset *);
