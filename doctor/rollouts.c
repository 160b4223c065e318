/* doctor/rollouts.c: Rollouts that do not advance, and the Prometheus servers that their analyses query. */
#include <string.h>
#include "base/time.h"
#include "doctor/sections.h"

#define PAUSED_MS (24 * 3600 * 1000ll)
#define LAG_MS (2 * 60 * 1000ll) /* without a reconciliation of the last change */

static void rollouts_find(const struct doctor_world *, struct doctor_findings *);
static void rollouts_probe_prometheus(const struct doctor_world *, struct doctor_probes *);
static void rollouts_find_prometheus(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "rollouts", READS(LIST_ROLLOUTS), NULL, rollouts_find },
	{ "prometheus", READS(LIST_TEMPLATES) | READS(LIST_CLUSTER_TEMPLATES), rollouts_probe_prometheus,
	    rollouts_find_prometheus },
	{ 0 },
};

const struct doctor_section doctor_rollouts = { "rollouts", "Rollouts", NULL, checks, false };

/* Whether the last change of the spec was not reconciled in time. The status has the generation as text. */
static bool
rollouts_lags(const struct doctor_world *w, const json_t *ro)
{
	const json_t *m = json_object_get(ro, "metadata");
	const char *observed = json_str(json_object_get(ro, "status"), "observedGeneration"),
		   *created = json_str(m, "creationTimestamp");
	long long seen = 0;
	int64_t at;

	if (observed != NULL)
		return str_int(observed, 0, INT64_MAX, &seen) && seen < json_int(m, "generation", 0);
	return created != NULL && time_parse(created, &at) && w->now - at > LAG_MS;
}

static int64_t
rollouts_paused_since(const json_t *ro)
{
	const char *at = json_string_value(json_at(ro, "/status/pauseConditions/0/startTime"));
	int64_t ms;

	return at != NULL && time_parse(at, &ms) ? ms : 0;
}

static void
rollouts_find_one(const struct doctor_world *w, struct doctor_findings *f, const json_t *ro)
{
	const json_t *status = json_object_get(ro, "status"), *m = json_object_get(ro, "metadata");
	const char *name = doctor_name(w->arena, ro), *phase = json_str(status, "phase"),
		   *message = json_str(status, "message") ?: "",
		   *args =
		       arena_printf(w->arena, "%s -n %s", json_str(m, "name") ?: "", json_str(m, "namespace") ?: "");
	int64_t paused = rollouts_paused_since(ro);

	if (rollouts_lags(w, ro))
		doctor_add(f, DOCTOR_PROBLEM,
		    "check that a controller runs (sluice doctor check), and that --instance-id is the Rollout's",
		    "%s: its last change was not reconciled", name);
	else if (json_is_true(json_object_get(status, "abort")))
		doctor_add(f, DOCTOR_PROBLEM,
		    arena_printf(w->arena,
			"sluice get rollout %s shows why; then change the image, or: sluice retry rollout %s", args,
			args),
		    "%s: its update was aborted: %s", name, message);
	else if (str_eq(phase, "Degraded"))
		doctor_add(f, DOCTOR_PROBLEM, arena_printf(w->arena, "sluice get rollout %s", args),
		    "%s is Degraded: %s", name, message);
	else if (paused != 0 && w->now - paused > PAUSED_MS)
		doctor_add(f, DOCTOR_NOTE, arena_printf(w->arena, "sluice promote %s, or sluice abort %s", args, args),
		    "%s is paused for %s", name, duration_human(w->arena, w->now - paused));
}

static void
rollouts_find(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_ROLLOUTS);
	json_t *ro;
	size_t i;

	json_array_foreach (items, i, ro)
		rollouts_find_one(w, f, ro);
	if (items != NULL && f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(
		    f, DOCTOR_OK, NULL, "%zu Rollouts, none of which is degraded or aborted", json_array_size(items));
}

/* Returns the URL of a request that shows whether a Prometheus server responds: of a Service by way of the API server,
 * which reaches it from here too. */
