/* tests/simulation/cluster.c: putting the cluster together. */
#include "tests/simulation/cluster.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "analysis/decide.h"
#include "base/time.h"
#include "io/file.h"
#include "kube/api/yaml.h"
#include "rollout/controller.h"
#include "rollout/experiment/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "tests/simulation/split_objects.h"

#define START 1795392000000 /* 2026-11-23T00:00:00Z */
#define AT_ONCE_MAX 500 /* passes in one millisecond, which in truth they take */
#define SPIN_MS 1000
#define REMOTE_READ_MS 40 /* interval at which a remote cluster is read */

static const struct controller *const controllers[] = { &rollout_controller, &experiment_controller,
	&analysis_controller, NULL };

void
cluster_note(struct cluster *c, const char *format, ...)
{
	char line[2000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	for (const char *s = line; *s != '\0'; s++)
		c->hash = (c->hash ^ (unsigned char)*s) * 1099511628211u;
	str_addf(&c->story, "%8.3f %s\n", (double)cluster_now(c) / 1000.0, line);
}

static void
on_kill(struct timer *t, void *arg)
{
	(void)t;
	cluster_kill_controller(arg);
}

static void
strike_nth(struct cluster *c, const struct request *r, struct fault *f)
{
	static const char *const says[] = { "refused", "its response is lost", "and then the end" };
	struct nth *nth = c->nth;

	nth->writes += !str_eq(r->method, "GET");
	if (in_process_is_watch(r) || (nth->how == NTH_KILLS && str_eq(r->method, "GET")) || ++nth->at != nth->n)
		return;
	cluster_note(c, "--- request %u: %s %s: %s", nth->n, r->method, r->url, says[nth->how]);
	f->refused = nth->how == NTH_FAILS;
	f->lost = nth->how == NTH_LOST;
	if (nth->how != NTH_KILLS)
		return;
	/* The request arrives 1 ms after it was sent, and its response at once: killed between the two, and between
	 * two writes. */
	nth->timer = (struct timer){ .fire = on_kill, .arg = c };
	loop_timer(c->loop, &nth->timer, nth->n % 2 == 0 ? 1 : 2);
	f->after_ms = nth->n % 2 == 0 ? 1 : 0;
}

/* Draws whether a request fails, and how. */
static void
inject_fault(struct cluster *c, const struct request *r, struct fault *f)
{
	bool write = strcmp(r->method, "GET") != 0, watch = in_process_is_watch(r);

	f->before_ms = 1 + (int64_t)rand_below(&c->faults, 20);
	f->after_ms = (int64_t)rand_below(&c->faults, 20);
	f->lag_ms = (int64_t)rand_below(&c->faults, 50);
	if (rand_chance(&c->faults, 3))
		f->before_ms += 2000 + (int64_t)rand_below(&c->faults, 40000);
	if (watch && rand_chance(&c->faults, 50))
		f->drop_ms = 100 + (int64_t)rand_below(&c->faults, 20000);
	if (watch && rand_chance(&c->faults, 8))
		f->lag_ms += 5000 + (int64_t)rand_below(&c->faults, 25000); /* it stalls */
	f->twice = watch && rand_chance(&c->faults, 10);
	if (rand_chance(&c->faults, 2))
		f->after_ms += 40000; /* it takes effect, and times out */
	if (rand_chance(&c->faults, 6))
		f->refused = true;
	else if (write && rand_chance(&c->faults, 6))
		f->lost = true;
	else if (rand_chance(&c->faults, 5))
		f->status = rand_chance(&c->faults, 50) ? 500 : 429;
}

static bool
is_bad(const char *verdict)
{
	return str_eq(verdict, "Failed") || str_eq(verdict, "Error");
}

/* Returns true if a write is urgent: an update in progress is aborted or promoted, or its verdict is bad. */
static bool
is_urgent(const struct cluster *c, const struct resource *r, const json_t *old, const json_t *o)
{
	const json_t *was = json_object_get(old, "status"), *is = json_object_get(o, "status");
	const char *phase = json_str(was, "phase") ?: "";

	if (strcmp(r->kind, "AnalysisRun") == 0)
		return is_bad(json_str(is, "phase")) && !is_bad(json_str(was, "phase"));
	if (!c->urgency.user || strcmp(r->kind, "Rollout") != 0 ||
	    (strcmp(phase, "Progressing") != 0 && strcmp(phase, "Paused") != 0) ||
	    str_eq(json_str(was, "stableRS"), json_str(was, "currentPodHash")))
		return false;
	if (json_is_true(json_object_get(is, "abort")) && !json_is_true(json_object_get(was, "abort")))
		return true;
	return json_object_get(was, "pauseConditions") != NULL && json_object_get(is, "pauseConditions") == NULL;
}

static void
mark_urgent(struct cluster *c, bool of_rollout, const json_t *o)
{
	struct urgent_change *u = &c->urgency;

	if (u->heard_at != 0)
		return; /* it has not yet responded to the last */
	u->of_rollout = of_rollout;
	snprintf(u->mark, sizeof(u->mark), "\"resourceVersion\":\"%s\"",
	    json_str(json_object_get(o, "metadata"), "resourceVersion") ?: "");
}

static void
forget_urgent(struct cluster *c)
{
	c->urgency.mark[0] = '\0';
	c->urgency.heard_at = 0;
}

static void
brought(void *arg, const char *text)
{
	struct member *m = arg;
	struct urgent_change *u = &m->cluster->urgency;

	if (u->mark[0] == '\0' || u->heard_at != 0 || strstr(text, u->mark) == NULL)
		return;
	if (m->synced)
		u->heard_at = loop_mono(m->cluster->loop);
	else
		forget_urgent(m->cluster);
}

/* The first write of a plan goes out with it. What an older plan still had to write does not count. */
static void
report_urgent(struct cluster *c)
{
	struct urgent_change *u = &c->urgency;
	int64_t took = loop_mono(c->loop) - u->heard_at;

	if (u->heard_at == 0)
		return;
	if (took > 1000)
		cluster_note(c, "--- what was urgent has waited for %lld ms", (long long)took);
	if (took > u->longest)
		u->longest = took;
	forget_urgent(c);
}

void (*cluster_requested)(const char *method, const char *url);

#define LEASE "argo-rollouts-controller-lock"

/* Of several controllers only the leader sends writes. Events are not decisions, and may still be on their way. */
static void
watch_writer(struct cluster *c, const struct member *m, const struct request *r)
{
	const json_t *lease = store_get(c->store, "leases", "default", LEASE);
	const char *holder = json_str(json_object_get(lease, "spec"), "holderIdentity");

	if (m->lease == NULL || str_eq(r->method, "GET") || r->url[0] != '/' || strstr(r->url, "/leases") != NULL ||
	    strstr(r->url, "/events") != NULL || str_eq(holder, m->identity))
		return;
	cluster_note(c, "--- %s writes, but %s has the Lease: %s %s", m->identity, holder != NULL ? holder : "none",
	    r->method, r->url);
	c->two_write = true;
}

/* Notes requests for all objects of the kind that was not served at first. */
static void
note_undefined(struct cluster *c, const struct request *r)
{
	size_t n = strlen(c->undefined);
	const char *at = strstr(r->url, c->undefined);

	if (at != NULL && at[-1] == '/' && at[n] == '?')
		cluster_note(c, "%s of %s", in_process_is_watch(r) ? "watch" : "list", c->undefined);
}

static void
choose(void *arg, const struct request *r, struct fault *f)
{
	struct member *m = arg;
	struct cluster *c = m->cluster;

	if (cluster_requested != NULL)
		cluster_requested(r->method, r->url);
	watch_writer(c, m, r);
	if (c->undefined != NULL)
		note_undefined(c, r);
	if (c->random_faults)
		inject_fault(c, r, f);
	if (c->fault != NULL)
		c->fault(c, r, f);
	if (c->nth != NULL)
		strike_nth(c, r, f);
	if (c->metric_behavior == METRIC_SLOW && r->url[0] != '/')
		f->before_ms = 3600000; /* until the question's own time-out */
	if (m->stalled_until > loop_mono(c->loop))
		f->before_ms += m->stalled_until - loop_mono(c->loop);
	if (f->before_ms > 1 || f->after_ms > 0 || f->refused || f->lost || f->status != 0 || f->drop_ms > 0 ||
	    f->lag_ms > 0)
		c->struck_at = loop_mono(c->loop);
}

static void
lagged(void *arg)
{
	struct cluster *c = ((struct member *)arg)->cluster;

	c->struck_at = loop_mono(c->loop);
}

static void
spoil(void *arg, const struct request *r, char **text)
{
	struct cluster *c = ((struct member *)arg)->cluster;

	if (c->spoil != NULL)
		c->spoil(c, r, text);
}

#define VECTOR(result) "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" result "]}}"

/* Step plugins of the process: one that responds as a scenario says, and one that is switched off. */
static const struct plugin_http hook = { .url = "http://hook.test/" };
static struct step_plugin plugins[] = { { .name = "acme/hook", .http = &hook, .timeout_seconds = { true, 5 } },
	{ .name = "acme/off", .http = &hook, .disabled = true } };
static const struct plugin_http edge = { .url = "http://edge.test/" };
static struct step_plugin edges[] = { { .name = "acme/edge", .http = &edge, .timeout_seconds = { true, 5 } } };
static const struct step_plugins step_plugins = { .plugins = { plugins, ARRAY_SIZE(plugins) },
	.routers = { edges, ARRAY_SIZE(edges) } };

static int
plugin_responds(struct cluster *c, const struct request *r, char **ret_body)
{
	_cleanup_(json_decrefp) json_t *call = json_loads(r->body, 0, NULL);

	cluster_note(c, "plugin %s is called: %s, call %d, config %d", json_str(call, "plugin"),
	    json_str(call, "operation"), (int)json_int(call, "call", -1),
	    (int)json_int(json_object_get(call, "config"), "n", 0));
	if (c->plugin[0] == '\0') {
		*ret_body = NULL;
		return 0;
	}
	*ret_body = mem_strdup(c->plugin);
	return 200;
}

/* The hook that is a router: it ignores calls with a lower serial number than one before, of the same Rollout. */
static int
edge_responds(struct cluster *c, const struct request *r, char **ret_body)
{
	_cleanup_(json_decrefp) json_t *call = json_loads(r->body, 0, NULL), *response = json_loads(c->edge, 0, NULL);
	const json_t *weight = json_object_get(call, "weight");
	const char *uid = json_str(json_object_get(call, "rollout"), "uid");
	long long serial = json_int(call, "serial", 0), *last = &c->edge_serials[weight == NULL];

	cluster_note(c, "hook %s is called: %s, weight %d, routes %d, serial %lld, config %d", json_str(call, "plugin"),
	    json_str(call, "operation"), (int)json_int(call, "weight", -1),
	    (int)json_array_size(json_object_get(call, "headerRoutes")), serial,
	    (int)json_int(json_object_get(call, "config"), "n", 0));
	if (c->edge[0] == '\0') {
		*ret_body = NULL;
		return 0;
	}
	*ret_body = mem_strdup(c->edge);
	if (!str_eq(uid, c->edge_uid)) {
		snprintf(c->edge_uid, sizeof(c->edge_uid), "%s", uid);
		c->edge_serials[0] = c->edge_serials[1] = 0;
	}
	if (serial < *last || !json_is_object(response) || json_object_get(response, "error") != NULL ||
	    json_is_false(json_object_get(response, "verified")))
		return 200;
	*last = serial;
	if (weight != NULL) {
		c->edge_weight = (int)json_integer_value(weight);
		cluster_note(c, "hook acme/edge has weight %d", c->edge_weight);
	} else {
		json_decref(c->edge_routes);
		c->edge_routes = json_incref(json_object_get(call, "headerRoutes"));
		cluster_note(c, "hook acme/edge has %zu routes", json_array_size(c->edge_routes));
	}
	return 200;
}

/* The variables of the controllers: with them nothing is queried for credentials. */
static struct string_pair variables[] = { { "AWS_ACCESS_KEY_ID", "AKID" }, { "AWS_SECRET_ACCESS_KEY", "secret" },
	{ "AWS_REGION", "eu-west-1" } };

static int
aws_responds(struct cluster *c, const struct request *r, char **ret_body)
{
	char name[64];
	int status = load_balancers_respond(&c->balancers, c->store, r, name, ret_body);

	cluster_note(c, "AWS is queried: %s", name);
	return status;
}

static int
outside(void *arg, const struct request *r, char **ret_body)
{
	static const struct {
		int status; /* 0: there is no response */
		const char *body;
	} behaviors[] = {
		[METRIC_REFUSED] = { 400,
		    "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}" },
		[METRIC_EMPTY] = { 200, VECTOR("") },
		[METRIC_NAN] = { 200, VECTOR("{\"metric\":{},\"value\":[0,\"NaN\"]}") },
		[METRIC_WRONG] = { 200, "<html>who are you?</html>" },
	};
	struct cluster *c = ((struct member *)arg)->cluster;

	if (load_balancers_are_queried(r))
		return aws_responds(c, r, ret_body);
	if (str_starts(r->url, "http://hook.test/"))
		return plugin_responds(c, r, ret_body);
	if (str_starts(r->url, "http://edge.test/"))
		return edge_responds(c, r, ret_body);
	if ((c->metric_behavior == METRIC_FINE || c->metric_behavior == METRIC_SLOW) &&
	    (*ret_body = counted_response(&c->counted, c->store, r)) != NULL)
		return 200;
	if (c->metric_behavior == METRIC_FINE || c->metric_behavior == METRIC_SLOW) {
		*ret_body = mem_printf(VECTOR("{\"metric\":{},\"value\":[0,\"%g\"]}"), c->metric);
		return 200;
	}
	if (c->metric_behavior == METRIC_UNREACHABLE) {
		*ret_body = NULL;
		return 0;
	}
	*ret_body = mem_strdup(behaviors[c->metric_behavior].body);
	return behaviors[c->metric_behavior].status;
}

/* Passes take no time here. When they do not end, time is moved on, so that the life ends and the judge can find it. */
static void
count_at_once(struct cluster *c)
{
	if (loop_mono(c->loop) != c->pass_at)
		c->at_once = 0;
	c->pass_at = loop_mono(c->loop);
	if (++c->at_once < AT_ONCE_MAX)
		return;
	if (!c->spins)
		cluster_note(c, "--- %lu passes at once", c->at_once);
	c->spins = true;
	c->loop->mono_now += SPIN_MS;
	c->loop->wall_now += SPIN_MS;
}

static void
planned(const char *controller, const char *ns, const char *name, const struct plan *p, void *arg)
{
	struct cluster *c = ((struct member *)arg)->cluster;

	(void)ns;
	c->plans++;
	for (size_t i = 0; i < p->n_reasons; i++)
		cluster_note(c, "  %s %s: %s", controller, name, p->reasons[i]);
	if (strcmp(controller, rollout_controller.name) == 0 && (p->n_steps > 0 || p->status != NULL))
		report_urgent(c);
}

static void
passed(const char *controller, const char *ns, const char *name, int64_t took_ms, bool failed, void *arg)
{
	struct cluster *c = ((struct member *)arg)->cluster;

	(void)ns;
	(void)name;
	(void)took_ms;
	(void)failed;
	c->passes += strcmp(controller, rollout_controller.name) == 0;
	count_at_once(c);
}

static void
note_change(struct cluster *c, const char *kind, const char *type, const json_t *o)
{
	const char *name = json_str(json_object_get(o, "metadata"), "name");
	const json_t *status = json_object_get(o, "status");
	/* A remote Rollout would be read by a request within a request. */
	const json_t *rollout = c->remote == NULL ? cluster_rollout(c) : c->remote_rollout;

	if (strcmp(kind, "Event") == 0)
		cluster_note(c, "event %s: %s", json_str(o, "reason"), json_str(o, "message"));
	else if (strcmp(kind, "Rollout") == 0)
		cluster_note(c, "%s Rollout phase=%s (%s) index=%d abort=%d stable=%s", type,
		    json_str(status, "phase") ?: "-", json_str(status, "message") ?: "",
		    (int)json_int(status, "currentStepIndex", -1), json_is_true(json_object_get(status, "abort")),
		    json_str(status, "stableRS") ?: "-");
	else if (strcmp(kind, "ReplicaSet") == 0)
		cluster_note(c, "%s ReplicaSet %s wants %d has %d ready %d", type, name,
		    (int)json_int(json_object_get(o, "spec"), "replicas", 1), (int)json_int(status, "replicas", 0),
		    (int)json_int(status, "availableReplicas", 0));
	else if (strcmp(kind, "VirtualService") == 0)
		cluster_note(c, "%s VirtualService %s weight %d", type, name,
		    (int)json_integer_value(json_at(cluster_split_route(o), "/1/weight")));
	else if (gateways_is_route(kind))
		cluster_note(c, "%s %s %s weight %d", type, kind, name,
		    (int)json_integer_value(json_at(o, "/spec/rules/0/backendRefs/1/weight")));
	else if (split_weight(rollout, kind, o) >= 0)
		cluster_note(c, "%s %s %s weight %d", type, kind, name, split_weight(rollout, kind, o));
	else if (strcmp(kind, "DestinationRule") == 0)
		cluster_note(c, "%s DestinationRule canary=%s stable=%s", type,
		    json_str(json_at(o, "/spec/subsets/0/labels"), "rollouts-pod-template-hash") ?: "-",
		    json_str(json_at(o, "/spec/subsets/1/labels"), "rollouts-pod-template-hash") ?: "-");
	else if (strcmp(kind, "Service") == 0)
		cluster_note(c, "%s Service %s selects %s", type, name,
		    json_str(json_at(o, "/spec/selector"), "rollouts-pod-template-hash") ?: "-");
	else if (strcmp(kind, "AnalysisRun") == 0 || strcmp(kind, "Experiment") == 0)
		cluster_note(c, "%s %s %s %s", type, kind, name, json_str(status, "phase") ?: "-");
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct cluster *c = arg;
	struct urgent_change *u = &c->urgency;
	bool rollout = strcmp(r->kind, "Rollout") == 0;

	note_change(c, r->kind, type, o);
	if (c->observe != NULL)
		c->observe(r->kind, type, o, c->observe_arg);
	if (is_urgent(c, r, old, o))
		mark_urgent(c, rollout, o);
	else if (rollout && u->of_rollout && u->heard_at == 0) {
		/* A slow watch may still deliver an old version. Only a later one is news, because the writer of
		 * this one knew a later one, or reverted it. */
		if (u->user && u->mark[0] != '\0' && json_is_true(json_at(o, "/status/abort")))
			mark_urgent(c, true, o);
		else
			forget_urgent(c);
	}
}

static void
on_remote_change(const char *kind, const char *type, const json_t *o, void *arg)
{
	struct cluster *c = arg;

	if (strcmp(kind, "Rollout") == 0 && str_eq(json_str(json_object_get(o, "metadata"), "name"), c->name)) {
		json_decref(c->remote_rollout);
		c->remote_rollout = json_deep_copy(o);
	}
	note_change(c, kind, type, o);
	if (c->observe != NULL)
		c->observe(kind, type, o, c->observe_arg);
}

void
cluster_observe(struct cluster *c, remote_changed *observe, void *arg)
{
	c->observe = observe;
	c->observe_arg = arg;
}

static bool
may_write(void *arg)
{
	const struct member *m = arg;

	return m->lease == NULL || lease_held(m->lease);
}

static void
on_synced(void *arg)
{
	((struct member *)arg)->synced = true;
}

static void
start_runner(struct member *m)
{
	struct runner_settings s = { .seed = rand_next(&m->cluster->users),
		.settings = &m->cluster->process,
		.own = m->transport,
		.component = "rollouts-controller",
		.planned = planned,
		.passed = passed,
		.may_write = may_write,
		.synced = on_synced,
		.arg = m };

	m->synced = false;
	m->cluster->began_at = loop_mono(m->cluster->loop);
	forget_urgent(m->cluster);
	m->runner = runner_start(m->transport, m->transport, controllers, &s);
}

static void
on_started(void *arg)
{
	struct member *m = arg;

	cluster_note(m->cluster, "controller %zu acts", m->index);
	start_runner(m);
}

static void
on_stopped(void *arg)
{
	struct member *m = arg;

	cluster_note(m->cluster, "controller %zu no longer acts", m->index);
	m->runner = runner_stop(m->runner);
	forget_urgent(m->cluster);
}

static void
start_controller(struct cluster *c, size_t i)
{
	struct member *m = &c->members[i];
	struct lease_settings lease = { .namespace = "default",
		.name = LEASE,
		.duration_ms = 15000,
		.renew_deadline_ms = 10000,
		.retry_ms = 2000,
		.started = on_started,
		.stopped = on_stopped,
		.arg = m };

	*m = (struct member){ .cluster = c, .index = i };
	snprintf(m->identity, sizeof(m->identity), "controller-%zu-%ld", i, (long)loop_mono(c->loop));
	m->policy = (struct fault_policy){
		.choose = choose, .outside = outside, .spoil = spoil, .brought = brought, .lagged = lagged, .arg = m
	};
	m->transport = in_process_new(c->loop, c->store, &m->policy);
	lease.identity = m->identity;
	if (c->n_members > 1)
		m->lease = lease_new(m->transport, &lease);
	else
		start_runner(m);
}

static void
stop_controller(struct member *m)
{
	m->runner = runner_stop(m->runner);
	m->lease = lease_free(m->lease);
	m->transport = transport_free(m->transport);
}

struct cluster *
cluster_new(uint64_t seed)
{
	struct cluster *c = mem_alloc(sizeof(*c));
	struct pods_settings pods = {
		.ready_ms = 1500, .ready_spread_ms = 10, .node = "laptop", .broken_tag = ":does-not-exist"
	};
	struct jobs_settings jobs = { .begin_ms = 1500, .node = "laptop", .broken_tag = ":does-not-exist" };

	c->seed = seed;
	c->name = "myapp";
	c->edge_weight = -1;
	snprintf(c->edge, sizeof(c->edge), "{}");
	c->process.step_plugins = &step_plugins;
	c->process.environment = (struct string_map){ variables, ARRAY_SIZE(variables) };
	c->faults = rand_stream(seed, "faults");
	c->users = rand_stream(seed, "people");
	c->faults_ended_at = INT64_MIN / 2;
	c->hash = 14695981039346656037u;
	str_init(&c->story, 8u << 20);
	c->loop = loop_virtual_new(START);
	c->store = store_new(c->loop);
	store_on_write(c->store, on_write, c);
	c->deployments = deployments_new(c->loop, c->store);
	c->pods = pods_new(c->loop, c->store, &pods);
	c->gateways = gateways_new(c->loop, c->store, 50);
	c->jobs = jobs_new(c->loop, c->store, &jobs);
	c->n_members = 1;
	start_controller(c, 0);
	return c;
}

struct cluster *
cluster_new_remote(const char *sluice, const struct remote_place *place)
{
	struct cluster *c = mem_alloc(sizeof(*c));

	c->name = "myapp";
	c->hash = 14695981039346656037u;
	c->held = json_array();
	str_init(&c->story, 8u << 20);
	c->remote = place != NULL ? remote_join(sluice, place, on_remote_change, c)
				  : remote_new(sluice, "scenario", on_remote_change, c);
	return c->remote != NULL ? c : cluster_free(c);
}

struct cluster *
cluster_free(struct cluster *c)
{
	/* until its watches have ended, they change c */
	remote_free(c->remote);
	json_decref(c->held);
	json_decref(c->remote_rollout);
	json_decref(c->edge_routes);
	if (c->pods == NULL) {
		str_done(&c->story);
		free(c);
		return NULL;
	}
	autoscaler_done(&c->autoscaler);
	if (c->nth != NULL)
		loop_timer_stop(c->loop, &c->nth->timer);
	for (size_t i = 0; i < c->n_members; i++)
		stop_controller(&c->members[i]);
	deployments_free(c->deployments);
	pods_free(c->pods);
	gateways_free(c->gateways);
	jobs_free(c->jobs);
	store_free(c->store);
	loop_free(c->loop);
	str_done(&c->story);
	free(c);
	return NULL;
}

int64_t
cluster_wall(const struct cluster *c)
{
	return c->remote != NULL ? remote_wall(c->remote) : loop_wall(c->loop);
}

static void
refuse(struct cluster *c, const struct request *r, struct fault *f)
{
	(void)c;
	(void)r;
	f->refused = true;
}

void
cluster_hold_controller(struct cluster *c, bool hold)
{
	if (c->remote != NULL)
		remote_hold_controller(c->remote, hold);
	else
		c->fault = hold ? refuse : NULL;
}

void
cluster_stop_controller(struct cluster *c, bool stop)
{
	pid_t pid = c->remote != NULL ? remote_controller(c->remote) : 0;

	if (pid > 0)
		kill(pid, stop ? SIGSTOP : SIGCONT);
}

void
cluster_second_controller(struct cluster *c)
{
	if (c->remote != NULL) {
		remote_second_controller(c->remote);
		return;
	}
	stop_controller(&c->members[0]);
	c->n_members = 2;
	for (size_t i = 0; i < c->n_members; i++)
		start_controller(c, i);
}

/* The one that acts, or thinks so. */
static size_t
acting(const struct cluster *c)
{
	for (size_t i = 0; i < c->n_members; i++)
		if (c->members[i].runner != NULL)
			return i;
	return 0;
}

void
cluster_kill_controller(struct cluster *c)
{
	size_t i = acting(c);

	cluster_note(c, "controller killed");
	if (c->remote != NULL) {
		remote_kill_controller(c->remote);
		return;
	}
	stop_controller(&c->members[i]);
	start_controller(c, i);
}

void
cluster_stall_controller(struct cluster *c, int64_t ms)
{
	size_t i = acting(c);

	cluster_note(c, "controller %zu is paused for %lld ms", i, (long long)ms);
	forget_urgent(c);
	c->members[i].stalled_until = loop_mono(c->loop) + ms;
}

#define PROMETHEUS "http://127.0.0.1:19090" /* that the manifests name */

const char *
cluster_text(const struct cluster *c, struct arena *a, const char *text)
{
	return c->remote != NULL ? str_replace(a, text, PROMETHEUS, remote_prometheus(c->remote)) : text;
}

void
cluster_apply(struct cluster *c, const char *file)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct err *e = file_read(a, file, 1u << 20, &text);
	json_t *doc;
	size_t i;

	if (e == NULL) {
		text.at = cluster_text(c, a, text.at);
		e = yaml_parse(a, text.at, strlen(text.at), &docs);
	}
	if (e != NULL) {
		printf("%s: %s\n", file, err_text(a, e));
		exit(1);
	}
	json_array_foreach (docs, i, doc) {
		const char *kind = json_str(doc, "kind");
		const char *ns = json_str(json_object_get(doc, "metadata"), "namespace") ?: "default";

		for (const struct resource *r = store_resources; r->plural != NULL; r++)
			if (strcmp(r->kind, kind) == 0)
				cluster_do(c, "POST", "application/json",
				    arena_printf(a, "%s%s/%s/%s%s%s%s", r->group[0] != '\0' ? "/apis/" : "/api",
					r->group, r->version, r->cluster_scoped ? "" : "namespaces/",
					r->cluster_scoped ? "" : ns, r->cluster_scoped ? "" : "/", r->plural),
				    json_deep_copy(doc));
	}
}

