/* gitops/worker/session_state.h: the state of a session, cut by the file that owns each part. Only the files of a
 * session include it. */
#pragma once
#include "gitops/engine/customizations.h"
#include "gitops/worker/apply.h"
#include "gitops/worker/health_checks.h"
#include "gitops/worker/cluster.h"
#include "gitops/worker/desired.h"
#include "gitops/worker/live.h"
#include "gitops/worker/release.h"
#include "gitops/worker/script.h"
#include "gitops/worker/session.h"
#include "gitops/worker/session_request.h"
#include "gitops/worker/sources.h"
#include "gitops/worker/stage.h"
#include "kube/client.h"

#define CALLS_MAX 8 /* in flight at once */

/* One call of a stage: its start function gives it to client_call as the argument. */
struct session_call {
	struct session *session;
	size_t number; /* of the call in its stage, from 0 */
	struct call *call; /* NULL: not started, or ended */
};

/* The calls of the current stage. */
struct session_calls {
	struct session_call *at;
	size_t n;
	size_t next; /* the first that has not been started */
	size_t in_flight; /* started and not ended */
};

struct session {
	struct arena *arena;
	void (*done)(void *arg, const char *response);
	void *arg;
	struct timer soon;
	enum session_stage stage;
	struct session_calls calls;
	const char *error_type; /* NULL: none */
	struct err *error;
	struct customizations settings; /* of argocd-cm */
	struct scripts *scripts;
	struct session_request request;
	struct session_cluster cluster;
	struct session_sources sources;
	struct session_desired desired;
	struct session_live live;
	struct session_apply apply;
	struct session_checks checks;
	struct session_release release;
};

/* The call with that number, for the start function of a stage. */
struct session_call *session_slot(struct session *, size_t i);

/* Ends the call. This is the last statement of every callback, because it may free the session. */
void session_call_end(struct session_call *);

/* Sets the session's error, of a type ("ComparisonError"). Only the first one is kept and reported. The session ends
 * when no call is in flight. */
void session_fail(struct session *, const char *type, const struct err *);
