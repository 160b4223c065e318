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
#include "kube/api/flux.h"

/* Returns the kstatus of an object, which must have apiVersion and kind, at `now` (wall ms). *ret_message is the
 * reason, in the arena. */
enum kstatus kstatus_of(struct arena *, const json_t *object, int64_t now, const char **ret_message);
