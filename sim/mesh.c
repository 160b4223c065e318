/* sim/mesh.c: the mesh of the laptop cluster: computes the weight of each pod from the objects that split traffic, and
 * sets the weights in HAProxy. Requests have no headers here: what only some of them match is left out. */
#include "sim/mesh.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/str.h"
#include "io/child_process.h"
#include "io/log.h"
#include "kube/api/selector.h"
#include "sim/ports.h"

#define SERVERS 1000 /* ready pods that have a part in the traffic; warn_full says so too */
#define STOP_MS 2000
#define RETRY_MS 100

struct server {
	char pod[300], address[64];
	int port, weight; /* 0..256 */
	bool used, keep;
	/* the configuration that HAProxy has */
	char sent_address[64];
	int sent_weight;
	bool sent_ready;
};

struct mesh {
	struct loop *loop;
	struct store *store;
	struct child *child;
	struct timer turn;
	struct server servers[SERVERS];
	bool full; /* which was logged */
	char url[64], socket_path[104];
};

static const json_t *
mesh_labels_of(const json_t *o)
{
	return json_object_get(json_object_get(o, "metadata"), "labels");
}

static bool
pod_is_ready(const json_t *pod)
{
	json_t *c;
	size_t i;

	json_array_foreach (json_at(pod, "/status/conditions"), i, c)
		if (str_eq(json_str(c, "type"), "Ready"))
			return str_eq(json_str(c, "status"), "True");
	return false;
}

struct first {
	const json_t *found;
};

static void
keep_first(const json_t *o, void *arg)
{
	struct first *f = arg;

	if (f->found == NULL)
		f->found = o;
}

static bool
all_match(const json_t *want, const json_t *labels)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)want, key, v)
		if (!str_eq(json_str(labels, key), json_string_value(v)))
			return false;
	return true;
}

struct search {
	const char *ns, *host, *subset;
	const json_t *found;
};

static void
find_subset(const json_t *dr, void *arg)
{
	struct search *s = arg;
	json_t *e;
	size_t i;

	if (!str_eq(json_str(json_object_get(dr, "metadata"), "namespace"), s->ns) ||
	    !str_eq(json_str(json_object_get(dr, "spec"), "host"), s->host))
		return;
	json_array_foreach (json_at(dr, "/spec/subsets"), i, e)
		if (str_eq(json_str(e, "name"), s->subset))
			s->found = json_object_get(e, "labels");
}

struct share {
	struct mesh *mesh;
	const char *ns;
	const json_t *service, *subset; /* label maps; NULL: no restriction */
	const json_t *pods[SERVERS];
	size_t n;
};

static void
warn_full(struct mesh *m)
{
	if (!m->full)
		log_warn("more than 1000 ready pods: the others get no traffic from the mesh of the laptop cluster; "
			 "use fewer "
			 "replicas");
	m->full = true;
}

static void
mesh_collect(const json_t *pod, void *arg)
{
	struct share *s = arg;

	if (str_eq(json_str(json_object_get(pod, "metadata"), "namespace"), s->ns) && pod_is_ready(pod) &&
	    all_match(s->service, mesh_labels_of(pod)) && all_match(s->subset, mesh_labels_of(pod))) {
		if (s->n < SERVERS)
			s->pods[s->n++] = pod;
		else
			warn_full(s->mesh);
	}
}

static struct server *
server_for(struct mesh *m, const char *pod)
{
	struct server *unused = NULL;

	for (size_t i = 0; i < SERVERS; i++) {
		if (m->servers[i].used && strcmp(m->servers[i].pod, pod) == 0)
			return &m->servers[i];
		if (!m->servers[i].used && unused == NULL)
			unused = &m->servers[i];
	}
	return unused;
}

static void
give(struct mesh *m, const struct share *s, int percent)
{
	for (size_t i = 0; i < s->n; i++) {
		const json_t *pod = s->pods[i];
		const char *name = json_str(json_object_get(pod, "metadata"), "name");
		struct server *sv = server_for(m, name);

		if (sv == NULL) {
			warn_full(m);
			return;
		}
		if (!sv->keep) {
			sv->weight = 0;
			sv->keep = sv->used = true;
			snprintf(sv->pod, sizeof(sv->pod), "%s", name);
			snprintf(sv->address, sizeof(sv->address), "%s",
			    json_string_value(json_at(pod, "/status/podIP")) ?: "127.0.0.1");
			sv->port = (int)json_int(json_at(pod, "/spec/containers/0/ports/0"), "containerPort", 8080);
		}
		/* 256 is HAProxy's largest weight; a subset's share is spread over its pods. */
		sv->weight += (percent * 256 + (int)(100 * s->n) / 2) / (int)(100 * s->n);
		if (sv->weight > 256)
			sv->weight = 256;
		if (percent > 0 && sv->weight == 0)
			sv->weight = 1;
	}
}

/* The first http route that every request takes: those that only some match are not served here. */
static const json_t *
plain_route(const json_t *vs)
{
	json_t *route;
	size_t i;

	json_array_foreach (json_at(vs, "/spec/http"), i, route)
		if (json_object_get(route, "match") == NULL)
			return json_object_get(route, "route");
	return json_at(vs, "/spec/http/0/route");
}

