/* tests/simulation/autoscaler.c: see the header. */
#include "tests/simulation/autoscaler.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "tests/simulation/cluster.h"

#define PERIOD_MS 15000
#define FIRST_MS 2000 /* in between, as a load may begin at any time of the period */
#define TOLERANCE 0.1

/* The scale subresource of a Rollout, as the API server shows it; NULL: there is no such Rollout. A new reference. */
static json_t *
scale_read(struct cluster *c, struct arena *a, const char *name, const char **ret_path)
{
	struct store_request r = { .method = "GET" };
	json_t *scale = NULL;

	*ret_path = r.path = arena_printf(a, "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/%s/scale", name);
	if (store_handle(c->store, &r, &scale) == 200)
		return scale;
	json_decref(scale);
	return NULL;
}

struct counting {
	struct arena *arena;
	struct selector selector;
	long long ready;
};

static void
count_ready(const json_t *pod, void *arg)
{
	struct counting *count = arg;
	json_t *one;
	size_t i;

	if (json_at(pod, "/metadata/deletionTimestamp") != NULL ||
	    !selector_matches(&count->selector, json_at(pod, "/metadata/labels")))
		return;
	json_array_foreach (json_at(pod, "/status/conditions"), i, one)
		if (str_eq(json_str(one, "type"), "Ready") && str_eq(json_str(one, "status"), "True"))
			count->ready++;
}

/* How many pods the load is spread over, as the metric's type sees it. */
static long long
scale_pods(struct cluster *c, struct arena *a, const json_t *hpa, const json_t *scale)
{
	struct counting count = { .arena = a };

	if (str_eq(json_str(json_at(hpa, "/spec/metrics/0"), "type"), "External"))
		return json_int(json_object_get(scale, "status"), "replicas", 0);
	if (selector_parse(a, json_str(json_object_get(scale, "status"), "selector") ?: "", &count.selector) != NULL)
		return 0;
	store_each(c->store, "pods", count_ready, &count);
	return count.ready;
}

static void
autoscaler_scale(struct cluster *c, const json_t *hpa)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *spec = json_object_get(hpa, "spec"), *metric = json_at(spec, "/metrics/0");
	const char *type = json_str(metric, "type"), *path,
		   *source = str_eq(type, "External") ? "external" : "resource";
	long long target = strtoll(
	    json_str(json_object_get(json_object_get(metric, source), "target"), "averageValue") ?: "0", NULL, 10);
	_cleanup_(json_decrefp) json_t *scale =
	    scale_read(c, a, json_str(json_object_get(spec, "scaleTargetRef"), "name") ?: "", &path);
	long long now = json_int(json_object_get(scale, "spec"), "replicas", 0), pods, to;
	double ratio;

	/* 0 switches an autoscaler off, and without pods nothing is measured. */
	if (scale == NULL || target <= 0 || now == 0 || (pods = scale_pods(c, a, hpa, scale)) == 0)
		return;
	ratio = (double)c->autoscaler.load / (double)(target * pods);
	if (ratio >= 1 - TOLERANCE && ratio <= 1 + TOLERANCE)
		to = str_eq(type, "External") ? pods : now;
	else
		to = (c->autoscaler.load + target - 1) / target;
	if (to < json_int(spec, "minReplicas", 1))
		to = json_int(spec, "minReplicas", 1);
	if (to > json_int(spec, "maxReplicas", 1))
		to = json_int(spec, "maxReplicas", 1);
	if (to == now)
		return;
	cluster_note(c, "autoscaler: %lld pods carry %lld: replicas %lld -> %lld", pods, c->autoscaler.load, now, to);
	cluster_do(c, "PATCH", "application/merge-patch+json", path,
	    json_pack("{s:{s:I}}", "spec", "replicas", (json_int_t)to));
}

struct targets {
	json_t *hpas; /* copies: a write must not change the list while it is walked */
};

static void
find_autoscaler(const json_t *hpa, void *arg)
{
	struct targets *t = arg;

	json_array_append_new(t->hpas, json_deep_copy(hpa));
}

static void
on_period(struct timer *t, void *arg)
{
	struct autoscaler *s = arg;
	_cleanup_(json_decrefp) json_t *hpas = json_array();
	struct targets targets = { hpas };
	json_t *hpa;
	size_t i;

	store_each(s->cluster->store, "horizontalpodautoscalers", find_autoscaler, &targets);
	json_array_foreach (hpas, i, hpa)
		autoscaler_scale(s->cluster, hpa);
	loop_timer(s->cluster->loop, t, PERIOD_MS);
}

void
autoscaler_load(struct autoscaler *s, struct cluster *c, long long load)
{
	bool runs = s->load > 0;

	s->cluster = c;
	s->load = load;
	if (load <= 0) {
		autoscaler_done(s);
	} else if (!runs) {
		s->timer = (struct timer){ .fire = on_period, .arg = s };
		loop_timer(c->loop, &s->timer, FIRST_MS);
	}
}

void
autoscaler_done(struct autoscaler *s)
{
	if (s->cluster != NULL && s->timer.fire != NULL)
		loop_timer_stop(s->cluster->loop, &s->timer);
	s->load = 0;
}
