/* doctor/perf.c: the controller's use of memory, and what its metrics report. */
#include <stdlib.h>
#include <string.h>
#include "base/quantity.h"
#include "doctor/sections.h"

#define MEMORY_HIGH 0.9 /* of the limit */

static void perf_find_usage(const struct doctor_world *, struct doctor_findings *);
static void perf_probe_metrics(const struct doctor_world *, struct doctor_probes *);
static void perf_find_metrics(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "usage", READS(LIST_PODS) | READS(LIST_POD_METRICS), NULL, perf_find_usage },
	{ "metrics", READS(LIST_PODS) | READS(LIST_CONTROLLERS), perf_probe_metrics, perf_find_metrics },
	{ 0 },
};

const struct doctor_section doctor_perf = { "perf", "Performance", NULL, checks, false };

/* The memory that a container of a Pod may use, in bytes; 0: no limit. */
static int64_t
perf_limit(const json_t *pod, const char *container)
{
	json_t *c;
	size_t i;
	int64_t bytes;

	json_array_foreach (json_at(pod, "/spec/containers"), i, c) {
		const char *limit = json_string_value(json_at(c, "/resources/limits/memory"));

		if (str_eq(json_str(c, "name"), container) && limit != NULL && quantity_whole(limit, &bytes))
			return bytes;
	}
	return 0;
}

/* The Pod that metrics are of; NULL: it is deleted. */
static const json_t *
perf_pod(const struct doctor_world *w, const json_t *metrics)
{
	const char *name = doctor_name(w->arena, metrics);
	json_t *pod;
	size_t i;

	json_array_foreach (w->lists[LIST_PODS].items, i, pod)
		if (strcmp(doctor_name(w->arena, pod), name) == 0)
			return pod;
	return NULL;
}

static void
perf_find_usage(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_POD_METRICS);
	json_t *m, *c;
	size_t i, k;

	if (!w->lists[LIST_POD_METRICS].served && w->lists[LIST_POD_METRICS].error == NULL)
		doctor_add(f, DOCTOR_NOTE, "install metrics-server to see the use of memory and processors",
		    "the API server does not serve metrics.k8s.io");
	json_array_foreach (items, i, m)
		json_array_foreach (json_object_get(m, "containers"), k, c) {
			const char *memory = json_string_value(json_at(c, "/usage/memory")),
				   *cpu = json_string_value(json_at(c, "/usage/cpu")), *name = doctor_name(w->arena, m);
			int64_t limit = perf_limit(perf_pod(w, m), json_str(c, "name") ?: ""), used = 0;

			if (memory != NULL && quantity_whole(memory, &used) && limit > 0 &&
			    (double)used > MEMORY_HIGH * (double)limit)
				doctor_add(f, DOCTOR_PROBLEM, "raise resources.limits.memory before the Pod is killed",
				    "Pod %s uses %lld of %lld MiB", name, (long long)(used >> 20),
				    (long long)(limit >> 20));
			else
				doctor_add(f, DOCTOR_OK, NULL, "Pod %s: memory %lld MiB, cpu %s", name,
				    (long long)(used >> 20), cpu ?: "?");
		}
}

/* The path of a Pod's metrics; NULL: they are disabled. */
static const char *
perf_metrics_path(const struct doctor_world *w, const json_t *pod)
{
	const json_t *m = json_object_get(pod, "metadata"), *d = json_array_get(w->lists[LIST_CONTROLLERS].items, 0);
	const char *port = doctor_flag(w->arena, d, "metricsPort", "8090");

	if (strcmp(port, "0") == 0)
		return NULL;
	return arena_printf(w->arena, "/api/v1/namespaces/%s/pods/%s:%s/proxy/metrics",
	    str_url_escape(w->arena, json_str(m, "namespace") ?: ""),
	    str_url_escape(w->arena, json_str(m, "name") ?: ""), str_url_escape(w->arena, port));
}

