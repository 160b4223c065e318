/* gitops/flux/kustomization.c: Kustomization: a directory of a repository's commit is applied, pruned, and waited for. */
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "gitops/engine/kstatus.h"
#include "gitops/flux/flux_parts.h"
#include "kube/api/rollout.h"

#define ACCESS_DENIED "AccessDenied"
#define AGAIN_MS 1000 /* between two looks */
#define DEPENDENCY_MS 30000
#define RETRY_MS 10000 /* after what may pass, and then twice as long each time, up to the interval for it */
#define HEALTH_MS 5000 /* between two looks at what is not healthy yet */
#define WORK_MS 300000
#define TOUCHED_MS 10000 /* between two looks because a rollout of its has changed */
#define WHY_MAX 1000 /* characters of what the objects that are waited for say about themselves */
#define RECONCILED "ReconciliationSucceeded"
#define WAITS "DependencyNotReady"
#define NO_ARTIFACT "ArtifactFailed"

static void pass(const struct pass *, struct plan *);
static void map_source(const struct view *, const struct object *, emit_key *, void *);
static void map_kustomization(const struct view *, const struct object *, emit_key *, void *);

static const struct controller_watch watches[] = {
	{ .type = &flux_kustomization_type, .map = map_kustomization },
	{ .type = &git_repository_type, .map = map_source },
};

static void stand_still(const struct pass *, const char *why, struct plan *);

const struct controller flux_kustomization_controller = {
	.name = "kustomization",
	.type = &flux_kustomization_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = pass,
	.memory = &flux_memory_type,
	.stand_still = stand_still,
};

/* --- which keys an object concerns ----------------------------------------------------------------------------------- */

struct concern {
	const struct object *object;
	emit_key *emit;
	void *arg;
};

static const char *
namespace_or(const char *ns, const struct object *o)
{
	return str_empty(ns) ? o->meta.namespace : ns;
}

