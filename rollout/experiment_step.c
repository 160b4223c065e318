/* rollout/experiment_step.c: the Experiment of a canary's step: its creation, its result, and its traffic. */
#include "rollout/experiment_step.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/args.h"
#include "analysis/metric_phase.h"
#include "base/str.h"
#include "kube/api/experiment.h"
#include "kube/api/replicaset.h"
#include "rollout/affinity.h"
#include "rollout/analysis_templates.h"
#include "rollout/checks.h"
#include "rollout/gather.h"
#include "rollout/pass.h"
#include "rollout/pause.h"
#include "rollout/analysis_runs.h"
#include "rollout/step_kind.h"
#include "rollout/steps.h"
#include "traffic/router.h"

static bool experiment_step_matches(const struct canary_step *);
static const char *experiment_step_text(struct arena *, const struct canary_step *);
static const char *experiment_step_label(struct arena *, const struct canary_step *);
static void experiment_step_check(
    struct problems *, const struct rollout_world *, const struct canary_step *, const char *path);
static size_t experiment_step_analyses(const struct rollout_world *, size_t, struct arena *, struct analysis_found *);
static void experiment_step_templates(
    const struct canary_step *, void (*)(const struct template_ref *, void *), void *);
static bool experiment_step_done(struct rollout_pass *, const struct canary_step *);
static void experiment_step_verdict(struct rollout_pass *);
static void experiment_step_sync(struct rollout_pass *);

const struct step_kind experiment_step_kind = {
	.name = "experiment",
	.alone = true,
	.waits = true,
	.matches = experiment_step_matches,
	.text = experiment_step_text,
	.label = experiment_step_label,
	.check = experiment_step_check,
	.analyses = experiment_step_analyses,
	.templates = experiment_step_templates,
	.done = experiment_step_done,
	.verdict = experiment_step_verdict,
	.sync = experiment_step_sync,
};

static bool
experiment_step_matches(const struct canary_step *s)
{
	return s->experiment != NULL;
}

static const char *
experiment_step_text(struct arena *a, const struct canary_step *s)
{
	(void)a;
	(void)s;
	return "experiment";
}

static const char *
experiment_step_label(struct arena *a, const struct canary_step *s)
{
	const char *names = "";

	for (size_t i = 0; i < s->experiment->templates.n; i++)
		names = arena_printf(a, "%s%s%s", names, i > 0 ? ", " : "", s->experiment->templates.at[i].name ?: "");
	return arena_printf(a, "experiment %s", names);
}

static void
experiment_step_check(struct problems *p, const struct rollout_world *w, const struct canary_step *s, const char *path)
{
	const struct experiment_step *e = s->experiment;
	int64_t weight = 0;

	if (e->templates.n == 0)
		problem_add(
		    p, arena_printf(p->arena, "%s.templates", path), "Required value: an experiment needs a template");
	check_duration(p, e->duration, arena_printf(p->arena, "%s.duration", path));
	for (size_t i = 0; i < e->templates.n; i++) {
		const struct experiment_step_template *t = &e->templates.at[i];
		const char *at = arena_printf(p->arena, "%s.templates[%zu]", path, i);

		check_unique(
		    p, &e->templates.at->name, sizeof(*e->templates.at), i, arena_printf(p->arena, "%s.name", at));
		if (t->weight.present)
			check_feature(p, w->rollout->spec.strategy.canary, ROUTER_EXPERIMENTS,
			    arena_printf(p->arena, "%s.weight", at));
		weight += t->weight.present ? t->weight.value : 0;
	}
	if (weight > 100)
		problem_add(p, arena_printf(p->arena, "%s.templates", path),
		    "Invalid value: their weights add up to more than 100");
	for (size_t i = 0; i < e->analyses.n; i++)
		check_unique(p, &e->analyses.at->name, sizeof(*e->analyses.at), i,
		    arena_printf(p->arena, "%s.analyses[%zu].name", path, i));
}

static void
experiment_step_templates(const struct canary_step *s, void (*emit)(const struct template_ref *, void *), void *arg)
{
	for (size_t i = 0; i < s->experiment->analyses.n; i++)
		emit(&(struct template_ref){ s->experiment->analyses.at[i].template_name,
			 s->experiment->analyses.at[i].cluster_scope },
		    arg);
}

