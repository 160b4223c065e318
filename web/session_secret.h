/* web/session_secret.h: the Secret with the sessions of the dashboard (oidc/session.h), which all replicas share.
 *
 * A request is served from a copy that is at most SESSION_SECRET_FRESH_MS old, so that a logout at one replica ends the
 * session at the others within that time. Who has no session causes no more than one read in SESSION_SECRET_READ_MS.
 *
 * Writes are made one at a time; those that arrive in the meantime are made together. After a conflict with another
 * replica, the next attempt follows after a random pause. The number of writes that wait has a limit: anyone with a
 * login of the provider can cause more, and an API server that does not respond would keep them all.
 */
#pragma once
#include "kube/client.h"
#include "web/oidc/session.h"

#define SESSION_SECRET_NAME "sluice-server-sessions"
#define SESSION_SECRET_FRESH_MS 1000
#define SESSION_SECRET_READ_MS 200
#define SESSION_SECRET_WRITES_MAX 64 /* writes in progress and waiting */

struct session_secret;

enum session_secret_kind { SESSION_SECRET_FIND, SESSION_SECRET_ADD, SESSION_SECRET_END };

/* One operation, embedded in its owner. The caller sets the first members. */
struct session_operation {
	enum session_secret_kind kind;
	const char *id; /* of the session; borrowed until the end */
	struct session session; /* ADD: the new one; borrowed until the end */
	struct arena *arena; /* of the result */
	/* FIND: the session, or NULL if it does not exist or has ended. ADD and END: NULL, and no error: it is done. */
	void (*done)(void *arg, const struct err *, const struct session *);
	void *arg;
	/* private */
	struct session_secret *sessions;
	struct session_operation *next;
	const char *key;
	int64_t since; /* mono ms */
	struct err *wrong; /* the result, before `done` is called */
};

/* The transport is borrowed. session_secret_free takes and returns NULL; no operation must be in progress. */
struct session_secret *session_secret_new(struct transport *api, const char *namespace);
struct session_secret *session_secret_free(struct session_secret *);

/* Calls `done` once, within the call or later from the loop. Returns false, without `done`, for one write more than
 * SESSION_SECRET_WRITES_MAX. */
bool session_secret_start(struct session_secret *, struct session_operation *) __attribute__((warn_unused_result));

/* Ends an operation without calling `done`; a write that was sent may still take effect. Does nothing if it has
 * ended. */
void session_secret_cancel(struct session_operation *);
