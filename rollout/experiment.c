/* rollout/experiment.c: one pass over an Experiment.
 *
 * Pods come, and stay until it is over; runs begin when all pods are there, and time counts from then. What ends it is written before
 * anything is taken away, and no pods go that the mesh still sends requests to. All times compared are those of the status.
 */
#include "rollout/experiment.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/assess.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/api/pod_template.h"
#include "rollout/analyses.h"
#include "rollout/conditions.h"
#include "rollout/world.h"

#define PROGRESS_DEADLINE 600 /* seconds */
#define SCALE_DOWN_DELAY 30 /* seconds */
#define LOOK_AGAIN_MS 5000 /* whether the mesh has let go */

struct trial {
	const struct experiment_world *w;
	const struct experiment *e;
	struct plan *plan;
	struct arena *arena;
	const struct experiment_status *was;
	struct experiment_status st; /* the new one */
	bool ending; /* no more pods and runs */
};

static bool
is_bad(const char *phase)
{
	return str_eq(phase, "Failed") || str_eq(phase, "Error") || str_eq(phase, "Inconclusive");
}

static int64_t
wanted(const struct experiment_template *t)
{
	return t->replicas.set ? t->replicas.is : 1;
}

static int64_t
deadline_seconds(const struct trial *x)
{
	const struct opt_int *seconds = &x->e->spec.progress_deadline_seconds;

	return seconds->set ? seconds->is : PROGRESS_DEADLINE;
}

/* --- pods ----------------------------------------------------------------------------------------------------------- */

static bool
is_for(const struct object *o, const struct experiment_template *t)
{
	return str_eq(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE), t->name);
}

static const struct replicaset *
replicaset_for(const struct trial *x, const struct experiment_template *t)
{
	for (size_t i = 0; i < x->w->n_replicasets; i++)
		if (is_for(&x->w->replicasets[i]->object, t))
			return x->w->replicasets[i];
	return NULL;
}

static const struct service *
service_for(const struct trial *x, const struct experiment_template *t)
{
	for (size_t i = 0; i < x->w->n_services; i++)
		if (is_for(&x->w->services[i]->object, t))
			return x->w->services[i];
	return NULL;
}

static void
fail_template(struct template_status *s, const char *message)
{
	s->status = "Error";
	s->message = message;
}

/* Why an object that the template needs cannot be made; NULL: nothing is known against it. */
static const char *
obstacle(const struct trial *x, const struct type *type, const char *name)
{
	const struct seen_failure *f = x->w->seen->failure;

	if (view_get(x->w->view, type, x->e->object.meta.namespace, name) != NULL)
		return arena_printf(x->arena, "%s %s exists, and is not this experiment's", type->kind, name);
	if (f != NULL && f->create && f->class == ERR_INVALID && f->type == type && str_eq(f->name, name))
		return arena_printf(x->arena, "%s %s cannot be created: %s", type->kind, name, f->text);
	return NULL;
}

/* What tells an experiment's objects from those of others, and of its other templates. */
static json_t *
metadata_of(const struct trial *x, const struct experiment_template *t, const char *name)
{
	const struct meta *m = &x->e->object.meta;

	return json_pack("{s:s,s:s,s:{s:s,s:s},s:[o]}", "name", name, "namespace", m->namespace, "annotations",
	    ANNOTATION_EXPERIMENT_NAME, m->name, ANNOTATION_EXPERIMENT_TEMPLATE, t->name, "ownerReferences",
	    owner_reference(&x->e->object));
}

/* The hash is the experiment's own: a Service or subset that selects the version it was taken from must not find these pods. */
static void
create_pods(struct trial *x, const struct experiment_template *t, const char *name)
{
	const char *hash =
	    text_hash(x->arena, arena_printf(x->arena, "%s/%s %s", x->e->object.meta.uid, t->name, t->template));
	json_t *template = json_loads(t->template, 0, NULL), *meta = metadata_of(x, t, name), *labels;

	labels = json_at(template, "/metadata/labels");
	if (labels == NULL) {
		labels = json_object();
		json_object_set_new(json_object_get(template, "metadata"), "labels", labels);
	}
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(hash));
	json_object_set_new(meta, "labels", json_deep_copy(labels));
	plan_create(x->plan, &replicaset_type, x->e->object.meta.namespace, name,
	    json_pack("{s:s,s:s,s:o,s:{s:I,s:I,s:o,s:o}}", "apiVersion", "apps/v1", "kind", "ReplicaSet", "metadata",
		meta, "spec", "replicas", (json_int_t)wanted(t), "minReadySeconds", (json_int_t)t->min_ready_seconds,
		"selector", selector_with_hash(t->selector, hash), "template", template));
	plan_beside(x->plan);
	plan_event(x->plan, &x->e->object, false, "NewReplicaSetCreated", "Created ReplicaSet %s with size %" PRId64,
	    name, wanted(t));
	plan_reason(x->plan, "template %s has no pods yet", t->name);
}

