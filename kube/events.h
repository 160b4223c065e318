/* kube/events.h: sends the Kubernetes Events that report to users what happened.
 *
 * The controller does not wait for them, and they wait for it: few calls send them, so that they delay no write. Events
 * of one object are sent one after the other, so that they arrive in order. An event that happens again raises the
 * count of the first one (kube/event_history.h), also while that one waits.
 *
 * What waits is bounded. Up to EVENTS_OF_ONE_MAX events of one object and EVENTS_MAX of all wait, and none is lost.
 * Beyond that, the oldest Normal event is dropped, of the object or of all. Warnings are not dropped: when no Normal
 * one is left, a Warning joins the waiting one of its object and reason, with the newest message and a count. There
 * is then at most one more Warning for each object and reason, and reasons are a fixed list.
 *
 * An event that cannot be sent is retried under the same name for a few minutes, so that it is never created twice.
 * Then, or if the API server refuses it, it is dropped.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"

#define EVENTS_OF_ONE_MAX 64
#define EVENTS_MAX 65536
#define EVENTS_CALLS_MAX 4 /* open at the same time */

struct events;

/* Returns a sender of events. `component` is the source of the events, borrowed; `seed` is the seed of their names. */
struct events *events_new(struct transport *, const char *component, uint64_t seed);

/* Drops the events that are not sent yet. */
struct events *events_free(struct events *);

struct events_observer {
	/* NULL, or called with every event, before it is sent, and with those that are only implied. */
	void (*emitted)(const struct plan_step *, void *arg);
	/* NULL, or called for every event that was dropped. */
	void (*dropped)(bool warning, void *arg);
	void *arg;
};

/* Sets the functions to call. Without it, none is called. */
void events_observe(struct events *, struct events_observer);

/* Queues one PLAN_EVENT, and copies it. */
void events_emit(struct events *, const struct plan_step *);

/* Returns the number of events that wait for their response, or to be sent. */
size_t events_waiting(const struct events *);
