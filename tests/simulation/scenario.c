/* tests/simulation/scenario.c: reads a scenario and plays it: the table of verbs, and what each does. */
#include "tests/simulation/scenario.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "io/file.h"
#include "kube/api/yaml.h"

#define FOLDER "tests/e2e/scenarios"
#define WAIT_MS 60000
#define SETTLE_MS 120000
#define QUIET_MS 60000
#define EVENT_MS 5000
#define REAL_TIME 10 /* times as long may a wait take where time is real: a busy machine is no fault */
#define REST_STEP_MS 5000
#define MERGE "application/merge-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"

static const char *const nth_names[] = { "fails", "loses its response", "is the controller's last" };

static void play(struct scenario *, const json_t *steps);
static bool scenario_is_over(const struct scenario *);
static const char *scenario_state(struct scenario *);

void
scenario_wrong(struct scenario *s, const char *format, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	cluster_note(s->cluster, "NOT SO: %s", text);
	if (s->lenient)
		return;
	if (s->wrong[0] == '\0')
		snprintf(s->wrong, sizeof(s->wrong), "at %.3f s: %s", (double)cluster_now(s->cluster) / 1000, text);
}

static void
do_deploy(struct scenario *s, const json_t *v)
{
	const char *now =
	    json_string_value(json_at(cluster_rollout(s->cluster), "/spec/template/spec/containers/0/image"));

	cluster_set_image(s->cluster,
	    arena_printf(s->arena, "%.*s:%s", (int)strcspn(now != NULL ? now : "", ":"), now, json_string_value(v)));
}

/* {}, full, or {past: N}: to that step, like a user who does not wait for an analysis. */
static void
do_promote(struct scenario *s, const json_t *v)
{
	json_t *past = json_object_get(v, "past");

	if (str_eq(json_string_value(v), "full"))
		cluster_patch(s->cluster, true, json_pack("{s:{s:b}}", "status", "promoteFull", 1));
	else if (past != NULL)
		cluster_patch(s->cluster, true,
		    json_pack("{s:{s:n,s:b,s:O}}", "status", "pauseConditions", "controllerPause", 0,
			"currentStepIndex", past));
	else
		cluster_promote(s->cluster);
}

static void
do_abort(struct scenario *s, const json_t *v)
{
	(void)v;
	cluster_patch(s->cluster, true, json_pack("{s:{s:b}}", "status", "abort", 1));
}

static void
do_retry(struct scenario *s, const json_t *v)
{
	(void)v;
	cluster_patch(s->cluster, true, json_pack("{s:{s:b}}", "status", "abort", 0));
}

static void
do_pause(struct scenario *s, const json_t *v)
{
	(void)v;
	cluster_patch(s->cluster, false, json_pack("{s:{s:b}}", "spec", "paused", 1));
}

static void
do_resume(struct scenario *s, const json_t *v)
{
	(void)v;
	cluster_patch(s->cluster, false, json_pack("{s:{s:b}}", "spec", "paused", 0));
}

static void
do_scale(struct scenario *s, const json_t *v)
{
	cluster_patch(s->cluster, false, json_pack("{s:{s:O}}", "spec", "replicas", v));
}

/* Merge patches of the rollout. */
static void
do_spec(struct scenario *s, const json_t *v)
{
	int code = cluster_patch(s->cluster, false, json_pack("{s:O}", "spec", v));

	if (code != 200)
		scenario_wrong(s, "the spec was not taken: %d", code);
}

/* The same; the API server does not take it. */
static void
do_refused(struct scenario *s, const json_t *v)
{
	int code = cluster_patch(s->cluster, false, json_pack("{s:O}", "spec", v));

	if (code != 422)
		scenario_wrong(s, "the spec was not refused: %d", code);
}

/* All pods are to be new, from now on. */
static void
do_restart(struct scenario *s, const json_t *v)
{
	const char *now = time_format(s->arena, cluster_wall(s->cluster));

	(void)v;
	cluster_note(s->cluster, "user: restart");
	if (cluster_patch(s->cluster, false, json_pack("{s:{s:s}}", "spec", "restartAt", now)) != 200)
		scenario_wrong(s, "the restart was not taken");
}

static void
do_status(struct scenario *s, const json_t *v)
{
	cluster_patch(s->cluster, true, json_pack("{s:O}", "status", v));
}

const char *
scenario_path(struct scenario *s, const char *kind, const char *ns, const char *name)
{
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (str_eq(r->kind, kind))
			return arena_printf(s->arena, "%s%s/%s/%s%s%s%s%s%s", r->group[0] != '\0' ? "/apis/" : "/api",
			    r->group, r->version, r->cluster_scoped ? "" : "namespaces/", r->cluster_scoped ? "" : ns,
			    r->cluster_scoped ? "" : "/", r->plural, name != NULL ? "/" : "", name != NULL ? name : "");
	scenario_wrong(s, "there is no kind \"%s\"", kind != NULL ? kind : "");
	return "/";
}

