/* rollout/experiment/template.c: a template of an Experiment: its ReplicaSet and Service, and their removal. */
#include "rollout/experiment/template.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_template.h"
#include "kube/api/replicaset.h"
#include "kube/plan/controller.h"
#include "rollout/analysis_templates.h"
#include "rollout/certain_pods.h"
#include "rollout/experiment/pass.h"
#include "rollout/replicas.h"
#include "rollout/scale_down_delay.h"
#include "rollout/revision.h"

#define DEADLINE 600 /* seconds */
#define SCALE_DOWN_DELAY 30 /* seconds */
#define RETRY_ROUTED_MS 5000 /* until the routing is checked again */

static int64_t
experiment_template_replicas(const struct experiment_template *t)
{
	return t->replicas.present ? t->replicas.value : 1;
}

int64_t
experiment_template_deadline(const struct experiment *e)
{
	const struct opt_int *seconds = &e->spec.progress_deadline_seconds;

	return seconds->present ? seconds->value : DEADLINE;
}

static bool
experiment_template_has(const struct object *o, const struct experiment_template *t)
{
	return str_eq(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE), t->name);
}

static const struct replicaset *
experiment_template_replicaset(const struct experiment_pass *p, const struct experiment_template *t)
{
	for (size_t i = 0; i < p->w->n_replicasets; i++)
		if (experiment_template_has(&p->w->replicasets[i]->object, t))
			return p->w->replicasets[i];
	return NULL;
}

static const struct service *
experiment_template_service(const struct experiment_pass *p, const struct experiment_template *t)
{
	for (size_t i = 0; i < p->w->n_services; i++)
		if (experiment_template_has(&p->w->services[i]->object, t))
			return p->w->services[i];
	return NULL;
}

static void
experiment_template_fail(struct template_status *s, const char *message)
{
	s->status = "Error";
	s->message = message;
}

/* Why an object that the template needs cannot be created; NULL: no reason is known. */
static const char *
experiment_template_obstacle(const struct experiment_pass *p, const struct type *type, const char *name)
{
	const struct seen_failure *f = p->w->seen->failure;

	if (view_get(p->w->view, type, p->e->object.meta.namespace, name) != NULL)
		return arena_printf(p->arena, "%s %s exists, and is not this experiment's", type->kind, name);
	if (f != NULL && f->create && f->class == ERR_INVALID && f->type == type && str_eq(f->name, name))
		return arena_printf(p->arena, "%s %s cannot be created: %s", type->kind, name, f->text);
	return NULL;
}

/* The names, annotations and owner by which an Experiment's objects are found. */
static json_t *
experiment_template_metadata(const struct experiment_pass *p, const struct experiment_template *t, const char *name)
{
	const struct meta *m = &p->e->object.meta;

	return json_pack("{s:s,s:s,s:{s:s,s:s},s:[o]}", "name", name, "namespace", m->namespace, "annotations",
	    ANNOTATION_EXPERIMENT_NAME, m->name, ANNOTATION_EXPERIMENT_TEMPLATE, t->name, "ownerReferences",
	    owner_reference(&p->e->object));
}

/* The hash is the Experiment's own: a Service or subset that selects the version of the template must not select
 * these pods. */
static void
experiment_template_create(struct experiment_pass *p, const struct experiment_template *t, const char *name)
{
	const char *hash =
	    text_hash(p->arena, arena_printf(p->arena, "%s/%s %s", p->e->object.meta.uid, t->name, t->template));
	json_t *template = json_loads(t->template, 0, NULL), *meta = experiment_template_metadata(p, t, name), *labels;

	labels = json_at(template, "/metadata/labels");
	if (labels == NULL) {
		labels = json_object();
		json_object_set_new(json_object_get(template, "metadata"), "labels", labels);
	}
	json_object_set_new(labels, LABEL_POD_TEMPLATE_HASH, json_string(hash));
	json_object_set_new(meta, "labels", json_deep_copy(labels));
	plan_create(p->plan, &replicaset_type, p->e->object.meta.namespace, name,
	    json_pack("{s:s,s:s,s:o,s:{s:I,s:I,s:o,s:o}}", "apiVersion", "apps/v1", "kind", "ReplicaSet", "metadata",
		meta, "spec", "replicas", (json_int_t)experiment_template_replicas(t), "minReadySeconds",
		(json_int_t)t->min_ready_seconds, "selector", revision_selector(t->selector, hash), "template",
		template));
	plan_independent(p->plan);
	plan_event(p->plan, &p->e->object, false, "NewReplicaSetCreated", "Created ReplicaSet %s with size %" PRId64,
	    name, experiment_template_replicas(t));
	plan_reason(p->plan, "template %s has no pods yet", t->name);
}

