/* kube/events.h: the events that tell people what happened.
 *
 * Events are told, not waited for: an API server that is slow to take them must not hold up an abort. Those of one object
 * are sent one after the other, so that they arrive in the order in which things happened. One that cannot be sent is tried again a few
 * times under the same name, so that it is never there twice, and then dropped; so are new ones while EVENTS_MAX wait.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/transport.h"

#define EVENTS_MAX 8192

struct events;

/* `component` is the events' source, borrowed; `seed` that of their names. */
struct events *events_new(struct transport *, const char *component, uint64_t seed);

/* What still waits is dropped. */
struct events *events_free(struct events *);

/* From now on `told` hears of every event, before it is sent. */
void events_observe(struct events *, void (*told)(const struct plan_step *, void *arg), void *arg);

/* Tells one PLAN_EVENT; copies what it needs. */
void events_emit(struct events *, const struct plan_step *);
