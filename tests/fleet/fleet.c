/* tests/fleet/fleet.c: a client of the API server: batches of requests, and watches of Rollouts and VirtualServices. */
#include "tests/fleet/fleet.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "io/file.h"
#include "kube/api/yaml.h"
#include "kube/transport_curl.h"

#define MANIFESTS "tests/bench/rollout.yaml"
#define AT_ONCE 16
#define TIMEOUT_MS 600000
#define RESPONSE_MAX (256u << 20)
#define AGAIN_MS 100
#define AGAIN_MAX 3
#define ROLLOUTS "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"

static const char *const fleet_paths[][2] = {
	{ "Rollout", ROLLOUTS },
	{ "VirtualService", "/apis/networking.istio.io/v1beta1/namespaces/default/virtualservices" },
	{ "DestinationRule", "/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules" },
};

/* The kinds that are watched: the first ones. */
#define WATCHED 2

struct fleet_watch {
	struct fleet *fleet;
	const char *path;
	struct exchange *exchange;
	struct timer again;
	struct str line;
};

/* Requests that are sent a few at a time. */
struct fleet_batch {
	struct fleet *fleet;
	size_t next, n, open;
	bool ok;
	/* Returns the text of the k-th request's body, and its method and URL, in the arena. */
	const char *(*make)(
	    struct fleet_batch *, struct arena *, size_t k, const char **ret_method, const char **ret_url);
	const void *arg;
};

struct fleet_call {
	struct fleet_batch *batch;
	size_t k; /* of the batch */
	int again; /* how often it was sent again: a connection that was idle may be closed by the server */
	const char *text; /* of the response, if it is wanted */
	int status;
};

