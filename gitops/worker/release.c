/* gitops/worker/release.c: the action about a Helm release in a session: decides, acts, and reports. */
#include "gitops/worker/release.h"
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/helm_failure_count.h"
#include "gitops/worker/helm_actions.h"
#include "gitops/worker/session_state.h"
#include "kube/api/regex.h"
#include "kube/api/yaml.h"

#define CONFIG_SHOWN 12 /* characters of the values' digest in a revision */
#define LISTED_MAX 10 /* objects in a message */

static bool
release_is_rollout(const char *group, const char *kind)
{
	return str_eq(kind, "Rollout") && str_eq(group, "argoproj.io");
}

static bool
release_detects_drift(const struct session *s)
{
	const struct helm_drift_detection *d = s->request.release->spec.drift_detection;

	return d != NULL && (str_eq(d->mode, "enabled") || str_eq(d->mode, "warn"));
}

const char *
release_revision(struct session *s)
{
	const struct session_release *r = &s->release;

	return r->config_digest == NULL ? NULL
					: arena_printf(s->arena, "%s+%.*s", r->chart.version, CONFIG_SHOWN,
					      r->config_digest + strlen("sha256:"));
}

/* Selectors of a target are regular expressions of the whole name, as in kustomize. */
static bool
release_selects(struct session *s, const char *selector, const char *text)
{
	return str_empty(selector) ||
	       regex_finds(arena_printf(s->arena, "^(?:%s)$", selector), text != NULL ? text : "");
}

static bool
release_targets(struct session *s, const struct helm_ignore_target *t, const char *group, const char *version,
    const char *kind, const char *ns, const char *name)
{
	return t == NULL || (release_selects(s, t->group, group) && release_selects(s, t->version, version) &&
				release_selects(s, t->kind, kind) && release_selects(s, t->namespace, ns) &&
				release_selects(s, t->name, name));
}

void
release_add_ignored(struct session *s, const struct app_resource *r, const json_t *object, json_t *paths)
{
	const struct helm_drift_detection *d = s->request.release->spec.drift_detection;

	for (size_t i = 0; d != NULL && i < d->ignore.n; i++)
		if (release_targets(
			s, d->ignore.at[i].target, r->kind.group, r->kind.version, r->kind.kind, r->namespace, r->name))
			for (size_t k = 0; k < d->ignore.at[i].paths.n; k++)
				ignore_differences_add_pointer(object, d->ignore.at[i].paths.at[k], paths);
}

/* Returns whether a rule ignores the whole object: it has the path "" or "/". */
static bool
release_ignores(struct session *s, const struct manifest *m)
{
	const struct helm_drift_detection *d = s->request.release->spec.drift_detection;
	const char *ns = m->namespace != NULL ? m->namespace : s->request.release->namespace;

	for (size_t i = 0; d != NULL && i < d->ignore.n; i++)
		for (size_t k = 0; k < d->ignore.at[i].paths.n; k++) {
			const char *path = d->ignore.at[i].paths.at[k];

			if ((path[0] == '\0' || strcmp(path, "/") == 0) &&
			    release_targets(s, d->ignore.at[i].target, m->group, m->version, m->kind, ns, m->name))
				return true;
		}
	return false;
}

bool
release_add_manifests(struct session *s)
{
	const char *text = json_str(s->release.record, "manifest") ?: "";
	struct manifests all = { .arena = s->arena };
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = yaml_parse_as(s->arena, text, strlen(text), YAML_KUBERNETES, &docs);
	json_t *doc;
	size_t i;

	json_array_foreach (docs, i, doc)
		if (e == NULL)
			e = manifests_add(&all, s->arena, doc, "release");
	for (i = 0; e == NULL && i < all.n; i++)
		if ((release_detects_drift(s) && !release_ignores(s, &all.at[i])) ||
		    release_is_rollout(all.at[i].group, all.at[i].kind)) {
			_cleanup_(json_decrefp) json_t *one = json_loads(all.at[i].text, 0, NULL);

			e = manifests_add(&s->sources.manifests, s->arena, one, "release");
		}
	if (e != NULL)
		session_fail(s, "GetLastReleaseFailed", err_wrap(s->arena, e, "the manifest of the release"));
	return s->sources.manifests.n > 0 && e == NULL;
}

