/* kube/events.h: sends the Kubernetes Events that report to users what happened.
 *
 * The controller does not wait for them: a slow API server must not delay an abort. Events of one object are sent
 * one after the other, so that they arrive in order. One that cannot be sent is retried a few times under the same
 * name, so that it is never created twice, and then dropped. New events are dropped while EVENTS_MAX wait.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"

#define EVENTS_MAX 8192

struct events;

/* `component` is the source of the events, borrowed; `seed` is the seed of their names. */
struct events *events_new(struct transport *, const char *component, uint64_t seed);

/* Drops the events that are not sent yet. */
struct events *events_free(struct events *);

/* Sets a function that is called with every event, before it is sent. */
void events_observe(struct events *, void (*on_event)(const struct plan_step *, void *arg), void *arg);

/* Queues one PLAN_EVENT, and copies it. */
void events_emit(struct events *, const struct plan_step *);
