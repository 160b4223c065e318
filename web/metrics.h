/* web/metrics.h: metrics of the controller and its objects, in the format of Prometheus.
 *
 * Values are counted when something changes; a scrape only writes them. Names and labels are those of Argo Rollouts
 * (controller/metrics), so that dashboards and alerts continue to work. Client requests are an exception: they have
 * no object name, because their number would have no bound. The series of a deleted object are exposed for another
 * METRICS_GONE_MS.
 */
#pragma once
#include "base/str.h"
#include "kube/api/meta.h"
#include "kube/plan/plan.h"
#include "web/metric_objects.h"

struct metrics;

/* `mode` is the value of the label mode: "cluster" or "namespaced"; `legacy`: see web/gitops_metrics.h. Freed by
 * metrics_free, which takes and returns NULL. */
struct metrics *metrics_new(const char *version, const char *mode, bool legacy);
struct metrics *metrics_free(struct metrics *);

/* An object was created, changed or (deleted) deleted. Types without metrics are ignored. `now`: wall ms. */
void metrics_changed(struct metrics *, const struct object *, bool deleted, int64_t now);

/* metrics_unreadable: an object cannot be read; `gone`: it can be read again, or is deleted. metrics_garbled: an
 * event of a watch of this type could not be read. */
void metrics_unreadable(struct metrics *, const struct object *, bool gone);
void metrics_garbled(struct metrics *, const struct type *);

/* A controller has reconciled an object in `ms`, writes included. */
void metrics_passed(
    struct metrics *, const char *controller, const char *ns, const char *name, int64_t ms, bool failed, int64_t now);

/* The response to a query of a controller about an object came after `ms`. */
void metrics_responded_key(struct metrics *, const char *controller, const char *ns, const char *name, int64_t ms);

/* Counts an event that was emitted. */
void metrics_on_event(struct metrics *, const struct plan_step *event, int64_t now);

/* An event was dropped: too many waited, or the API server refused it. */
void metrics_event_dropped(struct metrics *, bool warning);

/* A notification of a Rollout was sent, or failed finally, after this time. */
void metrics_notified(struct metrics *, const char *ns, const char *name, bool warning, const char *reason, bool well,
    int64_t ms, int64_t now);

/* The API server has responded to a request; `method` is that of HTTP, or "WATCH". Status 0: it did not respond. */
void metrics_responded(struct metrics *, const char *method, const char *url, int status);

/* Values that are read at the time of the scrape. */
struct metrics_moment {
	int64_t now; /* wall ms */
	size_t busy; /* keys that wait or are being reconciled */
	bool leads; /* it holds the Lease, or runs without one */
	const char *lease; /* name of the Lease; NULL: it runs without one */
	uint64_t connections, handshakes; /* see struct transport_counts */
};

/* Appends all metrics, in Prometheus' text format 0.0.4. */
void metrics_text(struct metrics *, const struct metrics_moment *, struct str *to);
