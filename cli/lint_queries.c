/* cli/lint_queries.c: queries of a canary's analysis that sum over both versions. */
#include "cli/lint_queries.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/args.h"
#include "analysis/backtest/threshold.h"
#include "analysis/compare_annotation.h"
#include "base/str.h"
#include "rollout/world.h"

/* Returns the smallest weight of the canary during an analysis; 0: it has none, or all requests. */
static int64_t
lint_weight(const struct canary_strategy *c, const struct analysis_found *analysis)
{
	int64_t weight = 0, least = 0;

	for (size_t i = 0; i < c->steps.n && (analysis->place != OF_STEP || (int64_t)i < analysis->step); i++) {
		if (!c->steps.at[i].set_weight.present)
			continue;
		weight = c->steps.at[i].set_weight.value < 100 ? c->steps.at[i].set_weight.value : 0;
		if (weight > 0 && (least == 0 || weight < least))
			least = weight;
	}
	return analysis->place == OF_STEP ? weight : analysis->place == IN_BACKGROUND ? least : 0;
}

const struct argument *
lint_queries_arguments(struct arena *a, const json_t *rollout, const struct analysis_found *analysis, size_t *ret_n)
{
	struct template_source *sources = arena_new_array(a, struct template_source, analysis->n_templates);
	const struct args_source from = {
		.rollout = rollout, .latest_hash = THRESHOLD_CANARY, .stable_hash = THRESHOLD_STABLE
	};
	struct analysis_spec merged;

	for (size_t i = 0; i < analysis->n_templates; i++) {
		if (analysis->templates[i].template == NULL)
			return NULL;
		sources[i] = (struct template_source){ analysis->templates[i].ref->template_name,
			&analysis->templates[i].template->spec };
	}
	if (args_merge(a, sources, analysis->n_templates, analysis->spec, &from, &merged) != NULL)
		return NULL;
	*ret_n = merged.args.n;
	return args_unresolved(a, merged.args.at, merged.args.n);
}

/* Returns whether a selector has an argument that is not known, or one of the Rollout's two Services. */
static bool
lint_selects_unknown(const struct canary_strategy *c, const struct threshold *t)
{
	for (size_t i = 0; i < t->query.n_selectors; i++)
		for (size_t k = 0; k < t->query.selectors[i].n; k++) {
			const char *value = t->query.selectors[i].matchers[k].value;

			if (args_are_open(value) ||
			    (!str_empty(c->canary_service) && strstr(value, c->canary_service)) ||
			    (!str_empty(c->stable_service) && strstr(value, c->stable_service)))
				return true;
		}
	return false;
}

static bool
lint_sums_versions(struct arena *a, const struct canary_strategy *c, const struct metric *m)
{
	const struct prometheus_metric *prometheus = m->provider.prometheus;
	struct metric_limits limits;
	struct threshold t;

	if (prometheus == NULL || prometheus->range_query != NULL || prometheus->query == NULL ||
	    metric_limits_read(a, m, &limits) != NULL)
		return false;
	threshold_read(a, m, &limits, &t);
	return threshold_sums_versions(&t) && !lint_selects_unknown(c, &t);
}

void
lint_queries(struct problems *p, const json_t *rollout, const struct rollout_world *w,
    const struct analysis_found *analysis, const struct analysis_template *t)
{
	const struct canary_strategy *c = w->rollout->spec.strategy.canary;
	int64_t weight = c != NULL ? lint_weight(c, analysis) : 0;
	_cleanup_(json_decrefp) json_t *compared = NULL;
	struct problems ignored = { .arena = p->arena };
	const char *text = t->spec.metrics, *compare = NULL;
	const struct argument *args;
	struct metric *metrics;
	size_t n, n_args;

	if (weight == 0 || text == NULL ||
	    (args = lint_queries_arguments(p->arena, rollout, analysis, &n_args)) == NULL ||
	    args_substitute(p->arena, text, args, n_args, &text) != NULL ||
	    compare_annotation_merge(p->arena, &t, 1, args, n_args, &compare) != NULL)
		return;
	compared = compare != NULL ? json_loads(compare, 0, NULL) : NULL;
	n = metrics_decode(p->arena, text, "spec.metrics", &ignored, &metrics);
	for (size_t i = 0; i < n; i++)
		if (json_object_get(compared, metrics[i].name) == NULL && lint_sums_versions(p->arena, c, &metrics[i]))
			problem_add(p, arena_printf(p->arena, "spec.metrics[%zu].provider.prometheus.query", i),
			    "sums over both versions, and the canary of Rollout %s begins with %" PRId64
			    " %% of the requests, so that those of the stable version hide it; compare the versions "
			    "(`sluice backtest --propose`), or select the pods of the canary (podTemplateHashValue: "
			    "Latest)",
			    w->rollout->object.meta.name, weight);
}