static void
scale(struct trial *x, const struct replicaset *rs, int64_t to)
{
	int64_t from = replicaset_wanted(rs);
	json_t *ops = json_array();

	object_patch_annotation(x->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, NULL);
	if (from != to) {
		json_patch_add(ops, "test", "/spec/replicas", json_integer(from));
		json_patch_add(ops, "replace", "/spec/replicas", json_integer(to));
	}
	plan_patch(x->plan, &rs->object, ops);
	plan_beside(x->plan);
	if (from != to)
		plan_event(x->plan, &x->e->object, false, "ScalingReplicaSet",
		    "Scaled %s ReplicaSet %s from %" PRId64 " to %" PRId64, to > from ? "up" : "down",
		    rs->object.meta.name, from, to);
}

/* The rollout's routing still sends requests to this template's pods, or is about to. */
static bool
is_routed(const struct trial *x, const struct template_status *s)
{
	const struct rollout *r = x->w->rollout;

	if (s->service_name != NULL && r != NULL && r->spec.strategy.canary != NULL &&
	    str_eq(r->status.canary.current_experiment, x->e->object.meta.name))
		return true;
	for (size_t i = 0; s->service_name != NULL && i < x->w->n_routed; i++)
		if (str_eq(x->w->routed[i].service_name, s->service_name) && x->w->routed[i].weight > 0)
			return true;
	return false;
}

/* After a delay, for those who still have a connection; and not while it is routed. */
static void
take_down(struct trial *x, const struct replicaset *rs, const struct template_status *s)
{
	const struct opt_int *delay = &x->e->spec.scale_down_delay_seconds;
	int64_t seconds = delay->set ? delay->is : SCALE_DOWN_DELAY, at = scale_down_deadline(rs);

	if (replicaset_wanted(rs) == 0)
		return;
	if (at == 0 && seconds > 0) {
		json_t *ops = json_array();

		at = time_add(time_stored(x->w->now), seconds * 1000);
		object_patch_annotation(
		    x->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, time_format(x->arena, at));
		plan_patch(x->plan, &rs->object, ops);
		plan_beside(x->plan);
		plan_reason(x->plan, "ReplicaSet %s goes in %" PRId64 " s", rs->object.meta.name, seconds);
	}
	if (seconds > 0 && x->w->now <= at)
		plan_wake(x->plan, at + 1);
	else if (is_routed(x, s))
		plan_wake(x->plan, time_add(x->w->now, LOOK_AGAIN_MS));
	else
		scale(x, rs, 0);
}

/* The ports of a template's containers; a port of several needs a name. */
static json_t *
service_ports(const struct trial *x, const struct experiment_template *t)
{
	_cleanup_(json_decrefp) json_t *template = json_loads(t->template, 0, NULL);
	json_t *ports = json_array(), *container, *port;
	size_t i, k;

	json_array_foreach (json_at(template, "/spec/containers"), i, container)
		json_array_foreach (json_object_get(container, "ports"), k, port) {
			int64_t number = json_int(port, "containerPort", 0);
			const char *name = json_str(port, "name") ?: arena_printf(x->arena, "port-%zu-%zu", i, k);

			json_array_append_new(ports,
			    json_pack("{s:s,s:I,s:I,s:s}", "name", name, "port", (json_int_t)number, "targetPort",
				(json_int_t)number, "protocol", json_str(port, "protocol") ?: "TCP"));
		}
	return ports;
}

static void
keep_service(
    struct trial *x, const struct experiment_template *t, const struct replicaset *rs, struct template_status *s)
{
	const struct service *have = service_for(x, t);
	const char *name = str_empty(t->service->name) ? rs->object.meta.name : t->service->name,
		   *hash = object_label(&rs->object, LABEL_POD_TEMPLATE_HASH), *wrong;
	json_t *ports;

