/* tests/fuzz/login.c: a login's documents from anywhere: settings, the provider's metadata, keys and tokens, cookies,
 * and the Secret of the sessions. */
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "web/oidc/attempt.h"
#include "web/oidc/session.h"
#include "web/oidc/token.h"

#define NOW INT64_C(1700000000000)

static const char *
value(void *arg, const char *secret, const char *key, const char **ret_why)
{
	(void)arg;
	(void)ret_why;
	return strlen(secret) > 1 ? key : NULL;
}

/* Keys are the first line, the token is the second one. */
static void
verify(struct arena *a, const char *text)
{
	static const char *algorithms[] = { "RS256", "ES256", "PS256", "HS256" }, *groups[] = { "groups", "email" };
	const struct oidc_expected x = { .issuer = "i",
		.audience = "a",
		.algorithms = { algorithms, ARRAY_SIZE(algorithms) },
		.now_s = NOW / 1000 };
	const char *token = strchr(text, '\n');
	_cleanup_(json_decrefp) json_t *keys = NULL, *claims = NULL;
	struct oidc_user user;
	struct err *why;

	if (token == NULL || oidc_keys_read(a, text, (size_t)(token - text), &keys) != NULL)
		return;
	if (oidc_token_verify(a, token + 1, strlen(token + 1), keys, &x, &claims, &why) == OIDC_TOKEN_VALID)
		(void)oidc_user_read(a, claims, &(struct strings){ groups, ARRAY_SIZE(groups) }, &user);
}

static void
sessions(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *secret = NULL, *claims = NULL;
	const struct session one = { .user = "u", .name = "n", .ends_at = NOW + 1000, .attempt = "s" };
	static const char *groups[] = { "groups" };
	json_t *patch = NULL;
	struct session found;
	struct oidc_user user;

	if (json_parse(a, text, strlen(text), &secret) != NULL)
		return;
	(void)session_find(a, json_object_get(secret, "data"), "k", NOW, &found);
	(void)session_add(a, secret, "k", &one, NOW, &patch);
	json_decref(patch);
	json_decref(session_end(a, secret, "k", NOW));
	(void)oidc_user_read(a, secret, &(struct strings){ groups, 1 }, &user);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size), *token;
	struct oidc_settings s = { .issuer = "https://i", .client_id = "c" };
	struct oidc_provider p;
	struct strings names;
	struct oidc_base base;
	struct attempt t;

	if (oidc_provider_read(a, &s, text, strlen(text), &p) == NULL && attempt_read(a, text, NOW, &t) == NULL)
		(void)attempt_url(a, &t, &s, &p, "u");
	(void)attempt_read(a, text, NOW, &t);
	(void)attempt_token_read(a, 200, text, strlen(text), &token);
	(void)oidc_base_read(a, text, &base);
	(void)oidc_settings_secrets(a, text, &names);
	(void)oidc_settings_read(a, text, value, NULL, &s);
	verify(a, text);
	sessions(a, text);
	return 0;
}
