/* sim/lifecycle.h: how long a Pod takes to begin and to end, as its spec says. */
#pragma once
#include <stdint.h>
#include "base/json.h"

/* ms from the start of a Pod's containers to the first moment at which it may be ready: the longest of their postStart
 * sleeps with the initial delay of the readiness probe behind it. `spec`: a Pod's. */
int64_t lifecycle_start_ms(const json_t *spec);

/* ms from a Pod's deletion to its end: the longest preStop sleep, within terminationGracePeriodSeconds (30 by default).
 * 0: it ends at once. */
int64_t lifecycle_stop_ms(const json_t *spec);
