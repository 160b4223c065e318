/* rollout/warnings.h: fields of a valid Rollout that have no effect, or not the one that they appear to have.
 *
 * Argo Rollouts accepts these specs, so that they are no errors here. `sluice lint` prints them.
 */
#pragma once

struct problems;
struct rollout;

/* Adds each of them at the path of its field. It may add one where validate_problems() has an error. */
void warnings_find(struct problems *, const struct rollout *);