/* Returns the object with this cluster's addresses, a new reference. */
static json_t *
here(struct scenario *s, const json_t *v)
{
	return json_loads(cluster_text(s->cluster, s->arena, json_text(s->arena, v)), 0, NULL);
}

/* A file, or an object. */
static void
do_apply(struct scenario *s, const json_t *v)
{
	const json_t *meta = json_object_get(v, "metadata");
	int code;

	if (json_is_string(v)) {
		cluster_apply(s->cluster, json_string_value(v));
		return;
	}
	code = cluster_do(s->cluster, "POST", "application/json",
	    scenario_path(s, json_str(v, "kind"), json_str(meta, "namespace") ?: "default", NULL), here(s, v));
	if (code != 201)
		scenario_wrong(s, "%s %s was not taken: %d", json_str(v, "kind"), json_str(meta, "name"), code);
}

/* "KIND [NS/]NAME". */
static const char *
path_of_text(struct scenario *s, const char *text)
{
	const char *space = text != NULL ? strchr(text, ' ') : NULL, *slash;

	if (space == NULL) {
		scenario_wrong(s, "write: KIND [NS/]NAME");
		return "/";
	}
	slash = strchr(space, '/');
	return scenario_path(s, arena_strndup(s->arena, text, (size_t)(space - text)),
	    slash != NULL ? arena_strndup(s->arena, space + 1, (size_t)(slash - space - 1)) : "default",
	    slash != NULL ? slash + 1 : space + 1);
}

/* {"KIND NAME": patch} */
static void
do_merge(struct scenario *s, const json_t *v)
{
	const char *which;
	json_t *patch;

	json_object_foreach ((json_t *)v, which, patch) {
		int code = cluster_do(s->cluster, "PATCH", MERGE, path_of_text(s, which), here(s, patch));

		cluster_note(s->cluster, "user: patch %s", which);
		if (code != 200)
			scenario_wrong(s, "%s could not be patched: %d", which, code);
	}
}

static void
do_delete(struct scenario *s, const json_t *v)
{
	const char *which = scenario_expand(s, json_string_value(v) ?: "");

	cluster_note(s->cluster, "user: delete %s", which);
	if (cluster_do(s->cluster, "DELETE", NULL, path_of_text(s, which), NULL) != 200)
		scenario_wrong(s, "%s could not be deleted", which);
}

/* "KIND NAME" ("*": all): the controller cannot read it from now on. */
static void
do_unreadable(struct scenario *s, const json_t *v)
{
	scenario_mark(s, json_string_value(v), true);
}

static void
do_readable(struct scenario *s, const json_t *v)
{
	scenario_mark(s, json_string_value(v), false);
}

/* "KIND NAME": deleted, and made again at once as it was written. */
static void
do_renew(struct scenario *s, const json_t *v)
{
	const json_t *old = cluster_rollout(s->cluster), *meta = json_object_get(old, "metadata");
	_cleanup_(json_decrefp) json_t *copy =
	    json_pack("{s:O*, s:O*, s:{s:O*, s:O*}, s:O*}", "apiVersion", json_object_get(old, "apiVersion"), "kind",
		json_object_get(old, "kind"), "metadata", "name", json_object_get(meta, "name"), "labels",
		json_object_get(meta, "labels"), "spec", json_object_get(old, "spec"));

	do_delete(s, v);
	do_apply(s, copy);
}

/* The response of the plugin from now on; null: it cannot be reached. */
static void
do_plugin(struct scenario *s, const json_t *v)
{
	cluster_note(s->cluster, "the plugin responds with %s", json_is_null(v) ? "nothing" : json_text(s->arena, v));
	snprintf(s->cluster->plugin, sizeof(s->cluster->plugin), "%s", json_is_null(v) ? "" : json_text(s->arena, v));
}

/* The response of the hook that is a router from now on; null: it cannot be reached. */
static void
do_hook(struct scenario *s, const json_t *v)
{
	cluster_note(s->cluster, "the hook responds with %s", json_is_null(v) ? "nothing" : json_text(s->arena, v));
	snprintf(s->cluster->edge, sizeof(s->cluster->edge), "%s", json_is_null(v) ? "" : json_text(s->arena, v));
}

/* The load balancers of Ingresses from now on, whose weights are verified: "fine", "away", "throttles", "denies", or
 * "held": they keep the weights that they have. */
static void
do_aws(struct scenario *s, const json_t *v)
{
	static const char *const behaviors[] = { [BALANCERS_FINE] = "fine",
		[BALANCERS_AWAY] = "away",
		[BALANCERS_THROTTLE] = "throttles",
		[BALANCERS_DENY] = "denies" };

	cluster_note(s->cluster, "the load balancers are %s", json_string_value(v));
	s->cluster->process.verify_target_groups = true;
	s->cluster->balancers.held = str_eq(json_string_value(v), "held");
	s->cluster->balancers.behavior = BALANCERS_FINE;
	for (size_t i = 0; i < ARRAY_SIZE(behaviors); i++)
		if (str_eq(json_string_value(v), behaviors[i]))
			s->cluster->balancers.behavior = (enum load_balancers_behavior)i;
}

