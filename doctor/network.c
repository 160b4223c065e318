/* doctor/network.c: names of the servers of Git, charts and registries, and the latency of the API server. The names
 * are resolved by the machine of the command; the finding says how to resolve them in the cluster. */
#include <string.h>
#include "doctor/sections.h"

#define SLOW_MS 1000

static void network_find_api(const struct doctor_world *, struct doctor_findings *);
static void network_probe_names(const struct doctor_world *, struct doctor_probes *);
static void network_find_names(const struct doctor_world *, struct doctor_findings *);

static const struct doctor_check checks[] = {
	{ "api", 0, NULL, network_find_api },
	{ "names",
	    READS(LIST_APPLICATIONS) | READS(LIST_GIT_REPOSITORIES) | READS(LIST_HELM_REPOSITORIES) |
		READS(LIST_OCI_REPOSITORIES),
	    network_probe_names, network_find_names },
	{ 0 },
};

const struct doctor_section doctor_network = { "network", "Network", NULL, checks, false };

static void
network_find_api(const struct doctor_world *w, struct doctor_findings *f)
{
	if (w->latency_ms > SLOW_MS)
		doctor_add(f, DOCTOR_NOTE, "check the network, or the load of the API server",
		    "the API server responds after %lld ms", (long long)w->latency_ms);
	else
		doctor_add(f, DOCTOR_OK, NULL, "the API server responds after %lld ms", (long long)w->latency_ms);
}

static void
network_add(const struct doctor_world *w, struct doctor_probes *p, const char *url)
{
	const char *host = url != NULL ? doctor_host(w->arena, url) : NULL;

	if (host != NULL && strchr(host, ':') == NULL)
		doctor_probe_add(p, &(struct doctor_probe){ .kind = PROBE_NAME, .key = host });
}

static void
network_add_urls(const struct doctor_world *w, struct doctor_probes *p, enum doctor_list list)
{
	json_t *o;
	size_t i;

	json_array_foreach (w->lists[list].items, i, o)
		network_add(w, p, json_string_value(json_at(o, "/spec/url")));
}

static void
network_probe_names(const struct doctor_world *w, struct doctor_probes *p)
{
	json_t *o, *source;
	size_t i, k;

	json_array_foreach (w->lists[LIST_APPLICATIONS].items, i, o) {
		network_add(w, p, json_string_value(json_at(o, "/spec/source/repoURL")));
		json_array_foreach (json_at(o, "/spec/sources"), k, source)
			network_add(w, p, json_str(source, "repoURL"));
	}
	network_add_urls(w, p, LIST_GIT_REPOSITORIES);
	network_add_urls(w, p, LIST_HELM_REPOSITORIES);
	network_add_urls(w, p, LIST_OCI_REPOSITORIES);
}

static void
network_find_names(const struct doctor_world *w, struct doctor_findings *f)
{
	for (size_t i = 0; w->probes != NULL && i < w->probes->n; i++) {
		const struct doctor_probe *p = &w->probes->at[i];

		if (p->kind != PROBE_NAME || !p->made)
			continue;
		if (p->error != NULL)
			doctor_add(f, DOCTOR_PROBLEM,
			    arena_printf(w->arena,
				"check the name and DNS; in the cluster: kubectl run dns --rm -it --image "
				"curlimages/curl -- curl -sI https://%s",
				p->key),
			    "%s: %s", p->key, p->error);
		else
			doctor_add(f, DOCTOR_OK, NULL, "%s resolves here", p->key);
	}
}
