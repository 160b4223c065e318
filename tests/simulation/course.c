/* tests/simulation/course.c: the ideal course of a step list, and whether what is observed follows it.
 *
 * The ideal course is short: an update begins at step 0; a step is left when what it requires has been there while
 * it was the current one; a pause is left when its time has ended, or by a user; weights are those of the steps. It is
 * read from the Rollout's spec and from what the store held, apart from the code that decides. A promotion in full,
 * a rollback within the window, an abort and a new template or new steps begin another course.
 */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "tests/simulation/judge_parts.h"
#include "tests/simulation/split_objects.h"

#define SECOND_MS 1000 /* stamps are cut to seconds */
#define STATUS_WAIT_MS 2000 /* the end of a timed pause may be written so much after the step behind it has begun */

struct course {
	struct cluster *cluster;
	struct judge *judge;
	char hash[64], steps[64]; /* status.currentPodHash, status.currentStepHash */
	long long index; /* status.currentStepIndex */
	bool aborted;
	int64_t begun_at; /* wall ms at which this course began */
	int64_t entered_at; /* wall ms at which this step became the current one */
	bool reached; /* when the state that the step requires was reached */
	bool
	    reached_next; /* the same of the step after a pause, which may begin before the status has left the pause */
	char before[96]; /* version and step that had been reached when a user's abort or retry began the course anew */
	int64_t before_at; /* mono ms of that */
	bool resumed; /* a user took the pause away, or wrote the step's index */
	bool ever_resumed; /* of this update: a user promoted */
	/* The status passed the preview of this update when nothing held it: to disable auto-promotion later comes
	 * too late, as in Argo Rollouts. */
	bool past_preview;
	bool pause_seen; /* the status has held a pause condition while this update went on */
	int64_t edited_at; /* mono ms of the last write of a user's to the Rollout */
};

static const json_t *
course_status(const json_t *rollout)
{
	return json_object_get(rollout, "status");
}

static const char *
course_hash(const json_t *rollout)
{
	return json_str(course_status(rollout), "currentPodHash") ?: "";
}

/* Returns true during an update: the version is not the stable one. */
static bool
course_is_update(const json_t *rollout)
{
	const char *stable = json_str(course_status(rollout), "stableRS");

	return stable != NULL && !str_eq(stable, course_hash(rollout));
}

/* Pods of the new version that suffice where `wanted` are requested. */
static bool
course_pods_suffice(const json_t *rollout, struct pod_facts has, long long wanted)
{
	const json_t *threshold = json_at(rollout, "/spec/strategy/canary/replicaProgressThreshold");
	long long value = json_int(threshold, "value", 100);

	if (threshold == NULL)
		return has.available >= wanted;
	return str_eq(json_str(threshold, "type"), "Percent") ? has.available * 100 >= value * wanted
							      : has.available >= (value < wanted ? value : wanted);
}

/* Without a router the versions have the numbers of pods that come closest to the weight, and no other version has
 * pods. With a replicaProgressThreshold this number of available canary pods is enough, and others may still start
 * and end. */
static bool
course_split_reached(struct course *c, const json_t *rollout, long long weight)
{
	long long replicas = facts_replicas(rollout), surge, unavailable, down = weight * replicas / 100;
	long long up = facts_share(weight, replicas), total;
	struct pod_facts new_rs = facts_pods(c->cluster, course_hash(rollout)), all = facts_all_pods(c->cluster, NULL);

	facts_limits(rollout, replicas, &surge, &unavailable);
	total = all.wanted;
	if (weight > 0 && down == 0)
		down = replicas > 0 ? 1 : 0;
	if (weight > 0 && weight < 100 && replicas == 1 && surge == 0)
		down = 0; /* the one pod is of one version */
	if (json_at(rollout, "/spec/strategy/canary/replicaProgressThreshold") != NULL)
		return course_pods_suffice(rollout, new_rs, down);
	return new_rs.wanted >= down && new_rs.wanted <= up && new_rs.available >= new_rs.wanted &&
	       (total == replicas || (surge > 0 && total == replicas + 1));
}

