/* cli/backtest/replicasets.c: the query of past ReplicaSets, and its response. */
#include "cli/backtest/replicasets.h"
#include "analysis/backtest/threshold.h"
#include "analysis/compare/config.h"

struct matrix_grid
replicasets_grid(int64_t end, int64_t length_ms)
{
	int64_t step = REPLICASETS_STEP_MS * (1 + length_ms / ((int64_t)REPLICASETS_COLUMNS * REPLICASETS_STEP_MS));

	if (length_ms < 120ll * REPLICASETS_STEP_MS)
		step = length_ms / 120 / REPLICASETS_STEP_MIN_MS * REPLICASETS_STEP_MIN_MS;
	if (step < REPLICASETS_STEP_MIN_MS)
		step = REPLICASETS_STEP_MIN_MS;
	return (struct matrix_grid){
		.start = end - length_ms / step * step, .step = step, .columns = (size_t)(length_ms / step) + 1
	};
}

/* Returns the selector of a metric's pods, as that of a comparison; false: its form is not known. */
static bool
replicasets_selector(struct arena *a, const struct subject *s, size_t metric, struct compare_metric *ret)
{
	const struct metric_provider *p = &s->set.metrics[metric].provider;
	struct threshold threshold;

	if (p->plugin != NULL && p->plugin->compare != NULL) {
		*ret = *p->plugin->compare;
		return true;
	}
	if (p->prometheus == NULL || p->prometheus->range_query != NULL)
		return false;
	threshold_read(a, &s->set.metrics[metric], &s->set.limits[metric], &threshold);
	*ret = (struct compare_metric){ 0 };
	if (threshold.form != THRESHOLD_RESULT)
		ret->total = threshold_pods_selector(a, &threshold.query);
	return ret->total != NULL;
}

static struct err *
replicasets_query(struct arena *a, const struct subject *s, const char **ret)
{
	struct compare_metric of;

	for (size_t i = 0; i < s->set.n; i++)
		if (replicasets_selector(a, s, i, &of)) {
			struct err *e = config_replicasets_query(a, &of, s->rollout, ret);

			return e != NULL ? err_wrap(a, e, "metric %s", s->set.metrics[i].name) : NULL;
		}
	return err_new(a, ERR_INVALID,
	    "no query has a form that is evaluated here (docs/backtest.md), so that the times of releases are not "
	    "known");
}

struct err *
replicasets_read(struct history *h, const struct subject *s, struct past *ret)
{
	struct arena *a = h->cli->arena;
	struct response got;
	const char *query;
	struct err *e;

	if ((e = replicasets_query(a, s, &query)) != NULL)
		return e;
	got = history_query(h, a, query, &ret->grid);
	if ((e = matrix_read(a, &got, &ret->grid, past_read_replicaset, ret)) != NULL)
		return err_wrap(a, e, "%s", query);
	return ret->n > 0
		   ? NULL
		   : err_new(a, ERR_INVALID, "Prometheus has no pods of the Rollout %s: the result of %s is empty",
			 s->rollout, query);
}
