/* web/webhook.h: POST /api/webhook: a Git server says that something was pushed, and what follows it is looked at at once.
 *
 * It is answered once that is asked for, in the annotations of the Applications and GitRepositories (`argocd.argoproj.io/refresh`,
 * `reconcile.fluxcd.io/requestedAt`), so that any process may be asked, whoever acts. Nothing else can be done by it.
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
	const char *namespace; /* of what is looked for; NULL: all */
};

/* NULL when the port cannot be had; errno says why. */
struct webhook *webhook_new(struct loop *, const struct webhook_settings *);

/* Takes NULL; returns NULL. */
struct webhook *webhook_free(struct webhook *);
