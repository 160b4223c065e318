/* cli/simulate/release.c: couples the virtual cluster with the traffic: pods and weights of the cluster become those of
 * the world, and queries are evaluated over its counters. */
#include "cli/simulate/release.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/plan/virtual_cluster.h"
#include "kube/api/analysis.h"
#include "kube/plan/view.h"

#define RELEASE_BEFORE_MS (12 * 60 * 1000) /* a comparison reads the ten minutes before the update */

struct releasing {
	struct arena *arena, *scratch; /* scratch: of one reading of the state */
	const struct release_settings *settings;
	struct virtual_cluster *cluster;
	struct world *world;
	struct metric_server *metric_server;
	const char *old_hash; /* of the version that was stable first; NULL: not known yet */
	int64_t began; /* wall ms of the change; 0: before it */
	long long version; /* of the store, of which the weight was read */
	bool counted; /* the users until the horizon are known */
	struct release *to;
};

static int64_t
release_wall(const struct releasing *p, int64_t at)
{
	return virtual_cluster_wall(p->cluster) - virtual_cluster_now(p->cluster) + at;
}

static const struct rollout *
release_rollout(const struct releasing *p)
{
	const struct meta *m = &p->settings->objects->decoded->object.meta;

	return (const struct rollout *)view_get(virtual_cluster_view(p->cluster), &rollout_type, m->namespace, m->name);
}

/* --- pods --- */

/* Returns the name of an owner of this kind; NULL: it has none. */
static const char *
release_owner(const json_t *object, const char *kind)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_at(object, "/metadata/ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "kind"), kind))
			return json_str(owner, "name");
	return NULL;
}

static bool
release_is_ready(const json_t *pod)
{
	json_t *c;
	size_t i;

	if (json_at(pod, "/metadata/deletionTimestamp") != NULL)
		return false;
	json_array_foreach (json_at(pod, "/status/conditions"), i, c)
		if (str_eq(json_str(c, "type"), "Ready"))
			return str_eq(json_str(c, "status"), "True");
	return false;
}

/* A pod was written. Those of experiments get no traffic. */
static void
release_pod_written(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct releasing *p = arg;
	const json_t *meta = json_object_get(object, "metadata");
	const char *set = release_owner(object, "ReplicaSet"), *hash, *name = json_str(meta, "name");
	struct world_pod *pod;

	(void)old;
	if (!resource_is(r, "Pod") || set == NULL || name == NULL ||
	    release_owner(store_get(virtual_cluster_store(p->cluster), "replicasets", json_str(meta, "namespace"), set),
		"Rollout") == NULL)
		return;
	hash = json_str(json_object_get(meta, "labels"), LABEL_POD_TEMPLATE_HASH);
	if (hash == NULL)
		return;
	if (p->old_hash == NULL)
		p->old_hash = arena_strdup(p->arena, hash);
	pod = world_pod(p->world, name, hash, strcmp(hash, p->old_hash) != 0);
	if (strcmp(type, "DELETED") == 0)
		world_pod_gone(p->world, pod);
	else
		world_pod_ready(p->world, pod, release_is_ready(object));
}

/* --- traffic --- */

/* Returns the Service of the new version, or of the old one; NULL: they have none of their own. */
static const char *
release_own_service(const struct rollout *r, bool is_new)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	const struct blue_green_strategy *b = r->spec.strategy.blue_green;

	if (c != NULL && c->ping_pong != NULL)
		return NULL;
	if (c != NULL)
		return is_new ? c->canary_service : c->stable_service;
	return b == NULL ? NULL : is_new ? b->preview_service : b->active_service;
}

static void
release_created(void *arg, struct virtual_cluster *cluster)
{
	struct releasing *p = arg;
	const struct rollout *r = p->settings->objects->decoded;
	struct metric_server_settings server = { .rollout = r->object.meta.name,
		.new_service = release_own_service(r, true),
		.old_service = release_own_service(r, false) };

	p->cluster = cluster;
	server.world = p->world = world_new(p->arena, &p->settings->world, virtual_cluster_wall(cluster));
	p->metric_server = metric_server_new(p->arena, &server);
	store_on_write(virtual_cluster_store(cluster), release_pod_written, p);
}

