/* gitops/flux/kustomization.c: controller of Flux's Kustomization: applies and prunes a directory of a commit, and
 * waits for its health. Rendering: gitops/kustomize/. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/engine/kstatus.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/flux_pass.h"
#include "gitops/flux/inventory.h"
#include "gitops/flux/kustomization_hold.h"
#include "kube/api/rollout.h"

#define AGAIN_MS 1000 /* between two requests to the worker */
#define DEPENDENCY_MS 30000
#define RETRY_MS 10000 /* after a temporary failure; it doubles with each failure, up to the retry interval */
#define HEALTH_MS 5000 /* between two health checks */
#define TIMEOUT_MIN_MS 30000 /* as in Flux */
#define WORK_MS 300000
#define LEAVING "leave" /* the requested revision of a request that deletes all objects */
#define TOUCHED_MS 10000 /* between two requests because one of its Rollouts changed */
#define WHY_MAX 1000 /* characters of the messages about objects that are not ready */
#define RECONCILED "ReconciliationSucceeded"
#define WAITS "DependencyNotReady"
#define NO_ARTIFACT "ArtifactFailed"

static void ks_run(const struct pass *, struct plan *);
static void ks_map_source(const struct view *, const struct object *, emit_key *, void *);
static void ks_map_kustomization(const struct view *, const struct object *, emit_key *, void *);

static const struct controller_watch watches[] = {
	{ .type = &flux_kustomization_type, .map = ks_map_kustomization },
	{ .type = &git_repository_type, .map = ks_map_source },
};

static void ks_stand_still(const struct pass *, const char *why, struct plan *);

const struct controller flux_kustomization_controller = {
	.name = "kustomization",
	.type = &flux_kustomization_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = ks_run,
	.memory = &flux_memory_type,
	.stand_still = ks_stand_still,
};

struct concern {
	const struct object *object;
	emit_key *emit;
	void *arg;
};

static const char *
ks_namespace_or(const char *ns, const struct object *o)
{
	return str_empty(ns) ? o->meta.namespace : ns;
}

