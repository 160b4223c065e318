/* gitops/worker/session.h: one look at an application, and one step of its sync.
 *
 * It fetches, renders, compares with what is live, and, when a sync is under way, does what comes next. It runs in a process of its own
 * (`sluice gitops-worker`), so that neither a large repository nor a hostile one delays a canary, and what it needed of memory goes with
 * it; it keeps nothing: what must outlive it is in its answer, which the controller writes into the Application's status.
 *
 * Its request and response are those of gitops/protocol.h, as JSON texts.
 */
#pragma once
#include "gitops/source/source.h"
#include "gitops/worker/helm.h"
#include "gitops/worker/script.h"
#include "kube/transport.h"

struct config;
struct work;

/* All but the first two and the limits may be left out. */
struct work_ways {
	struct transport *api; /* of the cluster with the applications; borrowed */
	struct source *source; /* borrowed */
	struct helm helm; /* all NULL: charts are refused */
	/* NULL: other clusters cannot be reached; or the way to one (transport_curl_new). */
	struct transport *(*connect)(struct loop *, const struct config *);
	const struct config *own; /* how `api` is reached; borrowed */
	bool strict_variables; /* of postBuild: one that is not set, and has no default, is an error */
	struct script_limits script_limits; /* of jqPathExpressions and health scripts */
};

/* Starts; `done` is told the answer once, from the loop. The request is copied. What is wrong with it is in the answer too. */
struct work *work_start(
    const struct work_ways *, const char *request, size_t len, void (*done)(void *arg, const char *answer), void *arg);

/* Ends it where it is, without a call; requests under way may still take effect. Takes NULL; returns NULL. */
struct work *work_cancel(struct work *);