static void
of_source(const struct object *o, void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	struct concern *c = arg;

	if (str_eq(k->spec.source.name, c->object->meta.name) &&
	    str_eq(namespace_or(k->spec.source.namespace, o), c->object->meta.namespace))
		c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static void
map_source(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	v->each(v, &flux_kustomization_type, NULL, of_source, &(struct concern){ o, emit, arg });
}

static void
of_dependency(const struct object *o, void *arg)
{
	const struct flux_kustomization *k = (const struct flux_kustomization *)o;
	struct concern *c = arg;

	for (size_t i = 0; i < k->spec.depends_on.n; i++)
		if (str_eq(k->spec.depends_on.at[i].name, c->object->meta.name) &&
		    str_eq(namespace_or(k->spec.depends_on.at[i].namespace, o), c->object->meta.namespace))
			c->emit(o->meta.namespace, o->meta.name, c->arg);
}

/* Itself, and whoever depends on it. */
static void
map_kustomization(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	emit(o->meta.namespace, o->meta.name, arg);
	v->each(v, &flux_kustomization_type, NULL, of_dependency, &(struct concern){ o, emit, arg });
}

/* --- health ---------------------------------------------------------------------------------------------------------- */

/* "Deployment/shop/web", as Flux writes it. */
static const char *
check_name(struct flux *f, const struct worker_check *c)
{
	return arena_printf(f->arena, "%s/%s%s%s", c->kind, c->namespace != NULL ? c->namespace : "",
	    c->namespace != NULL ? "/" : "", c->name);
}

/* What the objects that are waited for say together. */
struct waiting {
	const char *list; /* "Deployment/shop/web status: 'InProgress', …"; NULL: nothing is waited for */
	const char *why; /* "Deployment/shop/web: Available: 0/1; …"; "" */
};

/* Of what is checked, that which is not current: all of it, or only what has failed and will not become current by itself. */
static struct waiting
unready(struct flux *f, const struct worker_response *response, bool failed_only)
{
	struct waiting is = { NULL, "" };

	for (size_t i = 0; i < response->checks.n; i++) {
		const struct worker_check *c = &response->checks.at[i];
		const char *name = check_name(f, c);

		if (failed_only && kstatus_named(c->status) != KSTATUS_FAILED)
			continue;
		is.list = arena_printf(f->arena, "%s%s%s status: '%s'", is.list != NULL ? is.list : "",
		    is.list != NULL ? ", " : "", name, c->status);
		if (!str_empty(c->message) && strlen(is.why) < WHY_MAX)
			is.why = arena_printf(f->arena, "%s; %s: %s", is.why, name, c->message);
	}
	return is;
}

/* --- the status ------------------------------------------------------------------------------------------------------ */

static int64_t
timeout_of(const struct flux_kustomization *k)
{
	int64_t ms = k->spec.timeout.text != NULL ? k->spec.timeout.ms : k->spec.interval.ms - 30000;

	return ms < 30000 && k->spec.timeout.text == NULL ? 30000 : ms;
}

static int64_t
retry_interval(const struct flux_kustomization *k)
{
	return k->spec.retry_interval.text != NULL ? k->spec.retry_interval.ms : k->spec.interval.ms;
}

/* Not ready, and tried again: after that wait, or (0) the interval for it. That a source is not fetched yet is how things begin, and is told nobody. */
static void
fail(struct flux *f, const struct flux_kustomization *k, const char *reason, const char *message, int64_t wait)
{
	if (wait == 0)
		wait = retry_interval(k);
	if (strcmp(reason, NO_ARTIFACT) != 0)
		flux_tell(f, strcmp(reason, WAITS) != 0, reason, message);
	flux_condition(f, "Ready", "False", reason, message);
	flux_condition(f, "Reconciling", "True", "ProgressingWithRetry", message);
	f->memory.refresh_at = f->now + wait;
	f->memory.unhealthy_since = 0;
	plan_wake(f->plan, f->now + wait);
}

static void
progress(struct flux *f, const char *message, int64_t wait)
{
	flux_condition(f, "Ready", "Unknown", "Progressing", message);
	flux_condition(f, "Reconciling", "True", "Progressing", message);
	f->memory.refresh_at = f->now + wait;
	plan_wake(f->plan, f->now + wait);
}

/* Nothing is to be done until the interval is over. */
static void
rest(struct flux *f, const struct flux_kustomization *k)
{
	flux_condition(f, "Reconciling", NULL, NULL, NULL);
	flux_condition(f, "Stalled", NULL, NULL, NULL);
	f->memory.refresh_at = 0;
	f->memory.unhealthy_since = 0;
	plan_wake(f->plan, f->now + k->spec.interval.ms);
}

static void
succeed(struct flux *f, const struct flux_kustomization *k, const char *revision)
{
	const char *message = arena_printf(f->arena, "Applied revision: %s", revision);

	if (!str_eq(json_str(f->was, "lastAppliedRevision"), revision) ||
	    !str_eq(flux_condition_is(f->was, "Ready"), "True"))
		plan_status_event(f->plan, f->object, false, RECONCILED, "%s", message);
	json_put(f->status, "lastAppliedRevision", revision);
	flux_condition(f, "Ready", "True", RECONCILED, message);
	flux_condition(f, "Healthy", k->spec.wait || k->spec.health_checks.n > 0 ? "True" : NULL,
	    "HealthCheckSucceeded", "healthy");
	rest(f, k);
}

/* Not healthy, for good or for too long. */
static void
fail_health(
    struct flux *f, const struct flux_kustomization *k, const char *why, int64_t after, const struct waiting *is)
{
	const char *message = arena_printf(f->arena, "health check failed after %s: %s: [%s]%s",
	    duration_human(f->arena, after), why, is->list, is->why);

	flux_condition(f, "Healthy", "False", "HealthCheckFailed", message);
	fail(f, k, "HealthCheckFailed", message, 0);
}

static void
read_applied(
    struct flux *f, const struct flux_kustomization *k, const struct worker_response *response, const char *revision)
{
	struct waiting failed = unready(f, response, true), waits = unready(f, response, false);
	int64_t since = f->before.unhealthy_since, left;
	bool is_new = !str_eq(json_str(f->was, "lastAttemptedRevision"), revision) ||
		      json_int(f->was, "observedGeneration", -1) != f->object->meta.generation;
	struct held_revision held;

	flux_set_inventory(f, &response->resources);
	held = flux_hold(f, revision, &response->resources, true);
	if (held.revision != NULL) {
		rest(f, k);
		return;
	}
	if (waits.list == NULL) {
		succeed(f, k, revision);
		return;
	}
	/* Another revision, or another spec, has all its time. */
	if (since == 0 || is_new)
		since = f->now;
	f->memory.unhealthy_since = since;
	if (failed.list != NULL) {
		fail_health(f, k, "failed early due to stalled resources", f->now - since, &failed);
		return;
	}
	if (f->now - since >= timeout_of(k)) {
		fail_health(f, k, "timeout waiting for", timeout_of(k), &waits);
		return;
	}
	left = since + timeout_of(k) - f->now;
	if (is_new || !str_eq(flux_condition_reason(f->was, "Ready"), "HealthCheckFailed")) {
		flux_condition(f, "Healthy", "Unknown", "Progressing", waits.list);
		progress(f,
		    arena_printf(f->arena, "Running health checks for revision %s with a timeout of %s: [%s]%s",
			revision, duration_human(f->arena, timeout_of(k)), waits.list, waits.why),
		    left < HEALTH_MS ? left : HEALTH_MS);
		return;
	}
	/* After a failure the conditions stay as they are until it is healthy, or has failed in another way. */
	f->memory.refresh_at = f->now + (left < HEALTH_MS ? left : HEALTH_MS);
	plan_wake(f->plan, f->now + (left < HEALTH_MS ? left : HEALTH_MS));
}

/* What may pass by itself is tried again sooner than what is wrong. */
static void
read_failure(struct flux *f, const struct flux_kustomization *k, const struct request_failure *why)
{
	int64_t failures = f->before.failures, most = retry_interval(k), wait = worker_wait(RETRY_MS, failures, most);

	fail(f, k, str_eq(why->type, "ComparisonError") ? "BuildFailed" : why->type ?: "ReconciliationFailed", why->text,
	    why->may_pass && wait < most ? wait : 0);
	f->memory.failures = failures + 1;
}

/* Annotations of objects and keys of the source's Secret without effect, and objects that cannot be decoded and may not be
 * applied by this Kustomization: they are reported, and do not prevent an apply. */
static void
read_warnings(struct flux *f, const struct worker_response *response)
{
	flux_warn(f, response, "SyncOptionWarning", "NoEffect");
	flux_warn(f, response, "SettingsWarning", "NoEffect");
	flux_warn(f, response, "UnreadableObject", "Unreadable");
}

static void
read_answer(struct flux *f, const struct flux_kustomization *k, const struct seen_answer *s, const char *revision)
{
	static const struct worker_step none;
	struct request_failure failure;
	const struct worker_response *response = request_response(f->arena, s, REQUEST_RESOURCES, &failure);
	const struct worker_step *step = response != NULL && response->operation != NULL ? response->operation : &none;
	const struct flux_asked asked = f->before.asked;

	flux_handled(f, &asked);
	json_put(f->status, "lastAttemptedRevision", asked.revision);
	if (asked.generation != f->object->meta.generation || !str_eq(asked.revision, revision)) {
		/* Whatever became of it, there is something newer to be applied. */
		if (response != NULL)
			flux_add_inventory(f, &response->resources);
		progress(f,
		    arena_printf(
			f->arena, "What is wanted has changed while revision %s was being applied", asked.revision),
		    1);
		f->memory.refreshed_at = 0;
		return;
	}
	if (response == NULL) {
		read_failure(f, k, &failure);
		return;
	}
	f->memory.failures = 0;
	read_warnings(f, response);
	if (str_eq(step->phase, "Running")) {
		flux_add_inventory(f, &response->resources);
		progress(f, step->message ?: "", step->wait + 1);
	} else if (str_eq(step->phase, "Succeeded")) {
		read_applied(f, k, response, revision);
	} else {
		fail(f, k, step->prune_failed ? "PruneFailed" : "ReconciliationFailed", step->message ?: "", 0);
	}
}

/* --- deleting -------------------------------------------------------------------------------------------------------- */

static bool
has_finalizer(const struct object *o)
{
	for (size_t i = 0; i < o->meta.finalizers.n; i++)
		if (strcmp(o->meta.finalizers.at[i], FLUX_FINALIZER) == 0)
			return true;
	return false;
}

static void
set_finalizer(struct flux *f, bool there)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->object->meta.finalizers.n; i++)
		if (strcmp(f->object->meta.finalizers.at[i], FLUX_FINALIZER) != 0)
			json_array_append_new(list, json_string(f->object->meta.finalizers.at[i]));
	if (there)
		json_array_append_new(list, json_string(FLUX_FINALIZER));
	plan_merge(f->plan, f->object, json_pack("{s:{s:o}}", "metadata", "finalizers", list));
}

