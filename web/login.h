/* web/login.h: the interface between the dashboard and a login, which decides who makes a request.
 *
 * The dashboard passes each request to its login first, after it has checked Host and Sec-Fetch-Site and received the
 * body. The login returns an identity, and the dashboard serves the request for it; or it returns the response itself:
 * 401, a redirect to the login page, or one of the login's own pages.
 */
#pragma once
#include "base/str.h"
#include "web/access/identity.h"

#define LOGIN_COOKIES_MAX 8

struct MHD_Connection;

/* Borrowed for the call of the check; its texts live until the end of the request. */
struct login_request {
	struct MHD_Connection *connection; /* for headers, cookies and the arguments of the URL */
	const char *method;
	const char *path; /* as requested, with a slash in front, without arguments */
	struct bytes body;
	struct arena *arena; /* of the request: an identity or a response may live in it */
};

struct login_response {
	int status;
	const char *content_type, *body; /* the body is text */
	const char *location; /* the header Location; NULL: none */
	const char *cookies[LOGIN_COOKIES_MAX]; /* headers Set-Cookie; NULL: no further one */
};

/* The end of a check: an identity, or else a response. Both live at least as long as the request's arena. */
typedef void login_done(void *arg, const struct identity *, const struct login_response *);

struct login_check; /* in progress */

/* The first member of every login. */
struct login {
	/* Checks a request. Calls `done` exactly once: within the call, which then returns NULL; or later, from the
	 * loop, unless the check is canceled. A request that changes something is refused here if it could be that of
	 * another site (a cookie without its CSRF token). */
	struct login_check *(*check)(struct login *, const struct login_request *, login_done *done, void *arg);
	/* Ends a check without calling `done`. */
	void (*cancel)(struct login_check *);
	/* Set by the dashboard; NULL: nothing. The login calls it when a session was ended (identity's `session`). */
	void (*ended)(void *arg, const char *session);
	void *ended_arg;
};
