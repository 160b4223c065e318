/* rollout/validate.c: what is wrong with a rollout or with what it refers to. The first finding, worded as clients know it:
 * `The Rollout "name" is invalid: field: …`. */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "rollout/world.h"

#define CANARY "spec.strategy.canary"

static const char *
service_problem(struct arena *a, const char *field, const char *name, const struct service *s, const struct rollout *r)
{
	const char *manager;

	if (name == NULL)
		return NULL;
	if (s == NULL)
		return arena_printf(a, "%s.%s: Invalid value: \"%s\": service \"%s\" not found", CANARY, field, name, name);
	manager = object_annotation(&s->object, ANNOTATION_MANAGED_BY);
	if (manager != NULL && strcmp(manager, r->object.meta.name) != 0)
		return arena_printf(a, "%s.%s: Invalid value: \"%s\": the service is managed by rollout \"%s\"", CANARY, field,
		    name, manager);
	return NULL;
}

static const char *
step_problem(struct arena *a, const struct canary_strategy *c)
{
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct canary_step *s = &c->steps.at[i];

		if (!s->set_weight.set && s->pause == NULL)
			return arena_printf(a, "%s.steps[%zu]: the step is empty; one of setWeight, pause is needed", CANARY, i);
		if (s->set_weight.set && s->pause != NULL)
			return arena_printf(a, "%s.steps[%zu]: a step has one field; this one has setWeight and pause", CANARY, i);
		if (s->pause != NULL && pause_duration(s->pause) == -2)
			return arena_printf(a, "%s.steps[%zu].pause.duration: \"%s\" is neither seconds nor a duration such as 10m",
			    CANARY, i, s->pause->duration);
	}
	return NULL;
}

static const char *
template_problem(struct arena *a, const struct world *w)
{
	for (size_t i = 0; i < w->n_templates; i++) {
		const struct template_found *t = &w->templates[i];
		const struct problem *bad;
		struct metric *metrics;
		struct problems problems = { .arena = a };

		if (t->template == NULL)
			return arena_printf(a, "%s.analysis.templates[%zu].templateName: Invalid value: \"%s\": %s \"%s\" not found",
			    CANARY, i, t->ref->template_name,
			    t->ref->cluster_scope ? "ClusterAnalysisTemplate" : "AnalysisTemplate", t->ref->template_name);
		if ((bad = object_problem(&t->template->object, "spec")) != NULL)
			return arena_printf(a, "%s.analysis.templates[%zu]: AnalysisTemplate %s: %s: %s", CANARY, i,
			    t->ref->template_name, bad->path, bad->text);
		metrics_decode(a, t->template->spec.metrics, "spec.metrics", &problems, &metrics);
		/* Numbers may still be arguments; anything else that does not decode now never will. */
		if (problems.n > 0 && strstr(t->template->spec.metrics, "{{") == NULL)
			return arena_printf(a, "%s.analysis.templates[%zu]: AnalysisTemplate %s: %s: %s", CANARY, i,
			    t->ref->template_name, problems.at[0].path, problems.at[0].text);
	}
	return NULL;
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
		return "spec.strategy: Required value: canary is needed (blueGreen is not built yet in this version of Sluice)";
	if (d->w->router == NULL)
		return CANARY ".trafficRouting: Required value: a canary without traffic routing is not built yet in this "
			      "version of Sluice; istio is";
	if (r->spec.selector->match_labels.n == 0)
		return "spec.selector: Invalid value: empty selector is invalid for deployment";
	if (deadline <= r->spec.min_ready_seconds)
		return "spec.progressDeadlineSeconds: Invalid value: must be greater than minReadySeconds";
	if (c->canary_service != NULL && str_eq(c->canary_service, c->stable_service))
		return CANARY ".stableService: Invalid value: this rollout uses the same service for the stable and canary services";
	if ((text = step_problem(d->arena, c)) != NULL ||
	    (text = service_problem(d->arena, "canaryService", c->canary_service, d->w->canary_service, r)) != NULL ||
	    (text = service_problem(d->arena, "stableService", c->stable_service, d->w->stable_service, r)) != NULL)
		return text;
	if (d->w->routing_err != NULL)
		return err_text(d->arena, d->w->routing_err);
	return template_problem(d->arena, d->w);
}

const char *
validate(struct decision *d)
{
	const char *text = find(d);

	return text != NULL ? arena_printf(d->arena, "The Rollout \"%s\" is invalid: %s", d->w->rollout->object.meta.name, text)
			    : NULL;
}
