/* tests/simulation/remote.c: children, a client, and a small HTTP server. */
#include "tests/simulation/remote.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/str.h"
#include "io/child_process.h"
#include "io/file.h"
#include "kube/kubeconfig.h"
#include "kube/transport_curl.h"
#include "sim/ports.h"

/* Only what hangs reaches these: a machine that is slow, or has other work, fails nothing. */
#define STARTS_MS 400000
#define TIMEOUT_MS 600000
#define STOP_MS 60000
#define LEADS_MS 400000
#define LEASE_NAMESPACE "argo-rollouts" /* where deploy/ gives the right to it */
#define LEASE_NAME "argo-rollouts-controller-lock"
#define RESPONSE_MAX (64u << 20)
#define READY_MS "300"
#define FOLLOW_AGAIN_MS 100

struct follower {
	struct remote *remote;
	const char *url;
	struct exchange *exchange;
	struct timer again;
	struct str line;
};

static const char *const followed[] = {
	"/apis/argoproj.io/v1alpha1/rollouts",
	"/apis/argoproj.io/v1alpha1/analysisruns",
	"/apis/argoproj.io/v1alpha1/experiments",
	"/apis/apps/v1/replicasets",
	"/apis/networking.istio.io/v1beta1/virtualservices",
	"/apis/networking.istio.io/v1beta1/destinationrules",
	"/apis/gateway.networking.k8s.io/v1/httproutes",
	"/apis/gateway.networking.k8s.io/v1/grpcroutes",
	"/apis/networking.k8s.io/v1/ingresses",
	"/apis/projectcontour.io/v1/httpproxies",
	"/apis/traefik.io/v1alpha1/traefikservices",
	"/apis/apisix.apache.org/v2/apisixroutes",
	"/apis/split.smi-spec.io/v1alpha1/trafficsplits",
	"/apis/getambassador.io/v2/mappings",
	"/api/v1/services",
	"/api/v1/pods",
	"/api/v1/events",
};

struct remote {
	struct arena *arena;
	struct loop *loop;
	const char *sluice, *dir; /* the program; the folder of our files */
	const char *kubeconfig, *controller_kubeconfig; /* ours; that of the controller, with its permissions */
	const char *namespace; /* in an existing cluster; NULL: the cluster is our own */
	bool confined; /* the controller watches that namespace only */
	struct child *dev, *controller;
	struct child *waiting; /* a second controller that waits for the Lease; NULL: there is only one */
	bool elects; /* the controllers elect a leader by a Lease */
	struct config config;
	struct transport *transport;
	struct follower followers[ARRAY_SIZE(followed)];
	remote_changed *changed;
	void *arg;
	struct MHD_Daemon *prometheus;
	char address[64];
	_Atomic double metric;
	int64_t started;
	/* Of the request in progress, of which there is one at a time. */
	bool responded;
	int status;
	json_t *response;
};

static void
on_ended(void *arg, int status)
{
	(void)arg;
	(void)status; /* the next request to it fails */
}

