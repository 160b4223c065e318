/* analysis/settings.h: the names of the settings of the process (struct pass) that providers read. */
#pragma once

/* The address for Prometheus metrics that have none. */
#define PROMETHEUS_ADDRESS "prometheus-address"

/* Present when Jobs are created in another cluster, or in another namespace, than their runs. They have no owner
 * then. */
#define JOBS_ELSEWHERE "jobs-elsewhere"

/* The namespace of all Jobs; not present: that of their runs. */
#define JOBS_NAMESPACE "jobs-namespace"

/* The namespaces in which Jobs may be created, as globs separated by commas; not present: all. */
#define JOBS_ALLOWED "job-namespaces"