/* The objects go too, unless the policy, or prune, says that they stay. */
static bool
takes_objects(const struct flux_kustomization *k)
{
	const char *policy = k->spec.deletion_policy;

	if (k->spec.suspend || str_eq(policy, "Orphan"))
		return false;
	return k->spec.prune || str_eq(policy, "Delete") || str_eq(policy, "WaitForTermination");
}

/* The commit of "main@sha1:…"; NULL: the source has none yet. Borrowed. */
static const char *
commit_of(const char *revision)
{
	const char *colon = revision != NULL ? strrchr(revision, ':') : NULL;

	return colon != NULL ? colon + 1 : NULL;
}

static struct worker_objects
known_of(struct flux *f)
{
	struct worker_resources inventory = flux_inventory(f->arena, f->status);
	struct worker_objects known = { .at = arena_new_array(f->arena, struct worker_object, inventory.n),
		.n = inventory.n };

	for (size_t i = 0; i < inventory.n; i++) {
		const struct worker_resource *r = &inventory.at[i];

		known.at[i] = (struct worker_object){ r->group, r->version, r->kind, r->namespace, r->name };
	}
	return known;
}

/* `revision` NULL: to delete what there is. */
static void
ask(struct flux *f, const struct flux_kustomization *k, const struct git_repository *source, const char *revision,
    const struct held_revision *held)
{
	const char *account = string_map_get(f->pass->settings, FLUX_DEFAULT_SERVICE_ACCOUNT);
	struct worker_kustomization kustomization = {
		.metadata = { .name = f->object->meta.name, .namespace = f->object->meta.namespace }, .spec = k->spec
	};
	struct worker_repository repository = { .url = source != NULL ? source->spec.url : "none",
		.ignore = source != NULL ? source->spec.ignore : NULL };
	struct worker_secret secret;
	struct worker_request request = { .kustomization = &kustomization,
		.repository = &repository,
		.known = known_of(f),
		.revision = revision != NULL ? commit_of(revision) : NULL,
		.deleting = revision == NULL,
		.held = held != NULL ? held->rollouts : (struct string_map){ 0 } };

	if (account != NULL && str_empty(k->spec.service_account))
		kustomization.spec.service_account = account;
	if (source != NULL && source->spec.secret != NULL) {
		secret = (struct worker_secret){ source->object.meta.namespace, source->spec.secret->name };
		repository.secret = &secret;
	}
	flux_ask(f, revision, &request, WORK_MS, source != NULL ? source->spec.url : NULL);
}