int
cluster_patch(struct cluster *c, bool status, json_t *patch)
{
	_cleanup_(freep) char *path =
	    mem_printf("/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/%s%s", c->name, status ? "/status" : "");

	return cluster_do(c, "PATCH", "application/merge-patch+json", path, patch);
}

void
cluster_set_image(struct cluster *c, const char *image)
{
	json_t *list = json_deep_copy(json_at(cluster_rollout(c), "/spec/template/spec/containers"));

	cluster_note(c, "user: set image %s", image);
	json_object_set_new(json_array_get(list, 0), "image", json_string(image));
	cluster_patch(c, false, json_pack("{s:{s:{s:{s:o}}}}", "spec", "template", "spec", "containers", list));
}

void
cluster_promote(struct cluster *c)
{
	cluster_note(c, "user: promote");
	cluster_patch(c, true, json_pack("{s:{s:n}}", "status", "pauseConditions"));
}

void
cluster_run(struct cluster *c, int64_t ms)
{
	if (c->remote != NULL) {
		remote_metric(c->remote, c->metric);
		remote_run(c->remote, ms < REMOTE_READ_MS ? REMOTE_READ_MS : ms);
		return;
	}
	loop_virtual_run_until(c->loop, loop_mono(c->loop) + ms);
}

bool
cluster_wait(struct cluster *c, const char *phase, int index, int64_t ms)
{
	int64_t until = cluster_now(c) + ms;

	while (cluster_now(c) < until) {
		const json_t *status = json_object_get(cluster_rollout(c), "status");

		if (str_eq(json_str(status, "phase"), phase) &&
		    (index < 0 || json_int(status, "currentStepIndex", -1) == index))
			return true;
		cluster_run(c, 10);
	}
	cluster_note(c, "waited in vain for %s at step %d", phase, index);
	return false;
}

