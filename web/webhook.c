/* web/webhook.c: a hook a request: the Secret, what it says, whom it concerns, and their annotations, one after the other. */
#include "web/webhook.h"
#include <string.h>
#include "base/daemon.h"
#include "base/log.h"
#include "gitops/push.h"
#include "kube/client.h"

#define BODY_MAX (8u << 20) /* a push of very many commits */
#define HOOKS_MAX 64 /* at once */
#define CONCERNED_MAX 1000
#define PATH "/api/webhook"
#define SECRET "argocd-secret"

struct hook {
	struct webhook *webhook;
	struct hook *next;
	struct MHD_Connection *connection;
	struct arena *arena;
	struct str body;
	bool started, suspended;
	json_t *secret;
	struct push push;
	struct call *call;
	const struct type *listed; /* what is looked through */
	const char *paths[CONCERNED_MAX]; /* of what it concerns */
	const char *patches[CONCERNED_MAX];
	size_t n, at;
	struct str answer;
	int status; /* 0: not yet */
};

struct webhook {
	struct loop *loop;
	struct webhook_settings settings;
	struct daemon daemon;
	struct hook *hooks;
	size_t n;
};

static void
finish(struct hook *h, int status)
{
	h->status = status;
	if (!h->suspended)
		return;
	h->suspended = false;
	daemon_resume(&h->webhook->daemon, h->connection);
}

static void
fail(struct hook *h, int status, const char *text)
{
	str_addf(&h->answer, "%s\n", text);
	log_warn("a webhook is refused", "error", text);
	finish(h, status);
}

/* --- the annotations -------------------------------------------------------------------------------------------------- */

static void patch_next(struct hook *);

static void
on_patched(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;
	const char *path = h->paths[h->at++];

	(void)body;
	h->call = NULL;
	/* One that is gone needs no look. */
	if (e != NULL && e->class != ERR_GONE)
		str_addf(&h->answer, "%s: %s\n", path, err_text(h->arena, err_copy(h->arena, e)));
	else
		str_addf(&h->answer, "%s\n", path);
	patch_next(h);
}

static void
patch_next(struct hook *h)
{
	if (h->at == h->n) {
		str_addf(&h->answer, "%zu follow %s\n", h->n, h->push.ref);
		finish(h, 200);
		return;
	}
	h->call = client_call(
	    h->webhook->settings.api, "PATCH", h->paths[h->at], PATCH_MERGE, h->patches[h->at], on_patched, h);
}

/* --- whom it concerns ------------------------------------------------------------------------------------------------- */

static void
concern(struct hook *h, const struct object *o, const char *annotation, const char *value)
{
	json_t *patch;

	if (h->n == CONCERNED_MAX)
		return;
	patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", annotation, value);
	h->paths[h->n] = client_path(h->arena, o->type, o->meta.namespace, o->meta.name, NULL);
	h->patches[h->n++] = json_text(h->arena, patch);
	json_decref(patch);
}

static void
on_item(void *arg, const json_t *item)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct hook *h = arg;
	const struct object *o = object_decode(h->listed, item, a);

	if (h->listed == &application_type && push_concerns_application(a, &h->push, (const struct application *)o))
		concern(h, o, ANNOTATION_REFRESH, "normal");
	if (h->listed == &git_repository_type &&
	    push_concerns_repository(a, &h->push, (const struct git_repository *)o))
		concern(h, o, ANNOTATION_REQUESTED_AT, flux_request_mark(h->arena, loop_wall(h->webhook->loop)));
}

static void list(struct hook *, const struct type *);

static void
on_list(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;

	(void)body;
	h->call = NULL;
	/* A type that is not installed has no objects. */
	if (e != NULL && e->class != ERR_GONE)
		fail(h, 503, err_text(h->arena, err_copy(h->arena, e)));
	else if (h->listed == &application_type)
		list(h, &git_repository_type);
	else
		patch_next(h);
}

