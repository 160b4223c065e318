/* web/code_login.c: the login of `sluice dashboard`: exchanges the code for a cookie, and checks cookies.
 *
 * The page itself is public: it has nothing of the cluster, and it makes the exchange. All paths of the API need a
 * session. SameSite=Strict keeps the cookie from requests of other sites; the pages of other ports of this machine are
 * the same site for a browser, and are refused by Sec-Fetch-Site (dashboard.c) and Origin.
 */
#include "web/code_login.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "base/json.h"
#include "io/http_server.h"

#define UNAUTHENTICATED 16 /* of google.rpc.Code */
#define PERMISSION_DENIED 7
#define NEW_ADDRESS "press Enter where `sluice dashboard` runs, and open the address that it prints"

static bool
code_login_random(unsigned char ret[CODE_BYTES])
{
	return getrandom(ret, CODE_BYTES, 0) == CODE_BYTES;
}

static const char *
code_login_header(const struct login_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static struct login_response *
code_login_refuse(const struct login_request *r, int status, int code, const char *message)
{
	_cleanup_(json_decrefp) json_t *body =
	    json_pack("{s:s,s:i,s:s}", "error", message, "code", code, "message", message);
	struct login_response *response = arena_alloc(r->arena, sizeof(*response));

	*response = (struct login_response){
		.status = status, .content_type = "application/json", .body = json_text(r->arena, body)
	};
	return response;
}

/* Responds with an empty object and the cookie. Without a session, the cookie ends. */
static struct login_response *
code_login_respond(struct code_login_server *s, const struct login_request *r, const char *session)
{
	struct login_response *response = arena_alloc(r->arena, sizeof(*response));

	*response = (struct login_response){ .status = 200, .content_type = "application/json", .body = "{}" };
	response->cookies[0] = arena_printf(r->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", s->cookie,
	    session != NULL ? session : "", session != NULL ? "" : "; Max-Age=0");
	return response;
}

static struct login_response *
code_login_respond_user(const struct code_login_server *s, const struct login_request *r)
{
	_cleanup_(json_decrefp) json_t *user = json_pack("{s:s*}", "user", s->identity.user);
	struct login_response *response = arena_alloc(r->arena, sizeof(*response));

	*response = (struct login_response){
		.status = 200, .content_type = "application/json", .body = json_text(r->arena, user)
	};
	return response;
}

/* Returns whether the request is of a page of this origin, or of a program, which sends no Origin. */
static bool
code_login_is_ours(const struct login_request *r)
{
	const char *origin = code_login_header(r, "Origin"), *host = code_login_header(r, "Host");

	return origin == NULL ||
	       (host != NULL && str_starts(origin, "http://") && strcasecmp(origin + strlen("http://"), host) == 0);
}

static struct login_response *
code_login_exchange(struct code_login_server *s, const struct login_request *r)
{
	_cleanup_(json_decrefp) json_t *body = NULL;
	unsigned char bytes[CODE_BYTES];
	const char *session = NULL;

	if (json_parse(r->arena, r->body.at, r->body.len, &body) != NULL || json_str(body, "code") == NULL)
		return code_login_refuse(r, 400, 3, "want {\"code\": \"CODE\"}");
	if (!code_login_random(bytes))
		return code_login_refuse(r, 500, 13, "the system has no random numbers");
	switch (code_exchange(&s->codes, json_str(body, "code"), bytes, loop_mono(s->loop), &session)) {
	case CODE_ACCEPTED: return code_login_respond(s, r, session);
	case CODE_EXPIRED:
		return code_login_refuse(r, 401, UNAUTHENTICATED, "this code is more than a minute old: " NEW_ADDRESS);
	case CODE_WRONG: break;
	}
	return code_login_refuse(
	    r, 401, UNAUTHENTICATED, "this code was used before, or is not the latest one: " NEW_ADDRESS);
}

static struct login_response *
code_login_decide(struct code_login_server *s, const struct login_request *r)
{
	const char *session = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, s->cookie);
	bool login = str_ends(r->path, "/api/v1/session");

	if (!code_has_segment(r->path, "api"))
		return NULL;
	if (strcmp(r->method, "GET") != 0 && !code_login_is_ours(r))
		return code_login_refuse(r, 403, PERMISSION_DENIED, "the request is not of this page");
	if (login && strcmp(r->method, "POST") == 0)
		return code_login_exchange(s, r);
	if (!code_session_is_open(&s->codes, session))
		return code_login_refuse(r, 401, UNAUTHENTICATED, "no session: " NEW_ADDRESS);
	if (login && strcmp(r->method, "GET") == 0)
		return code_login_respond_user(s, r);
	if (login && strcmp(r->method, "DELETE") == 0) {
		code_session_end(&s->codes, session);
		return code_login_respond(s, r, NULL);
	}
	return NULL;
}

static struct login_check *
code_login_check(struct login *l, const struct login_request *r, login_done *done, void *arg)
{
	struct code_login_server *s = (struct code_login_server *)l;
	const struct login_response *response = code_login_decide(s, r);

	done(arg, response == NULL ? &s->identity : NULL, response);
	return NULL;
}

/* No check lasts beyond its call. */
static void
code_login_cancel(struct login_check *c)
{
	(void)c;
}

void
code_login_init(struct code_login_server *s, struct loop *l, const char *user)
{
	*s = (struct code_login_server){ .login = { .check = code_login_check, .cancel = code_login_cancel },
		.loop = l,
		.identity = { .user = user } };
}

void
code_login_set_port(struct code_login_server *s, int port)
{
	snprintf(s->cookie, sizeof(s->cookie), "sluice-%d", port);
}

const char *
code_login_renew(struct code_login_server *s)
{
	unsigned char bytes[CODE_BYTES];

	if (!code_login_random(bytes))
		return NULL;
	loop_refresh(s->loop);
	code_renew(&s->codes, bytes, loop_mono(s->loop));
	return s->codes.code;
}
