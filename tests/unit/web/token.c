/* tests/unit/web/token.c: ID tokens that are accepted, and those that are refused, each for one reason. */
#include "tests/unit/unit.h"
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include "base/base64.h"
#include "base/str.h"
#include "web/oidc/token.h"

#define NOW 1700000000
#define ISSUER "https://id.example/realm"

struct signer {
	struct arena *arena;
	cjose_jwk_t *rsa, *ec;
};

static const char *algorithm_names[] = { "RS256", "ES256", "PS256" };
static const struct oidc_expected expected = { .issuer = ISSUER,
	.audience = "sluice",
	.nonce = "n-1",
	.algorithms = { .at = algorithm_names, .n = ARRAY_SIZE(algorithm_names) },
	.now_s = NOW };

static int
signer_new(void **state)
{
	struct signer *s = mem_alloc(sizeof(*s));
	cjose_err e;

	*s = (struct signer){ .arena = arena_new(),
		.rsa = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &e),
		.ec = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &e) };
	cjose_jwk_set_kid(s->rsa, "rsa", 3, &e);
	cjose_jwk_set_kid(s->ec, "ec", 2, &e);
	*state = s;
	return 0;
}

static int
signer_free(void **state)
{
	struct signer *s = *state;

	cjose_jwk_release(s->rsa);
	cjose_jwk_release(s->ec);
	arena_free(s->arena);
	free(s);
	return 0;
}

/* Returns the public keys as oidc_keys_read() does. */
static json_t *
signer_keys(struct signer *s)
{
	char *rsa = cjose_jwk_to_json(s->rsa, false, NULL), *ec = cjose_jwk_to_json(s->ec, false, NULL);
	const char *text = arena_printf(s->arena, "{\"keys\": [%s, %s]}", rsa, ec);
	json_t *keys = NULL;

	assert_null(oidc_keys_read(s->arena, text, strlen(text), &keys));
	assert_int_equal(json_array_size(keys), 2);
	free(rsa);
	free(ec);
	return keys;
}

static const char *
sign_with(struct signer *s, const cjose_jwk_t *key, const char *algorithm, const char *kid, const char *claims)
{
	cjose_header_t *header = cjose_header_new(NULL);
	cjose_jws_t *jws;
	const char *text;
	cjose_err e;

	cjose_header_set(header, CJOSE_HDR_ALG, algorithm, &e);
	if (kid != NULL)
		cjose_header_set(header, CJOSE_HDR_KID, kid, &e);
	jws = cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), &e);
	assert_non_null(jws);
	assert_true(cjose_jws_export(jws, &text, &e));
	text = arena_strdup(s->arena, text);
	cjose_jws_release(jws);
	cjose_header_release(header);
	return text;
}

/* Returns good claims with other members in place of, or in addition to, those of the same name; null removes one. */
static const char *
claims_with(struct signer *s, const char *members)
{
	json_t *all = yaml(s->arena,
	    "{iss: 'https://id.example/realm', aud: sluice, sub: u1, nonce: n-1, iat: 1699999990, exp: 1700000600}");
	json_t *with = yaml(s->arena, members), *value;
	const char *text, *name;

	json_object_foreach (with, name, value)
		if (json_is_null(value))
			json_object_del(all, name);
		else
			json_object_set(all, name, value);
	text = json_text(s->arena, all);
	json_decref(all);
	json_decref(with);
	return text;
}

static enum oidc_verdict
verify(struct signer *s, const char *token, const struct oidc_expected *x, const char **ret_why)
{
	json_t *keys = signer_keys(s), *claims = NULL;
	struct err *e = NULL;
	enum oidc_verdict v = oidc_token_verify(s->arena, token, strlen(token), keys, x, &claims, &e);

	*ret_why = e != NULL ? err_text(s->arena, e) : "";
	assert_int_equal(v == OIDC_TOKEN_VALID, claims != NULL);
	json_decref(claims);
	json_decref(keys);
	return v;
}