	if (have != NULL) {
		s->service_name = have->object.meta.name;
		s->pod_template_hash = hash;
		return;
	}
	ports = service_ports(x, t);
	wrong = json_array_size(ports) == 0 ? "has a Service, but its containers have no ports"
					    : obstacle(x, &service_type, name);
	if (wrong != NULL || hash == NULL) {
		json_decref(ports);
		fail_template(
		    s, arena_printf(x->arena, "Template '%s': %s", t->name, wrong ?: "its ReplicaSet has no hash"));
		return;
	}
	plan_create(x->plan, &service_type, x->e->object.meta.namespace, name,
	    json_pack("{s:s,s:s,s:o,s:{s:{s:s},s:o}}", "apiVersion", "v1", "kind", "Service", "metadata",
		metadata_of(x, t, name), "spec", "selector", LABEL_POD_TEMPLATE_HASH, hash, "ports", ports));
	plan_beside(x->plan);
	plan_reason(x->plan, "template %s has no Service yet", t->name);
}

static void
drop_service(
    struct trial *x, const struct experiment_template *t, const struct replicaset *rs, struct template_status *s)
{
	const struct service *have = service_for(x, t);

	if (have == NULL) {
		s->service_name = s->pod_template_hash = NULL;
	} else if (replicaset_wanted(rs) == 0 && available(rs) == 0 && have->object.meta.deletion_timestamp == 0 &&
		   !is_routed(x, s)) {
		plan_delete(x->plan, &have->object);
		plan_beside(x->plan);
	}
}

/* --- templates ------------------------------------------------------------------------------------------------------ */

static bool
is_over(const struct template_status *s)
{
	return str_eq(s->status, "Successful") || str_eq(s->status, "Failed") || str_eq(s->status, "Error");
}

static void
count(struct trial *x, const struct replicaset *rs, struct template_status *s)
{
	struct template_status was = *s;

	s->replicas = s->updated_replicas = rs != NULL ? rs->status.replicas : 0;
	s->ready_replicas = rs != NULL ? rs->status.ready_replicas : 0;
	s->available_replicas = available(rs);
	if (s->last_transition_time == 0 || was.replicas != s->replicas || was.ready_replicas != s->ready_replicas ||
	    was.available_replicas != s->available_replicas)
		s->last_transition_time = time_stored(x->w->now);
}

/* Time has passed since all pods were there. */
static bool
time_is_up(struct trial *x)
{
	int64_t duration = seconds_or_duration(x->e->spec.duration), end;

	if (duration < 0 || x->was->available_at == 0)
		return false;
	end = time_add(x->was->available_at, duration);
	if (x->w->now >= end)
		return true;
	plan_wake(x->plan, end);
	return false;
}

static void
judge(struct trial *x, const struct experiment_template *t, const struct replicaset *rs, struct template_status *s)
{
	int64_t late = time_add(s->last_transition_time, deadline_seconds(x) * 1000);

	if (is_over(s))
		return;
	if (x->ending) {
		s->status = "Successful";
	} else if (rs != NULL && available(rs) >= wanted(t)) {
		s->status = time_is_up(x) ? "Successful" : "Running";
	} else if (x->w->now > late) {
		s->status = "Failed";
		s->message = arena_printf(x->arena, "Template '%s' exceeded its progressDeadlineSeconds (%" PRId64 ")",
		    t->name, deadline_seconds(x));
	} else {
		s->status = "Progressing";
		plan_wake(x->plan, late + 1);
	}
}

static void
tell_change(struct trial *x, bool warning, const char *kind, const char *name, const char *from, const char *to,
    const char *message)
{
	plan_status_event(x->plan, &x->e->object, warning, arena_printf(x->arena, "%s%s", kind, to),
	    "%s '%s' transitioned from %s -> %s%s%s", kind, name, from != NULL ? from : "", to,
	    message != NULL ? ": " : "", message != NULL ? message : "");
}

