/* tests/unit/web/login.c: settings of a login, its attempts, and its sessions. */
#include "tests/unit/unit.h"
#include "base/base64.h"
#include "base/str.h"
#include "web/oidc/attempt.h"
#include "web/oidc/rate_limit.h"
#include "web/oidc/session.h"

#define NOW INT64_C(1700000000000)
#define CONFIG "name: SSO\nissuer: https://id.example\nclientID: sluice\n"

static const char *
secret_value(void *arg, const char *secret, const char *key, const char **ret_why)
{
	(void)arg;
	*ret_why = "it has no label";
	if (strcmp(secret, "argocd-secret") == 0 && strcmp(key, "oidc.google.clientSecret") == 0)
		return "s3cret\n";
	if (strcmp(secret, "other") == 0 && strcmp(key, "id") == 0)
		return "from-other";
	return NULL;
}

static const char *
read_settings(struct arena *a, const char *text, struct oidc_settings *ret)
{
	struct err *e = oidc_settings_read(a, text, secret_value, NULL, ret);

	return e != NULL ? err_text(a, e) : NULL;
}

static void
settings_have_values_of_secrets(void **state)
{
	struct arena *a = arena_new();
	struct oidc_settings s;
	struct strings names;
	static const char text[] = "issuer: https://id.example\nclientId: $other:id\nclientSecret: "
				   "$oidc.google.clientSecret\nrequestedScopes: [openid, groups]\n"
				   "requestedIDTokenClaims: {groups: {essential: true}}\n";

	(void)state;
	assert_null(oidc_settings_secrets(a, text, &names));
	assert_int_equal(names.n, 2);
	assert_string_equal(names.at[0], "other");
	assert_string_equal(names.at[1], "argocd-secret");
	assert_null(read_settings(a, text, &s));
	assert_string_equal(s.client_id, "from-other");
	assert_string_equal(s.client_secret, "s3cret");
	assert_string_equal(s.claims, "{\"id_token\":{\"groups\":{\"essential\":true}}}");
	assert_int_equal(s.scopes.n, 2);
	assert_string_equal(s.name, "https://id.example");
	assert_null(s.problem);
	arena_free(a);
}

static void
members_without_effect_are_named(void **state)
{
	struct arena *a = arena_new();
	struct oidc_settings s;

	(void)state;
	assert_null(read_settings(a, CONFIG "enablePKCEAuthentication: true\nuserInfoPath: /x\nfoo: 1\n", &s));
	assert_string_equal(s.problem,
	    "ConfigMap argocd-cm, oidc.config: without effect here: userInfoPath (groups are read from the ID token "
	    "only); foo (it is not known)");
	arena_free(a);
}

static void
settings_that_are_wrong_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "clientID: x", "no issuer" },
		{ "issuer: https://id.example", "no clientID" },
		{ "issuer: http://id.example\nclientID: x", "https URL" },
		{ "issuer: https://user@id.example\nclientID: x", "https URL" },
		{ "issuer: https://id.example\\@evil.example\nclientID: x", "https URL" },
		{ "issuer: https://id.example/#a\nclientID: x", "https URL" },
		{ CONFIG "clientSecret: $missing", "Secret argocd-secret has no key missing with a text" },
		{ CONFIG "clientSecret: $../x:key", "Secret ../x has no key" },
		{ CONFIG "requestedScopes: [email]", "add openid" },
		{ CONFIG "requestedScopes: [openid, 'a b']", "is not a scope" },
		{ CONFIG "requestedIDTokenClaims: {a: b}", "requestedIDTokenClaims.a" },
		{ CONFIG "logoutURL: 'javascript:alert(1)'", "logoutURL" },
		{ "[]", "not an object" },
		{ CONFIG "clientID: again", "oidc.config" },
	};
	struct arena *a = arena_new();
	struct oidc_settings s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = read_settings(a, bad[i][0], &s);

		if (why == NULL || strstr(why, bad[i][1]) == NULL)
			fail_msg("%s: want \"%s\", got \"%s\"", bad[i][0], bad[i][1], why != NULL ? why : "no error");
	}
	assert_null(read_settings(a, "issuer: http://127.0.0.1:5556/dex\nclientID: x", &s));
	arena_free(a);
}

