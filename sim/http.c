/* sim/http.c: HTTP server of the laptop cluster's API server: libmicrohttpd on the loop; a watch is a response that
 * is suspended while it has nothing to send. store_query.c makes the responses. */
#include "sim/http.h"
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "io/http_server.h"
#include "sim/prometheus.h"

#define CONNECTIONS_MAX 900 /* connections */
/* kubectl 1.33 and newer send this for `create namespace` and similar commands. */
#define PROTOBUF "application/vnd.kubernetes.protobuf"
#define BODY_MAX (8u << 20)
#define WATCH_BUFFER_MAX (64u << 20)
#define WATCH_BLOCK 32768 /* bytes that are sent at once */

struct store_server {
	struct store *store;
	struct http_server daemon;
	struct watching *watching;
};

/* One request while its body arrives. */
struct incoming {
	struct str body;
};

/* A watch in progress. */
struct watching {
	struct store_server *server;
	struct MHD_Connection *connection;
	struct store_watch *watch;
	struct str out;
	size_t sent; /* of it */
	bool suspended, over;
	struct watching *next;
};

static void
http_wake(struct watching *w)
{
	if (!w->suspended)
		return;
	w->suspended = false;
	http_server_resume(&w->server->daemon, w->connection);
}

static void
http_on_line(void *arg, const char *line, size_t len)
{
	struct watching *w = arg;

	str_add(&w->out, line, len);
	http_wake(w);
}

static void
http_on_ended(void *arg)
{
	struct watching *w = arg;

	w->watch = store_watch_stop(w->watch);
	w->over = true;
	http_wake(w);
}

static ssize_t
watch_read(void *arg, uint64_t pos, char *at, size_t max)
{
	struct watching *w = arg;
	size_t left = w->out.len - w->sent, n = left < max ? left : max;

	(void)pos;
	if (n == 0 && (w->over || w->out.overflow))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		w->suspended = true;
		MHD_suspend_connection(w->connection);
		return 0;
	}
	memcpy(at, w->out.at + w->sent, n);
	w->sent += n;
	/* The rest is moved less often than it is sent: many objects wait at the start of a watch. */
	if (w->sent >= w->out.len / 2) {
		str_cut(&w->out, w->sent);
		w->sent = 0;
	}
	return (ssize_t)n;
}