static void
template_pass(struct trial *x, size_t i)
{
	const struct experiment_template *t = &x->e->spec.templates.at[i];
	struct template_status *s = &x->st.templates.at[i], was = *s;
	const struct replicaset *rs = replicaset_for(x, t);
	bool wants = !x->ending && !is_over(s);
	const char *name = arena_printf(x->arena, "%s-%s", x->e->object.meta.name, t->name), *wrong;

	if (rs == NULL && wants) {
		if ((wrong = obstacle(x, &replicaset_type, name)) != NULL)
			fail_template(s, arena_printf(x->arena, "Template '%s': %s", t->name, wrong));
		else
			create_pods(x, t, name);
	} else if (rs != NULL && wants) {
		if (replicaset_wanted(rs) != wanted(t) || scale_down_deadline(rs) != 0)
			scale(x, rs, wanted(t));
		if (t->service != NULL)
			keep_service(x, t, rs, s);
	} else if (rs != NULL) {
		take_down(x, rs, s);
		drop_service(x, t, rs, s);
	}
	count(x, rs, s);
	judge(x, t, rs, s);
	if (!str_eq(was.status, s->status))
		tell_change(x, str_eq(s->status, "Failed") || str_eq(s->status, "Error"), "Template", t->name,
		    was.status, s->status, s->message);
}

/* --- analyses ------------------------------------------------------------------------------------------------------- */

static const char *
replicaset_name(const struct trial *x, const char *template, bool hash)
{
	for (size_t i = 0; i < x->w->n_replicasets; i++) {
		const struct object *o = &x->w->replicasets[i]->object;

		if (str_eq(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE), template))
			return hash ? object_label(o, LABEL_POD_TEMPLATE_HASH) : o->meta.name;
	}
	return NULL;
}

/* {{templates.NAME.podTemplateHash}}, {{templates.NAME.replicaset.name}}, {{experiment.availableAt}} and .finishedAt of an argument:
 * that the last is not known before the end is no matter to runs that begin at the start. */
static const char *
with_names(const struct trial *x, const char *value)
{
	const struct experiment *e = x->e;
	int64_t duration = seconds_or_duration(e->spec.duration);
	const char *name;

	if (value == NULL || strstr(value, "{{") == NULL)
		return value;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		const char *t = e->spec.templates.at[i].name;

		if ((name = replicaset_name(x, t, true)) != NULL)
			value = str_replace(
			    x->arena, value, arena_printf(x->arena, "{{templates.%s.podTemplateHash}}", t), name);
		if ((name = replicaset_name(x, t, false)) != NULL)
			value = str_replace(
			    x->arena, value, arena_printf(x->arena, "{{templates.%s.replicaset.name}}", t), name);
	}
	value = str_replace(x->arena, value, "{{experiment.availableAt}}", time_format(x->arena, x->was->available_at));
	if (duration >= 0)
		value = str_replace(x->arena, value, "{{experiment.finishedAt}}",
		    time_format(x->arena, time_add(x->was->available_at, duration)));
	return value;
}

static struct analysis_found
find(const struct trial *x, const struct experiment_analysis *a, size_t i)
{
	const struct experiment_spec *spec = &x->e->spec;
	struct rollout_analysis rules = { .dry_run.at = spec->dry_run.at,
		.dry_run.n = spec->dry_run.n,
		.retention.at = spec->retention.at,
		.retention.n = spec->retention.n };
	struct experiment_analysis resolved = *a;

	resolved.args.at = arena_new_array(x->arena, struct argument, a->args.n);
	for (size_t k = 0; k < a->args.n; k++) {
		resolved.args.at[k] = a->args.at[k];
		resolved.args.at[k].value = with_names(x, a->args.at[k].value);
	}
	return experiment_analysis_find(x->w->view, x->e->object.meta.namespace, &resolved, &rules,
	    arena_printf(x->arena, "spec.analyses[%zu]", i), x->arena);
}

static void
begin_run(struct trial *x, const struct analysis_found *f, const char *name, struct experiment_run_status *s)
{
	const struct run_metadata *extra = x->e->spec.run_metadata, none = { 0 };
	struct run_wish wish = { .owner = &x->e->object,
		.name = name,
		.analysis = f,
		.labels = string_map_encode(&(extra != NULL ? extra : &none)->labels),
		.annotations = string_map_encode(&(extra != NULL ? extra : &none)->annotations) };
	const char *made;
	struct err *e = run_create(x->plan, x->w->view, &wish, &made);

	if (e != NULL) {
		s->phase = "Error";
		s->message = err_text(x->arena, e);
		return;
	}
	plan_beside(x->plan);
}