/* Gives a Service, or a subset of it, its share. */
static void
mesh_give_service(struct mesh *m, const char *ns, const char *service, const json_t *subset, int percent)
{
	struct share s = { .mesh = m, .ns = ns, .subset = subset };

	s.service = json_at(store_get(m->store, "services", ns, service), "/spec/selector");
	if (s.service == NULL && s.subset == NULL)
		return;
	store_each(m->store, "pods", mesh_collect, &s);
	give(m, &s, percent);
}

static void
mesh_read_virtual_service(struct mesh *m, const json_t *vs)
{
	const char *ns = json_str(json_object_get(vs, "metadata"), "namespace");
	const json_t *routes = plain_route(vs);
	json_t *d;
	size_t i;

	json_array_foreach (routes, i, d) {
		const char *host = json_str(json_object_get(d, "destination"), "host") ?: "";
		char service[300];
		struct search sub = {
			.ns = ns, .host = host, .subset = json_str(json_object_get(d, "destination"), "subset")
		};

		snprintf(service, sizeof(service), "%.*s", (int)strcspn(host, "."), host);
		if (sub.subset != NULL)
			store_each(m->store, "destinationrules", find_subset, &sub);
		mesh_give_service(
		    m, ns, service, sub.found, json_array_size(routes) == 1 ? 100 : (int)json_int(d, "weight", 0));
	}
}

/* Returns whether every request matches one of the rule's matches, as far as headers decide. */
static bool
mesh_is_plain_rule(const json_t *rule)
{
	const json_t *matches = json_object_get(rule, "matches");
	json_t *one;
	size_t i;

	json_array_foreach (matches, i, one)
		if (json_array_size(json_object_get(one, "headers")) == 0)
			return true;
	return json_array_size(matches) == 0;
}

#define HTTP_ROUTE_WEIGHT_MAX 1000000 /* the limit of the Gateway API */

static int
mesh_ref_weight(const json_t *ref)
{
	json_int_t weight = json_int(ref, "weight", 1);

	return weight < 0 ? 0 : weight > HTTP_ROUTE_WEIGHT_MAX ? HTTP_ROUTE_WEIGHT_MAX : (int)weight;
}

/* Weights of an HTTPRoute are shares of their sum. */
static void
mesh_read_http_route(struct mesh *m, const json_t *route)
{
	const char *ns = json_str(json_object_get(route, "metadata"), "namespace");
	const json_t *refs = NULL;
	json_t *one;
	json_int_t all = 0;
	size_t i;

	json_array_foreach (json_at(route, "/spec/rules"), i, one)
		if (refs == NULL && mesh_is_plain_rule(one))
			refs = json_object_get(one, "backendRefs");
	json_array_foreach (refs, i, one)
		all += mesh_ref_weight(one);
	json_array_foreach (refs, i, one)
		if (all > 0)
			mesh_give_service(m, json_str(one, "namespace") ?: ns, json_str(one, "name") ?: "", NULL,
			    (int)(100 * (json_int_t)mesh_ref_weight(one) / all));
}

#define NGINX_CANARY "nginx.ingress.kubernetes.io/canary"

static const char *
mesh_ingress_service(const json_t *ingress)
{
	return json_str(json_at(ingress, "/spec/rules/0/http/paths/0/backend/service"), "name") ?: "";
}

/* The first Ingress, and the first canary Ingress of ingress-nginx. */
struct ingresses {
	const json_t *main, *canary;
};

static void
mesh_find_ingress(const json_t *ingress, void *arg)
{
	struct ingresses *f = arg;
	const json_t *annotations = json_at(ingress, "/metadata/annotations");
	const json_t **place = str_eq(json_str(annotations, NGINX_CANARY), "true") ? &f->canary : &f->main;

	if (*place == NULL)
		*place = ingress;
}

static void
mesh_read_ingresses(struct mesh *m)
{
	struct ingresses f = { 0 };
	long long weight = 0, total = 100;
	const char *ns;

	store_each(m->store, "ingresses", mesh_find_ingress, &f);
	if (f.main == NULL)
		return;
	if (f.canary != NULL) {
		const json_t *annotations = json_at(f.canary, "/metadata/annotations");

		str_int(json_str(annotations, NGINX_CANARY "-weight") ?: "", 0, INT32_MAX, &weight);
		str_int(json_str(annotations, NGINX_CANARY "-weight-total") ?: "", 1, INT32_MAX, &total);
		weight = weight < total ? 100 * weight / total : 100;
	}
	ns = json_str(json_object_get(f.main, "metadata"), "namespace");
	mesh_give_service(m, ns, mesh_ingress_service(f.main), NULL, 100 - (int)weight);
	if (f.canary != NULL)
		mesh_give_service(m, ns, mesh_ingress_service(f.canary), NULL, (int)weight);
}