/* A number, "refused", or "empty", "slow", "wrong" (see outside in cluster.c). */
static void
do_metric(struct scenario *s, const json_t *v)
{
	static const struct {
		const char *name;
		enum metric_behavior behavior;
	} behaviors[] = { { "refused", METRIC_REFUSED }, { "empty", METRIC_EMPTY }, { "slow", METRIC_SLOW },
		{ "wrong", METRIC_WRONG }, { "unreachable", METRIC_UNREACHABLE }, { "NaN", METRIC_NAN } };

	cluster_note(s->cluster, "Prometheus responds with %s",
	    json_is_string(v) ? json_string_value(v) : json_text(s->arena, v));
	s->cluster->metric_behavior = METRIC_FINE;
	if (json_is_number(v)) {
		s->cluster->metric = json_number_value(v);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(behaviors); i++)
		if (str_eq(json_string_value(v), behaviors[i].name)) {
			s->cluster->metric_behavior = behaviors[i].behavior;
			return;
		}
	scenario_wrong(s, "metric knows no \"%s\"", json_string_value(v) ?: "");
}

/* Returns what differs for an image; the last one if there are too many. */
static struct counted_image *
traffic_image(struct counted_traffic *t, const char *tag)
{
	struct counted_image *image;

	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->images[i].tag, tag) == 0)
			return &t->images[i];
	image = &t->images[t->n < COUNTED_TAGS_MAX ? t->n++ : t->n - 1];
	*image = (struct counted_image){ .requests = t->requests };
	snprintf(image->tag, sizeof(image->tag), "%s", tag);
	return image;
}

/* The requests of pods from now on, for metrics that compare versions: {requests: N} of each pod in a second. By image:
 * {of: {TAG: N}} other numbers, {bad: {TAG: SHARE}} the share of bad ones, {restarted: {TAG: true}} its containers
 * restart now, {hidden: {TAG: true}} Prometheus does not scrape its pods; {scraped: false}: none at all. */
static void
do_traffic(struct scenario *s, const json_t *v)
{
	struct counted *c = &s->cluster->counted;
	struct counted_traffic *t = &c->changes[c->n < COUNTED_CHANGES_MAX ? c->n++ : c->n - 1];
	const char *tag;
	json_t *one;

	*t = (struct counted_traffic){ .from = loop_wall(s->cluster->loop),
		.requests = json_number_value(json_object_get(v, "requests")),
		.missing = json_is_false(json_object_get(v, "scraped")) };
	json_object_foreach (json_object_get(v, "of"), tag, one)
		traffic_image(t, tag)->requests = json_number_value(one);
	json_object_foreach (json_object_get(v, "bad"), tag, one)
		traffic_image(t, tag)->bad = json_number_value(one);
	json_object_foreach (json_object_get(v, "hidden"), tag, one)
		traffic_image(t, tag)->hidden = json_is_true(one);
	json_object_foreach (json_object_get(v, "restarted"), tag, one)
		traffic_image(t, tag)->restarted = json_is_true(one);
	cluster_note(s->cluster, "traffic: %s", json_text(s->arena, v));
}

/* The load of all pods together from now on, for a HorizontalPodAutoscaler that was applied; 0: it is inactive. */
static void
do_load(struct scenario *s, const json_t *v)
{
	cluster_note(s->cluster, "the load is %lld", (long long)json_integer_value(v));
	autoscaler_load(&s->cluster->autoscaler, s->cluster, json_integer_value(v));
}

struct readying {
	struct scenario *s;
	const char *hash; /* NULL: all */
	json_int_t left; /* number that are ready */
};

static void
ready_one(const json_t *pod, void *arg)
{
	struct readying *r = arg;
	const json_t *m = json_object_get(pod, "metadata");
	const char *hash = json_str(json_object_get(m, "labels"), "rollouts-pod-template-hash");

	if (json_at(pod, "/status/conditions") != NULL && (r->hash == NULL || str_eq(hash, r->hash)))
		pods_ready(r->s->cluster->pods, json_str(m, "namespace"), json_str(m, "name"), r->left-- > 0, NULL);
}

/* {v2: 1}: just one of v2's pods is ready; "ready": all pods are. */
static void
do_pods(struct scenario *s, const json_t *v)
{
	const char *tag;
	json_t *n;

	if (str_eq(json_string_value(v), "ready")) {
		struct readying all = { s, NULL, INT32_MAX };

		cluster_note(s->cluster, "all pods are ready");
		cluster_each(s->cluster, "pods", ready_one, &all);
		return;
	}

	json_object_foreach ((json_t *)v, tag, n) {
		const json_t *labels = json_at(scenario_version(s, tag), "/metadata/labels");
		struct readying r = { s, json_str(labels, "rollouts-pod-template-hash"), json_integer_value(n) };

		if (labels == NULL) {
			scenario_wrong(s, "there is no version %s", tag);
			return;
		}
		cluster_note(s->cluster, "%lld pods of %s are ready", (long long)r.left, tag);
		cluster_each(s->cluster, "pods", ready_one, &r);
	}
}

