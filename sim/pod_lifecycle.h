/* sim/pod_lifecycle.h: start and end of a virtual Pod, by its spec. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/json.h"

/* ms from the start of a Pod's containers to the first moment at which it may be ready: the longest of their postStart
 * sleeps with the initial delay of the readiness probe behind it. `spec`: a Pod's. */
int64_t lifecycle_start_ms(const json_t *spec);

/* ms from a Pod's deletion to its end: the longest preStop sleep, within terminationGracePeriodSeconds (30 by default).
 * 0: it ends at once. */
int64_t lifecycle_stop_ms(const json_t *spec);

/* Returns whether its readiness probes never succeed: one of them is a command with an exit code other than 0
 * (sim/command.h). */
bool lifecycle_never_ready(const json_t *spec);

/* Returns whether all conditions that the pod's readinessGates name are True. `conditions` is the JSON list in its
 * status, or NULL. */
bool lifecycle_gates_open(const json_t *spec, const json_t *conditions);

/* Copies conditions of types that the new list lacks: other writers set them for readiness gates. */
void lifecycle_keep_conditions(json_t *conditions, const json_t *older);
