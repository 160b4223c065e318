/* cli/plan/play.c: plays the next update of a Rollout once. */
#include "cli/plan/play.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "cli/plan/virtual_cluster.h"
#include "kube/api/analysis.h"
#include "kube/plan/settings.h"
#include "kube/plan/view.h"
#include "kube/plan/query.h"
#include "rollout/actions.h"
#include "rollout/view/summary.h"
#include "sim/pod_lifecycle.h"

#define SETTLE_MS 5000 /* from the first Healthy to the change */
#define IDLE_MS 60000 /* a state is read at least after this time */
#define STUCK_MS 3600000 /* without a change, an analysis or a time to wait for: nothing changes any more */
#define RETURN_MS 60000 /* in which the traffic returns to the stable version after an abort */
#define REACTION_MS 10000 /* in which the result of an analysis has its effect */
#define PLAY_ANNOTATION "sluice.argoproj.io/plan" /* of the pod template: it makes the new version */
#define SECOND_MS 1000 /* stored times have whole seconds: the change is made at one */

struct playing {
	const struct play_settings *settings;
	const struct rollout *rollout; /* as read from the manifest */
	struct virtual_cluster *cluster;
	struct settings process;
	struct arena *scratch; /* of one state */
	const char *old_hash;
	size_t runs_before; /* AnalysisRuns that there were before the change */
	int64_t began; /* the change, ms since the start */
	const char *promoted_version; /* the resourceVersion that was promoted last */
	int64_t idle_at; /* since when no AnalysisRun runs, ms since the change; -1: one runs */
	int64_t user_since; /* since when it waits for a user, ms since the change; -1: it does not */
	bool dirty; /* something changed since the last state was read */
	struct err *err; /* of the traffic */
	struct forecast_course *course;
};

static int
play_outside(void *arg, const struct request *r, char **ret_body)
{
	const struct playing *p = arg;
	const struct play_traffic *traffic = p->settings->traffic;

	if (str_starts(r->url, PLAN_ADDRESS "/plugin"))
		*ret_body = mem_strdup("{\"phase\":\"Successful\"}");
	else if (traffic != NULL && !str_eq(r->body, "query=" PLAN_ASSUMED))
		return traffic->outside(traffic->arg, r, ret_body);
	else
		*ret_body = mem_printf("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
				       "{\"metric\":{},\"value\":[0,\"%d\"]}]}}",
		    p->settings->failing ? 0 : 1);
	return 200;
}

static void
play_changed(void *arg)
{
	((struct playing *)arg)->dirty = true;
}

static const struct rollout *
play_rollout(const struct playing *p)
{
	const struct meta *m = &p->rollout->object.meta;

	return (const struct rollout *)view_get(virtual_cluster_view(p->cluster), &rollout_type, m->namespace, m->name);
}

int64_t
play_template_ms(const struct plan_objects *o)
{
	const json_t *template = json_at(o->rollout, "/spec/template"), *other;
	size_t i;

	json_array_foreach (o->others, i, other)
		if (template == NULL && o->decoded->spec.workload_ref != NULL)
			template = json_at(other, "/spec/template") ?: json_at(other, "/template");
	return lifecycle_start_ms(json_object_get(template, "spec"));
}

/* Returns whether a limit is reached. */
static bool
play_is_over(const struct playing *p)
{
	return virtual_cluster_passes(p->cluster) > PLAY_PASSES_MAX || virtual_cluster_now(p->cluster) > PLAY_MS_MAX;
}

/* Lets requests arrive until a time. */
static void
play_pass(struct playing *p, int64_t until)
{
	const struct play_traffic *traffic = p->settings->traffic;

	if (traffic != NULL && p->err == NULL && until > virtual_cluster_now(p->cluster))
		p->err = traffic->pass(traffic->arg, until);
}

/* Runs until a time. */
static void
play_run_until(struct playing *p, int64_t until)
{
	int64_t next;

	while (p->settings->traffic != NULL && p->err == NULL && !play_is_over(p) &&
	       (next = virtual_cluster_next(p->cluster)) >= 0 && next <= until) {
		play_pass(p, next);
		virtual_cluster_step(p->cluster);
	}
	play_pass(p, until);
	virtual_cluster_run_until(p->cluster, until);
}

/* Returns the time at which a user promotes; -1: no user is about to. */
static int64_t
play_user_at(const struct playing *p)
{
	return p->settings->traffic != NULL && p->user_since >= 0
		   ? p->began + p->user_since + p->settings->traffic->user_ms
		   : -1;
}