struct failing {
	json_int_t n; /* pods that come before it */
	const json_t *pod;
};

static void
fail_one(const json_t *pod, void *arg)
{
	struct failing *f = arg;

	if (json_at(pod, "/status/conditions") != NULL && f->n-- == 0)
		f->pod = pod;
}

/* N: the pod behind the first N is not ready any more. */
static void
do_unready(struct scenario *s, const json_t *v)
{
	struct failing f = { .n = json_integer_value(v) };

	cluster_each(s->cluster, "pods", fail_one, &f);
	if (f.pod == NULL)
		return;
	cluster_note(s->cluster, "pod %s becomes unready", json_str(json_object_get(f.pod, "metadata"), "name"));
	pods_ready(s->cluster->pods, "default", json_str(json_object_get(f.pod, "metadata"), "name"), false, NULL);
}

struct conditioning {
	struct scenario *s;
	const char *hash, *patch;
};

static void
condition_one(const json_t *pod, void *arg)
{
	struct conditioning *c = arg;
	const json_t *m = json_object_get(pod, "metadata");
	const char *hash = json_str(json_object_get(m, "labels"), "rollouts-pod-template-hash");

	if (str_eq(hash, c->hash))
		cluster_do(c->s->cluster, "PATCH", STRATEGIC,
		    arena_printf(c->s->arena, "/api/v1/namespaces/default/pods/%s/status", json_str(m, "name")),
		    json_loads(c->patch, 0, NULL));
}

/* {v2: {example.com/in-service: "True"}}: a condition that another controller sets on all of v2's pods. */
static void
do_condition(struct scenario *s, const json_t *v)
{
	const char *tag, *type;
	json_t *types, *status;

	json_object_foreach ((json_t *)v, tag, types)
		json_object_foreach (types, type, status) {
			const json_t *labels = json_at(scenario_version(s, tag), "/metadata/labels");
			struct conditioning c = { s, json_str(labels, "rollouts-pod-template-hash"),
				arena_printf(s->arena,
				    "{\"status\":{\"conditions\":[{\"type\":\"%s\",\"status\":\"%s\"}]}}", type,
				    json_string_value(status) ?: "") };

			if (labels == NULL) {
				scenario_wrong(s, "there is no version %s", tag);
				return;
			}
			cluster_note(s->cluster, "%s of %s is %s", type, tag, json_string_value(status) ?: "");
			cluster_each(s->cluster, "pods", condition_one, &c);
		}
}

static int64_t
duration_of(struct scenario *s, const json_t *v)
{
	int64_t ms = 0;

	if (!json_is_string(v) || !duration_parse(json_string_value(v), &ms))
		scenario_wrong(s, "%s is no duration", json_text(s->arena, v));
	return ms;
}

static void
strike(struct cluster *c, const struct request *r, struct fault *f)
{
	struct scenario *s = c->fault_arg;
	const char *method = json_str(s->fault, "method"), *path = json_str(s->fault, "path");
	const char *late = json_str(s->fault, "late"), *lag = json_str(s->fault, "lag"),
		   *drop = json_str(s->fault, "drop");

	if (s->fault_left == 0 || (method != NULL && !str_eq(r->method, method)) ||
	    (path != NULL && strstr(r->url, path) == NULL))
		return;
	if ((lag != NULL || drop != NULL || json_is_true(json_object_get(s->fault, "watch"))) != in_process_is_watch(r))
		return; /* these are of watches, all others of requests */
	if (s->fault_left > 0)
		s->fault_left--;
	f->status = (int)json_int(s->fault, "status", 0);
	f->lost = json_is_true(json_object_get(s->fault, "lost"));
	f->refused = json_is_true(json_object_get(s->fault, "refused"));
	if (late != NULL)
		duration_parse(late, &f->before_ms);
	if (lag != NULL)
		duration_parse(lag, &f->lag_ms);
	if (drop != NULL)
		duration_parse(drop, &f->drop_ms);
	if (f->status != 0 || f->lost || f->refused)
		cluster_note(c, "fault: %s %s", r->method, r->url);
}

/* The plural of a kind that is not served from now on, until a CustomResourceDefinition of it exists. In virtual time
 * its lists and watches are in the story. */
