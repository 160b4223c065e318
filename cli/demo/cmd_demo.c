/* cli/demo/cmd_demo.c: demo: the canary releases of `make demo` on the laptop cluster, from the first version to two
 * aborts, and the summary at the end. The terminal view is in view.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/demo/view.h"
#include "io/child_process.h"
#include "io/file.h"
#include "kube/api/core.h"
#include "kube/api/gateway.h"
#include "kube/api/ingress.h"
#include "kube/api/yaml.h"
#include "kube/client.h"
#include "kube/transport_curl.h"
#include "sim/load.h"
#include "sim/store.h"

static int demo_run(struct cli *);

const struct command cmd_demo = {
	.name = "demo",
	.args = "",
	.group = GROUP_RUN,
	.summary = "Show a good release and two bad ones, in two minutes",
	.example = "demo|demo --approve me|demo --router gateway",
	.flags =
	    (const struct flag[]){
		{ .name = "approve",
		    .value = "WHO",
		    .text = "me: wait until you run the promote command (default: promote automatically)" },
		{ .name = "router",
		    .value = "ROUTER",
		    .value_default = "istio",
		    .choices = "istio|gateway|nginx",
		    .text = "Router that splits the traffic" },
		{ .name = "examples",
		    .value = "DIR",
		    .value_default = "examples/seed",
		    .text = "Directory with the manifests" },
		FLAG_NO_COLOR,
		{ 0 },
	    },
	.run = demo_run,
};

#define RATE 50 /* requests a second */
/* In which the mesh follows a route: requests sent meanwhile are not counted as after it. */
#define MESH_MS 100
#define REDRAW_MS 200
#define MANIFEST_MAX (1u << 20)

static void demo_print(struct demo *, const char *format, ...) printf_like(2, 3);

static void
demo_print(struct demo *d, const char *format, ...)
{
	char text[600];
	int64_t ms = loop_mono(d->cli->loop) - d->started;
	va_list ap;
	int n = snprintf(text, sizeof(text), "%4" PRId64 ".%01" PRId64 "s  ", ms / 1000, ms / 100 % 10);

	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	if (d->n_lines < DEMO_LINES)
		d->lines[d->n_lines++] = mem_strdup(text);
	if (!d->live)
		puts(text);
}

const struct rollout *
demo_rollout(const struct demo *d)
{
	return (const struct rollout *)view_get(cache_view(d->watched.cache), &rollout_type, DEMO_NS, DEMO_NAME);
}

const char *
demo_tag(const struct demo *d, struct arena *a, const char *hash)
{
	const struct object *o = hash == NULL || hash[0] == '\0'
				     ? NULL
				     : view_get(cache_view(d->watched.cache), &replicaset_type, DEMO_NS,
					   arena_printf(a, DEMO_NAME "-%s", hash));
	_cleanup_(json_decrefp) json_t *t =
	    o != NULL ? json_loads(((const struct replicaset *)o)->spec.template, 0, NULL) : NULL;
	const char *image = json_string_value(json_at(t, "/spec/containers/0/image"));
	const char *colon = image != NULL ? strrchr(image, ':') : NULL;

	return colon != NULL ? arena_strdup(a, colon + 1) : "";
}

size_t
demo_metrics(struct arena *a, const struct analysis_run *run, struct metric **ret)
{
	struct problems problems = { .arena = a };

	return metrics_decode(a, run->spec.metrics, "spec.metrics", &problems, ret);
}

size_t
demo_runs(const struct demo *d, struct arena *a, const struct analysis_run ***ret)
{
	const struct rollout *r = demo_rollout(d);
	const struct object **all;
	size_t n = r != NULL ? view_owned(cache_view(d->watched.cache), &analysis_run_type, DEMO_NS, r->object.meta.uid,
				   a, &all)
			     : 0;
	const struct analysis_run **own = arena_new_array(a, const struct analysis_run *, n + 1);
	size_t n_own = 0;

	for (size_t i = 0; i < n; i++)
		if (str_eq(object_label(all[i], LABEL_POD_TEMPLATE_HASH), r->status.current_pod_hash))
			own[n_own++] = (const struct analysis_run *)all[i];
	*ret = own;
	return n_own;
}

