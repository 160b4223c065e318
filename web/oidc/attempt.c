/* web/oidc/attempt.c: the cookie of a login attempt, and the requests and responses of the provider. */
#include "web/oidc/attempt.h"
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "base/sha256.h"
#include "base/str.h"

#define RETURN_MAX 1024 /* bytes of a return path */
#define COOKIE_MAX 2048
#define AHEAD_MS 60000 /* replicas' clocks may differ */
#define ERROR_CODE_MAX 64

const char *
attempt_return_path(const char *path)
{
	size_t n = path != NULL ? strlen(path) : 0;

	if (n == 0 || n > RETURN_MAX || path[0] != '/' || path[1] == '/')
		return "/";
	for (size_t i = 0; i < n; i++)
		if (path[i] <= ' ' || path[i] > '~' || path[i] == '\\')
			return "/";
	return path;
}

/* "TIME.RANDOM.PATH": seconds, and two texts in base64url. */
const char *
attempt_new(struct arena *a, int64_t now, const unsigned char entropy[ATTEMPT_RANDOM], const char *return_path)
{
	const char *path = attempt_return_path(return_path);

	return arena_printf(a, "%lld.%s.%s", (long long)(now / 1000), base64url_encode(a, entropy, ATTEMPT_RANDOM),
	    base64url_encode(a, path, strlen(path)));
}

static const char *
attempt_derive(struct arena *a, const char *cookie, const char *what)
{
	char hex[2 * SHA256_SIZE + 1];

	hmac_sha256_hex(cookie, strlen(cookie), what, strlen(what), hex);
	return arena_strdup(a, hex);
}

struct err *
attempt_read(struct arena *a, const char *cookie, int64_t now, struct attempt *ret)
{
	const char *key = cookie != NULL ? strchr(cookie, '.') : NULL;
	const char *path = key != NULL ? strchr(key + 1, '.') : NULL, *to;
	long long began;
	size_t n = 0;

	if (path == NULL || strlen(cookie) > COOKIE_MAX ||
	    !str_int(arena_strndup(a, cookie, (size_t)(key - cookie)), 0, INT32_MAX * 4LL, &began) ||
	    base64url_decode(a, key + 1, (size_t)(path - key - 1), &n) == NULL || n != ATTEMPT_RANDOM ||
	    (to = base64url_decode(a, path + 1, strlen(path + 1), &n)) == NULL || strlen(to) != n)
		return err_new(
		    a, ERR_INVALID, "this browser has not started this login, or has lost its cookie: log in again");
	if (began * 1000 > now + AHEAD_MS || now >= began * 1000 + ATTEMPT_MS)
		return err_new(
		    a, ERR_INVALID, "the login has taken more than %d minutes: log in again", ATTEMPT_MS / 60000);
	*ret = (struct attempt){ .ends_at = began * 1000 + ATTEMPT_MS,
		.return_path = attempt_return_path(to),
		.state = attempt_derive(a, cookie, "state"),
		.nonce = attempt_derive(a, cookie, "nonce"),
		.verifier = attempt_derive(a, cookie, "code_verifier") };
	return NULL;
}

const char *
attempt_name(struct arena *a, const char *state)
{
	if (state == NULL || strlen(state) != (size_t)2 * SHA256_SIZE ||
	    strspn(state, "0123456789abcdef") != (size_t)2 * SHA256_SIZE)
		return NULL;
	return arena_strndup(a, state, ATTEMPT_NAME);
}

struct ending {
	struct attempt_cookie cookie;
	int64_t ends_at; /* 0: it is of no use */
};

static int
attempt_compare_ends(const void *x, const void *y)
{
	const struct ending *a = x, *b = y;

	return a->ends_at != b->ends_at ? (a->ends_at < b->ends_at ? -1 : 1) : strcmp(a->cookie.name, b->cookie.name);
}

struct attempt_cookie *
attempt_remove(struct arena *a, const struct attempt_cookie *cookies, size_t n, int64_t now, size_t *ret_n)
{
	struct attempt_cookie *removed = arena_new_array(a, struct attempt_cookie, n + 1);
	struct ending *list = arena_new_array(a, struct ending, n + 1);
	struct attempt t;
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		list[i] =
		    (struct ending){ cookies[i], attempt_read(a, cookies[i].value, now, &t) == NULL ? t.ends_at : 0 };
	qsort(list, n, sizeof(*list), attempt_compare_ends);
	while (to < n && (list[to].ends_at == 0 || n - to > ATTEMPTS_MAX - 1)) {
		removed[to] = list[to].cookie;
		to++;
	}
	*ret_n = to;
	return removed;
}

