/* cli/plan/virtual_cluster.c: puts the cluster together. */
#include "cli/plan/virtual_cluster.h"
#include <string.h>
#include "analysis/decide.h"
#include "base/str.h"
#include "kube/transport.h"
#include "rollout/controller.h"
#include "rollout/experiment/controller.h"
#include "sim/deployments.h"
#include "sim/gateways.h"
#include "sim/in_process.h"
#include "sim/jobs.h"
#include "sim/pods.h"

#define START 1767225600000 /* 2026-01-01T00:00:00Z */
#define GATEWAY_ACCEPT_MS 50
#define NODE "virtual"

static const struct controller *const virtual_controllers[] = { &rollout_controller, &experiment_controller,
	&analysis_controller, NULL };

struct virtual_cluster {
	struct virtual_settings settings;
	struct loop *loop;
	struct store *store;
	struct deployments *deployments;
	struct pods *pods;
	struct gateways *gateways;
	struct jobs *jobs;
	struct fault_policy policy;
	struct transport *transport;
	struct runner *runner;
	unsigned long passes;
};

static int
virtual_outside(void *arg, const struct request *r, char **ret_body)
{
	struct virtual_cluster *c = arg;

	return c->settings.outside(c->settings.arg, r, ret_body);
}

static void
virtual_changed(const struct object *o, bool deleted, void *arg)
{
	struct virtual_cluster *c = arg;

	(void)o;
	(void)deleted;
	c->settings.changed(c->settings.arg);
}

static void
virtual_passed(const char *controller, const char *ns, const char *name, int64_t ms, bool failed, void *arg)
{
	struct virtual_cluster *c = arg;

	(void)controller;
	(void)ns;
	(void)name;
	(void)ms;
	(void)failed;
	c->passes++;
}

struct virtual_cluster *
virtual_cluster_new(const struct virtual_settings *settings)
{
	struct virtual_cluster *c = mem_alloc(sizeof(*c));
	struct pods_settings pods = {
		.ready_ms = settings->ready_ms, .ready_spread_ms = settings->ready_spread_ms, .node = NODE
	};
	struct jobs_settings jobs = { .node = NODE };
	struct runner_settings runner = { .seed = 1,
		.settings = settings->process,
		.component = "rollouts-controller",
		.changed = virtual_changed,
		.passed = virtual_passed,
		.arg = c };

	c->settings = *settings;
	c->loop = loop_virtual_new(START);
	c->store = store_new(c->loop);
	c->deployments = deployments_new(c->loop, c->store);
	c->pods = pods_new(c->loop, c->store, &pods);
	c->gateways = gateways_new(c->loop, c->store, GATEWAY_ACCEPT_MS);
	c->jobs = jobs_new(c->loop, c->store, &jobs);
	c->policy = (struct fault_policy){ .outside = virtual_outside, .arg = c };
	c->transport = in_process_new(c->loop, c->store, &c->policy);
	c->runner = runner_start(c->transport, c->transport, virtual_controllers, &runner);
	return c;
}

struct virtual_cluster *
virtual_cluster_free(struct virtual_cluster *c)
{
	if (c == NULL)
		return NULL;
	runner_stop(c->runner);
	transport_free(c->transport);
	deployments_free(c->deployments);
	pods_free(c->pods);
	gateways_free(c->gateways);
	jobs_free(c->jobs);
	store_free(c->store);
	loop_free(c->loop);
	free(c);
	return NULL;
}

/* Makes a request, whose body is consumed. `what` is in front of the error. */
static struct err *
virtual_request(struct virtual_cluster *c, struct arena *a, const char *method, const char *content_type,
    const char *path, json_t *body, const char *what)
{
	_cleanup_(json_decrefp) json_t *owned = body, *response = NULL;
	const char *text = json_text(a, owned);
	struct store_request r = {
		.method = method, .path = path, .content_type = content_type, .body = text, .body_len = strlen(text)
	};
	int status = store_handle(c->store, &r, &response);

	if (status >= 200 && status < 300)
		return NULL;
	return err_new(a, status == 404 ? ERR_GONE : ERR_INVALID, "%s: %s", what,
	    json_str(response, "message") ?: "the virtual cluster refuses it");
}

