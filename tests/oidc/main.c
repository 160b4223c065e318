/* tests/oidc/main.c: `oidc` is a small OpenID provider for tests: it prints "port N", and serves until it is killed.
 *
 * Its issuer is http://127.0.0.1:N, and its only client is "sluice" with the secret "s3cret". /auth logs in at once, as
 * the user of /set. Codes are for one use, and need their PKCE verifier. Beyond OpenID Connect there are:
 *
 *   /set?user=NAME&groups=A,B    the user of the next logins
 *   /set?fault=NAME              what is wrong with the next tokens: a name of `faults`, or none
 *   /rotate                      signs with a new key
 *   /mint?aud=AUDIENCE           an ID token without a login
 *   /counts                      "tokens N keys N metadata N": requests so far
 */
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"
#include "io/http_server.h"

#define CODES_MAX 256
#define TEXT_MAX 1024 /* bytes of a parameter */
#define BODY_MAX 65536u
#define LIFE_S 300 /* of a token */

static const char *const faults[] = { "none", "issuer", "audience", "nonce", "expired", "future", "unsigned", "hs256",
	"signature", "unknown-key", "no-token", "status" };

struct issued {
	char code[2 * SHA256_SIZE + 1], nonce[TEXT_MAX], challenge[TEXT_MAX], redirect[TEXT_MAX];
	bool used;
};

struct provider_server {
	struct loop *loop;
	struct http_server http;
	const char *issuer;
	cjose_jwk_t *key, *other; /* `other` is never published */
	unsigned generation; /* of the key */
	char user[TEXT_MAX], groups[TEXT_MAX], fault[TEXT_MAX];
	struct issued codes[CODES_MAX];
	size_t n_codes;
	unsigned tokens, keys, metadata; /* requests */
};

/* One request: its body, and an arena. */
struct request_state {
	struct arena *arena;
	struct str body;
};

static const char *
argument(struct MHD_Connection *c, const char *name)
{
	const char *value = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return value != NULL ? value : "";
}

static void
keep(char to[TEXT_MAX], const char *value)
{
	snprintf(to, TEXT_MAX, "%s", value);
}

static cjose_jwk_t *
key_new(const char *id)
{
	cjose_jwk_t *key = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, NULL);

	cjose_jwk_set_kid(key, id, strlen(id), NULL);
	return key;
}

static enum MHD_Result
respond_json(struct MHD_Connection *c, struct arena *a, int status, json_t *j)
{
	const char *text = json_text(a, j);

	json_decref(j);
	return http_server_respond(c, status, "application/json", text, strlen(text));
}

static enum MHD_Result
serve_metadata(struct provider_server *s, struct MHD_Connection *c, struct arena *a)
{
	const char *i = s->issuer;

	s->metadata++;
	return respond_json(c, a, 200,
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s],s:[s,s]}", "issuer", i, "authorization_endpoint",
		arena_printf(a, "%s/auth", i), "token_endpoint", arena_printf(a, "%s/token", i), "jwks_uri",
		arena_printf(a, "%s/keys", i), "end_session_endpoint", arena_printf(a, "%s/end", i),
		"response_types_supported", "code", "id_token_signing_alg_values_supported", "RS256", "HS256"));
}

static enum MHD_Result
serve_keys(struct provider_server *s, struct MHD_Connection *c, struct arena *a)
{
	char *key = cjose_jwk_to_json(s->key, false, NULL);
	const char *text = arena_printf(a, "{\"keys\": [%s]}", key);

	s->keys++;
	free(key);
	return http_server_respond(c, 200, "application/json", text, strlen(text));
}

static enum MHD_Result
serve_auth(struct provider_server *s, struct MHD_Connection *c, struct arena *a)
{
	struct issued *i = &s->codes[s->n_codes % CODES_MAX];
	const char *to = argument(c, "redirect_uri"), *text = arena_printf(a, "code %zu", s->n_codes++);
	struct MHD_Response *r;
	enum MHD_Result ok;

	if (strcmp(argument(c, "client_id"), "sluice") != 0 || strcmp(argument(c, "response_type"), "code") != 0 ||
	    strstr(argument(c, "scope"), "openid") == NULL || !str_starts(to, "http://127.0.0.1:") ||
	    strcmp(argument(c, "code_challenge_method"), "S256") != 0 || argument(c, "state")[0] == '\0')
		return http_server_respond_text(c, 400, "not a request for a code\n");
	*i = (struct issued){ 0 };
	sha256_hex(text, strlen(text), i->code);
	keep(i->nonce, argument(c, "nonce"));
	keep(i->challenge, argument(c, "code_challenge"));
	keep(i->redirect, to);
	r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Location",
	    arena_printf(a, "%s?code=%s&state=%s", to, i->code, str_url_escape(a, argument(c, "state"))));
	ok = MHD_queue_response(c, 302, r);
	MHD_destroy_response(r);
	return ok;
}

