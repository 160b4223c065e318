/* web/webhook.c: receives webhooks of Git servers: verifies the signature, reads the push, finds the objects that
 * follow the repository, and annotates them. The formats are in gitops/push_event.c.
 *
 * The Secret is read before the body, so that a body without a valid signature uses no memory: an impossible header
 * is refused at once, and the signature is computed while the body arrives.
 */
#include "web/webhook.h"
#include <string.h>
#include "gitops/push_event.h"
#include "io/http_server.h"
#include "io/log.h"
#include "kube/client.h"
#include "web/log_limit.h"

#define BODY_MAX (1u << 20) /* a push of very many commits */
#define BODIES_MAX (8u << 20) /* bodies of all requests together; above it the oldest incomplete request is closed */
#define RESPONSE_MAX (1u << 20)
#define HOOKS_MAX 64 /* concurrent requests */
#define CONNECTIONS_MAX 128
#define IDLE_MS 30000
#define SECRET_MS 1000 /* with more than SECRET_HOOKS requests, a Secret that was read within this time is used again */
#define SECRET_HOOKS 8 /* concurrent requests, each of which reads the Secret */
#define CONCERNED_MAX 1000
#define PATH "/api/webhook"
#define SECRET "argocd-secret"

struct hook {
	struct webhook *webhook;
	struct hook *next;
	struct MHD_Connection *connection;
	struct arena *arena;
	struct str body;
	bool suspended, again; /* again: the request handler is called again for the same headers */
	bool complete; /* the whole body has arrived */
	struct push_headers headers;
	struct push_check check;
	struct push push;
	struct call *call;
	const struct type *listed; /* the type that is being listed */
	const char *paths[CONCERNED_MAX]; /* of the objects that follow the repository */
	const char *patches[CONCERNED_MAX];
	size_t n, at;
	bool full; /* there are more such objects */
	struct str response;
	int status; /* of the response; 0: not known yet */
};

struct webhook {
	struct loop *loop;
	struct webhook_settings settings;
	struct http_server daemon;
	struct hook *hooks; /* the newest first */
	size_t n, bodies; /* bytes of all bodies that are being received */
	json_t *secret; /* the data of argocd-secret, and when it was read; NULL: there is no such Secret */
	int64_t secret_at; /* monotonic ms; 0: never */
	struct log_limit lines; /* about webhooks, which any client can send */
};

static void
webhook_finish(struct hook *h, int status)
{
	h->status = status; /* 0: the request continues */
	if (!h->suspended)
		return;
	h->suspended = false;
	http_server_resume(&h->webhook->daemon, h->connection);
}

static void
webhook_fail(struct hook *h, int status, const char *text)
{
	str_addf(&h->response, "%s\n", text);
	if (log_limit_take(&h->webhook->lines))
		log_warn("a webhook is refused", "error", text);
	webhook_finish(h, status);
}

static void webhook_patch_next(struct hook *);

static void
webhook_on_patched(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;
	const char *path = h->paths[h->at++];

	(void)body;
	h->call = NULL;
	/* A deleted object needs no refresh. */
	if (e != NULL && e->class != ERR_GONE)
		str_addf(&h->response, "%s: %s\n", path, err_text(h->arena, err_copy(h->arena, e)));
	else
		str_addf(&h->response, "%s\n", path);
	webhook_patch_next(h);
}

static void
webhook_patch_next(struct hook *h)
{
	if (h->at == h->n) {
		str_addf(&h->response, "%zu follow %s\n", h->n, h->push.ref);
		webhook_finish(h, 200);
		return;
	}
	h->call = client_call(
	    h->webhook->settings.api, "PATCH", h->paths[h->at], PATCH_MERGE, h->patches[h->at], webhook_on_patched, h);
}

static void
webhook_concern(struct hook *h, const struct object *o, const char *annotation, const char *value)
{
	json_t *patch;

	if (h->n == CONCERNED_MAX) {
		if (!h->full && log_limit_take(&h->webhook->lines))
			log_warn("a push concerns more objects than one webhook refreshes; the others wait for their "
				 "interval");
		h->full = true;
		return;
	}
	patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", annotation, value);
	h->paths[h->n] = client_path(h->arena, o->type, o->meta.namespace, o->meta.name, NULL);
	h->patches[h->n++] = json_text(h->arena, patch);
	json_decref(patch);
}