static bool
course_weight_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	struct pod_facts has = facts_pods(c->cluster, course_hash(rollout));
	long long weight = json_int(step, "setWeight", 0), pods = facts_share(weight, facts_replicas(rollout));
	struct traffic_facts t = facts_traffic(c->cluster);

	/* trafficRouting that names no router: the pods are those of the weight, which something else sets */
	if (!t.routed && json_at(rollout, "/spec/strategy/canary/trafficRouting") != NULL)
		return has.wanted >= pods && course_pods_suffice(rollout, has, pods);
	if (!t.routed)
		return course_split_reached(c, rollout, weight);
	if (t.opaque)
		return true;
	/* Destinations of others may leave less. */
	weight = weight < 100 - t.others ? weight : 100 - t.others;
	return t.readable && t.most == weight && t.least == weight &&
	       (weight == 0 || str_eq(t.canary_hash, course_hash(rollout)));
}

static bool
course_scale_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	const json_t *scale = json_object_get(step, "setCanaryScale"), *steps = facts_steps(rollout);
	struct pod_facts has = facts_pods(c->cluster, course_hash(rollout));
	long long percent = json_int(scale, "weight", -1), pods = json_int(scale, "replicas", -1);

	if (json_is_true(json_object_get(scale, "matchTrafficWeight")))
		percent = facts_step_weight(steps, c->index);
	if (pods < 0)
		pods = facts_share(percent, facts_replicas(rollout));
	return has.wanted >= pods && course_pods_suffice(rollout, has, pods);
}

struct course_search {
	const char *hash;
	long long index;
	int64_t since; /* wall ms */
	bool found;
};

static bool
course_is_later(const json_t *o, int64_t since)
{
	int64_t created;

	return time_parse(json_str(json_object_get(o, "metadata"), "creationTimestamp") ?: "", &created) &&
	       created >= since;
}

static void
course_match(const json_t *o, void *arg)
{
	struct course_search *s = arg;
	const char *index = json_str(json_at(o, "/metadata/labels"), "step-index");

	if (!facts_owned(o, "Rollout") || !str_eq(facts_label(o), s->hash) || !course_is_later(o, s->since) ||
	    !str_eq(json_str(json_object_get(o, "status"), "phase"), "Successful"))
		return;
	if (index == NULL || strtoll(index, NULL, 10) == s->index)
		s->found = true;
}

static bool
course_found_successful(struct course *c, const json_t *rollout, const char *plural)
{
	struct course_search s = { .hash = course_hash(rollout),
		.index = c->index,
		.since = c->begun_at - judge_memory(c->cluster) - STATUS_WAIT_MS - SECOND_MS };

	store_each(c->cluster->store, plural, course_match, &s);
	return s.found;
}

static bool
course_analysis_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	(void)step;
	return course_found_successful(c, rollout, "analysisruns");
}

static bool
course_experiment_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	(void)step;
	return course_found_successful(c, rollout, "experiments");
}

static bool
course_header_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	bool wanted = json_array_size(json_at(step, "/setHeaderRoute/match")) > 0;

	(void)rollout;
	return facts_has_route(c->cluster, json_str(json_object_get(step, "setHeaderRoute"), "name"), false) == wanted;
}

static bool
course_mirror_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	bool wanted = json_array_size(json_at(step, "/setMirrorRoute/match")) > 0;

	(void)rollout;
	return facts_has_route(c->cluster, json_str(json_object_get(step, "setMirrorRoute"), "name"), true) == wanted;
}

static bool
course_plugin_reached(struct course *c, const json_t *rollout, const json_t *step)
{
	json_t *one;
	size_t i;

	(void)step;
	json_array_foreach (json_at(rollout, "/status/canary/stepPluginStatuses"), i, one)
		if (json_int(one, "index", -1) == c->index && str_eq(json_str(one, "phase"), "Successful"))
			return true;
	return false;
}

static const struct {
	const char *kind;
	bool (*reached)(struct course *, const json_t *rollout, const json_t *step);
	bool without_pods; /* it is requested also where the rollout has no replicas */
} course_steps[] = {
	{ "setWeight", course_weight_reached, false },
	{ "setCanaryScale", course_scale_reached, false },
	{ "analysis", course_analysis_reached, false },
	{ "experiment", course_experiment_reached, false },
	{ "setHeaderRoute", course_header_reached, false },
	{ "setMirrorRoute", course_mirror_reached, false },
	{ "plugin", course_plugin_reached, false },
};

/* Returns true if the state that the step of this index requires is reached. */
static bool
course_is_reached(struct course *c, const json_t *rollout, long long index)
{
	const json_t *step = json_array_get(facts_steps(rollout), (size_t)index);
	long long current = c->index;
	bool reached = false;

	if (step == NULL || json_object_get(step, "pause") != NULL)
		return false;
	if (facts_replicas(rollout) == 0)
		return true; /* there is nothing to serve with */
	c->index = index;
	for (size_t i = 0; i < ARRAY_SIZE(course_steps); i++)
		if (json_object_get(step, course_steps[i].kind) != NULL)
			reached = course_steps[i].reached(c, rollout, step);
	c->index = current;
	return reached;
}

