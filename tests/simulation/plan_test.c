/* tests/simulation/plan_test.c: sluice plan forecasts what happens: for the Rollout of each scenario, as it is before
 * its first deploy, the plan is made from the objects of the cluster; then the update is played in that cluster, with
 * a user who promotes at once. The most pods, the weights, the promotions and the duration must be the same. This file
 * counts pods and reads weights from the stored objects with its own arithmetic.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/plan/play.h"
#include "io/file.h"
#include "kube/api/yaml.h"
#include "tests/simulation/facts.h"
#include "tests/simulation/scenario.h"

#define FOLDER "tests/e2e/scenarios"
#define COMPARED_MIN 200 /* Rollouts that are compared, of all scenarios */
#define READY_MS 1500 /* of cluster.c */
#define SPREAD_MS 10
#define QUIET_MS 120000 /* until the pods of older versions are deleted */
#define UPDATE_MS 7200000
#define SETS_MAX 64
#define WEIGHTS_MAX 200
#define TOLERANCE_MS 1000 /* stored times have whole seconds: a promotion some ms later may begin a pause in the next */

/* A course, as the objects in the store show it. */
struct seen_course {
	struct cluster *cluster;
	struct {
		char name[128];
		long long pods;
	} sets[SETS_MAX];
	size_t n_sets;
	char old_hash[32];
	int64_t began, at; /* mono ms: of the change of the template, and of the last write */
	long long weights[WEIGHTS_MAX]; /* each that is not the last one */
	size_t n_weights;
	long long peak, users;
	int64_t promoted_at; /* ms since it began; -1: not yet */
	bool aborted, changed;
};

/* Ends an instant: counts what is there after its last write. */
static void
seen_count(struct seen_course *s)
{
	long long pods = 0;

	for (size_t i = 0; i < s->n_sets; i++)
		pods += s->sets[i].pods;
	s->peak = pods > s->peak ? pods : s->peak;
}

static void
seen_set(struct seen_course *s, const json_t *rs, bool deleted)
{
	const char *name = json_str(json_object_get(rs, "metadata"), "name");
	size_t i = 0;

	if (!facts_owned(rs, "Rollout") && !facts_owned(rs, "Experiment"))
		return;
	while (i < s->n_sets && strcmp(s->sets[i].name, name) != 0)
		i++;
	if (i == SETS_MAX)
		return;
	s->n_sets = i == s->n_sets ? i + 1 : s->n_sets;
	snprintf(s->sets[i].name, sizeof(s->sets[i].name), "%s", name);
	s->sets[i].pods = deleted ? 0 : json_int(json_object_get(rs, "status"), "replicas", 0);
}

static void
seen_existing_set(const json_t *rs, void *arg)
{
	seen_set(arg, rs, false);
}

static void
seen_add_weight(struct seen_course *s, long long weight)
{
	if (s->n_weights < WEIGHTS_MAX && (s->n_weights == 0 || s->weights[s->n_weights - 1] != weight))
		s->weights[s->n_weights++] = weight;
}

/* The weights until the promotion, after which the routes are those of one version. The canary has all traffic of both
 * versions when it has what other Services leave, which is less of all requests; the status has the latter. */
static void
seen_weight(struct seen_course *s)
{
	struct traffic_facts t = facts_traffic(s->cluster);
	long long of_all =
	    json_int(json_at(cluster_rollout(s->cluster), "/status/canary/weights/canary"), "weight", 100);

	if (!t.routed || !t.readable || t.opaque || s->promoted_at >= 0)
		return;
	seen_add_weight(s, t.most);
	if (t.most == 100 && of_all < 100)
		seen_add_weight(s, of_all);
}

static void
seen_status(struct seen_course *s, const json_t *rollout)
{
	const json_t *status = json_object_get(rollout, "status");
	const char *hash = json_str(status, "currentPodHash");

	s->changed |= hash != NULL && strcmp(hash, s->old_hash) != 0;
	s->aborted |= json_is_true(json_object_get(status, "abort"));
	if (s->changed && s->promoted_at < 0 && str_eq(json_str(status, "stableRS"), hash))
		s->promoted_at = loop_mono(s->cluster->loop) - s->began;
}

/* The plan's measurements succeed. Those of the scenario may not. */
static bool
seen_did_not_succeed(const json_t *run)
{
	const char *phase = json_str(json_object_get(run, "status"), "phase");

	return str_eq(phase, "Failed") || str_eq(phase, "Error") || str_eq(phase, "Inconclusive");
}

static void
seen_on_change(const char *kind, const char *type, const json_t *o, void *arg)
{
	struct seen_course *s = arg;

	if (loop_mono(s->cluster->loop) != s->at)
		seen_count(s);
	s->at = loop_mono(s->cluster->loop);
	if (strcmp(kind, "ReplicaSet") == 0)
		seen_set(s, o, strcmp(type, "DELETED") == 0);
	else if (strcmp(kind, "Rollout") == 0)
		seen_status(s, o);
	else if (strcmp(kind, "AnalysisRun") == 0)
		s->aborted |= seen_did_not_succeed(o);
	seen_weight(s);
}

