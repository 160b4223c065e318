/* rollout/status.h: the status of a Rollout: counts, conditions, phase, message, duration. */
#pragma once

struct pass;
struct plan;
struct rollout;
struct rollout_pass;
struct seen_failure;

/* Sets the numbers of pods and the observed weights in the new status. The weights stay what they were until the
 * routing is verified. */
void status_counts(struct rollout_pass *);

/* Completes the new status and plans its write, unless the write may wait for a later pass. Called once, at the end of
 * every pass over a valid spec whose objects could be read. */
void status_finish(struct rollout_pass *);

/* Completes the status of an invalid spec (condition InvalidSpec, phase Degraded) and plans its write. `message` is the
 * error. */
void status_invalid(struct rollout_pass *, const char *message);

/* The Rollout depends on an object that cannot be read: nothing is changed but its status, which is that of
 * status_invalid. `why` names the object. */
void status_stand_still(const struct pass *, const struct rollout *, const char *why, struct plan *);

/* Returns the write of the last pass that the API server refused as invalid, so that a retry is useless; NULL: there is
 * none. Borrowed. */
const struct seen_failure *status_refused(const struct rollout_pass *);
