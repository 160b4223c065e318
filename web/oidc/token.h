/* web/oidc/token.h: verifies ID tokens (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725). Pure: libcjose computes
 * signatures, and the time is an argument. */
#pragma once
#include "web/oidc/provider.h"

#define OIDC_TOKEN_MAX (32u << 10) /* bytes of a token */
#define OIDC_LEEWAY_S 60 /* seconds that the clocks may differ */
#define OIDC_GROUPS_MAX 256
#define OIDC_TEXT_MAX 256 /* bytes of a user, and of a group */

/* The expectation. All texts are borrowed. */
struct oidc_expected {
	const char *issuer, *audience;
	const char *other_audience; /* accepted too; NULL: none */
	const char *nonce; /* NULL: a bearer token, whose nonce is not known */
	struct strings algorithms;
	int64_t now_s; /* since 1970 */
};

enum oidc_verdict {
	OIDC_TOKEN_VALID,
	OIDC_TOKEN_INVALID,
	OIDC_TOKEN_UNKNOWN_KEY, /* no key fits: the provider may have new ones */
};

/* Verifies a token with the keys of oidc_keys_read(). VALID: *ret_claims is its content, which the caller owns.
 * Otherwise *ret_why is the reason, in the arena; it never contains the token. */
enum oidc_verdict oidc_token_verify(struct arena *, const char *token, size_t len, const json_t *keys,
    const struct oidc_expected *, json_t **ret_claims, struct err **ret_why);

/* The user of a token. */
struct oidc_user {
	const char *subject; /* claim `sub`: unique at the issuer, and never given to another user */
	const char *name; /* for users only: email, preferred_username, name, or the subject */
	struct strings groups; /* values of the claims of `scopes` */
	int64_t expires_s; /* end of the token */
};

/* Reads the user from verified claims; everything in the arena. `scopes` are the names of the claims whose texts, or
 * lists of texts, are groups (`scopes` of argocd-rbac-cm; Argo CD's default: groups). An `email` is not a group if
 * there is an email_verified other than true and "true". Errors: there is no subject; control characters; more than
 * OIDC_GROUPS_MAX groups. */
struct err *oidc_user_read(struct arena *, const json_t *claims, const struct strings *scopes, struct oidc_user *ret);
