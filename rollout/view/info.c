/* rollout/view/info.c: a rollout and its objects as one JSON object, for the dashboard: the RolloutInfo of its
 * header, part by part. */
#include "rollout/view/info.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "analysis/compare/course.h"
#include "analysis/compare/report.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_details.h"
#include "rollout/steps.h"
#include "rollout/view/summary.h"

struct info_source {
	struct arena *arena;
	const struct view *view;
	const struct rollout *rollout;
};

static json_t *
info_text(const char *s)
{
	return json_string(s != NULL ? s : "");
}

static json_t *
info_time(struct arena *a, int64_t at)
{
	return info_text(at != 0 ? time_format(a, at) : NULL);
}

static json_t *
info_meta(struct arena *a, const struct object *o)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "name", info_text(o->meta.name), "namespace",
	    info_text(o->meta.namespace), "uid", info_text(o->meta.uid), "resourceVersion",
	    info_text(o->meta.resource_version), "creationTimestamp", info_time(a, o->meta.creation_timestamp));
}

/* The fields that every part has. */
static json_t *
info_part(struct arena *a, const struct object *o, const char *status)
{
	return json_pack("{s:o,s:o,s:s}", "objectMeta", info_meta(a, o), "status", info_text(status), "icon",
	    summary_icon(status).icon);
}

static void
info_set_int(json_t *o, const char *name, int64_t value)
{
	json_object_set_new(o, name, json_integer(value));
}

/* The objects that an owner has, newest first, each converted by `convert`. */
static json_t *
info_owned(struct info_source *t, const struct type *type, const struct object *owner,
    json_t *(*convert)(struct info_source *, const struct object *))
{
	json_t *list = json_array();
	const struct object **owned;
	size_t n = view_owned(t->view, type, owner->meta.namespace, owner->meta.uid, t->arena, &owned);

	while (n-- > 0)
		json_array_append_new(list, convert(t, owned[n]));
	return list;
}

static json_t *
info_pod(struct info_source *t, const struct object *o)
{
	struct pod_summary summary;
	json_t *j;

	pod_summary(t->arena, (const struct pod_details *)o, &summary);
	j = info_part(t->arena, o, summary.status);
	json_object_set_new(
	    j, "ready", json_string(arena_printf(t->arena, "%zu/%zu", summary.ready, summary.containers)));
	info_set_int(j, "restarts", summary.restarts);
	return j;
}

static json_t *
info_images(const char *template)
{
	_cleanup_(json_decrefp) json_t *j = template != NULL ? json_loads(template, 0, NULL) : NULL;
	json_t *list = json_array(), *c;
	size_t i;

	json_array_foreach (json_at(j, "/spec/containers"), i, c)
		json_array_append_new(list, info_text(json_str(c, "image")));
	return list;
}

static json_t *
info_replicaset(struct info_source *t, const struct object *o)
{
	static const struct {
		unsigned role;
		const char *name;
	} names[] = { { ROLE_STABLE, "stable" }, { ROLE_CANARY, "canary" }, { ROLE_ACTIVE, "active" },
		{ ROLE_PREVIEW, "preview" }, { ROLE_PING, "ping" }, { ROLE_PONG, "pong" } };
	const struct replicaset *rs = (const struct replicaset *)o;
	const struct owner *owner = object_controller(o);
	unsigned roles =
	    owner != NULL && str_eq(owner->uid, t->rollout->object.meta.uid) ? summary_roles(t->rollout, rs) : 0;
	json_t *j = info_part(t->arena, o, summary_replicaset(rs));

	info_set_int(j, "revision", summary_revision(o));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		json_object_set_new(j, names[i].name, json_boolean(roles & names[i].role));
	info_set_int(j, "replicas", rs->status.replicas);
	info_set_int(j, "available", rs->status.available_replicas);
	json_object_set_new(j, "template", info_text(object_annotation(o, ANNOTATION_EXPERIMENT_TEMPLATE)));
	json_object_set_new(j, "scaleDownDeadline", info_text(object_annotation(o, ANNOTATION_SCALE_DOWN_DEADLINE)));
	json_object_set_new(j, "images", info_images(rs->spec.template));
	json_object_set_new(j, "pods", info_owned(t, &pod_details_type, o, info_pod));
	return j;
}

