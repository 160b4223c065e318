/* traffic/session.h: session affinity, for all routers that have it: a user who was on the canary stays there.
 *
 * While the canary has weight, its responses set a cookie with the hash of its version, and requests with this cookie
 * go to the canary only. While an update is aborted, such requests go to the stable version, whose responses make the
 * cookie expire. A later version has another hash, so that old cookies mean nothing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct rollout;

enum session_mode { SESSION_OFF, SESSION_STICKY, SESSION_EXPIRES };

struct session {
	enum session_mode mode;
	const char *pair; /* "NAME=HASH"; NULL: the rollout has no session affinity */
	int64_t max_age; /* seconds */
};

/* Returns the session affinity that belongs to this weight of the canary. In the arena. */
struct session session_of(struct arena *, const struct rollout *, int64_t weight);

/* Returns the value of the header Set-Cookie: with SESSION_EXPIRES, one that makes the cookie expire. In the arena. */
const char *session_set_cookie(struct arena *, const struct session *);

/* Returns whether a value of Set-Cookie, which may be NULL, is one of session_set_cookie, of any rollout. */
bool session_is_set_cookie(const char *value);

/* Returns the regular expression for the whole value of the header Cookie of a request with the cookie. In the
 * arena. */
const char *session_pattern(struct arena *, const struct session *);

/* Returns whether a regular expression, which may be NULL, is one of session_pattern, of any rollout. */
bool session_is_pattern(const char *);

/* Returns whether a route or rule has the name of one for the session affinity of the rollout: NAME-session, or
 * NAME-session-N. A NULL rollout: of any. */
bool session_is_name(const struct rollout *, const char *name);

/* Returns the name of the i-th route or rule for session affinity, from 0. In the arena. */
const char *session_name(struct arena *, const struct rollout *, unsigned long i);
