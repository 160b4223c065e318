/* gitops/worker/message.h: a session's request, and its response, as text. */
#pragma once
#include "gitops/engine/sync.h"
#include "gitops/engine/tracking.h"
#include "gitops/protocol.h"

struct session;

/* Field managers of server-side apply. They are those of Argo CD and Flux, so that we own the fields that these have
 * applied. */
#define MESSAGE_MANAGER "argocd-controller"
#define MESSAGE_FLUX_MANAGER "kustomize-controller"
#define MESSAGE_HELM_MANAGER "helm-controller"

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

/* Reads the request into the session. */
struct err *message_read(struct session *, const char *request, size_t len);

/* Returns the response, in the session's arena. */
const char *message_response(struct session *);
