/* kube/api/job.h: Job of batch/v1, as far as it is read. */
#pragma once
#include "kube/api/rollout.h"

#define LABEL_ANALYSIS_RUN_UID "analysisrun.argoproj.io/uid"
#define ANNOTATION_ANALYSIS_RUN_NAME "analysisrun.argoproj.io/name"
#define ANNOTATION_ANALYSIS_RUN_METRIC "analysisrun.argoproj.io/metric-name"

struct job_status {
	int64_t active; /* the number of pods that are not finished */
	int64_t ready; /* the number of these that are ready */
	LIST_OF(struct condition) conditions;
};

struct job {
	struct object object;
	struct job_status status;
};

extern const struct type job_type;
