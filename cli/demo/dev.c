/* cli/demo/dev.c: the laptop cluster: API server, pods, mesh, Prometheus and controller, each on a free loopback
 * port. */
#include "cli/demo/dev.h"
#include "io/file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/base64.h"
#include "base/str.h"
#include "io/child_process.h"
#include "sim/deployments.h"
#include "sim/http.h"
#include "sim/gateways.h"
#include "sim/jobs.h"
#include "sim/mesh.h"
#include "sim/pods.h"
#include "sim/ports.h"
#include "sim/processes.h"
#include "sim/prometheus.h"
#include "sim/tokens.h"

#define RESTART_MS 300
#define STOP_MS 2000
#define BROKEN_TAG ":does-not-exist" /* an image with this tag cannot be had: to see what becomes of such a release */
#define GATEWAY_ACCEPT_MS 50 /* until the parents of a route have accepted it */

struct dev {
	struct cli *cli;
	struct arena *arena;
	struct dev_settings settings;
	struct store *store;
	struct store_server *http;
	struct deployments *deployments;
	struct pods *pods;
	struct gateways *gateways;
	struct jobs *jobs;
	struct tokens *tokens;
	struct processes *processes;
	struct mesh *mesh;
	struct prometheus_server *prometheus;
	struct child *controller, *load;
	struct timer restart;
	const char *kubeconfig, *server;
	const char *ca_file; /* NULL: without TLS */
	struct certificate certificate;
};

static void dev_start_controller(struct dev *);

static void
dev_on_restart(struct timer *t, void *arg)
{
	(void)t;
	dev_start_controller(arg);
}

/* Restarts a controller that has ended, as a Deployment would. */
static void
dev_on_controller_exit(void *arg, int status)
{
	struct dev *d = arg;

	(void)status;
	d->controller = child_kill(d->controller);
	loop_timer(d->cli->loop, &d->restart, RESTART_MS);
}

static void
dev_start_controller(struct dev *d)
{
	/* There is no other here; and one that was killed is to go on at once, not after its Lease. */
	const char *argv[] = { cli_self(d->cli), "controller", "--kubeconfig", d->kubeconfig, "--leader-elect=false",
		"--metricsPort", "0", "--healthzPort", "0", NULL };

	d->controller = child_serve(d->cli->loop, argv, arena_printf(d->arena, "%s/controller.log", d->settings.dir),
	    dev_on_controller_exit, d);
}

static void
dev_on_load_exit(void *arg, int status)
{
	struct dev *d = arg;

	(void)status;
	d->load = child_kill(d->load);
}

/* The application's users, as a process of their own. */
static void
dev_start_load(struct dev *d)
{
	const char *argv[] = { cli_self(d->cli), "load", "--url", arena_printf(d->arena, "%s/", mesh_url(d->mesh)),
		"--rate", arena_printf(d->arena, "%d", d->settings.load), NULL };

	d->load = child_serve(
	    d->cli->loop, argv, arena_printf(d->arena, "%s/load.log", d->settings.dir), dev_on_load_exit, d);
}

static bool
dev_write_kubeconfig(struct dev *d)
{
	FILE *f = fopen(d->kubeconfig, "w");

	if (f == NULL)
		return false;
	fprintf(f,
	    "apiVersion: v1\nkind: Config\ncurrent-context: sluice\n"
	    "clusters:\n- name: sluice\n  cluster:\n    server: %s\n%s%s%s"
	    "contexts:\n- name: sluice\n  context:\n    cluster: sluice\n    user: sluice\n    namespace: default\n"
	    "users:\n- name: sluice\n  user: %s\n",
	    d->server, d->ca_file != NULL ? "    certificate-authority-data: " : "",
	    d->ca_file != NULL ? base64_encode(d->arena, d->certificate.cert, strlen(d->certificate.cert)) : "",
	    d->ca_file != NULL ? "\n" : "",
	    /* The server accepts every token but that of a deleted service account. Over HTTPS, kubectl prompts for a
	     * password if there is no credential. */
	    d->ca_file != NULL ? "{token: sluice}" : "{}");
	return fclose(f) == 0;
}

/* Makes the certificate, and writes it for programs that do not read a kubeconfig. */
static struct err *
dev_certify(struct dev *d)
{
	const char *path = arena_printf(d->arena, "%s/ca.crt", d->settings.dir);
	struct err *e = certificate_new(d->arena, &d->certificate);
	FILE *f = e == NULL ? fopen(path, "w") : NULL;

	if (e != NULL)
		return e;
	if (f != NULL)
		fputs(d->certificate.cert, f);
	if (f == NULL || fclose(f) != 0)
		return err_new(d->arena, ERR_INVALID, "%s: %s", path, strerror(errno));
	d->ca_file = path;
	return NULL;
}

