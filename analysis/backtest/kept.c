/* analysis/backtest/kept.c: reads the ReplicaSets and AnalysisRuns of a Rollout. */
#include "analysis/backtest/kept.h"
#include <stdlib.h>
#include "analysis/compare_annotation.h"
#include "base/json.h"
#include "base/str.h"

static bool
kept_owned(const struct object *o, const char *uid)
{
	const struct owner *owner = object_controller(o);

	return owner != NULL && uid != NULL && str_eq(owner->uid, uid);
}

static int
kept_compare_revisions(const void *a, const void *b)
{
	const struct kept_version *x = a, *y = b;

	return (x->revision > y->revision) - (x->revision < y->revision);
}

static int
kept_compare_runs(const void *a, const void *b)
{
	const struct analysis_run *const *x = a, *const *y = b;
	int64_t x_at = (*x)->object.meta.creation_timestamp, y_at = (*y)->object.meta.creation_timestamp;

	return (x_at > y_at) - (x_at < y_at);
}

static void
kept_add_versions(struct arena *a, const json_t *items, const char *uid, struct kept *ret)
{
	const json_t *item;
	size_t i;

	ret->versions = arena_new_array(a, struct kept_version, json_array_size(items));
	json_array_foreach (items, i, item) {
		const struct object *o = object_decode(&replicaset_type, item, a);
		const char *hash = object_label(o, LABEL_POD_TEMPLATE_HASH);
		long long revision = 0;

		if (!kept_owned(o, uid) || hash == NULL || ret->n_versions == KEPT_MAX ||
		    !str_int(object_annotation(o, ANNOTATION_REVISION) ?: "", 1, INT32_MAX, &revision))
			continue;
		ret->versions[ret->n_versions++] = (struct kept_version){ hash, revision, o->meta.creation_timestamp };
	}
	qsort(ret->versions, ret->n_versions, sizeof(*ret->versions), kept_compare_revisions);
}

/* Returns whether a run has the metrics of the template: its template is not in its status. */
static bool
kept_has_metrics(struct arena *a, const struct analysis_run *run, const struct metric_set *set)
{
	struct problems problems = { .arena = a };
	struct metric *metrics = NULL;
	size_t n = run->spec.metrics != NULL ? metrics_decode(a, run->spec.metrics, "metrics", &problems, &metrics) : 0;

	for (size_t i = 0; i < set->n; i++) {
		size_t k = 0;

		while (k < n && !str_eq(metrics[k].name, set->metrics[i].name))
			k++;
		if (k == n)
			return false;
	}
	return true;
}

static void
kept_add_runs(struct arena *a, const json_t *items, const char *uid, const struct metric_set *set, struct kept *ret)
{
	const json_t *item;
	size_t i;

	ret->runs = arena_new_array(a, const struct analysis_run *, json_array_size(items));
	json_array_foreach (items, i, item) {
		const struct analysis_run *run =
		    (const struct analysis_run *)object_decode(&analysis_run_type, item, a);

		if (kept_owned(&run->object, uid) && ret->n_runs < KEPT_MAX &&
		    object_label(&run->object, LABEL_POD_TEMPLATE_HASH) != NULL && kept_has_metrics(a, run, set))
			ret->runs[ret->n_runs++] = run;
	}
	qsort(ret->runs, ret->n_runs, sizeof(struct analysis_run *), kept_compare_runs);
}

struct kept
kept_read(
    struct arena *a, const json_t *replicasets, const json_t *runs, const char *uid, const struct metric_set *metrics)
{
	struct kept k = { 0 };

	kept_add_versions(a, json_object_get(replicasets, "items"), uid, &k);
	kept_add_runs(a, json_object_get(runs, "items"), uid, metrics, &k);
	return k;
}

const struct kept_version *
kept_version(const struct kept *k, const char *hash)
{
	for (size_t i = 0; i < k->n_versions; i++)
		if (str_eq(k->versions[i].hash, hash))
			return &k->versions[i];
	return NULL;
}

const struct kept_version *
kept_before(const struct kept *k, const struct kept_version *v)
{
	const struct kept_version *before = NULL;

	for (size_t i = 0; i < k->n_versions; i++)
		if (k->versions[i].revision < v->revision)
			before = &k->versions[i];
	return before;
}

const struct analysis_run *
kept_run(const struct kept *k, const char *hash, int64_t from, int64_t to)
{
	for (size_t i = 0; i < k->n_runs; i++) {
		const struct object *o = &k->runs[i]->object;

		if (str_eq(object_label(o, LABEL_POD_TEMPLATE_HASH), hash) && o->meta.creation_timestamp >= from &&
		    o->meta.creation_timestamp <= to)
			return k->runs[i];
	}
	return NULL;
}

enum run_phase
kept_phase(const struct analysis_run *run, const char *metric)
{
	for (size_t i = 0; i < run->status.metric_results.n; i++)
		if (str_eq(run->status.metric_results.at[i].name, metric))
			return run_phase_named(run->status.metric_results.at[i].phase);
	return RUN_NONE;
}

size_t
kept_comparisons(const struct analysis_run *run, struct arena *a)
{
	struct problems problems = { .arena = a };
	struct metric *metrics;
	size_t n_metrics, n = 0;

	if (compare_annotation_apply(a, run, &run) != NULL || run->spec.metrics == NULL)
		return 0;
	n_metrics = metrics_decode(a, run->spec.metrics, "spec.metrics", &problems, &metrics);
	for (size_t i = 0; i < n_metrics; i++)
		n += metrics[i].provider.plugin != NULL && metrics[i].provider.plugin->compare != NULL;
	return n;
}