/* Reads how much of the traffic the new version gets, as the routers have confirmed it. */
static int64_t
release_weight(struct releasing *p)
{
	const struct rollout *r = release_rollout(p);
	struct forecast_state s;

	if (r == NULL || p->old_hash == NULL || str_eq(r->status.current_pod_hash, p->old_hash))
		return 0;
	if (r->spec.strategy.blue_green != NULL)
		return str_eq(r->status.blue_green.active_selector, r->status.current_pod_hash) ? 100 : 0;
	arena_reset(p->scratch);
	forecast_read(
	    virtual_cluster_view(p->cluster), r, p->old_hash, virtual_cluster_wall(p->cluster), p->scratch, &s);
	return s.weight;
}

static struct err *
release_run(struct releasing *p, int64_t until)
{
	int64_t horizon = p->began + p->settings->horizon_ms;
	struct err *e;

	if (p->began == 0 || p->counted || until < horizon)
		return world_run(p->world, until);
	e = world_run(p->world, horizon);
	p->to->users = *world_users(p->world);
	p->counted = true;
	return e != NULL ? e : world_run(p->world, until);
}

static struct err *
release_pass(void *arg, int64_t until)
{
	struct releasing *p = arg;
	long long version = store_version(virtual_cluster_store(p->cluster));

	if (version != p->version)
		world_weight(p->world, release_weight(p));
	p->version = version;
	return release_run(p, release_wall(p, until));
}

/* All samples until now exist: the world is never behind the cluster. */
static int
release_outside(void *arg, const struct request *r, char **ret_body)
{
	struct releasing *p = arg;

	return metric_server_respond(p->metric_server, r, virtual_cluster_wall(p->cluster), ret_body);
}

/* --- what happened --- */

static bool
release_has_ended(const char *phase)
{
	return !str_empty(phase) && strcmp(phase, "Pending") != 0 && strcmp(phase, "Running") != 0;
}

static bool
release_is_listed(const struct release *to, const struct analysis_run *run, const struct metric_result *m, int64_t at)
{
	for (size_t i = to->n_events; i > 0; i--)
		if (to->events[i - 1].at == at && str_eq(to->events[i - 1].metric, m->name) &&
		    str_eq(to->events[i - 1].run, run->object.meta.name))
			return true;
	return false;
}

static void
release_add_events(struct releasing *p, const struct analysis_run *run, const struct metric_result *m)
{
	struct release *to = p->to;

	for (size_t i = 0; i < m->measurements.n; i++) {
		const struct measurement *x = &m->measurements.at[i];
		int64_t at = x->finished_at - p->began;

		if (!release_has_ended(x->phase) || to->n_events == RELEASE_EVENTS_MAX ||
		    release_is_listed(to, run, m, at))
			continue;
		to->events = arena_grow(p->arena, to->events, to->n_events, &to->events_capacity, sizeof(*to->events));
		to->events[to->n_events++] = (struct release_event){ .at = at,
			.run = arena_strdup(p->arena, run->object.meta.name),
			.metric = arena_strdup(p->arena, m->name),
			.phase = arena_strdup(p->arena, x->phase),
			.value = arena_strdup(p->arena, x->value),
			.message = arena_strdup(p->arena, x->message != NULL ? x->message : m->message) };
	}
}

/* Returns the message of a metric, or of its last measurement. */
static const char *
release_message(const struct metric_result *m)
{
	size_t n = m->measurements.n;

	return !str_empty(m->message) || n == 0 ? m->message : m->measurements.at[n - 1].message;
}