static size_t
experiment_step_analyses(const struct rollout_world *w, size_t index, struct arena *a, struct analysis_found *ret)
{
	const struct experiment_step *s = w->rollout->spec.strategy.canary->steps.at[index].experiment;
	struct rollout_analysis rules = { .dry_run.at = s->dry_run.at, .dry_run.n = s->dry_run.n };

	for (size_t k = 0; ret != NULL && k < s->analyses.n; k++)
		ret[k] = experiment_analysis_find(w->view, w->rollout->object.meta.namespace, &s->analyses.at[k],
		    &rules, arena_printf(a, "spec.strategy.canary.steps[%zu].experiment.analyses[%zu]", index, k), a);
	return s->analyses.n;
}

static int64_t
experiment_step_index(const struct rollout_pass *p)
{
	return p->st.current_step_index.present && p->st.current_step_index.value > 0 ? p->st.current_step_index.value
										      : 0;
}

/* The current step, if it is an experiment. */
static const struct experiment_step *
experiment_step_of(const struct rollout_pass *p)
{
	int64_t i = experiment_step_index(p);

	return i < steps_count(p) ? p->canary->steps.at[i].experiment : NULL;
}

static const char *
experiment_step_name(const struct rollout_pass *p)
{
	return arena_printf(p->arena, "%s-%s-%" PRId64 "-%" PRId64, p->w->rollout->object.meta.name, p->w->hash,
	    p->revision, experiment_step_index(p));
}

/* Returns true for the base name, and for the base name followed by "-1", "-2" and so on. */
static bool
experiment_step_is_named(const char *name, const char *base)
{
	size_t n = strlen(base);
	long long x;

	return strncmp(name, base, n) == 0 &&
	       (name[n] == '\0' || (name[n] == '-' && str_int(name + n + 1, 1, INT32_MAX, &x)));
}

/* The Experiment of the current update and step: the one that the status names, or one that was created and is not in
 * the status yet. An Experiment from before a retry does not count. A status without the start time of the update is
 * trusted. */
static const struct experiment *
experiment_step_current(const struct rollout_pass *p)
{
	bool undated = p->st.duration.rollout_started_at == 0;
	const struct experiment *found = NULL;
	const char *base;

	if (experiment_step_of(p) == NULL || p->w->hash == NULL)
		return NULL;
	base = experiment_step_name(p);
	for (size_t i = 0; i < p->w->n_experiments; i++) {
		const struct experiment *e = p->w->experiments[i];
		bool known = str_eq(e->object.meta.name, p->st.canary.current_experiment);

		if (!experiment_step_is_named(e->object.meta.name, base) || is_ended(&e->object) ||
		    !runs_made_by_try(p, &e->object) || !(runs_made_by_update(p, &e->object) || (known && undated)))
			continue;
		if (known)
			return e;
		/* an Experiment that was ended and is final has a result; one that is not final will have none */
		if (!e->spec.terminate || phase_is_final(e->status.phase))
			found = e;
	}
	return found;
}

static bool
experiment_step_failed(const struct experiment *e)
{
	return str_eq(e->status.phase, "Failed") || str_eq(e->status.phase, "Error");
}

static void
experiment_step_event(struct rollout_pass *p, const struct experiment *e, bool warning)
{
	plan_status_event(p->plan, &p->w->rollout->object, warning,
	    arena_printf(p->arena, "Experiment%s", e->status.phase), "Experiment '%s' is %s%s%s", e->object.meta.name,
	    e->status.phase, e->status.message != NULL ? ": " : "", e->status.message != NULL ? e->status.message : "");
}

/* Reads the phase of the step's Experiment: a failed one aborts the update, an inconclusive one pauses it. */
static void
experiment_step_verdict(struct rollout_pass *p)
{
	const struct experiment *e;

	if (p->promotion == PROMOTED || p->change != CHANGE_NONE || p->w->new_rs == NULL ||
	    (e = experiment_step_current(p)) == NULL)
		return;
	p->st.canary.current_experiment = e->object.meta.name;
	if (p->aborted)
		return;
	if (experiment_step_failed(e)) {
		p->aborted = true;
		p->abort_message = arena_printf(p->arena, "Experiment analysis phase is error/failed: %s",
		    e->status.message != NULL && e->status.message[0] != '\0' ? e->status.message : e->status.phase);
		experiment_step_event(p, e, true);
		plan_reason(p->plan, "experiment %s is %s", e->object.meta.name, e->status.phase);
	} else if (str_eq(e->status.phase, "Inconclusive") && !p->st.promote_full) {
		/* a user continued the update after the inconclusive Experiment */
		p->experiment_resumed = p->was->controller_pause && p->was->pause_conditions.n == 0;
		if (!p->experiment_resumed && !pause_has(&p->st, PAUSE_EXPERIMENT)) {
			pause_add(p, PAUSE_EXPERIMENT);
			experiment_step_event(p, e, true);
		}
	}
}