static void
on_woken(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

void
remote_run(struct remote *r, int64_t ms)
{
	struct timer t = { .fire = on_woken, .arg = r->loop };
	int64_t until;

	loop_refresh(r->loop);
	until = loop_mono(r->loop) + ms;
	loop_timer(r->loop, &t, ms);
	while (loop_mono(r->loop) < until)
		loop_run(r->loop);
	loop_timer_stop(r->loop, &t);
}

int64_t
remote_now(const struct remote *r)
{
	loop_refresh(r->loop);
	return loop_mono(r->loop) - r->started;
}

static void
on_done(void *arg, const struct err *e, const struct reply *reply)
{
	struct remote *r = arg;
	json_error_t at;

	r->responded = true;
	r->status = e != NULL ? 0 : reply->status;
	r->response = e == NULL ? json_loadb(reply->body.at, reply->body.len, 0, &at) : NULL;
	loop_stop(r->loop);
}

/* A path as the stories have it, as one of our namespace: there it is "default", or all. */
static const char *
in_namespace(struct remote *r, struct arena *a, const char *path)
{
	static const char named[] = "/namespaces/default";
	const char *at = strstr(path, named), *plural = NULL;

	if (r->namespace == NULL || strstr(path, "/clusteranalysistemplates") != NULL ||
	    strstr(path, "/customresourcedefinitions") != NULL)
		return path;
	if (at != NULL)
		return arena_printf(
		    a, "%.*s/namespaces/%s%s", (int)(at - path), path, r->namespace, at + strlen(named));
	if (strstr(path, "/namespaces") != NULL || str_starts(path, "/version"))
		return path;
	/* "/apis/GROUP/VERSION/PLURAL", "/api/v1/PLURAL" */
	plural = strchr(path + (str_starts(path, "/apis/") ? strcspn(path + 6, "/") + 7 : 5), '/');
	return plural != NULL
		   ? arena_printf(a, "%.*s/namespaces/%s%s", (int)(plural - path), path, r->namespace, plural)
		   : path;
}

int
remote_do(struct remote *r, const char *method, const char *content_type, const char *path, json_t *body, json_t **ret)
{
	static const struct receiver receiver = { .done = on_done };
	_cleanup_(freep) char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct request q = { .method = method,
		.url = in_namespace(r, a, path),
		.body = text,
		.content_type = content_type,
		.timeout_ms = TIMEOUT_MS,
		.response_max = RESPONSE_MAX };

	json_decref(body);
	r->responded = false;
	transport_start(r->transport, &q, &receiver, r);
	while (!r->responded)
		loop_run(r->loop);
	*ret = r->response;
	r->response = NULL;
	return r->status;
}

static void
on_data(void *arg, const char *at, size_t len)
{
	struct follower *f = arg;
	const char *end;

	str_add(&f->line, at, len);
	while (f->line.len > 0 && (end = memchr(f->line.at, '\n', f->line.len)) != NULL) {
		size_t n = (size_t)(end - f->line.at);
		json_t *j = json_loadb(f->line.at, n, 0, NULL);
		const json_t *object = json_object_get(j, "object");

		if (json_str(object, "kind") != NULL && !str_eq(json_str(j, "type"), "BOOKMARK"))
			f->remote->changed(json_str(object, "kind"), json_str(j, "type"), object, f->remote->arg);
		json_decref(j);
		str_cut(&f->line, n + 1);
	}
}

/* A cluster that has only just begun to serve a type may still refuse to have it watched. */
static void
on_over(void *arg, const struct err *e, const struct reply *reply)
{
	struct follower *f = arg;

	f->exchange = NULL;
	if (e == NULL && reply->status != 200)
		loop_timer(f->remote->loop, &f->again, FOLLOW_AGAIN_MS);
}

static void
follow(struct timer *t, void *arg)
{
	static const struct receiver receiver = { .data = on_data, .done = on_over };
	struct follower *f = arg;
	struct request q = {
		.method = "GET", .url = f->url, .timeout_ms = TIMEOUT_MS, .stream = true, .response_max = RESPONSE_MAX
	};

	(void)t;
	f->exchange = transport_start(f->remote->transport, &q, &receiver, f);
}

static void
follow_all(struct remote *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(followed); i++) {
		struct follower *f = &r->followers[i];

		f->remote = r;
		f->url = arena_printf(r->arena, "%s?watch=1&resourceVersion=0", in_namespace(r, r->arena, followed[i]));
		f->again = (struct timer){ .fire = follow, .arg = f };
		str_init(&f->line, RESPONSE_MAX);
		follow(&f->again, f);
	}
}

void
remote_metric(struct remote *r, double metric)
{
	r->metric = metric;
}

const char *
remote_prometheus(const struct remote *r)
{
	return r->address;
}

