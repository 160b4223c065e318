/* web/oidc/attempt.h: one login, from the redirect to the provider until its return (OpenID Connect Core 1.0, section
 * 3.1, with PKCE: RFC 7636). Pure.
 *
 * A server keeps nothing of an attempt: all that binds it to the browser is derived from a cookie. State, nonce and
 * code verifier are HMACs whose key is the cookie, which has 256 random bits. So the state, which is in URLs, reveals
 * nothing of the others, and every replica can finish the login. The time and the return path are a part of the
 * cookie, so that a change of them is a change of the state.
 *
 * Each attempt has a cookie of its own, named after its state, so that logins of several tabs do not replace each
 * other. Their number has a limit, as a browser sends them all.
 */
#pragma once
#include "web/oidc/provider.h"

#define ATTEMPT_MS 600000 /* from the redirect to the return */
#define ATTEMPT_RANDOM 32 /* random bytes */
#define ATTEMPT_NAME 16 /* digits of the state in the name of the cookie */
#define ATTEMPTS_MAX 5 /* of a browser */

struct attempt {
	int64_t ends_at; /* wall ms */
	const char *return_path; /* local */
	const char *state, *nonce, *verifier;
};

/* Returns a cookie's value for a new attempt at `now` (wall ms). */
const char *attempt_new(
    struct arena *, int64_t now, const unsigned char entropy[ATTEMPT_RANDOM], const char *return_path);

/* Reads the cookie (NULL: it is absent). Errors: it is not one of ours, or too old. */
struct err *attempt_read(struct arena *, const char *cookie, int64_t now, struct attempt *ret);

/* Returns the digits of a state that are in the name of its cookie. Returns NULL for another text, or NULL. */
const char *attempt_name(struct arena *, const char *state);

/* One cookie of an attempt. */
struct attempt_cookie {
	const char *name, *value;
};

/* Returns those of a browser's n cookies that are removed when it starts another attempt, the first one first: those
 * that cannot be read or have ended, then those that end first, until ATTEMPTS_MAX - 1 are left. In the arena. */
struct attempt_cookie *attempt_remove(
    struct arena *, const struct attempt_cookie *, size_t n, int64_t now, size_t *ret_n);

/* Returns the path if a redirect to it stays at this site, else "/": a path that is not "//HOST" or what browsers read
 * as that ("/\HOST", or with tabs or line ends between), of at most 1024 bytes of printable ASCII. */
const char *attempt_return_path(const char *);

/* Returns the URL of the provider's login page. */
const char *attempt_url(struct arena *, const struct attempt *, const struct oidc_settings *,
    const struct oidc_provider *, const char *redirect_url);

/* The request for the tokens. It must not be logged: `body` contains the code, and one of the two the client's
 * secret. */
struct token_request {
	const char *body; /* a form */
	const char *authorization; /* the header's value; NULL: none */
};
struct token_request attempt_token_request(struct arena *, const struct attempt *, const struct oidc_settings *,
    const struct oidc_provider *, const char *redirect_url, const char *code);

/* Reads the response to the token request: *ret_token is the ID token, in the arena. Errors contain no more of the
 * response than its error code. */
struct err *attempt_token_read(struct arena *, int status, const char *text, size_t len, const char **ret_token);

/* Returns an error code of the provider (RFC 6749, sections 4.1.2.1 and 5.2) as text for a log: at most 64
 * lower-case letters and _, or "an unknown error". */
const char *attempt_error_code(struct arena *, const char *);