static void
do_undefined(struct scenario *s, const json_t *v)
{
	const char *plural = json_string_value(v);
	const struct resource *r = store_resources;

	while (r->plural != NULL && !str_eq(r->plural, plural))
		r++;
	if (r->plural == NULL) {
		scenario_wrong(s, "there is no kind with the plural \"%s\"", plural);
	} else if (s->judge == NULL) {
		cluster_do(s->cluster, "DELETE", NULL,
		    scenario_path(
			s, "CustomResourceDefinition", NULL, arena_printf(s->arena, "%s.%s", r->plural, r->group)),
		    NULL);
	} else {
		s->cluster->undefined = r->plural;
		store_require_definition(s->cluster->store, r->plural);
	}
}

/* {method, path, and one of status, lost, refused, late, lag, drop; times; watch}: what befalls the controller's
 * requests, or its watches; "none". */
static void
do_fault(struct scenario *s, const json_t *v)
{
	json_decref(s->fault);
	s->fault = json_is_object(v) ? json_deep_copy(v) : NULL;
	s->fault_left = json_int(v, "times", -1);
	s->cluster->fault = s->fault != NULL ? strike : NULL;
	s->cluster->fault_arg = s;
}

static void
do_controller(struct scenario *s, const json_t *v)
{
	int64_t ms;

	if (str_eq(json_string_value(v), "killed"))
		cluster_kill_controller(s->cluster);
	else if (str_eq(json_string_value(v), "two"))
		cluster_second_controller(s->cluster);
	else if (duration_parse(json_str(v, "paused") ?: "", &ms))
		cluster_stall_controller(s->cluster, ms);
	else
		scenario_wrong(s, "write: controller: killed, two, or {paused: DURATION}");
}

/* N: from now on requests fail, are slow, lose their responses and watches break, by chance and that number; "none":
 * no more. */
static void
do_random_faults(struct scenario *s, const json_t *v)
{
	struct cluster *c = s->cluster;

	if (c->random_faults)
		c->faults_ended_at = cluster_now(c);
	c->random_faults = json_is_integer(v);
	cluster_note(c, "--- random faults %s", c->random_faults ? "begin" : "have ended");
	if (c->random_faults)
		c->faults = rand_stream((uint64_t)json_integer_value(v), "faults");
}

static void
do_compact(struct scenario *s, const json_t *v)
{
	(void)v;
	cluster_note(s->cluster, "history compacted");
	store_compact(s->cluster->store);
}

/* The wall clock jumps: the machine slept. */
static void
do_clock(struct scenario *s, const json_t *v)
{
	s->cluster->loop->wall_now += duration_of(s, v);
}

static void
do_run(struct scenario *s, const json_t *v)
{
	cluster_run(s->cluster, duration_of(s, v));
}

/* {lag: DURATION}: ReplicaSets and their status follow that much later. */
static void
do_controller_manager(struct scenario *s, const json_t *v)
{
	int64_t ms = duration_of(s, json_object_get(v, "lag"));

	s->cluster->lags |= ms > 0;
	pods_delay(s->cluster->pods, ms);
}

/* {times: N, do: [...], until: {...}} */
static void
do_repeat(struct scenario *s, const json_t *v)
{
	const json_t *until = json_object_get(v, "until");
	const char *why;

	for (json_int_t n = json_int(v, "times", 1); n > 0 && !scenario_is_over(s); n--) {
		if (until != NULL && scenario_is(s, until, &why))
			return;
		play(s, json_object_get(v, "do"));
	}
}

static void
do_wait(struct scenario *s, const json_t *v)
{
	const json_t *within = json_object_get(v, "within");
	int64_t ms = within != NULL ? duration_of(s, within) : WAIT_MS, until;
	const char *why = NULL;

	/* How soon is judged in virtual time. */
	if (s->cluster->remote != NULL)
		ms = REAL_TIME * (ms > WAIT_MS ? ms : WAIT_MS);
	until = cluster_now(s->cluster) + ms;
	/* The effects of earlier verbs are observed first. */
	cluster_run(s->cluster, 20);
	while (!scenario_is(s, v, &why)) {
		if (cluster_now(s->cluster) >= until) {
			scenario_wrong(s, "waited for %s: %s%s%s", json_text(s->arena, v), why, s->judged ? "; " : "",
			    s->judged ? scenario_state(s) : "");
			return;
		}
		cluster_run(s->cluster, 10);
	}
}

/* DURATION: within it nothing moves any more for a minute, and the rollout is where it can stay. */
static void
do_rest(struct scenario *s, const json_t *v)
{
	int64_t until = cluster_now(s->cluster) + duration_of(s, v);
	unsigned long moves = 0, passes = 0;

	cluster_run(s->cluster, REST_STEP_MS); /* the user's last action is observed */
	for (int64_t still = 0; still < QUIET_MS; still += REST_STEP_MS) {
		if (s->judge == NULL || judge_moves(s->judge) != moves || !judge_may_rest(s->judge)) {
			moves = s->judge != NULL ? judge_moves(s->judge) : 0;
			passes = s->cluster->passes;
			still = s->judge == NULL ? still : 0;
		}
		if (cluster_now(s->cluster) >= until) {
			scenario_wrong(s, "it has not come to rest: %s", scenario_state(s));
			return;
		}
		cluster_run(s->cluster, REST_STEP_MS);
	}
	if (s->judge != NULL)
		judge_rest(s->judge, s->cluster->passes - passes);
}

