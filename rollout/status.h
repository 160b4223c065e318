/* rollout/status.h: the status of a Rollout: counts, conditions, phase, message, duration. */
#pragma once

struct pass;
struct plan;
struct rollout;
struct rollout_pass;
struct seen_failure;

/* Counts pods and records the observed weights. */
void status_counts(struct rollout_pass *);

/* Completes the status and plans its write. Called once, at the end of every pass over a valid spec. */
void status_finish(struct rollout_pass *);

/* Completes the status of an invalid spec and plans its write. `message` is the error. */
void status_invalid(struct rollout_pass *, const char *message);

/* Plans only the status of a rollout that depends on an object that cannot be read; `why` names the object. */
void status_stand_still(const struct pass *, const struct rollout *, const char *why, struct plan *);

/* Returns the write that the API server refused in the last pass and will refuse again, or NULL. */
const struct seen_failure *status_refused(const struct rollout_pass *);
