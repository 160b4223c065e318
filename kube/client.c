/* kube/client.c: calls of the Kubernetes API: builds paths and requests, and gives each failed response its class
 * (base/err.h). */
#include "kube/client.h"
#include <string.h>
#include "base/json_walk.h"

#define TRIES_MAX 5 /* of one call, if the server responds with Retry-After */

struct call {
	struct transport *transport;
	struct exchange *exchange;
	struct timer again;
	client_done *done; /* one of these is set */
	client_item_done *done_item;
	bool unread; /* the object of the response is not read */
	void *arg;
	char *method, *url, *content_type, *body;
	int tries; /* responses that requested another try so far */
	int64_t until; /* mono ms */
	bool json_patch; /* a 422 may mean that a test of the patch failed */
	enum urgency urgency;
	struct list_reader *list; /* NULL: the response is parsed as a whole */
	struct err *wrong; /* why the list cannot be read; in the arena below */
	struct arena *arena;
};

const char *
client_path(struct arena *a, const struct type *t, const char *ns, const char *name, const char *sub)
{
	bool core = t->group[0] == '\0', within = ns != NULL && !t->cluster_scoped;

	return arena_printf(a, "%s%s%s%s%s%s/%s%s%s%s%s", core ? "/api/" : "/apis/", t->group, core ? "" : "/",
	    t->version, within ? "/namespaces/" : "", within ? ns : "", t->plural, name != NULL ? "/" : "",
	    name != NULL ? name : "", sub != NULL ? "/" : "", sub != NULL ? sub : "");
}

static enum err_class
client_class(int status, const char *reason)
{
	switch (status) {
	case 404:
	case 410: return ERR_GONE;
	case 409: return strcmp(reason, "AlreadyExists") == 0 ? ERR_EXISTS : ERR_CONFLICT;
	case 408:
	case 429: return ERR_AGAIN;
	default: return status >= 500 ? ERR_AGAIN : ERR_INVALID;
	}
}

struct err *
client_error(struct arena *a, const struct err *e, int status, struct bytes body)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *message, *reason;
	enum err_class class;
	struct err *error;

	if (e != NULL)
		return err_copy(a, e);
	if (status >= 200 && status <= 299)
		return NULL;
	if (json_parse(a, body.at, body.len, &j) != NULL)
		j = NULL;
	message = json_str(j, "message");
	reason = json_str(j, "reason");
	if (message == NULL)
		message = arena_strndup(a, body.at, body.len < 300 ? body.len : 300);
	class = client_class(status, reason != NULL ? reason : "");
	/* Kubernetes responds with 500 if the schema refuses the config of a server-side apply: a retry would fail
	 * again. */
	if (status == 500 && str_starts(message, "failed to create typed patch object"))
		class = ERR_INVALID;
	error =
	    err_new(a, class, "%s (%d%s%s)", message, status, reason != NULL ? " " : "", reason != NULL ? reason : "");
	error->forbidden = status == 401 || status == 403;
	error->expired = status == 410;
	return error;
}

static void
client_call_free(struct call *c)
{
	free(c->method);
	free(c->url);
	free(c->content_type);
	free(c->body);
	if (c->list != NULL)
		list_reader_done(c->list);
	free(c->list);
	arena_free(c->arena);
	free(c);
}

static void client_send(struct call *);

static void
client_on_again(struct timer *t, void *arg)
{
	(void)t;
	client_send(arg);
}

static struct err *
client_read_object(struct arena *a, struct bytes body, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *part = NULL;
	struct err *e = json_parse(a, body.at, body.len, ret);
	struct unreadable why;

	if (e == NULL || item_read(a, body.at, body.len, false, &part, &why) || json_str(part, "kind") == NULL ||
	    item_name(part) == NULL)
		return e == NULL ? NULL : err_wrap(a, e, "the response of the API server cannot be read");
	return err_new(a, ERR_AGAIN, "%s",
	    item_problem(a, json_str(part, "kind"), json_str(json_object_get(part, "metadata"), "namespace"),
		item_name(part), why.why));
}