/* Visits the AnalysisRuns of the Rollout. */
static void
release_read_runs(struct releasing *p, const struct rollout *r)
{
	const struct object **runs;
	size_t n;

	arena_reset(p->scratch);
	n = view_owned(virtual_cluster_view(p->cluster), &analysis_run_type, r->object.meta.namespace,
	    r->object.meta.uid, p->scratch, &runs);
	for (size_t i = 0; i < n; i++) {
		const struct analysis_run *run = (const struct analysis_run *)runs[i];

		for (size_t k = 0; k < run->status.metric_results.n; k++) {
			const struct metric_result *m = &run->status.metric_results.at[k];

			release_add_events(p, run, m);
			if (p->to->metric != NULL || m->dry_run ||
			    (!str_eq(m->phase, "Failed") && !str_eq(m->phase, "Error")))
				continue;
			p->to->metric =
			    arena_printf(p->arena, "%s%s", m->name, str_eq(m->phase, "Error") ? " (Error)" : "");
			p->to->message = arena_strdup(p->arena, release_message(m));
		}
	}
}

static bool
release_is_inconclusive(const struct rollout *r)
{
	for (size_t i = 0; i < r->status.pause_conditions.n; i++)
		if (str_starts(r->status.pause_conditions.at[i].reason, "Inconclusive"))
			return true;
	return false;
}

static bool
release_observed(void *arg, int64_t at, const struct rollout *r, const struct forecast_state *s)
{
	struct releasing *p = arg;

	if (p->began == 0)
		p->began = release_wall(p, virtual_cluster_now(p->cluster)) - at;
	release_read_runs(p, r);
	/* The weight is that before the metric failed: pods and routes have changed when that can be read. */
	if (p->to->metric == NULL)
		p->to->weight = s->weight;
	if (!release_is_inconclusive(r))
		return false;
	p->to->end = RELEASE_UNDECIDED;
	return true;
}

/* Counts what users get until the horizon, if the update ended before. */
static struct err *
release_count(struct releasing *p)
{
	struct err *e = NULL;

	if (p->counted)
		return NULL;
	if (p->to->end != RELEASE_STOPPED)
		e = world_run(p->world, p->began + p->settings->horizon_ms);
	p->to->users = *world_users(p->world);
	return e;
}

static void
release_conclude(struct releasing *p)
{
	struct release *to = p->to;
	const struct forecast_course *c = &to->course;

	if (c->aborted_at >= 0) {
		to->end = RELEASE_STOPPED;
		to->at = c->aborted_at;
		if (to->metric == NULL)
			to->weight = c->aborted_weight;
		return;
	}
	to->metric = NULL;
	to->at = c->promoted_at >= 0 ? c->promoted_at : c->ended_at;
	if (c->promoted_at >= 0)
		to->end = RELEASE_PROMOTED;
	else if (to->end != RELEASE_UNDECIDED) {
		to->end = RELEASE_STUCK;
		to->message = c->problem;
	}
}

struct err *
release_play(struct arena *a, const struct release_settings *settings, struct release *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct release to = { .end = RELEASE_END_MAX };
	struct releasing p = { .arena = a, .scratch = scratch, .settings = settings, .version = -1, .to = &to };
	const struct play_traffic traffic = { .created = release_created,
		.pass = release_pass,
		.outside = release_outside,
		.observed = release_observed,
		.before_ms = RELEASE_BEFORE_MS,
		.user_ms = settings->user_ms,
		.arg = &p };
	const struct play_settings play_it = {
		.objects = settings->objects, .ready_ms = settings->ready_ms, .traffic = &traffic
	};
	struct err *e = play(a, &play_it, &to.course);

	if (p.metric_server != NULL && metric_server_problem(p.metric_server) != NULL)
		e = err_copy(a, metric_server_problem(p.metric_server));
	if (e == NULL) {
		release_conclude(&p);
		e = release_count(&p);
		metric_server_meanings(p.metric_server, a, &to.meanings);
	}
	if (p.metric_server != NULL)
		metric_server_done(p.metric_server);
	if (e == NULL)
		*ret = to;
	return e;
}
