/* sim/jobs.c: Job controller of the laptop cluster: every change of a Job or of its Pod queues the Job, which is
 * then compared (level-triggered, as in sim/pods.c). */
#include "sim/jobs.h"
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "sim/command.h"

#define BACKOFF_LIMIT 6 /* by default */

/* Moves a Pod to its next state. */
struct act {
	struct timer timer;
	struct jobs *jobs;
	char *ns, *name;
	bool end; /* the Pod ends; false: it begins */
	struct act *next;
};

struct jobs {
	struct loop *loop;
	struct store *store;
	struct jobs_settings settings;
	struct map dirty; /* "ns/name" */
	struct timer turn;
	struct act *acts;
	unsigned serial;
};

static const json_t *
jobs_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

static void
jobs_mark(struct jobs *j, const char *ns, const char *name)
{
	char key[600];

	snprintf(key, sizeof(key), "%s/%s", ns, name);
	map_set(&j->dirty, key, j);
	if (!timer_armed(&j->turn))
		loop_timer(j->loop, &j->turn, 0);
}

static void
jobs_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	const json_t *owner = json_array_get(json_object_get(jobs_meta(o), "ownerReferences"), 0);

	(void)type;
	(void)old;
	if (resource_is(r, "Job"))
		jobs_mark(arg, json_str(jobs_meta(o), "namespace"), json_str(jobs_meta(o), "name"));
	else if (resource_is(r, "Pod") && str_eq(json_str(owner, "kind"), "Job"))
		jobs_mark(arg, json_str(jobs_meta(o), "namespace"), json_str(owner, "name"));
}

static void
write_pod(struct jobs *j, const char *ns, const char *name, json_t *status)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	store_do(j->store, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "/api/v1/namespaces/%s/pods/%s/status", ns, name), json_pack("{s:o}", "status", status));
}

static void on_act(struct timer *, void *);

static void
jobs_later(struct jobs *j, const char *ns, const char *name, bool end, int64_t ms)
{
	struct act *act = mem_alloc(sizeof(*act));

	*act = (struct act){ .timer = { .fire = on_act, .arg = act },
		.jobs = j,
		.ns = mem_strdup(ns),
		.name = mem_strdup(name),
		.end = end,
		.next = j->acts };
	j->acts = act;
	loop_timer(j->loop, &act->timer, ms);
}

static void
act_unlink(struct act *act)
{
	for (struct act **at = &act->jobs->acts; *at != NULL; at = &(*at)->next)
		if (*at == act) {
			*at = act->next;
			return;
		}
}

static void
act_free(struct act *act)
{
	loop_timer_stop(act->jobs->loop, &act->timer);
	free(act->ns);
	free(act->name);
	free(act);
}

/* One container's status, of the state that is given; consumed. */
static json_t *
container_status(const json_t *container, bool ready, json_t *state)
{
	return json_pack("[{s:s,s:s,s:b,s:i,s:o}]", "name", json_str(container, "name") ?: "", "image",
	    json_str(container, "image") ?: "", "ready", ready, "restartCount", 0, "state", state);
}

static void
jobs_begin(struct jobs *j, const json_t *pod, const char *text)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *container = json_at(pod, "/spec/containers/0");
	const char *ns = json_str(jobs_meta(pod), "namespace"), *name = json_str(jobs_meta(pod), "name"),
		   *now = time_format(a, loop_wall(j->loop));

	if (j->settings.broken_tag != NULL && str_ends(json_str(container, "image"), j->settings.broken_tag)) {
		write_pod(j, ns, name,
		    json_pack("{s:s,s:o}", "phase", "Pending", "containerStatuses",
			container_status(container, false,
			    json_pack("{s:{s:s,s:s}}", "waiting", "reason", "ErrImagePull", "message",
				"the image cannot be pulled"))));
		return;
	}
	jobs_later(j, ns, name, true, command_lasts_ms(text));
	write_pod(j, ns, name,
	    json_pack("{s:s,s:s,s:[{s:s,s:s,s:s}],s:o}", "phase", "Running", "startTime", now, "conditions", "type",
		"Ready", "status", "True", "lastTransitionTime", now, "containerStatuses",
		container_status(container, true, json_pack("{s:{s:s}}", "running", "startedAt", now))));
}

static void
jobs_end_pod(struct jobs *j, const json_t *pod, const char *text)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int code = command_exit_code(text);
	const char *now = time_format(a, loop_wall(j->loop)),
		   *from = json_string_value(json_at(pod, "/status/startTime")) ?: now;

	write_pod(j, json_str(jobs_meta(pod), "namespace"), json_str(jobs_meta(pod), "name"),
	    json_pack("{s:s,s:[],s:o}", "phase", code == 0 ? "Succeeded" : "Failed", "conditions", "containerStatuses",
		container_status(json_at(pod, "/spec/containers/0"), false, command_terminated(code, from, now))));
}

static void
on_act(struct timer *t, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct act *act = arg;
	struct jobs *j = act->jobs;
	bool ends = act->end;
	_cleanup_(json_decrefp) json_t *pod = json_incref((json_t *)store_get(j->store, "pods", act->ns, act->name));
	const char *text =
	    command_text(a, json_at(pod, "/spec/containers/0/command"), json_at(pod, "/spec/containers/0/args"));

	(void)t;
	act_unlink(act);
	act_free(act);
	if (pod == NULL)
		return;
	if (ends)
		jobs_end_pod(j, pod, text);
	else
		jobs_begin(j, pod, text);
}