static void
dev_seed_objects(struct dev *d)
{
	store_do(d->store, "POST", "application/json", "/api/v1/nodes",
	    json_pack("{s:s,s:s,s:{s:s},s:{s:[{s:s,s:s}]}}", "apiVersion", "v1", "kind", "Node", "metadata", "name",
		"laptop", "status", "addresses", "type", "InternalIP", "address", "127.0.0.1"));
	store_do(d->store, "POST", "application/json", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
	    json_pack("{s:s,s:s,s:{s:s},s:[{s:[s],s:[s],s:[s]},{s:[s],s:[s]}]}", "apiVersion",
		"rbac.authorization.k8s.io/v1", "kind", "ClusterRole", "metadata", "name", "cluster-admin", "rules",
		"apiGroups", "*", "resources", "*", "verbs", "*", "nonResourceURLs", "*", "verbs", "*"));
}

const char *
dev_directory(struct cli *c)
{
	const char *base = getenv("TMPDIR");
	char *dir = arena_printf(c->arena, "%s/sluice-XXXXXX", base != NULL && base[0] == '/' ? base : "/tmp");

	if (mkdtemp(dir) == NULL) {
		cli_fail(c, "%s: no directory can be made: %s", dir, strerror(errno));
		return NULL;
	}
	return dir;
}

void
dev_remove(const char *dir)
{
	file_remove_all(dir);
}

struct dev *
dev_start(struct cli *c, const struct dev_settings *settings)
{
	struct dev *d = mem_alloc(sizeof(*d));
	struct pods_settings pods = {
		.ready_ms = settings->ready_ms, .ready_spread_ms = 50, .node = "laptop", .broken_tag = BROKEN_TAG
	};
	struct err *e;

	d->cli = c;
	d->arena = arena_new();
	d->settings = *settings;
	d->restart = (struct timer){ .fire = dev_on_restart, .arg = d };
	if (mkdir(settings->dir, 0755) != 0 && errno != EEXIST) {
		cli_fail(c, "%s: %s", settings->dir, strerror(errno));
		return dev_stop(d);
	}
	d->store = store_new(c->loop);
	if (settings->tls && (e = dev_certify(d)) != NULL) {
		cli_fail(c, "%s", err_text(d->arena, e));
		return dev_stop(d);
	}
	d->http = store_server_new(c->loop, d->store, settings->port, d->ca_file != NULL ? &d->certificate : NULL);
	if (d->http == NULL) {
		cli_fail(c, "the API server cannot listen on 127.0.0.1:%d: %s", settings->port, strerror(errno));
		return dev_stop(d);
	}
	d->server = arena_printf(
	    d->arena, "%s://127.0.0.1:%d", d->ca_file != NULL ? "https" : "http", store_server_port(d->http));
	d->kubeconfig = arena_printf(d->arena, "%s/kubeconfig", settings->dir);
	if (!dev_write_kubeconfig(d)) {
		cli_fail(c, "%s: %s", d->kubeconfig, strerror(errno));
		return dev_stop(d);
	}
	if (settings->app != NULL) {
		d->processes = processes_new(c->loop, settings->app, settings->behave, settings->dir);
		pods.runner = processes_runner(d->processes);
	}
	d->deployments = deployments_new(c->loop, d->store);
	d->pods = pods_new(c->loop, d->store, &pods);
	d->gateways = gateways_new(c->loop, d->store, GATEWAY_ACCEPT_MS);
	d->jobs = jobs_new(c->loop, d->store,
	    &(struct jobs_settings){ .begin_ms = settings->ready_ms, .node = "laptop", .broken_tag = BROKEN_TAG });
	if (d->processes != NULL)
		processes_report_to(d->processes, d->pods);
	d->tokens = tokens_new(c->loop, d->store, d->ca_file != NULL ? d->certificate.cert : NULL);
	dev_seed_objects(d);
	if (settings->mesh && (e = mesh_new(d->arena, c->loop, d->store, settings->dir, &d->mesh)) != NULL) {
		cli_fail(c, "%s", err_text(d->arena, e));
		return dev_stop(d);
	}
	if (settings->prometheus && (e = prometheus_server_new(d->arena, c->loop, d->server, d->ca_file, settings->dir,
					 &d->prometheus)) != NULL) {
		cli_fail(c, "%s", err_text(d->arena, e));
		return dev_stop(d);
	}
	if (settings->controller)
		dev_start_controller(d);
	if (d->mesh != NULL && settings->load > 0)
		dev_start_load(d);
	return d;
}

struct dev *
dev_stop(struct dev *d)
{
	if (d == NULL)
		return NULL;
	loop_timer_stop(d->cli->loop, &d->restart);
	child_stop(d->controller, STOP_MS);
	child_stop(d->load, STOP_MS);
	prometheus_server_free(d->prometheus);
	mesh_free(d->mesh);
	processes_free(d->processes);
	deployments_free(d->deployments);
	pods_free(d->pods);
	gateways_free(d->gateways);
	jobs_free(d->jobs);
	tokens_free(d->tokens);
	store_server_free(d->http);
	store_free(d->store);
	arena_free(d->arena);
	free(d);
	return NULL;
}

const char *
dev_kubeconfig(const struct dev *d)
{
	return d->kubeconfig;
}

const char *
dev_server(const struct dev *d)
{
	return d->server;
}

const char *
dev_prometheus(const struct dev *d)
{
	return d->prometheus != NULL ? prometheus_server_url(d->prometheus) : NULL;
}

const char *
dev_gateway(const struct dev *d)
{
	return d->mesh != NULL ? mesh_url(d->mesh) : NULL;
}