static bool
experiment_step_done(struct rollout_pass *p, const struct canary_step *s)
{
	const struct experiment *e = experiment_step_current(p);

	(void)s;
	return e != NULL && (str_eq(e->status.phase, "Successful") || p->experiment_resumed);
}

static bool
experiment_step_wanted(const struct rollout_pass *p)
{
	return experiment_step_of(p) != NULL && p->st.stable_rs != NULL && !str_eq(p->st.stable_rs, p->w->hash) &&
	       !p->aborted && !p->in_window && !p->without_pods && !p->st.promote_full && p->w->stable_rs != NULL &&
	       p->w->new_rs != NULL;
}

/* Adds the labels and annotations of the step to those of the version. The pods are selected by these labels too. */
static void
experiment_step_add_metadata(const struct pod_metadata *m, json_t *template, json_t *selector)
{
	json_t *meta = json_object_get(template, "metadata"), *labels = json_object_get(meta, "labels"),
	       *annotations = json_object_get(meta, "annotations");

	if (m->annotations.n > 0 && annotations == NULL) {
		annotations = json_object();
		json_object_set_new(meta, "annotations", annotations);
	}
	for (size_t i = 0; i < m->labels.n; i++) {
		json_object_set_new(labels, m->labels.at[i].key, json_string(m->labels.at[i].value));
		json_object_set_new(
		    json_object_get(selector, "matchLabels"), m->labels.at[i].key, json_string(m->labels.at[i].value));
	}
	for (size_t i = 0; i < m->annotations.n; i++)
		json_object_set_new(annotations, m->annotations.at[i].key, json_string(m->annotations.at[i].value));
}

static json_t *
experiment_step_template_json(const struct rollout_pass *p, const struct experiment_step_template *t)
{
	const struct replicaset *rs = str_eq(t->spec_ref, "stable") ? p->w->stable_rs : p->w->new_rs;
	json_t *template = json_loads(rs->spec.template, 0, NULL),
	       *selector =
		   encode(&label_selector_type, t->selector != NULL ? t->selector : p->w->rollout->spec.selector),
	       *o;

	if (json_at(template, "/metadata/labels") == NULL)
		json_object_set_new(json_object_get(template, "metadata"), "labels", json_object());
	if (json_object_get(selector, "matchLabels") == NULL)
		json_object_set_new(selector, "matchLabels", json_object());
	json_object_del(json_at(template, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
	affinity_remove(template);
	if (t->metadata != NULL)
		experiment_step_add_metadata(t->metadata, template, selector);
	o = json_pack("{s:s,s:I,s:o,s:o}", "name", t->name, "replicas",
	    (json_int_t)(t->replicas.present ? t->replicas.value : 1), "selector", selector, "template", template);
	if (rs->spec.min_ready_seconds > 0)
		json_object_set_new(o, "minReadySeconds", json_integer(rs->spec.min_ready_seconds));
	if (t->service != NULL)
		json_object_set_new(o, "service", encode(&template_service_type, t->service));
	else if (t->weight.present)
		json_object_set_new(o, "service", json_object());
	return o;
}

/* The analyses, with the values that the rollout's fields have now. */
static struct err *
experiment_step_analyses_json(const struct rollout_pass *p, const struct experiment_step *s, json_t *list)
{
	_cleanup_(json_decrefp) json_t *rollout = rollout_for_args(p->w->rollout);
	struct args_source from = { .rollout = rollout, .latest_hash = p->w->hash, .stable_hash = p->st.stable_rs };

	for (size_t i = 0; i < s->analyses.n; i++) {
		struct experiment_analysis a = s->analyses.at[i];
		struct argument *args = arena_new_array(p->arena, struct argument, a.args.n);

		for (size_t k = 0; k < a.args.n; k++) {
			struct err *e;

			args[k] = a.args.at[k];
			if ((e = args_resolve(p->arena, &a.args.at[k], &from, &args[k].value)) != NULL)
				return err_wrap(p->arena, e,
				    "spec.strategy.canary.steps[%" PRId64 "].experiment.analyses[%zu]",
				    experiment_step_index(p), i);
			if (args[k].value != NULL)
				args[k].value_from = NULL;
		}
		a.args.at = args;
		json_array_append_new(list, encode(&experiment_analysis_type, &a));
	}
	return NULL;
}

static json_t *
experiment_step_spec_json(const struct rollout_pass *p, const struct experiment_step *s, json_t *analyses)
{
	const struct opt_int *deadline = &p->w->rollout->spec.progress_deadline_seconds;
	/* The rules and times of the step are those of an experiment. */
	struct experiment_spec spec = { .duration = s->duration,
		.progress_deadline_seconds = *deadline,
		.scale_down_delay_seconds = s->scale_down_delay_seconds,
		.dry_run.at = s->dry_run.at,
		.dry_run.n = s->dry_run.n,
		.run_metadata = s->run_metadata };
	json_t *o = encode(&experiment_spec_type, &spec), *templates = json_array();

	for (size_t i = 0; i < s->templates.n; i++)
		json_array_append_new(templates, experiment_step_template_json(p, &s->templates.at[i]));
	json_object_set_new(o, "templates", templates);
	if (json_array_size(analyses) > 0)
		json_object_set(o, "analyses", analyses);
	return o;
}

static void
experiment_step_create(struct rollout_pass *p, const struct experiment_step *s)
{
	const struct meta *m = &p->w->rollout->object.meta;
	_cleanup_(json_decrefp) json_t *analyses = json_array();
	const char *name = experiment_step_name(p);
	json_t *labels, *annotations;
	struct err *e;

	if ((e = experiment_step_analyses_json(p, s, analyses)) != NULL) {
		/* without its Experiment the update must not continue */
		pass_abort(p, err_text(p->arena, e));
		return;
	}
	labels = string_map_encode(&m->labels);
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(p->w->hash));
	annotations = json_pack("{s:o, s:s}", ANNOTATION_REVISION, json_sprintf("%" PRId64, p->revision),
	    ANNOTATION_STEP_HASH, p->w->step_hash != NULL ? p->w->step_hash : "");
	for (int i = 1; view_get(p->w->view, &experiment_type, m->namespace, name) != NULL; i++)
		name = arena_printf(p->arena, "%s-%d", experiment_step_name(p), i);
	plan_create(p->plan, &experiment_type, m->namespace, name,
	    json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:o,s:[o]},s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind",
		"Experiment", "metadata", "name", name, "namespace", m->namespace, "labels", labels, "annotations",
		annotations, "ownerReferences", owner_reference(&p->w->rollout->object), "spec",
		experiment_step_spec_json(p, s, analyses)));
	plan_event(p->plan, &p->w->rollout->object, false, "ExperimentCreated", "Created Experiment '%s'", name);
	plan_reason(p->plan, "starting experiment %s", name);
}