/* The weight of the canary in the router's objects, -1 when they do not exist. */
static int64_t
demo_canary_weight(const struct demo *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct rollout *r = demo_rollout(d);
	struct routed routed;
	struct routing routing;

	if (r == NULL || routed_read(r, cache_view(d->watched.cache), a, &routed) != NULL)
		return -1;
	routing = routed_merge(&routed, a);
	return routing.has_route ? routing.weight : -1;
}

/* A comparison has no condition, and its sentence follows as the verdict. */
static void
demo_print_measurement(struct demo *d, struct arena *a, const struct metric *metric, const struct metric_result *result,
    const struct measurement *one)
{
	const char *value = one->value != NULL ? one->value : "no value";

	if (metric->success_condition == NULL)
		demo_print(d, "  %s: %s, %s", metric->name, one->phase, value);
	else
		demo_print(d, "  %s: %s = %s, %s; wanted %s", metric->name, one->phase, value,
		    one->message != NULL ? one->message
		    : result->failed > 0 ? arena_printf(a, "failed %" PRId64 " times, more than %s abort",
					       result->failed, metric->failure_limit ?: "0")
					 : "good",
		    metric->success_condition);
}

static void
demo_read_measurements(struct demo *d, struct arena *a, const struct analysis_run *run, const struct metric_result *m)
{
	struct metric *metrics;
	size_t n_metrics = demo_metrics(a, run, &metrics);

	for (size_t i = 0; i < m->measurements.n; i++) {
		const struct measurement *one = &m->measurements.at[i];
		/* The oldest are dropped in time; a measurement is known by its start. */
		const char *key = arena_printf(a, "%s/%s/%" PRId64, run->object.meta.name, m->name, one->started_at);

		if (one->finished_at == 0 || map_get(&d->printed, key) != NULL)
			continue;
		map_set(&d->printed, key, d);
		for (size_t k = 0; k < n_metrics; k++)
			if (str_eq(metrics[k].name, m->name))
				demo_print_measurement(d, a, &metrics[k], m, one);
	}
}

/* Returns whether the status is of the bad release, and not of the one before it. */
static bool
demo_runs_bad_release(const struct demo *d, struct arena *a)
{
	const struct rollout *r = demo_rollout(d);

	return d->bad != NULL && r != NULL && str_eq(demo_tag(d, a, r->status.current_pod_hash), d->bad->tag);
}

static void
demo_read_verdict(struct demo *d, const struct analysis_run *run)
{
	struct demo_abort *bad = d->bad;

	for (size_t k = 0; k < run->status.metric_results.n; k++) {
		const struct metric_result *m = &run->status.metric_results.at[k];

		if (str_eq(m->phase, "Failed") && str_eq(m->name, bad->metric) && bad->verdict == 0) {
			bad->verdict = loop_mono(d->cli->loop);
			demo_print(d, "verdict: %s", run->status.message ?: m->phase);
		}
	}
}

static void
demo_read_runs(struct demo *d, struct arena *a)
{
	const struct analysis_run **runs;
	size_t n = demo_runs(d, a, &runs);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < runs[i]->status.metric_results.n; k++)
			demo_read_measurements(d, a, runs[i], &runs[i]->status.metric_results.at[k]);
		if (demo_runs_bad_release(d, a))
			demo_read_verdict(d, runs[i]);
	}
}

/* Notes when the bad release got traffic, and when it got none again. The AnalysisRun may be seen later than its effect
 * on the weight, because each has a watch of its own. */
static void
demo_time_traffic(struct demo *d, int64_t weight)
{
	struct demo_abort *bad = d->bad;

	if (bad != NULL && bad->routed == 0 && weight > 0)
		bad->routed = loop_mono(d->cli->loop);
	else if (bad != NULL && bad->routed != 0 && bad->restored == 0 && weight == 0)
		bad->restored = loop_mono(d->cli->loop);
}

