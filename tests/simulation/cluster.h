/* tests/simulation/cluster.h: a whole cluster in virtual time: store, pods, controller, faults, and a user. */
#pragma once
#include "base/rand.h"
#include "kube/lease.h"
#include "kube/plan/plan.h"
#include "kube/runner.h"
#include "sim/in_process.h"
#include "sim/gateways.h"
#include "sim/jobs.h"
#include "sim/deployments.h"
#include "sim/pods.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/load_balancers.h"
#include "tests/simulation/autoscaler.h"
#include "tests/simulation/remote.h"

/* How Prometheus responds. */
enum metric_behavior {
	METRIC_FINE,
	METRIC_REFUSED,
	METRIC_EMPTY,
	METRIC_NAN,
	METRIC_WRONG,
	METRIC_SLOW,
	METRIC_UNREACHABLE
};

/* The fault of the controller's n-th request: it fails, its response is lost, or the controller dies after it (then
 * only writes count). */
struct nth {
	unsigned n, at; /* this one (0: no request), and how many came so far */
	unsigned writes; /* how many of those that came are no GET */
	enum { NTH_FAILS, NTH_LOST, NTH_KILLS, NTH_MAX } how;
	struct timer timer;
};

/* One controller: alone, or with others that agree by a Lease who acts. */
struct member {
	struct cluster *cluster;
	size_t index;
	struct transport *transport;
	struct runner *runner; /* NULL: it waits for the Lease */
	struct lease *lease; /* NULL: it is alone */
	struct fault_policy policy;
	char identity[64]; /* in the Lease */
	bool synced; /* it knows the cluster, and decides */
	int64_t stalled_until; /* mono ms: nothing that it sends arrives before */
};

#define MEMBERS_MAX 2

/* From when the controller hears of something urgent (an abort, a promotion, a failed verdict) to the next write it
 * sends. */
struct urgent_change {
	bool user; /* a user's request is being handled */
	bool of_rollout; /* reported by the Rollout, not by a run */
	char mark[48]; /* in what tells it; "": nothing urgent is on its way */
	int64_t heard_at; /* mono ms; 0: not yet */
	int64_t longest; /* ms */
};

struct cluster {
	struct loop *loop;
	struct store *store;
	struct deployments *deployments;
	struct pods *pods;
	struct gateways *gateways;
	struct jobs *jobs;
	struct member members[MEMBERS_MAX];
	size_t n_members;
	struct rand_stream faults, users;
	uint64_t seed;
	const char *name; /* of the rollout: "myapp" */
	bool random_faults; /* faults are being injected */
	int64_t faults_ended_at; /* mono ms at which that ended; 0: it never began */
	int64_t began_at; /* mono ms at which a controller began to act, the last that did */
	int64_t struck_at; /* mono ms of the last fault, by chance or by a scenario; 0: none yet */
	/* A scenario's own faults; NULL: none. */
	void (*fault)(struct cluster *, const struct request *, struct fault *);
	void *fault_arg;
	void (*spoil)(struct cluster *, const struct request *,
	    char **text); /* changes the text of a response; NULL: unchanged */
	const char *undefined; /* the plural of a kind whose lists and watches are in the story; NULL: none */
	struct nth *nth; /* NULL: none */
	double metric; /* the response of Prometheus */
	char plugin[400]; /* the response of the plugin "acme/hook"; "": it cannot be reached */
	/* The response of the hook "acme/edge", a router, which has the weight of a call unless this is an object with
	 * "verified": false or "error"; "": it cannot be reached. */
	char edge[400];
	int edge_weight; /* in effect; -1: it has never had one */
	json_t *edge_routes; /* in effect; owned */
	char edge_uid[64]; /* of the Rollout that it was called for */
	long long edge_serials[2]; /* the highest that it has read: of weights, and of routes */
	struct load_balancers balancers; /* of Ingresses, which AWS is queried about */
	struct settings process; /* the settings of the controllers, which a scenario may change */
	enum metric_behavior metric_behavior; /* ... unless it does something else */
	struct counted counted; /* the traffic of pods, for comparisons */
	remote_changed *observe; /* called for every change; NULL: not called */
	void *observe_arg;
	struct remote *remote; /* NULL: virtual time; else all of the above is somewhere else */
	json_t *remote_rollout; /* the last version that was reported; NULL: none; owned */
	json_t *held; /* remote objects that cluster_get has returned */
	struct str story; /* the events of this life, a line each */
	uint64_t hash; /* of the story: two runs of a seed must agree */
	unsigned long plans, passes; /* of all controllers; over Rollouts */
	unsigned long at_once; /* passes in this millisecond */
	int64_t pass_at; /* mono ms of the last pass */
	bool lags; /* the ReplicaSet controller acts, and writes status, later: see pods_delay */
	bool two_write; /* one wrote that had not the Lease */
	bool spins; /* a pass requested another at once, again and again */
	struct urgent_change urgency;
	struct autoscaler autoscaler;
};

