/* kube/events.h: sends the Kubernetes Events that report to users what happened.
 *
 * Events are sent without waiting for them: an API server that is slow to take them must not hold up an abort. Those
 * of one object are sent one after the other, so that they arrive in the order in which things happened. One that
 * cannot be sent is tried again a few times under the same name, so that it is never there twice, and then dropped;
 * so are new ones while EVENTS_MAX wait.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"

#define EVENTS_MAX 8192

struct events;

/* `component` is the events' source, borrowed; `seed` that of their names. */
struct events *events_new(struct transport *, const char *component, uint64_t seed);

/* Drops the events that still wait. */
struct events *events_free(struct events *);

/* From now on `on_event` is called with every event, before it is sent. */
void events_observe(struct events *, void (*on_event)(const struct plan_step *, void *arg), void *arg);

/* Tells one PLAN_EVENT; copies what it needs. */
void events_emit(struct events *, const struct plan_step *);