static void
demo_check(struct demo *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct rollout *r = demo_rollout(d);
	int64_t weight = demo_canary_weight(d);

	if (r == NULL)
		return;
	demo_read_runs(d, a);
	if (r->status.phase != NULL) {
		const char *state = arena_printf(
		    a, "%s%s%s", r->status.phase, r->status.message != NULL ? ": " : "", r->status.message ?: "");

		if (strcmp(state, d->state) != 0)
			demo_print(d, "  the rollout is %s", state);
		snprintf(d->state, sizeof(d->state), "%s", state);
	}
	if (weight != d->weight && weight >= 0) {
		if (d->weight >= 0 && d->stage > 1) {
			demo_print(d, "  traffic: %" PRId64 " %% to the canary, %" PRId64 " %% to the stable version",
			    weight, 100 - weight);
			if (d->n_seen < ARRAY_SIZE(d->seen_weights))
				d->seen_weights[d->n_seen++] = weight;
		}
		demo_time_traffic(d, weight);
		d->weight = weight;
	}
}

static void
demo_on_change(void *arg)
{
	struct demo *d = arg;

	demo_check(d);
	loop_stop(d->cli->loop); /* the waiting function checks again */
}

/* Counts a response by the release that it belongs to. */
static void
demo_count_response(struct demo *d, const struct load_response *response, bool bad)
{
	d->requests++;
	d->errors += bad;
	if (d->bad == NULL) {
		d->errors_of_good += bad;
	} else if (d->bad->restored == 0 || response->sent <= d->bad->restored + MESH_MS) {
		d->bad->errors += bad;
	} else {
		d->after++;
		d->errors_after += bad;
		d->strange_after += !bad && strcmp(response->version, "v2") != 0;
	}
}

static void
demo_on_response(void *arg, const struct load_response *response)
{
	struct demo *d = arg;
	int64_t at = (response->done - d->started) / 1000;
	struct demo_second *s = &d->seconds[at % DEMO_SECONDS];
	bool bad = response->status < 200 || response->status > 299;

	if (s->at != at)
		*s = (struct demo_second){ .at = at };
	s->requests++;
	s->errors += bad;
	s->canary += d->canary_tag[0] != '\0' && strcmp(response->version, d->canary_tag) == 0;
	demo_count_response(d, response, bad);
}

static void
demo_on_redraw(struct timer *t, void *arg)
{
	struct demo *d = arg;

	demo_view_draw(d);
	loop_timer(d->cli->loop, t, REDRAW_MS);
}

static void
demo_on_deadline(struct timer *t, void *arg)
{
	struct demo *d = arg;

	t->arg = NULL; /* over */
	loop_stop(d->cli->loop);
}

/* Runs the loop until done(d). Returns false if it was interrupted or the time was over, after printing it. */
static bool
demo_wait(struct demo *d, bool (*done)(struct demo *), int64_t seconds, const char *what)
{
	struct timer t = { .fire = demo_on_deadline, .arg = d };

	loop_timer(d->cli->loop, &t, seconds * 1000);
	while (!d->cli->interrupted && !done(d) && t.arg != NULL)
		loop_run(d->cli->loop);
	loop_timer_stop(d->cli->loop, &t);
	if (d->cli->interrupted || done(d))
		return !d->cli->interrupted;
	demo_print(d, "not within %" PRId64 " seconds: %s; the rollout is %s", seconds, what, d->state);
	return false;
}

/* Lets some seconds of traffic pass. Returns false if it was interrupted. */
static bool
demo_run_traffic(struct demo *d, int64_t seconds)
{
	struct timer t = { .fire = demo_on_deadline, .arg = d };

	loop_timer(d->cli->loop, &t, seconds * 1000);
	while (!d->cli->interrupted && t.arg != NULL)
		loop_run(d->cli->loop);
	loop_timer_stop(d->cli->loop, &t);
	return !d->cli->interrupted;
}

