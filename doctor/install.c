/* doctor/install.c: the API server, the definitions, and the controller: its Deployment, Pods, Lease and clock, and
 * webhooks of others that its writes pass. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "doctor/sections.h"

#define MINOR_MIN 22 /* server-side apply is stable, and Events are of their current version */
#define SKEW_NOTE_MS 5000
#define SKEW_MS 15000 /* the default duration of a Lease */
#define RESTARTS 5
#define APPLY "kubectl apply --server-side -k deploy/"

static void install_version(const struct doctor_world *, struct doctor_findings *);
static void install_clock(const struct doctor_world *, struct doctor_findings *);
static void install_definitions(const struct doctor_world *, struct doctor_findings *);
static void install_controllers(const struct doctor_world *, struct doctor_findings *);
static void install_pods(const struct doctor_world *, struct doctor_findings *);
static void install_lease(const struct doctor_world *, struct doctor_findings *);
static void install_webhooks(const struct doctor_world *, struct doctor_findings *);
static void install_probe_permissions(const struct doctor_world *, struct doctor_probes *);
static void install_permissions(const struct doctor_world *, struct doctor_findings *);
static void install_probe_webhooks(const struct doctor_world *, struct doctor_probes *);

static const struct doctor_check checks[] = {
	{ "version", 0, NULL, install_version },
	{ "clock", 0, NULL, install_clock },
	{ "definitions",
	    READS(LIST_CONTROLLERS) | READS(LIST_DEFINITIONS) | READS(LIST_ROLLOUTS) | READS(LIST_TEMPLATES) |
		READS(LIST_CLUSTER_TEMPLATES) | READS(LIST_APPLICATIONS) | READS(LIST_GIT_REPOSITORIES) |
		READS(LIST_HELM_REPOSITORIES) | READS(LIST_KUSTOMIZATIONS) | READS(LIST_HELM_RELEASES),
	    NULL, install_definitions },
	{ "controllers", READS(LIST_CONTROLLERS), NULL, install_controllers },
	{ "pods", READS(LIST_PODS), NULL, install_pods },
	{ "lease", READS(LIST_CONTROLLERS) | READS(LIST_LEASES), NULL, install_lease },
	{ "webhooks", READS(LIST_VALIDATING) | READS(LIST_MUTATING), install_probe_webhooks, install_webhooks },
	{ 0 },
};

static const struct doctor_check pre_checks[] = {
	{ "version", 0, NULL, install_version },
	{ "clock", 0, NULL, install_clock },
	{ "permissions", 0, install_probe_permissions, install_permissions },
	{ 0 },
};

const struct doctor_section doctor_before_install = { "pre", "Before the installation", NULL, pre_checks, true };
const struct doctor_section doctor_install = { "check", "Installation", NULL, checks, false };

static void
install_version(const struct doctor_world *w, struct doctor_findings *f)
{
	const char *v = w->server_version, *dot = v != NULL ? strchr(v, '.') : NULL;
	long major = v != NULL ? strtol(v + (v[0] == 'v'), NULL, 10) : 0,
	     minor = dot != NULL ? strtol(dot + 1, NULL, 10) : 0;

	if (v == NULL)
		doctor_add(f, DOCTOR_UNKNOWN, NULL, "the API server did not respond with its version");
	else if (major < 1 || (major == 1 && minor < MINOR_MIN))
		doctor_add(
		    f, DOCTOR_PROBLEM, "upgrade the cluster", "Kubernetes is %s; the minimum is 1.%d", v, MINOR_MIN);
	else
		doctor_add(f, DOCTOR_OK, NULL, "Kubernetes %s", v);
}

static void
install_clock(const struct doctor_world *w, struct doctor_findings *f)
{
	int64_t skew = w->server_date - w->now, far = skew < 0 ? -skew : skew;

	if (w->server_date == 0) {
		doctor_add(f, DOCTOR_UNKNOWN, NULL, "the API server sent no date");
		return;
	}
	if (far < SKEW_NOTE_MS)
		doctor_add(f, DOCTOR_OK, NULL, "the API server's clock is that of this machine");
	else
		doctor_add(f, far < SKEW_MS ? DOCTOR_NOTE : DOCTOR_PROBLEM,
		    "synchronize the clocks (NTP): Leases, pauses and deadlines depend on them",
		    "the API server's clock is %lld s %s that of this machine", (long long)(far / 1000),
		    skew < 0 ? "behind" : "ahead of");
}

