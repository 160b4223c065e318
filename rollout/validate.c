/* rollout/validate.c: what is wrong with a rollout or with what it refers to. The first finding, worded as clients know it:
 * `The Rollout "name" is invalid: field: …`. */
#include <inttypes.h>
#include <string.h>
#include "analysis/args.h"
#include "analysis/spec.h"
#include "base/str.h"
#include "rollout/world.h"

#define CANARY "spec.strategy.canary"

static const char *
service_problem(struct arena *a, const char *field, const char *name, const struct service *s, const struct world *w)
{
	const char *manager;

	if (name == NULL)
		return NULL;
	if (s == NULL)
		return arena_printf(
		    a, "%s.%s: Invalid value: \"%s\": service \"%s\" not found", CANARY, field, name, name);
	if ((manager = managed_by_other(w->rollout, w->view, &s->object)) != NULL)
		return arena_printf(a, "%s.%s: Invalid value: \"%s\": the service is managed by rollout \"%s\"", CANARY,
		    field, name, manager);
	return NULL;
}

static const char *
step_problem(struct arena *a, const struct canary_strategy *c)
{
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct canary_step *s = &c->steps.at[i];
		const struct canary_scale *scale = s->set_canary_scale;
		int n = s->set_weight.set + (s->pause != NULL) + (scale != NULL) + (s->analysis != NULL);

		if (n != 1)
			return arena_printf(a,
			    "%s.steps[%zu]: Invalid value: has %s of setWeight, pause, setCanaryScale, analysis; one "
			    "is needed",
			    CANARY, i, n == 0 ? "none" : "several");
		if (s->pause != NULL && pause_duration(s->pause) == -2)
			return arena_printf(a,
			    "%s.steps[%zu].pause.duration: \"%s\" is neither seconds nor a duration such as 10m",
			    CANARY, i, s->pause->duration);
		if (scale != NULL && c->traffic_routing == NULL)
			return arena_printf(a,
			    "%s.steps[%zu].setCanaryScale: Invalid value: can only be used with traffic routing",
			    CANARY, i);
		if (scale != NULL && scale->weight.set + scale->replicas.set + scale->match_traffic_weight != 1)
			return arena_printf(a,
			    "%s.steps[%zu].setCanaryScale: Invalid value: has one of weight, replicas, "
			    "matchTrafficWeight: true",
			    CANARY, i);
	}
	return NULL;
}

static bool
is_limit(const char *text)
{
	char digits[16] = { 0 };
	size_t n = text != NULL ? strcspn(text, "%") : 0;
	long long x;

	if (text == NULL)
		return true;
	if (n >= sizeof(digits) || (text[n] == '%' && text[n + 1] != '\0'))
		return false;
	memcpy(digits, text, n);
	return str_int(digits, 0, INT32_MAX, &x);
}

static bool
is_zero(const char *text)
{
	return text != NULL && (strcmp(text, "0") == 0 || strcmp(text, "0%") == 0);
}

/* What the strategy says that does not go together. */
static const char *
strategy_problem(struct arena *a, const struct canary_strategy *c)
{
	if (c->dynamic_stable_scale && c->traffic_routing == NULL)
		return CANARY ".dynamicStableScale: Invalid value: can only be used with traffic routing";
	if (c->dynamic_stable_scale && c->scale_down_delay_seconds.set)
		return CANARY ".dynamicStableScale: Invalid value: cannot be used with scaleDownDelaySeconds";
	if (!is_limit(c->max_surge))
		return arena_printf(
		    a, "%s.maxSurge: Invalid value: \"%s\" is neither a number nor a percentage", CANARY, c->max_surge);
	if (!is_limit(c->max_unavailable))
		return arena_printf(a, "%s.maxUnavailable: Invalid value: \"%s\" is neither a number nor a percentage",
		    CANARY, c->max_unavailable);
	if (is_zero(c->max_surge) && is_zero(c->max_unavailable))
		return CANARY
		    ".maxSurge: Invalid value: maxSurge and maxUnavailable are both 0: no pod could ever be replaced";
	if (c->traffic_routing == NULL && c->scale_down_delay_seconds.set)
		return CANARY ".scaleDownDelaySeconds: Invalid value: can only be used with traffic routing";
	if (c->canary_service != NULL && str_eq(c->canary_service, c->stable_service))
		return CANARY ".stableService: Invalid value: this rollout uses the same service for the stable and "
			      "canary services";
	return step_problem(a, c);
}

/* The selector must match the pods that the template makes, or nobody would ever count them. */
static const char *
selector_problem(struct arena *a, const struct rollout *r)
{
	const struct label_selector *want = r->spec.selector;
	_cleanup_(json_decrefp) json_t *template = NULL;
	struct string_map labels = { 0 };
	const char *key;
	json_t *value;

	if (label_selector_is_empty(want))
		return "spec.selector: Invalid value: empty selector is invalid for deployment";
	for (size_t i = 0; i < want->match_expressions.n; i++) {
		const struct label_requirement *q = &want->match_expressions.at[i];
		bool set = str_eq(q->operator, "In") || str_eq(q->operator, "NotIn");

		if (set != (q->values.n > 0))
			return arena_printf(a, "spec.selector.matchExpressions[%zu].values: Invalid value: %s %s", i,
			    q->operator, set ? "needs values" : "has none");
	}
	template = r->spec.template != NULL ? json_loads(r->spec.template, 0, NULL) : NULL;
	labels.at = arena_new_array(a, struct string_pair, json_object_size(json_at(template, "/metadata/labels")));
	json_object_foreach (json_at(template, "/metadata/labels"), key, value)
		labels.at[labels.n++] =
		    (struct string_pair){ arena_strdup(a, key), arena_strdup(a, json_string_value(value) ?: "") };
	if (!label_selector_matches(want, &labels))
		return arena_printf(a,
		    "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`: the "
		    "selector wants %s",
		    label_selector_text(a, want));
	return NULL;
}

