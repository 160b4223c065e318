/* tests/unit/doctor/findings.c: the findings of each check in a world, as the lines that are printed. */
#include "base/time.h"
#include "doctor/sections.h"
#include "tests/unit/unit.h"

#define NOW "2026-12-01T12:00:00Z"

/* Reads a world: lists by the plural of their kind, `name`, `repository`, `all`, `version`, and `probes`, by key: an
 * error ("refused"), true or false of an access, or {status, text}. */
static void
world_read_probe(struct doctor_probe *p, const json_t *result)
{
	p->made = true;
	p->error = json_string_value(result);
	p->allowed = json_is_true(result);
	p->status = (int)json_int(result, "status", 0);
	p->text = json_str(result, "text") ?: "";
}

static struct doctor_world
world_read(struct arena *a, const json_t *doc)
{
	struct doctor_world w = { .arena = a,
		.server_version = json_str(doc, "version"),
		.name = json_str(doc, "name"),
		.repository = json_str(doc, "repository"),
		.all = json_is_true(json_object_get(doc, "all")),
		.latency_ms = json_int(doc, "latency", 5) };

	assert_true(time_parse(NOW, &w.now));
	w.server_date = w.now + 1000 * json_int(doc, "skew", 0);
	for (size_t i = 0; i < LIST_MAX; i++) {
		const char *key = doctor_lists[i].plural;
		const json_t *list = json_object_get(doc, i == LIST_POD_METRICS	  ? "podmetrics"
							  : i == LIST_CONTROLLERS ? "controllers"
							  : i == LIST_SERVERS	  ? "servers"
										  : key);

		w.lists[i].items = json_is_array(list) ? list : NULL;
		w.lists[i].error = json_string_value(list);
		w.lists[i].served = json_is_array(list);
	}
	return w;
}

/* Returns the findings of a section in a world, without its title. */
static const char *
found(struct arena *a, const struct doctor_section *s, const char *text)
{
	_cleanup_(json_decrefp) json_t *doc = yaml(a, text);
	struct doctor_world w = world_read(a, doc);
	struct doctor_probes *probes = arena_alloc(a, sizeof(*probes));
	struct doctor_findings f = { .arena = a };

	probes->arena = a;
	doctor_probe(s, &w, probes);
	for (size_t i = 0; i < probes->n; i++) {
		const json_t *result = json_object_get(json_object_get(doc, "probes"), probes->at[i].key);

		if (result == NULL)
			result = json_object_get(json_object_get(doc, "probes"), "*");
		if (result != NULL)
			world_read_probe(&probes->at[i], result);
	}
	w.probes = probes;
	doctor_find(s, &w, &f);
	return strchr(doctor_text(a, s, &f), '\n') + 1;
}

static void
expect(const struct doctor_section *s, const char *world, const char *want)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *got = found(a, s, world);

	if (strstr(got, want) == NULL)
		fail_msg("world:\n%s\nwant:\n%s\ngot:\n%s", world, want, got);
}

static void
expect_not(const struct doctor_section *s, const char *world, const char *unwanted)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *got = found(a, s, world);

	if (strstr(got, unwanted) != NULL)
		fail_msg("world:\n%s\nunwanted:\n%s\ngot:\n%s", world, unwanted, got);
}

#define SLUICE                                                                                                         \
	"controllers:\n- metadata: {name: sluice, namespace: argo-rollouts, labels: {app.kubernetes.io/name: "         \
	"sluice}}\n"

static void
an_old_api_server_is_a_problem(void **state)
{
	(void)state;
	expect(
	    &doctor_install, "version: v1.21.3", "problem  version        Kubernetes is v1.21.3; the minimum is 1.22");
	expect(&doctor_install, "version: v1.33.0", "ok       version        Kubernetes v1.33.0");
	expect(&doctor_install, "{}", "unknown  version");
}

static void
clocks_that_differ_by_a_lease_are_a_problem(void **state)
{
	(void)state;
	expect(&doctor_install, "skew: 2", "ok       clock");
	expect(&doctor_install, "skew: 6", "note     clock          the API server's clock is 6 s ahead of");
	expect(&doctor_install, "skew: -20", "problem  clock          the API server's clock is 20 s behind");
}

