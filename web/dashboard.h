/* web/dashboard.h: rollouts in a browser: the HTTP API of Argo Rollouts' dashboard (its paths, names and error
 * codes), and a page that uses it.
 *
 * Who reaches the port acts with our rights. So it serves only who asks for this machine by name or address (a page
 * of another site that resolves its name to it, or has its script ask, is refused), and nothing is changed but by PUT
 * with the API's own paths.
 */
#pragma once
#include "io/loop.h"
#include "kube/plan/view.h"
#include "kube/transport.h"

struct dashboard;

struct dashboard_settings {
	const char *address; /* an IPv4 address */
	int port; /* 0: a free one */
	const char *root; /* the page is at /ROOT/; "" for / */
	bool read_only;
	const char *version;
	const char *namespace; /* shown first */
	const struct view *view; /* of rollouts, ReplicaSets, pod_details, AnalysisRuns and Experiments; outlives it */
	bool (*ready)(void *arg); /* the first lists are in */
	void *arg;
	struct transport *api; /* for the actions of users */
};

/* NULL: the port cannot be had; errno says why. The settings are borrowed until dashboard_free, which takes and
 * returns NULL. */
struct dashboard *dashboard_new(struct loop *, const struct dashboard_settings *);
struct dashboard *dashboard_free(struct dashboard *);

int dashboard_port(const struct dashboard *);

/* Reports that an object of the view has changed or was deleted. */
void dashboard_changed(struct dashboard *, const struct object *);
