/* gitops/worker/session_request.h: the request of a session. */
#pragma once
#include "gitops/engine/sync.h"
#include "gitops/engine/tracking.h"
#include "gitops/protocol.h"

struct session;

/* The request, and values that follow from it without any call. */
struct session_request {
	struct worker_request message;
	const struct application *app; /* or, */
	const struct flux_kustomization *ks; /* a Kustomization, or */
	const struct worker_release *release; /* a HelmRelease; none of them: only a revision is found */
	const struct app_project *project; /* of the Application; NULL: everything is allowed */
	const char *name, *own_namespace; /* of the Application or Kustomization */
	const char *default_namespace; /* of objects without a namespace; NULL: they must have one */
	const char *manager; /* of applied fields */
	struct strings former; /* managers of client-side apply whose fields are adopted */
	struct owner_mark mark;
	const char *skipped; /* as in struct worker_response */
	bool syncing; /* `operation` is set: the session applies, and does not only compare */
	struct sync_operation operation;
};

/* Reads the request, as JSON, into the session. */
struct err *session_request_read(struct session *, const char *request, size_t len);