static void
the_host_is_as_browsers_send_it(void **state)
{
	static const char *const good[][3] = {
		{ "https://sluice.example", "sluice.example", "" },
		{ "https://sluice.example:443/", "sluice.example", "" },
		{ "https://sluice.example:8443/base/", "sluice.example:8443", "/base" },
		{ "http://localhost:80", "localhost", "" },
		{ "http://127.0.0.1:8080", "127.0.0.1:8080", "" },
	};
	struct arena *a = arena_new();
	struct oidc_base b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_null(oidc_base_read(a, good[i][0], &b));
		assert_string_equal(b.host, good[i][1]);
		assert_string_equal(b.path, good[i][2]);
	}
	assert_non_null(oidc_base_read(a, "http://sluice.example", &b));
	assert_non_null(oidc_base_read(a, "https://", &b));
	assert_non_null(oidc_base_read(a, "https://sluice.example?x", &b));
	assert_non_null(oidc_base_read(a, "sluice.example", &b));
	arena_free(a);
}

static void
metadata_of_another_issuer_or_without_safe_urls_are_refused(void **state)
{
#define URLS "\"token_endpoint\":\"https://id.example/t\",\"jwks_uri\":\"https://id.example/k\""
	static const char *const bad[][2] = {
		{ "{\"issuer\":\"https://id.example/\"," URLS "}", "its issuer is not exactly" },
		{ "{" URLS "}", "its issuer is not exactly" },
		{ "{\"issuer\":\"https://id.example\"," URLS "}", "authorization_endpoint" },
		{ "{\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"javascript:x\"," URLS "}",
		    "authorization_endpoint" },
		{ "{\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"https://id.example/a\"," URLS
		  ",\"id_token_signing_alg_values_supported\":[\"none\",\"HS256\"]}",
		    "no algorithm with a public key" },
		{ "[]", "not a JSON object" },
	};
	static const char good[] = "{\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"https://id.example/"
				   "a\"," URLS ",\"id_token_signing_alg_values_supported\":[\"HS256\",\"ES256\"],"
				   "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]}";
	struct arena *a = arena_new();
	struct oidc_settings s = { .issuer = "https://id.example", .client_id = "x", .client_secret = "y" };
	struct oidc_provider p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err *e = oidc_provider_read(a, &s, bad[i][0], strlen(bad[i][0]), &p);

		if (e == NULL || strstr(err_text(a, e), bad[i][1]) == NULL)
			fail_msg("%s: want \"%s\", got \"%s\"", bad[i][0], bad[i][1],
			    e != NULL ? err_text(a, e) : "no error");
	}
	assert_null(oidc_provider_read(a, &s, good, strlen(good), &p));
	assert_int_equal(p.algorithms.n, 1);
	assert_string_equal(p.algorithms.at[0], "ES256");
	assert_int_equal(p.auth, OIDC_AUTH_POST);
	arena_free(a);
}

static void
a_return_path_never_leaves_the_site(void **state)
{
	static const char *const bad[] = { "", "//evil.example", "/\\evil.example", "\\\\evil.example",
		"https://evil.example", "javascript:alert(1)", "evil.example", "/\t/evil.example", "/\n/evil.example",
		" //evil.example", "/a\r\nSet-Cookie: x=y", "/\xc3\xa9", "/a\\b" };
	static const char *const good[] = { "/", "/rollouts/", "/rollouts/?x=//y#z", "/a//b" };
	struct arena *a = arena_new();
	struct attempt t;
	static const unsigned char zeros[ATTEMPT_RANDOM];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		/* In the cookie too, which is not trusted either. */
		const char *cookie = arena_printf(a, "1700000000.%s.%s", base64url_encode(a, zeros, sizeof(zeros)),
		    base64url_encode(a, bad[i], strlen(bad[i])));

		assert_string_equal(attempt_return_path(bad[i]), "/");
		assert_null(attempt_read(a, cookie, NOW, &t));
		assert_string_equal(t.return_path, "/");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_string_equal(attempt_return_path(good[i]), good[i]);
	assert_string_equal(attempt_return_path(NULL), "/");
	arena_free(a);
}

