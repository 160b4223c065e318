/* web/gitops_metrics.c: metrics of Applications and of Flux's objects: one entry for each object, with the labels of
 * its series. Metrics of Rollouts: metrics.c. */
#include "web/gitops_metrics.h"
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "gitops/argocd/application_status.h"
#include "kube/api/helm.h"
#include "web/exposition.h"
#include "web/metric_objects.h"

#define BUCKETS_MAX 10

/* Upper bounds of the histogram's buckets, in seconds. */
static const double argo_buckets[] = { 0.25, 0.5, 1, 2, 4, 8, 16 },
		    flux_buckets[] = { 0.01, 0.038, 0.147, 0.562, 2.153, 8.242, 31.55, 120.8, 462.5, 1800 };

struct times {
	uint64_t n, within[BUCKETS_MAX], ms;
};

/* Syncs that ended with the same phase. */
struct syncs {
	uint64_t n;
	int64_t seconds;
};

struct entry {
	struct metric_object of;
	struct arena *arena; /* of the texts below; replaced at each change */
	/* An Application. */
	const char *project, *repo, *server, *dest_namespace, *sync, *health, *operation;
	bool automated;
	struct syncs syncs[OPERATION_PHASE_MAX][2]; /* [1]: dry runs */
	int64_t finished_at; /* end of the last sync that was counted or seen, wall ms; 0: none */
	/* it was seen before; a sync that ended before the first time is not counted, because the previous process
	 * did */
	bool known;
	/* An object of Flux. */
	const char *ready; /* "True", "False", "Unknown" */
	bool suspended;
	struct times reconciles;
};

struct gitops_metrics {
	bool legacy; /* with the metrics that dashboards of Argo CD 1 use */
	struct metric_objects all; /* of struct entry */
	struct map reconciles; /* Applications' reconciles: "ns server" → struct times */
};

static void
gitops_metrics_entry_done(struct metric_object *of)
{
	struct entry *e = (struct entry *)of;

	arena_free(e->arena);
}

struct gitops_metrics *
gitops_metrics_new(bool legacy)
{
	struct gitops_metrics *m = mem_alloc(sizeof(*m));

	m->all = (struct metric_objects){ .size = sizeof(struct entry), .done = gitops_metrics_entry_done };
	m->legacy = legacy;
	return m;
}

struct gitops_metrics *
gitops_metrics_free(struct gitops_metrics *m)
{
	if (m == NULL)
		return NULL;
	metric_objects_done(&m->all);
	map_each (&m->reconciles, slot)
		free(slot->value);
	map_done(&m->reconciles);
	free(m);
	return NULL;
}

static void
see_sync(struct entry *e, const struct app_operation_state *state)
{
	struct app_operation operation = { 0 };
	struct syncs *syncs;

	/* A sync that waits for a retry has finishedAt too, and its phase is Running. */
	if (state->finished_at == 0 || state->phase == OPERATION_RUNNING || state->finished_at == e->finished_at)
		return;
	e->finished_at = state->finished_at;
	if (!e->known)
		return;
	decode_text(&app_operation_type, state->operation, e->arena, &operation);
	syncs = &e->syncs[state->phase][operation.sync.dry_run];
	syncs->n++;
	if (state->finished_at > state->started_at)
		syncs->seconds += (state->finished_at - state->started_at) / 1000;
}

static void
see_application(struct entry *e, const struct application *app)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct application_destination *d = &app->spec.destination;
	const struct automated_sync *automated = app->spec.sync_policy.automated;
	const struct application_source *source;
	struct application_status status = { 0 };

	decode_text(&application_status_type, app->status, a, &status);
	e->project = arena_strdup(e->arena, str_empty(app->spec.project) ? "default" : app->spec.project);
	e->repo = application_sources(app, &source) > 0 ? arena_strdup(e->arena, source->repo_url) : NULL;
	e->server = arena_strdup(e->arena, d->server != NULL ? d->server : d->name);
	e->dest_namespace = arena_strdup(e->arena, d->namespace);
	e->sync = sync_status_names[status.sync.status != SYNC_NONE ? status.sync.status : SYNC_UNKNOWN];
	e->health = health_names[status.health.status != HEALTH_NONE ? status.health.status : HEALTH_UNKNOWN];
	e->operation = app->object.meta.deletion_timestamp != 0 ? "delete" : app->operation != NULL ? "sync" : "";
	e->automated = automated != NULL && (!automated->enabled.present || automated->enabled.value);
	see_sync(e, &status.operation_state);
}

