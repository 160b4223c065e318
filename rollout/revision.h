/* rollout/revision.h: revisions: ReplicaSets of the pod templates, their numbers, the history limit and the rollback
 * window. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct label_selector;
struct object;
struct rollout_pass;
struct rollout_world;

/* Creates or adopts the new ReplicaSet, or updates its annotations and revision number; sets p->revision. Returns
 * false if it does not exist yet: nothing else can be decided about the new version in this pass. */
bool revision_sync(struct rollout_pass *);

/* Deletes old ReplicaSets without pods beyond spec.revisionHistoryLimit. */
void revision_history(struct rollout_pass *);

/* Returns true if the new ReplicaSet is older than the stable one by no more than spec.rollbackWindow.revisions. */
bool revision_in_window(const struct rollout_world *);

/* Returns the number in the annotation rollout.argoproj.io/revision; 0 without one. */
int64_t revision_of(const struct object *);

/* Returns the selector as JSON, with the pod template hash added. A new reference. */
json_t *revision_selector(const struct label_selector *, const char *hash);

#define REVISION_HISTORY_LIMIT 10 /* the default of spec.revisionHistoryLimit */