static void
perf_probe_metrics(const struct doctor_world *w, struct doctor_probes *p)
{
	json_t *pod;
	size_t i;

	json_array_foreach (w->lists[LIST_PODS].items, i, pod) {
		const char *path = perf_metrics_path(w, pod);

		if (path != NULL)
			doctor_probe_add(p, &(struct doctor_probe){ .kind = PROBE_HTTP, .key = path });
	}
}

/* Returns the sum of the samples of a metric in the text format of Prometheus. */
static double
perf_sum(const char *text, const char *metric)
{
	size_t n = strlen(metric);
	double sum = 0;

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n'), *space;
		size_t len = end != NULL ? (size_t)(end - line) : strlen(line);

		if (len > n && strncmp(line, metric, n) == 0 && (line[n] == '{' || line[n] == ' ') &&
		    (space = memrchr(line, ' ', len)) != NULL)
			sum += strtod(space + 1, NULL);
		line = end != NULL ? end + 1 : NULL;
	}
	return sum;
}

/* The metrics that report a problem unless they are 0. */
static const struct {
	const char *metric;
	enum doctor_level level;
	const char *text, *todo;
} perf_rows[] = {
	{ "sluice_unreadable_object", DOCTOR_PROBLEM,
	    "objects cannot be decoded; everything that depends on them waits",
	    "sluice logs --level error names them; kubectl edit corrects them" },
	{ "sluice_dropped_events_total", DOCTOR_NOTE, "Events were dropped",
	    "the API server refuses them, or there are too many: sluice logs --level warn" },
	{ "rollout_reconcile_error", DOCTOR_NOTE, "reconciliations of Rollouts failed and were repeated",
	    "sluice logs --level warn" },
};

/* The times that are shown: the sum and the number of observations. */
static const struct {
	const char *sum, *count, *text;
} perf_times[] = {
	{ "rollout_reconcile_sum", "rollout_reconcile_count", "reconciliation of a Rollout" },
	{ "argocd_app_reconcile_sum", "argocd_app_reconcile_count", "refresh of an Application" },
	{ "gotk_reconcile_duration_seconds_sum", "gotk_reconcile_duration_seconds_count",
	    "reconciliation of a Flux object" },
};

static void
perf_find_pod_metrics(struct doctor_findings *f, const char *name, const char *text)
{
	double syncs = perf_sum(text, "argocd_app_sync_total");

	for (size_t i = 0; i < ARRAY_SIZE(perf_rows); i++) {
		double n = perf_sum(text, perf_rows[i].metric);

		if (n > 0)
			doctor_add(
			    f, perf_rows[i].level, perf_rows[i].todo, "Pod %s: %.0f %s", name, n, perf_rows[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(perf_times); i++) {
		double n = perf_sum(text, perf_times[i].count);

		if (n > 0)
			doctor_add(f, DOCTOR_OK, NULL, "Pod %s: a %s takes %.3f s on average (%.0f)", name,
			    perf_times[i].text, perf_sum(text, perf_times[i].sum) / n, n);
	}
	doctor_add(f, DOCTOR_OK, NULL, "Pod %s: %.0f keys in the queue, %.0f syncs ended", name,
	    perf_sum(text, "workqueue_depth"), syncs);
}

static void
perf_find_metrics(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_PODS);
	json_t *pod;
	size_t i;

	json_array_foreach (items, i, pod) {
		const char *path = perf_metrics_path(w, pod), *name = doctor_name(w->arena, pod);
		const struct doctor_probe *p = path != NULL ? doctor_probed(w, PROBE_HTTP, path) : NULL;

		if (path == NULL)
			doctor_add(f, DOCTOR_NOTE, NULL, "metrics are disabled (--metricsPort 0)");
		else if (p == NULL || p->error != NULL || p->status != 200)
			doctor_add(f, DOCTOR_UNKNOWN, NULL, "the metrics of Pod %s cannot be read: %s", name,
			    p == NULL ? "too many probes"
			    : p->error != NULL
				? p->error
				: arena_printf(w->arena, "status %d of the API server's proxy", p->status));
		else
			perf_find_pod_metrics(f, name, p->text);
	}
}