static void
watch_free(void *arg)
{
	struct watching *w = arg;

	for (struct watching **at = &w->server->watching; *at != NULL; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	store_watch_stop(w->watch);
	str_done(&w->out);
	free(w);
}

static enum MHD_Result
http_respond_json(struct MHD_Connection *c, int status, json_t *body)
{
	_cleanup_(freep) char *text = json_dumps(body, JSON_COMPACT);
	enum MHD_Result ok = http_server_respond(c, status, "application/json", text, strlen(text));

	json_decref(body);
	return ok;
}

/* Responds with a Warning header for each text of a list. */
static enum MHD_Result
respond_warning(struct MHD_Connection *c, int status, json_t *body, const json_t *warnings)
{
	_cleanup_(freep) char *text = json_dumps(body, JSON_COMPACT);
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ok;
	json_t *one;
	size_t i;

	MHD_add_response_header(r, "Content-Type", "application/json");
	json_array_foreach (warnings, i, one)
		MHD_add_response_header(r, "Warning",
		    arena_printf(a, "299 - %s", json_quote_go(a, json_string_value(one), json_string_length(one))));
	ok = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	json_decref(body);
	return ok;
}

/* Responds to paths that are not of objects. MHD_NO: the path is another one. */
static enum MHD_Result
fixed(struct store_server *h, struct MHD_Connection *c, const char *path, const char *accept)
{
	/* An OpenAPI v2 document in protobuf, for old versions of kubectl: swagger "2.0", info, no definitions. */
	static const char openapi_v2[] = "\x0a\x03"
					 "2.0"
					 "\x12\x0c\x0a\x06"
					 "sluice"
					 "\x12\x02"
					 "v1"
					 "\x42\x00";
	json_t *document;

	if (strcmp(path, "/version") == 0)
		return http_respond_json(c, 200,
		    json_pack("{s:s,s:s,s:s,s:s}", "major", "1", "minor", "29", "gitVersion", "v1.29.0+sluice",
			"platform", "linux"));
	if (strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 || strcmp(path, "/livez") == 0)
		return http_server_respond(c, 200, "text/plain", "ok", 2);
	if (strcmp(path, "/openapi/v2") == 0) {
		if (accept != NULL && strstr(accept, "json") != NULL && strstr(accept, "protobuf") == NULL)
			return http_respond_json(c, 200,
			    json_pack("{s:s,s:{s:s,s:s},s:{}}", "swagger", "2.0", "info", "title", "sluice", "version",
				"v1", "paths"));
		/* The response to a request with "@" has ".": clients parse the response's type, and "@" is not allowed
		 * in MIME. */
		return http_server_respond(c, 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
		    openapi_v2, sizeof(openapi_v2) - 1);
	}
	if (strcmp(path, "/openapi/v3") == 0)
		return http_respond_json(c, 200, store_openapi(h->store, NULL));
	if (str_starts(path, "/openapi/v3/"))
		return (document = store_openapi(h->store, path + strlen("/openapi/v3/"))) != NULL
			   ? http_respond_json(c, 200, document)
			   : MHD_NO;
	if (strcmp(path, PROMETHEUS_TARGETS) == 0)
		return http_respond_json(c, 200, prometheus_targets(h->store));
	document = store_discovery(h->store, path);
	return document != NULL ? http_respond_json(c, 200, document) : MHD_NO;
}

static enum MHD_Result
append_argument(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct str *s = arg;

	(void)kind;
	str_addf(s, "%c%s=", s->max > 0 && strchr(str_text(s), '?') == NULL ? '?' : '&', key);
	for (const char *c = value != NULL ? value : ""; *c != '\0'; c++)
		if (strchr("&=%+ #?", *c) != NULL)
			str_addf(s, "%%%02X", (unsigned char)*c);
		else
			str_addc(s, *c);
	return MHD_YES;
}

static enum MHD_Result
http_add_group(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct store_user *as = arg;

	(void)kind;
	if (strcasecmp(key, "Impersonate-Group") == 0 && value != NULL && as->n_groups < STORE_GROUPS_MAX)
		as->groups[as->n_groups++] = value;
	return MHD_YES;
}

/* Finds the user of the request. Returns 0, or the status of a refusal with its body. */
static int
http_find_user(
    struct store_server *h, struct MHD_Connection *c, struct arena *a, struct store_request *req, json_t **ret)
{
	struct store_user as = { .name = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Impersonate-User") };

	MHD_get_connection_values(c, MHD_HEADER_KIND, http_add_group, &as);
	return store_user_of(
	    h->store, a, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization"), &as, &req->user, ret);
}

static enum MHD_Result
http_start_watch(struct store_server *h, struct MHD_Connection *c, const struct store_request *req)
{
	struct watching *w = mem_alloc(sizeof(*w));
	struct MHD_Response *r;
	enum MHD_Result ok;
	json_t *body = NULL;
	int status;

	w->server = h;
	w->connection = c;
	str_init(&w->out, WATCH_BUFFER_MAX);
	w->watch = store_watch_start(h->store, req, http_on_line, http_on_ended, w, &status, &body);
	if (w->watch == NULL) {
		str_done(&w->out);
		free(w);
		return http_respond_json(c, status, body);
	}
	w->next = h->watching;
	h->watching = w;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, WATCH_BLOCK, watch_read, w, watch_free);
	MHD_add_response_header(r, "Content-Type", "application/json");
	ok = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result
http_on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct store_server *h = arg;
	_cleanup_(arena_freep) struct arena *a = NULL;
	struct incoming *in = *state;
	struct store_request req = { .method = method };
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
	enum MHD_Result ok;
	struct str url;
	json_t *body = NULL;
	int status;

	(void)version;
	if (in == NULL) {
		in = *state = mem_alloc(sizeof(*in));
		str_init(&in->body, BODY_MAX);
		return MHD_YES;
	}
	if (*data_len > 0) {
		str_add(&in->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (in->body.overflow)
		return http_respond_json(
		    c, 413, json_pack("{s:s,s:s}", "kind", "Status", "message", "the request is too large"));
	if (strcmp(method, "GET") == 0 && (ok = fixed(h, c, path, accept)) != MHD_NO)
		return ok;
	str_init(&url, 65536);
	str_adds(&url, path);
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, append_argument, &url);
	req.path = str_text(&url);
	req.content_type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
	req.body = str_text(&in->body);
	req.body_len = in->body.len;
	req.table = accept != NULL && strstr(accept, "as=Table") != NULL;
	a = arena_new();
	if (str_starts(req.content_type, PROTOBUF)) {
		ok = http_respond_json(c, 415,
		    json_pack("{s:s,s:s,s:s,s:s,s:i,s:s}", "kind", "Status", "apiVersion", "v1", "status", "Failure",
			"reason", "UnsupportedMediaType", "code", 415, "message",
			"the laptop cluster reads JSON and YAML; this kubectl sends protobuf for what it makes itself: "
			"add `--dry-run=client -o yaml | kubectl apply -f -`"));
	} else if ((status = http_find_user(h, c, a, &req, &body)) != 0) {
		ok = http_respond_json(c, status, body);
	} else if (store_is_watch(&req)) {
		ok = http_start_watch(h, c, &req);
	} else {
		status = store_handle(h->store, &req, &body);
		ok = respond_warning(c, status, body, store_warnings(h->store));
	}
	str_done(&url);
	return ok;
}

static void
http_on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct incoming *in = *state;

	(void)arg;
	(void)c;
	(void)code;
	if (in != NULL) {
		str_done(&in->body);
		free(in);
		*state = NULL;
	}
}

struct store_server *
store_server_new(struct loop *l, struct store *s, int port, const struct certificate *certificate)
{
	struct store_server *h = mem_alloc(sizeof(*h));

	h->store = s;
	if (!http_server_start(&h->daemon, l,
		&(struct http_server_settings){ .ip = "127.0.0.1",
		    .port = port,
		    .connections_max = CONNECTIONS_MAX,
		    .cert = certificate != NULL ? certificate->cert : NULL,
		    .key = certificate != NULL ? certificate->key : NULL },
		http_on_request, http_on_completed, h)) {
		free(h);
		return NULL;
	}
	return h;
}

struct store_server *
store_server_free(struct store_server *h)
{
	if (h == NULL)
		return NULL;
	/* libmicrohttpd refuses to stop with connections suspended. */
	for (struct watching *w = h->watching; w != NULL; w = w->next)
		if (w->suspended) {
			w->suspended = false;
			MHD_resume_connection(w->connection);
		}
	http_server_stop(&h->daemon);
	free(h);
	return NULL;
}

int
store_server_port(const struct store_server *h)
{
	return h->daemon.port;
}