/* Returns the definition of a list's kind; NULL: it does not exist, or definitions cannot be listed. */
static const json_t *
install_definition(const struct doctor_world *w, const struct doctor_list_row *row)
{
	const char *name = arena_printf(w->arena, "%s.%s", row->plural, row->group);
	json_t *d;
	size_t i;

	json_array_foreach (w->lists[LIST_DEFINITIONS].items, i, d)
		if (str_eq(json_str(json_object_get(d, "metadata"), "name"), name))
			return d;
	return NULL;
}

static const char *
install_versions(struct arena *a, const json_t *definition)
{
	const char *text = "";
	json_t *v;
	size_t i;

	json_array_foreach (json_at(definition, "/spec/versions"), i, v)
		if (json_is_true(json_object_get(v, "served")))
			text = arena_printf(
			    a, "%s%s%s", text, text[0] != '\0' ? ", " : " in ", json_str(v, "name") ?: "?");
	return text;
}

static void
install_definitions(const struct doctor_world *w, struct doctor_findings *f)
{
	static const struct {
		enum doctor_list list;
		const char *controller, *apply; /* which needs it, and what installs it */
	} rows[] = {
		{ LIST_ROLLOUTS, NULL, APPLY },
		{ LIST_TEMPLATES, NULL, APPLY },
		{ LIST_CLUSTER_TEMPLATES, NULL, APPLY },
		{ LIST_APPLICATIONS, "gitops", "kubectl apply --server-side -k deploy/gitops" },
		{ LIST_GIT_REPOSITORIES, "flux", "kubectl apply --server-side -k deploy/gitops/flux" },
		{ LIST_KUSTOMIZATIONS, "flux", "kubectl apply --server-side -k deploy/gitops/flux" },
		{ LIST_HELM_REPOSITORIES, "flux", "kubectl apply --server-side -k deploy/gitops/flux" },
		{ LIST_HELM_RELEASES, "flux", "kubectl apply --server-side -k deploy/gitops/flux" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct doctor_list_row *row = &doctor_lists[rows[i].list];
		const struct doctor_items *l = &w->lists[rows[i].list];
		const char *kind = arena_printf(w->arena, "%s.%s", row->plural, row->group);

		if (l->served)
			doctor_add(f, DOCTOR_OK, NULL, "%s is served%s", kind,
			    install_versions(w->arena, install_definition(w, row)));
		else if (l->error == NULL && (rows[i].controller == NULL || doctor_runs(w, rows[i].controller)))
			doctor_add(f, DOCTOR_PROBLEM, rows[i].apply, "the API server does not serve %s", kind);
	}
}

static void
install_controllers(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_CONTROLLERS);
	size_t i, ours = 0;
	json_t *d;

	json_array_foreach (items, i, d) {
		const json_t *status = json_object_get(d, "status");
		long long desired = json_int(json_object_get(d, "spec"), "replicas", 1),
			  ready = json_int(status, "readyReplicas", 0);
		const char *name = doctor_name(w->arena, d);

		if (!doctor_is_sluice(d)) {
			if (desired > 0 && doctor_runs(w, "rollouts"))
				doctor_add(f, DOCTOR_PROBLEM,
				    arena_printf(w->arena,
					"scale it to 0 before Sluice takes over: kubectl scale deployment %s "
					"--replicas 0",
					name),
				    "Argo Rollouts runs too (Deployment %s): two controllers act on the same Rollouts",
				    name);
			continue;
		}
		ours++;
		if (desired == 0)
			doctor_add(f, DOCTOR_PROBLEM, "scale it up", "Deployment %s has 0 replicas", name);
		else if (ready < desired)
			doctor_add(f, DOCTOR_PROBLEM,
			    arena_printf(w->arena, "kubectl describe pods -l app.kubernetes.io/name=sluice -n %s",
				json_str(json_object_get(d, "metadata"), "namespace") ?: ""),
			    "Deployment %s: %lld of %lld replicas are ready", name, ready, desired);
		else
			doctor_add(f, DOCTOR_OK, NULL, "Deployment %s: %lld of %lld replicas are ready; %s, image %s",
			    name, ready, desired, doctor_flag(w->arena, d, "controllers", "rollouts"),
			    json_string_value(json_at(d, "/spec/template/spec/containers/0/image")) ?: "?");
	}
	if (items != NULL && ours == 0)
		doctor_add(f, DOCTOR_PROBLEM, APPLY,
		    "no Deployment has the label app.kubernetes.io/name=sluice: no controller runs in the cluster");
}

