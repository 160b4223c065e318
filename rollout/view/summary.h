/* rollout/view/summary.h: what people are told of a rollout, in numbers and words: for the terminal's tree and the dashboard. */
#pragma once
#include "kube/api/replicaset.h"

/* What a version is to its rollout; an old one is nothing. */
enum role { ROLE_STABLE = 1, ROLE_CANARY = 2, ROLE_ACTIVE = 4, ROLE_PREVIEW = 8, ROLE_PING = 16, ROLE_PONG = 32 };

/* Roles as bits. */
unsigned summary_roles(const struct rollout *, const struct replicaset *);

/* The phase as it is shown: Progressing before the controller has written one, and while it has not seen the spec, or a promotion, yet:
 * what the status says then is of before. *ret_message (may be NULL) is why, or NULL. */
const char *summary_phase(const struct rollout *, const char **ret_message);

/* spec.replicas, as Kubernetes defaults it. */
int64_t summary_desired(const struct rollout *);

/* The weight (percent) of the present step; 0 when it is aborted or no canary. */
int64_t summary_set_weight(const struct rollout *);

/* The traffic (percent) that the new version gets: what the router was seen to say; without one, its share of the pods that are
 * available. `sets` are the rollout's ReplicaSets. */
int64_t summary_actual_weight(const struct rollout *, const struct object *const *sets, size_t n);

/* ScaledDown, Healthy or Progressing. */
const char *summary_replicaset(const struct replicaset *);

/* rollout.argoproj.io/revision of whatever has it; 0: none. */
int64_t summary_revision(const struct object *);

/* The images of a pod template (JSON; NULL: none), commas between. In the arena. */
const char *summary_images(struct arena *, const char *template);

/* One character for a phase of a rollout, run, experiment or measurement, or for a pod's status; and a terminal's color. */
struct summary_icon {
	const char *icon;
	const char *color; /* of ECMA-48: "32"; "" for none */
};

struct summary_icon summary_icon(const char *status);