/* The numbers and the course of a comparison; NULL: it has no evidence yet, or the measurement compares nothing. */
static json_t *
info_comparison(struct arena *a, const struct string_map *metadata)
{
	static const char *const keys[] = { REPORT_CANARY, REPORT_STABLE, REPORT_EVIDENCE, REPORT_MARGIN, REPORT_WORSE,
		REPORT_WAITS };
	json_t *numbers;
	struct compared_course text = { 0 };
	struct course course;

	if (!course_read(a, metadata, &course))
		return NULL;
	numbers = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (string_map_get(metadata, keys[i]) != NULL)
			json_array_append_new(numbers, json_pack("{s:s,s:o}", "name", keys[i], "text",
							   info_text(string_map_get(metadata, keys[i]))));
	decode_text(&compared_course_type, string_map_get(metadata, COMPARE_COURSE), a, &text);
	return json_pack("{s:o,s:o}", "numbers", numbers, "course", encode(&compared_course_type, &text));
}

/* A measurement by a Job, or another. */
static void
info_add_measurement(struct info_source *t, json_t *run, const struct metric_result *r, const struct measurement *m)
{
	const char *job = string_map_get(&m->metadata, "job-name");
	json_t *comparison = info_comparison(t->arena, &m->metadata);
	json_t *j = json_pack("{s:o,s:s,s:o,s:s,s:o}", "status", info_text(m->phase), "icon",
	    summary_icon(m->phase).icon, "startedAt", info_time(t->arena, m->started_at), "metricName", r->name,
	    "message", info_text(m->message));

	if (comparison != NULL)
		json_object_set_new(j, "comparison", comparison);
	if (job != NULL)
		json_object_set_new(j, "objectMeta",
		    json_pack("{s:s,s:o}", "name", job, "namespace",
			info_text(string_map_get(&m->metadata, "job-namespace"))));
	else
		json_object_set_new(j, "value", info_text(m->value));
	json_array_append_new(json_object_get(run, job != NULL ? "jobs" : "nonJobInfo"), j);
}

/* The conditions and limits of the run's (last) metric. */
static void
info_add_limits(json_t *run, const char *metrics)
{
	static const char *const names[] = { "successCondition", "count", "inconclusiveLimit", "failureLimit" };
	_cleanup_(json_decrefp) json_t *list = metrics != NULL ? json_loads(metrics, 0, NULL) : NULL;
	const json_t *last = json_array_get(list, json_array_size(list) - 1);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (json_object_get(last, names[i]) != NULL)
			json_object_set(run, names[i], json_object_get(last, names[i]));
}

static json_t *
info_run(struct info_source *t, const struct object *o)
{
	const struct analysis_run *run = (const struct analysis_run *)o;
	json_t *j = info_part(t->arena, o, str_empty(run->status.phase) ? "Pending" : run->status.phase);
	int64_t successful = 0, failed = 0, inconclusive = 0, error = 0;

	json_object_set_new(j, "message", info_text(run->status.message));
	json_object_set_new(j, "jobs", json_array());
	json_object_set_new(j, "nonJobInfo", json_array());
	for (size_t i = 0; i < run->status.metric_results.n; i++) {
		const struct metric_result *r = &run->status.metric_results.at[i];

		successful += r->successful;
		failed += r->failed;
		inconclusive += r->inconclusive;
		error += r->error;
		for (size_t k = 0; k < r->measurements.n; k++)
			info_add_measurement(t, j, r, &r->measurements.at[k]);
	}
	info_set_int(j, "revision", summary_revision(o));
	info_set_int(j, "successful", successful);
	info_set_int(j, "failed", failed);
	info_set_int(j, "inconclusive", inconclusive);
	info_set_int(j, "error", error);
	info_add_limits(j, run->spec.metrics);
	return j;
}

static json_t *
info_experiment(struct info_source *t, const struct object *o)
{
	const struct experiment *e = (const struct experiment *)o;
	json_t *j = info_part(t->arena, o, str_empty(e->status.phase) ? "Pending" : e->status.phase);

	info_set_int(j, "revision", summary_revision(o));
	json_object_set_new(j, "message", info_text(e->status.message));
	json_object_set_new(j, "replicaSets", info_owned(t, &replicaset_type, o, info_replicaset));
	json_object_set_new(j, "analysisRuns", info_owned(t, &analysis_run_type, o, info_run));
	return j;
}

/* The names and images of the containers: those of the rollout's template, or of its workload, which the newest
 * ReplicaSet has. */
