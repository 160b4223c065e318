/* gitops/flux/git_repository.c: controller of Flux's GitRepository: finds the commit that its spec names.
 * worker/git.c fetches it. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"

#define TIMEOUT_MS 60000
#define RETRY_MS 10000 /* after the first failure; it doubles with each failure, up to the interval */
#define AGAIN_MS 1000 /* between two requests to the worker */

static void repository_run(const struct pass *, struct plan *);

static const struct controller_watch watches[] = { { .type = &git_repository_type } };

const struct controller git_repository_controller = {
	.name = "gitrepository",
	.type = &git_repository_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = repository_run,
	.memory = &flux_memory_type,
};

/* Returns the revision that the spec names. */
static const char *
repository_revision_of(struct arena *a, const struct flux_ref *ref)
{
	if (ref == NULL)
		return "refs/heads/master";
	if (!str_empty(ref->commit))
		return ref->commit;
	if (!str_empty(ref->name))
		return ref->name;
	if (!str_empty(ref->semver))
		return ref->semver;
	if (!str_empty(ref->tag))
		return arena_printf(a, "refs/tags/%s", ref->tag);
	return arena_printf(a, "refs/heads/%s", !str_empty(ref->branch) ? ref->branch : "master");
}

/* Returns a revision as Flux writes it: "main@sha1:…", "v1.2.3@sha1:…", or "sha1:…" for a commit. */
static const char *
repository_revision_text(struct arena *a, const char *reference, const char *commit)
{
	static const char *const prefixes[] = { "refs/heads/", "refs/tags/" };

	if (reference == NULL)
		return arena_printf(a, "sha1:%s", commit);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(reference, prefixes[i]))
			reference += strlen(prefixes[i]);
	return arena_printf(a, "%s@sha1:%s", reference, commit);
}

static void
repository_read_failure(struct flux_pass *p, const struct git_repository *r, const struct request_failure *why)
{
	int64_t failures = p->w.memory.failures, wait = request_backoff(RETRY_MS, failures, r->spec.interval.ms);
	const char *message = why->text,
		   *reason = str_eq(why->type, "AuthenticationFailed") ? why->type : "GitOperationFailed";

	p->memory.failures = failures + 1;
	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
	flux_pass_not_ready(p, true, reason, message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, reason, message);
	flux_pass_condition(p, "FetchFailed", CONDITION_TRUE, reason, message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "ProgressingWithRetry", "trying again");
}

static void
repository_read_commit(struct flux_pass *p, const struct git_repository *r, const struct worker_response *response)
{
	const char *revision = repository_revision_text(p->arena, response->reference, response->revision);
	const char *message = arena_printf(p->arena, "stored artifact for revision '%s'", revision);

	flux_pass_warn(p, response, "SettingsWarning", "NoEffect");
	p->memory.failures = 0;
	p->memory.refresh_at = 0;
	plan_wake(p->plan, p->w.now + r->spec.interval.ms);
	/* The artifact is not served: the worker reads the commit itself. */
	if (p->status.artifact == NULL || !str_eq(p->status.artifact->revision, revision)) {
		struct flux_artifact *artifact = arena_alloc(p->arena, sizeof(*artifact));

		*artifact = (struct flux_artifact){ .revision = revision,
			.digest = arena_printf(p->arena, "sha1:%s", response->revision),
			.last_update_time = p->w.now,
			.path = arena_printf(p->arena, "gitrepository/%s/%s/%s", p->w.object->meta.namespace,
			    p->w.object->meta.name, response->revision),
			.url = r->spec.url };
		p->status.artifact = artifact;
		plan_status_event(p->plan, p->w.object, false, "NewArtifact", "%s", message);
	}
	flux_pass_condition(p, "Ready", CONDITION_TRUE, "Succeeded", message);
	flux_pass_condition(p, "ArtifactInStorage", CONDITION_TRUE, "Succeeded", message);
	flux_pass_condition(p, "SourceVerified", r->spec.verify != NULL ? CONDITION_TRUE : CONDITION_NONE, "Succeeded",
	    arena_printf(p->arena, "commit '%s' is signed with a key of Secret %s", response->revision,
		r->spec.verify != NULL ? r->spec.verify->secret->name : ""));
	flux_pass_condition(p, "FetchFailed", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
}

static void
repository_read_response(struct flux_pass *p, const struct git_repository *r, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	struct request_failure failure;
	const struct worker_response *response;

	/* The spec names another commit now; this one must not be taken for it. */
	if (requested.generation != p->w.object->meta.generation) {
		plan_wake(p->plan, p->w.now + 1);
		p->memory.refreshed_at = 0;
		return;
	}
	flux_pass_handled(p, &requested);
	response = request_response(p->arena, s, REQUEST_REVISION, &failure);
	if (response != NULL)
		repository_read_commit(p, r, response);
	else
		repository_read_failure(p, r, &failure);
	/* A request that came while the worker ran must not wait for the interval. */
	if (flux_pass_is_requested(p))
		plan_wake(p->plan, p->w.now + AGAIN_MS);
}

static void
repository_decide(struct flux_pass *p, const struct git_repository *r)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct problem *problem = object_problem(&r->object, "spec");
	struct worker_secret secret, keys;
	struct worker_repository repository;
	int64_t due, again;

	if (r->spec.suspend || r->object.meta.deletion_timestamp != 0)
		return;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		repository_read_response(p, r, s);
		return;
	}
	due = flux_pass_due(p, r->spec.interval.ms);
	again = p->w.memory.refresh_at;
	if (again > 0 && again < due)
		due = again;
	if (due > 0 && (flux_pass_is_requested(p) || p->w.memory.requested.generation != r->object.meta.generation))
		due = p->w.memory.refreshed_at + AGAIN_MS;
	if (due > p->w.now) {
		plan_wake(p->plan, due);
		return;
	}
	repository =
	    (struct worker_repository){ .url = r->spec.url, .revision = repository_revision_of(p->arena, r->spec.ref) };
	if (r->spec.secret != NULL) {
		secret = (struct worker_secret){ p->w.object->meta.namespace, r->spec.secret->name };
		repository.secret = &secret;
	}
	if (r->spec.verify != NULL && r->spec.verify->secret != NULL) {
		keys = (struct worker_secret){ p->w.object->meta.namespace, r->spec.verify->secret->name };
		repository.keys = &keys;
	}
	flux_pass_request(p, NULL, &(struct worker_request){ .repository = &repository },
	    r->spec.timeout.text != NULL && r->spec.timeout.ms > 0 ? r->spec.timeout.ms + 5000 : TIMEOUT_MS + 5000,
	    r->spec.url);
}

static void
repository_run(const struct pass *pass, struct plan *plan)
{
	const struct git_repository *r =
	    (const struct git_repository *)view_get(pass->view, &git_repository_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (r == NULL)
		return;
	p = flux_pass_begin(pass, &r->object, plan, r->status);
	repository_decide(&p, r);
	flux_pass_end(&p);
}