static void
scenario_check_until(
    struct scenario *s, const json_t *v, bool (*holds)(struct scenario *, const json_t *, const char **))
{
	const char *why = NULL;

	/* In real time an event arrives a moment after its cause, and objects change one after the other. */
	for (int64_t until = cluster_now(s->cluster) + REAL_TIME * EVENT_MS;
	     s->cluster->remote != NULL && !holds(s, v, &why) && cluster_now(s->cluster) < until;)
		cluster_run(s->cluster, 50);
	if (!holds(s, v, &why))
		scenario_wrong(s, "%s", why);
}

static void
do_is(struct scenario *s, const json_t *v)
{
	scenario_check_until(s, v, scenario_is);
}

static void
do_order(struct scenario *s, const json_t *v)
{
	scenario_check_until(s, v, scenario_order);
}

static void
do_count(struct scenario *s, const json_t *v)
{
	scenario_check_until(s, v, scenario_count);
}

static void
do_never(struct scenario *s, const json_t *v)
{
	const char *why = NULL;

	if (!scenario_never(s, v, &why))
		scenario_wrong(s, "%s", why);
}

static const struct {
	const char *name;
	void (*act)(struct scenario *, const json_t *);
	bool virtual; /* only in virtual time */
} verbs[] = {
	{ "deploy", do_deploy, false },
	{ "promote", do_promote, false },
	{ "abort", do_abort, false },
	{ "retry", do_retry, false },
	{ "pause", do_pause, false },
	{ "resume", do_resume, false },
	{ "scale", do_scale, false },
	{ "spec", do_spec, false },
	{ "refused", do_refused, false },
	{ "restart", do_restart, false },
	{ "status", do_status, false },
	{ "apply", do_apply, false },
	{ "merge", do_merge, false },
	{ "delete", do_delete, false },
	{ "renew", do_renew, false },
	{ "unreadable", do_unreadable, true },
	{ "readable", do_readable, true },
	{ "metric", do_metric, false },
	{ "traffic", do_traffic, true },
	{ "plugin", do_plugin, true },
	{ "hook", do_hook, true },
	{ "aws", do_aws, true },
	{ "load", do_load, true },
	{ "pods", do_pods, true },
	{ "unready", do_unready, true },
	{ "condition", do_condition, false },
	{ "fault", do_fault, true },
	{ "undefined", do_undefined, false },
	{ "controller", do_controller, false },
	{ "kube-controller-manager", do_controller_manager, true },
	{ "random-faults", do_random_faults, true },
	{ "compact", do_compact, true },
	{ "clock", do_clock, true },
	{ "run", do_run, false },
	{ "rest", do_rest, true },
	{ "repeat", do_repeat, false },
	{ "wait", do_wait, false },
	{ "is", do_is, false },
	{ "order", do_order, false },
	{ "count", do_count, false },
	{ "never", do_never, false },
};

static void
play_one(struct scenario *s, const char *verb, const json_t *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, verb) == 0) {
			verbs[i].act(s, v);
			return;
		}
	scenario_wrong(s, "a scenario knows no verb \"%s\"", verb);
}

/* Something was not so. What the judge found ends a random life at once, as it is the first thing that went wrong
 * there. */
static bool
scenario_is_over(const struct scenario *s)
{
	return s->wrong[0] != '\0' || (s->judged && judge_verdict(s->judge) != NULL);
}

/* In the arena. */
static const char *
scenario_state(struct scenario *s)
{
	const json_t *status = json_object_get(cluster_rollout(s->cluster), "status");

	return arena_printf(s->arena, "%s (%s) at step %lld", json_str(status, "phase") ?: "no phase",
	    json_str(status, "message") ?: "", (long long)json_int(status, "currentStepIndex", -1));
}

/* Nothing in the steps needs virtual time. */
static bool
may_be_remote(const json_t *steps)
{
	json_t *step, *v;
	const char *verb;
	size_t k;

	json_array_foreach (steps, k, step)
		json_object_foreach (step, verb, v) {
			for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
				if (strcmp(verbs[i].name, verb) == 0 && verbs[i].virtual)
					return false;
			if ((strcmp(verb, "controller") == 0 && !json_is_string(v)) ||
			    (strcmp(verb, "metric") == 0 && !json_is_number(v)) ||
			    (strcmp(verb, "repeat") == 0 && !may_be_remote(json_object_get(v, "do"))))
				return false;
		}
	return true;
}

/* Plays the steps from the index `from` on, until the first thing that is not so: what comes behind it would only
 * repeat it. */
static void
play_from(struct scenario *s, const json_t *steps, size_t from)
{
	json_t *step, *v;
	const char *verb;

	for (size_t i = from; (step = json_array_get(steps, i)) != NULL; i++)
		json_object_foreach (step, verb, v) {
			if (scenario_is_over(s))
				return;
			play_one(s, verb, v);
		}
}