const json_t *
cluster_rollout(struct cluster *c)
{
	return cluster_get(c, "rollouts", "default", c->name);
}

const json_t *
cluster_split_route(const json_t *vs)
{
	static const char *const protocols[] = { "/spec/http", "/spec/tls", "/spec/tcp" };
	json_t *route;
	size_t i;

	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		json_array_foreach (json_at(vs, protocols[p]), i, route)
			if (json_array_size(json_object_get(route, "route")) > 1)
				return json_object_get(route, "route");
	return NULL;
}

int
cluster_weight(struct cluster *c)
{
	const json_t *vs = cluster_get(c, "virtualservices", "default", "myapp-vs");
	const json_t *w = vs != NULL ? json_at(cluster_split_route(vs), "/1/weight")
				     : json_at(cluster_get(c, "httproutes", "default", "myapp-route"),
					   "/spec/rules/0/backendRefs/1/weight");
	int least, most;
	bool missing;

	if (w == NULL && split_weights(c, cluster_rollout(c), &least, &most, &missing))
		return missing ? -1 : most;
	return w != NULL ? (int)json_integer_value(w) : -1;
}

int64_t
cluster_now(const struct cluster *c)
{
	return c->remote != NULL ? remote_now(c->remote) : loop_mono(c->loop);
}

