/* web/oidc_login.h: the login of `sluice server`, by OpenID Connect (web/oidc).
 *
 * Its own paths, below that of the dashboard's URL:
 *
 *   GET  auth/login?return_url=PATH   redirects to the provider
 *   GET  auth/callback                where the provider returns to; opens a session
 *   GET  auth/logout                  a page that offers a new login
 *   GET  api/v1/session               the user, and the session's CSRF token
 *   DELETE api/v1/session             ends the session; {"location": URL} is where the page goes then
 *
 * All other requests need a session (a cookie; those that change something also the header X-CSRF-Token), or an ID
 * token of the provider in the header Authorization: Bearer. Without either, the page is redirected to auth/login, and
 * the API responds 401.
 */
#pragma once
#include "kube/transport.h"
#include "web/login.h"
#include "web/oidc/settings.h"

struct oidc_login;

/* Borrowed until oidc_login_free. */
struct oidc_login_settings {
	const struct oidc_settings *oidc;
	const struct oidc_base *base;
	const struct strings *scopes; /* claims with groups (oidc_user_read) */
	const char *namespace; /* of the Secret with the sessions */
	int64_t session_ms; /* duration of a session; > 0 */
	struct transport *api, *outside; /* for the API server, and for the provider */
	/* Removes groups without effect before they are stored; the list can be replaced. NULL: all are stored. */
	void (*keep_groups)(void *arg, struct arena *, struct strings *groups);
	void *arg;
};

/* oidc_login_free takes and returns NULL; the dashboard must have been freed. */
struct oidc_login *oidc_login_new(struct loop *, const struct oidc_login_settings *);
struct oidc_login *oidc_login_free(struct oidc_login *);

/* Returns the login for the dashboard's settings. */
struct login *oidc_login_interface(struct oidc_login *);
