/* cli/simulate/faults.h: the faults of --bad. */
#pragma once
#include "cli/simulate/world.h"

/* A new version whose updates are simulated. */
struct version_fault {
	const char *text; /* as given; "good": it has no fault */
	struct world_fault fault;
};

/* Reads a fault: parts separated by commas, such as "errors=5x", "errors=+2%", "latency=1.5x", "crash@40%",
 * "leak=10%/min" and "late@5m"; the last one alone is errors=5x, later. Returns an error that names what is wrong and
 * what is known. */
struct err *faults_read(struct arena *, const char *text, struct version_fault *ret);

/* Returns whether all that differs is the ratio of the error rates. */
bool faults_is_ratio(const struct world_fault *);

/* Reads a share: "1%" or 0.01, in [0, 1]. */
bool faults_share(const char *text, double *ret);
