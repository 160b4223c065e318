/* gitops/flux/helm_release_result.c: the result of an action about a release, as conditions and events of its
 * HelmRelease. Source: Flux's documentation of HelmRelease, "Conditions". */
#include "base/str.h"
#include "gitops/flux/helm_release.h"
#include "gitops/helm_action.h"
#include "gitops/helm_release_name.h"
#include "kube/api/application.h"

#define AGAIN_MS 1000 /* until the next action */
#define WAIT_MS 5000 /* between two reads of a Rollout */
#define FAILURES_SHIFT_MAX 6
#define RELEASED "Released"
#define TESTED "TestSuccess"
#define REMEDIATED "Remediated"
#define HELD "RevisionHeld"

/* An action of Helm: its condition, reasons, and words for messages. */
static const struct {
	const char *condition, *succeeded, *failed, *word;
} actions[HELM_ACTION_MAX] = {
	[HELM_ACTION_INSTALL] = { RELEASED, "InstallSucceeded", "InstallFailed", "install" },
	[HELM_ACTION_UPGRADE] = { RELEASED, "UpgradeSucceeded", "UpgradeFailed", "upgrade" },
	[HELM_ACTION_FAIL] = { RELEASED, "UpgradeSucceeded", "UpgradeFailed", "upgrade" },
	[HELM_ACTION_TEST] = { TESTED, "TestSucceeded", "TestFailed", "test" },
	[HELM_ACTION_ROLLBACK] = { REMEDIATED, "RollbackSucceeded", "RollbackFailed", "rollback" },
	[HELM_ACTION_UNINSTALL] = { REMEDIATED, "UninstallSucceeded", "UninstallFailed", "uninstall" },
};

/* Returns the release as Flux names it: "shop/web.v2 with chart web@1.2.3". */
static const char *
hr_release_text(struct flux_pass *p, const struct worker_release_result *r)
{
	const struct helm_history *h = r->history.n > 0 ? &r->history : &p->w.status.history;
	const struct helm_snapshot *s = h->n > 0 ? &h->at[0] : NULL;
	const struct helm_release *own = (const struct helm_release *)p->w.object;

	return s == NULL ? arena_printf(p->arena, "%s/%s with chart %s@%s", p->status.storage_namespace ?: "",
			       helm_release_name(p->arena, &own->spec, own->object.meta.name), r->chart.name ?: "",
			       r->chart.version ?: "")
			 : arena_printf(p->arena, "%s/%s.v%lld with chart %s@%s", s->namespace, s->name,
			       (long long)s->version, s->chart_name ?: "", s->chart_version ?: "");
}

/* Sets the condition of an action that was taken, and emits its event. */
static void
hr_read_action(struct flux_pass *p, const struct worker_release_result *r, const char *condition, const char *reason,
    const char *word)
{
	const char *message =
	    arena_printf(p->arena, "Helm %s %s for release %s%s%s", word, r->failure == NULL ? "succeeded" : "failed",
		hr_release_text(p, r), r->failure != NULL ? ": " : "", r->failure ?: "");

	flux_pass_condition(p, condition, r->failure == NULL ? CONDITION_TRUE : CONDITION_FALSE, reason, message);
	plan_status_event(p->plan, p->w.object, r->failure != NULL, reason, "%s", message);
	plan_reason(p->plan, "%s: %s", reason, message);
}

/* Ready repeats the condition that decides. */
static void
hr_ready_like(struct flux_pass *p, const char *condition, enum condition_status status)
{
	const struct flux_condition *c = flux_status_condition(&p->status, condition);

	if (c != NULL)
		flux_pass_condition(p, "Ready", status, c->reason, c->message);
}

static void
hr_progress(struct flux_pass *p, const char *message)
{
	flux_pass_condition(p, "Ready", CONDITION_UNKNOWN, "Progressing", message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "Progressing", message);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
}

static void
hr_rest(struct flux_pass *p)
{
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
}

/* The release is as desired. Its condition may be lost, with a status that was not written. */
static void
hr_read_in_sync(struct flux_pass *p, const struct helm_release *h, const struct worker_release_result *r)
{
	bool first = r->history.n > 0 && r->history.at[0].version == 1;
	const struct flux_condition *released = flux_status_condition(&p->status, RELEASED);

	if (released == NULL || released->status != CONDITION_TRUE)
		flux_pass_condition(p, RELEASED, CONDITION_TRUE, first ? "InstallSucceeded" : "UpgradeSucceeded",
		    arena_printf(p->arena, "Helm %s succeeded for release %s", first ? "install" : "upgrade",
			hr_release_text(p, r)));
	flux_pass_condition(p, REMEDIATED, CONDITION_NONE, NULL, NULL);
	hr_rest(p);
	hr_ready_like(p,
	    h->spec.test != NULL && h->spec.test->enable && flux_status_of(&p->status, TESTED) == CONDITION_TRUE
		? TESTED
		: RELEASED,
	    CONDITION_TRUE);
}

static void
hr_read_stall(struct flux_pass *p, const struct worker_release_result *r)
{
	const char *message =
	    arena_printf(p->arena, "Failed to %s after %lld attempt(s)", r->attempts.action ?: "install",
		(long long)(str_eq(r->attempts.action, "upgrade") ? r->attempts.upgrade_failures
								  : r->attempts.install_failures));

	if (flux_status_of(&p->w.status, "Stalled") != CONDITION_TRUE)
		plan_status_event(p->plan, p->w.object, true, "RetriesExceeded", "%s", message);
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_TRUE, "RetriesExceeded", message);
	if (flux_status_of(&p->status, "Ready") != CONDITION_FALSE)
		flux_pass_condition(p, "Ready", CONDITION_FALSE, "RetriesExceeded", message);
}

