/* gitops/worker/drift_watch.c: drift detection: watches the names of objects of each managed kind. The comparison
 * that follows is engine/compare.c. */
#include "gitops/worker/drift_watch.h"
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "base/rand.h"
#include "gitops/argocd/application_status.h"
#include "gitops/flux/inventory.h"
#include "gitops/source/manifests.h"
#include "io/log.h"
#include "kube/api/kinds.h"
#include "kube/client.h"

#define KINDS_MAX 64 /* that are watched; drift of other kinds is found at the next refresh */
#define LINE_MAX_BYTES (8u << 20)
#define WATCH_MIN_S 300
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000

/* The changes of one kind. */
struct drift_stream {
	struct drift_watch *drift_watch;
	struct api_kind kind; /* texts in the arena; plural NULL: not known yet */
	struct arena *arena;
	char *version; /* resourceVersion to resume from; NULL: the current one */
	struct call *call;
	struct exchange *exchange;
	struct str line;
	struct timer timer;
	int64_t backoff;
	bool given_up; /* the controller has no permission to watch the kind */
};

/* The objects that an Application or a Kustomization manages. */
struct drift_manager {
	const struct type *type;
	char *ns, *name;
	char **keys; /* of objects */
	size_t n;
};

struct drift_watch {
	struct drift_watch_settings settings;
	struct rand_stream rand;
	struct map owners; /* object → struct drift_manager, borrowed */
	struct map managers; /* "KIND/NS/NAME" → struct drift_manager */
	struct drift_stream *streams[KINDS_MAX];
	bool full; /* a kind is not watched because of KINDS_MAX, and that was logged */
	size_t n_streams;
};

static void drift_stream_start(struct drift_stream *);

static void
drift_report(struct drift_watch *t, const char *group, const char *kind, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct drift_manager *m = map_get(&t->owners, manifest_key(a, group, kind, ns, name));

	if (m != NULL)
		t->settings.touched(t->settings.arg, m->type, m->ns, m->name);
}

void
drift_watch_changed(struct drift_watch *t, const struct object *o)
{
	drift_report(
	    t, o->type->group, o->type->kind, o->type->cluster_scoped ? NULL : o->meta.namespace, o->meta.name);
}

static void
drift_manager_free(struct drift_manager *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->keys[i]);
	free(m->keys);
	free(m->ns);
	free(m->name);
	free(m);
}

static const char *
drift_manager_key(struct arena *a, const struct object *o)
{
	return arena_printf(a, "%s/%s/%s", o->type->kind, o->meta.namespace, o->meta.name);
}

static void
drift_manager_remove(struct drift_watch *t, const char *key)
{
	struct drift_manager *m = map_remove(&t->managers, key);

	for (size_t i = 0; m != NULL && i < m->n; i++)
		if (map_get(&t->owners, m->keys[i]) == m)
			map_remove(&t->owners, m->keys[i]);
	drift_manager_free(m);
}

static void
drift_stream_set_version(struct drift_stream *s, const char *version)
{
	char *copy = version != NULL ? mem_strdup(version) : NULL;

	free(s->version);
	s->version = copy;
}

static void
drift_stream_retry(struct drift_stream *s)
{
	s->backoff = s->backoff == 0		       ? BACKOFF_MIN_MS
		     : s->backoff * 2 < BACKOFF_MAX_MS ? s->backoff * 2
						       : BACKOFF_MAX_MS;
	loop_timer(s->drift_watch->settings.api->loop, &s->timer, s->backoff);
}

static const char *
drift_stream_path(struct drift_stream *s, struct arena *a)
{
	return kind_path(a, &s->kind, s->drift_watch->settings.namespace, NULL);
}

static void
drift_stream_read_line(struct drift_stream *s, const char *line, size_t len)
{
	_cleanup_(json_decrefp) json_t *event = json_loadb(line, len, 0, NULL);
	const json_t *meta = json_object_get(json_object_get(event, "object"), "metadata");
	const char *type = json_str(event, "type"), *version = json_str(meta, "resourceVersion");

	if (str_eq(type, "ERROR")) {
		drift_stream_set_version(s, NULL);
		return;
	}
	if (version != NULL)
		drift_stream_set_version(s, version);
	s->backoff = 0;
	if (type != NULL && strcmp(type, "BOOKMARK") != 0 && json_str(meta, "name") != NULL)
		drift_report(
		    s->drift_watch, s->kind.group, s->kind.kind, json_str(meta, "namespace"), json_str(meta, "name"));
}