/* The run of this try: runs begin once the pods are there, so that an older one is from before a retry. */
static const struct analysis_run *
run_of(const struct trial *x, const struct experiment_run_status *s, const char *name)
{
	const struct analysis_run *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < x->w->n_runs; i++) {
		const struct meta *m = &x->w->runs[i]->object.meta;

		if (s->analysis_run != NULL) {
			if (str_eq(m->name, s->analysis_run))
				return x->w->runs[i];
		} else if (x->was->available_at != 0 && m->creation_timestamp >= x->was->available_at &&
			   strncmp(m->name, name, n) == 0 && (m->name[n] == '\0' || m->name[n] == '.')) {
			found = x->w->runs[i];
		}
	}
	return found;
}

static void
read_run(struct trial *x, const struct analysis_run *run, const struct experiment_analysis *a,
    struct experiment_run_status *s)
{
	s->analysis_run = run->object.meta.name;
	s->phase = run->status.phase != NULL && run->status.phase[0] != '\0' ? run->status.phase : "Pending";
	s->message = run->status.message;
	if (!x->ending || phase_is_final(run->status.phase) || run->spec.terminate)
		return;
	run_terminate(x->plan, run);
	plan_beside(x->plan);
	plan_event(x->plan, &x->e->object, false, "AnalysisRunTerminating", "Terminating %s (%s)", a->name,
	    run->object.meta.name);
}

/* An experiment that cannot be measured is none. Templates may come a little later than what names them: until pods are there. */
static void
check_analysis(struct trial *x, const struct analysis_found *f, struct experiment_run_status *s)
{
	struct problems p = { .arena = x->arena };

	analysis_problems(&p, f);
	if (p.n == 0 || (p.at[0].reference && x->was->available_at == 0))
		return;
	s->phase = "Error";
	s->message = arena_printf(x->arena, "%s: %s", p.at[0].path, p.at[0].text);
}

static void
analysis_pass(struct trial *x, size_t i)
{
	const struct experiment_analysis *a = &x->e->spec.analyses.at[i];
	struct experiment_run_status *s = &x->st.runs.at[i], was = *s;
	const char *name = arena_printf(x->arena, "%s-%s", x->e->object.meta.name, a->name);
	const struct analysis_run *run = phase_is_final(s->phase) ? NULL : run_of(x, s, name);

	if (run != NULL) {
		read_run(x, run, a, s);
	} else if (!phase_is_final(s->phase) && s->analysis_run != NULL) {
		s->phase = "Error";
		s->message = arena_printf(x->arena, "AnalysisRun %s is gone", s->analysis_run);
	} else if (!phase_is_final(s->phase) && !x->ending) {
		struct analysis_found f = find(x, a, i);

		check_analysis(x, &f, s);
		if (s->phase == NULL && x->was->available_at != 0)
			begin_run(x, &f, name, s);
	}
	if (s->phase == NULL || str_eq(was.phase, s->phase))
		return;
	tell_change(x, is_bad(s->phase), "AnalysisRun", a->name, was.phase, s->phase, s->message);
	if (is_bad(s->phase) && x->w->rollout != NULL)
		plan_status_event(x->plan, &x->w->rollout->object, true,
		    arena_printf(x->arena, "AnalysisRun%s", s->phase), "AnalysisRun '%s' of Experiment '%s' is %s%s%s",
		    a->name, x->e->object.meta.name, s->phase, s->message != NULL ? ": " : "",
		    s->message != NULL ? s->message : "");
}

/* --- what it comes to ----------------------------------------------------------------------------------------------- */

static int
badness(const char *template)
{
	static const char *const order[] = { "Successful", "Running", "Progressing", "Error", "Failed" };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (str_eq(template, order[i]))
			return (int)i;
	return 2;
}

/* What analyses come to. */
struct findings {
	const char *worst, *message;
	bool required, required_done; /* some must succeed; all those have */
};