static void
play(struct scenario *s, const json_t *steps)
{
	play_from(s, steps, 0);
}

/* Plays the steps that change objects at the beginning of `with`. Returns the index of the first other one. */
static size_t
play_changes(struct scenario *s, const json_t *with)
{
	size_t i;

	for (i = 0; i < json_array_size(with) && !scenario_is_over(s); i++) {
		const json_t *step = json_array_get(with, i), *v;
		const char *verb = json_object_size(step) != 1			  ? ""
				   : (v = json_object_get(step, "spec")) != NULL  ? "spec"
				   : (v = json_object_get(step, "merge")) != NULL ? "merge"
				   : (v = json_object_get(step, "apply")) != NULL ? "apply"
										  : "";

		if (verb[0] == '\0')
			break;
		play_one(s, verb, v);
	}
	return i;
}

static void
set_up(struct scenario *s, const json_t *doc)
{
	json_t *file;
	size_t i;

	if (json_str(doc, "rollout") != NULL)
		s->cluster->name = arena_strdup(s->arena, json_str(doc, "rollout"));
	play(s, json_object_get(doc, "before"));
	/* a controller in real time would act on the objects before they are changed */
	cluster_stop_controller(s->cluster, true);
	json_array_foreach (json_object_get(doc, "given"), i, file)
		do_apply(s, file);
	i = play_changes(s, json_object_get(doc, "with"));
	cluster_stop_controller(s->cluster, false);
	play_from(s, json_object_get(doc, "with"), i);
	if (!json_is_false(json_object_get(doc, "healthy"))) {
		_cleanup_(json_decrefp) json_t *healthy = json_pack("{s:s}", "phase", "Healthy");

		do_wait(s, healthy);
	}
}

static void
settle(struct scenario *s, bool settles)
{
	struct judge *j = s->judge;
	unsigned long requests, before, after, moves;

	do_fault(s, NULL);
	if (j == NULL)
		return;
	if (settles && !scenario_is_over(s)) {
		cluster_run(s->cluster, SETTLE_MS);
		moves = judge_moves(j);
		store_counts(s->cluster->store, &requests, &before);
		cluster_run(s->cluster, QUIET_MS);
		store_counts(s->cluster->store, &requests, &after);
		/* Of two controllers one renews its Lease. */
		judge_end(j, s->cluster->n_members > 1 ? judge_moves(j) - moves : after - before);
	}
	s->lenient = false;
	if (judge_verdict(j) != NULL)
		scenario_wrong(s, "%s", judge_verdict(j));
}

/* "abort-delay" of a path to abort-delay.yaml. */
static const char *
base_name(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	file = slash != NULL ? slash + 1 : file;
	return arena_strndup(a, file, strcspn(file, "."));
}

bool
scenario_play_to_deploy(struct scenario *s, const json_t *doc)
{
	json_t *step, *v;
	const char *verb;
	size_t i;

	s->cluster->metric = 0.01;
	set_up(s, doc);
	json_array_foreach (json_object_get(doc, "when"), i, step)
		json_object_foreach (step, verb, v) {
			if (strcmp(verb, "deploy") == 0 || s->wrong[0] != '\0')
				return s->wrong[0] == '\0';
			play_one(s, verb, v);
		}
	return false;
}

/* From what is given to what is expected, and that it comes to rest. */
static void
play_document(struct scenario *s, const json_t *doc)
{
	s->cluster->metric = 0.01;
	s->judge = s->cluster->remote == NULL ? judge_new(s->cluster) : NULL;
	set_up(s, doc);
	play(s, json_object_get(doc, "when"));
	play(s, json_object_get(doc, "expect"));
	settle(s, !json_is_false(json_object_get(doc, "settles")));
	if (json_str(doc, "story") == NULL || json_array_size(json_object_get(doc, "expect")) == 0)
		scenario_wrong(s, "a scenario has a story, and expects something");
}

static void
scenario_done(struct scenario *s)
{
	if (s->judge != NULL)
		judge_free(s->judge);
	cluster_free(s->cluster);
	arena_free(s->arena);
}

/* `nth` NULL: as written. `sluice` NULL: in virtual time; else with processes of that program, on the laptop
 * cluster, or on one that is there. */