/* Appends NAME=VALUE, percent-encoded, after a & if it is not the first. */
static void
attempt_add(struct arena *a, struct str *to, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (to->len > 0)
		str_addc(to, '&');
	str_adds(to, name);
	str_addc(to, '=');
	str_adds(to, str_url_escape(a, value));
}

static const char *
attempt_scopes(struct arena *a, const struct oidc_settings *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->scopes.n; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? " " : "", s->scopes.at[i]);
	return text;
}

const char *
attempt_url(struct arena *a, const struct attempt *t, const struct oidc_settings *s, const struct oidc_provider *p,
    const char *redirect_url)
{
	unsigned char sum[SHA256_SIZE];
	const char *url;
	struct str q;

	sha256(t->verifier, strlen(t->verifier), sum);
	str_init(&q, SIZE_MAX);
	attempt_add(a, &q, "response_type", "code");
	attempt_add(a, &q, "client_id", s->client_id);
	attempt_add(a, &q, "redirect_uri", redirect_url);
	attempt_add(a, &q, "scope", attempt_scopes(a, s));
	attempt_add(a, &q, "state", t->state);
	attempt_add(a, &q, "nonce", t->nonce);
	attempt_add(a, &q, "code_challenge", base64url_encode(a, sum, sizeof(sum)));
	attempt_add(a, &q, "code_challenge_method", "S256");
	attempt_add(a, &q, "claims", s->claims);
	attempt_add(a, &q, "domain_hint", s->domain_hint);
	url = arena_printf(
	    a, "%s%c%s", p->authorization_url, strchr(p->authorization_url, '?') != NULL ? '&' : '?', str_text(&q));
	str_done(&q);
	return url;
}

struct token_request
attempt_token_request(struct arena *a, const struct attempt *t, const struct oidc_settings *s,
    const struct oidc_provider *p, const char *redirect_url, const char *code)
{
	struct token_request to = { 0 };
	const char *both;
	struct str body;

	str_init(&body, SIZE_MAX);
	attempt_add(a, &body, "grant_type", "authorization_code");
	attempt_add(a, &body, "code", code);
	attempt_add(a, &body, "redirect_uri", redirect_url);
	attempt_add(a, &body, "code_verifier", t->verifier);
	if (p->auth != OIDC_AUTH_BASIC)
		attempt_add(a, &body, "client_id", s->client_id);
	if (p->auth == OIDC_AUTH_POST)
		attempt_add(a, &body, "client_secret", s->client_secret);
	/* Both are percent-encoded before they are joined (RFC 6749, section 2.3.1). */
	if (p->auth == OIDC_AUTH_BASIC) {
		both = arena_printf(a, "%s:%s", str_url_escape(a, s->client_id), str_url_escape(a, s->client_secret));
		to.authorization = arena_printf(a, "Basic %s", base64_encode(a, both, strlen(both)));
	}
	to.body = arena_strdup(a, str_text(&body));
	str_done(&body);
	return to;
}

const char *
attempt_error_code(struct arena *a, const char *code)
{
	size_t n = code != NULL ? strspn(code, "abcdefghijklmnopqrstuvwxyz_") : 0;

	return n > 0 && n <= ERROR_CODE_MAX && code[n] == '\0' ? arena_strdup(a, code) : "an unknown error";
}

struct err *
attempt_token_read(struct arena *a, int status, const char *text, size_t len, const char **ret_token)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	bool is_json = len <= OIDC_DOCUMENT_MAX && json_parse(a, text, len, &doc) == NULL && json_is_object(doc);

	if (status != 200)
		return err_new(a, status >= 500 ? ERR_AGAIN : ERR_INVALID,
		    "the provider refuses the code with status %d: %s", status,
		    attempt_error_code(a, is_json ? json_str(doc, "error") : NULL));
	if (!is_json || json_str(doc, "id_token") == NULL)
		return err_new(a, ERR_INVALID, "the provider's response has no ID token: is openid among the scopes?");
	*ret_token = arena_strdup(a, json_str(doc, "id_token"));
	return NULL;
}
