/* web/dashboard.h: the dashboard: the HTTP API of Argo Rollouts' dashboard (its paths, names and error codes), and a
 * page that uses it.
 *
 * Without a login, every client of the port has our permissions. So a request is only served if its Host is this
 * machine's name or address (which refuses a page of another site whose name resolves to it, and the scripts of such a
 * page), and only PUT with the API's own paths changes anything.
 */
#pragma once
#include "io/loop.h"
#include "kube/plan/view.h"
#include "kube/transport.h"

struct dashboard;
struct impersonation;
struct login;

struct dashboard_settings {
	const char *address; /* an IPv4 address */
	int port; /* 0: any free port */
	const char *root; /* the page is at /ROOT/; "" for / */
	bool read_only;
	const char *version;
	const char *namespace; /* the namespace that the page shows first */
	/* of Rollouts, ReplicaSets, pod_details, AnalysisRuns, Experiments, Applications, and with `impersonation` of
	 * AppProjects and the ConfigMap argocd-rbac-cm; must outlive the dashboard */
	const struct view *view;
	bool (*ready)(void *arg); /* the first lists have been received */
	void *arg;
	struct transport *api; /* for the actions of users */
	const char *argocd_namespace; /* of Applications that are named without one, AppProjects, and argocd-rbac-cm */
	/* Needs a login. Users see the Rollouts that Kubernetes lets their groups list, and act on Rollouts as these
	 * groups (access/impersonation.h). argocd-rbac-cm decides about Applications. NULL: every user has our
	 * permissions */
	const struct impersonation *impersonation;
	struct login *login; /* decides who makes a request (login.h); NULL: every client has our permissions */
	const char *host; /* the only Host that is served, "NAME" or "NAME:PORT"; NULL: names of this machine */
};

/* Returns NULL if the port cannot be opened, with errno. The settings are borrowed until dashboard_free, which takes
 * and returns NULL. */
struct dashboard *dashboard_new(struct loop *, const struct dashboard_settings *);
struct dashboard *dashboard_free(struct dashboard *);

int dashboard_port(const struct dashboard *);

/* Reports that an object of the view has changed or was deleted. */
void dashboard_changed(struct dashboard *, const struct object *);
