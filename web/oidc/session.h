/* web/oidc/session.h: sessions of the dashboard, as they are stored in a Secret, so that all replicas agree. Pure.
 *
 * Each key of the Secret is the SHA-256 of a session's id, in hexadecimal digits; its value has the user and the end.
 * The id is only in the browser's cookie: who reads the Secret cannot use a session. A value without a user is that of
 * a session that has ended: it remembers until the attempt of its login expires that this attempt was used.
 */
#pragma once
#include "base/sha256.h"
#include "kube/api/type.h"

#define SESSION_RANDOM 32 /* random bytes of an id */
#define SESSIONS_MAX 500
#define SESSIONS_OF_USER_MAX 20 /* a new one replaces the one that ends first */
#define SESSIONS_OF_USER_BYTES_MAX (64u << 10) /* the same for one user's */
#define SESSIONS_BYTES_MAX (640u << 10) /* of all keys and values in base64; a Secret has at most 1 MiB */

struct session {
	const char *user, *name;
	struct strings groups;
	int64_t ends_at; /* wall ms */
	const char *attempt; /* the SHA-256 of the state of its login */
	int64_t attempt_ends_at; /* wall ms */
};

/* Returns the key of a session's id, in the arena. */
const char *session_key(struct arena *, const char *id);

/* Returns the CSRF token of a session, which only its page can know. In the arena. */
const char *session_csrf(struct arena *, const char *id);

/* Finds a session in the Secret's `data`. Returns false if it does not exist, or has ended. */
bool session_find(struct arena *, const json_t *data, const char *key, int64_t now, struct session *ret);

/* Returns a merge patch of the Secret (an object of the API server) that adds a session, and removes all that have
 * ended and those beyond the limits. It requires the resourceVersion. The caller owns *ret. Errors: the login's
 * attempt was used before; the session is too long. */
struct err *session_add(
    struct arena *, const json_t *secret, const char *key, const struct session *, int64_t now, json_t **ret);

/* Returns such a patch that ends a session; NULL if there is no such session. */
json_t *session_end(struct arena *, const json_t *secret, const char *key, int64_t now);