int64_t
fleet_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
fleet_on_woken(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

void
fleet_run(struct fleet *f, int64_t ms)
{
	struct timer t = { .fire = fleet_on_woken, .arg = f->loop };
	int64_t until;

	loop_refresh(f->loop);
	until = loop_mono(f->loop) + ms;
	loop_timer(f->loop, &t, ms);
	while (loop_mono(f->loop) < until)
		loop_run(f->loop);
	loop_timer_stop(f->loop, &t);
}

/* The Rollout of an object's name, "app12" or "app12-vs"; NULL: another object. */
static struct fleet_member *
fleet_member_of(struct fleet *f, const char *name)
{
	char *end;
	unsigned long i;

	if (!str_starts(name, "app"))
		return NULL;
	i = strtoul(name + strlen("app"), &end, 10);
	return end != name + strlen("app") && i < f->n ? &f->members[i] : NULL;
}

/* Argo Rollouts has the generation as a string. */
static json_int_t
fleet_observed(const json_t *status)
{
	const json_t *v = json_object_get(status, "observedGeneration");

	return json_is_string(v) ? strtoll(json_string_value(v), NULL, 10) : json_integer_value(v);
}

static void
fleet_see(struct fleet *f, const json_t *o)
{
	struct fleet_member *m = fleet_member_of(f, json_str(json_object_get(o, "metadata"), "name"));
	const json_t *status = json_object_get(o, "status");
	json_int_t weight;

	if (m == NULL)
		return;
	if (str_eq(json_str(o, "kind"), "Rollout")) {
		m->observed = fleet_observed(status);
		m->healthy = str_eq(json_str(status, "phase"), "Healthy");
		m->paused = str_eq(json_str(status, "phase"), "Paused");
		return;
	}
	weight = json_integer_value(json_at(o, "/spec/http/0/route/1/weight"));
	if (weight != m->weight)
		m->weight_at = fleet_now();
	m->weight = weight;
}

static void
fleet_on_data(void *arg, const char *at, size_t len)
{
	struct fleet_watch *w = arg;
	const char *end;
	size_t from = 0;

	str_add(&w->line, at, len);
	while (from < w->line.len && (end = memchr(w->line.at + from, '\n', w->line.len - from)) != NULL) {
		size_t n = (size_t)(end - w->line.at) - from;
		json_t *j = json_loadb(w->line.at + from, n, 0, NULL);

		if (!str_eq(json_str(j, "type"), "BOOKMARK"))
			fleet_see(w->fleet, json_object_get(j, "object"));
		json_decref(j);
		from += n + 1;
	}
	str_cut(&w->line, from);
}

static void
fleet_on_over(void *arg, const struct err *e, const struct reply *reply)
{
	struct fleet_watch *w = arg;

	(void)e;
	(void)reply;
	w->exchange = NULL;
	loop_timer(w->fleet->loop, &w->again, AGAIN_MS);
}

static void
fleet_follow(struct timer *t, void *arg)
{
	static const struct receiver receiver = { .data = fleet_on_data, .done = fleet_on_over };
	struct fleet_watch *w = arg;
	struct request q = {
		.method = "GET", .url = w->path, .timeout_ms = TIMEOUT_MS, .stream = true, .response_max = RESPONSE_MAX
	};

	(void)t;
	str_cut(&w->line, w->line.len);
	w->exchange = transport_start(w->fleet->transport, &q, &receiver, w);
}

struct fleet *
fleet_new(struct loop *l, const char *kubeconfig, size_t n)
{
	struct fleet *f = mem_alloc(sizeof(*f));
	struct err *e;

	*f = (struct fleet){ .arena = arena_new(), .loop = l, .n = n };
	if ((e = config_load(f->arena, &(struct config_overrides){ .file = kubeconfig }, &f->config)) != NULL) {
		fprintf(stderr, "%s\n", err_text(f->arena, e));
		arena_free(f->arena);
		free(f);
		return NULL;
	}
	f->members = arena_new_array(f->arena, struct fleet_member, n);
	f->transport = transport_curl_new(l, &f->config);
	f->watches = arena_new_array(f->arena, struct fleet_watch, WATCHED);
	for (size_t i = 0; i < WATCHED; i++) {
		struct fleet_watch *w = &f->watches[i];

		w->fleet = f;
		w->path = arena_printf(f->arena, "%s?watch=1&resourceVersion=0", fleet_paths[i][1]);
		w->again = (struct timer){ .fire = fleet_follow, .arg = w };
		str_init(&w->line, RESPONSE_MAX);
		fleet_follow(&w->again, w);
	}
	return f;
}

struct fleet *
fleet_free(struct fleet *f)
{
	if (f == NULL)
		return NULL;
	for (size_t i = 0; i < WATCHED; i++) {
		loop_timer_stop(f->loop, &f->watches[i].again);
		if (f->watches[i].exchange != NULL)
			transport_cancel(f->transport, f->watches[i].exchange);
		str_done(&f->watches[i].line);
	}
	transport_free(f->transport);
	arena_free(f->arena);
	free(f);
	return NULL;
}

static void
fleet_on_got(void *arg, const struct err *e, const struct reply *reply)
{
	struct fleet_call *c = arg;
	struct fleet *f = c->batch->fleet;

	c->status = e != NULL ? 0 : reply->status;
	c->text = e == NULL ? arena_strndup(f->arena, reply->body.at, reply->body.len) : "";
	c->batch->open = 0;
	loop_stop(f->loop);
}

int
fleet_get(struct fleet *f, const char *url, const char **ret_text)
{
	static const struct receiver receiver = { .done = fleet_on_got };
	struct fleet_batch b = { .fleet = f, .open = 1 };
	struct fleet_call c = { .batch = &b };
	struct request q = { .method = "GET", .url = url, .timeout_ms = TIMEOUT_MS, .response_max = RESPONSE_MAX };

	transport_start(f->transport, &q, &receiver, &c);
	while (b.open > 0)
		loop_run(f->loop);
	*ret_text = c.text;
	return c.status;
}

static void fleet_send_next(struct fleet_batch *);
static void fleet_call_start(struct fleet_call *);

static void
fleet_on_response(void *arg, const struct err *e, const struct reply *reply)
{
	struct fleet_call *c = arg;
	struct fleet_batch *b = c->batch;
	struct fleet *f = b->fleet;
	bool ok = e == NULL && reply->status >= 200 && reply->status < 300;

	if (e != NULL && c->again < AGAIN_MAX) {
		c->again++;
		fleet_call_start(c);
		return;
	}
	/* The first attempt created it. */
	ok |= e == NULL && reply->status == 409 && c->again > 0;
	if (ok) {
		json_t *o = json_loadb(reply->body.at, reply->body.len, 0, NULL);
		struct fleet_member *m = fleet_member_of(f, json_str(json_object_get(o, "metadata"), "name"));

		if (m != NULL && str_eq(json_str(o, "kind"), "Rollout"))
			m->wanted = json_int(json_object_get(o, "metadata"), "generation", 0);
		json_decref(o);
	} else {
		b->ok = false;
		if (f->refused++ == 0)
			fprintf(stderr, "refused: %s\n",
			    e != NULL ? err_text(f->arena, e)
				      : arena_strndup(f->arena, reply->body.at, reply->body.len));
	}
	free(c);
	b->open--;
	fleet_send_next(b);
	if (b->open == 0)
		loop_stop(f->loop);
}

static void
fleet_call_start(struct fleet_call *c)
{
	static const struct receiver receiver = { .done = fleet_on_response };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct fleet_batch *b = c->batch;
	const char *method, *url, *body = b->make(b, a, c->k, &method, &url);
	struct request q = { .method = method,
		.url = url,
		.body = body,
		.content_type = strcmp(method, "POST") == 0 ? "application/json" : "application/merge-patch+json",
		.timeout_ms = TIMEOUT_MS,
		.response_max = RESPONSE_MAX };

	transport_start(b->fleet->transport, &q, &receiver, c);
}

static void
fleet_send_next(struct fleet_batch *b)
{
	while (b->next < b->n && b->open < AT_ONCE) {
		struct fleet_call *c = mem_alloc(sizeof(*c));

		*c = (struct fleet_call){ .batch = b, .k = b->next++ };
		b->open++;
		fleet_call_start(c);
	}
}

static bool
fleet_send(struct fleet_batch *b)
{
	b->ok = true;
	fleet_send_next(b);
	while (b->open > 0)
		loop_run(b->fleet->loop);
	return b->ok;
}

/* The k-th object: three of each Rollout, which comes last, so that its routes exist. */
static const char *
fleet_make_object(struct fleet_batch *b, struct arena *a, size_t k, const char **ret_method, const char **ret_url)
{
	const char *const *docs = b->arg;
	size_t kind = ARRAY_SIZE(fleet_paths) - 1 - k % ARRAY_SIZE(fleet_paths);

	*ret_method = "POST";
	*ret_url = fleet_paths[kind][1];
	return str_replace(a, docs[kind], "myapp", arena_printf(a, "app%zu", k / ARRAY_SIZE(fleet_paths)));
}

bool
fleet_create(struct fleet *f)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *texts[ARRAY_SIZE(fleet_paths)] = { 0 };
	struct bytes text = { "", 0 };
	struct err *e = file_read(a, MANIFESTS, 1u << 16, &text);
	json_t *doc;
	size_t i;

	if (e == NULL)
		e = yaml_parse(a, text.at, text.len, &docs);
	if (e != NULL) {
		fprintf(stderr, "%s\n", err_text(a, e));
		return false;
	}
	json_array_foreach (docs, i, doc)
		for (size_t k = 0; k < ARRAY_SIZE(fleet_paths); k++)
			if (str_eq(fleet_paths[k][0], json_str(doc, "kind"))) {
				if (k == 0) {
					json_object_set_new(json_object_get(doc, "spec"), "replicas", json_integer(1));
					if (f->node != NULL)
						json_object_set_new(json_at(doc, "/spec/template/spec"), "nodeName",
						    json_string(f->node));
				}
				texts[k] = json_text(a, doc);
			}
	return fleet_send(&(struct fleet_batch){
	    .fleet = f, .n = f->n * ARRAY_SIZE(fleet_paths), .make = fleet_make_object, .arg = texts });
}

