/* notify/alert.h: Flux's alerts: which event is told to whom, and in which form. Pure.
 *
 * Source: Flux's documentation, "Alerts", "Providers", "Events". A summary is told as it is written: it is no template.
 */
#pragma once
#include "kube/api/flux_alert.h"
#include "kube/plan/query.h"

/* What happened to an object. */
struct alert_event {
	const char *api_version, *kind, *namespace, *name, *uid;
	struct string_map labels;
	bool bad;
	const char *reason, *message;
	const char *revision; /* that it is about: a commit; NULL: not said */
	int64_t at; /* wall ms */
};

/* Of which namespaces' objects an alert may name the events. */
enum alert_reach {
	ALERT_REACHES_ALL,
	ALERT_REACHES_OWN, /* its own namespace: Flux's --no-cross-namespace-refs */
};

/* Why the alert, or one of its sources, has no effect: its spec is wrong, no events are emitted for a kind, or the source is out of its reach.
 * NULL: nothing is wrong. In the arena. */
const char *alert_problem(struct arena *, const struct flux_alert *, enum alert_reach);

/* The alert is about this event. An expression that is wrong finds nothing. */
bool alert_concerns(const struct flux_alert *, enum alert_reach, const struct alert_event *);

/* How the provider is told: a question whose texts are in the arena; without a URL, there is nothing to tell it of this. `secret` is the
 * data of the Secret that it names (base64; NULL: none). */
struct err *alert_compose(struct arena *, const struct flux_provider *, const struct flux_alert *, const json_t *secret,
    const struct alert_event *, struct question *ret);
