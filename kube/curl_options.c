/* kube/curl_options.c: headers, credentials, TLS and address of a request over curl. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/base64.h"
#include "kube/curl_exchange.h"

#define CONNECT_MS 10000
#define KEEPALIVE_S 30
#define USER_AGENT "sluice"
/* Each request over TLS allocates such a buffer. By default it has 64 KiB, and freeing as much makes malloc consolidate
 * all its free memory each time. 16 KiB, the least, holds nearly every patch. */
#define UPLOAD_BUFFER 16384L
#define HEADER_MAX (16u << 20) /* bytes of one header; no object that could have it is as large */
#define TOKEN_MS 1000 /* between two readings of the token's file */

/* Adds the header "NAME: SCHEME VALUE". Returns false, and adds nothing, if the value would make it several headers.
 * A token has a kilobyte, and every call has one: it is copied, not formatted. */
static bool
options_add_header_of(struct exchange *e, const char *name, const char *scheme, const char *value)
{
	struct str header;
	bool one;

	str_init(&header, HEADER_MAX);
	str_adds(&header, name);
	str_adds(&header, ": ");
	str_adds(&header, scheme);
	str_adds(&header, value);
	one = !header.overflow && strpbrk(str_text(&header), "\r\n") == NULL;
	if (one)
		e->headers = curl_slist_append(e->headers, str_text(&header));
	str_done(&header);
	return one;
}

static bool
options_add_header(struct exchange *e, const char *name, const char *value)
{
	return options_add_header_of(e, name, "", value);
}

static char *
options_read_token(const char *file)
{
	FILE *f = fopen(file, "r");
	char buffer[16384];
	size_t n = f != NULL ? fread(buffer, 1, sizeof(buffer), f) : 0;

	if (f != NULL)
		fclose(f);
	while (n > 0 && (buffer[n - 1] == '\n' || buffer[n - 1] == ' '))
		n--;
	return n > 0 ? mem_printf("%.*s", (int)n, buffer) : NULL;
}

/* Service account tokens are rotated long before they expire: the file is read again after TOKEN_MS, and when the API
 * server has refused the token. */
static const char *
options_token(struct curl *c)
{
	int64_t now = loop_mono(c->transport.loop);

	if (c->config->token_file != NULL && now >= c->token_until) {
		free(c->token);
		c->token = options_read_token(c->config->token_file);
		c->token_until = now + TOKEN_MS;
	}
	return c->token != NULL ? c->token : c->config->token;
}

static void
options_set_blob(CURL *easy, CURLoption file_option, const char *file, CURLoption blob_option, const char *data)
{
	struct curl_blob b = { .data = (void *)data, .len = data != NULL ? strlen(data) : 0, .flags = CURL_BLOB_COPY };

	if (data != NULL)
		curl_easy_setopt(easy, blob_option, &b);
	else if (file != NULL)
		curl_easy_setopt(easy, file_option, file);
}

