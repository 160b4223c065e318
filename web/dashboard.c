/* web/dashboard.c: HTTP API and page of the dashboard: its paths, and the checks of a request. Rollouts are in
 * dashboard_rollouts.c, live updates in streams.c. */
#include "web/dashboard.h"
#include <assert.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/application.h"
#include "kube/api/rollout.h"
#include "rollout/view/info.h"
#include "web/rollout_action.h"
#include "web/assets.h"
#include "web/login.h"
#include "web/access/policy_text.h"
#include "web/request.h"

#define CONNECTIONS_MAX 320 /* connections: those of STREAMS_MAX streams, and of requests */
#define IDLE_MS 120000
#define BODY_MAX 65536u
#define PARTS_MAX 32 /* segments of a path */
#define PATHS                                                                                                          \
	"there are GET and PUT api/v1/rollouts, GET and POST api/v1/applications, and GET "                            \
	"api/v1/stream/applications, "                                                                                 \
	"api/v1/namespace and api/v1/version"
#define API 3 /* number of path segments before the arguments of an API path: api, v1, rollouts */

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
dashboard_site_is_ours(const struct web_request *req, const char *method)
{
	const char *site = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
	const char *mode = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Sec-Fetch-Mode");
	const char *to = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Sec-Fetch-Dest");

	if (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
		return true;
	return req->dashboard->settings.login != NULL && strcmp(method, "GET") == 0 && str_eq(mode, "navigate") &&
	       str_eq(to, "document");
}

/* /api/v1/NAME/...: `parts` are the segments after the name. */
static const struct {
	const char *method, *name;
	enum MHD_Result (*serve)(struct web_request *, const char *const *parts, size_t n);
} routes[] = {
	{ "GET", "rollouts", dashboard_get_rollouts },
	{ "PUT", "rollouts", dashboard_put_rollout },
	{ "GET", "applications", dashboard_get_applications },
	{ "POST", "applications", dashboard_post_application },
};

static enum MHD_Result
dashboard_route_api(struct web_request *req, const char *method, const char *const *parts, size_t n)
{
	const struct dashboard_settings *s = &req->dashboard->settings;
	bool reads = strcmp(method, "GET") == 0;

	if (n == API && reads && strcmp(parts[2], "version") == 0)
		return web_request_respond_json(req, json_pack("{s:s}", "rolloutsVersion", s->version));
	if (!s->ready(s->arg))
		return web_request_refuse(req, RPC_UNAVAILABLE, "the first lists are not in yet");
	if (n == API && reads && strcmp(parts[2], "namespace") == 0)
		return dashboard_list_namespaces(req);
	if (n < API || strcmp(parts[1], "v1") != 0)
		return web_request_refuse(req, RPC_NOT_FOUND, PATHS);
	if (n == API + 1 && reads && strcmp(parts[2], "stream") == 0 && strcmp(parts[3], "applications") == 0)
		return dashboard_watch_applications(req);
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (strcmp(parts[2], routes[i].name) == 0 && strcmp(method, routes[i].method) == 0)
			return routes[i].serve(req, parts + API, n - API);
	return web_request_refuse(req, RPC_NOT_FOUND, PATHS);
}

static enum MHD_Result
dashboard_redirect(struct web_request *req)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(r, "Location", arena_printf(req->arena, "/%s/", req->dashboard->settings.root));
	return web_response_queue(req->connection, 302, r);
}

static enum MHD_Result
dashboard_respond_for_login(struct web_request *req)
{
	const struct login_response *of = req->login_response;
	struct MHD_Response *r = web_response_new(of->content_type, (struct bytes){ of->body, strlen(of->body) });

	if (of->location != NULL)
		MHD_add_response_header(r, "Location", of->location);
	for (size_t i = 0; i < LOGIN_COOKIES_MAX && of->cookies[i] != NULL; i++)
		MHD_add_response_header(r, "Set-Cookie", of->cookies[i]);
	return web_response_queue(req->connection, of->status, r);
}

static void
dashboard_on_checked(void *arg, const struct identity *identity, const struct login_response *response)
{
	struct web_request *req = arg;

	req->check = NULL;
	req->checked = true;
	req->identity = identity;
	req->login_response = response;
	web_request_resume(req);
}

/* Passes the request to the login. Returns false if its result comes later: the connection is suspended. */
static bool
dashboard_check(struct web_request *req, const char *method, const char *path)
{
	struct login *login = req->dashboard->settings.login;
	struct login_request request = { .connection = req->connection,
		.method = arena_strdup(req->arena, method),
		.path = arena_strdup(req->arena, path),
		.body = { str_text(&req->body), req->body.len },
		.arena = req->arena };

	if (login == NULL || req->checked)
		return true;
	req->check = login->check(login, &request, dashboard_on_checked, req);
	if (req->checked)
		return true;
	web_request_suspend(req);
	return false;
}

