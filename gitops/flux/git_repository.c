/* gitops/flux/git_repository.c: GitRepository: which commit there is. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/flux/flux_parts.h"

#define TIMEOUT_MS 60000
#define RETRY_MS 10000 /* after the first failure, and then twice as long each time, up to the interval */
#define AGAIN_MS 1000 /* between two looks */

static void pass(const struct pass *, struct plan *);

static const struct controller_watch watches[] = { { .type = &git_repository_type } };

const struct controller git_repository_controller = {
	.name = "gitrepository",
	.type = &git_repository_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
	.memory = &flux_memory_type,
};

/* What the spec names, as a revision. */
static const char *
revision_of(struct arena *a, const struct flux_ref *ref)
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

/* "main@sha1:…", "v1.2.3@sha1:…", "sha1:…" of a commit. */
static const char *
revision_text(struct arena *a, const char *reference, const char *commit)
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
read_failure(struct flux *f, const struct git_repository *r, const struct request_failure *why)
{
	int64_t failures = f->before.failures, wait = worker_wait(RETRY_MS, failures, r->spec.interval.ms);
	const char *message = why->text,
		   *reason = str_eq(why->type, "AuthenticationFailed") ? why->type : "GitOperationFailed";

	f->memory.failures = failures + 1;
	f->memory.refresh_at = f->now + wait;
	plan_wake(f->plan, f->now + wait);
	flux_tell(f, true, reason, message);
	flux_condition(f, "Ready", "False", reason, message);
	flux_condition(f, "FetchFailed", "True", reason, message);
	flux_condition(f, "Reconciling", "True", "ProgressingWithRetry", "trying again");
}

static void
read_commit(struct flux *f, const struct git_repository *r, const struct worker_response *response)
{
	const char *revision = revision_text(f->arena, response->reference, response->revision);
	json_t *artifact = json_object_get(f->status, "artifact");
	const char *message = arena_printf(f->arena, "stored artifact for revision '%s'", revision);

	flux_warn(f, response, "SettingsWarning", "NoEffect");
	f->memory.failures = 0;
	f->memory.refresh_at = 0;
	plan_wake(f->plan, f->now + r->spec.interval.ms);
	/* Nothing is served: whoever applies it reads the commit itself. */
	if (!str_eq(json_str(artifact, "revision"), revision)) {
		json_object_set_new(f->status, "artifact",
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "revision", revision, "digest",
			arena_printf(f->arena, "sha1:%s", response->revision), "lastUpdateTime",
			time_format(f->arena, f->now), "path",
			arena_printf(f->arena, "gitrepository/%s/%s/%s", f->object->meta.namespace,
			    f->object->meta.name, response->revision),
			"url", r->spec.url));
		plan_status_event(f->plan, f->object, false, "NewArtifact", "%s", message);
	}
	flux_condition(f, "Ready", "True", "Succeeded", message);
	flux_condition(f, "ArtifactInStorage", "True", "Succeeded", message);
	flux_condition(f, "SourceVerified", r->spec.verify != NULL ? "True" : NULL, "Succeeded",
	    arena_printf(f->arena, "commit '%s' is signed with a key of Secret %s", response->revision,
		r->spec.verify != NULL ? r->spec.verify->secret->name : ""));
	flux_condition(f, "FetchFailed", NULL, NULL, NULL);
	flux_condition(f, "Reconciling", NULL, NULL, NULL);
	flux_condition(f, "Stalled", NULL, NULL, NULL);
}

static void
read_answer(struct flux *f, const struct git_repository *r, const struct seen_answer *s)
{
	const struct flux_asked asked = f->before.asked;
	struct request_failure failure;
	const struct worker_response *response;

	/* Another commit is wanted by now, and this one must not be taken for it. */
	if (asked.generation != f->object->meta.generation) {
		plan_wake(f->plan, f->now + 1);
		f->memory.refreshed_at = 0;
		return;
	}
	flux_handled(f, &asked);
	response = request_response(f->arena, s, REQUEST_REVISION, &failure);
	if (response != NULL)
		read_commit(f, r, response);
	else
		read_failure(f, r, &failure);
	/* A request that came while the worker ran must not wait for the interval. */
	if (flux_is_requested(f))
		plan_wake(f->plan, f->now + AGAIN_MS);
}

static void
decide(struct flux *f, const struct git_repository *r)
{
	const struct seen_answer *s = request_sent(f->pass);
	const struct problem *problem = object_problem(&r->object, "spec");
	struct worker_secret secret, keys;
	struct worker_repository repository;
	int64_t due, again;

	if (r->spec.suspend || r->object.meta.deletion_timestamp != 0)
		return;
	if (problem != NULL) {
		const char *message = arena_printf(f->arena, "%s: %s", problem->path, problem->text);

		flux_handled(f, NULL);
		flux_tell(f, true, "InvalidSpec", message);
		flux_condition(f, "Stalled", "True", "InvalidSpec", message);
		flux_condition(f, "Ready", "False", "InvalidSpec", message);
		return;
	}
	f->memory = f->before;
	if (s != NULL && !s->answered)
		return;
	if (s != NULL) {
		read_answer(f, r, s);
		return;
	}
	due = flux_due(f, r->spec.interval.ms);
	again = f->before.refresh_at;
	if (again > 0 && again < due)
		due = again;
	if (due > 0 && (flux_is_requested(f) || f->before.asked.generation != r->object.meta.generation))
		due = f->before.refreshed_at + AGAIN_MS;
	if (due > f->now) {
		plan_wake(f->plan, due);
		return;
	}
	repository = (struct worker_repository){ .url = r->spec.url, .revision = revision_of(f->arena, r->spec.ref) };
	if (r->spec.secret != NULL) {
		secret = (struct worker_secret){ f->object->meta.namespace, r->spec.secret->name };
		repository.secret = &secret;
	}
	if (r->spec.verify != NULL && r->spec.verify->secret != NULL) {
		keys = (struct worker_secret){ f->object->meta.namespace, r->spec.verify->secret->name };
		repository.keys = &keys;
	}
	flux_ask(f, NULL, &(struct worker_request){ .repository = &repository },
	    r->spec.timeout.text != NULL && r->spec.timeout.ms > 0 ? r->spec.timeout.ms + 5000 : TIMEOUT_MS + 5000,
	    r->spec.url);
}

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct git_repository *r =
	    (const struct git_repository *)view_get(p->view, &git_repository_type, p->namespace, p->name);
	struct flux f;

	if (r == NULL)
		return;
	f = flux_begin(p, &r->object, plan, r->status);
	decide(&f, r);
	flux_end(&f);
}