static void
experiment_step_terminate(struct rollout_pass *p, const struct experiment *e)
{
	if (!phase_is_final(e->status.phase) && !e->spec.terminate && e->object.meta.deletion_timestamp == 0)
		plan_merge(p->plan, &e->object, ended_patch());
}

/* Returns whether the pods of the Experiment still exist, and may have traffic. */
static bool
experiment_step_has_pods(const struct experiment *e)
{
	for (size_t i = 0; i < e->status.templates.n; i++)
		if (e->status.templates.at[i].replicas > 0)
			return true;
	return false;
}

/* Deletes Experiments beyond the history limits, and those whose revision does not exist any more. The Experiment of
 * the current step is kept, as it would be created again. */
static void
experiment_step_collect(struct rollout_pass *p, const struct experiment *of_step)
{
	int64_t left[2];

	runs_history_limits(p, left);
	for (size_t i = p->w->n_experiments; i-- > 0;) {
		const struct experiment *e = p->w->experiments[i];
		const char *hash = object_label(&e->object, LABEL_POD_TEMPLATE_HASH);
		bool orphan = hash != NULL && !str_eq(hash, p->w->hash) && world_replicaset(p->w, hash) == NULL;
		bool ok = str_eq(e->status.phase, "Successful");

		if (!phase_is_final(e->status.phase) || e->object.meta.deletion_timestamp != 0 ||
		    experiment_step_has_pods(e) || e == of_step ||
		    str_eq(e->object.meta.name, p->st.canary.current_experiment))
			continue;
		if (orphan || left[ok ? 0 : 1]-- <= 0)
			plan_delete(p->plan, &e->object);
	}
}

/* Returns whether the routing has weight for Services of an Experiment, or for another destination of neither
 * version. */
static bool
experiment_step_is_routed(const struct rollout_pass *p)
{
	return p->w->routers.n > 0 && p->w->routing.n_additional > 0;
}

/* While the status names an Experiment, it keeps its pods, as requests may be routed to them. The status therefore
 * names it before the first weight is written (experiment_step_weights()), until it has ended and the routing is
 * observed without it. */
