/* gitops/worker/session.h: one comparison of an Application with its source, and one step of its sync. Also of a
 * Kustomization, and one action about a HelmRelease; of a source only the commit, index or version is found.
 *
 * A session fetches, renders, compares with the live objects, and, when a sync has begun, does its next step. It
 * runs in a process of its own (`sluice gitops-worker`), so that a large or hostile repository does not delay a
 * canary, and the memory that it took is free when the process ends. A session keeps nothing: what must outlive it
 * is in its response, which the controller writes into the object's status. The request and the response are those
 * of gitops/protocol.h, as JSON texts.
 */
#pragma once
#include "gitops/source/source.h"
#include "gitops/worker/helm.h"
#include "gitops/worker/script.h"
#include "kube/transport.h"

struct config;
struct session;

/* Required: `api`, `source` and the limits. */
struct worker_deps {
	struct transport *api; /* of the cluster with the Applications; borrowed */
	struct source *source; /* borrowed */
	struct helm helm; /* all NULL: charts are refused */
	/* Returns a transport to a cluster (transport_curl_new). NULL: other clusters cannot be reached. */
	struct transport *(*connect)(struct loop *, const struct config *);
	const struct config *own; /* kubeconfig settings of `api`; borrowed */
	bool strict_variables; /* a variable of postBuild that is not set and has no default is an error */
	struct script_limits script_limits; /* of jqPathExpressions and health scripts */
};

/* Starts a session. `done` gets the response once, from the loop; it may cancel the session. The request is copied;
 * an error in it is in the response. */
struct session *session_start(const struct worker_deps *, const char *request, size_t len,
    void (*done)(void *arg, const char *response), void *arg);

/* Ends the session at once, without calling `done`; requests in flight may still take effect. Takes NULL; returns
 * NULL. */
struct session *session_cancel(struct session *);