bool
curl_options_is_loopback(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.", "[::1]" };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host != NULL && i < ARRAY_SIZE(hosts); i++)
		if (strncmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/* A dead connection is detected within a minute or two, whether or not data was being sent. */
static int
options_on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct exchange *e = arg;
	int probes = 3, user_timeout_ms = 60000;

	(void)purpose;
	if (e->api)
		e->owner->transport.counts.connections++;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof(user_timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* curl sets up TLS for a new connection. */
static CURLcode
options_on_handshake(CURL *easy, void *context, void *arg)
{
	(void)easy;
	(void)context;
	((struct exchange *)arg)->owner->transport.counts.handshakes++;
	return CURLE_OK;
}

void
curl_options_set_identity(struct exchange *e, const struct credential *credential)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct config *c = e->owner->config;
	const char *token = credential->token != NULL ? credential->token : options_token(e->owner);

	if (token != NULL) {
		options_add_header_of(e, "Authorization", "Bearer ", token);
	} else if (c->username != NULL) {
		const char *both = arena_printf(a, "%s:%s", c->username, c->password != NULL ? c->password : "");

		options_add_header_of(e, "Authorization", "Basic ", base64_encode(a, both, strlen(both)));
	}
	/* Without the header, the request would be made with the controller's own permissions. */
	if (c->as.user != NULL && !options_add_header(e, "Impersonate-User", c->as.user))
		options_add_header(e, "Impersonate-User", "system:anonymous");
	if (c->as.uid != NULL)
		options_add_header(e, "Impersonate-Uid", c->as.uid);
	for (size_t i = 0; i < c->as.groups.n; i++)
		options_add_header(e, "Impersonate-Group", c->as.groups.at[i]);
	options_set_blob(e->easy, CURLOPT_SSLCERT, c->cert_file, CURLOPT_SSLCERT_BLOB,
	    credential->cert != NULL ? credential->cert : c->cert_data);
	options_set_blob(e->easy, CURLOPT_SSLKEY, c->key_file, CURLOPT_SSLKEY_BLOB,
	    credential->key != NULL ? credential->key : c->key_data);
}

/* Connects to the address of the URL, and verifies that the certificate has the name `as`. */
static void
options_rename_server(struct exchange *e, const char *as)
{
	const char *host = strstr(e->url, "://") + 3, *path = host + strcspn(host, "/");
	const char *colon = memchr(host, ':', (size_t)(path - host));
	int host_len = (int)((colon != NULL ? colon : path) - host),
	    port = colon != NULL ? (int)strtol(colon + 1, NULL, 10) : 443;
	_cleanup_(freep) char *to = mem_printf("%s:%d:%.*s:%d", as, port, host_len, host, port);
	_cleanup_(freep) char *real = mem_printf("%.*s", (int)(path - host), host);
	char *url = mem_printf("https://%s:%d%s", as, port, path);

	e->connect_to = curl_slist_append(NULL, to);
	curl_easy_setopt(e->easy, CURLOPT_CONNECT_TO, e->connect_to);
	curl_easy_setopt(e->easy, CURLOPT_URL, url);
	options_add_header(e, "Host", real);
	free(url);
}

/* Sets the address of the API server, which is parsed, and the path of a call. From the text of a URL, curl would parse
 * and write both again for each call, byte by byte: 5 % of a call. Only for paths that curl would send as they are: it
 * does not check a path for line breaks as it does a URL. */
static void
options_set_target(struct exchange *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~";
	const char *path = strchr(e->url + strlen("https://"), '/');

	if (path == NULL || path[strspn(path, plain)] != '\0')
		return;
	curl_easy_setopt(e->easy, CURLOPT_CURLU, e->owner->api);
	curl_easy_setopt(e->easy, CURLOPT_REQUEST_TARGET, path);
}

/* Headers, body and method. */
static void
options_set_message(struct exchange *e, const struct request *r)
{
	curl_easy_setopt(e->easy, CURLOPT_CUSTOMREQUEST, e->method);
	curl_easy_setopt(e->easy, CURLOPT_USERAGENT, USER_AGENT);
	if (e->body != NULL) {
		curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, e->body);
		curl_easy_setopt(e->easy, CURLOPT_POSTFIELDSIZE, (long)e->body_len);
	}
	if (r->content_type != NULL)
		options_add_header(e, "Content-Type", r->content_type);
	for (size_t i = 0; i < r->n_headers; i++)
		options_add_header(e, r->headers[i].name, r->headers[i].value);
	e->headers = curl_slist_append(e->headers, "Expect:");
	e->bare = curl_slist_append(NULL, "Expect:");
	if (e->api)
		e->headers = curl_slist_append(e->headers, "Accept: application/json");
}

static void
options_set_connection(struct exchange *e)
{
	bool http2 = e->api && e->owner->http2;
	CURL *h = e->easy;

	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	/* Without this, the end of a transfer during a lookup would wait for the resolver thread, and the loop with
	 * it, for as long as the name servers do not respond. */
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	/* The first requests wait for the connection of one of them, instead of opening one each. */
	curl_easy_setopt(h, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L); /* a quiet watch on a dead connection is noticed */
	curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, options_on_socket);
	curl_easy_setopt(h, CURLOPT_SOCKOPTDATA, e);
}

static void
options_set_tls(struct exchange *e, const struct request *r)
{
	const struct config *c = e->owner->config;

	options_set_blob(e->easy, CURLOPT_CAINFO, NULL, CURLOPT_CAINFO_BLOB, r->ca);
	/* A request's own CAs replace those of the system. */
	if (r->ca != NULL)
		curl_easy_setopt(e->easy, CURLOPT_CAPATH, NULL);
	if (r->insecure || (e->api && c->insecure)) {
		curl_easy_setopt(e->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (!e->api)
		return;
	curl_easy_setopt(e->easy, CURLOPT_SHARE, e->owner->share);
	curl_easy_setopt(e->easy, CURLOPT_SSL_CTX_FUNCTION, options_on_handshake);
	curl_easy_setopt(e->easy, CURLOPT_SSL_CTX_DATA, e);
	options_set_blob(e->easy, CURLOPT_CAINFO, c->ca_file, CURLOPT_CAINFO_BLOB, c->ca_data);
	/* As in kubectl: only the configured CAs are trusted. libcurl parses a file of them once a pool. */
	if (c->ca_file != NULL || c->ca_data != NULL)
		curl_easy_setopt(e->easy, CURLOPT_CAPATH, NULL);
}

/* The address of the API server. */
static void
options_set_server(struct exchange *e, const struct request *r)
{
	const struct config *c = e->owner->config;

	if (curl_options_is_loopback(e->url))
		/* as Go's clients: no proxy for a server on this machine */
		curl_easy_setopt(e->easy, CURLOPT_NOPROXY, "*");
	if (c->proxy != NULL) {
		curl_easy_setopt(e->easy, CURLOPT_PROXY, c->proxy);
		curl_easy_setopt(e->easy, CURLOPT_NOPROXY, ""); /* the configured proxy is for this server */
	}
	if (c->tls_server_name != NULL && str_starts(e->url, "https://"))
		options_rename_server(e, c->tls_server_name);
	else if (e->owner->api != NULL && r->redirects_max == 0)
		options_set_target(e);
}

void
curl_options_set(struct exchange *e, const struct request *r)
{
	CURL *h = e->easy;

	curl_easy_setopt(h, CURLOPT_PRIVATE, e);
	curl_easy_setopt(h, CURLOPT_URL, e->url);
	/* A "." or ".." in a name must not change the path. */
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, e->error);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(r->stream ? r->stream_max_ms : r->timeout_ms));
	options_set_message(e, r);
	options_set_connection(e);
	options_set_tls(e, r);
	if (e->api)
		options_set_server(e, r);
}