static bool
play_file(const char *file, bool verbose, struct nth *nth, const char *sluice, const struct remote_place *where)
{
	struct remote_place place = where != NULL ? *where : (struct remote_place){ 0 };
	struct scenario s = { .arena = arena_new(), .file = file };
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct err *e = file_read(s.arena, file, 1u << 20, &text);
	const json_t *doc;

	if (e == NULL)
		e = yaml_parse(s.arena, text.at, text.len, &docs);
	if (e != NULL || json_array_size(docs) != 1) {
		printf("not ok %s: %s\n", file, e != NULL ? err_text(s.arena, e) : "it is not one document");
		arena_free(s.arena);
		return false;
	}
	doc = json_array_get(docs, 0);
	if (sluice != NULL &&
	    !(may_be_remote(json_object_get(doc, "before")) && may_be_remote(json_object_get(doc, "with")) &&
		may_be_remote(json_object_get(doc, "when")) && may_be_remote(json_object_get(doc, "expect")))) {
		printf("not ok %s: it can only be played in virtual time\n", file);
		arena_free(s.arena);
		return false;
	}
	place.namespace = base_name(s.arena, file);
	place.alone = str_eq(json_str(doc, "cluster"), "alone");
	s.cluster = sluice != NULL ? cluster_new_remote(sluice, where != NULL ? &place : NULL) : cluster_new(1);
	if (s.cluster == NULL) {
		printf("not ok %s: there is no cluster to play it on\n", file);
		arena_free(s.arena);
		return false;
	}
	s.cluster->nth = nth;
	s.lenient = nth != NULL;
	play_document(&s, doc);
	if (verbose)
		fputs(str_text(&s.cluster->story), stdout);
	if (s.wrong[0] != '\0' && nth != NULL)
		printf("%s\nnot ok %s (%s), when request %u %s: %s\n", str_text(&s.cluster->story),
		    json_str(doc, "story"), file, nth->n, nth_names[nth->how], s.wrong);
	else if (nth != NULL)
		;
	else if (s.wrong[0] != '\0')
		printf("not ok %s (%s): %s\n  replay: build/simulation --scenario %s\n", json_str(doc, "story") ?: "?",
		    file, s.wrong, file);
	else
		printf("ok %s%s\n", json_str(doc, "story"),
		    where != NULL    ? " (on a real control plane)"
		    : sluice != NULL ? " (over HTTP)"
				     : "");
	scenario_done(&s);
	return s.wrong[0] == '\0';
}

bool
scenario_judge(const json_t *doc, bool verbose, char *ret_wrong, size_t size)
{
	struct scenario s = { .arena = arena_new(), .file = "a life", .judged = true };

	s.cluster = cluster_new(1);
	play_document(&s, doc);
	if (verbose)
		fputs(str_text(&s.cluster->story), stdout);
	snprintf(ret_wrong, size, "%s", s.wrong);
	scenario_done(&s);
	return ret_wrong[0] == '\0';
}

bool
scenario_play(const char *file, const char *sluice, const struct remote_place *place)
{
	return play_file(file, true, NULL, sluice, place);
}

static int
is_scenario(const struct dirent *d)
{
	return str_ends(d->d_name, ".yaml");
}

static int
list(struct dirent ***ret)
{
	int n = scandir(FOLDER, ret, is_scenario, alphasort);

	if (n <= 0)
		printf("not ok " FOLDER " has no scenario\n");
	return n;
}

bool
scenarios_run(void)
{
	struct dirent **files = NULL;
	int n = list(&files);
	bool ok = n > 0;

	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *path = mem_printf(FOLDER "/%s", files[i]->d_name);

		ok &= play_file(path, false, NULL, NULL, NULL);
		free(files[i]);
	}
	free(files);
	return ok;
}

/* Returns how many were played; *ok turns false when one failed. */
static unsigned
play_nths(const char *path, unsigned first, unsigned last, unsigned stride, int how, bool *ok)
{
	unsigned played = 0;

	for (unsigned n = first; n <= last && *ok; n += stride, played++) {
		struct nth nth = { .n = n, .how = how };

		*ok &= play_file(path, false, &nth, NULL, NULL);
	}
	return played;
}

bool
scenarios_run_nth(unsigned stride)
{
	struct dirent **files = NULL;
	int n = list(&files);
	struct nth *undisturbed = mem_alloc((size_t)(n > 0 ? n : 1) * sizeof(*undisturbed));
	bool ok = n > 0;

	/* Before its n-th request a life is the same with and without the fault, so that one undisturbed life has the
	 * number of requests. */
	for (int i = 0; i < n && ok; i++) {
		_cleanup_(freep) char *path = mem_printf(FOLDER "/%s", files[i]->d_name);

		undisturbed[i] = (struct nth){ .n = 0 };
		ok &= play_file(path, false, &undisturbed[i], NULL, NULL);
	}
	for (int how = 0; how < NTH_MAX; how++) {
		unsigned played = 0;

		for (int i = 0; i < n && ok; i++) {
			_cleanup_(freep) char *path = mem_printf(FOLDER "/%s", files[i]->d_name);
			unsigned last = how == NTH_KILLS ? undisturbed[i].writes : undisturbed[i].at;

			played += play_nths(path, 1 + (unsigned)i % stride, last, stride, how, &ok);
		}
		if (ok)
			printf("ok every scenario, when one request %s (%u lives)\n", nth_names[how], played);
	}
	for (int i = 0; i < n; i++)
		free(files[i]);
	free(files);
	free(undisturbed);
	return ok;
}
