/* rollout/view/summary.h: a rollout in numbers and words, for the tree of the command line and the dashboard. */
#pragma once
#include "kube/api/replicaset.h"

/* The roles of a version in its rollout; an old version has none. */
enum role { ROLE_STABLE = 1, ROLE_CANARY = 2, ROLE_ACTIVE = 4, ROLE_PREVIEW = 8, ROLE_PING = 16, ROLE_PONG = 32 };

/* Returns the roles as bits. */
unsigned summary_roles(const struct rollout *, const struct replicaset *);

/* Returns the phase to show: Progressing before the controller has written one, and until it has observed the current
 * spec or a promotion, as the status is older. Sets *ret_message (may be NULL) to the reason, or NULL. */
const char *summary_phase(const struct rollout *, const char **ret_message);

/* Returns spec.replicas, or the default of Kubernetes. */
int64_t summary_desired(const struct rollout *);

/* Returns the weight (percent) of the current step; 0 for an aborted update, and without a canary. */
int64_t summary_set_weight(const struct rollout *);

/* Returns the traffic (percent) of the new version as observed; without a router, its share of the available pods.
 * `sets` are the rollout's ReplicaSets. */
int64_t summary_actual_weight(const struct rollout *, const struct object *const *sets, size_t n);

/* Returns ScaledDown, Healthy or Progressing. */
const char *summary_replicaset(const struct replicaset *);

/* Returns the number in the annotation rollout.argoproj.io/revision; 0 without one. */
int64_t summary_revision(const struct object *);

/* Returns the images of a pod template (JSON; NULL: none), separated by commas. In the arena. */
const char *summary_images(struct arena *, const char *template);

/* One character for a phase of a rollout, run, experiment or measurement, or for a pod's status; and a terminal's
 * color. */
struct summary_icon {
	const char *icon;
	const char *color; /* of ECMA-48: "32"; "" for none */
};

/* Returns the icon of a phase or status. */
struct summary_icon summary_icon(const char *status);
