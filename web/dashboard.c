/* web/dashboard.c: HTTP API and page of the dashboard: its paths, access checks, and responses. Changes are made by
 * action.c, live updates by streams.c. */
#include "web/dashboard.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/rollout.h"
#include "rollout/view/info.h"
#include "web/action.h"
#include "web/assets.h"
#include "web/login.h"
#include "web/streams.h"

#define CONNECTIONS_MAX 200 /* connections */
#define IDLE_MS 120000
#define BODY_MAX 65536u
#define PARTS_MAX 32 /* segments of a path */
#define API 3 /* number of path segments before the arguments of an API path: api, v1, rollouts */

/* Codes of google.rpc.Code, and the HTTP status of each. */
enum code { INVALID = 3, NOT_FOUND = 5, FORBIDDEN = 7, ABORTED = 10, INTERNAL = 13, UNAVAILABLE = 14 };

struct dashboard {
	struct loop *loop;
	struct dashboard_settings settings;
	struct http_server daemon;
	struct streams streams;
	struct visit *visits; /* a list of the requests in progress */
};

/* One request, from its first line to its response. */
struct visit {
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	struct arena *arena;
	struct str body;
	struct login_check *check; /* in progress */
	bool checked;
	const struct identity *identity; /* of the user; NULL without a login */
	const struct login_response *login_response; /* of the login instead; else NULL */
	const char *ns, *name; /* of the Rollout that the action changes */
	struct web_action *action; /* in progress */
	bool suspended;
	int status; /* of the response; 0: not known yet */
	const char *answer; /* JSON */
	struct visit *next;
};

/* Returns a response with the headers that all have, and a copy of the body. */
static struct MHD_Response *
dashboard_response_new(const char *content_type, struct bytes body)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Content-Security-Policy",
		    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	};
	struct MHD_Response *r = MHD_create_response_from_buffer(body.len, (void *)body.at, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", content_type);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	return r;
}