/* Returns whether the status is of the present spec. */
static bool
demo_is_observed(const struct rollout *r)
{
	long long seen;

	return r != NULL && str_int(r->status.observed_generation, 0, INT64_MAX, &seen) &&
	       seen >= r->object.meta.generation;
}

static bool
demo_is_healthy(struct demo *d)
{
	const struct rollout *r = demo_rollout(d);

	return demo_is_observed(r) && str_eq(r->status.phase, "Healthy");
}

static bool
demo_waits_for_approval(struct demo *d)
{
	const struct rollout *r = demo_rollout(d);

	return demo_is_observed(r) && str_eq(r->status.phase, "Paused") && d->weight == 20;
}

static bool
demo_is_approved(struct demo *d)
{
	const struct rollout *r = demo_rollout(d);

	return demo_is_observed(r) &&
	       (!r->status.current_step_index.present || r->status.current_step_index.value > 1 || r->status.abort);
}

static bool
demo_is_degraded(struct demo *d)
{
	const struct rollout *r = demo_rollout(d);

	return demo_is_observed(r) && str_eq(r->status.phase, "Degraded") && r->status.abort && d->weight == 0;
}

static bool
demo_is_aborted(struct demo *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return demo_is_degraded(d) && demo_runs_bad_release(d, a);
}

static bool
demo_has_verdict(struct demo *d)
{
	return d->bad->verdict != 0;
}

static bool
demo_is_promoted_or_aborted(struct demo *d)
{
	return (demo_is_healthy(d) && d->weight == 0) || demo_is_degraded(d);
}

struct running {
	struct demo *demo;
	struct child *child;
	int status;
	bool ended;
};

static void
demo_on_exit(void *arg, int status)
{
	struct running *r = arg;

	r->status = status;
	r->ended = true;
	loop_stop(r->demo->cli->loop);
}

/* Runs a command of this program as a user would, and prints it. */
static bool
demo_command(struct demo *d, const char *const *words, const char *who)
{
	const char *argv[16] = { cli_self(d->cli) };
	const char *log = arena_printf(d->cli->arena, "%s/commands.log", d->dir), *text = "sluice";
	struct running r = { .demo = d };
	size_t n = 1;

	for (; words[n - 1] != NULL; n++) {
		argv[n] = words[n - 1];
		text = arena_printf(d->cli->arena, "%s %s", text, argv[n]);
	}
	demo_print(d, "%s$ %s", who, text);
	argv[n++] = "--kubeconfig";
	argv[n++] = dev_kubeconfig(d->dev);
	r.child = child_serve(d->cli->loop, argv, log, demo_on_exit, &r);
	while (r.child != NULL && !r.ended)
		loop_run(d->cli->loop);
	if (r.child == NULL || r.status != 0)
		demo_print(d, "failed; see %s", log);
	child_kill(r.child);
	return r.ended && r.status == 0;
}

static bool
demo_set_image(struct demo *d, const char *tag)
{
	const char *image = arena_printf(d->cli->arena, DEMO_NAME "=myregistry/myapp:%s", tag);
	const char *const words[] = { "set", "image", DEMO_NAME, image, "-n", DEMO_NS, NULL };

	snprintf(d->canary_tag, sizeof(d->canary_tag), "%s", tag);
	d->n_seen = 0;
	return demo_command(d, words, "");
}

/* The routing of the demo's routers other than that of the article, which splits by subsets. */
static const struct demo_router {
	const char *name, *network, *routing;
} demo_routers[] = {
	{ "istio", "network.yaml", NULL },
	{ "gateway", "routers/gateway.yaml",
	    "{\"plugins\": {\"argoproj-labs/gatewayAPI\": {\"httpRoute\": \"myapp\"}}}" },
	{ "nginx", "routers/nginx.yaml", "{\"nginx\": {\"stableIngress\": \"myapp\"}}" },
};

static const struct demo_router *
demo_router(const struct demo *d)
{
	size_t i = 0;

	while (!str_eq(demo_routers[i].name, cli_flag(d->cli, "router")))
		i++;
	return &demo_routers[i];
}