static void
see_flux(struct entry *e, const char *text, bool suspended)
{
	_cleanup_(json_decrefp) json_t *status = text != NULL ? json_loads(text, 0, NULL) : NULL;

	e->suspended = suspended;
	e->ready = arena_strdup(e->arena, json_str(status_condition(status, "Ready"), "status") ?: "Unknown");
}

/* The controllers whose objects have metrics. */
static const struct {
	const char *controller;
	const struct type *type;
} gitops_kinds[] = { { "application", &application_type }, { "gitrepository", &git_repository_type },
	{ "helmchart", &helm_chart_type }, { "helmrelease", &helm_release_type },
	{ "helmrepository", &helm_repository_type }, { "kustomization", &flux_kustomization_type },
	{ "ocirepository", &oci_repository_type } };

static void
see_any(struct entry *e, const struct object *o)
{
	if (o->type == &application_type)
		see_application(e, (const struct application *)o);
	else if (o->type == &git_repository_type)
		see_flux(
		    e, ((const struct git_repository *)o)->status, ((const struct git_repository *)o)->spec.suspend);
	else if (o->type == &helm_repository_type)
		see_flux(
		    e, ((const struct helm_repository *)o)->status, ((const struct helm_repository *)o)->spec.suspend);
	else if (o->type == &oci_repository_type)
		see_flux(
		    e, ((const struct oci_repository *)o)->status, ((const struct oci_repository *)o)->spec.suspend);
	else if (o->type == &helm_chart_type)
		see_flux(e, ((const struct helm_chart *)o)->status, ((const struct helm_chart *)o)->spec.suspend);
	else if (o->type == &helm_release_type)
		see_flux(e, ((const struct helm_release *)o)->status, ((const struct helm_release *)o)->spec.suspend);
	else
		see_flux(e, ((const struct flux_kustomization *)o)->status,
		    ((const struct flux_kustomization *)o)->spec.suspend);
}

void
gitops_metrics_changed(struct gitops_metrics *m, const struct object *o, bool deleted, int64_t now)
{
	struct entry *e;
	size_t i = 0;

	while (i < ARRAY_SIZE(gitops_kinds) && gitops_kinds[i].type != o->type)
		i++;
	if (i == ARRAY_SIZE(gitops_kinds))
		return;
	metric_objects_sweep(&m->all, now);
	if ((e = metric_objects_get(&m->all, o->type, o->meta.namespace, o->meta.name, !deleted)) == NULL)
		return;
	e->of.gone_at = deleted ? now : 0;
	if (deleted)
		return;
	arena_free(e->arena);
	e->arena = arena_new();
	see_any(e, o);
	e->known = true;
}

static const struct type *
gitops_metrics_type_of(const char *controller)
{
	for (size_t i = 0; i < ARRAY_SIZE(gitops_kinds); i++)
		if (strcmp(gitops_kinds[i].controller, controller) == 0)
			return gitops_kinds[i].type;
	return NULL;
}

static void
gitops_metrics_add_time(struct times *t, int64_t ms, const double *bounds, size_t n)
{
	t->n++;
	t->ms += (uint64_t)ms;
	for (size_t i = 0; i < n; i++)
		t->within[i] += (double)ms / 1000 <= bounds[i];
}