static void delete (struct flux *f, const struct flux_kustomization *k)
{
	const struct seen_answer *s = request_sent(f->pass);
	int64_t due = f->before.refresh_at;
	const struct worker_response *response;
	struct request_failure failure;

	if (!has_finalizer(f->object))
		return;
	if (!takes_objects(k)) {
		set_finalizer(f, false);
		return;
	}
	f->memory = f->before;
	if (s != NULL && !s->answered)
		return;
	/* Of what was applied last, the answer says nothing about what is left. */
	if (s == NULL || f->before.asked.revision != NULL) {
		if (s != NULL || due <= f->now)
			ask(f, k, NULL, NULL, NULL);
		else
			plan_wake(f->plan, due);
		return;
	}
	response = request_response(f->arena, s, REQUEST_RESOURCES, &failure);
	if (response != NULL && response->resources.n == 0) {
		set_finalizer(f, false);
	} else {
		const struct worker_step *step = response != NULL ? response->operation : NULL;

		if (response == NULL || (step != NULL && str_eq(step->phase, "Failed")))
			flux_condition(f, "Ready", "False", "PruneFailed",
			    response == NULL ? failure.text : step->message ?: "");
		f->memory.refresh_at = f->now + 2 * AGAIN_MS;
		plan_wake(f->plan, f->now + 2 * AGAIN_MS);
	}
}

