/* rollout/progress_deadline.c: progressDeadlineSeconds and progressDeadlineAbort: compares the time since the last
 * progress, which the condition Progressing has. status.c sets the condition. */
#include "rollout/progress_deadline.h"
#include <inttypes.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/replicaset.h"
#include "rollout/bluegreen.h"
#include "rollout/conditions.h"
#include "rollout/pass.h"
#include "rollout/steps.h"

#define PROGRESS_DEADLINE 600 /* seconds */

void
progress_deadline_check(struct rollout_pass *p)
{
	const struct rollout_spec *spec = &p->w->rollout->spec;
	const struct condition *c = condition_find(&p->was->conditions, "Progressing");
	int64_t seconds =
		    spec->progress_deadline_seconds.present ? spec->progress_deadline_seconds.value : PROGRESS_DEADLINE,
		at;

	if (c == NULL || p->change != CHANGE_NONE || p->aborted || p->paused_by_spec ||
	    p->was->pause_conditions.n > 0 || steps_wait_at(p, p->index) || bluegreen_waits_for_run(p) ||
	    steps_are_held(p) || str_eq(c->reason, "NewReplicaSetAvailable") || str_eq(c->reason, "RolloutAborted") ||
	    str_eq(c->reason, "RolloutPaused")) /* paused until this pass: time counts from now on */
		return;
	if (p->promotion == PROMOTED && replicaset_available(p->w->new_rs) >= p->replicas)
		return;
	at = time_add(c->last_update_time, seconds * 1000);
	if (p->w->now <= at) {
		plan_wake(p->plan, at + 1);
		return;
	}
	p->deadline_exceeded = true;
	if (spec->progress_deadline_abort && p->promotion != PROMOTED) {
		p->aborted = true;
		p->abort_message = arena_printf(p->arena, "ReplicaSet \"%s-%s\" has timed out progressing.",
		    p->w->rollout->object.meta.name, p->w->hash);
	}
}
