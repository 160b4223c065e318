/* cli/plan/source.h: the Rollout of a command that plays its next update, from files (-f) or from the cluster. */
#pragma once
#include "cli/cli.h"
#include "cli/plan/objects.h"

/* The flags that plan_read reads. */
#define PLAN_FLAGS                                                                                                     \
	{ .name = "filename",                                                                                          \
		.letter = 'f',                                                                                         \
		.value = "FILE",                                                                                       \
		.text =                                                                                                \
		    "File or folder with the Rollout and what it refers to, instead of the cluster; the arguments "    \
		    "are further ones; - is standard input",                                                           \
		.repeats = true },                                                                                     \
	    { .name = "rollout", .value = "[NAMESPACE/]NAME", .text = "Rollout in the files, if there are several" },  \
	{                                                                                                              \
		.name = "ready", .value = "DURATION",                                                                  \
		.text = "Time from the creation of a pod to its readiness (default: 5s and the initial delay of its "  \
			"readiness probe)"                                                                             \
	}

/* Reads the Rollout and what it refers to, and --ready, or its default. Returns 0, or 1 after printing the error.
 * plan_objects_done frees *ret in any case. */
int plan_read(struct cli *, enum plan_metrics, struct plan_objects *ret, int64_t *ret_ready_ms);
