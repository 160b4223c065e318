/* web/webhook.h: POST /api/webhook: a Git server reports a push, and the objects that follow the repository are
 * refreshed.
 *
 * The response is sent when the refresh has been requested, in annotations of the Applications and GitRepositories
 * (`argocd.argoproj.io/refresh`, `reconcile.fluxcd.io/requestedAt`). Any process may receive the request, whichever
 * is the leader. A request can cause nothing else.
 */
#pragma once
#include "io/loop.h"
#include "kube/transport.h"

struct webhook;

struct webhook_settings {
	const char *address; /* an IPv4 address */
	int port;
	struct transport *api; /* borrowed */
	const char *gitops_namespace; /* with argocd-secret */
	const char *namespace; /* of the objects that are searched; NULL: all namespaces */
};

/* Returns NULL if the port cannot be opened, with errno. */
struct webhook *webhook_new(struct loop *, const struct webhook_settings *);

/* Frees the webhook. Takes NULL, and returns NULL. */
struct webhook *webhook_free(struct webhook *);
