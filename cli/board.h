/* cli/board.h: the watched objects of a dashboard, for `sluice dashboard` and `sluice server`. */
#pragma once
#include "cli/board_applications.h"
#include "cli/cli.h"
#include "web/dashboard.h"

#define BOARD_TYPES 5

struct board {
	struct cli *cli;
	struct dashboard *dashboard; /* NULL until it listens; freed by board_done */
	struct cache *cache;
	struct watch *watches[BOARD_TYPES];
	struct board_applications applications;
	const char *policy; /* namespace of AppProjects and argocd-rbac-cm; NULL: they are not read */
	size_t synced; /* the number of watches whose first list has arrived */
	bool everywhere; /* all namespaces are shown */
	bool may_narrow; /* without the permission to list all namespaces, one is shown */
	struct timer again;
	int code; /* of the command */
};

/* Initializes a board with an empty cache. Needs cli_connect. */
void board_init(struct board *, struct cli *, bool everywhere);

/* Starts the watches. If the first lists fail, prints the error, sets the code to 1, and stops the loop. */
void board_start(struct board *);

/* Frees the dashboard, the watches and the cache. */
void board_done(struct board *);

/* Returns whether the first lists have arrived; for the dashboard's settings. */
bool board_is_ready(void *board);