static const char *
fleet_make_patch(struct fleet_batch *b, struct arena *a, size_t k, const char **ret_method, const char **ret_url)
{
	*ret_method = "PATCH";
	*ret_url = arena_printf(a, ROLLOUTS "/app%zu", k);
	return str_replace(a, b->arg, "myapp", arena_printf(a, "app%zu", k));
}

bool
fleet_patch(struct fleet *f, size_t n, json_t *patch)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = json_text(a, patch);

	json_decref(patch);
	return fleet_send(&(struct fleet_batch){ .fleet = f, .n = n, .make = fleet_make_patch, .arg = text });
}

static const char *
fleet_make_resume(struct fleet_batch *b, struct arena *a, size_t k, const char **ret_method, const char **ret_url)
{
	(void)k;
	*ret_method = "PATCH";
	*ret_url = arena_printf(a, ROLLOUTS "/app%zu/status", *(const size_t *)b->arg);
	return "{\"status\":{\"pauseConditions\":null}}";
}

bool
fleet_resume(struct fleet *f, size_t i)
{
	return fleet_send(&(struct fleet_batch){ .fleet = f, .n = 1, .make = fleet_make_resume, .arg = &i });
}

size_t
fleet_count(const struct fleet *f, size_t n, bool paused)
{
	size_t as_wanted = 0;

	for (size_t i = 0; i < n && i < f->n; i++) {
		const struct fleet_member *m = &f->members[i];

		as_wanted += m->wanted > 0 && m->observed >= m->wanted && (paused ? m->paused : m->healthy);
	}
	return as_wanted;
}
