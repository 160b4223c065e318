/* notify/send/notifier.h: sends notifications. notify/subscriptions.h and notify/triggers.h decide which,
 * notify/templates.h has their text.
 *
 * The objects that a notification needs are read by name when its event happens; they are not watched. Each
 * notification is tried a few times. Those of one Rollout are sent in order. A trigger with a condition (`when`) is
 * evaluated when its Rollout changes; that it fired is recorded in the Rollout's annotation, so that another leader
 * does not send it again.
 */
#pragma once
#include "kube/api/meta.h"
#include "kube/transport.h"

#define NOTIFIER_WAITING_MAX 8192 /* further events are dropped and logged */
#define NOTIFIER_WAITING_TENANT_MAX (NOTIFIER_WAITING_MAX / 4) /* the same, for objects of one namespace */

struct notifier;

struct notifier_settings {
	struct transport *api, *outside; /* borrowed */
	const char *namespace; /* of the ConfigMap and the Secret */
	bool self_service; /* also those of the Rollout's namespace; they cannot reach this machine and its link */
	/* Called for every notification that was sent or given up, with the time that it took. `reason` is the
	 * event's reason, or the trigger. */
	void (*sent)(
	    void *arg, const char *ns, const char *name, bool warning, const char *reason, bool well, int64_t ms);
	void *arg;
};

/* Returns a sender of notifications. The settings are copied, and their texts borrowed. */
struct notifier *notifier_new(struct loop *, const struct notifier_settings *);

/* Drops the notifications that are not sent yet. Takes NULL; returns NULL. */
struct notifier *notifier_free(struct notifier *);

/* Sends the notifications of an event of a Rollout, or of a change of it. Objects of other types are ignored. */
void notifier_on_event(struct notifier *, const struct object *rollout, const char *reason, bool warning);
void notifier_changed(struct notifier *, const struct object *, bool deleted);
