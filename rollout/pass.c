/* rollout/pass.c: the parts of a pass that both strategies share. */
#include "rollout/pass.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/plan/controller.h"
#include "rollout/certain_pods.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/pause.h"
#include "rollout/unreferenced_objects.h"
#include "rollout/replicas.h"
#include "rollout/restart.h"
#include "rollout/revision.h"
#include "rollout/analysis_runs.h"
#include "rollout/status.h"
#include "rollout/steps.h"
#include "rollout/workload.h"

void
pass_promote(struct rollout_pass *p, const char *why, const char *completion)
{
	/* A rollback in mid-update keeps the completion status RolledBack, which was set when it began. */
	if (!str_eq(p->st.duration.completion_status, "RolledBack") || !str_eq(completion, "Promoted"))
		p->st.duration.completion_status = completion;
	p->st.stable_rs = p->w->hash;
	pause_clear(p);
	p->st.promote_full = false;
	p->st.blue_green.scale_up_preview_check_point = false;
	if (p->canary != NULL && p->canary->ping_pong != NULL)
		p->st.canary.stable_ping_pong = str_eq(p->was->canary.stable_ping_pong, "ping") ? "pong" : "ping";
	if (steps_count(p) > 0)
		p->st.current_step_index = (struct opt_int){ true, steps_count(p) };
	plan_status_event(p->plan, &p->w->rollout->object, false, "RolloutCompleted",
	    "Rollout completed update to revision %d (%s): %s", (int)p->revision, p->w->hash, why);
	plan_reason(p->plan, "promoted: %s", why);
}

void
pass_abort(struct rollout_pass *p, const char *message)
{
	p->aborted = true;
	p->abort_message = message;
	p->st.abort = true;
	p->st.aborted_at = time_stored(p->w->now);
	pause_clear(p);
}

bool
pass_make_revision(struct rollout_pass *p)
{
	if (revision_sync(p))
		return true;
	/* Without its ReplicaSet nothing else can be decided about the new version. The running version is not
	 * changed. */
	p->st.current_pod_hash = p->was->current_pod_hash;
	p->st.current_step_hash = p->was->current_step_hash;
	p->st.current_step_index = p->was->current_step_index;
	p->plan->n_status_events = 0;
	replicas_raise(p);
	/* The pass that observes the ReplicaSet writes the status; it is written here only if the creation failed. */
	if (!p->writes.replicaset || p->w->seen->failure != NULL)
		status_finish(p);
	return false;
}

void
pass_query_routing(struct rollout_pass *p)
{
	if (p->w->routing_queries != NULL && !p->writes.routing)
		plan_include(p->plan, p->w->routing_queries);
}

void
pass_end(struct rollout_pass *p)
{
	runs_sync(p);
	steps_sync(p);
	replicas_lower(p);
	for (size_t i = 0; i < p->w->n_replicasets; i++)
		certain_pods_check(p->plan, p->w->replicasets[i], p->w->now);
	restart_plan(p);
	unreferenced_release(p);
	revision_history(p);
	metadata_pods(p);
	workload_scale(p);
	pass_query_routing(p);
	status_finish(p);
}