/* Reads the object that a write returns. Sets nothing for a body that is no object. */
static struct err *
client_read_item(struct arena *a, struct bytes body, struct item_text *ret)
{
	const char *text = item_accept(a, body.at, body.len, false);
	_cleanup_(json_decrefp) json_t *tree = NULL;
	struct err *e;

	if (text != NULL) {
		text = json_begin(text);
		if (json_at_object(text))
			item_init_accepted(ret, a, text);
		ret->response = body;
		return NULL;
	}
	e = client_read_object(a, body, &tree);
	if (e == NULL && json_is_object(tree))
		item_init_tree(ret, a, tree, NULL);
	return e;
}

/* The end of a list whose objects were passed on. A response with 200 but without items, or with items that are not
 * objects, is an error: as an empty list it would delete the whole cache. */
static struct err *
client_list_end(struct call *c, struct arena *a, json_t **ret)
{
	const json_t *meta, *items, *more;
	struct err *e = c->wrong != NULL ? c->wrong : list_reader_end(c->list, a, ret);

	if (e != NULL)
		return e;
	meta = json_object_get(*ret, "metadata");
	items = json_object_get(*ret, "items");
	more = json_object_get(meta, "continue");
	if (items == NULL || (!json_is_null(items) && !json_is_array(items)) || json_array_size(items) > 0)
		return err_new(a, ERR_INVALID, "items: not a list of objects");
	if (!json_is_object(meta) || (more != NULL && !json_is_string(more)))
		return err_new(a, ERR_INVALID, "metadata: not that of a list");
	return NULL;
}

/* A failed test of a JSON patch is a 422 without causes: the object has changed since it was read. A refusal by
 * validation has a cause for each wrong field. A webhook may refuse without causes: the executor finds that by the
 * resourceVersion. */
static bool
client_is_refusal(struct bytes body)
{
	_cleanup_(json_decrefp) json_t *j = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, NULL);

	return json_array_size(json_object_get(json_object_get(j, "details"), "causes")) > 0;
}

static void
client_on_done(void *arg, const struct err *e, const struct reply *reply)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct call *c = arg;
	struct loop *l = c->transport->loop;
	struct item_text item = { .text = NULL };
	int64_t wait = client_retry_after_ms(reply);
	struct err *error;

	c->exchange = NULL;
	transport_report(c->transport, c->method, c->url, e != NULL ? 0 : reply->status);
	/* The request was not processed: the server is overloaded, and sends the time of the retry. */
	if (e == NULL && (reply->status == 429 || reply->status == 503) && wait > 0 && ++c->tries < TRIES_MAX &&
	    loop_mono(l) + wait < c->until) {
		loop_timer(l, &c->again, wait);
		return;
	}
	error = client_error(a, e, reply->status, reply->body);
	if (error != NULL && e == NULL)
		error->retry_after_ms = wait;
	if (error != NULL && reply->status == 422 && c->json_patch && !client_is_refusal(reply->body))
		error->class = ERR_CONFLICT;
	if (error == NULL && c->list != NULL)
		error = client_list_end(c, a, &j);
	else if (error == NULL && reply->body.len > 0 && c->done_item != NULL && !c->unread)
		error = client_read_item(a, reply->body, &item);
	else if (error == NULL && reply->body.len > 0 && !c->unread)
		error = client_read_object(a, reply->body, &j);
	/* The write took effect. A response that cannot be read is not a refusal: the object is fetched. */
	if (error != NULL && e == NULL && reply->status >= 200 && reply->status <= 299) {
		error->class = ERR_AGAIN;
		error->responded = true;
	}
	if (c->done_item != NULL)
		c->done_item(c->arg, error, &item);
	else
		c->done(c->arg, error, j);
	client_call_free(c);
}

static void
client_on_data(void *arg, const char *at, size_t len)
{
	struct call *c = arg;

	if (c->wrong == NULL)
		c->wrong = list_reader_add(c->list, c->arena, at, len);
}

