/* web/oidc/token.c: verifies an ID token: its form, the key, the signature, and its claims, in this order. */
#include "web/oidc/token.h"
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"

#define RSA_BITS_MIN 2048u /* RFC 7518, section 3.3 */

/* An algorithm's key, by the two first letters of its name; of the curves: by all of it. */
static const struct token_key_kind {
	const char *algorithm, *kind, *curve;
} key_kinds[] = {
	{ "RS", "RSA", NULL },
	{ "PS", "RSA", NULL },
	{ "ES256", "EC", "P-256" },
	{ "ES384", "EC", "P-384" },
	{ "ES512", "EC", "P-521" },
};

/* Parses one part of a token, which is base64url of a JSON object. A text with U+0000 would be compared up to it. */
static struct err *
token_parse_part(struct arena *a, const char *what, const char *at, size_t len, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *part = NULL;
	size_t n;
	const char *text = base64url_decode(a, at, len, &n);

	if (text == NULL || json_parse(a, text, n, &part) != NULL || !json_is_object(part))
		return err_new(a, ERR_INVALID, "the %s of the token is not a JSON object in base64url", what);
	if (memmem(text, n, "\\u0000", 6) != NULL)
		return err_new(a, ERR_INVALID, "the %s of the token has a text with U+0000", what);
	*ret = TAKE_PTR(part);
	return NULL;
}