static void
experiment_step_sync(struct rollout_pass *p)
{
	bool want = experiment_step_wanted(p);
	const struct experiment *e = want ? experiment_step_current(p) : NULL;

	if (want && e == NULL && p->st.pause_conditions.n == 0)
		experiment_step_create(p, experiment_step_of(p));
	if (e != NULL && phase_is_final(e->status.phase) && !experiment_step_is_routed(p))
		p->st.canary.current_experiment = NULL;
	else if (e != NULL || !experiment_step_is_routed(p))
		p->st.canary.current_experiment = e != NULL ? e->object.meta.name : NULL;
	for (size_t i = 0; i < p->w->n_experiments; i++)
		if (e == NULL || p->w->experiments[i] != e)
			experiment_step_terminate(p, p->w->experiments[i]);
	experiment_step_collect(p, e);
}

static const struct template_status *
experiment_step_template_status(const struct experiment *e, const char *template)
{
	for (size_t i = 0; i < e->status.templates.n; i++)
		if (str_eq(e->status.templates.at[i].name, template))
			return &e->status.templates.at[i];
	return NULL;
}

static int
experiment_step_by_service(const void *a, const void *b)
{
	return strcmp(
	    ((const struct weight_destination *)a)->service_name, ((const struct weight_destination *)b)->service_name);
}

const struct weight_destination *
experiment_step_weights(const struct rollout_pass *p, size_t *ret_n)
{
	const struct experiment *e = experiment_step_wanted(p) ? experiment_step_current(p) : NULL;
	const struct experiment_step *s = experiment_step_of(p);
	struct weight_destination *list;

	*ret_n = 0;
	if (e == NULL || !str_eq(e->status.phase, "Running") || e->spec.terminate ||
	    !str_eq(p->was->canary.current_experiment, e->object.meta.name))
		return NULL;
	list = arena_new_array(p->arena, struct weight_destination, s->templates.n);
	for (size_t i = 0; i < s->templates.n; i++) {
		const struct template_status *t = experiment_step_template_status(e, s->templates.at[i].name);

		if (s->templates.at[i].weight.present && s->templates.at[i].weight.value > 0 && t != NULL &&
		    t->service_name != NULL && t->available_replicas > 0)
			list[(*ret_n)++] = (struct weight_destination){ s->templates.at[i].weight.value,
				t->service_name, t->pod_template_hash };
	}
	qsort(list, *ret_n, sizeof(*list), experiment_step_by_service);
	return list;
}

struct weight_destination *
experiment_step_seen(const struct rollout_pass *p, size_t *ret_n)
{
	const struct routing *r = &p->w->routing;
	struct weight_destination *list = arena_new_array(p->arena, struct weight_destination, r->n_additional);

	for (size_t i = 0; i < r->n_additional; i++) {
		list[i] = r->additional[i];
		for (size_t k = 0; k < p->w->n_experiments; k++)
			for (size_t t = 0; t < p->w->experiments[k]->status.templates.n; t++)
				if (str_eq(p->w->experiments[k]->status.templates.at[t].service_name,
					list[i].service_name))
					list[i].pod_template_hash =
					    p->w->experiments[k]->status.templates.at[t].pod_template_hash;
	}
	qsort(list, r->n_additional, sizeof(*list), experiment_step_by_service);
	*ret_n = r->n_additional;
	return list;
}

/* Services that are to have traffic come first, then those that are only observed to have it. */
const struct weight_destination *
experiment_step_destinations(const struct rollout_pass *p, size_t *ret_n)
{
	size_t n_wanted, n_seen, n = 0;
	const struct weight_destination *wanted = experiment_step_weights(p, &n_wanted),
					*seen = experiment_step_seen(p, &n_seen);
	struct weight_destination *list = arena_new_array(p->arena, struct weight_destination, n_wanted + n_seen);

	for (size_t i = 0; i < n_wanted; i++)
		list[n++] = wanted[i];
	for (size_t i = 0; i < n_seen; i++) {
		bool known = false;

		for (size_t k = 0; k < n_wanted; k++)
			known |= str_eq(wanted[k].service_name, seen[i].service_name);
		if (!known)
			list[n++] = seen[i];
	}
	*ret_n = n;
	return list;
}

const char *const *
experiment_step_services(const struct rollout_pass *p, size_t *ret_n)
{
	size_t n = 0;
	const char **list;

	for (size_t i = 0; i < p->w->n_experiments; i++)
		n += p->w->experiments[i]->spec.templates.n;
	list = arena_new_array(p->arena, const char *, n);
	*ret_n = 0;
	for (size_t i = 0; i < p->w->n_experiments; i++)
		for (size_t k = 0; k < p->w->experiments[i]->spec.templates.n; k++) {
			const struct template_service *s = p->w->experiments[i]->spec.templates.at[k].service;

			if (s != NULL && !str_empty(s->name))
				list[(*ret_n)++] = s->name;
		}
	return list;
}