/* A cluster at 2026-11-23T00:00:00Z with its controller running. */
struct cluster *cluster_new(uint64_t seed);
/* One of separate processes, over HTTP and in real time; NULL when it does not start: on the laptop cluster, or
 * (`place` is not NULL) on one that is there. Of the functions below those that make something fail do nothing
 * there. */
struct cluster *cluster_new_remote(const char *sluice, const struct remote_place *place);
struct cluster *cluster_free(struct cluster *);

/* Objects, borrowed until the cluster is freed or, in virtual time, until it moves on; NULL: not there. */
const json_t *cluster_get(struct cluster *, const char *plural, const char *ns, const char *name);
void cluster_each(struct cluster *, const char *plural, void (*visit)(const json_t *, void *arg), void *arg);

/* Calls `observe` for every change of an object from now on; NULL: no longer. */
void cluster_observe(struct cluster *, remote_changed *, void *arg);

/* Makes a user's request and returns its status code. The body is consumed. */
int cluster_do(struct cluster *, const char *method, const char *content_type, const char *path, json_t *body);

int64_t cluster_now(const struct cluster *); /* ms since it began */

int64_t cluster_wall(const struct cluster *); /* wall ms */

/* No controller reaches anything, or one does again. */
void cluster_hold_controller(struct cluster *, bool hold);

/* In real time, stops the process of the controller, or lets it go on. In virtual time nothing passes meanwhile. */
void cluster_stop_controller(struct cluster *, bool stop);

/* From now on there are two controllers, and a Lease. */
void cluster_second_controller(struct cluster *);

/* Kills the controller (of two: the one that acts) at this instant, and starts a new one that knows nothing. */
void cluster_kill_controller(struct cluster *);

/* Delays all requests of the leader by this time from now on: the process was paused, and does not know it. */
void cluster_stall_controller(struct cluster *, int64_t ms);

/* The text of a manifest, with the address of this cluster's Prometheus in the place of the one that manifests name.
 * In the arena. */
const char *cluster_text(const struct cluster *, struct arena *, const char *text);

/* Creates every object of a YAML file in namespace "default" (or its own). */
void cluster_apply(struct cluster *, const char *file);

/* A merge patch on the rollout, or on its status; returns the status code. */
int cluster_patch(struct cluster *, bool status, json_t *patch);

void cluster_set_image(struct cluster *, const char *image);
void cluster_promote(struct cluster *);

/* Runs for ms of virtual time. */
void cluster_run(struct cluster *, int64_t ms);

/* Runs until the rollout's status.phase is `phase` (and its step index `index`, unless -1), at most `ms`. */
bool cluster_wait(struct cluster *, const char *phase, int index, int64_t ms);

const json_t *cluster_rollout(struct cluster *);
/* The destinations of the first route of a VirtualService that has several: of http, then tls, then tcp. NULL: none
 * has. */
const json_t *cluster_split_route(const json_t *vs);
/* The canary's weight in the VirtualService; -1: none. */
int cluster_weight(struct cluster *);

void cluster_note(struct cluster *, const char *format, ...) printf_like(2, 3);

/* stories.c: recordings of Argo Rollouts; takeover.c: their takeover; seeds.c: random faults; metrics_test.c:
 * metrics stay few; at_once_test.c: events of many updates; gitops_test.c: Applications; gitops_lives.c: commits that
 * supersede each other; gitops_aborts.c: commits that a rollout aborts; gitops_traffic.c: canaries of commits;
 * gitops_seeds.c: random commits, changes by hand and faults; gitops_found.c: lives that found a bug. Each prints ok
 * or not ok, and returns false if it failed. */
bool stories_run(void);
bool takeovers_run(void);
/* Of one story every moment at which nothing moves, in a cluster that is there. */
bool takeover_in_cluster(const char *name, const char *sluice, const struct remote_place *);
bool metrics_run(void);
bool at_once_run(size_t rollouts); /* at most 1000 */

/* permissions.c: compares the requests of controllers with the permissions in deploy/: each request has a
 * permission, and each permission a request. permissions_note takes one request of a controller. */
void permissions_note(const char *method, const char *url);

/* Called with every request of a controller in virtual time; NULL: nothing is. */
extern void (*cluster_requested)(const char *method, const char *url);

bool permissions_run(void);

/* children_test.c: the limits of child processes. */
bool children_run(void);
bool hostile_run(const char *trick); /* hostile.c; NULL: all tricks */
bool hostile_metrics_run(void);
/* plan_test.c: plans of the Rollouts of every stride-th scenario, compared with updates here. `file`: of this scenario
 * only, with both courses; NULL: of all. */
bool plans_run(const char *file, unsigned stride);
/* A fault takes the place of every stride-th request, another one in each life; 1: of each. part names what to run;
 * NULL: all. */
bool gitops_run(unsigned stride, const char *part);
bool gitops_lives(unsigned stride);
bool gitops_found(void);
bool gitops_aborts(unsigned stride);
bool gitops_traffic(unsigned stride);
bool gitops_seeds(uint64_t first, uint64_t n, const char *only, bool verbose); /* only: "Application"; NULL: all */
bool seeds_run(uint64_t first, uint64_t n, bool verbose);