static void
course_check(struct course *c)
{
	const json_t *rollout = cluster_rollout(c->cluster);

	if (rollout == NULL)
		return;
	if (!c->reached)
		c->reached = course_is_reached(c, rollout, c->index);
	if (!c->reached_next &&
	    json_object_get(json_array_get(facts_steps(rollout), (size_t)c->index), "pause") != NULL)
		c->reached_next = course_is_reached(c, rollout, c->index + 1);
}

/* Wall ms since when the status has the pause of a step; 0: it has none. */
static int64_t
course_pause_since(const json_t *rollout)
{
	json_t *one;
	int64_t at;
	size_t i;

	json_array_foreach (json_at(rollout, "/status/pauseConditions"), i, one)
		if (str_eq(json_str(one, "reason"), "CanaryPauseStep") &&
		    time_parse(json_str(one, "startTime") ?: "", &at))
			return at;
	return 0;
}

/* May the current pause be left now? NULL, or why not. */
static const char *
course_pause_holds(struct course *c, const json_t *rollout, const json_t *pause)
{
	static char why[200];
	int64_t since = course_pause_since(rollout), ms = facts_pause_ms(pause), now = cluster_wall(c->cluster);

	if (c->resumed)
		return NULL;
	if (ms < 0)
		return "a pause without a duration was left, and no user has promoted";
	if (ms == 0)
		return NULL;
	if (since == 0)
		return "a timed pause was left before the status had it";
	if (since < c->entered_at - judge_memory(c->cluster) - SECOND_MS) {
		snprintf(why, sizeof(why), "a timed pause counts from %lld ms before it began",
		    (long long)(c->entered_at - since));
		return why;
	}
	if (now <= since + ms) {
		snprintf(why, sizeof(why), "a pause of %lld ms was left after %lld ms", (long long)ms,
		    (long long)(now - since));
		return why;
	}
	return NULL;
}

static void
course_enter(struct course *c, const json_t *rollout, long long index)
{
	c->reached = index == c->index + 1 && c->reached_next;
	c->index = index;
	c->entered_at = cluster_wall(c->cluster);
	c->reached_next = c->resumed = false;
	course_check(c);
	(void)rollout;
}

/* A version and its step. In `room`. */
static const char *
course_place(const struct course *c, long long index, char *room, size_t size)
{
	snprintf(room, size, "%s/%lld", c->hash, index);
	return room;
}

/* Another update, or the same once more. What had been reached may be old knowledge of the controller's for a while. */
static void
course_begin(struct course *c, const json_t *rollout)
{
	const json_t *status = course_status(rollout);

	if (c->reached) {
		course_place(c, c->index, c->before, sizeof(c->before));
		c->before_at = loop_mono(c->cluster->loop);
	}
	snprintf(c->hash, sizeof(c->hash), "%s", course_hash(rollout));
	snprintf(c->steps, sizeof(c->steps), "%s", json_str(status, "currentStepHash") ?: "");
	c->aborted = json_is_true(json_object_get(status, "abort"));
	c->ever_resumed = c->past_preview = c->pause_seen = false;
	c->begun_at = cluster_wall(c->cluster);
	course_enter(c, rollout, json_int(status, "currentStepIndex", 0));
}

static bool
course_is_another(const struct course *c, const json_t *rollout)
{
	const json_t *status = course_status(rollout);

	return !str_eq(c->hash, course_hash(rollout)) || !str_eq(c->steps, json_str(status, "currentStepHash") ?: "") ||
	       c->aborted != json_is_true(json_object_get(status, "abort"));
}

/* The steps count as done: in full, or within the window. */
static bool
course_is_short(const json_t *old, const json_t *rollout)
{
	return json_is_true(json_object_get(course_status(old), "promoteFull")) ||
	       json_is_true(json_object_get(course_status(rollout), "promoteFull")) ||
	       json_at(rollout, "/spec/rollbackWindow") != NULL || !course_is_update(rollout) ||
	       facts_replicas(rollout) == 0;
}