/* Gives the Rollout the router of the demo. */
static void
demo_route(const struct demo *d, json_t *rollout)
{
	json_t *canary = json_at(rollout, "/spec/strategy/canary");

	if (demo_router(d)->routing == NULL)
		return;
	json_object_set_new(canary, "canaryService", json_string("myapp-canary"));
	json_object_set_new(canary, "stableService", json_string("myapp-stable"));
	json_object_set_new(canary, "trafficRouting", json_loads(demo_router(d)->routing, 0, NULL));
}

/* Changes a manifest: the tag of the release, as a pipeline would, and the address of the demo's Prometheus. */
static void
demo_adapt(const struct demo *d, json_t *object)
{
	json_t *image = json_at(object, "/spec/template/spec/containers/0"), *metric;
	size_t i;

	if (str_eq(json_str(object, "kind"), "Rollout")) {
		json_object_set_new(image, "image", json_string("myregistry/myapp:v1"));
		demo_route(d, object);
	}
	if (str_eq(json_str(object, "kind"), "AnalysisTemplate"))
		json_array_foreach (json_at(object, "/spec/metrics"), i, metric)
			json_object_set_new(json_at(metric, "/provider/prometheus")
						?: json_at(metric, "/provider/plugin/sluice~1compare"),
			    "address", json_string(dev_prometheus(d->dev)));
}

static struct err *
demo_create(struct demo *d, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *version = json_str(object, "apiVersion") ?: "", *ns = json_str(meta, "namespace"), *path = NULL;

	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (str_eq(r->kind, json_str(object, "kind")))
			path =
			    arena_printf(d->cli->arena, "/%s/%s%s%s/%s", strchr(version, '/') != NULL ? "apis" : "api",
				version, ns != NULL ? "/namespaces/" : "", ns ?: "", r->plural);
	if (path == NULL)
		return err_new(d->cli->arena, ERR_INVALID, "the laptop cluster has no kind \"%s\"",
		    json_str(object, "kind") ?: "");
	return cli_call(d->cli, "POST", path, "application/json", json_deep_copy(object), NULL);
}

static bool
demo_apply(struct demo *d, const char *dir, const char *file)
{
	struct arena *a = d->cli->arena;
	const char *path = arena_printf(a, "%s/%s", dir, file);
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct bytes text;
	struct err *e;
	json_t *object;
	size_t i;

	if ((e = file_read(a, path, MANIFEST_MAX, &text)) != NULL) {
		cli_fail(d->cli, "%s; run in the project's directory, or set --examples DIR", err_text(a, e));
		return false;
	}
	if ((e = yaml_parse(a, text.at, text.len, &list)) != NULL) {
		cli_fail(d->cli, "%s: %s", path, err_text(a, e));
		return false;
	}
	json_array_foreach (list, i, object) {
		demo_adapt(d, object);
		if ((e = demo_create(d, object)) != NULL) {
			cli_fail(d->cli, "%s: %s", path, err_text(a, e));
			return false;
		}
	}
	demo_print(d, "applied %s", path);
	return true;
}

static bool
demo_first_release(struct demo *d)
{
	const char *dir = cli_flag(d->cli, "examples");

	d->stage = 1;
	demo_print(d, "1. v1 is deployed, and used: %d requests a second", RATE);
	if (!demo_apply(d, dir, demo_router(d)->network) || !demo_apply(d, dir, "demo/analysis-templates.yaml") ||
	    !demo_apply(d, dir, "demo/rollout.yaml") || !demo_wait(d, demo_is_healthy, 60, "v1 is healthy"))
		return false;
	d->load = load_new(d->cli->loop, d->outside, arena_printf(d->cli->arena, "%s/", dev_gateway(d->dev)), RATE,
	    demo_on_response, d);
	/* So that the first measurement finds samples. */
	return demo_run_traffic(d, 10);
}