static const char *
release_list(struct session *s, const char *list, size_t n, const struct app_resource *r, const char *what)
{
	if (n == LISTED_MAX)
		return arena_printf(s->arena, "%s, and more", list);
	if (n > LISTED_MAX)
		return list;
	return arena_printf(s->arena, "%s%s%s/%s%s%s %s", list != NULL ? list : "", list != NULL ? ", " : "",
	    r->kind.kind, r->namespace != NULL ? r->namespace : "", r->namespace != NULL ? "/" : "", r->name, what);
}

/* Returns whether the last install or upgrade need not wait for its objects. */
static bool
release_waits_for_nothing(const struct session *s)
{
	const struct helm_release_spec *spec = &s->request.release->spec;

	return str_eq(s->release.attempts.action, "install") ? spec->install != NULL && spec->install->disable_wait
							     : spec->upgrade != NULL && spec->upgrade->disable_wait;
}

/* Reads the Rollouts of the release: an abort precedes a wait. One that was deleted is drift, and not waited for. */
static void
release_read_rollouts(struct session *s)
{
	struct helm_world *w = &s->release.world;
	size_t n = 0;

	for (size_t i = 0; i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];

		if (!release_is_rollout(r->kind.group, r->kind.kind) || !r->live)
			continue;
		if (r->aborted != NULL) {
			w->rollouts = HELM_ROLLOUTS_ABORTED;
			w->rollout =
			    arena_printf(s->arena, "Rollout %s/%s aborted: %s", r->namespace, r->name, r->aborted);
		} else if (r->health != HEALTH_HEALTHY && !release_waits_for_nothing(s)) {
			s->release.waits = release_list(s, s->release.waits, n++, r, health_names[r->health]);
		}
	}
	if (w->rollouts == HELM_ROLLOUTS_READY && s->release.waits != NULL) {
		w->rollouts = HELM_ROLLOUTS_WAITING;
		w->rollout = s->release.waits;
	}
}

static void
release_read_drift(struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; release_detects_drift(s) && i < s->desired.resources.n; i++) {
		const struct app_resource *r = &s->desired.resources.at[i];

		if (r->error != NULL)
			s->release.drift = release_list(
			    s, s->release.drift, n++, r, arena_printf(s->arena, "cannot be compared: %s", r->error));
		else if (r->status == SYNC_OUT_OF_SYNC)
			s->release.drift = release_list(s, s->release.drift, n++, r, r->live ? "changed" : "removed");
	}
	s->release.world.drifted = s->release.drift != NULL;
}

/* Returns whether helm takes the action. */
static bool
release_is_helms(enum helm_action a)
{
	return a == HELM_ACTION_INSTALL || a == HELM_ACTION_UPGRADE || a == HELM_ACTION_TEST ||
	       a == HELM_ACTION_ROLLBACK || a == HELM_ACTION_UNINSTALL;
}

static bool
release_is_mark(enum helm_action a)
{
	return a == HELM_ACTION_UNLOCK || a == HELM_ACTION_FAIL;
}

size_t
release_prepare(struct session *s)
{
	struct session_release *r = &s->release;

	release_read_rollouts(s);
	release_read_drift(s);
	r->decision = helm_decide(&r->world);
	r->version_before = r->last.version;
	return 0;
}

size_t
release_prepare_action(struct session *s)
{
	struct session_release *r = &s->release;
	struct err *e;

	if (!release_is_helms(r->decision.action))
		return 1;
	/* Without its definitions a chart is neither installed nor upgraded. */
	if (r->failure == NULL && (e = helm_actions_run(s, r->decision.action)) != NULL)
		r->failure = err_text(s->arena, e);
	helm_failure_count_add(&r->attempts, r->decision.action,
	    r->failure != NULL && !(r->decision.action == HELM_ACTION_TEST &&
				      helm_ignores_tests(&s->request.release->spec, r->attempts.action)));
	return 0;
}