/* Returns the content of a token, with the fault of the settings. */
static const char *
claims_text(struct provider_server *s, struct arena *a, const char *audience, const char *nonce)
{
	int64_t now = loop_wall(s->loop) / 1000 - (strcmp(s->fault, "expired") == 0 ? 3600 : 0) +
		      (strcmp(s->fault, "future") == 0 ? 3600 : 0);
	json_t *j = json_pack("{s:s,s:s,s:s,s:I,s:I,s:s,s:b}", "iss",
	    strcmp(s->fault, "issuer") == 0 ? "http://127.0.0.1:1" : s->issuer, "aud",
	    strcmp(s->fault, "audience") == 0 ? "other" : audience, "sub", s->user, "iat", (json_int_t)now, "exp",
	    (json_int_t)(now + LIFE_S), "email", arena_printf(a, "%s@example.org", s->user), "email_verified", 1);
	json_t *groups = json_array();
	char *save = NULL;
	const char *text;

	for (char *g = strtok_r(arena_strdup(a, s->groups), ",", &save); g != NULL; g = strtok_r(NULL, ",", &save))
		json_array_append_new(groups, json_string(g));
	json_object_set_new(j, "groups", groups);
	json_put(j, "nonce", strcmp(s->fault, "nonce") == 0 ? "another" : nonce);
	text = json_text(a, j);
	json_decref(j);
	return text;
}

static const char *
sign(struct provider_server *s, struct arena *a, const char *claims)
{
	bool hs256 = strcmp(s->fault, "hs256") == 0;
	char *public = cjose_jwk_to_json(s->key, false, NULL);
	cjose_jwk_t *secret = cjose_jwk_create_oct_spec((const uint8_t *)public, strlen(public), NULL);
	const cjose_jwk_t *key = hs256 ? secret : strcmp(s->fault, "signature") == 0 ? s->other : s->key;
	cjose_header_t *header = cjose_header_new(NULL);
	const char *text = NULL;
	cjose_jws_t *jws;

	cjose_header_set(header, CJOSE_HDR_ALG, hs256 ? "HS256" : "RS256", NULL);
	cjose_header_set(header, CJOSE_HDR_KID,
	    strcmp(s->fault, "unknown-key") == 0 ? "unknown" : cjose_jwk_get_kid(s->key, NULL), NULL);
	jws = cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), NULL);
	cjose_jws_export(jws, &text, NULL);
	text = arena_strdup(a, text);
	if (strcmp(s->fault, "unsigned") == 0)
		text = arena_printf(a, "%s.%s.", base64url_encode(a, "{\"alg\":\"none\"}", 14),
		    base64url_encode(a, claims, strlen(claims)));
	cjose_jws_release(jws);
	cjose_header_release(header);
	cjose_jwk_release(secret);
	free(public);
	return text;
}

/* Returns a member of a form, decoded; "" if it is absent. */
static const char *
form_value(struct arena *a, const char *form, const char *name)
{
	size_t n = strlen(name);
	char *value;

	while (form != NULL && !(strncmp(form, name, n) == 0 && form[n] == '='))
		if ((form = strchr(form, '&')) != NULL)
			form++;
	if (form == NULL)
		return "";
	value = arena_strndup(a, form + n + 1, strcspn(form + n + 1, "&"));
	MHD_http_unescape(value);
	return value;
}

static struct issued *
find_code(struct provider_server *s, const char *code)
{
	for (size_t i = 0; i < CODES_MAX; i++)
		if (s->codes[i].code[0] != '\0' && strcmp(s->codes[i].code, code) == 0)
			return &s->codes[i];
	return NULL;
}