/* --- what must be there first ---------------------------------------------------------------------------------------- */

/* The first dependency that is not ready for this revision, or NULL. */
static const char *
unready_dependency(struct flux *f, const struct flux_kustomization *k, const char *revision)
{
	for (size_t i = 0; i < k->spec.depends_on.n; i++) {
		const struct flux_object_ref *d = &k->spec.depends_on.at[i];
		const char *ns = namespace_or(d->namespace, f->object), *why = NULL;
		const struct flux_kustomization *other =
		    (const struct flux_kustomization *)view_get(f->pass->view, &flux_kustomization_type, ns, d->name);
		json_t *status = other != NULL && other->status != NULL ? json_loads(other->status, 0, NULL) : NULL;

		if (other == NULL)
			why = "not found";
		else if (!str_eq(flux_condition_is(status, "Ready"), "True") ||
			 json_int(status, "observedGeneration", -1) != other->object.meta.generation)
			why = "is not ready";
		else if (str_eq(other->spec.source.name, k->spec.source.name) &&
			 str_eq(namespace_or(other->spec.source.namespace, &other->object),
			     namespace_or(k->spec.source.namespace, f->object)) &&
			 !str_eq(json_str(status, "lastAppliedRevision"), revision))
			why = "revision is not up to date";
		json_decref(status);
		if (why != NULL)
			return arena_printf(f->arena, "dependency '%s/%s' %s", ns, d->name, why);
	}
	return NULL;
}

static int64_t
due_at(const struct flux *f, const struct flux_kustomization *k, const char *revision, bool held)
{
	int64_t looked = f->before.refreshed_at, again = f->before.refresh_at, due = flux_due(f, k->spec.interval.ms);

	if (due == 0)
		return 0;
	if (again > 0 && again < due)
		due = again;
	/* Where Rollouts are watched, the pass itself sees what they abort, but not whether one that is held back has become what it is to be. */
	if (f->pass->touched > looked && (held || !view_knows(f->pass->view, &rollout_type)) &&
	    looked + TOUCHED_MS < due)
		due = looked + TOUCHED_MS;
	if (flux_is_requested(f) || f->before.asked.generation != f->object->meta.generation ||
	    !str_eq(json_str(f->status, "lastAttemptedRevision"), revision))
		due = looked + AGAIN_MS < due ? looked + AGAIN_MS : due;
	return due;
}

/* It refers to something in another namespace; *ret: the words of Flux's controller for it. */
static bool
is_elsewhere(struct flux *f, const struct flux_kustomization *k, const char **ret)
{
	const char *own = f->object->meta.namespace, *ns = namespace_or(k->spec.source.namespace, f->object);
	const char *kind = k->spec.source.kind, *name = k->spec.source.name;

	for (size_t i = 0; str_eq(ns, own) && i < k->spec.depends_on.n; i++) {
		ns = namespace_or(k->spec.depends_on.at[i].namespace, f->object);
		kind = "Kustomization";
		name = k->spec.depends_on.at[i].name;
	}
	if (str_eq(ns, own))
		return false;
	*ret = arena_printf(
	    f->arena, "can't access '%s/%s/%s', cross-namespace references have been blocked", kind, ns, name);
	return true;
}