/* An update begins at its first step. */
static void
course_check_begin(struct course *c, const json_t *old, const json_t *rollout)
{
	long long index = json_int(course_status(rollout), "currentStepIndex", 0);

	if (index > 0 && !course_is_short(old, rollout) && json_array_size(facts_steps(rollout)) > 0)
		judge_wrong(c->judge, "the update to %s begins at step %lld", course_hash(rollout), index);
}

static void
course_check_left(struct course *c, const json_t *old, const json_t *rollout, long long index)
{
	const json_t *steps = facts_steps(rollout);

	for (long long i = c->index; i < index; i++) {
		const json_t *step = json_array_get(steps, (size_t)i), *pause = json_object_get(step, "pause");
		_cleanup_(freep) char *text = step != NULL ? json_dumps(step, JSON_COMPACT) : NULL;
		const char *why = NULL;

		bool reached = i == c->index ? c->reached || c->resumed : i == c->index + 1 && c->reached_next;
		char place[96];

		if (str_eq(c->before, course_place(c, i, place, sizeof(place))) &&
		    loop_mono(c->cluster->loop) < c->before_at + judge_memory(c->cluster))
			reached = true;

		if (pause != NULL && facts_pause_ms(pause) == 0)
			continue;
		if (pause != NULL)
			why = i == c->index ? course_pause_holds(c, old, pause)
					    : "a pause was passed over: the status never named it";
		else if (!reached && !course_is_reached(c, rollout, i))
			why = "it was left, but what it requires was never seen while it was the current one";
		if (why != NULL)
			judge_wrong(c->judge, "step %lld %s: %s", i, text != NULL ? text : "", why);
	}
}

static void
course_on_user(struct course *c, const json_t *old, const json_t *rollout)
{
	const json_t *was = course_status(old), *is = course_status(rollout);

	c->edited_at = loop_mono(c->cluster->loop);
	if (was == NULL)
		return;
	if (json_array_size(json_object_get(was, "pauseConditions")) > 0 &&
	    json_array_size(json_object_get(is, "pauseConditions")) == 0)
		c->resumed = c->ever_resumed = true;
	if (course_is_another(c, rollout)) {
		course_begin(c, rollout);
	} else if (json_int(is, "currentStepIndex", 0) != c->index) {
		course_enter(c, rollout, json_int(is, "currentStepIndex", 0));
		c->ever_resumed = true;
	}
	/* The controller has not acted on a promotion yet: an abort and a retry before it does, or steps put back,
	 * leave it in the status. */
	if (json_is_true(json_object_get(is, "controllerPause")) &&
	    json_array_size(json_object_get(is, "pauseConditions")) == 0)
		c->resumed = c->ever_resumed = true;
}

static void
course_on_rollout(struct course *c, const json_t *old, const json_t *rollout)
{
	long long index = json_int(course_status(rollout), "currentStepIndex", 0);

	if (c->cluster->urgency.user) {
		course_on_user(c, old, rollout);
		return;
	}
	if (course_is_another(c, rollout)) {
		if (!str_eq(c->hash, course_hash(rollout)))
			course_check_begin(c, old, rollout);
		course_begin(c, rollout);
		return;
	}
	if (json_array_size(json_at(rollout, "/status/pauseConditions")) > 0)
		c->pause_seen = true;
	if (json_is_true(json_at(rollout, "/status/blueGreen/scaleUpPreviewCheckPoint")) &&
	    !json_is_true(json_at(old, "/status/blueGreen/scaleUpPreviewCheckPoint")))
		c->past_preview = !json_is_false(json_at(rollout, "/spec/strategy/blueGreen/autoPromotionEnabled"));
	if (index == c->index)
		return;
	if (index > c->index && !c->aborted && !course_is_short(old, rollout))
		course_check_left(c, old, rollout, index);
	course_enter(c, rollout, index);
}

