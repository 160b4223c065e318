/* notify/send/alerter.h: tells providers of events, as Flux's Alerts say (notify/alert.h).
 *
 * Alerts, Providers and Secrets are read when an event needs them; nothing is watched for it. Each is told a few times if it does not answer,
 * and then the log says so: no event waits for another, and nothing of this delays a pass.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"
#include "notify/alert.h"

#define ALERTER_WAITING_MAX 1024 /* what comes while so many wait is dropped, and logged */
#define ALERTER_WAITING_TENANT_MAX (ALERTER_WAITING_MAX / 4) /* the same, of events of one namespace */

struct alerter;

struct alerter_settings {
	struct transport *api, *outside; /* borrowed */
	const char *namespace; /* whose Alerts are read; NULL: those of all namespaces */
	const char *
	    home; /* the controller's. Alerts of other namespaces than this one and flux-system reach nothing of this machine and its link */
	enum alert_reach reach;
};

struct alerter *alerter_new(struct loop *, const struct alerter_settings *);

/* What still waits is not told. Takes NULL; returns NULL. */
struct alerter *alerter_free(struct alerter *);

/* Something happened: an event of a plan, told. Everything is copied. */
void alerter_told(struct alerter *, const struct plan_step *event);
