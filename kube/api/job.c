/* kube/api/job.c: Job of batch/v1: the rows of its fields. */
#include "kube/api/job.h"

static const struct field job_status_fields[] = {
	INT(job_status, active, "active", .min = 0, .max = INT32_MAX),
	INT(job_status, ready, "ready", .min = 0, .max = INT32_MAX),
	LIST(job_status, conditions, "conditions", condition),
};
TYPE(job_status, "Job's status");

static const struct field job_fields[] = {
	EMBED(job, status, "status", job_status),
};
TYPE(job, "Job", .group = "batch", .version = "v1", .plural = "jobs", .kind = "Job", .has_status = true);
