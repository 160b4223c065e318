/* web/oidc_login.c: the login of `sluice server`: its paths, and the steps of a check. */
#include "web/oidc_login.h"
#include <microhttpd.h>
#include <string.h>
#include <sys/random.h>
#include "base/base64.h"
#include "base/json.h"
#include "io/log.h"
#include "io/loop.h"
#include "web/log_limit.h"
#include "web/oidc/attempt.h"
#include "web/oidc/rate_limit.h"
#include "web/oidc/token.h"
#include "web/oidc_provider.h"
#include "web/session_cookie.h"
#include "web/session_secret.h"

#define CODE_MAX 4096 /* bytes of an authorization code */
#define EXCHANGES_MAX 16 /* codes that are exchanged at the same time */
#define EXCHANGES_BURST 100 /* that the rate limit allows at once: anyone can start a login and invent a code */
#define EXCHANGE_MS 500 /* until the rate limit allows one more */
#define SLOW_STEP_MS 100 /* a refusal waits for this time, multiplied by the refusals of the last minute */
#define SLOW_MAX_MS 3000
#define SLOW_CHECKS_MAX 32 /* refusals that wait at the same time; further ones get 429 at once */
#define FORGET_MS 60000

struct oidc_login {
	struct login login;
	struct loop *loop;
	struct oidc_login_settings settings;
	struct provider *provider;
	struct session_secret *sessions;
	unsigned exchanges, slow; /* checks in progress that exchange a code, or wait before a refusal */
	struct rate_limit exchange_rate;
	struct log_limit lines; /* about requests without a session */
	unsigned failures; /* recent ones */
	int64_t failures_at; /* mono ms: start of their minute */
};

enum check_kind { CHECK_LOGIN, CHECK_CALLBACK, CHECK_LOGOUT, CHECK_SESSION, CHECK_BEARER };

struct login_check {
	struct oidc_login *login;
	struct login_request request;
	struct session_cookies cookies;
	const char *path; /* below the dashboard's URL, without a slash in front */
	login_done *done;
	void *done_arg;
	bool starting; /* check() has not returned yet */
	bool ended; /* while starting */

	enum check_kind kind;
	struct provider_need need;
	struct session_operation session;
	struct exchange *exchange;
	struct attempt attempt; /* CALLBACK */
	const char *code; /* CALLBACK */
	bool has_issuer; /* CALLBACK: it has the parameter iss, which is right */
	const char *token; /* to be verified */
	bool newer_keys; /* the keys were fetched again for it */
	const char *id; /* of the session, found or new */
	const char *login_url; /* in an error for scripts; NULL: none */
	struct identity identity;
	struct login_response response;
	struct timer timer; /* before a refusal */
	bool slow;
};

static struct login_check *oidc_check(struct login *, const struct login_request *, login_done *, void *arg);
static void oidc_cancel(struct login_check *);

static void
check_release(struct login_check *c)
{
	c->login->exchanges -= c->exchange != NULL;
	c->login->slow -= c->slow;
	if (c->exchange != NULL)
		transport_cancel(c->login->settings.outside, c->exchange);
	provider_cancel(c->login->provider, &c->need);
	session_secret_cancel(&c->session);
	loop_timer_stop(c->login->loop, &c->timer);
	free(c);
}

/* Ends the check with the response, or with the identity. Both are copied, because they outlive the check. */
static void
check_end(struct login_check *c, bool identified)
{
	struct login_response *response = arena_alloc(c->request.arena, sizeof(*response));
	struct identity *identity = arena_alloc(c->request.arena, sizeof(*identity));

	*response = c->response;
	*identity = c->identity;
	c->done(c->done_arg, identified ? identity : NULL, identified ? NULL : response);
	if (c->starting)
		c->ended = true;
	else
		check_release(c);
}

static const char *
check_header(const struct login_check *c, const char *name)
{
	return MHD_lookup_connection_value(c->request.connection, MHD_HEADER_KIND, name);
}

