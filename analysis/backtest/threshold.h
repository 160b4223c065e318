/* analysis/backtest/threshold.h: metrics with a query and conditions, in a placebo release.
 *
 * A query of a known form is evaluated in this process, on the counters that Prometheus has, but for those of the pods
 * that play the canary: these are drawn, thinned and made worse as for a comparison (analysis/backtest/placebo.h), and
 * begin at 0 with the release, as those of new pods do. Of any other query the result itself is made worse.
 */
#pragma once
#include "analysis/metric_phase.h"
#include "analysis/backtest/schedule.h"
#include "analysis/compare/counters.h"
#include "analysis/compare/matrix.h"
#include "analysis/promql/promql.h"

/* Stand for the hashes of the versions in the query. */
#define THRESHOLD_CANARY "placebocanary"
#define THRESHOLD_STABLE "placebostable"

#define THRESHOLD_SELECTORS 2 /* of a known form */
#define THRESHOLD_BOUNDS_MAX 200

enum threshold_form {
	THRESHOLD_RESULT, /* not known */
	THRESHOLD_BAD, /* sum(rate(bad)) / sum(rate(all)) */
	THRESHOLD_GOOD, /* sum(rate(good)) / sum(rate(all)) */
	THRESHOLD_QUANTILE, /* histogram_quantile(q, sum by (le) (rate(buckets))) */
};

enum threshold_worse { THRESHOLD_UNKNOWN, THRESHOLD_MORE, THRESHOLD_LESS };

struct threshold {
	const struct metric *metric; /* of the provider prometheus, without a range query */
	const struct metric_limits *limits;
	enum threshold_form form;
	enum threshold_worse worse; /* by the conditions */
	struct promql query; /* of a known form */
	int64_t range_ms; /* the longest window of it */
};

/* Recognizes the form of a metric's query. Everything is in the arena, or borrowed. */
void threshold_read(struct arena *, const struct metric *, const struct metric_limits *, struct threshold *ret);

/* Returns the query with the hashes of versions in place of those above. */
const char *threshold_query(struct arena *, const char *query, const char *canary, const char *stable);

/* Returns whether the selector has a matcher like this one. */
bool threshold_has_matcher(const struct promql_selector *, const struct promql_matcher *);

/* Returns whether a query of a known form has no matcher that names one of the versions: it sums over both. */
bool threshold_sums_versions(const struct threshold *);

/* Returns the selector whose series include those of this one: itself, or a less narrow one. */
size_t threshold_source(const struct promql *, size_t selector);

/* A time without a release. */
struct threshold_window {
	const struct threshold *threshold;
	const char *rollout, *hash; /* whose pods play the canary */
	struct promql query; /* with the hash of the stable version, and THRESHOLD_CANARY */
	struct promql_data data[THRESHOLD_SELECTORS]; /* the series of each selector, as they were */
	struct matrix_grid grid; /* of the counters */
	size_t first; /* the first column of the release */
	const char *le[THRESHOLD_BOUNDS_MAX]; /* of THRESHOLD_QUANTILE: texts and values of the bounds, without +Inf */
	double bounds[THRESHOLD_BOUNDS_MAX];
	size_t n_bounds;
	bool canary[THRESHOLD_SELECTORS]; /* the selector has the canary's pods */
};

/* Converts the series of a response. Labels are in the arena. */
struct promql_data threshold_data_of(struct arena *, const struct matrix_points *, size_t n);

/* Sets the bounds and `canary`, and *ret to the settled counters of the pods. Fails if the series have no pods. */
struct err *threshold_counters(struct threshold_window *, struct arena *, struct counters *ret);

/* Sets ret, one for each selector, to the series of a release. `drawn` are the counters of its pods, those of the
 * canary first (placebo_counters). */
void threshold_release(const struct threshold_window *, const struct counters *drawn, size_t canary, struct arena *,
    struct promql_data *ret);

/* Evaluates a query as a measurement does. */
struct schedule_value threshold_value(const struct promql *, const struct promql_data *, int64_t at, struct arena *);

/* Returns the series that a selector has. */
struct promql_data threshold_selected(const struct promql_selector *, const struct promql_data *, struct arena *);

/* Returns the text of a selector, without matchers that name a version and without the window. In the arena. */
const char *threshold_selector(struct arena *, const struct promql_selector *);

/* Returns the last selector, without matchers that name a version: that of all requests, of all pods. In the arena. */
const char *threshold_pods_selector(struct arena *, const struct promql *);
