/* web/oidc/provider.h: metadata and keys of an OpenID provider. Pure.
 *
 * Source: OpenID Connect Discovery 1.0; RFC 7517 (keys). The documents come from the provider and have limits.
 */
#pragma once
#include "web/oidc/settings.h"

#define OIDC_DOCUMENT_MAX (256u << 10) /* bytes of a document of the provider */
#define OIDC_KEYS_MAX 64 /* keys of a provider */

/* How the client authenticates at the token endpoint (OpenID Connect Core 1.0, section 9). */
enum oidc_client_auth { OIDC_AUTH_BASIC, OIDC_AUTH_POST, OIDC_AUTH_NONE };

struct oidc_provider {
	const char *issuer, *authorization_url, *token_url, *keys_url;
	const char *logout_url; /* end_session_endpoint; NULL: none */
	struct strings algorithms; /* of ID tokens: those that are allowed here, and that the provider uses */
	enum oidc_client_auth auth;
	bool names_issuer; /* an authorization response has the parameter `iss` (RFC 9207) */
};

/* Returns the URL of the metadata. */
const char *oidc_provider_url(struct arena *, const struct oidc_settings *);

/* Reads the metadata; everything in the arena. Errors state what is wrong with the document. */
struct err *oidc_provider_read(
    struct arena *, const struct oidc_settings *, const char *text, size_t len, struct oidc_provider *ret);

/* Returns whether signatures of this algorithm (RFC 7518, section 3.1) are accepted at all: those with a public key.
 * Never "none", nor the HMACs, whose key every client knows. */
bool oidc_algorithm_is_allowed(const char *);

/* Reads a set of keys: its text becomes a JSON array of the keys that can verify a signature. Others are left out. The
 * caller owns *ret. */
struct err *oidc_keys_read(struct arena *, const char *text, size_t len, json_t **ret);