static const char *
check_argument(const struct login_check *c, const char *name)
{
	return MHD_lookup_connection_value(c->request.connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char *
check_url(const struct login_check *c, const char *path)
{
	return arena_printf(c->request.arena, "%s/%s", c->login->settings.base->url, path);
}

/* Compares with a text of the request, which may be absent. */
static bool
check_is_secret(const char *secret, const char *guess)
{
	return guess != NULL && str_same_secret(secret, guess);
}

static bool
check_is_for_users(const struct login_check *c)
{
	const char *accept = check_header(c, "Accept");

	return c->kind == CHECK_LOGIN || c->kind == CHECK_CALLBACK ||
	       (accept != NULL && strstr(accept, "text/html") != NULL);
}

static void
check_add_escaped(struct str *to, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<': str_adds(to, "&lt;"); break;
		case '>': str_adds(to, "&gt;"); break;
		case '&': str_adds(to, "&amp;"); break;
		case '"': str_adds(to, "&quot;"); break;
		default: str_addc(to, *text);
		}
}

/* Returns a page with a text and a link to the login. */
static const char *
check_page(const struct login_check *c, const char *text)
{
	const char *page;
	struct str to;

	str_init(&to, 64u << 10);
	str_adds(&to, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Sluice</title>\n<p>");
	check_add_escaped(&to, text);
	str_adds(&to, "</p>\n<p><a href=\"");
	check_add_escaped(&to, check_url(c, "auth/login"));
	str_adds(&to, "\">Log in</a></p>\n");
	page = arena_strdup(c->request.arena, str_text(&to));
	str_done(&to);
	return page;
}

/* Returns an error of the dashboard's API. */
static const char *
check_error(const struct login_check *c, int code, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = json_object();

	json_put(j, "error", text);
	json_object_set_new(j, "code", json_integer(code));
	json_put(j, "message", text);
	json_put(j, "login", c->login_url);
	return json_text(c->request.arena, j);
}

static void
check_respond(struct login_check *c, int status, const char *text)
{
	/* Codes of google.rpc.Code, as in dashboard.c. */
	int code = status == 401 ? 16 : status == 403 ? 7 : status == 429 ? 8 : status == 503 ? 14 : 5;
	bool page = check_is_for_users(c);

	c->response.status = status;
	c->response.content_type = page ? "text/html; charset=utf-8" : "application/json";
	c->response.body = page ? check_page(c, text) : check_error(c, code, text);
	check_end(c, false);
}

static void
check_redirect(struct login_check *c, const char *url)
{
	c->response.status = 302;
	c->response.content_type = "text/plain";
	c->response.body = "";
	c->response.location = url;
	check_end(c, false);
}

static void
check_on_timer(struct timer *t, void *arg)
{
	struct login_check *c = arg;

	(void)t;
	check_end(c, false);
}

/* Refuses a login or a credential that is wrong, and slows those that follow: the response waits the longer, the more
 * refusals there were in the last minute. */
static void
check_refuse(struct login_check *c, const char *text)
{
	struct oidc_login *l = c->login;
	int64_t now = loop_mono(l->loop), wait;

	if (now - l->failures_at >= FORGET_MS) {
		l->failures = 0;
		l->failures_at = now;
	}
	l->failures++;
	if (log_limit_take(&l->lines))
		log_warn("a login is refused", "reason", text);
	if (l->slow >= SLOW_CHECKS_MAX) {
		check_respond(c, 429, "there were too many logins that failed: wait a minute");
		return;
	}
	wait = l->failures < SLOW_MAX_MS / SLOW_STEP_MS ? l->failures * SLOW_STEP_MS : SLOW_MAX_MS;
	c->response.status = 401;
	c->response.content_type = check_is_for_users(c) ? "text/html; charset=utf-8" : "application/json";
	c->response.body = check_is_for_users(c) ? check_page(c, text) : check_error(c, 16, text);
	c->slow = true;
	l->slow++;
	loop_timer(l->loop, &c->timer, wait);
}

/* Responds to an error of the provider or the API server. The log has it in full. */
static void
check_report_error(struct login_check *c, const struct err *e)
{
	if (e->class == ERR_AGAIN || e->class == ERR_GONE || e->forbidden || e->class == ERR_CONFLICT) {
		if (log_limit_take(&c->login->lines))
			log_warn("a login is not possible", "error", err_text(c->request.arena, e));
		check_respond(c, 503, "a login is not possible now: the log of sluice server has the reason");
	} else {
		check_refuse(c, err_text(c->request.arena, e));
	}
}

/* Starts the operation of the sessions, or responds that too many writes wait already. */
static void
check_start_operation(struct login_check *c)
{
	if (!session_secret_start(c->login->sessions, &c->session))
		check_respond(c, 503,
		    arena_printf(c->request.arena,
			"%d logins and logouts wait for the Secret %s already: try again in a few seconds",
			SESSION_SECRET_WRITES_MAX, SESSION_SECRET_NAME));
}

/* Returns a new id of 256 random bits, or NULL after it has responded. */
static const char *
check_random(struct login_check *c, unsigned char bytes[SESSION_RANDOM])
{
	if (getrandom(bytes, SESSION_RANDOM, 0) == SESSION_RANDOM)
		return base64url_encode(c->request.arena, bytes, SESSION_RANDOM);
	check_respond(c, 503, "the system has no random numbers");
	return NULL;
}

static const char *
check_attempt_cookie(const struct login_check *c, const char *state)
{
	const char *name = attempt_name(c->request.arena, state);

	return name != NULL ? arena_printf(c->request.arena, SESSION_COOKIE_ATTEMPT "%s", name) : NULL;
}

/* Sets the cookie of the new attempt, and removes those of the oldest ones. */
static void
check_set_attempt(struct login_check *c, const char *cookie)
{
	struct attempt_cookie all[SESSION_COOKIE_ATTEMPTS_MAX], *removed;
	size_t n = session_cookie_attempts(&c->cookies, all);

	removed = attempt_remove(c->request.arena, all, n, loop_wall(c->login->loop), &n);
	c->response.cookies[0] =
	    session_cookie_set(&c->cookies, check_attempt_cookie(c, c->attempt.state), cookie, ATTEMPT_MS);
	for (size_t i = 0; i < n && i + 1 < LOGIN_COOKIES_MAX; i++)
		c->response.cookies[i + 1] = session_cookie_set(
		    &c->cookies, arena_printf(c->request.arena, SESSION_COOKIE_ATTEMPT "%s", removed[i].name), NULL, 0);
}

/* The path of the return is below the dashboard's URL. */
static void
check_on_login(struct login_check *c, const struct oidc_provider *p)
{
	const struct oidc_login_settings *s = &c->login->settings;
	int64_t now = loop_wall(c->login->loop);
	unsigned char bytes[SESSION_RANDOM];
	const char *cookie;

	if (check_random(c, bytes) == NULL)
		return;
	cookie = attempt_new(c->request.arena, now, bytes, check_argument(c, "return_url"));
	if (attempt_read(c->request.arena, cookie, now, &c->attempt) != NULL) {
		check_respond(c, 503, "the clock has no plausible time");
		return;
	}
	check_set_attempt(c, cookie);
	check_redirect(c, attempt_url(c->request.arena, &c->attempt, s->oidc, p, check_url(c, "auth/callback")));
}

static void
check_on_added(void *arg, const struct err *e, const struct session *none)
{
	struct login_check *c = arg;
	const struct oidc_base *base = c->login->settings.base;
	const char *to = c->attempt.return_path;

	(void)none;
	if (e != NULL) {
		check_report_error(c, e);
		return;
	}
	log_info("a user has logged in", "user", c->session.session.user, "name", c->session.session.name);
	c->response.cookies[0] = session_cookie_set(
	    &c->cookies, SESSION_COOKIE, c->id, c->session.session.ends_at - loop_wall(c->login->loop));
	c->response.cookies[1] = session_cookie_set(&c->cookies, check_attempt_cookie(c, c->attempt.state), NULL, 0);
	check_redirect(c, strcmp(to, "/") == 0 ? arena_printf(c->request.arena, "%s/", base->path) : to);
}

/* Opens the session of a user whose token is valid. */
static void
check_open_session(struct login_check *c, const struct oidc_user *u)
{
	unsigned char bytes[SESSION_RANDOM];
	char state[2 * SHA256_SIZE + 1];
	struct strings groups = u->groups;

	if ((c->id = check_random(c, bytes)) == NULL)
		return;
	if (c->login->settings.keep_groups != NULL)
		c->login->settings.keep_groups(c->login->settings.arg, c->request.arena, &groups);
	sha256_hex(c->attempt.state, strlen(c->attempt.state), state);
	c->session = (struct session_operation){ .kind = SESSION_SECRET_ADD,
		.id = c->id,
		.session = { .user = u->subject,
		    .name = u->name,
		    .groups = groups,
		    .ends_at = loop_wall(c->login->loop) + c->login->settings.session_ms,
		    .attempt = arena_strdup(c->request.arena, state),
		    .attempt_ends_at = c->attempt.ends_at },
		.arena = c->request.arena,
		.done = check_on_added,
		.arg = c };
	check_start_operation(c);
}

static void
check_identify(
    struct login_check *c, const char *user, const char *name, const struct strings *groups, const char *csrf)
{
	_cleanup_(json_decrefp) json_t *j = NULL;

	c->identity = (struct identity){
		.user = user, .groups = (const char *const *)groups->at, .ngroups = groups->n, .session = c->session.key
	};
	if (strcmp(c->path, "api/v1/session") != 0 || strcmp(c->request.method, "GET") != 0) {
		check_end(c, true);
		return;
	}
	j = json_pack("{s:s,s:s,s:[]}", "user", user, "name", name, "groups");
	for (size_t i = 0; i < groups->n; i++)
		json_array_append_new(json_object_get(j, "groups"), json_string(groups->at[i]));
	json_put(j, "csrfToken", csrf);
	c->response.status = 200;
	c->response.content_type = "application/json";
	c->response.body = json_text(c->request.arena, j);
	check_end(c, false);
}

/* Verifies the token: of a login, for its nonce; of a bearer, also for the client of command lines. */
static void
check_verify(struct login_check *c, const struct oidc_provider *p, const json_t *keys)
{
	const struct oidc_login_settings *s = &c->login->settings;
	_cleanup_(json_decrefp) json_t *claims = NULL;
	struct arena *a = c->request.arena;
	struct oidc_expected x = { .issuer = p->issuer,
		.audience = s->oidc->client_id,
		.other_audience = c->kind == CHECK_BEARER ? s->oidc->cli_client_id : NULL,
		.nonce = c->kind == CHECK_CALLBACK ? c->attempt.nonce : NULL,
		.algorithms = p->algorithms,
		.now_s = loop_wall(c->login->loop) / 1000 };
	struct oidc_user user = { 0 };
	struct err *e = NULL;
	enum oidc_verdict v = oidc_token_verify(a, c->token, strlen(c->token), keys, &x, &claims, &e);

	if (v == OIDC_TOKEN_UNKNOWN_KEY && !c->newer_keys) {
		c->newer_keys = true;
		provider_get(c->login->provider, &c->need, true);
		return;
	}
	if (v == OIDC_TOKEN_VALID)
		e = oidc_user_read(a, claims, s->scopes, &user);
	if (v != OIDC_TOKEN_VALID || e != NULL)
		check_refuse(c, e != NULL ? err_text(a, e) : "the token is not valid");
	else if (c->kind == CHECK_BEARER)
		check_identify(c, user.subject, user.name, &user.groups, NULL);
	else
		check_open_session(c, &user);
}

static void
check_on_token(void *arg, const struct err *e, const struct reply *r)
{
	struct login_check *c = arg;
	struct err *wrong;

	c->exchange = NULL;
	c->login->exchanges--;
	if (e != NULL)
		wrong = err_wrap(c->request.arena, err_copy(c->request.arena, e), "the provider's token endpoint");
	else
		wrong = attempt_token_read(c->request.arena, r->status, r->body.at, r->body.len, &c->token);
	if (wrong != NULL)
		check_report_error(c, wrong);
	else
		provider_get(c->login->provider, &c->need, false);
}

static void
check_exchange(struct login_check *c, const struct oidc_provider *p)
{
	static const struct receiver to = { .done = check_on_token };
	const struct oidc_login_settings *s = &c->login->settings;
	struct token_request r =
	    attempt_token_request(c->request.arena, &c->attempt, s->oidc, p, check_url(c, "auth/callback"), c->code);
	struct header headers[] = { { "Accept", "application/json" }, { "Authorization", r.authorization } };

	if (p->names_issuer && !c->has_issuer) {
		check_refuse(c, "the response has no issuer");
		return;
	}
	if (c->login->exchanges >= EXCHANGES_MAX ||
	    !rate_limit_take(&c->login->exchange_rate, loop_mono(c->login->loop))) {
		check_respond(c, 429, "there are too many logins at the same time: try again");
		return;
	}
	c->login->exchanges++;
	c->exchange = transport_start(s->outside,
	    &(struct request){ .method = "POST",
		.url = p->token_url,
		.body = r.body,
		.content_type = "application/x-www-form-urlencoded",
		.headers = headers,
		.n_headers = r.authorization != NULL ? 2 : 1,
		.ca = s->oidc->root_ca,
		.timeout_ms = PROVIDER_TIMEOUT_MS,
		.response_max = OIDC_DOCUMENT_MAX },
	    &to, c);
}

static void
check_log_out(struct login_check *c, const struct oidc_provider *p)
{
	const struct oidc_login_settings *s = &c->login->settings;
	struct arena *a = c->request.arena;
	_cleanup_(json_decrefp) json_t *j = json_object();
	const char *url = check_url(c, "auth/logout");

	/* OpenID Connect RP-Initiated Logout 1.0. Argo CD's logoutURL has {{logoutRedirectURL}} for our page. */
	if (s->oidc->logout_url != NULL)
		url = str_replace(a, s->oidc->logout_url, "{{logoutRedirectURL}}", str_url_escape(a, url));
	else if (p != NULL && p->logout_url != NULL)
		url = arena_printf(a, "%s%cclient_id=%s&post_logout_redirect_uri=%s", p->logout_url,
		    strchr(p->logout_url, '?') != NULL ? '&' : '?', str_url_escape(a, s->oidc->client_id),
		    str_url_escape(a, url));
	json_put(j, "location", url);
	c->response.status = 200;
	c->response.content_type = "application/json";
	c->response.body = json_text(a, j);
	c->response.cookies[0] = session_cookie_set(&c->cookies, SESSION_COOKIE, NULL, 0);
	check_end(c, false);
}

static void
check_on_provider(void *arg, const struct err *e, const struct oidc_provider *p, const json_t *keys)
{
	struct login_check *c = arg;

	if (c->kind == CHECK_LOGOUT)
		check_log_out(c, e == NULL ? p : NULL);
	else if (e != NULL)
		check_report_error(c, err_copy(c->request.arena, e));
	else if (c->kind == CHECK_LOGIN)
		check_on_login(c, p);
	else if (c->token == NULL)
		check_exchange(c, p);
	else
		check_verify(c, p, keys);
}

static void
check_on_ended(void *arg, const struct err *e, const struct session *none)
{
	struct login_check *c = arg;

	(void)none;
	if (e != NULL) {
		check_report_error(c, e);
		return;
	}
	if (c->login->login.ended != NULL)
		c->login->login.ended(c->login->login.ended_arg, c->session.key);
	provider_get(c->login->provider, &c->need, false);
}

/* Ends the session, after its CSRF token was checked. */
static void
check_end_session(struct login_check *c)
{
	c->session = (struct session_operation){
		.kind = SESSION_SECRET_END, .id = c->id, .arena = c->request.arena, .done = check_on_ended, .arg = c
	};
	check_start_operation(c);
}

/* Without a valid session or token: users log in, scripts get an error, with the URL of the login for the page. */
static void
check_require_login(struct login_check *c)
{
	const char *path = c->request.path;

	if (!check_is_for_users(c) || strcmp(c->request.method, "GET") != 0) {
		c->login_url = check_url(c, "auth/login");
		check_respond(
		    c, 401, "log in, or send an ID token of the provider in the header Authorization: Bearer");
		return;
	}
	check_redirect(c, arena_printf(c->request.arena, "%s?return_url=%s", check_url(c, "auth/login"),
			      str_url_escape(c->request.arena, attempt_return_path(path))));
}

static bool
check_is_read(const struct login_check *c)
{
	return strcmp(c->request.method, "GET") == 0 || strcmp(c->request.method, "HEAD") == 0;
}

static void
check_on_found(void *arg, const struct err *e, const struct session *found)
{
	struct login_check *c = arg;
	const char *csrf;

	if (e != NULL) {
		check_report_error(c, e);
		return;
	}
	if (found == NULL) {
		check_require_login(c);
		return;
	}
	csrf = session_csrf(c->request.arena, c->id);
	if (!check_is_read(c) && !check_is_secret(csrf, check_header(c, "X-CSRF-Token")))
		check_respond(
		    c, 403, "the header X-CSRF-Token is not the csrfToken of api/v1/session: reload the page");
	else if (c->kind == CHECK_LOGOUT)
		check_end_session(c);
	else
		check_identify(c, found->user, found->name, &found->groups, csrf);
}

static void
check_find_session(struct login_check *c)
{
	const char *id = session_cookie_get(&c->cookies, SESSION_COOKIE);

	/* An id has 43 digits; nothing else is worth a read. */
	if (id == NULL || strlen(id) != (SESSION_RANDOM * 4 + 2) / 3) {
		check_require_login(c);
		return;
	}
	c->id = arena_strdup(c->request.arena, id);
	c->session = (struct session_operation){
		.kind = SESSION_SECRET_FIND, .id = c->id, .arena = c->request.arena, .done = check_on_found, .arg = c
	};
	check_start_operation(c);
}

/* The state binds the return to the browser that started the login. It is compared before anything else is done. */
static void
check_start_callback(struct login_check *c)
{
	const char *error = check_argument(c, "error"), *code = check_argument(c, "code"),
		   *issuer = check_argument(c, "iss"), *state = check_argument(c, "state");
	const char *name = check_attempt_cookie(c, state);
	struct err *e = attempt_read(c->request.arena, name != NULL ? session_cookie_get(&c->cookies, name) : NULL,
	    loop_wall(c->login->loop), &c->attempt);

	if (e != NULL)
		check_refuse(c, err_text(c->request.arena, e));
	else if (!check_is_secret(c->attempt.state, state))
		check_refuse(c, "the state is not that of the login that this browser has started");
	else if (issuer != NULL && strcmp(issuer, c->login->settings.oidc->issuer) != 0)
		check_refuse(c, "the response is of another issuer"); /* RFC 9207 */
	else if (error != NULL)
		check_refuse(c, arena_printf(c->request.arena, "the provider has refused the login: %s",
				    attempt_error_code(c->request.arena, error)));
	else if (str_empty(code) || strlen(code) > CODE_MAX)
		check_refuse(c, "the provider has sent no code");
	else {
		c->code = arena_strdup(c->request.arena, code);
		c->has_issuer = issuer != NULL;
		provider_get(c->login->provider, &c->need, false);
	}
}

static void
check_start_bearer(struct login_check *c, const char *authorization)
{
	if (strncasecmp(authorization, "Bearer ", 7) != 0) {
		check_respond(c, 401, "the header Authorization must be Bearer, with an ID token of the provider");
		return;
	}
	c->token = arena_strdup(c->request.arena, authorization + 7 + strspn(authorization + 7, " "));
	provider_get(c->login->provider, &c->need, false);
}

static void
check_start(struct login_check *c)
{
	const char *authorization = check_header(c, "Authorization");

	if (strcmp(c->path, "auth/login") == 0 && check_is_read(c)) {
		c->kind = CHECK_LOGIN;
		provider_get(c->login->provider, &c->need, false);
	} else if (strcmp(c->path, "auth/callback") == 0 && check_is_read(c)) {
		c->kind = CHECK_CALLBACK;
		check_start_callback(c);
	} else if (strcmp(c->path, "auth/logout") == 0 && check_is_read(c)) {
		c->kind = CHECK_LOGIN;
		check_respond(c, 200, "You are logged out.");
	} else if (strcmp(c->path, "api/v1/session") == 0 && strcmp(c->request.method, "DELETE") == 0) {
		c->kind = CHECK_LOGOUT;
		check_find_session(c);
	} else if (authorization != NULL) {
		c->kind = CHECK_BEARER;
		check_start_bearer(c, authorization);
	} else {
		c->kind = CHECK_SESSION;
		check_find_session(c);
	}
}

static struct login_check *
oidc_check(struct login *login, const struct login_request *request, login_done *done, void *arg)
{
	struct oidc_login *l = (struct oidc_login *)login;
	size_t n = strlen(l->settings.base->path);
	struct login_check *c = mem_alloc(sizeof(*c));
	const char *path = request->path;

	if (strncmp(path, l->settings.base->path, n) == 0 && path[n] == '/')
		path += n;
	*c = (struct login_check){ .login = l,
		.request = *request,
		.cookies = { request->arena, request->connection, l->settings.base->secure },
		.path = path + strspn(path, "/"),
		.done = done,
		.done_arg = arg,
		.starting = true };
	c->need = (struct provider_need){ .done = check_on_provider, .arg = c };
	c->timer = (struct timer){ .fire = check_on_timer, .arg = c };
	check_start(c);
	c->starting = false;
	if (!c->ended)
		return c;
	check_release(c);
	return NULL;
}

static void
oidc_cancel(struct login_check *c)
{
	check_release(c);
}

struct oidc_login *
oidc_login_new(struct loop *loop, const struct oidc_login_settings *s)
{
	struct oidc_login *l = mem_alloc(sizeof(*l));

	*l = (struct oidc_login){ .login = { .check = oidc_check, .cancel = oidc_cancel },
		.loop = loop,
		.exchange_rate = { .burst = EXCHANGES_BURST, .token_ms = EXCHANGE_MS, .empty_at = INT64_MIN },
		.settings = *s,
		.provider = provider_new(loop, s->outside, s->oidc),
		.sessions = session_secret_new(s->api, s->namespace) };
	log_limit_init(&l->lines, loop, "logins that are refused or not possible");
	return l;
}

struct oidc_login *
oidc_login_free(struct oidc_login *l)
{
	if (l == NULL)
		return NULL;
	provider_free(l->provider);
	session_secret_free(l->sessions);
	log_limit_done(&l->lines);
	free(l);
	return NULL;
}

struct login *
oidc_login_interface(struct oidc_login *l)
{
	return &l->login;
}
