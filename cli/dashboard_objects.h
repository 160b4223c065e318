/* cli/dashboard_objects.h: the watched objects of a dashboard, for `sluice dashboard` and `sluice server`. */
#pragma once
#include "cli/cli.h"
#include "cli/watched_applications.h"
#include "web/dashboard.h"

#define DASHBOARD_OBJECTS_TYPES 5

struct dashboard_objects {
	struct cli *cli;
	struct dashboard *dashboard; /* NULL until it listens; freed by dashboard_objects_done */
	struct cache *cache;
	struct watch *watches[DASHBOARD_OBJECTS_TYPES];
	struct watched_applications applications;
	const char *policy; /* namespace of AppProjects and argocd-rbac-cm; NULL: they are not read */
	size_t synced; /* the number of watches whose first list has arrived */
	bool everywhere; /* all namespaces are shown */
	bool may_narrow; /* without the permission to list all namespaces, one is shown */
	struct timer again;
	int code; /* of the command */
};

/* Initializes it with an empty cache. Needs cli_connect. */
void dashboard_objects_init(struct dashboard_objects *, struct cli *, bool everywhere);

/* Starts the watches. If the first lists fail, prints the error, sets the code to 1, and stops the loop. */
void dashboard_objects_start(struct dashboard_objects *);

/* Frees the dashboard, the watches and the cache. */
void dashboard_objects_done(struct dashboard_objects *);

/* Returns whether the first lists have arrived; for the dashboard's settings. */
bool dashboard_objects_is_ready(void *dashboard_objects);
