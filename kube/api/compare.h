/* kube/api/compare.h: the metric provider sluice/compare, and the release that an AnalysisRun compares.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes. Numbers are JSON texts:
 * 1.25, 0.01 or "1%".
 */
#pragma once
#include "kube/api/analysis.h"

struct compare_limit {
	const char *ratio, *share; /* JSON; NULL if absent */
};

struct compare_metric {
	const char *bad, *total; /* selectors of counters */
	const char *slow; /* selector of a histogram; instead of bad and total */
	const char *canary, *stable; /* matchers of the series of a version; NULL: by the names of its pods */
	const char *by; /* the label with the name of the pod; NULL: pod, or none with canary and stable */
	struct compare_limit tolerate, catch;
	const char *false_alarms, *misses; /* JSON */
	struct duration step, warmup, wait;
	const char *otherwise, *holds, *since, *until; /* by choices; NULL: the default */
	const char *address;
	struct opt_int timeout; /* seconds */
	bool insecure;
	const char *ca_cert;
	LIST_OF(struct metric_header) headers;
	const struct metric_authentication *authentication;
};

struct metric_plugin {
	const struct compare_metric *compare;
	const struct hook_metric *hook;
	const struct dynatrace_metric *dynatrace;
	const struct google_metric *google;
};

extern const struct type compare_metric_type, metric_plugin_type;

#define COMPARE_NAME "sluice/compare"

/* Comparisons by the names of metrics, which they replace: YAML on a template, JSON on a run. */
#define ANNOTATION_COMPARE "sluice.argoproj.io/compare"

/* On an AnalysisRun with a comparison: JSON of the struct below. Its Rollout writes it. */
#define ANNOTATION_RELEASE "sluice.argoproj.io/release"

struct release_weight {
	int64_t at; /* wall ms */
	int64_t weight;
};

struct compared_release {
	const char *rollout, *canary, *stable; /* the name; pod template hashes */
	int64_t since; /* wall ms: the start of the update */
	int64_t replicas; /* of the Rollout, when the run was created; 0: not known */
	bool in_background; /* the weight can change during the analysis */
	LIST_OF(struct release_weight) weights; /* changes since the run was created, the oldest first */
};

#define RELEASE_WEIGHTS_MAX 60 /* later changes of the weight are not recorded */

extern const struct type compared_release_type;

/* In the metadata of a measurement by a comparison, under COMPARE_COURSE: how the evidence grew. The lists have the
 * same number of elements, COMPARE_COURSE_MAX at most. Read by course_read (analysis/compare/course.h). */
struct compared_course {
	int64_t from, to; /* wall ms: the start of the first bin, the end of the last one */
	int64_t every; /* s between two points; the last one, at `to`, may follow sooner */
	const char *stop, *pass; /* JSON lists of integers: evidence, in thousandths of its decimal logarithm */
	const char *canary, *stable; /* the same: bad requests of a million since the last point; null: no request */
	const char *stop_at, *pass_at; /* JSON numbers: evidence for a verdict */
	const char *bound; /* seconds, above which requests are bad; NULL: bad ones are errors */
};

#define COMPARE_COURSE "course"
#define COMPARE_COURSE_MAX 64

extern const struct type compared_course_type;