static json_t *
info_containers(const struct rollout *r, const struct object **sets, size_t n)
{
	const char *template = r->spec.template;
	_cleanup_(json_decrefp) json_t *j = NULL;
	json_t *list = json_array(), *c;
	size_t i;

	for (i = 0; template == NULL && i < n; i++)
		if (str_eq(object_label(sets[i], LABEL_POD_TEMPLATE_HASH), r->status.current_pod_hash))
			template = ((const struct replicaset *)sets[i])->spec.template;
	j = template != NULL ? json_loads(template, 0, NULL) : NULL;
	json_array_foreach (json_at(j, "/spec/containers"), i, c)
		json_array_append_new(list, json_pack("{s:o,s:o}", "name", info_text(json_str(c, "name")), "image",
						info_text(json_str(c, "image"))));
	return list;
}

static void
info_add_canary(struct info_source *t, json_t *j, const struct object **sets, size_t n)
{
	const struct rollout *r = t->rollout;
	json_t *steps = r->steps_json != NULL ? json_loads(r->steps_json, 0, NULL) : NULL, *labels = json_array();

	if (json_array_size(steps) > 0)
		json_object_set_new(j, "step",
		    json_string(arena_printf(t->arena, "%" PRId64 "/%zu",
			r->status.current_step_index.present ? r->status.current_step_index.value : 0,
			json_array_size(steps))));
	json_object_set_new(j, "setWeight", json_string(arena_printf(t->arena, "%" PRId64, summary_set_weight(r))));
	json_object_set_new(
	    j, "actualWeight", json_string(arena_printf(t->arena, "%" PRId64, summary_actual_weight(r, sets, n))));
	json_object_set_new(j, "steps", steps != NULL ? steps : json_array());
	for (size_t i = 0; i < r->spec.strategy.canary->steps.n; i++)
		json_array_append_new(labels, info_text(steps_label(t->arena, &r->spec.strategy.canary->steps.at[i])));
	json_object_set_new(j, "stepLabels", labels);
}

json_t *
info_rollout(const struct view *v, const char *ns, const char *name)
{
	const char *message;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct rollout *r = (const struct rollout *)view_get(v, &rollout_type, ns, name);
	struct info_source t = { .arena = a, .view = v, .rollout = r };
	const struct rollout_status *s;
	const struct object **sets;
	size_t n;
	json_t *j;

	if (r == NULL)
		return NULL;
	s = &r->status;
	n = view_owned(v, &replicaset_type, ns, r->object.meta.uid, a, &sets);
	j = info_part(a, &r->object, summary_phase(r, &message));
	json_object_set_new(j, "message", info_text(message));
	json_object_set_new(j, "strategy", json_string(r->spec.strategy.blue_green != NULL ? "BlueGreen" : "Canary"));
	if (r->spec.strategy.canary != NULL)
		info_add_canary(&t, j, sets, n);
	info_set_int(j, "desired", summary_desired(r));
	info_set_int(j, "current", s->replicas);
	info_set_int(j, "updated", s->updated_replicas);
	info_set_int(j, "ready", s->ready_replicas);
	info_set_int(j, "available", s->available_replicas);
	json_object_set_new(j, "restartedAt", info_time(a, s->restarted_at));
	json_object_set_new(j, "generation", json_string(arena_printf(a, "%" PRId64, r->object.meta.generation)));
	json_object_set_new(j, "containers", info_containers(r, sets, n));
	json_object_set_new(j, "replicaSets", info_owned(&t, &replicaset_type, &r->object, info_replicaset));
	json_object_set_new(j, "experiments", info_owned(&t, &experiment_type, &r->object, info_experiment));
	json_object_set_new(j, "analysisRuns", info_owned(&t, &analysis_run_type, &r->object, info_run));
	return j;
}

bool
info_concerns(const struct view *v, const struct object *o, const char **ret_ns, const char **ret_name)
{
	static const struct type *const owners[] = { &rollout_type, &experiment_type, &replicaset_type };

	for (int distance = 0; o != NULL && distance <= 3; distance++) {
		const struct owner *owner = object_controller(o);
		const struct object *next = NULL;

		if (o->type == &rollout_type) {
			*ret_ns = o->meta.namespace;
			*ret_name = o->meta.name;
			return true;
		}
		for (size_t i = 0; owner != NULL && i < ARRAY_SIZE(owners); i++)
			if (str_eq(owner->kind, owners[i]->kind))
				next = view_get(v, owners[i], o->meta.namespace, owner->name);
		o = next;
	}
	return false;
}
