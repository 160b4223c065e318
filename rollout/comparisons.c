/* rollout/comparisons.c: the annotation of AnalysisRuns that compare versions. A run alone does not know the stable
 * version and the weights of its update, and must not depend on a Rollout that may have changed since. */
#include "rollout/comparisons.h"
#include "analysis/args.h"
#include "analysis/metric_phase.h"
#include "analysis/compare/config.h"
#include "analysis/compare_annotation.h"
#include "analysis/provider.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/compare.h"
#include "rollout/analysis_templates.h"
#include "rollout/pass.h"
#include "rollout/step_target.h"

bool
comparisons_are_used(const struct analysis_found *f)
{
	for (size_t i = 0; i < f->n_templates; i++) {
		const struct analysis_template *t = f->templates[i].template;

		if (t != NULL && t->spec.metrics != NULL &&
		    (object_annotation(&t->object, ANNOTATION_COMPARE) != NULL ||
			provider_is_used(&compare_provider, t->spec.metrics)))
			return true;
	}
	return false;
}

/* The weight as it was last observed; without a router, the one that the step requires. */
static int64_t
comparisons_weight(const struct rollout_pass *p)
{
	const struct routing *r = &p->w->routing;

	return p->w->routers.n > 0 && p->w->routing_err == NULL ? r->weight_min : target_of(p).weight;
}

/* The start of the update is in the status, but not that of one that begins or is retried in this pass. */
json_t *
comparisons_release(const struct rollout_pass *p, bool in_background)
{
	int64_t now = time_stored(p->w->now), started = p->st.duration.rollout_started_at;
	bool begins = p->change != CHANGE_NONE || p->retried || p->was->aborted_at != 0 || started == 0;
	struct release_weight weight = { .at = now, .weight = in_background ? comparisons_weight(p) : 0 };
	struct compared_release release = { .rollout = p->w->rollout->object.meta.name,
		.canary = p->w->hash,
		.stable = p->st.stable_rs,
		.since = begins ? now : started,
		.replicas = p->replicas,
		.in_background = in_background,
		.weights = { &weight, in_background ? 1 : 0 } };
	_cleanup_(json_decrefp) json_t *j = encode(&compared_release_type, &release);

	return json_string(json_text(p->arena, j));
}

void
comparisons_record_weight(struct rollout_pass *p, const struct analysis_run *run)
{
	const char *text = object_annotation(&run->object, ANNOTATION_RELEASE);
	int64_t weight = comparisons_weight(p);
	struct compared_release release = { 0 };
	struct release_weight *weights;
	json_t *j;

	if (text == NULL || phase_is_final(run->status.phase) || run->spec.terminate)
		return;
	decode_text(&compared_release_type, text, p->arena, &release);
	if (!release.in_background || release.weights.n >= RELEASE_WEIGHTS_MAX ||
	    (release.weights.n > 0 && release.weights.at[release.weights.n - 1].weight == weight))
		return;
	weights = arena_new_array(p->arena, struct release_weight, release.weights.n + 1);
	if (release.weights.n > 0)
		memcpy(weights, release.weights.at, release.weights.n * sizeof(*weights));
	weights[release.weights.n] = (struct release_weight){ .at = time_stored(p->w->now), .weight = weight };
	release.weights.at = weights;
	release.weights.n++;
	j = encode(&compared_release_type, &release);
	plan_merge(p->plan, &run->object,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_RELEASE, json_text(p->arena, j)));
	json_decref(j);
	plan_reason(p->plan, "analysis run %s is compared at weight %lld", run->object.meta.name, (long long)weight);
}

/* A metric has ended before its run if another one of the run, such as a threshold without a count, never does. */
static bool
comparisons_has_ended(const struct analysis_run *run, const char *metric)
{
	for (size_t i = 0; i < run->status.metric_results.n; i++) {
		const struct metric_result *r = &run->status.metric_results.at[i];

		if (str_eq(r->name, metric))
			return r->dry_run || phase_is_final(r->phase);
	}
	return false;
}

bool
comparisons_hold(const struct rollout_pass *p, const struct analysis_run *run)
{
	_cleanup_(json_decrefp) json_t *metrics = NULL;
	struct err *e = compare_annotation_apply(p->arena, run, &run);
	const char *text = run->spec.metrics;
	const struct argument *args;
	json_t *metric;
	bool holds = false;
	size_t i;

	if (e != NULL || phase_is_final(run->status.phase) || !provider_is_used(&compare_provider, text))
		return false;
	args = args_unresolved(p->arena, run->spec.args.at, run->spec.args.n);
	if (args_substitute(p->arena, text, args, run->spec.args.n, &text) != NULL)
		return false;
	metrics = json_loads(text, 0, NULL);
	json_array_foreach (metrics, i, metric) {
		const json_t *compare = json_at(metric, "/provider/plugin/sluice~1compare");

		holds |= compare != NULL && !comparisons_has_ended(run, json_str(metric, "name")) &&
			 config_holds(&(struct compare_metric){
			     .holds = json_str(compare, "holds"), .until = json_str(compare, "until") });
	}
	return holds;
}
