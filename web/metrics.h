/* web/metrics.h: what Prometheus is told about the controller and the objects it cares for.
 *
 * Everything is counted when it changes; a scrape writes down what stands. Names and labels are those of Argo Rollouts
 * (controller/metrics), so that dashboards and alerts go on working, but for client requests: without the object's name, which
 * would grow without end. The series of an object that is deleted are told for another METRICS_GONE_MS, and then forgotten.
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"
#include "kube/plan/plan.h"
#include "web/tracked.h"

struct metrics;

/* `mode` says what is cared for: "cluster" or "namespaced"; `legacy`: see web/gitops_metrics.h. Freed by metrics_free, which takes and
 * returns NULL. */
struct metrics *metrics_new(const char *version, const char *mode, bool legacy);
struct metrics *metrics_free(struct metrics *);

/* An object is new or has changed, or (deleted) is no more. Types that no metric is about are ignored. `now`: wall ms. */
void metrics_changed(struct metrics *, const struct object *, bool deleted, int64_t now);

/* An object was found that cannot be read, or (gone) can be again or is deleted; an event of a watch of this type could not be read. */
void metrics_unreadable(struct metrics *, const struct object *, bool gone);
void metrics_garbled(struct metrics *, const struct type *);

/* A key of the controller was worked on for so long, the writes included. */
void metrics_passed(
    struct metrics *, const char *controller, const char *ns, const char *name, int64_t ms, bool failed, int64_t now);

/* A question of the controller about an object was answered after so long. */
void metrics_answered_key(struct metrics *, const char *controller, const char *ns, const char *name, int64_t ms);

/* An event was told. */
void metrics_told(struct metrics *, const struct plan_step *event, int64_t now);

/* A notification about a Rollout was sent, or given up, after so long. */
void metrics_notified(struct metrics *, const char *ns, const char *name, bool warning, const char *reason, bool well,
    int64_t ms, int64_t now);

/* The API server answered; status 0: it did not. */
void metrics_answered(struct metrics *, const char *method, const char *url, int status);

/* What only the moment of the scrape knows. */
struct metrics_moment {
	int64_t now; /* wall ms */
	size_t busy; /* keys that wait or are being worked on */
	bool leads; /* it holds the Lease, or needs none */
	const char *lease; /* its name; NULL: it needs none */
};

/* Appends all of it, in Prometheus' text format 0.0.4. */
void metrics_text(struct metrics *, const struct metrics_moment *, struct str *to);
