/* notify/send/notifier.h: sends notifications (notify/notify.h says which, and in which words).
 *
 * An event is told once: what a notification is made of is read when it happens, by name, and nothing is watched for it. Each is tried a
 * few times; those of one Rollout go one after the other. A trigger with a condition of its own (`when`) is looked at whenever its Rollout
 * changes, and what was told is noted in the Rollout's annotation, so that it is told once, whoever acts.
 */
#pragma once
#include "kube/api/meta.h"
#include "kube/transport.h"

#define NOTIFIER_WAITING_MAX 8192 /* what comes while so many wait is dropped, and logged */
#define NOTIFIER_WAITING_TENANT_MAX (NOTIFIER_WAITING_MAX / 4) /* the same, for objects of one namespace */

struct notifier;

struct notifier_settings {
	struct transport *api, *outside; /* borrowed */
	const char *namespace; /* of the ConfigMap and the Secret */
	bool
	    self_service; /* those of the Rollout's own namespace too; they reach nothing of this machine and its link */
	/* Told of every notification that was sent, or given up, and how long that took. `reason` is the event's, or the trigger. */
	void (*sent)(
	    void *arg, const char *ns, const char *name, bool warning, const char *reason, bool well, int64_t ms);
	void *arg;
};

struct notifier *notifier_new(struct loop *, const struct notifier_settings *);

/* What still waits is not sent. Takes NULL; returns NULL. */
struct notifier *notifier_free(struct notifier *);

/* An event was told about a Rollout, or an object has changed; those that are no Rollouts are ignored. */
void notifier_told(struct notifier *, const struct object *rollout, const char *reason, bool warning);
void notifier_changed(struct notifier *, const struct object *, bool deleted);