static void
list(struct hook *h, const struct type *t)
{
	h->listed = t;
	h->call = client_list(h->webhook->settings.api,
	    client_path(h->arena, t, h->webhook->settings.namespace, NULL, NULL), on_item, on_list, h);
}

/* --- the request ------------------------------------------------------------------------------------------------------ */

static const char *
header(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_HEADER_KIND, name);
}

static void
on_secret(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;
	const struct push_headers headers = { header, h->connection };
	const char *why = NULL;
	int status;

	h->call = NULL;
	if (e != NULL && e->class != ERR_GONE) {
		fail(h, 503, err_text(h->arena, err_wrap(h->arena, err_copy(h->arena, e), "Secret %s", SECRET)));
		return;
	}
	status = push_read(
	    h->arena, &headers, str_text(&h->body), h->body.len, json_object_get(body, "data"), &h->push, &why);
	if (status == 0)
		list(h, &application_type);
	else if (status == 204)
		finish(h, 204);
	else
		fail(h, status, why);
}

static struct hook *
hook_new(struct webhook *w, struct MHD_Connection *c)
{
	struct hook *h = mem_alloc(sizeof(*h));

	*h = (struct hook){ .webhook = w, .next = w->hooks, .connection = c, .arena = arena_new() };
	str_init(&h->body, BODY_MAX);
	str_init(&h->answer, BODY_MAX);
	w->hooks = h;
	w->n++;
	return h;
}

static void
on_over(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	struct webhook *w = arg;
	struct hook *h = *state;

	(void)c;
	(void)why;
	if (h == NULL)
		return;
	for (struct hook **at = &w->hooks; *at != NULL; at = &(*at)->next)
		if (*at == h) {
			*at = h->next;
			break;
		}
	w->n--;
	client_cancel(h->call);
	str_done(&h->body);
	str_done(&h->answer);
	arena_free(h->arena);
	free(h);
	*state = NULL;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	struct webhook *w = arg;
	struct hook *h = *state;

	(void)version;
	if (h == NULL) {
		if (strcmp(path, PATH) != 0)
			return daemon_say(c, 404, "there is " PATH "\n");
		if (strcmp(method, "POST") != 0)
			return daemon_say(c, 405, "POST\n");
		if (w->n >= HOOKS_MAX)
			return daemon_say(c, 503, "too many at once\n");
		*state = hook_new(w, c);
		return MHD_YES;
	}
	if (*body_len > 0) {
		str_add(&h->body, body, *body_len);
		*body_len = 0;
		return MHD_YES;
	}
	if (h->body.overflow)
		return daemon_say(c, 413, "the body is too long\n");
	if (h->status != 0)
		return daemon_say(c, h->status, str_text(&h->answer));
	if (!h->started) {
		h->started = true;
		h->suspended = true;
		MHD_suspend_connection(c);
		h->call = client_call(w->settings.api, "GET",
		    arena_printf(h->arena, "/api/v1/namespaces/%s/secrets/%s", w->settings.gitops_namespace, SECRET),
		    NULL, NULL, on_secret, h);
	}
	return MHD_YES;
}

struct webhook *
webhook_new(struct loop *l, const struct webhook_settings *s)
{
	struct webhook *w = mem_alloc(sizeof(*w));

	*w = (struct webhook){ .loop = l, .settings = *s };
	if (!daemon_start(&w->daemon, l, s->address, s->port, on_request, on_over, w))
		return webhook_free(w);
	return w;
}

struct webhook *
webhook_free(struct webhook *w)
{
	if (w == NULL)
		return NULL;
	/* What is suspended must go on to be ended. */
	for (struct hook *h = w->hooks; h != NULL; h = h->next) {
		client_cancel(h->call);
		h->call = NULL;
		if (h->suspended)
			MHD_resume_connection(h->connection);
		h->suspended = false;
	}
	daemon_stop(&w->daemon);
	free(w);
	return NULL;
}