static void
client_send(struct call *c)
{
	static const struct receiver receiver = { .data = client_on_data, .done = client_on_done };
	int64_t left = c->until - loop_mono(c->transport->loop);
	struct request r = { .method = c->method,
		.url = c->url,
		.body = c->body,
		.content_type = c->content_type,
		.timeout_ms = left > 0 ? left : 1, /* the loop may have been late */
		.stream = c->list != NULL,
		.stream_max_ms = left > 0 ? left : 1,
		.response_max = CLIENT_RESPONSE_MAX,
		.urgency = c->urgency };

	c->exchange = transport_start(c->transport, &r, &receiver, c);
}

static struct call *
client_start(const struct call *form)
{
	struct call *c = mem_alloc(sizeof(*c));

	*c = *form;
	c->again = (struct timer){ .fire = client_on_again, .arg = c };
	client_send(c);
	return c;
}

static struct call *
client_call_within(struct transport *t, enum urgency urgency, int64_t timeout_ms, const char *method, const char *url,
    const char *content_type, const char *body, client_done *done, client_item_done *done_item, bool unread, void *arg)
{
	return client_start(&(struct call){ .transport = t,
	    .done = done,
	    .done_item = done_item,
	    .unread = unread,
	    .arg = arg,
	    .urgency = urgency,
	    .until = loop_mono(t->loop) + timeout_ms,
	    .method = mem_strdup(method),
	    .url = mem_strdup(url),
	    .content_type = content_type != NULL ? mem_strdup(content_type) : NULL,
	    .body = body != NULL ? mem_strdup(body) : NULL,
	    .json_patch = content_type != NULL && strcmp(content_type, PATCH_JSON) == 0 });
}

struct call *
client_call_as(struct transport *t, enum urgency urgency, int64_t timeout_ms, const char *method, const char *url,
    const char *content_type, const char *body, client_done *done, void *arg)
{
	return client_call_within(t, urgency, timeout_ms, method, url, content_type, body, done, NULL, false, arg);
}

struct call *
client_call(struct transport *t, const char *method, const char *url, const char *content_type, const char *body,
    client_done *done, void *arg)
{
	return client_call_as(t, URGENCY_PROGRESS, client_timeout_ms(t), method, url, content_type, body, done, arg);
}

struct call *
client_write(struct transport *t, enum urgency urgency, int64_t timeout_ms, const char *method, const char *url,
    const char *content_type, const char *body, client_item_done *done, void *arg)
{
	return client_call_within(t, urgency, timeout_ms, method, url, content_type, body, NULL, done, false, arg);
}

struct call *
client_write_unread(struct transport *t, enum urgency urgency, const char *method, const char *url,
    const char *content_type, const char *body, client_item_done *done, void *arg)
{
	return client_call_within(
	    t, urgency, client_timeout_ms(t), method, url, content_type, body, NULL, done, true, arg);
}

/* Takes the reader. */
static struct call *
client_list_start(struct transport *t, const char *url, struct list_reader *list, client_done *done, void *arg)
{
	return client_start(&(struct call){ .transport = t,
	    .done = done,
	    .arg = arg,
	    .until = loop_mono(t->loop) + client_timeout_ms(t),
	    .method = mem_strdup("GET"),
	    .url = mem_strdup(url),
	    .list = list,
	    .arena = arena_new() });
}

struct call *
client_list(struct transport *t, const char *url, list_item *item, client_done *done, void *arg)
{
	struct list_reader *list = mem_alloc(sizeof(*list));

	list_reader_init(list, item, arg);
	return client_list_start(t, url, list, done, arg);
}

struct call *
client_list_text(struct transport *t, const char *url, list_text *item, client_done *done, void *arg)
{
	struct list_reader *list = mem_alloc(sizeof(*list));

	list_reader_init_text(list, item, arg);
	return client_list_start(t, url, list, done, arg);
}

void
client_cancel(struct call *c)
{
	if (c == NULL)
		return;
	loop_timer_stop(c->transport->loop, &c->again);
	if (c->exchange != NULL)
		transport_cancel(c->transport, c->exchange);
	client_call_free(c);
}
