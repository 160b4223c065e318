/* tests/simulation/remote.h: a cluster of separate processes, over HTTP and in real time: `sluice dev`, `sluice
 * controller`, and a reader; or only the controller, in an existing cluster. Faults are not available: a scenario
 * with faults is not played over HTTP. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/json.h"

struct remote;

/* Called for every change of the story's objects, like the store's hooks: type ADDED, MODIFIED or DELETED. */
typedef void remote_changed(const char *kind, const char *type, const json_t *object, void *arg);

/* Starts the processes, with their files in a folder of their own, /tmp/sluice-NAME-…; NULL (and a line that says
 * why) when that fails. */
struct remote *remote_new(const char *sluice, const char *name, remote_changed *, void *arg);

/* A cluster that is there. */
struct remote_place {
	const char *kubeconfig; /* of who tells the story */
	const char *controller; /* the controller's */
	const char *namespace; /* a new one; the paths of requests name it as "default" */
	bool alone; /* the controller is not confined to it */
};

/* The same in a cluster that is there: of its processes only the controller is ours. */
struct remote *remote_join(const char *sluice, const struct remote_place *, remote_changed *, void *arg);

/* Stops them, and waits for their ends. */
struct remote *remote_free(struct remote *);

/* The address of a Prometheus that responds to every query with remote_metric's number. */
const char *remote_prometheus(const struct remote *);
void remote_metric(struct remote *, double);

/* One request to the API server: its status code, and the response (a new reference, or NULL). The body is consumed. */
int remote_do(
    struct remote *, const char *method, const char *content_type, const char *path, json_t *body, json_t **ret);

void remote_run(struct remote *, int64_t ms);
int64_t remote_now(const struct remote *); /* ms since it was started */

/* The controller's process; 0: it does not run. */
pid_t remote_controller(const struct remote *);

/* Stops the controller, or starts one again. */
void remote_hold_controller(struct remote *, bool hold);

int64_t remote_wall(const struct remote *); /* wall ms */

/* From now on there are two, which agree by a Lease; the first acts, until it is killed. */
void remote_second_controller(struct remote *);

/* Kills the controller that acts; another starts, or the one that waits goes on. */
void remote_kill_controller(struct remote *);