static void
hr_read_drift(struct flux_pass *p, const struct worker_release_result *r)
{
	bool corrects = r->action == HELM_ACTION_CORRECT;
	const char *reason = !corrects		  ? "DriftDetected"
			     : r->failure == NULL ? "DriftCorrected"
						  : "DriftCorrectionFailed";

	plan_status_event(p->plan, p->w.object, !corrects || r->failure != NULL, reason,
	    "Cluster state of release %s %s: %s%s%s", hr_release_text(p, r),
	    corrects ? "has been corrected" : "has drifted from the desired state", r->drift ?: "",
	    r->failure != NULL ? ": " : "", r->failure ?: "");
	if (corrects && r->failure != NULL) {
		flux_pass_condition(p, "Ready", CONDITION_FALSE, reason, r->failure);
		flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "ProgressingWithRetry", r->failure);
	}
}

/* A failure is followed by the next action, later after each one, or as the strategy says. */
static int64_t
hr_wait_after(const struct helm_release *h, const struct worker_release_result *r)
{
	int64_t n = r->attempts.failures < FAILURES_SHIFT_MAX ? r->attempts.failures : FAILURES_SHIFT_MAX,
		retry = helm_retry_interval(&h->spec, r->attempts.action);

	if (r->failure == NULL)
		return AGAIN_MS;
	return retry > 0 && r->action != HELM_ACTION_FAIL ? retry : AGAIN_MS << n;
}

/* Updates the held revision: a Rollout that has aborted it is not updated to it again. A release that was rolled back
 * is healthy without it, so only the desired release counts. */
static struct held_revision
hr_hold(struct flux_pass *p, const struct worker_release_result *r, const struct worker_response *response)
{
	struct held_revision held = held_revision_read(p->arena, p->w.object);
	bool requested = !str_eq(p->w.memory.requested.requested_at, p->w.status.last_handled_reconcile_at) &&
			 p->w.memory.requested.requested_at != NULL,
	     current =
		 r->state == HELM_STATE_IN_SYNC || r->state == HELM_STATE_UNTESTED || r->state == HELM_STATE_DRIFTED;
	const struct held_input in = { .object = p->w.object,
		.now = p->w.now,
		.revision = r->revision,
		.generation = p->w.object->meta.generation,
		.spec = p->w.object->meta.generation,
		.attempted = r->state == HELM_STATE_ABORTED,
		.requested = requested,
		.resources = &response->resources,
		.compared = current };
	const char *text;

	if (r->revision == NULL)
		return held;
	if (held_revision_update(&held, &in, &p->memory.held, p->plan))
		plan_merge(p->plan, p->w.object,
		    json_pack("{s:{s:{s:o}}}", "metadata", "annotations", ANNOTATION_HELD,
			held_revision_annotation(p->arena, &held)));
	text = held_revision_text(p->arena, &held);
	flux_pass_condition(p, HELD, text != NULL ? CONDITION_TRUE : CONDITION_NONE, "RolloutAborted", text);
	return held;
}

static void
hr_read_held(struct flux_pass *p, const struct held_revision *held)
{
	const char *text = held_revision_text(p->arena, held);

	hr_rest(p);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, HELD, text != NULL ? text : "a Rollout has aborted it");
}

/* Reads an action of Helm that was taken. */
static int64_t
hr_read_taken(struct flux_pass *p, const struct helm_release *h, const struct worker_release_result *r)
{
	enum helm_action a = r->action;
	bool install = a == HELM_ACTION_FAIL && str_eq(r->attempts.action, "install");
	const char *reason = r->failure == NULL ? actions[a].succeeded : install ? "InstallFailed" : actions[a].failed;

	if (a == HELM_ACTION_INSTALL || a == HELM_ACTION_UPGRADE) {
		flux_pass_condition(p, TESTED, CONDITION_NONE, NULL, NULL);
		flux_pass_condition(p, REMEDIATED, CONDITION_NONE, NULL, NULL);
	}
	hr_read_action(p, r, actions[a].condition, reason, install ? "install" : actions[a].word);
	hr_progress(p, r->why ?: "");
	if (r->failure != NULL || a == HELM_ACTION_ROLLBACK || a == HELM_ACTION_UNINSTALL)
		hr_ready_like(p, actions[a].condition, CONDITION_FALSE);
	return hr_wait_after(h, r);
}

int64_t
hr_read_result(struct flux_pass *p, const struct helm_release *h, const struct worker_release_result *r,
    const struct worker_response *response)
{
	struct held_revision held = hr_hold(p, r, response);

	p->status.history = r->history;
	p->status.attempts = r->attempts;
	p->status.last_attempted_revision = r->attempts.revision;
	switch (r->action) {
	case HELM_ACTION_NONE:
		if (r->drift != NULL)
			hr_read_drift(p, r);
		hr_read_in_sync(p, h, r);
		return 0;
	case HELM_ACTION_WAIT:
		hr_progress(p, arena_printf(p->arena, "Waiting for Rollouts: %s", r->waits ?: ""));
		return WAIT_MS;
	case HELM_ACTION_UNLOCK:
		plan_status_event(
		    p->plan, p->w.object, true, "PendingRelease", "Unlocked release %s", hr_release_text(p, r));
		hr_progress(p, r->why ?: "");
		return AGAIN_MS;
	case HELM_ACTION_CORRECT: hr_read_drift(p, r); return hr_wait_after(h, r);
	case HELM_ACTION_STALL: hr_read_stall(p, r); return 0;
	case HELM_ACTION_HOLD: hr_read_held(p, &held); return 0;
	default: return hr_read_taken(p, h, r);
	}
}
