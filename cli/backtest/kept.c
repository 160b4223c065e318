/* cli/backtest/kept.c: reads the ReplicaSets and AnalysisRuns of a Rollout. */
#include "cli/backtest/kept.h"
#include <stdlib.h>
#include "base/str.h"
#include "kube/client.h"

static int
kept_list(struct cli *c, const struct type *t, json_t **ret)
{
	struct err *e = cli_call_list(c, t, client_path(c->arena, t, c->namespace, NULL, NULL), ret);

	return e != NULL ? cli_error(c, e) : 0;
}

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
kept_add_versions(struct cli *c, const json_t *items, const char *uid, struct kept *ret)
{
	const json_t *item;
	size_t i;

	ret->versions = arena_new_array(c->arena, struct kept_version, json_array_size(items));
	json_array_foreach (items, i, item) {
		const struct object *o = object_decode(&replicaset_type, item, c->arena);
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
kept_add_runs(struct cli *c, const json_t *items, const char *uid, const struct metric_set *set, struct kept *ret)
{
	const json_t *item;
	size_t i;

	ret->runs = arena_new_array(c->arena, const struct analysis_run *, json_array_size(items));
	json_array_foreach (items, i, item) {
		const struct analysis_run *run =
		    (const struct analysis_run *)object_decode(&analysis_run_type, item, c->arena);

		if (kept_owned(&run->object, uid) && ret->n_runs < KEPT_MAX &&
		    object_label(&run->object, LABEL_POD_TEMPLATE_HASH) != NULL && kept_has_metrics(c->arena, run, set))
			ret->runs[ret->n_runs++] = run;
	}
	qsort(ret->runs, ret->n_runs, sizeof(struct analysis_run *), kept_compare_runs);
}

int
kept_read(struct cli *c, const json_t *rollout, const struct metric_set *set, struct kept *ret)
{
	const char *uid = json_str(json_object_get(rollout, "metadata"), "uid");
	_cleanup_(json_decrefp) json_t *sets = NULL, *runs = NULL;

	*ret = (struct kept){ 0 };
	if (kept_list(c, &replicaset_type, &sets) != 0 || kept_list(c, &analysis_run_type, &runs) != 0)
		return 1;
	kept_add_versions(c, json_object_get(sets, "items"), uid, ret);
	kept_add_runs(c, json_object_get(runs, "items"), uid, set, ret);
	return 0;
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