/* Responds; the response is consumed. */
static enum MHD_Result
dashboard_queue(struct MHD_Connection *c, int status, struct MHD_Response *r)
{
	enum MHD_Result ok = MHD_queue_response(c, (unsigned)status, r);

	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result
dashboard_respond(struct MHD_Connection *c, int status, const char *content_type, struct bytes body)
{
	return dashboard_queue(c, status, dashboard_response_new(content_type, body));
}

static enum MHD_Result
dashboard_respond_text(struct MHD_Connection *c, int status, const char *text)
{
	return dashboard_respond(c, status, "application/json", (struct bytes){ text, strlen(text) });
}

/* Responds with an object, which is consumed. */
static enum MHD_Result
dashboard_respond_json(struct visit *v, json_t *body)
{
	const char *text = json_text(v->arena, body);

	json_decref(body);
	return dashboard_respond_text(v->connection, 200, text);
}

static int
dashboard_status_of(enum code code)
{
	switch (code) {
	case INVALID: return 400;
	case NOT_FOUND: return 404;
	case FORBIDDEN: return 403;
	case ABORTED: return 409;
	case UNAVAILABLE: return 503;
	case INTERNAL: break;
	}
	return 500;
}

static const char *
dashboard_error_text(struct arena *a, enum code code, const char *message)
{
	_cleanup_(json_decrefp) json_t *j =
	    json_pack("{s:s,s:i,s:s}", "error", message, "code", (int)code, "message", message);

	return json_text(a, j);
}

static enum MHD_Result
dashboard_refuse(struct visit *v, enum code code, const char *message)
{
	return dashboard_respond_text(
	    v->connection, dashboard_status_of(code), dashboard_error_text(v->arena, code, message));
}

/* Why the Rollout of this name cannot be read, if it is one of the unreadable ones. */
struct seeking {
	struct visit *visit;
	const char *name, *problem;
};

static void
dashboard_find_problem(const struct object *o, void *arg)
{
	struct seeking *s = arg;

	if (str_eq(o->meta.name, s->name))
		s->problem =
		    item_problem(s->visit->arena, o->type->kind, o->meta.namespace, o->meta.name, o->unreadable->why);
}

/* Responds that the Rollout does not exist, or why it cannot be read. */
static enum MHD_Result
dashboard_refuse_unknown(struct visit *v, const char *ns, const char *name)
{
	struct seeking s = { .visit = v, .name = name };

	view_each_unreadable(v->dashboard->settings.view, &rollout_type, ns, dashboard_find_problem, &s);
	if (s.problem != NULL)
		return dashboard_refuse(v, INTERNAL, s.problem);
	return dashboard_refuse(v, NOT_FOUND, arena_printf(v->arena, "rollouts.argoproj.io \"%s\" not found", name));
}

/* Returns whether the request's Host is that of the settings, or else a name of this machine. The domain of another
 * site, resolved to our address by its owner (DNS rebinding), is not. */
static bool
dashboard_host_is_ours(const struct dashboard *d, const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	size_t n = host == NULL ? 0 : host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	if (d->settings.host != NULL)
		return host != NULL && strcasecmp(host, d->settings.host) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (n == strlen(names[i]) && strncasecmp(host, names[i], n) == 0)
			return true;
	/* With another --listen-address the dashboard is read-only, and any Host is accepted. */
	return d->settings.read_only && strcmp(d->settings.address, "127.0.0.1") != 0;
}

/* Returns whether this site made the request, by the headers Sec-Fetch-* of browsers. With a login, other sites may
 * link to a page, and the OpenID provider returns to one. */
static bool
dashboard_site_is_ours(const struct visit *v, const char *method)
{
	const char *site = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
	const char *mode = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Sec-Fetch-Mode");
	const char *to = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Sec-Fetch-Dest");

	if (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
		return true;
	return v->dashboard->settings.login != NULL && strcmp(method, "GET") == 0 && str_eq(mode, "navigate") &&
	       str_eq(to, "document");
}

/* The response is complete: resumes the connection. */
static void
dashboard_answer(struct visit *v, int status, const char *text)
{
	v->status = status;
	v->answer = text;
	if (v->suspended) {
		v->suspended = false;
		http_server_resume(&v->dashboard->daemon, v->connection);
	}
}

static enum code
dashboard_code_of(const struct err *e)
{
	switch (e->class) {
	case ERR_GONE: return NOT_FOUND;
	case ERR_INVALID: return e->forbidden ? FORBIDDEN : INVALID;
	case ERR_CONFLICT:
	case ERR_EXISTS: return ABORTED;
	case ERR_AGAIN: return UNAVAILABLE;
	case ERR_CLASS_MAX: break;
	}
	return INTERNAL;
}

static void
dashboard_on_acted(void *arg, const struct err *e, const json_t *rollout)
{
	struct visit *v = arg;

	v->action = NULL;
	if (e != NULL) {
		enum code code = dashboard_code_of(e);

		dashboard_answer(
		    v, dashboard_status_of(code), dashboard_error_text(v->arena, code, err_text(v->arena, e)));
	} else {
		dashboard_answer(v, 200, rollout != NULL ? json_text(v->arena, rollout) : "{}");
	}
}

/* Starts the action on the visit's Rollout; the visit gets its result. */
static enum MHD_Result
dashboard_act(struct visit *v, struct web_action_settings s)
{
	s.api = v->dashboard->settings.api;
	s.namespace = v->ns;
	s.name = v->name;
	s.done = dashboard_on_acted;
	s.arg = v;
	v->suspended = true;
	MHD_suspend_connection(v->connection);
	v->action = web_action_start(&s);
	return MHD_YES;
}

/* Returns CONTAINER=IMAGE:TAG for "CONTAINER/IMAGE/TAG"; the image may have slashes. NULL: the path has another
 * form. */
static const char *
dashboard_image_of(struct arena *a, const char *const *parts, size_t n)
{
	const char *text;

	if (n < 3)
		return NULL;
	text = arena_printf(a, "%s=%s", parts[0], parts[1]);
	for (size_t i = 2; i + 1 < n; i++)
		text = arena_printf(a, "%s/%s", text, parts[i]);
	return arena_printf(a, "%s:%s", text, parts[n - 1]);
}

/* PUT NS/NAME/VERB...: `parts` are the segments after "rollouts". */
static enum MHD_Result
dashboard_put(struct visit *v, const char *const *parts, size_t n)
{
	_cleanup_(json_decrefp) json_t *body = NULL;
	const struct dashboard_settings *s = &v->dashboard->settings;
	long long revision;
	const char *verb;

	if (n < 3)
		return dashboard_refuse(v, NOT_FOUND, "there is PUT api/v1/rollouts/NAMESPACE/NAME/VERB");
	if (s->read_only)
		return dashboard_refuse(v, FORBIDDEN, "this dashboard only shows: it was started with --read-only");
	v->ns = arena_strdup(v->arena, parts[0]);
	v->name = arena_strdup(v->arena, parts[1]);
	verb = parts[2];
	if (view_get(s->view, &rollout_type, v->ns, v->name) == NULL)
		return dashboard_refuse_unknown(v, v->ns, v->name);
	if (v->body.len > 0 && json_parse(v->arena, str_text(&v->body), v->body.len, &body) != NULL)
		return dashboard_refuse(v, INVALID, "the body is no JSON");
	if (n == 3 && strcmp(verb, "restart") == 0)
		return dashboard_act(v, (struct web_action_settings){ .verb = VERB_RESTART });
	if (n == 3 && strcmp(verb, "promote") == 0)
		return dashboard_act(
		    v, (struct web_action_settings){ .verb = VERB_PROMOTE,
			   .promote = json_is_true(json_object_get(body, "full")) ? PROMOTE_FULL : PROMOTE_NEXT });
	if (n == 3 && strcmp(verb, "abort") == 0)
		return dashboard_act(v, (struct web_action_settings){ .verb = VERB_ABORT });
	if (n == 3 && strcmp(verb, "retry") == 0)
		return dashboard_act(v, (struct web_action_settings){ .verb = VERB_RETRY });
	if (strcmp(verb, "set") == 0) {
		const char *image = dashboard_image_of(v->arena, parts + 3, n - 3);

		return image != NULL
			   ? dashboard_act(v, (struct web_action_settings){ .verb = VERB_SET_IMAGE, .image = image })
			   : dashboard_refuse(v, INVALID, "want set/CONTAINER/IMAGE/TAG");
	}
	if (n == 4 && strcmp(verb, "undo") == 0)
		return str_int(parts[3], 0, INT32_MAX, &revision)
			   ? dashboard_act(v, (struct web_action_settings){ .verb = VERB_UNDO, .revision = revision })
			   : dashboard_refuse(
				 v, INVALID, arena_printf(v->arena, "\"%s\" is not a revision's number", parts[3]));
	return dashboard_refuse(v, NOT_FOUND, "there are restart, promote, abort, retry, set and undo");
}

struct collecting {
	const struct view *view;
	json_t *list;
	const char *last; /* namespace */
};

static void
dashboard_collect(const struct object *o, void *arg)
{
	struct collecting *c = arg;

	json_array_append_new(c->list, info_rollout(c->view, o->meta.namespace, o->meta.name));
}

static void
dashboard_collect_namespace(const struct object *o, void *arg)
{
	struct collecting *c = arg;

	if (c->last == NULL || strcmp(c->last, o->meta.namespace) != 0)
		json_array_append_new(c->list, json_string(o->meta.namespace));
	c->last = o->meta.namespace;
}

static enum MHD_Result
dashboard_list(struct visit *v, const char *ns)
{
	const struct view *view = v->dashboard->settings.view;
	struct collecting c = { .view = view, .list = json_array() };

	view->each(view, &rollout_type, ns, dashboard_collect, &c);
	return dashboard_respond_json(v, json_pack("{s:o}", "rollouts", c.list));
}

static enum MHD_Result
dashboard_list_namespaces(struct visit *v)
{
	const struct dashboard_settings *s = &v->dashboard->settings;
	struct collecting c = { .list = json_array() };

	s->view->each(s->view, &rollout_type, NULL, dashboard_collect_namespace, &c);
	return dashboard_respond_json(v, json_pack("{s:s,s:o,s:b}", "namespace", s->namespace, "availableNamespaces",
					     c.list, "readOnly", s->read_only));
}

static enum MHD_Result
dashboard_watch(struct visit *v, const char *ns, const char *name)
{
	const char *accept = MHD_lookup_connection_value(v->connection, MHD_HEADER_KIND, "Accept");
	enum MHD_Result ok = MHD_NO;

	if (name != NULL && view_get(v->dashboard->settings.view, &rollout_type, ns, name) == NULL)
		return dashboard_refuse_unknown(v, ns, name);
	if (!streams_add(&v->dashboard->streams, v->connection, ns, name,
		accept != NULL && strstr(accept, "text/event-stream") != NULL, &ok))
		return dashboard_refuse(v, UNAVAILABLE, "too many clients watch already");
	return ok;
}

static enum MHD_Result
dashboard_get_info(struct visit *v, const char *ns, const char *name)
{
	json_t *j = info_rollout(v->dashboard->settings.view, ns, name);

	return j != NULL ? dashboard_respond_json(v, j) : dashboard_refuse_unknown(v, ns, name);
}

/* GET [NS/[NAME/]]info[/watch]. Without a namespace: all Rollouts (not in Argo Rollouts' API). */
static enum MHD_Result
dashboard_get(struct visit *v, const char *const *parts, size_t n)
{
	bool watches = n > 0 && strcmp(parts[n - 1], "watch") == 0;
	const char *ns, *name;

	if (watches)
		n--;
	if (n == 0 || n > 3 || strcmp(parts[n - 1], "info") != 0)
		return dashboard_refuse(
		    v, NOT_FOUND, "there is GET api/v1/rollouts/NAMESPACE/NAME/info, and .../info/watch");
	ns = n > 1 ? parts[0] : NULL;
	name = n > 2 ? parts[1] : NULL;
	if (watches)
		return dashboard_watch(v, ns, name);
	return name != NULL ? dashboard_get_info(v, ns, name) : dashboard_list(v, ns);
}

static enum MHD_Result
dashboard_route_api(struct visit *v, const char *method, const char *const *parts, size_t n)
{
	const struct dashboard_settings *s = &v->dashboard->settings;
	bool reads = strcmp(method, "GET") == 0;

	if (n == API && reads && strcmp(parts[2], "version") == 0)
		return dashboard_respond_json(v, json_pack("{s:s}", "rolloutsVersion", s->version));
	if (!s->ready(s->arg))
		return dashboard_refuse(v, UNAVAILABLE, "the first lists are not in yet");
	if (n == API && reads && strcmp(parts[2], "namespace") == 0)
		return dashboard_list_namespaces(v);
	if (n < API || strcmp(parts[1], "v1") != 0 || strcmp(parts[2], "rollouts") != 0)
		return dashboard_refuse(v, NOT_FOUND, "there are api/v1/rollouts, api/v1/namespace and api/v1/version");
	if (reads)
		return dashboard_get(v, parts + API, n - API);
	if (strcmp(method, "PUT") == 0)
		return dashboard_put(v, parts + API, n - API);
	return dashboard_refuse(v, NOT_FOUND, "there are GET and PUT");
}

static enum MHD_Result
dashboard_redirect(struct visit *v)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(r, "Location", arena_printf(v->arena, "/%s/", v->dashboard->settings.root));
	return dashboard_queue(v->connection, 302, r);
}

static enum MHD_Result
dashboard_respond_for_login(struct visit *v)
{
	const struct login_response *of = v->login_response;
	struct MHD_Response *r = dashboard_response_new(of->content_type, (struct bytes){ of->body, strlen(of->body) });

	if (of->location != NULL)
		MHD_add_response_header(r, "Location", of->location);
	for (size_t i = 0; i < LOGIN_COOKIES_MAX && of->cookies[i] != NULL; i++)
		MHD_add_response_header(r, "Set-Cookie", of->cookies[i]);
	return dashboard_queue(v->connection, of->status, r);
}

static void
dashboard_on_checked(void *arg, const struct identity *identity, const struct login_response *response)
{
	struct visit *v = arg;

	v->check = NULL;
	v->checked = true;
	v->identity = identity;
	v->login_response = response;
	if (v->suspended) {
		v->suspended = false;
		http_server_resume(&v->dashboard->daemon, v->connection);
	}
}

/* Passes the request to the login. Returns false if its result comes later: the connection is suspended. */
static bool
dashboard_check(struct visit *v, const char *method, const char *path)
{
	struct login *login = v->dashboard->settings.login;
	struct login_request request = { .connection = v->connection,
		.method = arena_strdup(v->arena, method),
		.path = arena_strdup(v->arena, path),
		.body = { str_text(&v->body), v->body.len },
		.arena = v->arena };

	if (login == NULL || v->checked)
		return true;
	v->check = login->check(login, &request, dashboard_on_checked, v);
	if (v->checked)
		return true;
	v->suspended = true;
	MHD_suspend_connection(v->connection);
	return false;
}

/* Returns the path after the root. A path without the root is an API path, or is redirected to the root. */
static enum MHD_Result
dashboard_route_page(struct visit *v, const char *method, const char *path)
{
	const char *root = v->dashboard->settings.root, *parts[PARTS_MAX];
	size_t n = 0, at_root = strlen(root);
	const struct asset *asset;
	char *save = NULL;

	while (*path == '/')
		path++;
	if (at_root > 0 && strncmp(path, root, at_root) == 0 && path[at_root] == '/')
		path += at_root + 1;
	else if (at_root > 0 && !str_starts(path, "api/"))
		return path[0] == '\0' || strcmp(path, root) == 0 ? dashboard_redirect(v)
								  : dashboard_refuse(v, NOT_FOUND, "no such page");
	if ((asset = asset_find(path[0] == '\0' ? "page.html" : path)) != NULL && strcmp(method, "GET") == 0)
		return dashboard_respond(v->connection, 200, asset->content_type, asset->body);
	for (char *part = strtok_r(arena_strdup(v->arena, path), "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		if (n == PARTS_MAX)
			return dashboard_refuse(v, NOT_FOUND, "no such page");
		parts[n++] = part;
	}
	if (n > 0 && strcmp(parts[0], "api") == 0)
		return dashboard_route_api(v, method, parts, n);
	return dashboard_refuse(v, NOT_FOUND, "no such page");
}

static struct visit *
dashboard_visit_new(struct dashboard *d, struct MHD_Connection *c)
{
	struct visit *v = mem_alloc(sizeof(*v));

	*v = (struct visit){ .dashboard = d, .connection = c, .arena = arena_new(), .next = d->visits };
	str_init(&v->body, BODY_MAX);
	d->visits = v;
	return v;
}

static enum MHD_Result
dashboard_on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct visit *v = *state;

	(void)version;
	if (v == NULL) {
		*state = dashboard_visit_new(arg, c);
		return MHD_YES;
	}
	if (*data_len > 0) {
		str_add(&v->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (v->status != 0)
		return dashboard_respond_text(c, v->status, v->answer);
	if (v->suspended)
		return MHD_YES;
	if (!dashboard_host_is_ours(v->dashboard, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host")) ||
	    !dashboard_site_is_ours(v, method))
		return dashboard_refuse(v, FORBIDDEN,
		    v->dashboard->settings.host != NULL
			? arena_printf(v->arena, "this is the dashboard of %s: use its address, and its page",
			      v->dashboard->settings.host)
			: "ask as http://localhost or http://127.0.0.1, and from this page");
	if (v->body.overflow)
		return dashboard_refuse(v, INVALID, "the body is too long");
	if (!dashboard_check(v, method, path))
		return MHD_YES;
	if (v->login_response != NULL)
		return dashboard_respond_for_login(v);
	return dashboard_route_page(v, method, path);
}

static void
dashboard_on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct dashboard *d = arg;
	struct visit *v = *state;

	(void)c;
	(void)code;
	if (v == NULL)
		return;
	for (struct visit **at = &d->visits; *at != NULL; at = &(*at)->next)
		if (*at == v) {
			*at = v->next;
			break;
		}
	if (v->check != NULL)
		d->settings.login->cancel(v->check);
	web_action_cancel(v->action);
	str_done(&v->body);
	arena_free(v->arena);
	free(v);
	*state = NULL;
}

struct dashboard *
dashboard_new(struct loop *l, const struct dashboard_settings *s)
{
	struct dashboard *d = mem_alloc(sizeof(*d));

	*d = (struct dashboard){ .loop = l, .settings = *s };
	if (!http_server_start(&d->daemon, l,
		&(struct http_server_settings){
		    .ip = s->address, .port = s->port, .connections_max = CONNECTIONS_MAX, .idle_ms = IDLE_MS },
		dashboard_on_request, dashboard_on_completed, d)) {
		free(d);
		return NULL;
	}
	streams_start(&d->streams, &d->daemon, s->view);
	return d;
}

struct dashboard *
dashboard_free(struct dashboard *d)
{
	if (d == NULL)
		return NULL;
	streams_stop(&d->streams);
	for (struct visit *v = d->visits; v != NULL; v = v->next)
		if (v->suspended) {
			v->suspended = false;
			MHD_resume_connection(v->connection);
		}
	http_server_stop(&d->daemon);
	free(d);
	return NULL;
}

int
dashboard_port(const struct dashboard *d)
{
	return d->daemon.port;
}

void
dashboard_changed(struct dashboard *d, const struct object *o)
{
	const char *ns, *name;

	if (info_concerns(d->settings.view, o, &ns, &name))
		streams_changed(&d->streams, ns, name);
}