static void
ks_of_source(const struct object *o, void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	struct concern *c = arg;

	if (str_eq(k->spec.source.name, c->object->meta.name) &&
	    str_eq(ks_namespace_or(k->spec.source.namespace, o), c->object->meta.namespace))
		c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static void
ks_source_key(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	char key[VIEW_KEY_SIZE];

	if (k->spec.source.name != NULL)
		emit(view_key(key, ks_namespace_or(k->spec.source.namespace, o), k->spec.source.name, NULL), arg);
}

static const struct view_index ks_by_source = { ks_source_key };

static void
ks_map_source(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	char key[VIEW_KEY_SIZE];

	view_find(v, &flux_kustomization_type, &ks_by_source, view_key(key, o->meta.namespace, o->meta.name, NULL),
	    ks_of_source, &(struct concern){ o, emit, arg });
}

static void
ks_of_dependency(const struct object *o, void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	struct concern *c = arg;

	for (size_t i = 0; i < k->spec.depends_on.n; i++)
		if (str_eq(k->spec.depends_on.at[i].name, c->object->meta.name) &&
		    str_eq(ks_namespace_or(k->spec.depends_on.at[i].namespace, o), c->object->meta.namespace))
			c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static void
ks_dependency_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	char key[VIEW_KEY_SIZE];

	for (size_t i = 0; i < k->spec.depends_on.n; i++)
		if (k->spec.depends_on.at[i].name != NULL)
			emit(view_key(key, ks_namespace_or(k->spec.depends_on.at[i].namespace, o),
				 k->spec.depends_on.at[i].name, NULL),
			    arg);
}

static const struct view_index ks_by_dependency = { ks_dependency_keys };

/* Itself, and those that depend on it. */
static void
ks_map_kustomization(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	char key[VIEW_KEY_SIZE];

	emit(o->meta.namespace, o->meta.name, arg);
	view_find(v, &flux_kustomization_type, &ks_by_dependency, view_key(key, o->meta.namespace, o->meta.name, NULL),
	    ks_of_dependency, &(struct concern){ o, emit, arg });
}

/* Returns the name of a checked object as Flux writes it, "Deployment/shop/web". */
static const char *
ks_check_name(struct flux_pass *p, const struct worker_check *c)
{
	return arena_printf(p->arena, "%s/%s%s%s", c->kind, c->namespace != NULL ? c->namespace : "",
	    c->namespace != NULL ? "/" : "", c->name);
}

/* The objects that are not ready, as texts. */
struct waiting {
	const char *list; /* "Deployment/shop/web status: 'InProgress', …"; NULL: all are ready */
	const char *why; /* "Deployment/shop/web: Available: 0/1; …"; "" */
};

/* The checked objects that are not current: all, or only those that have failed and will not become current. */
static struct waiting
ks_unready(struct flux_pass *p, const struct worker_response *response, bool failed_only)
{
	struct waiting is = { NULL, "" };

	for (size_t i = 0; i < response->checks.n; i++) {
		const struct worker_check *c = &response->checks.at[i];
		const char *name = ks_check_name(p, c);

		if (failed_only && c->status != KSTATUS_FAILED)
			continue;
		is.list = arena_printf(p->arena, "%s%s%s status: '%s'", is.list != NULL ? is.list : "",
		    is.list != NULL ? ", " : "", name, kstatus_names[c->status]);
		if (!str_empty(c->message) && strlen(is.why) < WHY_MAX)
			is.why = arena_printf(p->arena, "%s; %s: %s", is.why, name, c->message);
	}
	return is;
}

static int64_t
ks_timeout_of(const struct flux_kustomization *k)
{
	int64_t ms = k->spec.timeout.text != NULL ? k->spec.timeout.ms : k->spec.interval.ms - TIMEOUT_MIN_MS;

	return ms < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : ms;
}

static int64_t
ks_retry_interval(const struct flux_kustomization *k)
{
	return k->spec.retry_interval.text != NULL ? k->spec.retry_interval.ms : k->spec.interval.ms;
}

/* Not ready, and tried again: after `wait`, or (0) after the retry interval. A source that is not fetched yet is a
 * normal start and emits no event. */
static void
ks_fail(struct flux_pass *p, const struct flux_kustomization *k, const char *reason, const char *message, int64_t wait)
{
	if (wait == 0)
		wait = ks_retry_interval(k);
	if (strcmp(reason, NO_ARTIFACT) != 0)
		flux_pass_not_ready(p, strcmp(reason, WAITS) != 0, reason, message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, reason, message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "ProgressingWithRetry", message);
	p->memory.refresh_at = p->w.now + wait;
	p->memory.unhealthy_since = 0;
	plan_wake(p->plan, p->w.now + wait);
}

static void
ks_progress(struct flux_pass *p, const char *message, int64_t wait)
{
	flux_pass_condition(p, "Ready", CONDITION_UNKNOWN, "Progressing", message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "Progressing", message);
	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
}

/* Waits for the end of the interval. */
static void
ks_rest(struct flux_pass *p, const struct flux_kustomization *k)
{
	flux_pass_condition(p, "Reconciling", CONDITION_NONE, NULL, NULL);
	flux_pass_condition(p, "Stalled", CONDITION_NONE, NULL, NULL);
	p->memory.refresh_at = 0;
	p->memory.unhealthy_since = 0;
	plan_wake(p->plan, p->w.now + k->spec.interval.ms);
}

static void
ks_succeed(struct flux_pass *p, const struct flux_kustomization *k, const char *revision)
{
	const char *message = arena_printf(p->arena, "Applied revision: %s", revision);

	if (!str_eq(p->w.status.last_applied_revision, revision) ||
	    flux_status_of(&p->w.status, "Ready") != CONDITION_TRUE)
		plan_status_event(p->plan, p->w.object, false, RECONCILED, "%s", message);
	p->status.last_applied_revision = revision;
	flux_pass_condition(p, "Ready", CONDITION_TRUE, RECONCILED, message);
	flux_pass_condition(p, "Healthy", k->spec.wait || k->spec.health_checks.n > 0 ? CONDITION_TRUE : CONDITION_NONE,
	    "HealthCheckSucceeded", "healthy");
	ks_rest(p, k);
}

/* An object failed, or the timeout has expired. */
static void
ks_fail_health(
    struct flux_pass *p, const struct flux_kustomization *k, const char *why, int64_t after, const struct waiting *is)
{
	const char *message = arena_printf(p->arena, "health check failed after %s: %s: [%s]%s",
	    duration_human(p->arena, after), why, is->list, is->why);

	flux_pass_condition(p, "Healthy", CONDITION_FALSE, "HealthCheckFailed", message);
	ks_fail(p, k, "HealthCheckFailed", message, 0);
}

static void
ks_read_applied(struct flux_pass *p, const struct flux_kustomization *k, const struct worker_response *response,
    const char *revision)
{
	struct waiting failed = ks_unready(p, response, true), waits = ks_unready(p, response, false);
	const struct flux_condition *ready = flux_status_condition(&p->w.status, "Ready");
	int64_t since = p->w.memory.unhealthy_since, left;
	bool is_new = !str_eq(p->w.status.last_attempted_revision, revision) ||
		      p->w.status.observed_generation != p->w.object->meta.generation;
	struct held_revision held;

	inventory_set(&p->status, p->arena, &response->resources);
	held = ks_hold(p, revision, &response->resources, true);
	if (held.revision != NULL) {
		ks_rest(p, k);
		return;
	}
	if (waits.list == NULL) {
		ks_succeed(p, k, revision);
		return;
	}
	/* The timeout restarts for another revision or another spec. */
	if (since == 0 || is_new)
		since = p->w.now;
	p->memory.unhealthy_since = since;
	if (failed.list != NULL) {
		ks_fail_health(p, k, "failed early due to stalled resources", p->w.now - since, &failed);
		return;
	}
	if (p->w.now - since >= ks_timeout_of(k)) {
		ks_fail_health(p, k, "timeout waiting for", ks_timeout_of(k), &waits);
		return;
	}
	left = since + ks_timeout_of(k) - p->w.now;
	if (is_new || ready == NULL || !str_eq(ready->reason, "HealthCheckFailed")) {
		flux_pass_condition(p, "Healthy", CONDITION_UNKNOWN, "Progressing", waits.list);
		ks_progress(p,
		    arena_printf(p->arena, "Running health checks for revision %s with a timeout of %s: [%s]%s",
			revision, duration_human(p->arena, ks_timeout_of(k)), waits.list, waits.why),
		    left < HEALTH_MS ? left : HEALTH_MS);
		return;
	}
	/* After a failure the conditions stay until it is healthy, or fails in another way. */
	p->memory.refresh_at = p->w.now + (left < HEALTH_MS ? left : HEALTH_MS);
	plan_wake(p->plan, p->w.now + (left < HEALTH_MS ? left : HEALTH_MS));
}

/* A temporary failure is retried sooner than an error. */
static void
ks_read_failure(struct flux_pass *p, const struct flux_kustomization *k, const struct request_failure *why)
{
	int64_t failures = p->w.memory.failures, most = ks_retry_interval(k),
		wait = request_backoff(RETRY_MS, failures, most);
	const char *reason = str_eq(why->type, "ComparisonError") ? "BuildFailed" : why->type ?: "ReconciliationFailed";

	ks_fail(p, k, reason, why->text, why->may_pass && wait < most ? wait : 0);
	p->memory.failures = failures + 1;
}

/* Annotations of objects and keys of the source's Secret without effect, and objects that cannot be decoded and may
 * not be applied by this Kustomization: they are reported, and do not prevent an apply. */
static void
ks_read_warnings(struct flux_pass *p, const struct worker_response *response)
{
	flux_pass_warn(p, response, "SyncOptionWarning", "NoEffect");
	flux_pass_warn(p, response, "SettingsWarning", "NoEffect");
	flux_pass_warn(p, response, "UnreadableObject", "Unreadable");
}

static void
ks_read_response(
    struct flux_pass *p, const struct flux_kustomization *k, const struct seen_query *s, const char *revision)
{
	static const struct worker_step none;
	struct request_failure failure;
	const struct worker_response *response = flux_pass_response(p, s, REQUEST_RESOURCES, &failure);
	const struct worker_step *step = response != NULL && response->operation != NULL ? response->operation : &none;
	const struct flux_requested requested = p->w.memory.requested;

	flux_pass_handled(p, &requested);
	p->status.last_attempted_revision = requested.revision;
	if (requested.generation != p->w.object->meta.generation || !str_eq(requested.revision, revision)) {
		/* A newer revision or spec must be applied, whatever the response is. */
		if (response != NULL)
			inventory_add(&p->status, p->arena, &response->resources);
		ks_progress(p,
		    arena_printf(
			p->arena, "What is wanted has changed while revision %s was being applied", requested.revision),
		    1);
		p->memory.refreshed_at = 0;
		return;
	}
	if (response == NULL) {
		ks_read_failure(p, k, &failure);
		return;
	}
	p->memory.failures = 0;
	ks_read_warnings(p, response);
	if (step->phase == OPERATION_RUNNING) {
		inventory_add(&p->status, p->arena, &response->resources);
		ks_progress(p, step->message ?: "", step->wait + 1);
	} else if (step->phase == OPERATION_SUCCEEDED) {
		ks_read_applied(p, k, response, revision);
	} else {
		ks_fail(p, k, step->prune_failed ? "PruneFailed" : "ReconciliationFailed", step->message ?: "", 0);
	}
}

/* Returns whether the objects are deleted with their Kustomization: unless it is suspended, or its deletion policy,
 * or prune, keeps them. */
static bool
ks_takes_objects(const struct flux_kustomization *k)
{
	const char *policy = k->spec.deletion_policy;

	if (k->spec.suspend || str_eq(policy, "Orphan"))
		return false;
	return k->spec.prune || str_eq(policy, "Delete") || str_eq(policy, "WaitForTermination");
}

/* The commit of "main@sha1:…"; NULL: the source has none yet. Borrowed. */
static const char *
ks_commit_of(const char *revision)
{
	const char *colon = revision != NULL ? strrchr(revision, ':') : NULL;

	return colon != NULL ? colon + 1 : NULL;
}

static struct worker_objects
ks_known_of(struct flux_pass *p)
{
	struct worker_resources inventory = inventory_resources(p->arena, &p->status);
	struct worker_objects known = { .at = arena_new_array(p->arena, struct worker_object, inventory.n),
		.n = inventory.n };

	for (size_t i = 0; i < inventory.n; i++) {
		const struct worker_resource *r = &inventory.at[i];

		known.at[i] = (struct worker_object){ r->group, r->version, r->kind, r->namespace, r->name };
	}
	return known;
}

/* Requests that the worker applies the revision. Without a revision (NULL) it deletes all objects. */
static void
ks_request(struct flux_pass *p, const struct flux_kustomization *k, const struct git_repository *source,
    const char *revision, const struct held_revision *held)
{
	const char *account = pass_settings(p->w.pass)->default_service_account;
	struct worker_kustomization kustomization = { .metadata = { .name = p->w.object->meta.name,
							  .namespace = p->w.object->meta.namespace },
		.spec = k->spec };
	struct worker_repository repository = { .url = source != NULL ? source->spec.url : "none",
		.ignore = source != NULL ? source->spec.ignore : NULL };
	struct worker_secret secret;
	struct worker_request request = { .kustomization = &kustomization,
		.repository = &repository,
		.known = ks_known_of(p),
		.revision = revision != NULL ? ks_commit_of(revision) : NULL,
		.deleting = revision == NULL,
		.held = held != NULL ? held->rollouts : (struct string_map){ 0 } };

	if (account != NULL && str_empty(k->spec.service_account))
		kustomization.spec.service_account = account;
	if (source != NULL && source->spec.secret != NULL) {
		secret = (struct worker_secret){ source->object.meta.namespace, source->spec.secret->name };
		repository.secret = &secret;
	}
	flux_pass_request(p, revision ?: LEAVING, &request, WORK_MS, source != NULL ? source->spec.url : NULL);
}

/* Ends a deletion whose objects stay. */
static void
ks_leave_objects(struct flux_pass *p, const char *why)
{
	flux_pass_set_finalizer(p, false);
	plan_event(p->plan, p->w.object, true, "PruneSkipped",
	    "the objects of its inventory stay, delete them with kubectl: %s", why);
}

static void
ks_delete(struct flux_pass *p, const struct flux_kustomization *k, const struct problem *problem)
{
	const struct seen_query *s = request_sent(p->w.pass);
	int64_t due = p->w.memory.refresh_at;
	bool leaving = str_eq(p->w.memory.requested.revision, LEAVING);
	const struct worker_response *response;
	struct request_failure failure;

	if (!flux_pass_has_finalizer(p))
		return;
	if (!ks_takes_objects(k)) {
		flux_pass_set_finalizer(p, false);
		return;
	}
	/* The objects of a refused spec may be in another cluster (spec.kubeConfig), or another account's. */
	if (problem != NULL) {
		ks_leave_objects(p, arena_printf(p->arena, "%s: %s", problem->path, problem->text));
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	/* The response to an earlier apply does not list the objects that are still to be deleted, and the wait after
	 * it, which may be the interval, is not one for the deletion. */
	if (s == NULL || !leaving) {
		if (s != NULL || due <= p->w.now || !leaving)
			ks_request(p, k, NULL, NULL, NULL);
		else
			plan_wake(p->plan, due);
		return;
	}
	response = flux_pass_response(p, s, REQUEST_RESOURCES, &failure);
	if (response != NULL && response->skipped != NULL) {
		ks_leave_objects(p, response->skipped);
	} else if (response != NULL && response->resources.n == 0) {
		flux_pass_set_finalizer(p, false);
	} else {
		const struct worker_step *step = response != NULL ? response->operation : NULL;

		if (response == NULL || (step != NULL && step->phase == OPERATION_FAILED))
			flux_pass_condition(p, "Ready", CONDITION_FALSE, "PruneFailed",
			    response == NULL ? failure.text : step->message ?: "");
		p->memory.refresh_at = p->w.now + 2 * AGAIN_MS;
		plan_wake(p->plan, p->w.now + 2 * AGAIN_MS);
	}
}

/* Returns the first dependency that is not ready for this revision, or NULL. */
static const char *
ks_unready_dependency(struct flux_pass *p, const struct flux_kustomization *k, const char *revision)
{
	for (size_t i = 0; i < k->spec.depends_on.n; i++) {
		const struct flux_object_ref *d = &k->spec.depends_on.at[i];
		const char *ns = ks_namespace_or(d->namespace, p->w.object), *why = NULL;
		const struct flux_kustomization *other =
		    (const struct flux_kustomization *)view_get(p->w.pass->view, &flux_kustomization_type, ns, d->name);
		struct flux_status status = { 0 };

		if (other != NULL)
			decode_text(&flux_status_type, other->status, p->arena, &status);
		if (other == NULL)
			why = "not found";
		else if (flux_status_of(&status, "Ready") != CONDITION_TRUE ||
			 status.observed_generation != other->object.meta.generation)
			why = "is not ready";
		else if (str_eq(other->spec.source.name, k->spec.source.name) &&
			 str_eq(ks_namespace_or(other->spec.source.namespace, &other->object),
			     ks_namespace_or(k->spec.source.namespace, p->w.object)) &&
			 !str_eq(status.last_applied_revision, revision))
			why = "revision is not up to date";
		if (why != NULL)
			return arena_printf(p->arena, "dependency '%s/%s' %s", ns, d->name, why);
	}
	return NULL;
}

/* Returns when the worker gets the next request (wall ms). The interval is shortened by a retry (`again`), a change of
 * one of its Rollouts (`touched`), a request of a user, a new spec, or a new revision. `held`: the revision is a held
 * one. */
static int64_t
ks_due_at(const struct flux_pass *p, const struct flux_kustomization *k, const char *revision, bool held)
{
	int64_t refreshed_at = p->w.memory.refreshed_at, again = p->w.memory.refresh_at,
		due = flux_pass_due(p, k->spec.interval.ms);

	if (due == 0)
		return 0;
	if (again > 0 && again < due)
		due = again;
	/* Where Rollouts are watched, this pass has found an abort in the view. If the revision is held, or if they are
	 * not watched, only the worker can compare the Rollout with the desired one. */
	if (p->w.pass->touched > refreshed_at && (held || !view_knows(p->w.pass->view, &rollout_type)) &&
	    refreshed_at + TOUCHED_MS < due)
		due = refreshed_at + TOUCHED_MS;
	if (flux_pass_is_requested(p) || p->w.memory.requested.generation != p->w.object->meta.generation ||
	    !str_eq(p->status.last_attempted_revision, revision))
		due = refreshed_at + AGAIN_MS < due ? refreshed_at + AGAIN_MS : due;
	return due;
}

/* Returns whether the Kustomization refers to an object in another namespace; *ret is then the message, as in Flux's
 * controller. */
static bool
ks_is_elsewhere(struct flux_pass *p, const struct flux_kustomization *k, const char **ret)
{
	const char *own = p->w.object->meta.namespace, *ns = ks_namespace_or(k->spec.source.namespace, p->w.object);
	const char *kind = k->spec.source.kind, *name = k->spec.source.name;

	for (size_t i = 0; str_eq(ns, own) && i < k->spec.depends_on.n; i++) {
		ns = ks_namespace_or(k->spec.depends_on.at[i].namespace, p->w.object);
		kind = "Kustomization";
		name = k->spec.depends_on.at[i].name;
	}
	if (str_eq(ns, own))
		return false;
	*ret = arena_printf(
	    p->arena, "can't access '%s/%s/%s', cross-namespace references have been blocked", kind, ns, name);
	return true;
}

static void
ks_decide(struct flux_pass *p, const struct flux_kustomization *k)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct problem *problem = object_problem(&k->object, "spec");
	const char *ns = ks_namespace_or(k->spec.source.namespace, p->w.object), *revision = NULL, *wait;
	const struct git_repository *source;
	struct worker_resources applied;
	struct flux_status of_source = { 0 };
	struct held_revision held;
	int64_t due;

	if (k->object.meta.deletion_timestamp != 0) {
		ks_delete(p, k, problem);
		return;
	}
	if (k->spec.suspend)
		return;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	if (pass_settings(p->w.pass)->no_cross_namespace_refs && ks_is_elsewhere(p, k, &wait)) {
		flux_pass_access_denied(p, wait);
		return;
	}
	if (!flux_pass_has_finalizer(p)) {
		flux_pass_set_finalizer(p, true);
		return;
	}
	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return;
	source =
	    (const struct git_repository *)view_get(p->w.pass->view, &git_repository_type, ns, k->spec.source.name);
	if (source != NULL)
		decode_text(&flux_status_type, source->status, p->arena, &of_source);
	revision = of_source.artifact != NULL ? of_source.artifact->revision : NULL;
	plan_revision(p->plan, revision);
	if (ks_commit_of(revision) == NULL) {
		flux_pass_handled(p, NULL);
		ks_fail(p, k, NO_ARTIFACT,
		    source == NULL
			? arena_printf(p->arena, "GitRepository '%s/%s' not found", ns, k->spec.source.name)
			: arena_printf(p->arena, "GitRepository '%s/%s' has no artifact yet", ns, k->spec.source.name),
		    DEPENDENCY_MS);
		return;
	}
	if (s != NULL) {
		ks_read_response(p, k, s, revision);
		/* A change while the worker ran must not wait for the interval: no other pass follows if nothing is
		 * written. */
		if (flux_pass_is_requested(p) || p->w.pass->touched > p->w.memory.refreshed_at)
			plan_wake(p->plan, ks_due_at(p, k, revision, false));
		return;
	}
	if ((wait = ks_unready_dependency(p, k, revision)) != NULL) {
		flux_pass_handled(p, NULL);
		ks_fail(p, k, WAITS, wait, DEPENDENCY_MS);
		/* A change of the dependency causes a pass. */
		p->memory.refresh_at = 0;
		p->memory.refreshed_at = 0;
		return;
	}
	/* Writes that the last response caused may have failed, and the response is lost: the worker gets another
	 * request soon. */
	if (p->w.pass->seen->failure != NULL) {
		p->memory.refresh_at = p->w.now + RETRY_MS;
		plan_wake(p->plan, p->w.now + RETRY_MS);
	}
	applied = inventory_resources(p->arena, &p->w.status);
	held = ks_hold(p, revision, &applied, false);
	due = ks_due_at(p, k, revision, held.revision != NULL);
	if (due <= p->w.now)
		ks_request(p, k, source, revision, &held);
	else
		plan_wake(p->plan, due);
}

static void
ks_run(const struct pass *pass, struct plan *plan)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)view_get(
	    pass->view, &flux_kustomization_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (k == NULL)
		return;
	p = flux_pass_begin(pass, &k->object, plan, k->status);
	ks_decide(&p, k);
	flux_pass_end(&p);
}

static void
ks_stand_still(const struct pass *pass, const char *why, struct plan *plan)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)view_get(
	    pass->view, &flux_kustomization_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (k == NULL)
		return;
	p = flux_pass_begin(pass, &k->object, plan, k->status);
	flux_pass_condition(&p, "Ready", CONDITION_FALSE, "UnreadableObject", why);
	flux_pass_end(&p);
}