/* A VirtualService decides; without one an HTTPRoute, and without both the Ingresses. */
static void
compute(struct mesh *m)
{
	struct first vs = { 0 }, route = { 0 };

	for (size_t i = 0; i < SERVERS; i++)
		m->servers[i].keep = false;
	store_each(m->store, "virtualservices", keep_first, &vs);
	store_each(m->store, "httproutes", keep_first, &route);
	if (vs.found != NULL)
		mesh_read_virtual_service(m, vs.found);
	else if (route.found != NULL)
		mesh_read_http_route(m, route.found);
	else
		mesh_read_ingresses(m);
}

static bool
mesh_send(struct mesh *m, const char *text)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char response[4096];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", m->socket_path);
	ok = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	     write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	/* The end of the response shows that the commands took effect; a local socket responds at once. */
	while (ok && read(fd, response, sizeof(response)) > 0)
		;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void
mesh_on_turn(struct timer *t, void *arg)
{
	struct mesh *m = arg;
	struct str out;

	compute(m);
	str_init(&out, 1u << 20);
	/* Servers that gain weight come first, so that the sum is never 0. */
	for (int more = 1; more >= 0; more--)
		for (size_t i = 0; i < SERVERS; i++) {
			struct server *s = &m->servers[i];
			bool ready = s->used && s->keep;

			if ((more == 1) != ready)
				continue;
			if (ready && strcmp(s->sent_address, s->address) != 0)
				str_addf(&out, "set server app/s%zu addr %s port %d;", i + 1, s->address, s->port);
			if (ready && s->sent_weight != s->weight)
				str_addf(&out, "set server app/s%zu weight %d;", i + 1, s->weight);
			if (ready != s->sent_ready)
				str_addf(&out, "set server app/s%zu state %s;", i + 1, ready ? "ready" : "maint");
		}
	str_addc(&out, '\n');
	if (out.len > 1 && !mesh_send(m, str_text(&out))) {
		loop_timer(m->loop, t, RETRY_MS); /* HAProxy is still starting */
	} else {
		for (size_t i = 0; i < SERVERS; i++) {
			struct server *s = &m->servers[i];

			s->sent_ready = s->used && s->keep;
			s->used = s->sent_ready;
			s->sent_weight = s->weight;
			snprintf(s->sent_address, sizeof(s->sent_address), "%s", s->used ? s->address : "");
		}
	}
	str_done(&out);
}

static void
mesh_on_write(const struct resource *r, const char *type, const json_t *old, const json_t *o, void *arg)
{
	struct mesh *m = arg;

	static const char *const kinds[] = { "VirtualService", "DestinationRule", "HTTPRoute", "Ingress", "Service",
		"Pod" };

	(void)type;
	(void)old;
	(void)o;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (resource_is(r, kinds[i]))
			loop_timer(m->loop, &m->turn, 0);
}

static void
mesh_on_exit_(void *arg, int status)
{
	struct mesh *m = arg;

	(void)status;
	log_error("haproxy ended; its log is haproxy.log");
	m->child = child_kill(m->child);
}

struct err *
mesh_new(struct arena *a, struct loop *l, struct store *s, const char *dir, struct mesh **ret)
{
	struct mesh *m = mem_alloc(sizeof(*m));
	const char *config = arena_printf(a, "%s/haproxy.cfg", dir);
	const char *argv[] = { "haproxy", "-db", "-f", config, NULL };
	int port = port_free();
	FILE *f = fopen(config, "w");

	m->loop = l;
	m->store = s;
	m->turn = (struct timer){ .fire = mesh_on_turn, .arg = m };
	snprintf(m->socket_path, sizeof(m->socket_path), "%s/haproxy.sock", dir);
	snprintf(m->url, sizeof(m->url), "http://127.0.0.1:%d", port);
	if (f == NULL) {
		free(m);
		return err_new(a, ERR_INVALID, "%s: %s", config, strerror(errno));
	}
	fprintf(f,
	    "global\n  stats socket %s mode 600 level admin\n  maxconn 2000\n"
	    "defaults\n  mode http\n  timeout connect 2s\n  timeout client 20s\n  timeout server 20s\n  retries 2\n"
	    "  option redispatch\n"
	    "frontend gateway\n  bind 127.0.0.1:%d\n  default_backend app\n"
	    "backend app\n  balance random(1)\n  http-reuse never\n  server-template s 1-%d 127.0.0.1:1 disabled "
	    "weight 0\n",
	    m->socket_path, port, SERVERS);
	fclose(f);
	m->child = child_serve(l, argv, arena_printf(a, "%s/haproxy.log", dir), mesh_on_exit_, m);
	if (m->child == NULL) {
		free(m);
		return err_new(a, ERR_INVALID, "haproxy cannot be started: %s", strerror(errno));
	}
	store_on_write(s, mesh_on_write, m);
	*ret = m;
	return NULL;
}

struct mesh *
mesh_free(struct mesh *m)
{
	if (m == NULL)
		return NULL;
	loop_timer_stop(m->loop, &m->turn);
	child_stop(m->child, STOP_MS);
	free(m);
	return NULL;
}

const char *
mesh_url(const struct mesh *m)
{
	return m->url;
}