/* Runs until a state can be read: something changed, and nothing more happens at this instant. Returns NULL, or the
 * limit that was reached. */
static const char *
play_advance(struct playing *p)
{
	int64_t idle = virtual_cluster_now(p->cluster) + (p->settings->unattended ? IDLE_MS : STUCK_MS / 2);
	int64_t user = play_user_at(p), next;

	do {
		if (play_is_over(p))
			return "it does not end within the limits of a plan (50000 passes, 400 days)";
		if (p->err != NULL)
			return "its traffic cannot be simulated";
		next = virtual_cluster_next(p->cluster);
		if (user >= 0 && (next < 0 || next > user)) {
			play_run_until(p, user);
			break;
		}
		play_pass(p, next);
		if (!virtual_cluster_step(p->cluster))
			return "nothing is left to do";
	} while ((!p->dirty && virtual_cluster_now(p->cluster) < idle) ||
		 virtual_cluster_next(p->cluster) <= virtual_cluster_now(p->cluster));
	p->dirty = false;
	return NULL;
}

static struct err *
play_create(struct playing *p, struct arena *a)
{
	const struct plan_objects *o = p->settings->objects;
	struct err *e = NULL;
	json_t *other;
	size_t i;

	json_array_foreach (o->others, i, other)
		if (e == NULL)
			e = virtual_cluster_create(p->cluster, a, other);
	return e != NULL ? e : virtual_cluster_create(p->cluster, a, o->rollout);
}

/* Waits until the stable version is Healthy. */
static struct err *
play_stable(struct playing *p, struct arena *a)
{
	const char *limit, *message, *phase;
	const struct rollout *r;

	for (;;) {
		if ((limit = play_advance(p)) != NULL)
			return err_new(a, ERR_INVALID, "the stable version does not become Healthy: %s", limit);
		if ((r = play_rollout(p)) == NULL)
			continue;
		phase = summary_phase(r, &message);
		if (strcmp(phase, "Degraded") == 0)
			return err_new(a, ERR_INVALID, "the stable version does not become Healthy: %s",
			    message != NULL ? message : phase);
		if (strcmp(phase, "Healthy") == 0 && r->status.stable_rs != NULL)
			return NULL;
	}
}

static size_t
play_runs(const struct playing *p, bool *ret_running)
{
	const struct meta *m = &play_rollout(p)->object.meta;
	const struct object **runs;
	size_t n =
	    view_owned(virtual_cluster_view(p->cluster), &analysis_run_type, m->namespace, m->uid, p->scratch, &runs);

	for (size_t i = 0; ret_running != NULL && i < n; i++) {
		const char *phase = ((const struct analysis_run *)runs[i])->status.phase;

		*ret_running |= str_empty(phase) || strcmp(phase, "Pending") == 0 || strcmp(phase, "Running") == 0;
	}
	return n;
}

/* Changes the pod template: the next update begins. */
static struct err *
play_change(struct playing *p, struct arena *a)
{
	const struct play_traffic *traffic = p->settings->traffic;
	int64_t now = virtual_cluster_now(p->cluster) + (traffic != NULL ? traffic->before_ms : SETTLE_MS);
	const struct rollout *r;
	struct template_owner owner;
	struct err *e;
	json_t *change;

	play_run_until(p, (now + SECOND_MS - 1) / SECOND_MS * SECOND_MS);
	if ((r = play_rollout(p)) == NULL)
		return err_new(a, ERR_GONE, "the virtual cluster has lost the rollout");
	if ((e = action_template_owner(a, r, &owner)) != NULL)
		return e;
	p->old_hash = arena_strdup(a, r->status.stable_rs);
	p->runs_before = play_runs(p, NULL);
	p->began = virtual_cluster_now(p->cluster);
	change = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", PLAY_ANNOTATION, "next");
	change = json_pack("{s:o}", "template", change);
	if (str_starts(owner.pointer, "/spec"))
		change = json_pack("{s:o}", "spec", change);
	return virtual_cluster_patch(p->cluster, a, owner.type, r->object.meta.namespace, owner.name, false, change);
}

