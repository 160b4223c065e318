/* web/session_cookie.h: the cookies of a login: that of the session, and one for each attempt in progress.
 *
 * In the browser they are named "sluice-session" and "sluice-login-STATE", over https with "__Host-" in front. The
 * cookie of a session lasts as long as the session.
 */
#pragma once
#include "web/oidc/attempt.h"

#define SESSION_COOKIE "session"
#define SESSION_COOKIE_ATTEMPT "login-" /* followed by attempt_name() */
#define SESSION_COOKIE_ATTEMPTS_MAX 32 /* cookies of attempts that are read */

struct MHD_Connection;

/* The cookies of a request. */
struct session_cookies {
	struct arena *arena; /* of all that is returned */
	struct MHD_Connection *connection;
	bool secure; /* the dashboard's URL is one of https */
};

/* Returns the value of a cookie; NULL: the request does not have it. Borrowed from the request. */
const char *session_cookie_get(const struct session_cookies *, const char *name);

/* Returns a header Set-Cookie, for `ms` from now; `value` NULL removes the cookie. */
const char *session_cookie_set(const struct session_cookies *, const char *name, const char *value, int64_t ms);

/* Reads the cookies of the browser's attempts, without the prefix of their names. Returns their number. */
size_t session_cookie_attempts(const struct session_cookies *, struct attempt_cookie ret[SESSION_COOKIE_ATTEMPTS_MAX]);