/* Signs claims with these members correctly, and expects a refusal with this reason. */
static void
expect_refusal(struct signer *s, const char *members, const char *want)
{
	const char *why;

	if (verify(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, members)), &expected, &why) !=
		OIDC_TOKEN_INVALID ||
	    strstr(why, want) == NULL)
		fail_msg("%s: want a refusal with \"%s\", got \"%s\"", members, want, why);
}

static void
expect_valid(struct signer *s, const char *token, const struct oidc_expected *x)
{
	const char *why;

	if (verify(s, token, x, &why) != OIDC_TOKEN_VALID)
		fail_msg("want a valid token, got \"%s\"", why);
}

static void
a_token_of_the_provider_is_valid(void **state)
{
	struct signer *s = *state;
	const char *claims = claims_with(s, "{}");

	expect_valid(s, sign_with(s, s->rsa, "RS256", "rsa", claims), &expected);
	expect_valid(s, sign_with(s, s->rsa, "PS256", "rsa", claims), &expected);
	expect_valid(s, sign_with(s, s->ec, "ES256", "ec", claims), &expected);
	/* Without a key id, the only key that fits. */
	expect_valid(s, sign_with(s, s->rsa, "RS256", NULL, claims), &expected);
}

static void
the_issuer_must_be_ours(void **state)
{
	expect_refusal(*state, "{iss: 'https://id.example/realm/'}", "of another issuer");
	expect_refusal(*state, "{iss: null}", "of another issuer");
}

