/* rollout/affinity.h: antiAffinity: pods of the new version avoid nodes of the stable one. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

struct replicaset;
struct rollout_pass;

/* Adds the term that keeps pods from the nodes of the stable version. */
void affinity_add(const struct rollout_pass *, json_t *template);

/* Removes the terms that keep pods from the nodes of another version. */
void affinity_remove(json_t *template);

/* Returns true if the ReplicaSet lacks the term; *ret is the affinity that it should have, a new reference. */
bool affinity_is_stale(const struct rollout_pass *, const struct replicaset *, json_t **ret);