static void
decide(struct flux *f, const struct flux_kustomization *k)
{
	const struct seen_answer *s = request_sent(f->pass);
	const struct problem *problem = object_problem(&k->object, "spec");
	const char *ns = namespace_or(k->spec.source.namespace, f->object), *revision = NULL, *wait;
	const struct git_repository *source;
	struct worker_resources applied;
	json_t *of_source;
	struct held_revision held;
	int64_t due;

	if (k->object.meta.deletion_timestamp != 0) {
		delete (f, k);
		return;
	}
	if (k->spec.suspend)
		return;
	if (problem != NULL) {
		const char *message = arena_printf(f->arena, "%s: %s", problem->path, problem->text);

		flux_handled(f, NULL);
		flux_tell(f, true, "InvalidSpec", message);
		flux_condition(f, "Stalled", "True", "InvalidSpec", message);
		flux_condition(f, "Ready", "False", "InvalidSpec", message);
		return;
	}
	if (string_map_get(f->pass->settings, FLUX_NO_CROSS_NAMESPACE_REFS) != NULL && is_elsewhere(f, k, &wait)) {
		flux_handled(f, NULL);
		flux_condition(f, "Stalled", "True", ACCESS_DENIED, wait);
		flux_condition(f, "Ready", "False", ACCESS_DENIED, wait);
		flux_tell(f, true, ACCESS_DENIED, wait);
		return;
	}
	if (!has_finalizer(f->object)) {
		set_finalizer(f, true);
		return;
	}
	f->memory = f->before;
	if (s != NULL && !s->answered)
		return;
	source = (const struct git_repository *)view_get(f->pass->view, &git_repository_type, ns, k->spec.source.name);
	of_source = source != NULL && source->status != NULL ? json_loads(source->status, 0, NULL) : NULL;
	revision = arena_strdup(f->arena, json_str(json_object_get(of_source, "artifact"), "revision"));
	json_decref(of_source);
	plan_revision(f->plan, revision);
	if (commit_of(revision) == NULL) {
		flux_handled(f, NULL);
		fail(f, k, NO_ARTIFACT,
		    source == NULL
			? arena_printf(f->arena, "GitRepository '%s/%s' not found", ns, k->spec.source.name)
			: arena_printf(f->arena, "GitRepository '%s/%s' has no artifact yet", ns, k->spec.source.name),
		    DEPENDENCY_MS);
		return;
	}
	if (s != NULL) {
		read_answer(f, k, s, revision);
		/* What came while the worker ran must not wait for the interval: no other pass follows when nothing is written. */
		if (flux_is_requested(f) || f->pass->touched > f->before.refreshed_at)
			plan_wake(f->plan, due_at(f, k, revision, false));
		return;
	}
	if ((wait = unready_dependency(f, k, revision)) != NULL) {
		flux_handled(f, NULL);
		fail(f, k, WAITS, wait, DEPENDENCY_MS);
		/* Whatever it waits for, its change brings a pass. */
		f->memory.refresh_at = 0;
		f->memory.refreshed_at = 0;
		return;
	}
	/* What an answer had to have written beside the status may be lost with the answer. */
	if (f->pass->seen->failure != NULL) {
		f->memory.refresh_at = f->now + RETRY_MS;
		plan_wake(f->plan, f->now + RETRY_MS);
	}
	applied = flux_inventory(f->arena, f->was);
	held = flux_hold(f, revision, &applied, false);
	due = due_at(f, k, revision, held.revision != NULL);
	if (due <= f->now)
		ask(f, k, source, revision, &held);
	else
		plan_wake(f->plan, due);
}

static void
pass(const struct pass *p, struct plan *plan)
{
	const struct flux_kustomization *k =
	    (const struct flux_kustomization *)view_get(p->view, &flux_kustomization_type, p->namespace, p->name);
	struct flux f;

	if (k == NULL)
		return;
	f = flux_begin(p, &k->object, plan, k->status);
	decide(&f, k);
	flux_end(&f);
}

static void
stand_still(const struct pass *p, const char *why, struct plan *plan)
{
	const struct flux_kustomization *k =
	    (const struct flux_kustomization *)view_get(p->view, &flux_kustomization_type, p->namespace, p->name);
	struct flux f;

	if (k == NULL)
		return;
	f = flux_begin(p, &k->object, plan, k->status);
	flux_condition(&f, "Ready", "False", "UnreadableObject", why);
	flux_end(&f);
}
