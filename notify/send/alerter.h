/* notify/send/alerter.h: sends events to the Providers of Flux's Alerts (notify/alert.h).
 *
 * Alerts, Providers and Secrets are read when an event needs them; they are not watched. A Provider that does not
 * respond is retried a few times, and then the failure is logged. No event waits for another, and no pass waits for
 * an event.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"
#include "notify/alert.h"

#define ALERTER_WAITING_MAX 1024 /* further events are dropped and logged */
#define ALERTER_WAITING_TENANT_MAX (ALERTER_WAITING_MAX / 4) /* the same, of events of one namespace */

struct alerter;

struct alerter_settings {
	struct transport *api, *outside; /* borrowed */
	const char *namespace; /* whose Alerts are read; NULL: those of all namespaces */
	const char *
	    /* the controller's namespace. Alerts of other namespaces than this one and flux-system cannot reach this
	     * machine and its link */
	    home;
	enum alert_reach reach;
};

/* Returns a sender of alerts. The settings are copied, and their texts borrowed. */
struct alerter *alerter_new(struct loop *, const struct alerter_settings *);

/* Drops the events that are not sent yet. Takes NULL; returns NULL. */
struct alerter *alerter_free(struct alerter *);

/* Sends an event of a plan to the Providers that select it. Everything is copied. */
void alerter_on_event(struct alerter *, const struct plan_step *event);
