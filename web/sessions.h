/* web/sessions.h: the Secret with the sessions of the dashboard (oidc/session.h), which all replicas share.
 *
 * A request is served from a copy that is at most SESSIONS_FRESH_MS old, so that a logout at one replica ends the
 * session at the others within that time. Who has no session causes no more than one read in SESSIONS_READ_MS.
 *
 * Writes are made one at a time; those that arrive in the meantime are made together. After a conflict with another
 * replica, the next attempt follows after a random pause. The number of writes that wait has a limit: anyone with a
 * login of the provider can cause more, and an API server that does not respond would keep them all.
 */
#pragma once
#include "kube/client.h"
#include "web/oidc/session.h"

#define SESSIONS_SECRET "sluice-server-sessions"
#define SESSIONS_FRESH_MS 1000
#define SESSIONS_READ_MS 200
#define SESSIONS_WRITES_MAX 64 /* writes in progress and waiting */

struct sessions;

enum sessions_kind { SESSIONS_FIND, SESSIONS_ADD, SESSIONS_END };

/* One operation, embedded in its owner. The caller sets the first members. */
struct sessions_operation {
	enum sessions_kind kind;
	const char *id; /* of the session; borrowed until the end */
	struct session session; /* ADD: the new one; borrowed until the end */
	struct arena *arena; /* of the result */
	/* FIND: the session, or NULL if it does not exist or has ended. ADD and END: NULL, and no error: it is done. */
	void (*done)(void *arg, const struct err *, const struct session *);
	void *arg;
	/* private */
	struct sessions *sessions;
	struct sessions_operation *next;
	const char *key;
	int64_t since; /* mono ms */
	struct err *wrong; /* the result, before `done` is called */
};

/* The transport is borrowed. sessions_free takes and returns NULL; no operation must be in progress. */
struct sessions *sessions_new(struct transport *api, const char *namespace);
struct sessions *sessions_free(struct sessions *);

/* Calls `done` once, within the call or later from the loop. Returns false, without `done`, for one write more than
 * SESSIONS_WRITES_MAX. */
bool sessions_start(struct sessions *, struct sessions_operation *) __attribute__((warn_unused_result));

/* Ends an operation without calling `done`; a write that was sent may still take effect. Does nothing if it has
 * ended. */
void sessions_cancel(struct sessions_operation *);