void
gitops_metrics_reconciled(
    struct gitops_metrics *m, const char *controller, const char *ns, const char *name, int64_t ms)
{
	const struct type *t = gitops_metrics_type_of(controller);
	struct entry *e = t != NULL ? metric_objects_get(&m->all, t, ns, name, false) : NULL;
	_cleanup_(freep) char *place = NULL;
	struct times *times;

	if (e == NULL)
		return;
	if (t != &application_type) {
		gitops_metrics_add_time(&e->reconciles, ms, flux_buckets, ARRAY_SIZE(flux_buckets));
		return;
	}
	place = mem_printf("%s %s", e->of.ns, e->server != NULL ? e->server : "");
	if ((times = map_get(&m->reconciles, place)) == NULL) {
		times = mem_alloc(sizeof(*times));
		map_set(&m->reconciles, place, times);
	}
	gitops_metrics_add_time(times, ms, argo_buckets, ARRAY_SIZE(argo_buckets));
}

#define each_application(m, e)                                                                                         \
	map_each (&(m)->all.entries, slot_)                                                                            \
		for (const struct entry *e = slot_->value; e != NULL && e->of.type == &application_type; e = NULL)

static void
gitops_metrics_labels_of(struct str *to, const char *metric, const struct entry *e)
{
	str_adds(to, metric);
	metric_label(to, true, "namespace", e->of.ns);
	metric_label(to, false, "name", e->of.name);
}

static void
write_applications(struct gitops_metrics *m, struct str *to)
{
	metric_family(to, "argocd_app_info", "gauge",
	    "Information about an Application: its spec and status as labels. Always 1.");
	each_application(m, e)
	{
		gitops_metrics_labels_of(to, "argocd_app_info", e);
		metric_label(to, false, "project", e->project);
		metric_label(to, false, "autosync_enabled", e->automated ? "true" : "false");
		metric_label(to, false, "repo", e->repo);
		metric_label(to, false, "dest_server", e->server);
		metric_label(to, false, "dest_namespace", e->dest_namespace);
		metric_label(to, false, "sync_status", e->sync);
		metric_label(to, false, "health_status", e->health);
		metric_label(to, false, "operation", e->operation);
		metric_value(to, 1);
	}
	if (!m->legacy)
		return;
	metric_family(to, "argocd_app_health_status", "gauge",
	    "Deprecated, use the label health_status of argocd_app_info. Always 1.");
	each_application(m, e)
	{
		gitops_metrics_labels_of(to, "argocd_app_health_status", e);
		metric_label(to, false, "project", e->project);
		metric_label(to, false, "health_status", e->health);
		metric_value(to, 1);
	}
}

/* The syncs of one Application that ended in one way; none: no line. */
static void
write_syncs_of(const struct gitops_metrics *m, struct str *to, const char *name, const struct entry *e,
    enum operation_phase phase, bool dry_run, bool seconds)
{
	const struct syncs *syncs = &e->syncs[phase][dry_run];

	if (syncs->n == 0)
		return;
	gitops_metrics_labels_of(to, name, e);
	metric_label(to, false, "project", e->project);
	metric_label(to, false, "dest_server", e->server);
	metric_label(to, false, "phase", operation_phase_names[phase]);
	metric_label(to, false, "dry_run", dry_run ? "true" : "false");
	if (m->legacy && !seconds)
		metric_label(to, false, "sync_status", e->sync);
	metric_value(to, seconds ? syncs->seconds : (int64_t)syncs->n);
}

static void
write_syncs(struct gitops_metrics *m, struct str *to, const char *name, const char *help, bool seconds)
{
	metric_family(to, name, "counter", help);
	each_application(m, e) for (enum operation_phase phase = 0; phase < OPERATION_PHASE_MAX; phase++)
	{
		write_syncs_of(m, to, name, e, phase, false, seconds);
		write_syncs_of(m, to, name, e, phase, true, seconds);
	}
}

/* A histogram whose series have two or three labels. */
struct labels {
	const char *names[3], *values[3]; /* NULL: there are fewer */
};