/* Returns whether the weights that were seen in this stage are these. */
static bool
demo_weights_were(const struct demo *d, const int64_t *want, size_t n)
{
	return d->n_seen == n && memcmp(d->seen_weights, want, n * sizeof(*want)) == 0;
}

static bool
demo_good_release(struct demo *d)
{
	static const char *const promote[] = { "promote", DEMO_NAME, "-n", DEMO_NS, NULL };
	/* At the end the canary has become the stable version, and its subset has no traffic. */
	static const int64_t weights[] = { 20, 40, 60, 80, 100, 0 };
	bool me = str_eq(cli_flag(d->cli, "approve"), "me");

	d->stage = 2;
	demo_print(d, "2. v2, a good release");
	if (!demo_set_image(d, "v2") ||
	    !demo_wait(d, demo_waits_for_approval, 60, "v2 has 20 % of the traffic and waits for approval"))
		return false;
	if (me) {
		d->prompt = arena_printf(d->cli->arena, "./sluice promote %s -n %s --kubeconfig %s", DEMO_NAME, DEMO_NS,
		    dev_kubeconfig(d->dev));
		demo_print(d, "it waits for you, in another terminal:\n\n    %s\n", d->prompt);
		if (!demo_wait(d, demo_is_approved, 3600, "v2 is approved"))
			return false;
		d->prompt = NULL;
	} else if (!demo_run_traffic(d, 3) || !demo_command(d, promote, "approval (by the demo itself): ")) {
		return false;
	}
	if (!demo_wait(d, demo_is_promoted_or_aborted, 180, "v2 is promoted"))
		return false;
	if (!demo_is_healthy(d) || !demo_weights_were(d, weights, ARRAY_SIZE(weights))) {
		demo_print(d, "v2 was not promoted by way of 20, 40, 60, 80 and 100 %%");
		return false;
	}
	demo_print(d, "v2 is promoted: all traffic is on it");
	return demo_run_traffic(d, 5);
}

/* Releases the version with `tag`, which must be aborted at 20 % by `metric`. */
static bool
demo_bad_release(struct demo *d, const char *tag, const char *metric)
{
	static const int64_t weights[] = { 20, 0 };
	struct demo_abort *bad = &d->aborts[d->stage - 3];

	*bad = (struct demo_abort){ .tag = tag, .metric = metric };
	d->bad = bad;
	if (!demo_set_image(d, tag) ||
	    !demo_wait(d, demo_is_aborted, 180, arena_printf(d->cli->arena, "%s is aborted", tag)) ||
	    !demo_wait(d, demo_has_verdict, 10, arena_printf(d->cli->arena, "a verdict of %s", metric)))
		return false;
	if (!demo_weights_were(d, weights, ARRAY_SIZE(weights)) || bad->routed == 0 || bad->restored == 0) {
		demo_print(d, "%s was not aborted at 20 %% by a failed analysis", tag);
		return false;
	}
	demo_print(d, "%s is aborted: all traffic is back on v2", tag);
	return demo_run_traffic(d, 5);
}

static bool
demo_stop_by_threshold(struct demo *d)
{
	d->stage = 3;
	demo_print(d, "3. v3, a release that fails most requests");
	return demo_bad_release(d, "v3", "error-rate");
}

/* The article's template allows 5 % of all requests to fail, and a fifth of them goes to the canary. */
static bool
demo_stop_by_comparison(struct demo *d)
{
	const char *path = "/apis/argoproj.io/v1alpha1/namespaces/" DEMO_NS "/rollouts/" DEMO_NAME;
	struct err *e;

	d->stage = 4;
	demo_print(d, "4. v4, which fails one request in ten: 2 %% of all requests, less than the limit of 5 %%");
	if (!demo_apply(d, cli_flag(d->cli, "examples"), "demo/comparison.yaml"))
		return false;
	e = cli_call(d->cli, "PATCH", path, "application/json-patch+json",
	    json_pack("[{s:s, s:s, s:{s:s}}]", "op", "add", "path", "/spec/strategy/canary/analysis/templates/-",
		"value", "templateName", "comparison"),
	    NULL);
	if (e != NULL) {
		demo_print(d, "the comparison cannot be added to the Rollout: %s", err_text(d->cli->arena, e));
		return false;
	}
	demo_print(d, "added the template comparison to spec.strategy.canary.analysis of the Rollout");
	return demo_bad_release(d, "v4", "compared-errors");
}

