/* tests/simulation/stories.h: recordings of Argo Rollouts (tests/data/traces), and how each story is played here. */
#pragma once
#include "tests/simulation/cluster.h"

struct story {
	const char *name, *manifests, *rollout;
	double metric;
	bool (*play)(struct cluster *);
	const char
	    /* "weights": those of Argo Rollouts must not be repeated; "end": its recording stops before all is
	     * settled */
	    *skip;
};

/* Ended by one without a name. */
extern const struct story stories[];

/* The lines of a recording: what the user did, and every change that was seen. A new reference. */
json_t *story_recording(const char *name);

/* Plays one in a cluster of separate processes, over HTTP and in real time, and compares it with the recording as in
 * virtual time. Prints ok or not ok. */
bool story_in_cluster(const char *name, const char *sluice, const struct remote_place *);

/* Plays one and shows what happened. */
bool story_show(const char *name);