static void
write_labels(struct str *to, const char *name, const char *suffix, const struct labels *l)
{
	str_addf(to, "%s%s", name, suffix);
	for (size_t i = 0; i < ARRAY_SIZE(l->names) && l->names[i] != NULL; i++)
		metric_label(to, i == 0, l->names[i], l->values[i]);
}

static void
write_times(
    struct str *to, const char *name, const struct labels *l, const struct times *t, const double *bounds, size_t n)
{
	for (size_t i = 0; i <= n; i++) {
		write_labels(to, name, "_bucket", l);
		str_addf(to, i < n ? ",le=\"%g\"" : ",le=\"+Inf\"", i < n ? bounds[i] : 0);
		metric_value(to, (int64_t)(i < n ? t->within[i] : t->n));
	}
	write_labels(to, name, "_sum", l);
	str_addf(to, "} %.3f\n", (double)t->ms / 1000);
	write_labels(to, name, "_count", l);
	metric_value(to, (int64_t)t->n);
}

static void
gitops_metrics_write_reconciles(struct gitops_metrics *m, struct str *to)
{
	metric_family(to, "argocd_app_reconcile", "histogram",
	    "Duration of a refresh of an Application, or of a step of its sync, in seconds.");
	map_each (&m->reconciles, slot) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *space = strchr(slot->key, ' ');
		const struct labels l = { { "namespace", "dest_server" },
			{ arena_strndup(a, slot->key, (size_t)(space - slot->key)), space + 1 } };

		write_times(to, "argocd_app_reconcile", &l, slot->value, argo_buckets, ARRAY_SIZE(argo_buckets));
	}
	metric_family(to, "gotk_reconcile_duration_seconds", "histogram",
	    "Duration of a reconciliation of a Flux object in seconds.");
	map_each (&m->all.entries, slot) {
		const struct entry *e = slot->value;
		const struct labels l = { { "kind", "name", "namespace" }, { e->of.type->kind, e->of.name, e->of.ns } };

		if (e->reconciles.n > 0)
			write_times(to, "gotk_reconcile_duration_seconds", &l, &e->reconciles, flux_buckets,
			    ARRAY_SIZE(flux_buckets));
	}
}

static void
write_flux(struct gitops_metrics *m, struct str *to)
{
	static const char *const statuses[] = { "True", "False", "Unknown" };

	metric_family(to, "gotk_reconcile_condition", "gauge",
	    "Condition Ready of a Flux object. 1 for the current status, 0 for the others.");
	map_each (&m->all.entries, slot) {
		const struct entry *e = slot->value;
		const struct labels l = { { "kind", "name", "namespace" }, { e->of.type->kind, e->of.name, e->of.ns } };

		for (size_t i = 0; e->of.type != &application_type && i < ARRAY_SIZE(statuses); i++) {
			write_labels(to, "gotk_reconcile_condition", "", &l);
			metric_label(to, false, "type", "Ready");
			metric_label(to, false, "status", statuses[i]);
			metric_value(to, strcmp(e->ready, statuses[i]) == 0);
		}
	}
	metric_family(to, "gotk_suspend_status", "gauge", "1: it is suspended.");
	map_each (&m->all.entries, slot) {
		const struct entry *e = slot->value;
		const struct labels l = { { "kind", "name", "namespace" }, { e->of.type->kind, e->of.name, e->of.ns } };

		if (e->of.type == &application_type)
			continue;
		write_labels(to, "gotk_suspend_status", "", &l);
		metric_value(to, e->suspended);
	}
}

void
gitops_metrics_text(struct gitops_metrics *m, int64_t now, struct str *to)
{
	metric_objects_sweep(&m->all, now);
	if (m->all.entries.count == 0)
		return;
	write_applications(m, to);
	write_syncs(m, to, "argocd_app_sync_total", "Syncs that ended, by how.", false);
	write_syncs(m, to, "argocd_app_sync_duration_seconds_total", "Seconds that they took together.", true);
	gitops_metrics_write_reconciles(m, to);
	write_flux(m, to);
}