static void
a_definition_is_needed_by_the_controllers_that_run(void **state)
{
	(void)state;
	expect(&doctor_install, SLUICE "rollouts: []", "ok       definitions    rollouts.argoproj.io is served");
	expect(&doctor_install, SLUICE, "problem  definitions    the API server does not serve rollouts.argoproj.io\n");
	expect_not(&doctor_install, SLUICE, "applications.argoproj.io");
	expect(&doctor_install,
	    SLUICE "  spec: {template: {spec: {containers: [{args: [controller, '--controllers=rollouts,gitops']}]}}}",
	    "problem  definitions    the API server does not serve applications.argoproj.io\n"
	    "                        -> kubectl apply --server-side -k deploy/gitops\n");
	expect(&doctor_install, SLUICE "  spec: {template: {spec: {containers: [{args: ['--controllers=flux']}]}}}",
	    "problem  definitions    the API server does not serve helmreleases.helm.toolkit.fluxcd.io\n"
	    "                        -> kubectl apply --server-side -k deploy/gitops/flux\n");
	expect(&doctor_install,
	    "rollouts: []\ncustomresourcedefinitions: [{metadata: {name: rollouts.argoproj.io}, spec: {versions: "
	    "[{name: v1alpha1, served: true}, {name: v1, served: false}]}}]",
	    "rollouts.argoproj.io is served in v1alpha1\n");
}

static void
a_controller_has_all_replicas_and_no_rival(void **state)
{
	(void)state;
	expect(&doctor_install, SLUICE "  spec: {replicas: 2}\n  status: {readyReplicas: 1}",
	    "problem  controllers    Deployment argo-rollouts/sluice: 1 of 2 replicas are ready\n");
	expect(&doctor_install, SLUICE "  spec: {replicas: 2}\n  status: {readyReplicas: 2}", "ok       controllers");
	expect(&doctor_install, SLUICE "  spec: {replicas: 0}", "has 0 replicas");
	expect(&doctor_install, "controllers: []", "problem  controllers    no Deployment has the label");
	expect(&doctor_install,
	    SLUICE "- metadata: {name: argo-rollouts, namespace: a, labels: {app.kubernetes.io/name: argo-rollouts}}",
	    "problem  controllers    Argo Rollouts runs too (Deployment a/argo-rollouts)");
	expect_not(&doctor_install,
	    SLUICE "- metadata: {name: argo-rollouts, namespace: a, labels: {app.kubernetes.io/name: argo-rollouts}}\n"
		   "  spec: {replicas: 0}",
	    "Argo Rollouts runs too");
	expect(&doctor_install, "controllers: no permission",
	    "unknown  controllers    deployments.apps cannot be listed: no permission");
}

static void
a_pod_that_cannot_start_or_was_killed_is_a_problem(void **state)
{
	(void)state;
	expect(&doctor_install,
	    "pods: [{metadata: {name: p, namespace: n}, status: {containerStatuses: [{state: {waiting: {reason: "
	    "ImagePullBackOff, message: no such image}}}]}}]",
	    "problem  pods           Pod n/p: ImagePullBackOff: no such image\n");
	expect(&doctor_install,
	    "pods: [{metadata: {name: p, namespace: n}, status: {containerStatuses: [{lastState: {terminated: {reason: "
	    "OOMKilled}}}]}}]",
	    "used too much memory");
	expect(&doctor_install,
	    "pods: [{metadata: {name: p, namespace: n}, status: {containerStatuses: [{restartCount: 5}]}}]",
	    "restarted 5 times");
	expect(&doctor_install,
	    "pods: [{metadata: {name: p, namespace: n}, status: {containerStatuses: [{restartCount: 4}]}}]",
	    "ok       pods ");
}

static void
a_lease_that_is_not_renewed_has_no_leader(void **state)
{
	(void)state;
	expect(&doctor_install,
	    "leases: [{metadata: {name: l, namespace: n}, spec: {holderIdentity: a, leaseDurationSeconds: 15, "
	    "renewTime: "
	    "'2026-12-01T11:59:50.000000Z'}}]",
	    "ok       lease          the leader is a\n");
	expect(&doctor_install,
	    "leases: [{metadata: {name: l, namespace: n}, spec: {holderIdentity: a, leaseDurationSeconds: 15, "
	    "renewTime: "
	    "'2026-12-01T11:59:00.000000Z'}}]",
	    "problem  lease          Lease n/l was renewed 60s ago, by a: no controller is the leader\n");
	expect(&doctor_install, "leases: [{metadata: {name: l, namespace: n}, spec: {holderIdentity: ''}}]",
	    "note     lease          Lease n/l has no holder");
}

