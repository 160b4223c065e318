/* gitops/worker/message.h: a session's request, and its response, as text. */
#pragma once
#include "gitops/engine/sync.h"
#include "gitops/protocol.h"

struct session;

/* Field managers of applied fields. They are those of Argo CD and Flux, so that we own what these have applied. */
#define MESSAGE_MANAGER "argocd-controller"
#define MESSAGE_FLUX_MANAGER "kustomize-controller"

/* The request, and what follows from it without any call. */
struct session_request {
	struct worker_request message;
	const struct application *app; /* or, */
	const struct flux_kustomization *ks; /* a Kustomization; neither: only the commit is found */
	const struct app_project *project; /* of the Application; NULL: everything is allowed */
	const char *name, *own_namespace; /* of the Application or Kustomization */
	const char *default_namespace; /* of objects that name none; NULL: they must */
	const char *manager; /* of applied fields */
	struct strings former; /* managers of client-side apply whose fields become ours */
	struct owner_mark mark;
	bool syncing;
	struct sync_operation operation;
};

/* Reads the request into the session. */
struct err *message_read(struct session *, const char *request, size_t len);

/* Returns the response, in the session's arena. */
const char *message_response(struct session *);
