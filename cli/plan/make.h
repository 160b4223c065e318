/* cli/plan/make.h: makes the forecast of the next update: plays it, plays it again with slow pods, and with failing
 * measurements. */
#pragma once
#include "cli/plan/objects.h"

/* Returns the default of the time from the creation of a pod to its readiness: five seconds for the start of its
 * containers, and what its template requires (play_template_ms). */
int64_t plan_ready_ms(const struct plan_objects *);

/* Sets *ret, in the arena; it borrows from the objects, whose warnings and notes it takes. Returns an error if the
 * update cannot be played. */
struct err *plan_make(struct arena *, struct plan_objects *, int64_t ready_ms, struct forecast *ret);
