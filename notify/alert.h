/* notify/alert.h: Flux Alerts: which Provider receives which event, and in which format. Pure.
 *
 * Source: Flux's documentation, "Alerts", "Providers", "Events". A summary is sent as it is written; it is not a
 * template.
 */
#pragma once
#include "kube/api/flux_alert.h"
#include "kube/plan/query.h"

/* An event of an object. */
struct alert_event {
	const char *api_version, *kind, *namespace, *name, *uid;
	struct string_map labels;
	bool failed; /* severity error; otherwise info */
	const char *reason, *message;
	const char *revision; /* the commit that the event is about; NULL: none */
	int64_t at; /* wall ms */
};

/* The namespaces of objects that an Alert may name. */
enum alert_reach {
	ALERT_REACHES_ALL,
	ALERT_REACHES_OWN, /* its own namespace: Flux's --no-cross-namespace-refs */
};

/* Why the alert, or one of its sources, has no effect: its spec is wrong, no events are emitted for a kind, or the
 * source is out of its reach. NULL: nothing is wrong. In the arena. */
const char *alert_problem(struct arena *, const struct flux_alert *, enum alert_reach);

/* Returns whether the Alert selects this event. An invalid expression selects nothing. */
bool alert_concerns(const struct flux_alert *, enum alert_reach, const struct alert_event *);

/* Returns the request to the Provider, its texts in the arena; without a URL if this Provider does not take this
 * event. `secret` is the data of the Secret that the Provider names (base64; NULL: it names none). */
struct err *alert_compose(struct arena *, const struct flux_provider *, const struct flux_alert *, const json_t *secret,
    const struct alert_event *, struct query *ret);