static void
demo_report_abort(const struct demo_abort *bad)
{
	printf("  %s, aborted by %-15s            %lu errors in %.1f s; traffic restored %" PRId64
	       " ms after the verdict\n",
	    bad->tag, bad->metric, bad->errors, (double)(bad->restored - bad->routed) / 1000,
	    bad->restored > bad->verdict ? bad->restored - bad->verdict : 0);
}

static bool
demo_report(const struct demo *d)
{
	printf("\nWhat the users of the application saw\n"
	       "  total                    %6lu requests, %lu errors\n"
	       "  with v1 and v2                            %lu errors\n",
	    d->requests, d->errors, d->errors_of_good);
	for (size_t i = 0; i < DEMO_ABORTS; i++)
		demo_report_abort(&d->aborts[i]);
	printf("  after the aborts         %6lu requests, %lu errors, %lu responses of other versions than v2\n",
	    d->after, d->errors_after, d->strange_after);
	return d->after > 0 && d->errors_after == 0 && d->strange_after == 0;
}

static bool
demo_play(struct demo *d)
{
	static const struct type *const types[] = { &rollout_type, &replicaset_type, &pod_type, &analysis_run_type,
		&virtual_service_type, &destination_rule_type, &service_type, &http_route_type, &ingress_type };

	d->watched.changed = demo_on_change;
	d->watched.arg = d;
	watched_objects_start(d->cli, &d->watched, NULL, types, ARRAY_SIZE(types));
	return demo_first_release(d) && demo_good_release(d) && demo_stop_by_threshold(d) && demo_stop_by_comparison(d);
}

static int
demo_run(struct cli *c)
{
	struct demo d = { .cli = c,
		.weight = -1,
		.started = loop_mono(c->loop),
		.live = cli_color(c),
		.redraw = { .fire = demo_on_redraw, .arg = &d } };
	struct dev_settings s = { .app = "myregistry/myapp",
		.behave = "v3:errors=0.9;v4:errors=0.1",
		.controller = true,
		.prometheus = true,
		.mesh = true };
	const char *approve = cli_flag(c, "approve");
	bool good = false;

	if (approve != NULL && approve[0] != '\0' && strcmp(approve, "me") != 0 && strcmp(approve, "demo") != 0)
		return cli_fail(c, "--approve: \"%s\" is neither me nor demo", approve);
	if ((d.dir = s.dir = dev_directory(c)) == NULL)
		return 1;
	cli_signals(c);
	if (!d.live)
		printf("The laptop cluster starts in %s.\n", d.dir);
	if ((d.dev = dev_start(c, &s)) != NULL && cli_connect_to(c, dev_kubeconfig(d.dev), DEMO_NS) == 0) {
		d.outside = transport_curl_new(c->loop, NULL);
		if (d.live) {
			demo_view_enter();
			loop_timer(c->loop, &d.redraw, 0);
		}
		good = demo_play(&d);
	}
	loop_timer_stop(c->loop, &d.redraw);
	if (d.live) {
		demo_view_leave();
		for (size_t i = 0; i < d.n_lines; i++)
			puts(d.lines[i]);
	}
	if (good)
		good = demo_report(&d);
	load_free(d.load);
	watched_objects_stop(&d.watched);
	transport_free(d.outside);
	dev_stop(d.dev);
	for (size_t i = 0; i < d.n_lines; i++)
		free(d.lines[i]);
	map_done(&d.printed);
	if (good)
		dev_remove(d.dir);
	else
		fprintf(stderr, "%s; its logs are in %s\n",
		    c->interrupted ? "interrupted" : "error: the demo did not go as it should", d.dir);
	return good ? 0 : 1;
}