static struct findings
assess_analyses(const struct experiment *e, const struct experiment_status *st)
{
	struct findings f = { .worst = "Successful", .required_done = true };

	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_run_status *s = &st->runs.at[i];
		const char *phase = s->phase != NULL ? s->phase : "Running";

		if (str_eq(phase, "Pending"))
			phase = "Running";
		if (phase_worse(phase, f.worst) == phase && !str_eq(phase, f.worst)) {
			f.worst = phase;
			f.message = s->message;
		}
		if (e->spec.analyses.at[i].required_for_completion) {
			f.required = true;
			f.required_done &= str_eq(phase, "Successful");
		}
	}
	return f;
}

static void
assess(struct trial *x)
{
	struct findings f = assess_analyses(x->e, &x->st);
	const char *template = "Successful", *message = NULL;
	bool endless = seconds_or_duration(x->e->spec.duration) < 0;

	for (size_t i = 0; i < x->st.templates.n; i++)
		if (badness(x->st.templates.at[i].status) > badness(template)) {
			template = x->st.templates.at[i].status;
			message = x->st.templates.at[i].message;
		}
	if (str_eq(template, "Running") && x->st.available_at == 0)
		x->st.available_at = time_stored(x->w->now);
	x->st.message = message;
	if (str_eq(template, "Failed") || str_eq(template, "Error")) {
		x->st.phase = template;
	} else if (is_bad(f.worst) || (str_eq(template, "Successful") && (phase_is_final(f.worst) || f.required))) {
		x->st.phase = f.worst;
		x->st.message = f.message;
	} else if (str_eq(template, "Successful")) {
		x->st.phase = "Successful";
	} else if (f.required && f.required_done) {
		x->st.phase = "Successful";
		x->st.message = "Required AnalysisRuns completed";
	} else if (endless && !f.required && x->e->spec.analyses.n > 0 && str_eq(f.worst, "Successful")) {
		x->st.phase = "Successful"; /* nothing else would ever end it */
		x->st.message = "AnalysisRuns completed";
	} else {
		x->st.phase = str_eq(template, "Running") ? "Running" : "Pending";
	}
}

static void
set_condition(struct trial *x, const char *type, const char *status, const char *reason, const char *message)
{
	const struct condition to = { .type = type, .status = status, .reason = reason, .message = message };

	condition_set(&x->st.conditions, x->arena, x->w->now, &to, false);
}

static void
conditions(struct trial *x)
{
	const char *name = x->e->object.meta.name, *phase = x->st.phase;

	if (str_eq(phase, "Successful"))
		set_condition(x, "Progressing", "False", "ExperimentCompleted",
		    arena_printf(x->arena, "Experiment \"%s\" has successfully ran and completed.", name));
	else if (phase_is_final(phase))
		set_condition(x, "Progressing", "False", "ProgressDeadlineExceeded",
		    arena_printf(x->arena, "Experiment \"%s\" has not completed: %s", name,
			x->st.message != NULL ? x->st.message : phase));
	else if (str_eq(phase, "Running"))
		set_condition(x, "Progressing", "True", "NewReplicaSetAvailable",
		    arena_printf(x->arena, "Experiment \"%s\" is running.", name));
	else
		set_condition(x, "Progressing", "True", "ReplicaSetUpdated",
		    arena_printf(x->arena, "Experiment \"%s\" is progressing.", name));
}

/* --- what is wrong with it ------------------------------------------------------------------------------------------ */

static void
check_template(struct problems *p, const struct experiment *e, size_t i)
{
	const struct experiment_template *t = &e->spec.templates.at[i];
	const char *path = arena_printf(p->arena, "spec.templates[%zu]", i);
	int64_t deadline =
	    e->spec.progress_deadline_seconds.set ? e->spec.progress_deadline_seconds.is : PROGRESS_DEADLINE;

	for (size_t k = 0; t->name != NULL && k < i; k++)
		if (str_eq(e->spec.templates.at[k].name, t->name))
			problem_add(p, arena_printf(p->arena, "%s.name", path), "Duplicate value: \"%s\"", t->name);
	if (t->name != NULL && t->name[0] == '\0')
		problem_add(p, arena_printf(p->arena, "%s.name", path), "Invalid value: is empty");
	if (t->selector != NULL)
		selector_problems(p, t->selector, t->template, arena_printf(p->arena, "%s.selector", path),
		    arena_printf(p->arena, "%s.template", path));
	if (t->min_ready_seconds >= deadline)
		problem_add(p, arena_printf(p->arena, "%s.minReadySeconds", path),
		    "Invalid value: must be less than progressDeadlineSeconds");
}