static void
drift_stream_read(void *arg, const char *at, size_t len)
{
	struct drift_stream *s = arg;

	if (!str_add(&s->line, at, len)) {
		transport_cancel(s->drift_watch->settings.api, s->exchange);
		s->exchange = NULL;
		drift_stream_set_version(s, NULL);
		str_cut(&s->line, s->line.len);
		s->line.overflow = false;
		drift_stream_retry(s);
		return;
	}
	for (const char *end; s->line.len > 0 && (end = memchr(s->line.at, '\n', s->line.len)) != NULL;) {
		size_t n = (size_t)(end - s->line.at);

		drift_stream_read_line(s, s->line.at, n);
		str_cut(&s->line, n + 1);
	}
}

static void
drift_stream_end(void *arg, const struct err *e, const struct reply *reply)
{
	struct drift_stream *s = arg;

	(void)e;
	s->exchange = NULL;
	str_cut(&s->line, s->line.len);
	if (reply->status == 410)
		drift_stream_set_version(s, NULL);
	if (reply->status == 401 || reply->status == 403 || reply->status == 404 || reply->status == 405) {
		log_info("cannot watch this kind; changes are found at the next interval", "kind", s->kind.kind);
		s->given_up = true;
		return;
	}
	drift_stream_retry(s);
}