static void
release_on_marked(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)body;
	if (e != NULL)
		session_fail(s, "GetLastReleaseFailed",
		    err_wrap(s->arena, err_copy(s->arena, e), "Secret %s", s->release.stored.at[0].secret));
	else if (s->release.decision.action == HELM_ACTION_FAIL) {
		s->release.failure = s->release.decision.why;
		helm_failure_count_add(&s->release.attempts, HELM_ACTION_FAIL, true);
	}
	session_call_end(c);
}

/* Marks the last revision as failed in Helm's record, so that Helm's own commands know it too. */
bool
release_start_mark(struct session *s, size_t i)
{
	const struct release_revision *rev = &s->release.stored.at[0];
	bool unlock = s->release.decision.action == HELM_ACTION_UNLOCK;
	_cleanup_(json_decrefp) json_t *patch = NULL;
	const char *text;
	struct err *e = release_record_with_status(s, "failed",
	    unlock ? arena_printf(s->arena, "Release unlocked from stale '%s' state", s->release.last.status)
		   : s->release.decision.why,
	    &text);
	struct session_call *c = session_slot(s, i);

	if (e != NULL) {
		session_fail(s, "GetLastReleaseFailed", e);
		return false;
	}
	patch = json_pack("{s:{s:s, s:{s:s}}, s:{s:s}}", "metadata", "resourceVersion", rev->resource_version, "labels",
	    "status", "failed", "data", "release", base64_encode(s->arena, text, strlen(text)));
	c->call = client_call(s->cluster.target, "PATCH",
	    arena_printf(s->arena, "/api/v1/namespaces/%s/secrets/%s", s->request.release->namespace,
		str_url_escape(s->arena, rev->secret)),
	    PATCH_MERGE, json_text(s->arena, patch), release_on_marked, c);
	return true;
}

enum session_stage
release_finish(struct session *s)
{
	struct session_release *r = &s->release;

	if (release_is_helms(r->decision.action) || release_is_mark(r->decision.action))
		return release_crds_due(s) ? STAGE_CRDS : STAGE_ACTION;
	release_record_history(s, release_config_of(s));
	if (r->decision.action != HELM_ACTION_CORRECT)
		return STAGE_END;
	s->request.syncing = true;
	return STAGE_PLAN;
}

enum session_stage
release_finish_action(struct session *s)
{
	s->release.decided = true;
	return STAGE_RECORD;
}

const char *
release_config_of(const struct session *s)
{
	const struct session_release *r = &s->release;
	const struct helm_history *h = &s->request.release->history;
	int64_t like = r->last.version;

	/* An action may fail before there is a revision: the last one is still that of other values. */
	if ((r->decision.action == HELM_ACTION_INSTALL || r->decision.action == HELM_ACTION_UPGRADE) &&
	    r->last.version > r->version_before)
		return r->config_digest;
	if (r->decision.action == HELM_ACTION_ROLLBACK)
		like = r->world.rollback_to;
	for (size_t i = 0; i < h->n; i++)
		if (h->at[i].version == like)
			return h->at[i].config_digest;
	return NULL;
}

void
release_report(struct session *s, struct worker_response *response)
{
	struct session_release *r = &s->release;
	struct worker_release_result *result = arena_alloc(s->arena, sizeof(*result));

	if (s->request.skipped != NULL)
		r->decision = (struct helm_decision){ HELM_STATE_UNKNOWN, HELM_ACTION_NONE, s->request.skipped };
	*result = (struct worker_release_result){ .revision = release_revision(s),
		.state = r->decision.state,
		.action = r->decision.action,
		.why = r->decision.why,
		.failure = r->failure,
		.history = r->history,
		.attempts = r->attempts,
		.drift = r->drift,
		.waits = r->waits,
		.chart = r->chart };
	if (r->decision.action == HELM_ACTION_CORRECT && s->apply.step.phase != OPERATION_SUCCEEDED)
		result->failure = s->apply.step.message;
	response->release = result;
}

void
release_done(struct session *s)
{
	release_crds_done(s);
	json_decref(s->release.record);
	arena_free(s->release.text_arena);
	arena_free(s->release.elsewhere.arena);
}