static void
state_nonce_and_verifier_depend_on_the_whole_cookie(void **state)
{
	struct arena *a = arena_new();
	static const unsigned char zeros[ATTEMPT_RANDOM], others[ATTEMPT_RANDOM] = { 1 };
	struct attempt t, other;

	(void)state;
	assert_null(attempt_read(a, attempt_new(a, NOW, zeros, "/x"), NOW, &t));
	assert_string_not_equal(t.state, t.nonce);
	assert_string_not_equal(t.state, t.verifier);
	assert_string_not_equal(t.nonce, t.verifier);
	assert_int_equal(strlen(t.verifier), 64);
	assert_null(attempt_read(a, attempt_new(a, NOW, others, "/x"), NOW, &other));
	assert_string_not_equal(t.state, other.state);
	assert_null(attempt_read(a, attempt_new(a, NOW + 1000, zeros, "/x"), NOW, &other));
	assert_string_not_equal(t.state, other.state);
	assert_null(attempt_read(a, attempt_new(a, NOW, zeros, "/y"), NOW, &other));
	assert_string_not_equal(t.state, other.state);
	arena_free(a);
}

static void
an_attempt_is_named_after_its_state(void **state)
{
	static const char *const bad[] = { "", "s", "0123456789abcdef", "x; Domain=evil.example" };
	static const unsigned char zeros[ATTEMPT_RANDOM];
	struct arena *a = arena_new();
	struct attempt t;

	(void)state;
	assert_null(attempt_read(a, attempt_new(a, NOW, zeros, "/"), NOW, &t));
	assert_int_equal(strlen(attempt_name(a, t.state)), 16);
	assert_true(str_starts(t.state, attempt_name(a, t.state)));
	assert_null(attempt_name(a, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(attempt_name(a, bad[i]));
	assert_null(attempt_name(a, arena_printf(a, "%.63sG", t.state)));
	assert_null(attempt_name(a, arena_printf(a, "%s0", t.state)));
	arena_free(a);
}

/* The attempts of a browser began at these seconds before NOW; returns the names of those that are removed. */
static const char *
removed(struct arena *a, const int *ago, size_t n)
{
	static const unsigned char zeros[ATTEMPT_RANDOM];
	struct attempt_cookie cookies[16], *list;
	const char *names = "";

	for (size_t i = 0; i < n; i++)
		cookies[i] = (struct attempt_cookie){ arena_printf(a, "%c", (char)('a' + i)),
			ago[i] < 0 ? "x" : attempt_new(a, NOW - ago[i] * 1000, zeros, "/") };
	list = attempt_remove(a, cookies, n, NOW, &n);
	for (size_t i = 0; i < n; i++)
		names = arena_printf(a, "%s%s", names, list[i].name);
	return names;
}

static void
a_browser_has_five_attempts_at_most(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(removed(a, (const int[]){ 1, 2, 3, 4 }, 4), "");
	assert_string_equal(removed(a, (const int[]){ 1, 2, 9, 3, 4 }, 5), "c");
	assert_string_equal(removed(a, (const int[]){ 1, 2, 9, 3, 4, 8, 5 }, 7), "cfg");
	/* Those that have ended, or cannot be read. */
	assert_string_equal(removed(a, (const int[]){ 1, 600, 2, -1 }, 4), "bd");
	assert_string_equal(removed(a, NULL, 0), "");
	arena_free(a);
}

static void
an_attempt_ends_after_ten_minutes(void **state)
{
	struct arena *a = arena_new();
	static const unsigned char zeros[ATTEMPT_RANDOM];
	const char *cookie = attempt_new(a, NOW, zeros, "/");
	static const char *const bad[] = { "", "x", "..", "1700000000.AA.Lw", "-1.x.y" };
	struct attempt t;

	(void)state;
	assert_null(attempt_read(a, cookie, NOW + ATTEMPT_MS - 1, &t));
	assert_non_null(attempt_read(a, cookie, NOW + ATTEMPT_MS, &t));
	assert_non_null(attempt_read(a, cookie, NOW - 60001, &t));
	assert_non_null(attempt_read(a, NULL, NOW, &t));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(attempt_read(a, bad[i], NOW, &t));
	arena_free(a);
}

static void
the_authorization_request_has_the_challenge_and_not_the_verifier(void **state)
{
	struct arena *a = arena_new();
	struct oidc_settings s;
	struct oidc_provider p = { .authorization_url = "https://id.example/auth?x=1" };
	/* RFC 7636, appendix B. */
	struct attempt t = { .state = "s", .nonce = "n", .verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };

	(void)state;
	assert_null(read_settings(a, CONFIG, &s));
	assert_string_equal(attempt_url(a, &t, &s, &p, "https://sluice.example/auth/callback"),
	    "https://id.example/auth?x=1&response_type=code&client_id=sluice&redirect_uri="
	    "https%3A%2F%2Fsluice.example%2Fauth%2Fcallback&scope=openid%20profile%20email%20groups&state=s&nonce=n"
	    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
	arena_free(a);
}

static void
the_token_request_authenticates_the_client(void **state)
{
	struct arena *a = arena_new();
	struct oidc_settings s = { .client_id = "a:b", .client_secret = "c d" };
	struct oidc_provider p = { .auth = OIDC_AUTH_BASIC };
	struct attempt t = { .verifier = "v" };
	struct token_request r = attempt_token_request(a, &t, &s, &p, "https://x/cb", "co&de");

	(void)state;
	assert_string_equal(
	    r.body, "grant_type=authorization_code&code=co%26de&redirect_uri=https%3A%2F%2Fx%2Fcb&code_verifier=v");
	/* "a%3Ab:c%20d" */
	assert_string_equal(r.authorization, "Basic YSUzQWI6YyUyMGQ=");
	p.auth = OIDC_AUTH_NONE;
	r = attempt_token_request(a, &t, &s, &p, "u", "c");
	assert_null(r.authorization);
	assert_non_null(strstr(r.body, "&client_id=a%3Ab"));
	assert_null(strstr(r.body, "client_secret"));
	arena_free(a);
}

static void
errors_of_the_token_endpoint_contain_nothing_of_the_response(void **state)
{
	static const char *const bad[] = { "{\"error\":\"invalid_grant\",\"error_description\":\"code abc123\"}",
		"{\"error\":\"code abc123\"}", "abc123", "{\"id_token\":7}" };
	struct arena *a = arena_new();
	const char *token;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err *e = attempt_token_read(a, i == 3 ? 200 : 400, bad[i], strlen(bad[i]), &token);

		assert_non_null(e);
		assert_null(strstr(err_text(a, e), "abc123"));
	}
	arena_free(a);
}

/* A Secret with the patch applied, as the API server does. */
static void
apply(json_t *secret, json_t *patch)
{
	json_t *data = json_object_get(secret, "data"), *value;
	const char *key;

	json_object_foreach (json_object_get(patch, "data"), key, value)
		if (json_is_null(value))
			json_object_del(data, key);
		else
			json_object_set(data, key, value);
	json_decref(patch);
}

static struct err *
add(struct arena *a, json_t *secret, const char *id, const char *user, const char *attempt, int64_t now)
{
	const char *groups[] = { "dev" };
	struct session s = { .user = user,
		.name = user,
		.groups = { groups, 1 },
		.ends_at = now + 3600000,
		.attempt = attempt,
		.attempt_ends_at = now + ATTEMPT_MS };
	json_t *patch = NULL;
	struct err *e = session_add(a, secret, session_key(a, id), &s, now, &patch);

	if (e == NULL)
		apply(secret, patch);
	return e;
}

static void
a_session_is_found_by_its_id_until_its_end(void **state)
{
	struct arena *a = arena_new();
	json_t *secret = yaml(a, "{metadata: {resourceVersion: '7'}, data: {}}");
	const json_t *data = json_object_get(secret, "data");
	struct session s;

	(void)state;
	assert_null(add(a, secret, "id-1", "u1", "h1", NOW));
	assert_true(session_find(a, data, session_key(a, "id-1"), NOW, &s));
	assert_string_equal(s.user, "u1");
	assert_int_equal(s.groups.n, 1);
	assert_false(session_find(a, data, session_key(a, "id-2"), NOW, &s));
	assert_false(session_find(a, data, session_key(a, "id-1"), NOW + 3600000, &s));
	/* The id is not in the Secret. */
	assert_null(strstr(json_text(a, secret), "id-1"));
	json_decref(secret);
	arena_free(a);
}

static void
an_attempt_opens_one_session_even_after_its_logout(void **state)
{
	struct arena *a = arena_new();
	json_t *secret = yaml(a, "{metadata: {resourceVersion: '7'}, data: {}}"), *patch;
	const json_t *data = json_object_get(secret, "data");
	struct session s;

	(void)state;
	assert_null(add(a, secret, "id-1", "u1", "h1", NOW));
	assert_non_null(add(a, secret, "id-2", "u1", "h1", NOW));
	patch = session_end(a, secret, session_key(a, "id-1"), NOW + 1000);
	assert_string_equal(json_str(json_object_get(patch, "metadata"), "resourceVersion"), "7");
	apply(secret, patch);
	assert_false(session_find(a, data, session_key(a, "id-1"), NOW + 1000, &s));
	assert_non_null(add(a, secret, "id-3", "u1", "h1", NOW + 2000));
	assert_null(session_end(a, secret, session_key(a, "id-1"), NOW + 1000));
	/* When the attempt has expired, nothing is left of the session. */
	assert_null(add(a, secret, "id-4", "u1", "h4", NOW + ATTEMPT_MS));
	assert_int_equal(json_object_size(data), 1);
	json_decref(secret);
	arena_free(a);
}

static void
sessions_have_limits(void **state)
{
	struct arena *a = arena_new();
	json_t *secret = yaml(a, "{metadata: {resourceVersion: '7'}, data: {junk: '%%%'}}");
	const json_t *data = json_object_get(secret, "data");
	struct session s;

	(void)state;
	for (int i = 0; i <= SESSIONS_OF_USER_MAX; i++)
		assert_null(
		    add(a, secret, arena_printf(a, "u1-%d", i), "u1", arena_printf(a, "a%d", i), NOW + i * 1000));
	assert_int_equal(json_object_size(data), SESSIONS_OF_USER_MAX);
	assert_false(session_find(a, data, session_key(a, "u1-0"), NOW, &s));
	assert_true(session_find(a, data, session_key(a, "u1-1"), NOW, &s));
	for (int i = 0; i < SESSIONS_MAX; i++)
		assert_null(add(a, secret, arena_printf(a, "o-%d", i), arena_printf(a, "o%d", i),
		    arena_printf(a, "b%d", i), NOW + 60000));
	assert_int_equal(json_object_size(data), SESSIONS_MAX);
	assert_true(session_find(a, data, session_key(a, "o-499"), NOW, &s));
	assert_false(session_find(a, data, session_key(a, "u1-1"), NOW, &s));
	json_decref(secret);
	arena_free(a);
}

static void
a_rate_limit_gives_its_tokens_at_once_and_then_one_at_a_time(void **state)
{
	struct rate_limit limit = { .burst = 3, .token_ms = 500, .empty_at = INT64_MIN };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(&limit, 10));
	assert_false(rate_limit_take(&limit, 10));
	assert_false(rate_limit_take(&limit, 509));
	assert_true(rate_limit_take(&limit, 510));
	assert_false(rate_limit_take(&limit, 510));
	for (int i = 0; i < 3; i++)
		assert_true(rate_limit_take(&limit, 100000));
	assert_false(rate_limit_take(&limit, 100000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_have_values_of_secrets),
		cmocka_unit_test(members_without_effect_are_named),
		cmocka_unit_test(settings_that_are_wrong_are_refused),
		cmocka_unit_test(the_host_is_as_browsers_send_it),
		cmocka_unit_test(metadata_of_another_issuer_or_without_safe_urls_are_refused),
		cmocka_unit_test(a_return_path_never_leaves_the_site),
		cmocka_unit_test(state_nonce_and_verifier_depend_on_the_whole_cookie),
		cmocka_unit_test(an_attempt_is_named_after_its_state),
		cmocka_unit_test(a_browser_has_five_attempts_at_most),
		cmocka_unit_test(an_attempt_ends_after_ten_minutes),
		cmocka_unit_test(the_authorization_request_has_the_challenge_and_not_the_verifier),
		cmocka_unit_test(the_token_request_authenticates_the_client),
		cmocka_unit_test(errors_of_the_token_endpoint_contain_nothing_of_the_response),
		cmocka_unit_test(a_session_is_found_by_its_id_until_its_end),
		cmocka_unit_test(an_attempt_opens_one_session_even_after_its_logout),
		cmocka_unit_test(sessions_have_limits),
		cmocka_unit_test(a_rate_limit_gives_its_tokens_at_once_and_then_one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