static void
drift_stream_watch(struct drift_stream *s)
{
	static const struct receiver receiver = { .data = drift_stream_read, .done = drift_stream_end };
	static const struct header names_only[] = { { "Accept",
	    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json" } };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int64_t seconds = WATCH_MIN_S + (int64_t)(rand_next(&s->drift_watch->rand) % WATCH_MIN_S);
	struct request r = { .method = "GET",
		.url = arena_printf(a,
		    "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%" PRId64 "&resourceVersion=%s",
		    drift_stream_path(s, a), seconds, s->version),
		.headers = names_only,
		.n_headers = 1,
		.timeout_ms = CLIENT_TIMEOUT_MS,
		.stream = true,
		.stream_max_ms = (seconds + 30) * 1000,
		.response_max = 1u << 20 };

	s->exchange = transport_start(s->drift_watch->settings.api, &r, &receiver, s);
}

/* Only the resourceVersion of the list is needed. */
static void
drift_stream_ignore_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	(void)arg, (void)item, (void)unreadable;
}

/* The response to a list of one object: its resourceVersion is where the watch begins. */
static void
drift_stream_begin(void *arg, const struct err *e, const json_t *body)
{
	struct drift_stream *s = arg;
	const char *version = json_str(json_object_get(body, "metadata"), "resourceVersion");

	s->call = NULL;
	if (e == NULL && version != NULL) {
		drift_stream_set_version(s, version);
		drift_stream_watch(s);
	} else if (e != NULL && (e->class == ERR_INVALID || e->class == ERR_GONE)) {
		log_info("cannot watch this kind; changes are found at the next interval", "kind", s->kind.kind);
		s->given_up = true;
	} else {
		drift_stream_retry(s);
	}
}

static void
drift_stream_read_kinds(void *arg, const struct err *e, const json_t *body)
{
	struct drift_stream *s = arg;

	s->call = NULL;
	if (e == NULL && kind_listed(s->arena, body, s->kind.group, s->kind.version, s->kind.kind, &s->kind))
		drift_stream_start(s);
	else
		drift_stream_retry(s);
}

static void
drift_stream_start(struct drift_stream *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct transport *api = s->drift_watch->settings.api;

	if (s->kind.plural == NULL && !kind_builtin(s->kind.group, s->kind.version, s->kind.kind, &s->kind))
		s->call = client_call(
		    api, "GET", kind_root(a, s->kind.group, s->kind.version), NULL, NULL, drift_stream_read_kinds, s);
	else if (s->version == NULL)
		s->call = client_list(api, arena_printf(a, "%s?limit=1", drift_stream_path(s, a)),
		    drift_stream_ignore_item, drift_stream_begin, s);
	else
		drift_stream_watch(s);
}

static void
drift_stream_fire(struct timer *timer, void *arg)
{
	(void)timer;
	drift_stream_start(arg);
}

static void
drift_watch_add_kind(struct drift_watch *t, const char *group, const char *version, const char *kind)
{
	struct drift_stream *s;

	if (strcmp(kind, "Secret") == 0 && group[0] == '\0')
		return;
	for (size_t i = 0; i < t->n_streams; i++)
		if (strcmp(t->streams[i]->kind.kind, kind) == 0 && strcmp(t->streams[i]->kind.group, group) == 0)
			return;
	if (t->n_streams == KINDS_MAX) {
		if (!t->full)
			log_warn("more kinds of managed objects than are watched; changes of the others are noticed at "
				 "the next refresh",
			    "kind", kind, "group", group);
		t->full = true;
		return;
	}
	s = mem_alloc(sizeof(*s));
	*s = (struct drift_stream){ .drift_watch = t, .arena = arena_new() };
	s->timer = (struct timer){ .fire = drift_stream_fire, .arg = s };
	s->kind = (struct api_kind){ arena_strdup(s->arena, group), arena_strdup(s->arena, version),
		arena_strdup(s->arena, kind), NULL, false };
	str_init(&s->line, LINE_MAX_BYTES);
	t->streams[t->n_streams++] = s;
	drift_stream_start(s);
}

static void
drift_stream_free(struct drift_stream *s)
{
	loop_timer_stop(s->drift_watch->settings.api->loop, &s->timer);
	client_cancel(s->call);
	if (s->exchange != NULL)
		transport_cancel(s->drift_watch->settings.api, s->exchange);
	str_done(&s->line);
	free(s->version);
	arena_free(s->arena);
	free(s);
}

/* Objects of other kinds than `only` are left out (NULL: none are). */
static void
drift_watch_set(struct drift_watch *t, const struct object *o, const struct worker_resources *objects, const char *only)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct drift_manager *m;

	drift_manager_remove(t, drift_manager_key(a, o));
	if (objects->n == 0)
		return;
	m = mem_alloc(sizeof(*m));
	*m = (struct drift_manager){ .type = o->type,
		.ns = mem_strdup(o->meta.namespace),
		.name = mem_strdup(o->meta.name),
		.keys = mem_alloc(objects->n * sizeof(char *)) };
	map_set(&t->managers, drift_manager_key(a, o), m);
	for (size_t i = 0; i < objects->n; i++) {
		const struct worker_resource *r = &objects->at[i];
		const char *group = r->group != NULL ? r->group : "";

		if (r->kind == NULL || r->version == NULL || r->name == NULL ||
		    (only != NULL && strcmp(r->kind, only) != 0))
			continue;
		m->keys[m->n] = mem_strdup(manifest_key(a, group, r->kind, r->namespace, r->name));
		map_set(&t->owners, m->keys[m->n++], m);
		drift_watch_add_kind(t, group, r->version, r->kind);
	}
}

void
drift_watch_application(struct drift_watch *t, const struct application *app, bool deleted)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct application_status status = { 0 };

	/* Objects in another cluster are not watched. */
	if (!deleted && application_is_local(app))
		decode_text(&application_status_type, app->status, a, &status);
	drift_watch_set(t, &app->object, &status.resources, NULL);
}

void
drift_watch_kustomization(struct drift_watch *t, const struct flux_kustomization *k, bool deleted)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct flux_status status = { 0 };
	struct worker_resources objects;

	decode_text(&flux_status_type, deleted ? NULL : k->status, a, &status);
	objects = inventory_resources(a, &status);

	drift_watch_set(t, &k->object, &objects, "Rollout");
}

struct drift_watch *
drift_watch_new(const struct drift_watch_settings *settings)
{
	struct drift_watch *t = mem_alloc(sizeof(*t));

	*t = (struct drift_watch){ .settings = *settings, .rand = rand_stream(settings->seed, "triggers") };
	return t;
}

struct drift_watch *
drift_watch_free(struct drift_watch *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < t->n_streams; i++)
		drift_stream_free(t->streams[i]);
	map_each (&t->managers, slot)
		drift_manager_free(slot->value);
	map_done(&t->managers);
	map_done(&t->owners);
	free(t);
	return NULL;
}