static bool
token_key_fits(const json_t *key, const char *algorithm, const char *id)
{
	const char *of = json_str(key, "alg"), *kid = json_str(key, "kid");

	if ((of != NULL && strcmp(of, algorithm) != 0) || (id != NULL && !str_eq(kid, id)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(key_kinds); i++)
		if (str_starts(algorithm, key_kinds[i].algorithm))
			return str_eq(json_str(key, "kty"), key_kinds[i].kind) &&
			       (key_kinds[i].curve == NULL || str_eq(json_str(key, "crv"), key_kinds[i].curve));
	return false;
}

/* Returns the key of a token; NULL: no key fits, or the token has no key id and more than one fits. */
static const json_t *
token_find_key(const json_t *keys, const char *algorithm, const char *id)
{
	const json_t *key, *found = NULL;
	size_t i;

	json_array_foreach (keys, i, key) {
		if (!token_key_fits(key, algorithm, id))
			continue;
		if (found != NULL)
			return NULL;
		found = key;
	}
	return found;
}

static void
token_release_jwk(cjose_jwk_t **k)
{
	if (*k != NULL)
		cjose_jwk_release(*k);
}

static void
token_release_jws(cjose_jws_t **s)
{
	if (*s != NULL)
		cjose_jws_release(*s);
}

static bool
token_signature_is_right(struct arena *a, const char *token, size_t len, const json_t *key)
{
	_cleanup_(token_release_jwk) cjose_jwk_t *jwk = NULL;
	_cleanup_(token_release_jws) cjose_jws_t *jws = NULL;
	const char *text = json_text(a, key);
	cjose_err why;

	jwk = cjose_jwk_import(text, strlen(text), &why);
	if (jwk == NULL ||
	    (cjose_jwk_get_kty(jwk, &why) == CJOSE_JWK_KTY_RSA && cjose_jwk_get_keysize(jwk, &why) < RSA_BITS_MIN))
		return false;
	jws = cjose_jws_import(token, len, &why);
	return jws != NULL && cjose_jws_verify(jws, jwk, &why);
}

/* The audience is a text, or a list that contains us. A token for several parties names the one that requested it. */
static struct err *
token_check_audience(struct arena *a, const json_t *claims, const struct oidc_expected *x)
{
	const json_t *audience = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp"), *item;
	const char *one = json_string_value(audience), *party = json_string_value(azp);
	bool is_ours = one != NULL && (strcmp(one, x->audience) == 0 || str_eq(one, x->other_audience));
	size_t i;

	json_array_foreach (audience, i, item)
		is_ours = is_ours || str_eq(json_string_value(item), x->audience) ||
			  (json_is_string(item) && str_eq(json_string_value(item), x->other_audience));
	if (!is_ours)
		return err_new(a, ERR_INVALID, "the token is for another audience than \"%s\"", x->audience);
	if (json_array_size(audience) > 1 && party == NULL)
		return err_new(a, ERR_INVALID, "the token has several audiences and no azp");
	if (azp != NULL && !str_eq(party, x->audience) && (party == NULL || !str_eq(party, x->other_audience)))
		return err_new(a, ERR_INVALID, "the token was issued to another client than \"%s\"", x->audience);
	return NULL;
}

/* Reads a time, whose number may have a fraction. Returns false if it is absent or not a plausible time. */
static bool
token_time(const json_t *claims, const char *name, int64_t *ret)
{
	const json_t *of = json_object_get(claims, name);
	double s = json_number_value(of);

	if (!json_is_number(of) || !(s > 0 && s < 1e11))
		return false;
	*ret = (int64_t)s;
	return true;
}

static struct err *
token_check_times(struct arena *a, const json_t *claims, int64_t now)
{
	int64_t expires, issued, from;

	if (!token_time(claims, "exp", &expires) || !token_time(claims, "iat", &issued))
		return err_new(a, ERR_INVALID, "the token has no exp, or no iat");
	if (now >= expires + OIDC_LEEWAY_S)
		return err_new(a, ERR_INVALID, "the token has expired");
	if (issued > now + OIDC_LEEWAY_S)
		return err_new(a, ERR_INVALID, "the token was issued in the future: compare the clocks");
	if (json_object_get(claims, "nbf") != NULL && (!token_time(claims, "nbf", &from) || from > now + OIDC_LEEWAY_S))
		return err_new(a, ERR_INVALID, "the token is not valid yet: compare the clocks");
	return NULL;
}

static struct err *
token_check_claims(struct arena *a, const json_t *claims, const struct oidc_expected *x)
{
	struct err *e;

	if (!str_eq(json_str(claims, "iss"), x->issuer))
		return err_new(a, ERR_INVALID, "the token is of another issuer than \"%s\"", x->issuer);
	if ((e = token_check_audience(a, claims, x)) != NULL || (e = token_check_times(a, claims, x->now_s)) != NULL)
		return e;
	if (x->nonce != NULL && !str_eq(json_str(claims, "nonce"), x->nonce))
		return err_new(a, ERR_INVALID, "the token is of another login: its nonce is wrong");
	return NULL;
}

/* Finds the algorithm and the key by the header, which is not trusted: the algorithm must be one of the provider's,
 * and fit the key's kind, so that no public key is ever used as a password (RFC 8725, section 2.1). */
static enum oidc_verdict
token_choose_key(struct arena *a, const json_t *header, const json_t *keys, const struct oidc_expected *x,
    const json_t **ret, struct err **ret_why)
{
	const char *algorithm = json_str(header, "alg"), *id = json_str(header, "kid");
	bool is_listed = false;

	for (size_t i = 0; i < x->algorithms.n; i++)
		is_listed = is_listed || str_eq(x->algorithms.at[i], algorithm);
	if (!is_listed || !oidc_algorithm_is_allowed(algorithm)) {
		*ret_why = err_new(a, ERR_INVALID, "the token is not signed with an algorithm of the provider");
		return OIDC_TOKEN_INVALID;
	}
	/* Extensions that must be understood: none is (RFC 7515, section 4.1.11). */
	if (json_object_get(header, "crit") != NULL) {
		*ret_why = err_new(a, ERR_INVALID, "the header of the token has crit");
		return OIDC_TOKEN_INVALID;
	}
	*ret = token_find_key(keys, algorithm, id);
	if (*ret != NULL)
		return OIDC_TOKEN_VALID;
	*ret_why = err_new(a, ERR_INVALID, "the provider has no key for the token");
	return OIDC_TOKEN_UNKNOWN_KEY;
}

enum oidc_verdict
oidc_token_verify(struct arena *a, const char *token, size_t len, const json_t *keys, const struct oidc_expected *x,
    json_t **ret_claims, struct err **ret_why)
{
	_cleanup_(json_decrefp) json_t *header = NULL, *claims = NULL;
	const char *first = memchr(token, '.', len), *second;
	enum oidc_verdict verdict;
	const json_t *key = NULL;

	second = first != NULL ? memchr(first + 1, '.', (size_t)(token + len - first - 1)) : NULL;
	if (len > OIDC_TOKEN_MAX || second == NULL) {
		*ret_why = err_new(a, ERR_INVALID, "the token is not three parts of at most %u bytes", OIDC_TOKEN_MAX);
		return OIDC_TOKEN_INVALID;
	}
	*ret_why = token_parse_part(a, "header", token, (size_t)(first - token), &header);
	if (*ret_why != NULL)
		return OIDC_TOKEN_INVALID;
	verdict = token_choose_key(a, header, keys, x, &key, ret_why);
	if (verdict != OIDC_TOKEN_VALID)
		return verdict;
	if (!token_signature_is_right(a, token, len, key)) {
		*ret_why = err_new(a, ERR_INVALID, "the signature of the token is wrong");
		return OIDC_TOKEN_INVALID;
	}
	*ret_why = token_parse_part(a, "content", first + 1, (size_t)(second - first - 1), &claims);
	if (*ret_why == NULL)
		*ret_why = token_check_claims(a, claims, x);
	if (*ret_why != NULL)
		return OIDC_TOKEN_INVALID;
	*ret_claims = TAKE_PTR(claims);
	return OIDC_TOKEN_VALID;
}

/* A user's or group's name becomes a header, and is compared with policies. */
static bool
token_is_name(const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n == 0 || n > OIDC_TEXT_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static struct err *
token_add_group(struct arena *a, const char *claim, const json_t *of, struct strings *to)
{
	const char *group = json_string_value(of);

	if (!token_is_name(group))
		return err_new(a, ERR_INVALID, "claim %s of the token has a value that is not a text of 1 to %d bytes",
		    claim, OIDC_TEXT_MAX);
	if (to->n == OIDC_GROUPS_MAX)
		return err_new(a, ERR_INVALID,
		    "the token has more than %d groups: limit them at the provider to those of this client",
		    OIDC_GROUPS_MAX);
	to->at[to->n++] = arena_strdup(a, group);
	return NULL;
}

/* Any user can enter an address of another one at some providers. Some send the claim as a text. */
static bool
token_email_counts(const json_t *claims)
{
	const json_t *verified = json_object_get(claims, "email_verified");

	return verified == NULL || json_is_true(verified) || str_eq(json_string_value(verified), "true");
}

static struct err *
token_add_groups(struct arena *a, const json_t *claims, const char *claim, struct strings *to)
{
	const json_t *of = json_object_get(claims, claim), *item;
	struct err *e = NULL;
	size_t i;

	if (of == NULL || json_is_null(of) || (strcmp(claim, "email") == 0 && !token_email_counts(claims)))
		return NULL;
	if (!json_is_array(of))
		return token_add_group(a, claim, of, to);
	json_array_foreach (of, i, item)
		if ((e = token_add_group(a, claim, item, to)) != NULL)
			return e;
	return NULL;
}

struct err *
oidc_user_read(struct arena *a, const json_t *claims, const struct strings *scopes, struct oidc_user *ret)
{
	static const char *const names[] = { "email", "preferred_username", "name", "sub" };
	struct oidc_user to = { .subject = arena_strdup(a, json_str(claims, "sub")),
		.groups = { .at = arena_new_array(a, const char *, OIDC_GROUPS_MAX) } };
	struct err *e;

	if (!token_is_name(to.subject))
		return err_new(a, ERR_INVALID, "claim sub of the token is not a text of 1 to %d bytes", OIDC_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(names) && to.name == NULL; i++)
		if (token_is_name(json_str(claims, names[i])))
			to.name = arena_strdup(a, json_str(claims, names[i]));
	for (size_t i = 0; i < scopes->n; i++)
		if ((e = token_add_groups(a, claims, scopes->at[i], &to.groups)) != NULL)
			return e;
	if (!token_time(claims, "exp", &to.expires_s))
		return err_new(a, ERR_INVALID, "the token has no exp");
	*ret = to;
	return NULL;
}
