/* cli/plan/forecast.h: the forecast of the next update: plays it as it is, with slow pods, and with measurements that
 * fail. rollout/view/forecast.h has its rows and prints it. */
#pragma once
#include "cli/plan/objects.h"

/* Returns the default of the time from the creation of a pod to its readiness: five seconds for the start of its
 * containers, and what its template requires (play_template_ms). */
int64_t plan_ready_ms(const struct plan_objects *);

/* Sets *ret, in the arena; it borrows from the objects, whose warnings and notes it takes. Returns an error if the
 * update cannot be played. */
struct err *plan_forecast(struct arena *, struct plan_objects *, int64_t ready_ms, struct forecast *ret);