static const char *
rollouts_prometheus_url(struct arena *a, const char *address)
{
	const char *host = strstr(address, "://") != NULL ? strstr(address, "://") + 3 : address, *dot, *svc, *port;
	bool tls = str_starts(address, "https://");
	size_t n = strcspn(host, ":/");

	dot = memchr(host, '.', n);
	svc = dot != NULL ? strstr(dot, ".svc") : NULL;
	if (svc == NULL || svc >= host + n)
		return arena_printf(a, "%s/api/v1/query?query=1", address);
	port = host[n] == ':' ? arena_strndup(a, host + n + 1, strspn(host + n + 1, "0123456789")) : tls ? "443" : "80";
	return arena_printf(a, "/api/v1/namespaces/%s/services/%s:%s:%s/proxy/api/v1/query?query=1",
	    str_url_escape(a, arena_strndup(a, dot + 1, (size_t)(svc - dot) - 1)), tls ? "https" : "http",
	    str_url_escape(a, arena_strndup(a, host, (size_t)(dot - host))), port);
}

/* Calls `each` for each address in templates that is no template itself. */
static void
rollouts_each_prometheus(
    const struct doctor_world *w, void (*each)(const struct doctor_world *, const char *address, void *arg), void *arg)
{
	static const enum doctor_list lists[] = { LIST_TEMPLATES, LIST_CLUSTER_TEMPLATES };
	json_t *template, *metric;
	size_t i, k;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (w->lists[lists[l]].items, i, template)
			json_array_foreach (json_at(template, "/spec/metrics"), k, metric) {
				const char *address =
				    json_string_value(json_at(metric, "/provider/prometheus/address"));

				if (address != NULL && strstr(address, "{{") == NULL &&
				    strpbrk(address, "?#@ ") == NULL &&
				    (str_starts(address, "http://") || str_starts(address, "https://")))
					each(w, address, arg);
			}
}

/* Whether the run of all sections leaves out this URL. That of a Service is a path of the API server. */
static bool
rollouts_is_private(const struct doctor_world *w, const char *url)
{
	return url[0] != '/' && doctor_is_private(w, url);
}

static void
rollouts_add_prometheus(const struct doctor_world *w, const char *address, void *arg)
{
	const char *url = rollouts_prometheus_url(w->arena, address);

	if (!rollouts_is_private(w, url))
		doctor_probe_add(
		    arg, &(struct doctor_probe){ .kind = PROBE_HTTP, .key = url, .foreign = w->all && url[0] != '/' });
}

static void
rollouts_probe_prometheus(const struct doctor_world *w, struct doctor_probes *p)
{
	rollouts_each_prometheus(w, rollouts_add_prometheus, p);
}

struct prometheus_findings {
	struct doctor_findings *findings;
	const char *seen; /* addresses, a line each */
};

static void
rollouts_find_one_prometheus(const struct doctor_world *w, const char *address, void *arg)
{
	const char *url = rollouts_prometheus_url(w->arena, address);
	const struct doctor_probe *p = doctor_probed(w, PROBE_HTTP, url);
	struct prometheus_findings *all = arg;
	const char *line = arena_printf(w->arena, "\n%s\n", address);

	if (strstr(all->seen, line) != NULL)
		return;
	all->seen = arena_printf(w->arena, "%s%s", all->seen, line);
	if (rollouts_is_private(w, url))
		doctor_add(all->findings, DOCTOR_UNKNOWN, "sluice doctor rollouts",
		    "Prometheus %s was not requested: it is an address of this machine", address);
	else if (p == NULL || (p->error == NULL && p->status == 403))
		doctor_add(all->findings, DOCTOR_UNKNOWN, NULL, "%s: the API server does not permit you to request it",
		    address);
	else if (p->error != NULL || p->status != 200)
		doctor_add(all->findings, DOCTOR_PROBLEM,
		    "correct provider.prometheus.address, or start Prometheus: analyses that query it fail",
		    "Prometheus %s does not respond: %s", address,
		    p->error != NULL ? p->error : arena_printf(w->arena, "status %d", p->status));
	else
		doctor_add(all->findings, DOCTOR_OK, NULL, "Prometheus %s responds", address);
}

static void
rollouts_find_prometheus(const struct doctor_world *w, struct doctor_findings *f)
{
	struct prometheus_findings all = { f, "" };

	doctor_items(w, f, LIST_TEMPLATES);
	rollouts_each_prometheus(w, rollouts_find_one_prometheus, &all);
}