/* Returns the path after the root. A path without the root is an API path, or is redirected to the root. */
static enum MHD_Result
dashboard_route_page(struct web_request *req, const char *method, const char *path)
{
	const char *root = req->dashboard->settings.root, *parts[PARTS_MAX];
	size_t n = 0, at_root = strlen(root);
	const struct asset *asset;
	char *save = NULL;

	while (*path == '/')
		path++;
	if (at_root > 0 && strncmp(path, root, at_root) == 0 && path[at_root] == '/')
		path += at_root + 1;
	else if (at_root > 0 && !str_starts(path, "api/"))
		return path[0] == '\0' || strcmp(path, root) == 0
			   ? dashboard_redirect(req)
			   : web_request_refuse(req, RPC_NOT_FOUND, "no such page");
	if ((asset = asset_find(path[0] == '\0' ? "page.html" : path)) != NULL && strcmp(method, "GET") == 0)
		return web_response_send(req->connection, 200, asset->content_type, asset->body);
	for (char *part = strtok_r(arena_strdup(req->arena, path), "/", &save); part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		if (n == PARTS_MAX)
			return web_request_refuse(req, RPC_NOT_FOUND, "no such page");
		parts[n++] = part;
	}
	if (n > 0 && strcmp(parts[0], "api") == 0)
		return dashboard_route_api(req, method, parts, n);
	return web_request_refuse(req, RPC_NOT_FOUND, "no such page");
}

static struct web_request *
dashboard_request_new(struct dashboard *d, struct MHD_Connection *c)
{
	struct web_request *req = mem_alloc(sizeof(*req));

	*req = (struct web_request){ .dashboard = d, .connection = c, .arena = arena_new(), .next = d->requests };
	str_init(&req->body, BODY_MAX);
	d->requests = req;
	return req;
}

static enum MHD_Result
dashboard_on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct web_request *req = *state;

	(void)version;
	if (req == NULL) {
		*state = dashboard_request_new(arg, c);
		return MHD_YES;
	}
	if (*data_len > 0) {
		str_add(&req->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (req->status != 0)
		return web_response_send_json(c, req->status, req->response);
	if (req->suspended)
		return MHD_YES;
	if (!dashboard_host_is_ours(req->dashboard, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host")) ||
	    !dashboard_site_is_ours(req, method))
		return web_request_refuse(req, RPC_FORBIDDEN,
		    req->dashboard->settings.host != NULL
			? arena_printf(req->arena, "this is the dashboard of %s: use its address, and its page",
			      req->dashboard->settings.host)
			: "open the dashboard as http://localhost or http://127.0.0.1, and send requests from its page "
			  "only");
	if (path[0] != '/')
		return web_request_refuse(req, RPC_INVALID, "the path does not begin with /");
	if (req->body.overflow)
		return web_request_refuse(req, RPC_INVALID, "the body is too long");
	if (!dashboard_check(req, method, path))
		return MHD_YES;
	if (req->login_response != NULL)
		return dashboard_respond_for_login(req);
	return dashboard_route_page(req, method, path);
}

static void
dashboard_on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct dashboard *d = arg;
	struct web_request *req = *state;

	(void)c;
	(void)code;
	if (req == NULL)
		return;
	for (struct web_request **at = &d->requests; *at != NULL; at = &(*at)->next)
		if (*at == req) {
			*at = req->next;
			break;
		}
	if (req->check != NULL)
		d->settings.login->cancel(req->check);
	dashboard_application_cancel(req->request);
	access_review_cancel(req->access_review);
	allowed_namespaces_done(&req->allowed);
	web_action_cancel(req->action);
	str_done(&req->body);
	arena_free(req->arena);
	free(req);
	*state = NULL;
}

static void
dashboard_on_session_ended(void *arg, const char *session)
{
	struct dashboard *d = arg;

	streams_end_session(&d->streams, session);
}

struct dashboard *
dashboard_new(struct loop *l, const struct dashboard_settings *s)
{
	struct dashboard *d = mem_alloc(sizeof(*d));

	assert(s->impersonation == NULL || s->login != NULL);
	*d = (struct dashboard){ .loop = l, .settings = *s };
	if (!http_server_start(&d->daemon, l,
		&(struct http_server_settings){
		    .ip = s->address, .port = s->port, .connections_max = CONNECTIONS_MAX, .idle_ms = IDLE_MS },
		dashboard_on_request, dashboard_on_completed, d)) {
		free(d);
		return NULL;
	}
	streams_start(&d->streams, &d->daemon, s->view);
	if (s->login != NULL) {
		s->login->ended = dashboard_on_session_ended;
		s->login->ended_arg = d;
	}
	return d;
}

struct dashboard *
dashboard_free(struct dashboard *d)
{
	if (d == NULL)
		return NULL;
	if (d->settings.login != NULL)
		d->settings.login->ended = NULL;
	streams_stop(&d->streams);
	for (struct web_request *req = d->requests; req != NULL; req = req->next)
		if (req->suspended) {
			req->suspended = false;
			MHD_resume_connection(req->connection);
		}
	http_server_stop(&d->daemon);
	reviews_done(&d->reviews);
	policy_text_unref(d->policy);
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

	if (o->type == &application_type)
		streams_changed(&d->streams, o->type, o->meta.namespace, o->meta.name);
	else if (info_concerns(d->settings.view, o, &ns, &name))
		streams_changed(&d->streams, &rollout_type, ns, name);
}