static void
the_audience_must_be_ours(void **state)
{
	struct signer *s = *state;
	struct oidc_expected x = expected;

	expect_refusal(s, "{aud: other}", "another audience");
	expect_refusal(s, "{aud: [other, another]}", "another audience");
	expect_refusal(s, "{aud: null}", "another audience");
	expect_refusal(s, "{aud: [null]}", "another audience");
	expect_refusal(s, "{aud: [sluice, other]}", "no azp");
	expect_refusal(s, "{aud: [sluice, other], azp: other}", "another client");
	expect_refusal(s, "{azp: other}", "another client");
	expect_refusal(s, "{azp: 7}", "another client");
	expect_valid(
	    s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{aud: [other, sluice], azp: sluice}")), &x);
	x.other_audience = "sluice-cli";
	expect_valid(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{aud: sluice-cli}")), &x);
}

static void
the_nonce_must_be_that_of_the_login(void **state)
{
	struct signer *s = *state;
	struct oidc_expected x = expected;

	expect_refusal(s, "{nonce: n-2}", "its nonce is wrong");
	expect_refusal(s, "{nonce: null}", "its nonce is wrong");
	x.nonce = NULL;
	expect_valid(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{nonce: n-2}")), &x);
}

static void
a_token_is_valid_for_its_time_with_a_leeway(void **state)
{
	struct signer *s = *state;

	expect_refusal(s, "{exp: 1699999940}", "has expired");
	expect_valid(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{exp: 1699999941}")), &expected);
	expect_refusal(s, "{exp: null}", "no exp");
	expect_refusal(s, "{exp: '1700000600'}", "no exp");
	expect_refusal(s, "{exp: 1e300}", "no exp");
	expect_refusal(s, "{iat: null}", "no exp, or no iat");
	expect_refusal(s, "{iat: 1700000061}", "issued in the future");
	expect_valid(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{iat: 1700000060}")), &expected);
	expect_refusal(s, "{nbf: 1700000061}", "not valid yet");
	expect_refusal(s, "{nbf: soon}", "not valid yet");
}

/* Returns HEADER.CONTENT.SIGNATURE. */
static const char *
forge(struct signer *s, const char *header, const char *claims, const char *signature)
{
	return arena_printf(s->arena, "%s.%s.%s", base64url_encode(s->arena, header, strlen(header)),
	    base64url_encode(s->arena, claims, strlen(claims)), signature);
}

static void
an_unsigned_token_is_refused(void **state)
{
	static const char *const headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"\"}", "{}",
		"{\"alg\":[\"RS256\"]}", "{\"alg\":\"none\",\"kid\":\"rsa\"}" };
	struct signer *s = *state;
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		assert_int_equal(
		    verify(s, forge(s, headers[i], claims_with(s, "{}"), ""), &expected, &why), OIDC_TOKEN_INVALID);
		assert_string_equal(why, "the token is not signed with an algorithm of the provider");
	}
}

/* The public key as the key of an HMAC: as PEM libraries had it, any text of the key that an attacker knows. Even a
 * provider that lists HS256 does not make it accepted. */
static void
a_public_key_is_never_a_password(void **state)
{
	static const char *names[] = { "RS256", "HS256" };
	struct signer *s = *state;
	struct oidc_expected x = expected;
	char *public = cjose_jwk_to_json(s->rsa, false, NULL);
	cjose_jwk_t *oct = cjose_jwk_create_oct_spec((const uint8_t *)public, strlen(public), NULL);
	const char *token = sign_with(s, oct, "HS256", "rsa", claims_with(s, "{}")), *why;

	assert_int_equal(verify(s, token, &expected, &why), OIDC_TOKEN_INVALID);
	x.algorithms = (struct strings){ .at = names, .n = 2 };
	assert_int_equal(verify(s, token, &x, &why), OIDC_TOKEN_INVALID);
	assert_string_equal(why, "the token is not signed with an algorithm of the provider");
	cjose_jwk_release(oct);
	free(public);
}

static void
symmetric_keys_of_a_provider_are_left_out(void **state)
{
	struct signer *s = *state;
	static const char text[] = "{\"keys\": [{\"kty\": \"oct\", \"k\": \"c2VjcmV0\"}, {\"kty\": \"RSA\", \"use\": "
				   "\"enc\"}, {\"kty\": \"EC\", \"key_ops\": [\"sign\"]}]}";
	json_t *keys = NULL;

	assert_null(oidc_keys_read(s->arena, text, strlen(text), &keys));
	assert_int_equal(json_array_size(keys), 0);
	json_decref(keys);
}

static void
the_algorithm_must_be_one_of_the_provider_and_fit_the_key(void **state)
{
	struct signer *s = *state;
	struct oidc_expected x = expected;
	const char *why, *claims = claims_with(s, "{}");

	/* RS384 is allowed in general, but this provider does not use it. */
	assert_int_equal(verify(s, sign_with(s, s->rsa, "RS384", "rsa", claims), &expected, &why), OIDC_TOKEN_INVALID);
	x.algorithms.n = 1;
	assert_int_equal(verify(s, sign_with(s, s->ec, "ES256", "ec", claims), &x, &why), OIDC_TOKEN_INVALID);
	/* The id of a key of another kind. */
	assert_int_equal(
	    verify(s, sign_with(s, s->rsa, "RS256", "ec", claims), &expected, &why), OIDC_TOKEN_UNKNOWN_KEY);
}

static void
a_wrong_signature_is_refused(void **state)
{
	struct signer *s = *state;
	cjose_jwk_t *other = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, NULL);
	const char *why, *claims = claims_with(s, "{}"), *good = sign_with(s, s->rsa, "RS256", "rsa", claims);
	const char *signature = strrchr(good, '.') + 1;

	assert_int_equal(verify(s, sign_with(s, other, "RS256", "rsa", claims), &expected, &why), OIDC_TOKEN_INVALID);
	assert_string_equal(why, "the signature of the token is wrong");
	/* The signature of another content. */
	assert_int_equal(
	    verify(s, forge(s, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", claims_with(s, "{sub: admin}"), signature),
		&expected, &why),
	    OIDC_TOKEN_INVALID);
	assert_string_equal(why, "the signature of the token is wrong");
	assert_int_equal(verify(s, forge(s, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", claims, ""), &expected, &why),
	    OIDC_TOKEN_INVALID);
	cjose_jwk_release(other);
}

static void
a_short_rsa_key_is_refused(void **state)
{
	struct signer *s = *state;
	cjose_jwk_t *kept = s->rsa;
	const char *why;

	s->rsa = cjose_jwk_create_RSA_random(1024, (const uint8_t *)"\1\0\1", 3, NULL);
	cjose_jwk_set_kid(s->rsa, "rsa", 3, NULL);
	assert_int_equal(
	    verify(s, sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{}")), &expected, &why), OIDC_TOKEN_INVALID);
	cjose_jwk_release(s->rsa);
	s->rsa = kept;
}

static void
a_key_that_is_not_known_is_reported_as_such(void **state)
{
	struct signer *s = *state;
	const char *why;

	assert_int_equal(verify(s, sign_with(s, s->rsa, "RS256", "new", claims_with(s, "{}")), &expected, &why),
	    OIDC_TOKEN_UNKNOWN_KEY);
}

static void
what_is_not_a_token_is_refused(void **state)
{
	struct signer *s = *state;
	const char *why, *good = sign_with(s, s->rsa, "RS256", "rsa", claims_with(s, "{}"));
	char *longer = arena_alloc(s->arena, OIDC_TOKEN_MAX + 2);

	memset(longer, 'a', OIDC_TOKEN_MAX + 1);
	longer[1] = longer[3] = '.';
	assert_int_equal(verify(s, longer, &expected, &why), OIDC_TOKEN_INVALID);
	assert_int_equal(verify(s, "", &expected, &why), OIDC_TOKEN_INVALID);
	assert_int_equal(verify(s, "a.b", &expected, &why), OIDC_TOKEN_INVALID);
	assert_int_equal(verify(s, "..", &expected, &why), OIDC_TOKEN_INVALID);
	assert_int_equal(verify(s, arena_printf(s->arena, "%s.x", good), &expected, &why), OIDC_TOKEN_INVALID);
	/* Which of two values counts would depend on the parser. */
	assert_int_equal(verify(s, forge(s, "{\"alg\":\"none\",\"alg\":\"RS256\"}", "{}", "YQ"), &expected, &why),
	    OIDC_TOKEN_INVALID);
	assert_int_equal(verify(s, forge(s, "{\"alg\":\"RS256\",\"crit\":[\"b64\"]}", "{}", "YQ"), &expected, &why),
	    OIDC_TOKEN_INVALID);
	assert_string_equal(why, "the header of the token has crit");
}

static void
a_text_with_a_nul_is_refused(void **state)
{
	struct signer *s = *state;
	json_t *keys = signer_keys(s), *claims = NULL;
	struct err *e = NULL;
	const char *token = sign_with(s, s->rsa, "RS256", "rsa",
	    "{\"iss\":\"" ISSUER "\",\"aud\":\"sluice\",\"nonce\":\"n-1\",\"sub\":\"root\\u0000x\","
	    "\"iat\":1700000000,\"exp\":1700000600}");

	assert_int_equal(
	    oidc_token_verify(s->arena, token, strlen(token), keys, &expected, &claims, &e), OIDC_TOKEN_INVALID);
	assert_string_equal(err_text(s->arena, e), "the content of the token has a text with U+0000");
	json_decref(keys);
}

static void
the_user_is_the_subject_and_the_groups_are_those_of_the_scopes(void **state)
{
	struct signer *s = *state;
	static const char *const unverified[] = { "false", "\"false\"", "null", "0", "1", "\"\"", "[]" };
	const char *both[] = { "groups", "email" };
	json_t *claims = yaml(s->arena, "{sub: u1, exp: 1700000600, email: a@b.example, email_verified: true, groups: "
					"[dev, 'system:masters'], name: Ada}");
	struct oidc_user u;

	assert_null(oidc_user_read(s->arena, claims, &(struct strings){ both, 1 }, &u));
	assert_string_equal(u.subject, "u1");
	assert_string_equal(u.name, "a@b.example");
	assert_int_equal(u.groups.n, 2);
	assert_string_equal(u.groups.at[1], "system:masters");
	assert_int_equal(u.expires_s, 1700000600);
	assert_null(oidc_user_read(s->arena, claims, &(struct strings){ both, 2 }, &u));
	assert_int_equal(u.groups.n, 3);
	assert_string_equal(u.groups.at[2], "a@b.example");
	/* Any user can enter an address of another one at some providers. */
	for (size_t i = 0; i < ARRAY_SIZE(unverified); i++) {
		json_object_set_new(claims, "email_verified", json_loads(unverified[i], JSON_DECODE_ANY, NULL));
		assert_null(oidc_user_read(s->arena, claims, &(struct strings){ both, 2 }, &u));
		assert_int_equal(u.groups.n, 2);
	}
	json_object_set_new(claims, "email_verified", json_string("true"));
	assert_null(oidc_user_read(s->arena, claims, &(struct strings){ both, 2 }, &u));
	assert_int_equal(u.groups.n, 3);
	json_decref(claims);
}

static void
a_user_or_group_that_is_not_a_name_is_refused(void **state)
{
	static const char *const bad[] = { "{exp: 1700000600}", "{sub: '', exp: 1700000600}",
		"{sub: 7, exp: 1700000600}", "{sub: \"a\\nb\", exp: 1700000600}",
		"{sub: u1, exp: 1700000600, groups: [\"a\\r\\nImpersonate-User: x\"]}",
		"{sub: u1, exp: 1700000600, groups: [[a]]}", "{sub: u1, exp: 1700000600, groups: {a: b}}" };
	struct signer *s = *state;
	const char *scopes[] = { "groups" };
	struct oidc_user u;
	json_t *many = json_pack("{s:s,s:i,s:[]}", "sub", "u1", "exp", 1700000600, "groups");

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *claims = yaml(s->arena, bad[i]);

		if (oidc_user_read(s->arena, claims, &(struct strings){ scopes, 1 }, &u) == NULL)
			fail_msg("%s: want an error", bad[i]);
		json_decref(claims);
	}
	for (int i = 0; i <= OIDC_GROUPS_MAX; i++)
		json_array_append_new(json_object_get(many, "groups"), json_string("g"));
	assert_non_null(oidc_user_read(s->arena, many, &(struct strings){ scopes, 1 }, &u));
	json_array_remove(json_object_get(many, "groups"), 0);
	assert_null(oidc_user_read(s->arena, many, &(struct strings){ scopes, 1 }, &u));
	json_decref(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_of_the_provider_is_valid),
		cmocka_unit_test(the_issuer_must_be_ours),
		cmocka_unit_test(the_audience_must_be_ours),
		cmocka_unit_test(the_nonce_must_be_that_of_the_login),
		cmocka_unit_test(a_token_is_valid_for_its_time_with_a_leeway),
		cmocka_unit_test(an_unsigned_token_is_refused),
		cmocka_unit_test(a_public_key_is_never_a_password),
		cmocka_unit_test(symmetric_keys_of_a_provider_are_left_out),
		cmocka_unit_test(the_algorithm_must_be_one_of_the_provider_and_fit_the_key),
		cmocka_unit_test(a_wrong_signature_is_refused),
		cmocka_unit_test(a_short_rsa_key_is_refused),
		cmocka_unit_test(a_key_that_is_not_known_is_reported_as_such),
		cmocka_unit_test(what_is_not_a_token_is_refused),
		cmocka_unit_test(a_text_with_a_nul_is_refused),
		cmocka_unit_test(the_user_is_the_subject_and_the_groups_are_those_of_the_scopes),
		cmocka_unit_test(a_user_or_group_that_is_not_a_name_is_refused),
	};

	return cmocka_run_group_tests(tests, signer_new, signer_free);
}