static void
webhook_on_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct hook *h = arg;
	const struct object *o;

	if (unreadable != NULL)
		return; /* its repository cannot be read; its controller logs that */
	o = object_decode(h->listed, item, a);
	if (h->listed == &application_type && push_concerns_application(a, &h->push, (const struct application *)o))
		webhook_concern(h, o, ANNOTATION_REFRESH, "normal");
	if (h->listed == &git_repository_type &&
	    push_concerns_repository(a, &h->push, (const struct git_repository *)o))
		webhook_concern(
		    h, o, ANNOTATION_REQUESTED_AT, flux_request_mark(h->arena, loop_wall(h->webhook->loop)));
}

static void webhook_list(struct hook *, const struct type *);

static void
webhook_on_list(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;

	(void)body;
	h->call = NULL;
	/* A type whose CustomResourceDefinition is not installed has no objects. */
	if (e != NULL && e->class != ERR_GONE)
		webhook_fail(h, 503, err_text(h->arena, err_copy(h->arena, e)));
	else if (h->listed == &application_type)
		webhook_list(h, &git_repository_type);
	else
		webhook_patch_next(h);
}

static void
webhook_list(struct hook *h, const struct type *t)
{
	h->listed = t;
	h->call = client_list(h->webhook->settings.api,
	    client_path(h->arena, t, h->webhook->settings.namespace, NULL, NULL), webhook_on_item, webhook_on_list, h);
}

static const char *
webhook_header(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_HEADER_KIND, name);
}

/* The Secret has been read: decides whether the body is read. */
static void
webhook_begin(struct hook *h)
{
	const char *why = NULL;
	int status = push_begin(&h->check, h->arena, &h->headers, h->webhook->secret, &why);

	if (status != 0)
		webhook_fail(h, status, why);
	else if (h->suspended)
		webhook_finish(h, 0);
}

static void
webhook_on_secret(void *arg, const struct err *e, const json_t *body)
{
	struct hook *h = arg;
	struct webhook *w = h->webhook;

	h->call = NULL;
	if (e != NULL && e->class != ERR_GONE) {
		webhook_fail(
		    h, 503, err_text(h->arena, err_wrap(h->arena, err_copy(h->arena, e), "Secret %s", SECRET)));
		return;
	}
	json_decref(w->secret);
	w->secret = json_incref(json_object_get(body, "data"));
	w->secret_at = loop_mono(w->loop);
	webhook_begin(h);
}

static void
webhook_suspend(struct hook *h)
{
	h->suspended = true;
	http_server_suspend(&h->webhook->daemon, h->connection);
}

/* The body is complete, and its signature valid: reads the event. */
static void
webhook_read_body(struct hook *h)
{
	const char *why = NULL;
	int status = push_end(&h->check, str_text(&h->body), h->body.len, &h->push, &why);

	if (status == 0)
		webhook_list(h, &application_type);
	else if (status == 204)
		webhook_finish(h, 204);
	else
		webhook_fail(h, status, why);
}

/* The bytes of a hook's body are no longer counted. */
static void
webhook_forget_body(struct hook *h)
{
	h->webhook->bodies -= h->body.len;
	str_done(&h->body);
	str_init(&h->body, BODY_MAX);
}

/* While all bodies together are above BODIES_MAX, closes the oldest request that is incomplete. */
static void
webhook_bound_bodies(struct webhook *w)
{
	while (w->bodies > BODIES_MAX) {
		struct hook *oldest = NULL;

		for (struct hook *h = w->hooks; h != NULL; h = h->next)
			if (!h->complete && h->body.len > 0)
				oldest = h;
		if (oldest == NULL)
			return;
		if (log_limit_take(&w->lines))
			log_warn("a webhook is closed: too much is sent at once, and its body is not complete");
		webhook_forget_body(oldest);
		oldest->status = 503;
		http_server_close(&w->daemon, oldest->connection);
	}
}

