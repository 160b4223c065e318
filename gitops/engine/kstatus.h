/* gitops/engine/kstatus.h: kstatus: whether an object is ready (as its spec requires), for a Kustomization's `wait`
 * and `healthChecks`. Pure. Applications use health.h.
 *
 * Source: the rules of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus), which Flux's documentation of Kustomization refers
 * to: deletion, then observedGeneration, then the conditions Reconciling and Stalled, then a rule for each built-in
 * kind, then the condition Ready. As Flux has it, a Job is current once it is complete. Rollouts, AnalysisRuns and
 * Experiments follow gitops/engine/health.h, because their observedGeneration is no number; a canary that is paused is
 * current.
 */
#pragma once
#include <stdint.h>
#include "base/json.h"

/* From best to worst. */
enum kstatus {
	KSTATUS_CURRENT,
	KSTATUS_IN_PROGRESS,
	KSTATUS_TERMINATING,
	KSTATUS_NOT_FOUND,
	KSTATUS_UNKNOWN,
	KSTATUS_FAILED, /* it will not become current without a change */
	KSTATUS_MAX
};

/* "Current", "InProgress", … */
const char *kstatus_name(enum kstatus);
/* By its name; UNKNOWN of another, or of NULL. */
enum kstatus kstatus_named(const char *);

/* Whether the object, with its apiVersion and kind, is current at `now` (wall ms), and why, in *ret_message (in the
 * arena). */
enum kstatus kstatus_of(struct arena *, const json_t *object, int64_t now, const char **ret_message);