static void
experiment_template_scale(struct experiment_pass *p, const struct replicaset *rs, int64_t to)
{
	int64_t from = replicaset_wanted(rs);
	json_t *ops = json_array();

	object_patch_annotation(p->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, NULL);
	if (from != to) {
		json_patch_add(ops, "test", "/spec/replicas", json_integer(from));
		json_patch_add(ops, "replace", "/spec/replicas", json_integer(to));
	}
	if (to > from)
		certain_pods_mark(p->plan, rs, p->w->now, ops);
	plan_patch(p->plan, &rs->object, ops);
	plan_independent(p->plan);
	if (from != to)
		plan_event(p->plan, &p->e->object, false, "ScalingReplicaSet",
		    "Scaled %s ReplicaSet %s from %" PRId64 " to %" PRId64, to > from ? "up" : "down",
		    rs->object.meta.name, from, to);
}

/* Returns whether the Rollout's routing still sends requests to this template's pods, or is about to. */
static bool
experiment_template_is_routed(const struct experiment_pass *p, const struct template_status *s)
{
	const struct rollout *r = p->w->rollout;

	if (s->service_name != NULL && r != NULL && r->spec.strategy.canary != NULL &&
	    str_eq(r->status.canary.current_experiment, p->e->object.meta.name))
		return true;
	for (size_t i = 0; s->service_name != NULL && i < p->w->n_routed; i++)
		if (str_eq(p->w->routed[i].service_name, s->service_name) && p->w->routed[i].weight > 0)
			return true;
	return false;
}

/* Scales down after a delay, for open connections, and not while the routing uses the pods. */
static void
experiment_template_take_down(struct experiment_pass *p, const struct replicaset *rs, const struct template_status *s)
{
	const struct opt_int *delay = &p->e->spec.scale_down_delay_seconds;
	int64_t seconds = delay->present ? delay->value : SCALE_DOWN_DELAY, at = scale_down_deadline(rs);

	if (replicaset_wanted(rs) == 0)
		return;
	if (at == 0 && seconds > 0) {
		json_t *ops = json_array();

		at = time_add(time_stored(p->w->now), seconds * 1000);
		object_patch_annotation(
		    p->arena, ops, &rs->object, ANNOTATION_SCALE_DOWN_DEADLINE, time_format(p->arena, at));
		plan_patch(p->plan, &rs->object, ops);
		plan_independent(p->plan);
		plan_reason(p->plan, "ReplicaSet %s is scaled down in %" PRId64 " s", rs->object.meta.name, seconds);
	}
	if (seconds > 0 && p->w->now <= at)
		plan_wake(p->plan, at + 1);
	else if (experiment_template_is_routed(p, s))
		plan_wake(p->plan, time_add(p->w->now, RETRY_ROUTED_MS));
	else
		experiment_template_scale(p, rs, 0);
}

/* The ports of a template's containers; a port of several needs a name. */
static json_t *
experiment_template_service_ports(const struct experiment_pass *p, const struct experiment_template *t)
{
	_cleanup_(json_decrefp) json_t *template = json_loads(t->template, 0, NULL);
	json_t *ports = json_array(), *container, *port;
	size_t i, k;

	json_array_foreach (json_at(template, "/spec/containers"), i, container)
		json_array_foreach (json_object_get(container, "ports"), k, port) {
			int64_t number = json_int(port, "containerPort", 0);
			const char *name = json_str(port, "name") ?: arena_printf(p->arena, "port-%zu-%zu", i, k);

			json_array_append_new(ports,
			    json_pack("{s:s,s:I,s:I,s:s}", "name", name, "port", (json_int_t)number, "targetPort",
				(json_int_t)number, "protocol", json_str(port, "protocol") ?: "TCP"));
		}
	return ports;
}

static void
experiment_template_keep_service(struct experiment_pass *p, const struct experiment_template *t,
    const struct replicaset *rs, struct template_status *s)
{
	const struct service *have = experiment_template_service(p, t);
	const char *name = str_empty(t->service->name) ? rs->object.meta.name : t->service->name,
		   *hash = object_label(&rs->object, LABEL_POD_TEMPLATE_HASH), *wrong;
	json_t *ports;

	if (have != NULL) {
		s->service_name = have->object.meta.name;
		s->pod_template_hash = hash;
		return;
	}
	ports = experiment_template_service_ports(p, t);
	/* A Service needs a port: without one the template runs, and gets no traffic. */
	if (json_array_size(ports) == 0) {
		json_decref(ports);
		plan_reason(p->plan, "template %s gets no Service: its containers have no ports", t->name);
		return;
	}
	wrong = experiment_template_obstacle(p, &service_type, name);
	if (wrong != NULL || hash == NULL) {
		json_decref(ports);
		experiment_template_fail(
		    s, arena_printf(p->arena, "Template '%s': %s", t->name, wrong ?: "its ReplicaSet has no hash"));
		return;
	}
	plan_create(p->plan, &service_type, p->e->object.meta.namespace, name,
	    json_pack("{s:s,s:s,s:o,s:{s:{s:s},s:o}}", "apiVersion", "v1", "kind", "Service", "metadata",
		experiment_template_metadata(p, t, name), "spec", "selector", LABEL_POD_TEMPLATE_HASH, hash, "ports",
		ports));
	plan_independent(p->plan);
	plan_reason(p->plan, "template %s has no Service yet", t->name);
}