static void
create_pod(struct jobs *j, const json_t *job)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *ns = json_str(jobs_meta(job), "namespace"), *job_name = json_str(jobs_meta(job), "name"),
		   *name = arena_printf(a, "%s-%05u", job_name, ++j->serial % 100000);
	json_t *pod = json_deep_copy(json_at(job, "/spec/template")), *m = json_object_get(pod, "metadata"), *labels;

	if (m == NULL) {
		m = json_object();
		json_object_set_new(pod, "metadata", m);
	}
	if ((labels = json_object_get(m, "labels")) == NULL) {
		labels = json_object();
		json_object_set_new(m, "labels", labels);
	}
	json_object_set_new(labels, "job-name", json_string(job_name));
	json_object_set_new(labels, "batch.kubernetes.io/job-name", json_string(job_name));
	json_object_set_new(m, "name", json_string(name));
	json_object_set_new(m, "ownerReferences",
	    json_pack("[{s:s,s:s,s:s,s:s,s:b,s:b}]", "apiVersion", "batch/v1", "kind", "Job", "name", job_name, "uid",
		json_str(jobs_meta(job), "uid"), "controller", 1, "blockOwnerDeletion", 1));
	json_object_set_new(pod, "apiVersion", json_string("v1"));
	json_object_set_new(pod, "kind", json_string("Pod"));
	json_object_set_new(json_object_get(pod, "spec"), "nodeName", json_string(j->settings.node));
	json_object_set_new(pod, "status", json_pack("{s:s}", "phase", "Pending"));
	if (store_do(j->store, "POST", "application/json", arena_printf(a, "/api/v1/namespaces/%s/pods", ns), pod) ==
	    201)
		jobs_later(j, ns, name, false, j->settings.begin_ms);
}

struct tally {
	const char *uid;
	int active, ready, succeeded, failed;
};

static void
jobs_count(const json_t *pod, void *arg)
{
	const json_t *owner = json_array_get(json_object_get(jobs_meta(pod), "ownerReferences"), 0);
	const char *phase = json_string_value(json_at(pod, "/status/phase"));
	struct tally *t = arg;

	if (!str_eq(json_str(owner, "uid"), t->uid))
		return;
	t->succeeded += str_eq(phase, "Succeeded");
	t->failed += str_eq(phase, "Failed");
	t->active += str_eq(phase, "Pending") || str_eq(phase, "Running");
	t->ready += str_eq(phase, "Running");
}

static json_t *
jobs_condition(struct arena *a, const struct jobs *j, const char *type, const char *reason, const char *message)
{
	const char *now = time_format(a, loop_wall(j->loop));

	return json_pack("[{s:s,s:s,s:s,s:s,s:s,s:s}]", "type", type, "status", "True", "reason", reason, "message",
	    message, "lastProbeTime", now, "lastTransitionTime", now);
}

static void
jobs_compare(struct jobs *j, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *job = json_incref((json_t *)store_get(j->store, "jobs", ns, name));
	struct tally t = { .uid = json_str(jobs_meta(job), "uid") };
	int limit = (int)json_int(json_object_get(job, "spec"), "backoffLimit", BACKOFF_LIMIT);
	json_t *status;

	if (job == NULL || json_object_get(jobs_meta(job), "deletionTimestamp") != NULL ||
	    json_array_size(json_at(job, "/status/conditions")) > 0)
		return;
	store_each_owned(j->store, t.uid, "pods", jobs_count, &t);
	if (t.active == 0 && t.succeeded == 0 && t.failed <= limit) {
		create_pod(j, job); /* which marks the Job again */
		return;
	}
	status = json_pack(
	    "{s:i,s:i,s:i,s:i}", "active", t.active, "ready", t.ready, "succeeded", t.succeeded, "failed", t.failed);
	if (t.succeeded > 0)
		json_object_set_new(status, "conditions",
		    jobs_condition(
			a, j, "Complete", "CompletionsReached", "Reached expected number of succeeded pods"));
	else if (t.failed > limit)
		json_object_set_new(status, "conditions",
		    jobs_condition(
			a, j, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"));
	store_do(j->store, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "/apis/batch/v1/namespaces/%s/jobs/%s/status", ns, name),
	    json_pack("{s:o}", "status", status));
}

static void
jobs_on_turn(struct timer *t, void *arg)
{
	struct jobs *j = arg;
	struct map dirty = j->dirty;

	(void)t;
	j->dirty = (struct map){ 0 };
	map_each (&dirty, slot) {
		char *slash = strchr(slot->key, '/');

		*slash = '\0';
		jobs_compare(j, slot->key, slash + 1);
		*slash = '/';
	}
	map_done(&dirty);
}

struct jobs *
jobs_new(struct loop *l, struct store *s, const struct jobs_settings *settings)
{
	struct jobs *j = mem_alloc(sizeof(*j));

	j->loop = l;
	j->store = s;
	j->settings = *settings;
	j->turn = (struct timer){ .fire = jobs_on_turn, .arg = j };
	store_on_write(s, jobs_on_write, j);
	return j;
}

struct jobs *
jobs_free(struct jobs *j)
{
	if (j == NULL)
		return NULL;
	loop_timer_stop(j->loop, &j->turn);
	while (j->acts != NULL) {
		struct act *act = j->acts;

		j->acts = act->next;
		act_free(act);
	}
	map_done(&j->dirty);
	free(j);
	return NULL;
}