#define HOOK                                                                                                           \
	"validatingwebhookconfigurations: [{webhooks: [{name: w, clientConfig: {service: {namespace: n, name: "        \
	"s}}}]}]\n"

static void
a_webhook_without_a_pod_refuses_writes(void **state)
{
	(void)state;
	expect(&doctor_install, HOOK "probes: {/api/v1/namespaces/n/endpoints/s: {status: 404}}",
	    "problem  webhooks       webhook w must respond, and its Service has no ready Pod");
	expect(&doctor_install,
	    HOOK "probes: {/api/v1/namespaces/n/endpoints/s: {status: 200, text: "
		 "'{\"subsets\":[{\"notReadyAddresses\":[]}]}'}}",
	    "problem  webhooks");
	/* The word in another place is not an address. */
	expect(&doctor_install,
	    HOOK "probes: {/api/v1/namespaces/n/endpoints/s: {status: 200, text: "
		 "'{\"metadata\":{\"labels\":{\"addresses\":\"no\"}},\"subsets\":[]}'}}",
	    "problem  webhooks");
	expect(&doctor_install,
	    HOOK
	    "probes: {/api/v1/namespaces/n/endpoints/s: {status: 200, text: '{\"subsets\":[{\"addresses\":[{}]}]}'}}",
	    "ok       webhooks");
	expect(&doctor_install, HOOK, "unknown  webhooks");
	expect(&doctor_install,
	    "mutatingwebhookconfigurations: [{webhooks: [{name: w, failurePolicy: Ignore, clientConfig: {service: "
	    "{namespace: n, name: s}}}]}]",
	    "ok       webhooks");
}

#define WEB "rollouts:\n- metadata: {name: web, namespace: shop, generation: 3}\n"

static void
a_rollout_that_does_not_advance_is_found(void **state)
{
	(void)state;
	expect(&doctor_rollouts, WEB "  status: {observedGeneration: '3', phase: Healthy}",
	    "ok       rollouts       1 Rollouts");
	expect(&doctor_rollouts, WEB "  status: {observedGeneration: '2'}",
	    "problem  rollouts       shop/web: its last change was not reconciled\n");
	expect(&doctor_rollouts, WEB "  status: {observedGeneration: '3', phase: Degraded, message: bad}",
	    "problem  rollouts       shop/web is Degraded: bad\n                        -> sluice get rollout web -n "
	    "shop\n");
	expect(&doctor_rollouts, WEB "  status: {observedGeneration: '3', phase: Degraded, abort: true, message: why}",
	    "shop/web: its update was aborted: why\n");
	expect(&doctor_rollouts,
	    WEB "  status: {observedGeneration: '3', phase: Paused, pauseConditions: [{startTime: "
		"'2026-11-29T12:00:00Z'}]}",
	    "note     rollouts       shop/web is paused for 2d");
	expect_not(&doctor_rollouts,
	    WEB "  status: {observedGeneration: '3', phase: Paused, pauseConditions: [{startTime: "
		"'2026-12-01T11:00:00Z'}]}",
	    "is paused");
	/* A new one is not late. */
	expect_not(&doctor_rollouts,
	    "rollouts: [{metadata: {name: web, namespace: shop, creationTimestamp: '2026-12-01T11:59:00Z'}}]",
	    "problem");
	expect(&doctor_rollouts,
	    "rollouts: [{metadata: {name: web, namespace: shop, creationTimestamp: '2026-12-01T11:50:00Z'}}]",
	    "was not reconciled");
}

#define TEMPLATE(address)                                                                                              \
	"analysistemplates: [{spec: {metrics: [{provider: {prometheus: {address: '" address "'}}}]}}]\n"