/* Only a user ends the pause. */
static bool
seen_waits_for_user(struct seen_course *s)
{
	const json_t *rollout = cluster_rollout(s->cluster), *status = json_object_get(rollout, "status");
	const json_t *steps = facts_steps(rollout), *blue_green = json_at(rollout, "/spec/strategy/blueGreen");
	const json_t *step = json_array_get(steps, (size_t)json_int(status, "currentStepIndex", 0));
	const char *reason = json_str(json_at(status, "/pauseConditions/0"), "reason");

	if (!str_eq(json_str(status, "phase"), "Paused") || reason == NULL)
		return false;
	if (blue_green != NULL)
		return json_int(blue_green, "autoPromotionSeconds", 0) == 0;
	return !str_eq(reason, "CanaryPauseStep") || facts_pause_ms(json_object_get(step, "pause")) < 0;
}

/* Changes the template at a whole second, and plays the update. Returns whether it was promoted. */
static bool
seen_play(struct seen_course *s)
{
	struct cluster *c = s->cluster;
	int64_t until;

	cluster_run(c, 1000 - cluster_now(c) % 1000);
	snprintf(s->old_hash, sizeof(s->old_hash), "%s",
	    json_str(json_object_get(cluster_rollout(c), "status"), "stableRS") ?: "");
	store_each(c->store, "replicasets", seen_existing_set, s);
	s->began = s->at = cluster_now(c);
	s->promoted_at = -1;
	cluster_observe(c, seen_on_change, s);
	cluster_patch(c, false,
	    json_pack("{s:{s:{s:{s:{s:s}}}}}", "spec", "template", "metadata", "annotations", "example.com/v", "next"));
	for (until = s->began + UPDATE_MS; s->promoted_at < 0 && !s->aborted && cluster_now(c) < until;) {
		if (!loop_virtual_step(c->loop))
			break;
		if (timers_next(&c->loop->timers) > loop_mono(c->loop) && seen_waits_for_user(s)) {
			s->users++;
			cluster_promote(c);
		}
	}
	/* The last pods of the old version, which the plan counts too. */
	cluster_run(c, QUIET_MS);
	seen_count(s);
	cluster_observe(c, NULL, NULL);
	return s->promoted_at >= 0 && !s->aborted;
}

/* --- the objects of the plan --- */

static struct err *
stored_get(void *arg, const struct type *t, const char *ns, const char *name, json_t **ret)
{
	const json_t *o = cluster_get(arg, t->plural, t->cluster_scoped ? NULL : ns, name);

	*ret = o != NULL ? json_deep_copy(o) : NULL;
	return NULL;
}

static void
stored_add(const json_t *o, void *arg)
{
	json_array_append(arg, (json_t *)o);
}

static struct err *
stored_list(void *arg, const struct type *t, const char *ns, json_t **ret)
{
	(void)ns;
	*ret = json_array();
	cluster_each(arg, t->plural, stored_add, *ret);
	return NULL;
}

/* --- comparison --- */

static bool
is_unlike(const struct seen_course *s, const struct forecast_course *c, char *why, size_t size)
{
	size_t n = 0;

	if (c->promoted_at < 0)
		snprintf(why, size, "the plan does not promote it: %s", c->problem != NULL ? c->problem : "aborted");
	else if (c->peak != s->peak)
		snprintf(why, size, "the plan has a peak of %lld pods, there were %lld", (long long)c->peak, s->peak);
	else if (c->users != s->users)
		snprintf(why, size, "the plan has %lld promotions, there were %lld", (long long)c->users, s->users);
	else if (llabs(c->promoted_at - s->promoted_at) > TOLERANCE_MS)
		snprintf(why, size, "the plan lasts %lld ms, it lasted %lld ms", (long long)c->promoted_at,
		    (long long)s->promoted_at);
	else
		why[0] = '\0';
	/* The routes' weights, in their order. Rows that follow closely are one, so that a weight may be left out. */
	for (size_t i = 0; i < c->n && s->n_weights > 0 && why[0] == '\0' && !c->rows[i].state.promoted; i++) {
		while (n < s->n_weights && s->weights[n] != c->rows[i].state.weight)
			n++;
		if (n == s->n_weights)
			snprintf(why, size, "the plan has a weight of %lld after %lld ms, which the routes had not",
			    (long long)c->rows[i].state.weight, (long long)c->rows[i].at);
	}
	return why[0] != '\0';
}

static void
print_both(const struct seen_course *s, const struct forecast_course *c)
{
	for (size_t i = 0; i < c->n; i++)
		printf("  %8lld ms step %lld weight %lld pods %lld: %s\n", (long long)c->rows[i].at,
		    (long long)c->rows[i].state.step, (long long)c->rows[i].state.weight, (long long)c->rows[i].pods,
		    c->rows[i].state.waits);
	printf("  weights:");
	for (size_t i = 0; i < s->n_weights; i++)
		printf(" %lld", s->weights[i]);
	printf("\n%s", str_text(&s->cluster->story));
}