static void
install_pod(const struct doctor_world *w, struct doctor_findings *f, const json_t *pod)
{
	const char *name = doctor_name(w->arena, pod),
		   *logs = arena_printf(w->arena, "sluice logs --level warn -n %s",
		       json_str(json_object_get(pod, "metadata"), "namespace") ?: "");
	json_t *c;
	size_t i;

	json_array_foreach (json_at(pod, "/status/containerStatuses"), i, c) {
		const char *waiting = json_string_value(json_at(c, "/state/waiting/reason")),
			   *last = json_string_value(json_at(c, "/lastState/terminated/reason"));
		long long restarts = json_int(c, "restartCount", 0);

		if (waiting != NULL && strcmp(waiting, "ContainerCreating") != 0)
			doctor_add(f, DOCTOR_PROBLEM, logs, "Pod %s: %s: %s", name, waiting,
			    json_string_value(json_at(c, "/state/waiting/message")) ?: "");
		if (str_eq(last, "OOMKilled"))
			doctor_add(f, DOCTOR_PROBLEM,
			    "raise resources.limits.memory; docs/gitops.md says what the workers need",
			    "Pod %s was killed because it used too much memory", name);
		else if (restarts >= RESTARTS)
			doctor_add(f, DOCTOR_PROBLEM, logs, "Pod %s restarted %lld times%s%s", name, restarts,
			    last != NULL ? "; the last time: " : "", last ?: "");
	}
}

static void
install_pods(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_PODS);
	json_t *pod;
	size_t i;

	json_array_foreach (items, i, pod)
		install_pod(w, f, pod);
	if (json_array_size(items) > 0 && f->of_check[DOCTOR_PROBLEM] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "%zu Pods, none of which restarts", json_array_size(items));
}

static void
install_lease(const struct doctor_world *w, struct doctor_findings *f)
{
	const json_t *items = doctor_items(w, f, LIST_LEASES);
	int64_t now = w->server_date != 0 ? w->server_date : w->now, renewed;
	json_t *lease;
	size_t i;

	json_array_foreach (items, i, lease) {
		const json_t *spec = json_object_get(lease, "spec");
		const char *holder = json_str(spec, "holderIdentity"), *at = json_str(spec, "renewTime"),
			   *name = doctor_name(w->arena, lease);
		int64_t lasts = 1000 * json_int(spec, "leaseDurationSeconds", 15);

		if (str_empty(holder) || at == NULL || !time_parse(at, &renewed))
			doctor_add(f, DOCTOR_NOTE, NULL,
			    "Lease %s has no holder; a controller acquires it within seconds", name);
		else if (now - renewed > 2 * lasts)
			doctor_add(f, DOCTOR_PROBLEM, "check that a Pod of the controller runs: sluice doctor check",
			    "Lease %s was renewed %s ago, by %s: no controller is the leader", name,
			    duration_human(w->arena, now - renewed), holder);
		else
			doctor_add(f, DOCTOR_OK, NULL, "the leader is %s", holder);
	}
	if (items != NULL && json_array_size(items) == 0 && json_array_size(w->lists[LIST_CONTROLLERS].items) > 0)
		doctor_add(f, DOCTOR_NOTE, NULL,
		    "there is no Lease argo-rollouts-controller-lock: leader election is disabled, or has another name "
		    "(--instance-id)");
}

/* Calls `each` for each webhook that must respond, and is a Service of the cluster. */
static void
install_each_webhook(const struct doctor_world *w,
    void (*each)(const struct doctor_world *, const char *name, const char *path, void *arg), void *arg)
{
	static const enum doctor_list lists[] = { LIST_VALIDATING, LIST_MUTATING };
	json_t *configuration, *hook;
	size_t i, k;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (w->lists[lists[l]].items, i, configuration)
			json_array_foreach (json_object_get(configuration, "webhooks"), k, hook) {
				const json_t *service = json_at(hook, "/clientConfig/service");
				const char *ns = json_str(service, "namespace"), *name = json_str(service, "name");

				if (ns != NULL && name != NULL && !str_eq(json_str(hook, "failurePolicy"), "Ignore"))
					each(w, json_str(hook, "name") ?: "",
					    arena_printf(w->arena, "/api/v1/namespaces/%s/endpoints/%s",
						str_url_escape(w->arena, ns), str_url_escape(w->arena, name)),
					    arg);
			}
}