/* "/apis/G/V/namespaces/NS/PLURAL/NAME"; ns and name may be NULL. */
static char *
path_of(const char *plural, const char *ns, const char *name)
{
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (strcmp(r->plural, plural) == 0)
			return mem_printf("%s%s/%s/%s%s%s%s%s%s", r->group[0] != '\0' ? "/apis/" : "/api", r->group,
			    r->version, ns != NULL && !r->cluster_scoped ? "namespaces/" : "",
			    ns != NULL && !r->cluster_scoped ? ns : "", ns != NULL && !r->cluster_scoped ? "/" : "",
			    r->plural, name != NULL ? "/" : "", name != NULL ? name : "");
	return mem_strdup("/");
}

/* Remote objects, kept until the cluster is freed; NULL: not there. */
static const json_t *
fetch(struct cluster *c, const char *plural, const char *ns, const char *name)
{
	_cleanup_(freep) char *path = path_of(plural, ns, name);
	json_t *response = NULL;
	int status = remote_do(c->remote, "GET", NULL, path, NULL, &response);

	if (response != NULL)
		json_array_append_new(c->held, response);
	return status == 200 ? response : NULL;
}

const json_t *
cluster_get(struct cluster *c, const char *plural, const char *ns, const char *name)
{
	return c->remote != NULL ? fetch(c, plural, ns, name) : store_get(c->store, plural, ns, name);
}

void
cluster_each(struct cluster *c, const char *plural, void (*visit)(const json_t *, void *), void *arg)
{
	json_t *item;
	size_t i;

	if (c->remote == NULL) {
		store_each(c->store, plural, visit, arg);
		return;
	}
	json_array_foreach (json_object_get(fetch(c, plural, NULL, NULL), "items"), i, item)
		visit(item, arg);
}

int
cluster_do(struct cluster *c, const char *method, const char *content_type, const char *path, json_t *body)
{
	json_t *response = NULL;
	int status;

	if (c->remote == NULL) {
		c->urgency.user = true;
		status = store_do(c->store, method, content_type, path, body);
		c->urgency.user = false;
		return status;
	}
	status = remote_do(c->remote, method, content_type, path, body, &response);
	json_decref(response);
	return status;
}