enum comparison { COMPARED, DIFFERENT, NOT_COMPARED };

/* Jobs and comparisons take time, which the plan does not know. */
static void
count_slow_metrics(const json_t *template, void *arg)
{
	json_t *metric;
	size_t i;

	*(size_t *)arg +=
	    json_object_get(json_at(template, "/metadata/annotations"), "sluice.argoproj.io/compare") != NULL;

	json_array_foreach (json_at(template, "/spec/metrics"), i, metric)
		*(size_t *)arg += json_at(metric, "/provider/job") != NULL ||
				  json_at(metric, "/provider/plugin/sluice~1compare") != NULL;
}

/* Returns whether the scenario has come to a state in which an update can be compared: nothing is made to fail, and
 * no other update, autoscaler, plugin, Job or comparison has a part in it. */
static bool
may_be_compared(struct scenario *s)
{
	const struct cluster *c = s->cluster;
	const json_t *rollout = cluster_rollout(s->cluster), *status = json_object_get(rollout, "status");
	_cleanup_(arena_freep) struct arena *a = arena_new();
	size_t slow = 0;

	cluster_each(s->cluster, "analysistemplates", count_slow_metrics, &slow);
	return s->fault == NULL && c->n_members == 1 && !c->random_faults && !c->lags &&
	       c->metric_behavior == METRIC_FINE && c->autoscaler.load == 0 && slow == 0 &&
	       str_eq(json_str(status, "phase"), "Healthy") && json_at(rollout, "/spec/template") != NULL &&
	       !json_is_true(json_at(rollout, "/spec/paused")) && strstr(json_text(a, rollout), "\"plugin\"") == NULL;
}

static enum comparison
compare(struct scenario *s, bool verbose, char *why, size_t size)
{
	struct plan_source source = { stored_get, stored_list, "there", true, s->cluster };
	_cleanup_(plan_objects_done) struct plan_objects objects = { 0 };
	struct seen_course seen = { .cluster = s->cluster };
	struct forecast_course course = forecast_course_new(s->arena);
	struct play_settings settings = { .objects = &objects, .ready_spread_ms = SPREAD_MS };
	struct err *e =
	    plan_objects_read(s->arena, &source, cluster_rollout(s->cluster), PLAN_METRICS_ASSUMED, &objects);

	if (e == NULL) {
		settings.ready_ms = READY_MS + play_template_ms(&objects);
		e = play(s->arena, &settings, &course);
	}
	if (!seen_play(&seen))
		return NOT_COMPARED;
	if (e != NULL)
		snprintf(why, size, "no plan: %s", err_text(s->arena, e));
	else
		is_unlike(&seen, &course, why, size);
	if (verbose)
		print_both(&seen, &course);
	return why[0] != '\0' ? DIFFERENT : COMPARED;
}

static enum comparison
compare_file(const char *file, bool verbose)
{
	struct scenario s = { .arena = arena_new(), .file = file };
	_cleanup_(json_decrefp) json_t *docs = NULL;
	enum comparison result = NOT_COMPARED;
	struct bytes text = { 0 };
	char why[400] = "";

	s.cluster = cluster_new(1);
	if (file_read(s.arena, file, 1u << 20, &text) == NULL &&
	    yaml_parse(s.arena, text.at, text.len, &docs) == NULL &&
	    scenario_play_to_deploy(&s, json_array_get(docs, 0))) {
		cluster_run(s.cluster, QUIET_MS);
		if (may_be_compared(&s))
			result = compare(&s, verbose, why, sizeof(why));
	}
	if (result == DIFFERENT)
		printf("not ok the plan of %s: %s\n  replay: build/simulation --plans %s\n", file, why, file);
	cluster_free(s.cluster);
	json_decref(s.fault);
	arena_free(s.arena);
	return result;
}

static int
plan_is_scenario(const struct dirent *d)
{
	return str_ends(d->d_name, ".yaml");
}

bool
plans_run(const char *file, unsigned stride)
{
	struct dirent **files = NULL;
	int n = file == NULL ? scandir(FOLDER, &files, plan_is_scenario, alphasort) : 0;
	unsigned counts[NOT_COMPARED + 1] = { 0 }, least = COMPARED_MIN / stride / 2 * (stride > 1 ? 1 : 2);

	if (file != NULL)
		return compare_file(file, true) == COMPARED;
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *path = mem_printf(FOLDER "/%s", files[i]->d_name);

		if ((unsigned)i % stride == 0)
			counts[compare_file(path, false)]++;
		free(files[i]);
	}
	free(files);
	if (counts[COMPARED] < least)
		printf("not ok only %u plans were compared, at least %u must be\n", counts[COMPARED], least);
	else if (counts[DIFFERENT] == 0)
		printf(
		    "ok the plan of the Rollout of %u scenarios has the pods, weights, promotions and duration of its "
		    "update\n",
		    counts[COMPARED]);
	return counts[COMPARED] >= least && counts[DIFFERENT] == 0;
}
