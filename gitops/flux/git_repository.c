/* gitops/flux/git_repository.c: controller of Flux's GitRepository: finds the commit that its spec names.
 * worker/git.c fetches it. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"

#define TIMEOUT_MS 60000
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
	flux_pass_fetch_failed(p, r->spec.interval.ms,
	    str_eq(why->type, "AuthenticationFailed") ? why->type : "GitOperationFailed", why->text);
}

static void
repository_read_commit(struct flux_pass *p, const struct git_repository *r, const struct worker_response *response)
{
	const char *revision = repository_revision_text(p->arena, response->reference, response->revision);

	flux_pass_warn(p, response, "SettingsWarning", "NoEffect");
	/* The artifact is not served: the worker reads the commit itself. */
	flux_pass_fetched(p, r->spec.interval.ms,
	    &(struct flux_artifact){ .revision = revision,
		.digest = arena_printf(p->arena, "sha1:%s", response->revision),
		.path = arena_printf(p->arena, "gitrepository/%s/%s/%s", p->w.object->meta.namespace,
		    p->w.object->meta.name, response->revision),
		.url = r->spec.url },
	    "Succeeded", arena_printf(p->arena, "stored artifact for revision '%s'", revision));
	flux_pass_condition(p, "SourceVerified", r->spec.verify != NULL ? CONDITION_TRUE : CONDITION_NONE, "Succeeded",
	    arena_printf(p->arena, "commit '%s' is signed with a key of Secret %s", response->revision,
		r->spec.verify != NULL ? r->spec.verify->secret->name : ""));
}

static void
repository_read_response(struct flux_pass *p, const struct git_repository *r, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	struct request_failure failure;
	const struct worker_response *response;

	/* The spec names another commit now; this one must not be taken for it. */
	if (flux_pass_is_outdated(p))
		return;
	flux_pass_handled(p, &requested);
	response = flux_pass_response(p, s, REQUEST_REVISION, &failure);
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
	if (!flux_pass_is_fetch_due(p, r->spec.interval.ms))
		return;
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