static void
a_prometheus_of_the_cluster_is_requested_by_way_of_the_api_server(void **state)
{
	static const char service[] =
	    "/api/v1/namespaces/monitoring/services/http:prometheus:9090/proxy/api/v1/query?query=1";
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	expect(&doctor_rollouts,
	    arena_printf(a, "%sprobes: {'%s': {status: 200}}",
		TEMPLATE("http://prometheus.monitoring.svc.cluster.local:9090"), service),
	    "ok       prometheus     Prometheus http://prometheus.monitoring.svc.cluster.local:9090 responds\n");
	expect(&doctor_rollouts,
	    arena_printf(
		a, "%sprobes: {'%s': {status: 503}}", TEMPLATE("http://prometheus.monitoring.svc:9090"), service),
	    "problem  prometheus     Prometheus http://prometheus.monitoring.svc:9090 does not respond: status 503\n");
	expect(&doctor_rollouts,
	    TEMPLATE("https://metrics.example") "probes: {'https://metrics.example/api/v1/query?query=1': refused}",
	    "does not respond: refused\n");
	expect_not(&doctor_rollouts, TEMPLATE("http://{{args.host}}"), "prometheus ");
	expect_not(&doctor_rollouts, TEMPLATE("http://inside/delete?x=") "probes: {'*': {status: 200}}", "inside");
	expect_not(&doctor_rollouts, TEMPLATE("file:///etc/passwd") "probes: {'*': {status: 200}}", "passwd");
}

#define APP "applications:\n- metadata: {name: web, namespace: argocd}\n  spec: {destination: {name: in-cluster}}\n"

static void
an_application_that_fails_is_found(void **state)
{
	(void)state;
	expect(&doctor_argocd, APP "  status: {sync: {status: Synced}, health: {status: Healthy}}",
	    "ok       applications   1 Applications");
	expect(&doctor_argocd, APP, "problem  applications   argocd/web was never compared with Git\n");
	expect(&doctor_argocd, APP "  status: {sync: {status: OutOfSync}}",
	    "note     applications   argocd/web is OutOfSync\n");
	expect(&doctor_argocd,
	    "applications: [{metadata: {name: web, namespace: argocd}, spec: {syncPolicy: {automated: {}}}, status: "
	    "{sync: "
	    "{status: OutOfSync}}}]",
	    "problem  applications   argocd/web is OutOfSync, although it is synced automatically\n");
	expect(&doctor_argocd, APP "  status: {sync: {status: Synced}, health: {status: Degraded, message: no pods}}",
	    "argocd/web is Degraded: no pods\n");
	expect(&doctor_argocd,
	    APP "  status: {sync: {status: OutOfSync}, operationState: {phase: Failed, message: refused}}",
	    "problem  applications   argocd/web: the last sync failed: refused\n");
	expect(&doctor_argocd,
	    APP "  status: {sync: {status: Unknown}, conditions: [{type: ComparisonError, message: no such path}]}",
	    "problem  applications   argocd/web: ComparisonError: no such path\n");
	expect(&doctor_argocd,
	    APP "  status: {sync: {status: Synced}, conditions: [{type: SettingsWarning, message: x}]}",
	    "note     applications   argocd/web: SettingsWarning: x\n");
	expect(&doctor_argocd, APP "name: other", "problem  applications   there is no Application \"other\"\n");
	expect_not(&doctor_argocd, APP "name: other", "argocd/web");
}

static void
a_cluster_that_no_secret_has_is_found(void **state)
{
	static const char far[] =
	    "applications: [{metadata: {name: web, namespace: argocd}, spec: {destination: {name: staging}}}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	expect(&doctor_argocd, arena_printf(a, "%ssecrets: []", far),
	    "problem  clusters       argocd/web: there is no cluster staging\n");
	expect(&doctor_argocd, arena_printf(a, "%ssecrets: [{data: {name: c3RhZ2luZw==, server: eA==}}]", far),
	    "ok       clusters");
	expect(&doctor_argocd, arena_printf(a, "%ssecrets: forbidden", far), "unknown  clusters");
	expect(&doctor_argocd,
	    "applications: [{metadata: {name: web}, spec: {destination: {server: 'https://x'}}}]\nsecrets: [{data: "
	    "{server: "
	    "aHR0cHM6Ly94Lw==}}]",
	    "ok       clusters");
}