static enum MHD_Result
on_query(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **state)
{
	static const char seen;
	struct remote *r = arg;
	struct MHD_Response *response;
	enum MHD_Result ok;
	char text[200];

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (*state == NULL) {
		*state = (void *)&seen;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	snprintf(text, sizeof(text),
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[0,\"%"
	    "g\"]}]}}",
	    (double)r->metric);
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	ok = MHD_queue_response(c, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return ok;
}

static bool
start_prometheus(struct remote *r)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int port = port_free();

	at.sin_port = htons((uint16_t)port);
	snprintf(r->address, sizeof(r->address), "http://127.0.0.1:%d", port);
	r->prometheus = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, on_query, r,
	    MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_END);
	return r->prometheus != NULL;
}

static struct child *
start_controller(struct remote *r)
{
	/* NULL ends the arguments: --namespaced, which takes the namespace, only if the controller is confined. */
	const char *argv[] = { r->sluice, "controller", "--kubeconfig", r->controller_kubeconfig,
		r->elects ? "--leader-elect=true" : "--leader-elect=false", "--leader-election-namespace",
		r->namespace != NULL ? LEASE_NAMESPACE : "default", "--metricsPort", "0", "--healthzPort", "0",
		r->confined ? "--namespaced" : NULL, "--namespace", r->namespace, NULL };

	return child_serve(r->loop, argv, arena_printf(r->arena, "%s/controller.log", r->dir), on_ended, NULL);
}

pid_t
remote_controller(const struct remote *r)
{
	return r->controller != NULL ? child_pid(r->controller) : 0;
}

void
remote_kill_controller(struct remote *r)
{
	child_kill(r->controller);
	/* The process that waits takes the Lease. */
	r->controller = r->waiting != NULL ? r->waiting : start_controller(r);
	r->waiting = NULL;
}

void
remote_hold_controller(struct remote *r, bool hold)
{
	r->controller = child_stop(r->controller, STOP_MS);
	if (!hold)
		r->controller = start_controller(r);
}

int64_t
remote_wall(const struct remote *r)
{
	loop_refresh(r->loop);
	return loop_wall(r->loop);
}

/* Returns a new text: who holds the Lease; "" if it is free or does not exist. */
static char *
lease_holder(struct remote *r)
{
	_cleanup_(freep) char *path = mem_printf("/apis/coordination.k8s.io/v1/namespaces/%s/leases/%s",
	    r->namespace != NULL ? LEASE_NAMESPACE : "default", LEASE_NAME);
	json_t *lease = NULL;
	char *holder;

	remote_do(r, "GET", NULL, path, NULL, &lease);
	holder = mem_strdup(json_str(json_object_get(lease, "spec"), "holderIdentity") ?: "");
	json_decref(lease);
	return holder;
}

/* The second controller starts when the first has the Lease, and not before: else the second may become the leader.
 * A Lease that a controller of another scenario has left is not the first one's. */
void
remote_second_controller(struct remote *r)
{
	_cleanup_(freep) char *before = NULL;
	bool leads = false;

	child_stop(r->controller, STOP_MS);
	before = lease_holder(r);
	r->elects = true;
	r->controller = start_controller(r);
	for (int64_t until = remote_now(r) + LEADS_MS; !leads && remote_now(r) < until;) {
		_cleanup_(freep) char *now = NULL;

		remote_run(r, 50);
		now = lease_holder(r);
		leads = now[0] != '\0' && !str_eq(now, before);
	}
	r->waiting = start_controller(r);
}

static bool
start_cluster(struct remote *r)
{
	const char *argv[] = { r->sluice, "dev", "--dir", r->dir, "--ready", READY_MS, "--without",
		"controller,mesh,prometheus,app,load", NULL };
	struct config_overrides o = { .file = r->kubeconfig };

	r->dev = child_serve(r->loop, argv, arena_printf(r->arena, "%s/dev.log", r->dir), on_ended, NULL);
	for (int64_t waited = 0; r->dev != NULL && waited < STARTS_MS; waited += 50) {
		json_t *version = NULL;
		int status;

		remote_run(r, 50);
		if (access(r->kubeconfig, R_OK) != 0 || config_load(r->arena, &o, &r->config) != NULL)
			continue;
		transport_free(r->transport);
		r->transport = transport_curl_new(r->loop, &r->config);
		status = remote_do(r, "GET", NULL, "/version", NULL, &version);
		json_decref(version);
		if (status == 200)
			return true;
	}
	return false;
}

/* An existing cluster, and a namespace of our own there. */
static bool
join_cluster(struct remote *r)
{
	struct config_overrides o = { .file = r->kubeconfig };
	json_t *response = NULL;
	int status;

	if (config_load(r->arena, &o, &r->config) != NULL)
		return false;
	r->transport = transport_curl_new(r->loop, &r->config);
	status = remote_do(r, "POST", "application/json", "/api/v1/namespaces",
	    json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", r->namespace),
	    &response);
	json_decref(response);
	return status == 201;
}

/* Deletes our namespace. It takes seconds to go, and a controller that a later scenario starts for all namespaces
 * would still set the weights of the Rollouts in it, also in objects that both scenarios use. Therefore the Rollouts
 * are deleted first. */
static void
leave_cluster(struct remote *r)
{
	static const char *const paths[] = { "/apis/argoproj.io/v1alpha1/rollouts", "/api/v1/namespaces/default" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		json_t *response = NULL;

		remote_do(r, "DELETE", NULL, paths[i], NULL, &response);
		json_decref(response);
	}
}

static struct remote *
begin(const char *sluice, const char *name, const struct remote_place *place, remote_changed *changed, void *arg)
{
	struct remote *r = mem_alloc(sizeof(*r));
	char *dir;

	r->arena = arena_new();
	dir = arena_printf(r->arena, "/tmp/sluice-%s-XXXXXX", name);
	r->loop = loop_ev_new();
	r->changed = changed;
	r->arg = arg;
	r->sluice = sluice;
	r->namespace = place->namespace;
	r->confined = place->namespace != NULL && !place->alone;
	if (mkdtemp(dir) != NULL) {
		r->dir = dir;
		r->kubeconfig =
		    place->kubeconfig != NULL ? place->kubeconfig : arena_printf(r->arena, "%s/kubeconfig", dir);
		r->controller_kubeconfig = place->controller != NULL ? place->controller : r->kubeconfig;
		if (start_prometheus(r) && (r->namespace != NULL ? join_cluster(r) : start_cluster(r))) {
			loop_refresh(r->loop);
			r->started = loop_mono(r->loop);
			follow_all(r);
			r->controller = start_controller(r);
			return r;
		}
	}
	printf("the cluster of separate processes did not start; %s\n", dir);
	return remote_free(r);
}

struct remote *
remote_new(const char *sluice, const char *name, remote_changed *changed, void *arg)
{
	return begin(sluice, name, &(struct remote_place){ 0 }, changed, arg);
}

struct remote *
remote_join(const char *sluice, const struct remote_place *place, remote_changed *changed, void *arg)
{
	return begin(sluice, "scenario", place, changed, arg);
}

struct remote *
remote_free(struct remote *r)
{
	if (r == NULL)
		return NULL;
	child_stop(r->controller, STOP_MS);
	child_stop(r->waiting, STOP_MS);
	if (r->namespace != NULL && r->transport != NULL)
		leave_cluster(r);
	for (size_t i = 0; i < ARRAY_SIZE(followed); i++) {
		loop_timer_stop(r->loop, &r->followers[i].again);
		if (r->followers[i].exchange != NULL)
			transport_cancel(r->transport, r->followers[i].exchange);
		str_done(&r->followers[i].line);
	}
	transport_free(r->transport);
	child_stop(r->dev, STOP_MS);
	if (r->prometheus != NULL)
		MHD_stop_daemon(r->prometheus);
	if (r->dir != NULL) {
		static const char *const files[] = { "kubeconfig", "dev.log", "controller.log" };

		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			const char *path = arena_printf(r->arena, "%s/%s", r->dir, files[i]);
			struct bytes text = { "", 0 };

			file_read(r->arena, path, RESPONSE_MAX, &text);
			if (strstr(text.at, "Sanitizer") != NULL || strstr(text.at, "runtime error") != NULL)
				printf("not ok sanitizers found something:\n%s\n", text.at);
			unlink(path);
		}
		rmdir(r->dir);
	}
	loop_free(r->loop);
	arena_free(r->arena);
	free(r);
	return NULL;
}
