/* cli/demo/view.h: the state of `sluice demo`, filled by cmd_demo.c and drawn by view.c. */
#pragma once
#include "cli/demo/dev.h"
#include "cli/watched_objects.h"
#include "kube/api/analysis.h"
#include "kube/api/istio.h"
#include "kube/api/replicaset.h"
#include "traffic/routed.h"

#define DEMO_NS "myapp-production"
#define DEMO_NAME "myapp"
#define DEMO_SECONDS 60 /* of users' experience shown */
#define DEMO_LINES 400

/* Responses to users in one second. */
struct demo_second {
	int64_t at; /* s since the start */
	unsigned requests, errors, canary;
};

/* A release that must be aborted. Times: mono, ms; 0: not seen. */
struct demo_abort {
	const char *tag;
	const char *metric; /* that stops it */
	unsigned long errors; /* responses to users, until traffic was restored */
	int64_t routed, verdict, restored; /* first weight above 0; failed analysis; weight 0 again */
};

#define DEMO_ABORTS 2

struct demo {
	struct cli *cli;
	struct dev *dev;
	struct watched_objects watched;
	struct load *load;
	struct transport *outside;
	struct timer redraw;
	const char *dir;
	int64_t started; /* mono, ms */
	int stage; /* 1..4, 0 before */
	bool live; /* draw on the terminal; otherwise a line for what happens */
	const char *prompt; /* the command that the user should run now; NULL: none */

	char *lines[DEMO_LINES]; /* events, in order */
	size_t n_lines;

	/* The last observed state. */
	char state[400];
	struct map printed; /* "run/metric/number" of the measurements that were printed */
	int64_t weight; /* of the canary, in the router's objects; -1: none seen */
	int64_t seen_weights[64]; /* in this stage */
	size_t n_seen;
	char canary_tag[32]; /* responses of this version count as the canary's */

	/* Responses to users of the application. */
	unsigned long requests, errors, errors_of_good;
	unsigned long after; /* requests since traffic was restored, until the next release */
	unsigned long errors_after, strange_after; /* of them: errors; responses of other versions than v2 */
	struct demo_second seconds[DEMO_SECONDS];

	struct demo_abort aborts[DEMO_ABORTS];
	struct demo_abort *bad; /* the one that is released; NULL: a good release */
};

const struct rollout *demo_rollout(const struct demo *);
/* Returns the image tag of the revision with this hash, or "". In the arena. */
const char *demo_tag(const struct demo *, struct arena *, const char *hash);
/* The metrics that a run measures, for their limits. Returns how many. */
size_t demo_metrics(struct arena *, const struct analysis_run *, struct metric **ret);
/* The runs of the rollout's present revision. */
size_t demo_runs(const struct demo *, struct arena *, const struct analysis_run ***ret);

/* view.c: the whole screen, drawn in place; leaving gives the terminal back. */
void demo_view_enter(void);
void demo_view_draw(const struct demo *);
void demo_view_leave(void);