static void
a_flux_object_that_is_not_ready_is_found(void **state)
{
	(void)state;
	expect(&doctor_flux,
	    "kustomizations: [{metadata: {name: k, namespace: f}, status: {conditions: [{type: Ready, status: 'False', "
	    "reason: BuildFailed, message: m}]}}]",
	    "problem  kustomizations Kustomization f/k is not ready: BuildFailed: m\n"
	    "                        -> correct the cause, then: sluice reconcile kustomization k -n f\n");
	expect(&doctor_flux,
	    "ocirepositories: [{metadata: {name: shop, namespace: f}, status: {conditions: [{type: Ready, status: "
	    "'False', reason: OCIArtifactPullFailed, message: not found}]}}]",
	    "problem  sources        OCIRepository f/shop is not ready: OCIArtifactPullFailed: not found\n"
	    "                        -> correct the cause, then: sluice reconcile source oci shop -n f\n");
	expect(&doctor_flux, "kustomizations: [{metadata: {name: k, namespace: f}, spec: {suspend: true}}]",
	    "note     kustomizations Kustomization f/k is suspended\n                        -> sluice resume "
	    "kustomization k -n f\n");
	expect(&doctor_flux,
	    "gitrepositories: [{metadata: {name: g, namespace: f, generation: 2}, status: {observedGeneration: 1}}]",
	    "problem  sources        GitRepository f/g was not reconciled\n");
	expect(&doctor_flux,
	    "gitrepositories: []\nkustomizations: [{metadata: {name: k, namespace: f}, spec: {sourceRef: {kind: "
	    "GitRepository, name: g}}}]",
	    "Kustomization f/k: there is no GitRepository f/g\n");
	expect_not(&doctor_flux,
	    "gitrepositories: [{metadata: {name: g, namespace: f}}]\nkustomizations: [{metadata: {name: k, namespace: "
	    "f}, "
	    "spec: {sourceRef: {kind: GitRepository, name: g}}}]",
	    "there is no GitRepository");
}

static void
a_permission_that_is_missing_is_named_with_its_purpose(void **state)
{
	(void)state;
	expect(&doctor_rbac, SLUICE "  spec: {template: {spec: {serviceAccountName: sluice}}}\nprobes: {'*': true}",
	    "ok       controllers    the controller has the permissions of deploy/\n");
	expect(&doctor_rbac,
	    SLUICE "  spec: {template: {spec: {serviceAccountName: sluice}}}\n"
		   "probes: {'system:serviceaccount:argo-rollouts:sluice patch argoproj.io rollouts/status ': false, "
		   "'*': true}",
	    "problem  controllers    system:serviceaccount:argo-rollouts:sluice may not patch "
	    "rollouts/status.argoproj.io, "
	    "which role sluice of deploy/ permits\n");
	/* A controller of one namespace needs its permissions there. */
	expect(&doctor_rbac,
	    SLUICE
	    "  spec: {template: {spec: {containers: [{args: [controller, --namespaced]}]}}}\n"
	    "probes: {'system:serviceaccount:argo-rollouts:default create  events/ argo-rollouts': false, '*': true}",
	    "may not create events in namespace argo-rollouts");
	expect(&doctor_rbac, SLUICE "probes: {'*': not permitted}", "unknown  controllers");
	expect_not(&doctor_rbac, SLUICE "probes: {'*': false}", "deploy/gitops");
	expect(&doctor_rbac,
	    "kustomizations: [{metadata: {name: k, namespace: f}, spec: {serviceAccountName: robot}, status: "
	    "{inventory: "
	    "{entries: [{id: shop_web_apps_Deployment}]}}}]\n"
	    "probes: {'system:serviceaccount:f:robot patch apps deployments/ shop': false, '*': true}",
	    "problem  kustomizations Kustomization f/k: system:serviceaccount:f:robot may not patch deployments.apps "
	    "in "
	    "namespace shop, which it applied\n");
	expect(&doctor_rbac,
	    SLUICE
	    "  spec: {template: {spec: {serviceAccountName: sluice, containers: [{args: ["
	    "'--controllers=rollouts,flux']}]}}}\n"
	    "probes: {'system:serviceaccount:argo-rollouts:sluice impersonate  serviceaccounts/ ': false, '*': true}",
	    "may not impersonate serviceaccounts, which role sluice-flux of deploy/ permits\n"
	    "                        -> kubectl apply --server-side -k deploy/gitops/flux\n");
	expect_not(&doctor_rbac, SLUICE "probes: {'*': false}", "deploy/gitops/flux");
	expect(&doctor_rbac,
	    "helmreleases: [{metadata: {name: h, namespace: f}, spec: {serviceAccountName: robot, targetNamespace: "
	    "shop}}]\n"
	    "probes: {'system:serviceaccount:f:robot create  secrets/ shop': false, '*': true}",
	    "problem  helmreleases   HelmRelease f/h: system:serviceaccount:f:robot may not create secrets in "
	    "namespace shop, where Helm stores its release\n");
	expect(&doctor_rbac,
	    "helmreleases: [{metadata: {name: h, namespace: f}, spec: {serviceAccountName: robot}}]\nprobes: "
	    "{'system:serviceaccount:f:robot create  secrets/ f': true, '*': false}",
	    "ok       helmreleases   the ServiceAccounts of HelmReleases can store their releases\n");
	expect(&doctor_rbac, "probes: {' patch argoproj.io applications/ ': false, '*': true}",
	    "note     you            you may not sync Applications in all namespaces\n");
}

