/* kube/api/session_affinity.h: the annotation of a Rollout that keeps a user on the canary once they were there. It is
 * an annotation because a definition of Rollouts that lacks the field would drop it. */
#pragma once
#include "kube/api/meta.h"

/* YAML of the struct below. */
#define ANNOTATION_SESSION_AFFINITY "sluice.argoproj.io/session-affinity"

struct session_affinity {
	const char *cookie_name;
	int64_t max_age; /* seconds, > 0: the life of the cookie */
};

/* Sets *ret to the annotation of the object, in the arena. *ret_present: whether there is one. Returns an error if it
 * is invalid; *ret is then untouched. */
struct err *session_affinity_read(
    struct arena *, const struct object *, struct session_affinity *ret, bool *ret_present);