static enum MHD_Result
serve_token(struct provider_server *s, struct MHD_Connection *c, struct arena *a, const char *form)
{
	const char *authorization = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	const char *verifier = form_value(a, form, "code_verifier");
	struct issued *i = find_code(s, form_value(a, form, "code"));
	unsigned char sum[SHA256_SIZE];

	s->tokens++;
	if (authorization == NULL || strcmp(authorization, "Basic c2x1aWNlOnMzY3JldA==") != 0)
		return respond_json(c, a, 401, json_pack("{s:s}", "error", "invalid_client"));
	sha256(verifier, strlen(verifier), sum);
	if (i == NULL || i->used || strcmp(base64url_encode(a, sum, sizeof(sum)), i->challenge) != 0 ||
	    strcmp(form_value(a, form, "redirect_uri"), i->redirect) != 0)
		return respond_json(c, a, 400, json_pack("{s:s}", "error", "invalid_grant"));
	i->used = true;
	if (strcmp(s->fault, "status") == 0)
		return http_server_respond_text(c, 500, "out of order\n");
	if (strcmp(s->fault, "no-token") == 0)
		return respond_json(c, a, 200, json_pack("{s:s}", "access_token", "x"));
	return respond_json(c, a, 200,
	    json_pack("{s:s,s:s,s:s}", "token_type", "Bearer", "access_token", "x", "id_token",
		sign(s, a, claims_text(s, a, "sluice", i->nonce))));
}

static enum MHD_Result
serve_set(struct provider_server *s, struct MHD_Connection *c)
{
	bool known = false;

	if (argument(c, "user")[0] != '\0') {
		keep(s->user, argument(c, "user"));
		keep(s->groups, argument(c, "groups"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		known = known || strcmp(faults[i], argument(c, "fault")) == 0;
	if (argument(c, "fault")[0] != '\0' && !known)
		return http_server_respond_text(c, 400, "no such fault\n");
	if (known)
		keep(s->fault, argument(c, "fault"));
	return http_server_respond_text(c, 200, "ok\n");
}

static enum MHD_Result
serve(struct provider_server *s, struct MHD_Connection *c, struct request_state *r, const char *path)
{
	struct arena *a = r->arena;
	const char *text;

	if (strcmp(path, "/.well-known/openid-configuration") == 0)
		return serve_metadata(s, c, a);
	if (strcmp(path, "/keys") == 0)
		return serve_keys(s, c, a);
	if (strcmp(path, "/auth") == 0)
		return serve_auth(s, c, a);
	if (strcmp(path, "/token") == 0)
		return serve_token(s, c, a, str_text(&r->body));
	if (strcmp(path, "/set") == 0)
		return serve_set(s, c);
	if (strcmp(path, "/end") == 0)
		return http_server_respond_text(c, 200, "logged out\n");
	if (strcmp(path, "/rotate") == 0) {
		cjose_jwk_release(s->key);
		s->key = key_new(arena_printf(a, "key-%u", ++s->generation));
		return http_server_respond_text(c, 200, "ok\n");
	}
	if (strcmp(path, "/mint") == 0)
		return http_server_respond_text(c, 200, sign(s, a, claims_text(s, a, argument(c, "aud"), NULL)));
	text = arena_printf(a, "tokens %u keys %u metadata %u\n", s->tokens, s->keys, s->metadata);
	return http_server_respond_text(c, strcmp(path, "/counts") == 0 ? 200 : 404, text);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *data_len, void **state)
{
	struct request_state *r = *state;

	(void)method;
	(void)version;
	if (r == NULL) {
		*state = r = mem_alloc(sizeof(*r));
		r->arena = arena_new();
		str_init(&r->body, BODY_MAX);
		return MHD_YES;
	}
	if (*data_len > 0) {
		str_add(&r->body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	return serve(arg, c, r, path);
}

static void
on_completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct request_state *r = *state;

	(void)arg;
	(void)c;
	(void)code;
	if (r == NULL)
		return;
	str_done(&r->body);
	arena_free(r->arena);
	free(r);
	*state = NULL;
}

int
main(void)
{
	static struct provider_server s;
	struct http_server_settings settings = { .ip = "127.0.0.1", .connections_max = 64, .idle_ms = 60000 };

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	s.loop = loop_ev_new();
	s.key = key_new("key-0");
	s.other = key_new("other");
	keep(s.user, "ada");
	keep(s.groups, "developers");
	keep(s.fault, "none");
	if (!http_server_start(&s.http, s.loop, &settings, on_request, on_completed, &s)) {
		perror("oidc");
		return 1;
	}
	s.issuer = mem_printf("http://127.0.0.1:%d", s.http.port);
	printf("port %d\n", s.http.port);
	fflush(stdout);
	loop_run(s.loop);
	return 0;
}