static void
install_add_webhook(const struct doctor_world *w, const char *name, const char *path, void *arg)
{
	(void)w;
	(void)name;
	doctor_probe_add(arg, &(struct doctor_probe){ .kind = PROBE_HTTP, .key = path });
}

static void
install_probe_webhooks(const struct doctor_world *w, struct doctor_probes *p)
{
	install_each_webhook(w, install_add_webhook, p);
}

/* Returns whether Endpoints (JSON) have an address that is ready. */
static bool
install_has_address(const char *endpoints)
{
	_cleanup_(json_decrefp) json_t *j = json_loads(endpoints, 0, NULL);
	bool has = false;
	json_t *subset;
	size_t i;

	json_array_foreach (json_object_get(j, "subsets"), i, subset)
		has |= json_array_size(json_object_get(subset, "addresses")) > 0;
	return has;
}

static void
install_find_webhook(const struct doctor_world *w, const char *name, const char *path, void *arg)
{
	const struct doctor_probe *p = doctor_probed(w, PROBE_HTTP, path);
	struct doctor_findings *f = arg;

	if (p == NULL || p->error != NULL || p->status == 403)
		doctor_add(f, DOCTOR_UNKNOWN, NULL, "webhook %s: its Endpoints cannot be read", name);
	else if (p->status == 404 || (p->status == 200 && !install_has_address(p->text)))
		doctor_add(f, DOCTOR_PROBLEM,
		    "repair its Deployment, or delete the webhook configuration of an operator that is no longer "
		    "installed",
		    "webhook %s must respond, and its Service has no ready Pod: writes that it selects are refused",
		    name);
}

static void
install_webhooks(const struct doctor_world *w, struct doctor_findings *f)
{
	if (doctor_items(w, f, LIST_VALIDATING) == NULL && doctor_items(w, f, LIST_MUTATING) == NULL)
		return;
	install_each_webhook(w, install_find_webhook, f);
	if (f->of_check[DOCTOR_PROBLEM] == 0 && f->of_check[DOCTOR_UNKNOWN] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "no webhook of the cluster is without a Pod");
}

/* The objects that `kubectl apply -k deploy/` creates. */
static const struct {
	const char *group, *resource, *ns;
} install_creates[] = {
	{ "apiextensions.k8s.io", "customresourcedefinitions", "" },
	{ "rbac.authorization.k8s.io", "clusterroles", "" },
	{ "rbac.authorization.k8s.io", "clusterrolebindings", "" },
	{ "", "namespaces", "" },
	{ "apps", "deployments", "argo-rollouts" },
};

static void
install_probe_permissions(const struct doctor_world *w, struct doctor_probes *p)
{
	(void)w;
	for (size_t i = 0; i < ARRAY_SIZE(install_creates); i++)
		doctor_probe_access(p, NULL, "create", install_creates[i].group, install_creates[i].resource, "",
		    install_creates[i].ns);
}

static void
install_permissions(const struct doctor_world *w, struct doctor_findings *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(install_creates); i++) {
		const struct doctor_probe *p = doctor_probed_access(w, NULL, "create", install_creates[i].group,
		    install_creates[i].resource, "", install_creates[i].ns);

		if (p == NULL || p->error != NULL)
			doctor_add(f, DOCTOR_UNKNOWN, NULL, "whether you may create %s: %s",
			    install_creates[i].resource, p != NULL ? p->error : "it was not requested");
		else if (!p->allowed)
			doctor_add(f, DOCTOR_PROBLEM, "install with the permissions of a cluster administrator",
			    "you may not create %s", install_creates[i].resource);
	}
	if (f->of_check[DOCTOR_PROBLEM] + f->of_check[DOCTOR_UNKNOWN] == 0)
		doctor_add(f, DOCTOR_OK, NULL, "you may create what deploy/ contains");
}