static void
the_server_needs_the_permissions_of_its_directory(void **state)
{
	static const char server[] = "servers: [{metadata: {name: sluice-server, namespace: argocd}, spec: {template: "
				     "{spec: {serviceAccountName: sluice-server}}}}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	expect(&doctor_rbac, arena_printf(a, "%sprobes: {'*': true}", server),
	    "ok       server         `sluice server` has the permissions of deploy/server\n");
	expect(&doctor_rbac,
	    arena_printf(a,
		"%sprobes: {'system:serviceaccount:argocd:sluice-server patch argoproj.io applications/ ': false, "
		"'*': true}",
		server),
	    "problem  server         system:serviceaccount:argocd:sluice-server may not patch "
	    "applications.argoproj.io, which role sluice-server of deploy/ permits\n"
	    "                        -> kubectl apply --server-side -k deploy/server\n");
	/* Projects are read in its own namespace only. */
	expect(&doctor_rbac,
	    arena_printf(a,
		"%sprobes: {'system:serviceaccount:argocd:sluice-server list argoproj.io appprojects/ argocd': false, "
		"'*': true}",
		server),
	    "may not list appprojects.argoproj.io in namespace argocd");
	expect_not(&doctor_rbac, "servers: []\nprobes: {'*': false}", "sluice server");
}

static void
a_repository_that_does_not_respond_is_named(void **state)
{
	static const char app[] =
	    "applications: [{spec: {source: {repoURL: 'https://git.example/a'}}}, {spec: {source: "
	    "{repoURL: 'https://git.example/a'}}}, {spec: {source: {repoURL: 'https://charts', chart: x}}}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = found(a, &doctor_git, arena_printf(a, "%sprobes: {'*': {text: abc}}", app));

	(void)state;
	assert_string_equal(text, "ok       repositories   https://git.example/a responds: abc\n");
	expect(&doctor_git, arena_printf(a, "%sprobes: {'*': refused}", app),
	    "note     repositories   https://git.example/a cannot be read with your credentials from here: refused\n");
	expect(&doctor_git, "repository: https://x\nprobes: {'*': refused}", "problem  repositories   https://x");
}