static void
experiment_template_drop_service(struct experiment_pass *p, const struct experiment_template *t,
    const struct replicaset *rs, struct template_status *s)
{
	const struct service *have = experiment_template_service(p, t);

	if (have == NULL) {
		s->service_name = s->pod_template_hash = NULL;
	} else if (replicaset_wanted(rs) == 0 && rs->status.available_replicas == 0 &&
		   have->object.meta.deletion_timestamp == 0 && !experiment_template_is_routed(p, s)) {
		plan_delete(p->plan, &have->object);
		plan_independent(p->plan);
	}
}

static bool
experiment_template_is_over(const struct template_status *s)
{
	return str_eq(s->status, "Successful") || str_eq(s->status, "Failed") || str_eq(s->status, "Error");
}

static void
experiment_template_count(struct experiment_pass *p, const struct replicaset *rs, struct template_status *s)
{
	struct template_status was = *s;

	s->replicas = s->updated_replicas = rs != NULL ? rs->status.replicas : 0;
	s->ready_replicas = rs != NULL ? rs->status.ready_replicas : 0;
	s->available_replicas = rs != NULL ? rs->status.available_replicas : 0;
	if (s->last_transition_time == 0 || was.replicas != s->replicas || was.ready_replicas != s->ready_replicas ||
	    was.available_replicas != s->available_replicas)
		s->last_transition_time = time_stored(p->w->now);
}

/* Returns true if spec.duration has passed since all pods became available. */
static bool
experiment_template_time_is_up(struct experiment_pass *p)
{
	int64_t duration, end;

	if (seconds_or_duration(p->e->spec.duration, &duration) != DURATION_SET || p->was->available_at == 0)
		return false;
	end = time_add(p->was->available_at, duration);
	if (p->w->now >= end)
		return true;
	plan_wake(p->plan, end);
	return false;
}

static void
experiment_template_assess(struct experiment_pass *p, const struct experiment_template *t, const struct replicaset *rs,
    struct template_status *s)
{
	int64_t late = time_add(s->last_transition_time, experiment_template_deadline(p->e) * 1000);

	if (experiment_template_is_over(s))
		return;
	if (p->ending) {
		s->status = "Successful";
	} else if (rs != NULL && replicaset_available(rs) >= experiment_template_replicas(t)) {
		s->status = experiment_template_time_is_up(p) ? "Successful" : "Running";
	} else if (p->w->now > late) {
		s->status = "Failed";
		s->message = arena_printf(p->arena, "Template '%s' exceeded its progressDeadlineSeconds (%" PRId64 ")",
		    t->name, experiment_template_deadline(p->e));
	} else {
		s->status = "Progressing";
		plan_wake(p->plan, late + 1);
	}
}

void
experiment_template_pass(struct experiment_pass *p, size_t i)
{
	const struct experiment_template *t = &p->e->spec.templates.at[i];
	struct template_status *s = &p->st.templates.at[i], was = *s;
	const struct replicaset *rs = experiment_template_replicaset(p, t);
	bool wants = !p->ending && !experiment_template_is_over(s);
	const char *name = arena_printf(p->arena, "%s-%s", p->e->object.meta.name, t->name), *wrong;

	if (rs == NULL && wants) {
		if ((wrong = experiment_template_obstacle(p, &replicaset_type, name)) != NULL)
			experiment_template_fail(s, arena_printf(p->arena, "Template '%s': %s", t->name, wrong));
		else
			experiment_template_create(p, t, name);
	} else if (rs != NULL && wants) {
		if (replicaset_wanted(rs) != experiment_template_replicas(t) || scale_down_deadline(rs) != 0)
			experiment_template_scale(p, rs, experiment_template_replicas(t));
		if (t->service != NULL)
			experiment_template_keep_service(p, t, rs, s);
	} else if (rs != NULL) {
		experiment_template_take_down(p, rs, s);
		experiment_template_drop_service(p, t, rs, s);
	}
	if (rs != NULL)
		certain_pods_check(p->plan, rs, p->w->now);
	experiment_template_count(p, rs, s);
	experiment_template_assess(p, t, rs, s);
	if (!str_eq(was.status, s->status))
		experiment_event(p, str_eq(s->status, "Failed") || str_eq(s->status, "Error"), "Template", t->name,
		    was.status, s->status, s->message);
}