void
experiment_problems(const struct view *v, const struct experiment *e, struct problems *p)
{
	const struct problems *decoding = e->object.problems;

	for (size_t i = 0; decoding != NULL && i < decoding->n && i < PROBLEMS_MAX; i++)
		if (str_starts(decoding->at[i].path, "spec"))
			problem_add(p, decoding->at[i].path, "%s", decoding->at[i].text);
	if (e->spec.templates.n == 0 && object_problem(&e->object, "spec.templates") == NULL)
		problem_add(p, "spec.templates", "Required value: an experiment needs a template");
	if (seconds_or_duration(e->spec.duration) == -2)
		problem_add(
		    p, "spec.duration", "\"%s\" is neither seconds nor a duration such as 10m", e->spec.duration);
	for (size_t i = 0; i < e->spec.templates.n; i++)
		check_template(p, e, i);
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		const struct experiment_analysis *a = &e->spec.analyses.at[i];
		const char *path = arena_printf(p->arena, "spec.analyses[%zu]", i);

		for (size_t k = 0; a->name != NULL && k < i; k++)
			if (str_eq(e->spec.analyses.at[k].name, a->name))
				problem_add(
				    p, arena_printf(p->arena, "%s.name", path), "Duplicate value: \"%s\"", a->name);
		for (size_t k = 0; k < a->args.n; k++)
			if (a->args.at[k].value_from != NULL && a->args.at[k].value_from->secret_key_ref == NULL)
				problem_add(p, arena_printf(p->arena, "%s.args[%zu].valueFrom", path, k),
				    "Invalid value: only a step of a rollout has fields and hashes to take it from");
		if (v != NULL && a->template_name != NULL) {
			struct analysis_found f =
			    experiment_analysis_find(v, e->object.meta.namespace, a, NULL, path, p->arena);

			analysis_problems(p, &f);
		}
	}
}

/* True: it is, and the status says so. What its analyses name is looked at by their passes. */
static bool
is_invalid(struct trial *x)
{
	struct problems p = { .arena = x->arena };

	experiment_problems(NULL, x->e, &p);
	if (p.n == 0) {
		condition_drop(&x->st.conditions, x->arena, "InvalidExperimentSpec");
		return false;
	}
	x->st.phase = "Error";
	x->st.message = arena_printf(
	    x->arena, "The Experiment \"%s\" is invalid: %s: %s", x->e->object.meta.name, p.at[0].path, p.at[0].text);
	set_condition(x, "InvalidExperimentSpec", "True", "InvalidSpec", x->st.message);
	return true;
}

/* --- the pass ------------------------------------------------------------------------------------------------------- */

/* One entry for each template and analysis of the spec, as they were. */
static void
begin_status(struct trial *x)
{
	const struct experiment *e = x->e;

	x->st.templates.at = arena_new_array(x->arena, struct template_status, e->spec.templates.n);
	x->st.templates.n = e->spec.templates.n;
	for (size_t i = 0; i < e->spec.templates.n; i++) {
		x->st.templates.at[i].name = e->spec.templates.at[i].name;
		for (size_t k = 0; k < x->was->templates.n; k++)
			if (str_eq(x->was->templates.at[k].name, e->spec.templates.at[i].name))
				x->st.templates.at[i] = x->was->templates.at[k];
	}
	x->st.runs.at = arena_new_array(x->arena, struct experiment_run_status, e->spec.analyses.n);
	x->st.runs.n = e->spec.analyses.n;
	for (size_t i = 0; i < e->spec.analyses.n; i++) {
		struct experiment_run_status *s = &x->st.runs.at[i];

		s->name = e->spec.analyses.at[i].name;
		for (size_t k = 0; k < x->was->runs.n; k++)
			if (str_eq(x->was->runs.at[k].name, s->name))
				*s = x->was->runs.at[k];
		/* What is not there yet is written as nothing. */
		s->analysis_run = str_empty(s->analysis_run) ? NULL : s->analysis_run;
		s->phase = str_empty(s->phase) ? NULL : s->phase;
	}
}