static void
the_run_of_all_sections_requests_no_private_url(void **state)
{
	static const char *const private[] = { "file:///etc", "FILE:///etc", "http://127.0.0.1:80/a",
		"http://2130706433/a", "http://[::1]/a", "http://u:p@localhost/a", "http://u@x@127.1/a",
		"http://169.254.169.254/a", "/etc", "nothing" };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(private); i++) {
		const char *list =
		    arena_printf(a, "gitrepositories: [{spec: {url: '%s'}}]\nprobes: {'*': {text: abc}}\n", private[i]);

		expect(&doctor_git, arena_printf(a, "%sall: true", list),
		    arena_printf(a,
			"unknown  repositories   %s was not requested: it is a file or an address of this "
			"machine\n                        -> sluice doctor git %s\n",
			private[i], private[i]));
		expect(&doctor_git, list, "responds: abc\n");
	}
	expect(
	    &doctor_git, "repository: 'file:///a'\nall: true\nprobes: {'*': {text: abc}}", "file:///a responds: abc\n");
	expect(&doctor_git,
	    "gitrepositories: [{spec: {url: 'git@git.example:a/b'}}]\nall: true\nprobes: {'*': {text: abc}}",
	    "git@git.example:a/b was not requested: SSH needs your credentials\n");
	expect(&doctor_git,
	    "gitrepositories: [{spec: {url: 'https://git.example/a'}}]\nall: true\nprobes: {'*': {text: abc}}",
	    "https://git.example/a responds without credentials: abc\n");
	expect(&doctor_git,
	    "gitrepositories: [{spec: {url: 'https://git.example/a'}}]\nall: true\nprobes: {'*': refused}",
	    "https://git.example/a cannot be read without credentials from here: refused\n"
	    "                        -> with your credentials: sluice doctor git https://git.example/a\n");
	expect(&doctor_rollouts, TEMPLATE("http://127.0.0.1:1") "all: true\nprobes: {'*': {status: 200}}",
	    "unknown  prometheus     Prometheus http://127.0.0.1:1 was not requested: it is an address of this "
	    "machine\n");
	expect(&doctor_rollouts, TEMPLATE("http://p.m.svc:9090") "all: true\nprobes: {'*': {status: 200}}",
	    "Prometheus http://p.m.svc:9090 responds\n");
}

static void
memory_near_its_limit_is_a_problem(void **state)
{
	static const char pods[] = "pods: [{metadata: {name: p, namespace: n}, spec: {containers: [{name: c, "
				   "resources: {limits: {memory: 100Mi}}}]}}]\n";
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	expect(&doctor_perf,
	    arena_printf(a,
		"%spodmetrics: [{metadata: {name: p, namespace: n}, containers: [{name: c, usage: {memory: 95Mi}}]}]",
		pods),
	    "problem  usage          Pod n/p uses 95 of 100 MiB\n");
	expect(&doctor_perf,
	    arena_printf(a,
		"%spodmetrics: [{metadata: {name: p, namespace: n}, containers: [{name: c, usage: {memory: 9216Ki, "
		"cpu: 3m}}]}]",
		pods),
	    "ok       usage          Pod n/p: memory 9 MiB, cpu 3m\n");
	expect(&doctor_perf,
	    arena_printf(a,
		"%sprobes: {/api/v1/namespaces/n/pods/p:8090/proxy/metrics: {status: 200, text: "
		"\"sluice_unreadable_object{kind="
		"\\\"a\\\"} 1\\nsluice_unreadable_object{kind=\\\"b\\\"} 1\\nrollout_reconcile_sum{} 3\\n"
		"rollout_reconcile_count{} 6\\n\"}}",
		pods),
	    "problem  metrics        Pod n/p: 2 objects cannot be decoded");
	expect(&doctor_perf, arena_printf(a, "%sprobes: {'*': {status: 403}}", pods), "unknown  metrics");
}

static void
a_name_that_does_not_resolve_is_a_problem(void **state)
{
	(void)state;
	expect(&doctor_network,
	    "applications: [{spec: {source: {repoURL: 'git@git.example:a/b'}}}]\nprobes: {git.example: it does not "
	    "resolve}",
	    "problem  names          git.example: it does not resolve\n");
	expect(&doctor_network,
	    "applications: [{spec: {source: {repoURL: 'https://u:p@git.example:8443/a'}}}]\nprobes: {git.example: {}}",
	    "ok       names          git.example resolves here\n");
	expect(&doctor_network,
	    "helmrepositories: [{spec: {url: 'https://charts.example/stable'}}]\nprobes: {charts.example: it does not "
	    "resolve}",
	    "problem  names          charts.example: it does not resolve\n");
	expect(&doctor_network,
	    "ocirepositories: [{spec: {url: 'oci://registry.example:5000/a/b'}}]\nprobes: {registry.example: {}}",
	    "ok       names          registry.example resolves here\n");
	expect(&doctor_network, "latency: 2000", "note     api ");
}