static const char *
template_problem(struct arena *a, const struct template_found *t)
{
	const struct problem *bad;

	if (t->template == NULL)
		return arena_printf(a, "%s.templateName: Invalid value: \"%s\": %s \"%s\" not found", t->field,
		    t->ref->template_name, t->ref->cluster_scope ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
		    t->ref->template_name);
	if ((bad = object_problem(&t->template->object, "spec")) != NULL)
		return arena_printf(
		    a, "%s: AnalysisTemplate %s: %s: %s", t->field, t->ref->template_name, bad->path, bad->text);
	return NULL;
}

/* What can be known of a run before there is one: that its templates fit together, have their arguments and, where no
 * argument's value is still to be looked up, metrics that can be measured. */
static const char *
analysis_problem(struct arena *a, const struct analysis_found *f)
{
	struct template_source *sources = arena_new_array(a, struct template_source, f->n_templates);
	struct analysis_spec merged;
	struct metric_set set;
	const char *text;
	struct err *e;

	if (f->step >= 0 && f->spec->starting_step.set)
		return arena_printf(
		    a, "%s.startingStep: Invalid value: only an analysis in the background has it", f->field);
	if (f->step >= 0 && f->n_templates == 0)
		return arena_printf(a, "%s.templates: Required value: an analysis needs a template", f->field);
	if (f->too_many)
		return arena_printf(a, "%s.templates: Invalid value: more than %d templates, with those that they name",
		    f->field, TEMPLATES_MAX);
	for (size_t i = 0; i < f->n_templates; i++) {
		if ((text = template_problem(a, &f->templates[i])) != NULL)
			return text;
		sources[i] =
		    (struct template_source){ f->templates[i].ref->template_name, &f->templates[i].template->spec };
	}
	if (f->n_templates == 0)
		return NULL;
	e = args_merge(a, sources, f->n_templates, f->spec, NULL, &merged);
	for (size_t i = 0; e == NULL && i < merged.args.n; i++) {
		struct argument *arg = &merged.args.at[i];

		if (arg->value != NULL)
			arg->value_from = NULL;
		else if (arg->value_from->secret_key_ref != NULL)
			arg->value = "*****";
		else
			return NULL;
	}
	if (e == NULL)
		e = metrics_prepare(a, &merged, merged.args.at, merged.args.n, &set);
	if (e == NULL)
		return NULL;
	text = sources[0].name;
	for (size_t i = 1; i < f->n_templates; i++)
		text = arena_printf(a, "%s, %s", text, sources[i].name);
	return arena_printf(a, "%s: AnalysisTemplate %s: %s", f->field, text, err_text(a, e));
}

static const char *
find(struct decision *d)
{
	const struct rollout *r = d->w->rollout;
	const struct problem *bad = object_problem(&r->object, "spec");
	const struct canary_strategy *c = d->canary;
	int64_t deadline = r->spec.progress_deadline_seconds.set ? r->spec.progress_deadline_seconds.is : 600;
	const char *text;

	if (bad != NULL)
		return arena_printf(d->arena, "%s: %s", bad->path, bad->text);
	if (c == NULL)
		return "spec.strategy: Required value: canary is needed (blueGreen is not built yet in this version of "
		       "Sluice)";
	if (d->w->router == NULL && c->traffic_routing != NULL)
		return CANARY ".trafficRouting: Required value: names no router; Sluice has istio";
	if ((text = selector_problem(d->arena, r)) != NULL)
		return text;
	if (deadline <= r->spec.min_ready_seconds)
		return "spec.progressDeadlineSeconds: Invalid value: must be greater than minReadySeconds";
	if ((text = strategy_problem(d->arena, c)) != NULL ||
	    (text = service_problem(d->arena, "canaryService", c->canary_service, d->w->canary_service, d->w)) !=
		NULL ||
	    (text = service_problem(d->arena, "stableService", c->stable_service, d->w->stable_service, d->w)) != NULL)
		return text;
	if (d->w->routing_err != NULL)
		return err_text(d->arena, d->w->routing_err);
	for (size_t i = 0; i < d->w->n_analyses; i++)
		if ((text = analysis_problem(d->arena, &d->w->analyses[i])) != NULL)
			return text;
	return NULL;
}

const char *
validate(struct decision *d)
{
	const char *text = find(d);

	return text != NULL
		   ? arena_printf(d->arena, "The Rollout \"%s\" is invalid: %s", d->w->rollout->object.meta.name, text)
		   : NULL;
}
