/* sim/jobs.h: the Job controller of the laptop cluster.
 *
 * The laptop cluster's Job controller, and the kubelet of such Pods: nothing is run, sim/command.h says what a
 * command comes to. A Job has one Pod at a time; one that fails is followed by another until backoffLimit is passed.
 */
#pragma once
#include "sim/store.h"

struct jobs;

struct jobs_settings {
	int64_t begin_ms; /* from a Pod's creation to its beginning */
	const char *broken_tag; /* an image with this tag cannot be pulled; NULL: none */
	const char *node;
};

struct jobs *jobs_new(struct loop *, struct store *, const struct jobs_settings *);
struct jobs *jobs_free(struct jobs *);