/* Promotes as a user does; once for each version of the object, as the cluster needs time to observe it. */
static struct err *
play_promote(struct playing *p, struct arena *a, const struct rollout *r, const struct forecast_state *s)
{
	_cleanup_(action_done) struct action action = { 0 };
	struct err *e = NULL;

	if (str_eq(p->promoted_version, r->object.meta.resource_version))
		return NULL;
	p->promoted_version = arena_strdup(a, r->object.meta.resource_version);
	p->course->users++;
	p->course->user_at = virtual_cluster_now(p->cluster) - p->began;
	p->course->user_step = s->step;
	if ((e = action_promote(p->scratch, r, PROMOTE_NEXT, &action)) != NULL)
		return err_copy(a, e);
	for (size_t i = 0; i < action.n && e == NULL; i++)
		e = virtual_cluster_patch(p->cluster, a, action.patches[i].type, r->object.meta.namespace,
		    action.patches[i].name, action.patches[i].status, json_incref(action.patches[i].body));
	return e;
}

/* Reads the state, and acts as a user. Returns true when the play has ended. */
static bool
play_observe(struct playing *p, struct arena *a, struct err **ret_err)
{
	int64_t at = virtual_cluster_now(p->cluster) - p->began;
	const struct rollout *r = play_rollout(p);
	struct forecast_course *c = p->course;
	struct forecast_state s;
	bool running = false;

	arena_reset(p->scratch);
	if (r == NULL)
		return true;
	forecast_read(
	    virtual_cluster_view(p->cluster), r, p->old_hash, virtual_cluster_wall(p->cluster), p->scratch, &s);
	forecast_add(c, at, &s);
	if (play_runs(p, &running) > p->runs_before && c->analysis_at < 0)
		c->analysis_at = at;
	if (s.failure != NULL)
		c->problem = arena_strdup(a, s.failure);
	if (p->settings->traffic != NULL && p->settings->traffic->observed(p->settings->traffic->arg, at, r, &s))
		return true;
	if (s.settled || s.failure != NULL)
		return true;
	if (s.aborted)
		return s.weight == 0 || at - c->aborted_at >= RETURN_MS;
	if (!s.user && !s.timed && !running && at - c->rows[c->n - 1].last > STUCK_MS)
		c->problem = arena_printf(a, "nothing changes any more; it waits for %s", s.waits);
	p->user_since = !s.user ? -1 : p->user_since < 0 ? at : p->user_since;
	if (!s.user)
		return c->problem != NULL;
	if (p->settings->traffic != NULL && at - p->user_since < p->settings->traffic->user_ms)
		return false;
	p->user_since = -1;
	if (!p->settings->unattended || c->analysis_at < 0) {
		*ret_err = play_promote(p, a, r, &s);
		return *ret_err != NULL;
	}
	/* Only a running analysis can change anything now. */
	p->idle_at = running ? -1 : p->idle_at < 0 ? at : p->idle_at;
	if (running || at - p->idle_at < REACTION_MS)
		return false;
	c->problem = "it waits for a user";
	return true;
}

static struct err *
play_update(struct playing *p, struct arena *a)
{
	struct err *e = play_change(p, a);
	const char *limit = NULL;

	p->dirty = true;
	while (e == NULL && !play_observe(p, a, &e) && (limit = play_advance(p)) == NULL)
		;
	if (limit != NULL)
		p->course->problem = limit;
	p->course->ended_at = virtual_cluster_now(p->cluster) - p->began;
	return e != NULL ? e : p->err;
}

struct err *
play(struct arena *a, const struct play_settings *settings, struct forecast_course *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct forecast_course course = forecast_course_new(a);
	struct playing p = { .settings = settings,
		.rollout = settings->objects->decoded,
		.process = { .step_plugins = &settings->objects->plugins },
		.scratch = scratch,
		.idle_at = -1,
		.user_since = -1,
		.course = &course };
	struct virtual_settings cluster = { .ready_ms = settings->ready_ms - play_template_ms(settings->objects),
		.ready_spread_ms = settings->ready_spread_ms,
		.outside = play_outside,
		.changed = play_changed,
		.process = &p.process,
		.arg = &p };
	struct err *e;

	p.cluster = virtual_cluster_new(&cluster);
	if (settings->traffic != NULL)
		settings->traffic->created(settings->traffic->arg, p.cluster);
	if ((e = play_create(&p, a)) == NULL && (e = play_stable(&p, a)) == NULL)
		e = play_update(&p, a);
	virtual_cluster_free(p.cluster);
	if (e == NULL)
		*ret = course;
	return e;
}