static void
the_sync_of_one_application_is_explained(void **state)
{
	static const char app[] =
	    "name: web\napplications: [{metadata: {name: web, namespace: argocd, annotations: "
	    "{sluice.argoproj.io/held-revision: abc}}, spec: {destination: {namespace: shop}}, status: {sync: {status: "
	    "OutOfSync, revision: abc}, operationState: {phase: Failed, message: why}, resources: [{kind: Deployment, "
	    "name: web, namespace: shop, status: OutOfSync, health: {status: Degraded, message: no image}}]}}]\n"
	    "events: [{involvedObject: {kind: Pod, name: web-1, namespace: shop}, reason: Failed, message: pull}, "
	    "{involvedObject: {kind: Pod, name: x, namespace: other}, reason: Failed, message: unrelated}]";

	(void)state;
	expect(&doctor_debug, app, "problem  state          a Rollout aborted this commit, which is held: abc\n");
	expect(&doctor_debug, app, "problem  state          the last sync failed: why\n");
	expect(&doctor_debug, app,
	    "problem  objects        Deployment shop/web: OutOfSync, Degraded: no image\n"
	    "                        -> kubectl describe Deployment web -n shop\n");
	expect(&doctor_debug, app, "note     events         Pod web-1: Failed: pull\n");
	expect_not(&doctor_debug, app, "unrelated");
	expect(&doctor_debug, "name: x\napplications: []", "problem  state          there is no Application \"x\"\n");
}

static void
warnings_of_the_last_hour_are_listed(void **state)
{
	static const char event[] =
	    "events: [{involvedObject: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, "
	    "namespace: shop}, reason: RolloutAborted, message: m, lastTimestamp: '%s'}]";
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	expect(&doctor_events, str_replace(a, event, "%s", "2026-12-01T11:30:00Z"),
	    "note     warnings       Rollout shop/web: RolloutAborted: m\n"
	    "                        -> sluice events -n shop --for Rollout/web\n");
	expect(&doctor_events, str_replace(a, event, "%s", "2026-12-01T10:30:00Z"), "ok       warnings");
}

static void
text_of_objects_adds_no_line_and_a_check_has_a_limit(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *list = "rollouts:\n", *text;
	size_t lines = 0;

	(void)state;
	expect_not(&doctor_rollouts,
	    WEB "  status: {observedGeneration: '3', phase: Degraded, message: \"a\\nok all\"}", "\nok all");
	for (int i = 0; i < DOCTOR_SAME_MAX + 10; i++)
		list =
		    arena_printf(a, "%s- {metadata: {name: r%d, namespace: n}, status: {phase: Degraded}}\n", list, i);
	text = found(a, &doctor_rollouts, list);
	for (const char *s = text; (s = strstr(s, "problem ")) != NULL; s++)
		lines++;
	assert_int_equal(lines, DOCTOR_SAME_MAX);
	assert_non_null(strstr(text, "and more like these"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_api_server_is_a_problem),
		cmocka_unit_test(clocks_that_differ_by_a_lease_are_a_problem),
		cmocka_unit_test(a_definition_is_needed_by_the_controllers_that_run),
		cmocka_unit_test(a_controller_has_all_replicas_and_no_rival),
		cmocka_unit_test(a_pod_that_cannot_start_or_was_killed_is_a_problem),
		cmocka_unit_test(a_lease_that_is_not_renewed_has_no_leader),
		cmocka_unit_test(a_webhook_without_a_pod_refuses_writes),
		cmocka_unit_test(a_rollout_that_does_not_advance_is_found),
		cmocka_unit_test(a_prometheus_of_the_cluster_is_requested_by_way_of_the_api_server),
		cmocka_unit_test(an_application_that_fails_is_found),
		cmocka_unit_test(a_cluster_that_no_secret_has_is_found),
		cmocka_unit_test(a_flux_object_that_is_not_ready_is_found),
		cmocka_unit_test(a_permission_that_is_missing_is_named_with_its_purpose),
		cmocka_unit_test(the_server_needs_the_permissions_of_its_directory),
		cmocka_unit_test(a_repository_that_does_not_respond_is_named),
		cmocka_unit_test(the_run_of_all_sections_requests_no_private_url),
		cmocka_unit_test(memory_near_its_limit_is_a_problem),
		cmocka_unit_test(a_name_that_does_not_resolve_is_a_problem),
		cmocka_unit_test(the_sync_of_one_application_is_explained),
		cmocka_unit_test(warnings_of_the_last_hour_are_listed),
		cmocka_unit_test(text_of_objects_adds_no_line_and_a_check_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
