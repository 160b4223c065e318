/* rollout/pods.h: the pods of a rollout. They are not watched, but listed when they are needed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct pod;
struct replicaset;
struct rollout_pass;

/* Returns the pods of the Rollout, in the arena. Returns NULL if the list was not read yet, or could not be read,
 * which is reported; it is then requested (again). Each `purpose` has its own list, which may be older than that of
 * another. */
const struct pod *const *pods_list(struct rollout_pass *, const char *purpose, size_t *ret_n);

/* Returns true if the ReplicaSet is the pod's controller. */
bool pod_is_of(const struct pod *, const struct replicaset *);