static struct hook *
webhook_hook_new(struct webhook *w, struct MHD_Connection *c)
{
	struct hook *h = mem_alloc(sizeof(*h));

	*h = (struct hook){ .webhook = w, .next = w->hooks, .connection = c, .arena = arena_new() };
	h->headers = (struct push_headers){ webhook_header, c };
	str_init(&h->body, BODY_MAX);
	str_init(&h->response, RESPONSE_MAX);
	w->hooks = h;
	w->n++;
	if (w->n > SECRET_HOOKS && w->secret_at != 0 && loop_mono(w->loop) - w->secret_at < SECRET_MS) {
		webhook_begin(h);
		return h;
	}
	webhook_suspend(h);
	h->again = true;
	h->call = client_call(w->settings.api, "GET",
	    arena_printf(h->arena, "/api/v1/namespaces/%s/secrets/%s", w->settings.gitops_namespace, SECRET), NULL,
	    NULL, webhook_on_secret, h);
	return h;
}

static void
webhook_on_over(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
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
	webhook_forget_body(h);
	str_done(&h->body);
	str_done(&h->response);
	arena_free(h->arena);
	free(h);
	*state = NULL;
}

static enum MHD_Result
webhook_on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *body, size_t *body_len, void **state)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
	struct webhook *w = arg;
	struct hook *h = *state;
	long long n;

	(void)version;
	if (h == NULL) {
		if (strcmp(path, PATH) != 0)
			return http_server_respond_text(c, 404, "there is " PATH "\n");
		if (strcmp(method, "POST") != 0)
			return http_server_respond_text(c, 405, "POST\n");
		if (length != NULL && !str_int(length, 0, BODY_MAX, &n))
			return http_server_respond_text(c, 413, "the body is longer than 1 MiB\n");
		if (w->n >= HOOKS_MAX)
			return http_server_respond_text(c, 503, "too many at once\n");
		*state = h = webhook_hook_new(w, c);
		/* A refused request: the response is sent without waiting for the body. */
		return h->status != 0 ? http_server_respond_text(c, h->status, str_text(&h->response)) : MHD_YES;
	}
	if (h->again) {
		h->again = false;
		return h->status != 0 ? http_server_respond_text(c, h->status, str_text(&h->response)) : MHD_YES;
	}
	if (*body_len > 0) {
		/* The body of a refused request, or one that is too long, is not kept. */
		if (h->status == 0 && h->body.len + *body_len > BODY_MAX) {
			webhook_forget_body(h);
			webhook_fail(h, 413, "the body is longer than 1 MiB");
		} else if (h->status == 0) {
			push_add(&h->check, body, *body_len);
			str_add(&h->body, body, *body_len);
			w->bodies += *body_len;
			webhook_bound_bodies(w);
		}
		*body_len = 0;
		return MHD_YES;
	}
	if (h->status != 0)
		return http_server_respond_text(c, h->status, str_text(&h->response));
	if (!h->complete) {
		h->complete = true;
		webhook_suspend(h);
		webhook_read_body(h);
	}
	return MHD_YES;
}

struct webhook *
webhook_new(struct loop *l, const struct webhook_settings *s)
{
	struct webhook *w = mem_alloc(sizeof(*w));

	*w = (struct webhook){ .loop = l, .settings = *s };
	log_limit_init(&w->lines, l, "webhooks that are refused or closed");
	if (!http_server_start(&w->daemon, l,
		&(struct http_server_settings){
		    .ip = s->address, .port = s->port, .connections_max = CONNECTIONS_MAX, .idle_ms = IDLE_MS },
		webhook_on_request, webhook_on_over, w))
		return webhook_free(w);
	return w;
}

struct webhook *
webhook_free(struct webhook *w)
{
	if (w == NULL)
		return NULL;
	/* A suspended connection must be resumed before it can be ended. */
	for (struct hook *h = w->hooks; h != NULL; h = h->next) {
		client_cancel(h->call);
		h->call = NULL;
		if (h->suspended)
			MHD_resume_connection(h->connection);
		h->suspended = false;
	}
	http_server_stop(&w->daemon);
	log_limit_done(&w->lines);
	json_decref(w->secret);
	free(w);
	return NULL;
}