/* A weight that is raised is raised to that of a step: the current one, or one behind a pause that has ended. */
static void
course_on_weight(struct course *c, const json_t *old, long long was, long long is)
{
	const json_t *rollout = cluster_rollout(c->cluster), *steps = facts_steps(rollout), *pause;
	long long index;

	if (c->cluster->urgency.user || old == NULL || is <= was || rollout == NULL ||
	    !facts_traffic(c->cluster).routed || json_at(rollout, "/spec/strategy/canary/pingPong") != NULL ||
	    loop_mono(c->cluster->loop) < c->edited_at + judge_memory(c->cluster) || course_is_short(rollout, rollout))
		return;
	/* weights of another total are not read here */
	if (json_int(json_at(rollout, "/spec/strategy/canary/trafficRouting"), "maxTrafficWeight", 100) != 100)
		return;
	if (c->aborted) {
		judge_wrong(c->judge, "weight %lld -> %lld after the abort", was, is);
		return;
	}
	index = c->index;
	if (is == facts_step_weight(steps, index) || is == 100 - facts_traffic(c->cluster).others)
		return;
	/* Weight that was lowered because pods were lost is raised again before the pods of this step are complete. */
	if (index > 0 && is == facts_step_weight(steps, index - 1) && is < facts_step_weight(steps, index))
		return;
	pause = json_object_get(json_array_get(steps, (size_t)index), "pause");
	if (pause != NULL && course_pause_holds(c, rollout, pause) == NULL && is == facts_step_weight(steps, index + 1))
		return;
	judge_wrong(c->judge, "weight %lld -> %lld at step %lld, whose weight is %lld", was, is, index,
	    facts_step_weight(steps, index));
}

/* The active Service of a blue-green rollout is switched to the new version when what stands before it has ended. */
static void
course_on_service(struct course *c, const json_t *old, const json_t *service)
{
	const json_t *rollout = cluster_rollout(c->cluster), *bg = json_at(rollout, "/spec/strategy/blueGreen");
	const char *name = json_str(json_object_get(service, "metadata"), "name"),
		   *to = json_str(json_at(service, "/spec/selector"), HASH),
		   *from = json_str(json_at(old, "/spec/selector"), HASH);
	struct course_search s = { .hash = to, .index = -1 };

	if (bg == NULL || !str_eq(name, json_str(bg, "activeService")) || from == NULL || str_eq(from, to) ||
	    !str_eq(to, course_hash(rollout)) || !course_is_update(rollout) || c->cluster->urgency.user ||
	    loop_mono(c->cluster->loop) < c->edited_at + judge_memory(c->cluster) ||
	    course_is_short(rollout, rollout) || c->aborted ||
	    json_at(facts_replicaset(c->cluster, to), "/metadata/annotations/scale-down-deadline") != NULL)
		return;
	if (json_is_false(json_object_get(bg, "autoPromotionEnabled")) &&
	    json_int(bg, "autoPromotionSeconds", 0) == 0 && !c->ever_resumed && !c->past_preview)
		judge_wrong(c->judge, "the active Service was switched to %s, and no user has promoted it", to);
	if (json_object_get(bg, "prePromotionAnalysis") == NULL)
		return;
	store_each(c->cluster->store, "analysisruns", course_match, &s);
	if (!s.found && !c->ever_resumed)
		judge_wrong(c->judge, "the active Service was switched to %s without a successful analysis", to);
}

void
course_on_write(struct course *c, const struct resource *r, const char *type, const json_t *old, const json_t *o)
{
	if (strcmp(r->kind, "Rollout") == 0 &&
	    strcmp(json_str(json_object_get(o, "metadata"), "name"), c->cluster->name) == 0) {
		if (strcmp(type, "MODIFIED") == 0)
			course_on_rollout(c, old, o);
		else
			course_begin(c, NULL);
		return;
	}
	if (strcmp(type, "DELETED") == 0 || strcmp(r->kind, "Event") == 0 || strcmp(r->kind, "Pod") == 0 ||
	    strcmp(r->kind, "Lease") == 0)
		return;
	if (strcmp(r->kind, "VirtualService") == 0)
		course_on_weight(c, old, json_int(json_array_get(cluster_split_route(old), 1), "weight", 0),
		    json_int(json_array_get(cluster_split_route(o), 1), "weight", 0));
	else if (gateways_is_route(r->kind))
		course_on_weight(c, old, json_int(json_at(old, "/spec/rules/0/backendRefs/1"), "weight", 0),
		    json_int(json_at(o, "/spec/rules/0/backendRefs/1"), "weight", 0));
	else if (split_weight(cluster_rollout(c->cluster), r->kind, o) >= 0 && !facts_traffic(c->cluster).opaque)
		course_on_weight(c, old != NULL ? old : o, split_weight(cluster_rollout(c->cluster), r->kind, old),
		    split_weight(cluster_rollout(c->cluster), r->kind, o));
	else if (strcmp(r->kind, "Service") == 0)
		course_on_service(c, old, o);
	course_check(c);
}

struct course *
course_new(struct cluster *cluster, struct judge *j)
{
	struct course *c = mem_alloc(sizeof(*c));

	c->cluster = cluster;
	c->judge = j;
	return c;
}

struct course *
course_free(struct course *c)
{
	free(c);
	return NULL;
}