/* Told to end, or over for some part of it. */
static bool
is_ending(const struct trial *x)
{
	if (phase_is_final(x->was->phase) || x->e->spec.terminate)
		return true;
	for (size_t i = 0; i < x->st.templates.n; i++)
		if (is_bad(x->st.templates.at[i].status))
			return true;
	for (size_t i = 0; i < x->st.runs.n; i++)
		if (is_bad(x->st.runs.at[i].phase))
			return true;
	return false;
}

void
experiment_decide(const struct experiment_world *w, struct plan *plan)
{
	const struct experiment *e = w->experiment;
	struct trial x = { .w = w, .e = e, .plan = plan, .arena = plan->arena, .was = &e->status, .st = e->status };
	bool over = phase_is_final(e->status.phase);

	if (e->object.meta.deletion_timestamp != 0)
		return;
	if (over || !is_invalid(&x)) {
		begin_status(&x);
		x.ending = is_ending(&x);
		for (size_t i = 0; i < e->spec.templates.n; i++)
			template_pass(&x, i);
		for (size_t i = 0; i < e->spec.analyses.n; i++)
			analysis_pass(&x, i);
		if (!over)
			assess(&x);
	}
	if (!over)
		conditions(&x);
	if (!str_eq(x.was->phase, x.st.phase)) {
		tell_change(
		    &x, is_bad(x.st.phase), "Experiment", e->object.meta.name, x.was->phase, x.st.phase, x.st.message);
		plan_reason(plan, "experiment is %s: %s", x.st.phase, x.st.message != NULL ? x.st.message : "");
		plan_wake(plan, w->now); /* what follows from it is done once it is written */
	}
	plan_status(
	    plan, &e->object, encode(&experiment_status_type, &e->status), encode(&experiment_status_type, &x.st));
}

/* The rollout whose step it is, and what its routing gives weight to. */
static void
gather_rollout(struct experiment_world *w, struct arena *a)
{
	const struct owner *owner = object_controller(&w->experiment->object);
	const struct router *router;
	struct routing routing = { 0 };

	if (owner == NULL || !str_eq(owner->kind, rollout_type.kind))
		return;
	w->rollout =
	    (const struct rollout *)view_get(w->view, &rollout_type, w->experiment->object.meta.namespace, owner->name);
	if (w->rollout == NULL || w->rollout->spec.strategy.canary == NULL ||
	    (router = router_of(w->rollout->spec.strategy.canary)) == NULL)
		return;
	router->read(w->rollout, w->view, a, &routing); /* what could be read, whatever else is wrong */
	w->routed = routing.additional;
	w->n_routed = routing.n_additional;
}

static void
pass(const struct pass *p, struct plan *plan)
{
	struct experiment_world w = { .now = p->now, .seen = p->seen, .view = p->view };
	const struct object **list;

	w.experiment = (const struct experiment *)view_get(p->view, &experiment_type, p->namespace, p->name);
	if (w.experiment == NULL)
		return;
	w.n_replicasets =
	    view_owned(p->view, &replicaset_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.replicasets = (const struct replicaset *const *)list;
	w.n_services =
	    view_owned(p->view, &service_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.services = (const struct service *const *)list;
	w.n_runs =
	    view_owned(p->view, &analysis_run_type, p->namespace, w.experiment->object.meta.uid, plan->arena, &list);
	w.runs = (const struct analysis_run *const *)list;
	gather_rollout(&w, plan->arena);
	experiment_decide(&w, plan);
}

struct emitting {
	const char *owner; /* uid */
	emit_key *emit;
	void *arg;
};

static void
emit_owned(const struct object *o, void *arg)
{
	const struct owner *owner = object_controller(o);
	struct emitting *e = arg;

	if (owner != NULL && str_eq(owner->uid, e->owner))
		e->emit(o->meta.namespace, o->meta.name, e->arg);
}

/* Its experiments may wait for its routing to let go of their pods. */
static void
map_rollout(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	struct emitting e = { o->meta.uid, emit, arg };

	v->each(v, &experiment_type, o->meta.namespace, emit_owned, &e);
}

static const struct controller_watch watches[] = {
	{ .type = &experiment_type },
	{ .type = &replicaset_type, .label_selector = LABEL_POD_TEMPLATE_HASH },
	{ .type = &service_type },
	{ .type = &analysis_run_type },
	{ .type = &rollout_type, .map = map_rollout },
};

const struct controller experiment_controller = {
	.name = "experiment",
	.type = &experiment_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
};