/* Creates the namespace of an object, if it does not exist. */
static void
virtual_create_namespace(struct virtual_cluster *c, const char *name)
{
	if (store_get(c->store, "namespaces", NULL, name) == NULL)
		store_do(c->store, "POST", "application/json", "/api/v1/namespaces",
		    json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", name));
}

/* Returns the object in the version that the store serves: all versions have the fields that are read. */
static json_t *
virtual_as_served(struct arena *a, const struct resource *r, const json_t *object)
{
	json_t *o = json_deep_copy(object);

	json_object_set_new(o, "apiVersion",
	    json_string(r->group[0] != '\0' ? arena_printf(a, "%s/%s", r->group, r->version) : r->version));
	return o;
}

struct err *
virtual_cluster_create(struct virtual_cluster *c, struct arena *a, const json_t *object)
{
	const char *kind = json_str(object, "kind"), *version = json_str(object, "apiVersion") ?: "";
	const json_t *meta = json_object_get(object, "metadata");
	const char *name = json_str(meta, "name") ?: "", *ns = json_str(meta, "namespace") ?: "default";

	virtual_create_namespace(c, ns);
	for (const struct resource *r = store_resources; r->plural != NULL; r++)
		if (str_eq(r->kind, kind) && strncmp(version, r->group, strlen(r->group)) == 0)
			return virtual_request(c, a, "POST", "application/json",
			    arena_printf(a, "%s%s/%s/%s%s%s%s", r->group[0] != '\0' ? "/apis/" : "/api", r->group,
				r->version, r->cluster_scoped ? "" : "namespaces/",
				r->cluster_scoped ? "" : str_url_escape(a, ns), r->cluster_scoped ? "" : "/",
				r->plural),
			    virtual_as_served(a, r, object), arena_printf(a, "%s %s", kind, name));
	return err_new(
	    a, ERR_INVALID, "%s %s: the virtual cluster has no objects of this kind", kind != NULL ? kind : "", name);
}

struct err *
virtual_cluster_patch(struct virtual_cluster *c, struct arena *a, const struct type *t, const char *ns,
    const char *name, bool status, json_t *patch)
{
	return virtual_request(c, a, "PATCH", "application/merge-patch+json",
	    arena_printf(a, "%s%s/%s/namespaces/%s/%s/%s%s", t->group[0] != '\0' ? "/apis/" : "/api", t->group,
		t->version, str_url_escape(a, ns), t->plural, str_url_escape(a, name), status ? "/status" : ""),
	    patch, arena_printf(a, "%s %s", t->kind, name));
}

bool
virtual_cluster_step(struct virtual_cluster *c)
{
	return loop_virtual_step(c->loop);
}

void
virtual_cluster_run_until(struct virtual_cluster *c, int64_t ms)
{
	loop_virtual_run_until(c->loop, ms);
}

int64_t
virtual_cluster_next(const struct virtual_cluster *c)
{
	int64_t due = timers_next(&c->loop->timers);

	return due >= 0 && due < loop_mono(c->loop) ? loop_mono(c->loop) : due;
}

int64_t
virtual_cluster_now(const struct virtual_cluster *c)
{
	return loop_mono(c->loop);
}

int64_t
virtual_cluster_wall(const struct virtual_cluster *c)
{
	return loop_wall(c->loop);
}

const struct view *
virtual_cluster_view(const struct virtual_cluster *c)
{
	return runner_view(c->runner);
}

unsigned long
virtual_cluster_passes(const struct virtual_cluster *c)
{
	return c->passes;
}

struct store *
virtual_cluster_store(struct virtual_cluster *c)
{
	return c->store;
}
