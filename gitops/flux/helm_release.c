/* gitops/flux/helm_release.c: controller of Flux's HelmRelease: finds when an action about its release is due, and
 * requests it. The decision is in gitops/helm_action.c; the worker takes it where it reads Helm's record. */
#include "gitops/flux/helm_release.h"
#include <string.h>
#include "base/str.h"
#include "gitops/flux/flux.h"
#include "gitops/flux/helm_source.h"
#include "gitops/helm_action.h"
#include "gitops/helm_release_name.h"

#define AGAIN_MS 1000 /* between two requests to the worker */
#define RETRY_MS 10000 /* after a failure; it doubles with each failure, up to the interval */
#define DEPENDENCY_MS 30000
#define ACTION_MS 300000 /* Flux's default of a timeout */
#define WORK_MS 420000 /* a fetch of the chart, and a comparison */
#define WAITS_MAX 4 /* timeouts in one action of Helm, as in worker/helm_actions.c */
#define LEAVING "leave" /* the requested revision of a request that uninstalls */

static void hr_run(const struct pass *, struct plan *);
static void hr_map_release(const struct view *, const struct object *, emit_key *, void *);
static void hr_map_chart(const struct view *, const struct object *, emit_key *, void *);
static void hr_map_nothing(const struct view *, const struct object *, emit_key *, void *);

static const struct controller_watch watches[] = {
	{ .type = &helm_release_type, .map = hr_map_release },
	{ .type = &helm_chart_type, .map = hr_map_chart },
	{ .type = &oci_repository_type, .map = hr_map_chart },
	/* A change of these is one of the HelmChart too. */
	{ .type = &helm_repository_type, .map = hr_map_nothing },
	{ .type = &git_repository_type, .map = hr_map_nothing },
};

const struct controller helm_release_controller = {
	.name = "helmrelease",
	.type = &helm_release_type,
	.watches = watches,
	.n_watches = ARRAY_SIZE(watches),
	.pass = hr_run,
	.memory = &flux_memory_type,
};

struct concern {
	const struct object *object;
	emit_key *emit;
	void *arg;
};

static const char *
hr_namespace_or(const char *ns, const struct object *o)
{
	return str_empty(ns) ? o->meta.namespace : ns;
}

static void
hr_of_dependency(const struct object *o, void *arg)
{
	const struct helm_release *h = (const struct helm_release *)o;
	struct concern *c = arg;

	for (size_t i = 0; i < h->spec.depends_on.n; i++)
		if (str_eq(h->spec.depends_on.at[i].name, c->object->meta.name) &&
		    str_eq(hr_namespace_or(h->spec.depends_on.at[i].namespace, o), c->object->meta.namespace))
			c->emit(o->meta.namespace, o->meta.name, c->arg);
}

/* Itself, and those that depend on it. */
static void
hr_map_release(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	emit(o->meta.namespace, o->meta.name, arg);
	v->each(v, &helm_release_type, NULL, hr_of_dependency, &(struct concern){ o, emit, arg });
}

static void
hr_of_chart(const struct object *o, void *arg)
{
	const struct helm_release *h = (const struct helm_release *)o;
	const struct helm_chart_ref *ref = h->spec.chart_ref;
	const struct object *object = ((struct concern *)arg)->object;
	const struct meta *chart = &object->meta;
	struct concern *c = arg;
	size_t n = strlen(o->meta.namespace);
	bool is;

	if (ref != NULL)
		is = str_eq(ref->kind, object->type->kind) && str_eq(ref->name, chart->name) &&
		     str_eq(hr_namespace_or(ref->namespace, o), chart->namespace);
	else
		is = object->type == &helm_chart_type && strncmp(chart->name, o->meta.namespace, n) == 0 &&
		     chart->name[n] == '-' && str_eq(chart->name + n + 1, o->meta.name);
	if (is)
		c->emit(o->meta.namespace, o->meta.name, c->arg);
}

static void
hr_map_chart(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	v->each(v, &helm_release_type, NULL, hr_of_chart, &(struct concern){ o, emit, arg });
}

static void
hr_map_nothing(const struct view *v, const struct object *o, emit_key *emit, void *arg)
{
	(void)v;
	(void)o;
	(void)emit;
	(void)arg;
}

/* Not ready, and tried again after `wait`, or (0) after the interval. */
static void
hr_fail(struct flux_pass *p, const struct helm_release *h, const char *reason, const char *message, int64_t wait)
{
	wait = wait > 0 ? wait : h->spec.interval.ms;
	flux_pass_not_ready(p, false, reason, message);
	flux_pass_condition(p, "Ready", CONDITION_FALSE, reason, message);
	flux_pass_condition(p, "Reconciling", CONDITION_TRUE, "ProgressingWithRetry", message);
	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
}

/* The longest of the timeouts, in ms. */
static int64_t
hr_timeout(const struct helm_release_spec *s)
{
	const int64_t all[] = { s->install != NULL ? s->install->timeout.ms : 0,
		s->upgrade != NULL ? s->upgrade->timeout.ms : 0, s->test != NULL ? s->test->timeout.ms : 0,
		s->rollback != NULL ? s->rollback->timeout.ms : 0,
		s->uninstall != NULL ? s->uninstall->timeout.ms : 0 };
	int64_t longest = s->timeout.ms > 0 ? s->timeout.ms : ACTION_MS;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] > longest)
			longest = all[i];
	return longest < HELM_TIMEOUT_MAX_MS ? longest : HELM_TIMEOUT_MAX_MS;
}

/* Returns the request's part about a release in this namespace. */
static struct worker_release
hr_worker_release(struct flux_pass *p, const struct helm_release *h, const char *name, const char *ns)
{
	const char *account = pass_settings(p->w.pass)->default_service_account, *own = p->w.object->meta.namespace,
		   *flux = p->w.status.storage_namespace;
	struct worker_release release = { .metadata = { .name = p->w.object->meta.name,
					      .namespace = p->w.object->meta.namespace },
		.generation = p->w.object->meta.generation,
		.spec = h->spec,
		.name = name,
		.namespace = ns,
		.elsewhere = !str_empty(flux) && !str_eq(flux, ns) ? flux
			     : !str_eq(own, ns)			   ? own
								   : NULL,
		.history = p->w.status.history,
		.attempts = p->w.status.attempts };

	/* The chart and its source are other parts of the request. */
	release.spec.chart = NULL;
	release.spec.chart_ref = NULL;
	release.attempts.revision = p->w.status.last_attempted_revision;
	if (account != NULL && str_empty(release.spec.service_account))
		release.spec.service_account = account;
	return release;
}

/* Requests that the worker uninstalls a release. */
static void
hr_request_uninstall(struct flux_pass *p, const struct helm_release *h, const char *name, const char *ns)
{
	const struct worker_release release = hr_worker_release(p, h, name, ns);
	const struct worker_repository none = { .url = "none" };

	flux_pass_request(p, LEAVING,
	    &(struct worker_request){ .release = &release, .repository = &none, .deleting = true },
	    WORK_MS + WAITS_MAX * hr_timeout(&h->spec), NULL);
}

/* Uninstalls a release. Returns true when it does not exist any more, or cannot ever be uninstalled, for the reason
 * *ret_kept (NULL: that is a failure); until then, requests its end and reports it. */
static bool
hr_uninstall(struct flux_pass *p, const struct helm_release *h, const char *name, const char *ns, const char **ret_kept)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const struct worker_release_result *result;
	const struct worker_response *response;
	struct request_failure failure = { 0 };
	int64_t wait;

	p->memory = p->w.memory;
	if (s != NULL && !s->done)
		return false;
	/* The response to an earlier request is about other things. */
	if (s == NULL || !str_eq(p->w.memory.requested.revision, LEAVING)) {
		/* The wait after another request is not one for the deletion. */
		if (s != NULL || p->w.memory.refresh_at <= p->w.now || !str_eq(p->w.memory.requested.revision, LEAVING))
			hr_request_uninstall(p, h, name, ns);
		else
			plan_wake(p->plan, p->w.memory.refresh_at);
		return false;
	}
	response = flux_pass_response(p, s, REQUEST_RESOURCES, &failure);
	result = response != NULL ? response->release : NULL;
	if (result != NULL && response->skipped != NULL && ret_kept == NULL) {
		failure.text = response->skipped;
		result = NULL;
	}
	if (result != NULL && result->action == HELM_ACTION_NONE) {
		if (response->skipped != NULL)
			*ret_kept = response->skipped;
		p->memory.failures = 0;
		p->memory.refresh_at = 0;
		return true;
	}
	if (result == NULL || result->failure != NULL) {
		const char *message =
		    result == NULL ? failure.text ?: "the worker's response has no release" : result->failure;

		flux_pass_not_ready(p, true, "UninstallFailed", message);
		flux_pass_condition(p, "Ready", CONDITION_FALSE, "UninstallFailed", message);
		wait = request_backoff(AGAIN_MS, ++p->memory.failures, RETRY_MS);
	} else {
		plan_status_event(p->plan, p->w.object, false, "UninstallSucceeded",
		    "Helm uninstall succeeded for release %s/%s", ns, name);
		wait = 1;
	}
	p->memory.refresh_at = p->w.now + wait;
	plan_wake(p->plan, p->w.now + wait);
	return false;
}

/* The name and namespace of the release that exists, or else of the one that is desired. */
static void
hr_existing(struct flux_pass *p, const struct helm_release *h, const char **ret_name, const char **ret_namespace)
{
	const struct helm_history *history = &p->w.status.history;

	*ret_name =
	    history->n > 0 ? history->at[0].name : helm_release_name(p->arena, &h->spec, p->w.object->meta.name);
	*ret_namespace =
	    history->n > 0 ? history->at[0].namespace : helm_release_namespace(&h->spec, p->w.object->meta.namespace);
}

/* Returns why the release would be uninstalled with rights that its user need not have; NULL: it would not. */
static const char *
hr_without_account(const struct flux_pass *p, const struct helm_release *h)
{
	const struct settings *s = pass_settings(p->w.pass);

	return s->no_cross_namespace_refs && str_empty(h->spec.service_account) && s->default_service_account == NULL
		   ? "spec.serviceAccountName must be set, as the controller has --no-cross-namespace-refs and no "
		     "--default-service-account"
		   : NULL;
}

/* Ends the HelmRelease. What is refused while it exists is not done on its deletion either: its release may be in
 * another cluster (spec.kubeConfig) or namespace, and the controller's own rights are not its user's. */
static void
hr_delete(struct flux_pass *p, const struct helm_release *h, const struct problem *problem)
{
	const char *name, *ns, *kept = NULL;

	if (!flux_pass_has_finalizer(p))
		return;
	hr_existing(p, h, &name, &ns);
	if (problem != NULL)
		kept = arena_printf(p->arena, "%s: %s", problem->path, problem->text);
	else
		kept = hr_without_account(p, h);
	/* As in Flux, a release of a suspended HelmRelease stays. */
	if (!h->spec.suspend && kept == NULL && !hr_uninstall(p, h, name, ns, &kept))
		return;
	hr_delete_chart(p);
	flux_pass_set_finalizer(p, false);
	if (!h->spec.suspend && kept != NULL)
		plan_event(p->plan, p->w.object, true, "UninstallSkipped",
		    "release %s/%s stays, uninstall it with helm: %s", ns, name, kept);
}

/* Returns the first dependency that is not ready, as Flux's message; NULL: all are. */
static const char *
hr_unready_dependency(struct flux_pass *p, const struct helm_release *h)
{
	for (size_t i = 0; i < h->spec.depends_on.n; i++) {
		const struct flux_object_ref *d = &h->spec.depends_on.at[i];
		const char *ns = hr_namespace_or(d->namespace, p->w.object), *why = NULL;
		const struct helm_release *other =
		    (const struct helm_release *)view_get(p->w.pass->view, &helm_release_type, ns, d->name);
		struct flux_status status = { 0 };

		if (other != NULL)
			decode_text(&flux_status_type, other->status, p->arena, &status);
		if (other == NULL)
			why = "not found";
		else if (flux_status_of(&status, "Ready") != CONDITION_TRUE ||
			 status.observed_generation != other->object.meta.generation)
			why = "is not ready";
		if (why != NULL)
			return arena_printf(p->arena, "dependency '%s/%s' %s", ns, d->name, why);
	}
	return NULL;
}

/* Returns why the object may not be reconciled where Sluice is set up for several tenants; NULL: it may. */
static const char *
hr_denied(struct flux_pass *p, const struct helm_release *h)
{
	const char *own = p->w.object->meta.namespace, *ns, *kind, *name;

	if (!pass_settings(p->w.pass)->no_cross_namespace_refs)
		return NULL;
	if (hr_without_account(p, h) != NULL)
		return hr_without_account(p, h);
	if (h->spec.chart != NULL) {
		kind = h->spec.chart->spec.source.kind;
		name = h->spec.chart->spec.source.name;
		ns = hr_namespace_or(h->spec.chart->spec.source.namespace, p->w.object);
	} else {
		kind = h->spec.chart_ref->kind;
		name = h->spec.chart_ref->name;
		ns = hr_namespace_or(h->spec.chart_ref->namespace, p->w.object);
	}
	for (size_t i = 0; str_eq(ns, own) && i < h->spec.depends_on.n; i++) {
		kind = helm_release_type.kind;
		name = h->spec.depends_on.at[i].name;
		ns = hr_namespace_or(h->spec.depends_on.at[i].namespace, p->w.object);
	}
	return str_eq(ns, own)
		   ? NULL
		   : arena_printf(p->arena, "can't access '%s/%s/%s', cross-namespace references have been blocked",
			 kind, ns, name);
}

/* Problems that the rows do not find. */
static bool
hr_problem(const struct helm_release *h, const char *ns, struct problem *ret)
{
	const struct helm_release_spec *s = &h->spec;

	if (!str_empty(s->storage_namespace) && !str_eq(s->storage_namespace, ns))
		*ret = (struct problem){ .path = "spec.storageNamespace",
			.text = "must be the namespace of the release: the program helm stores a release there" };
	else if ((s->chart != NULL) == (s->chart_ref != NULL))
		*ret = (struct problem){ .path = "spec", .text = "exactly one of chart and chartRef must be set" };
	else if (s->interval.ms <= 0)
		*ret = (struct problem){ .path = "spec.interval", .text = "must be longer than 0" };
	else
		return false;
	return true;
}

/* Returns whether an annotation requests something with the request to reconcile, and was not handled yet. */
static bool
hr_is_requested(const struct flux_pass *p, const char *annotation, const char *handled)
{
	const char *at = object_annotation(p->w.object, annotation);

	return at != NULL && str_eq(at, object_annotation(p->w.object, ANNOTATION_REQUESTED_AT)) &&
	       !str_eq(at, handled);
}

static bool
hr_is_forced(const struct flux_pass *p)
{
	return hr_is_requested(p, ANNOTATION_FORCE_AT, p->status.last_handled_force_at);
}

/* Requests the next action. */
static void
hr_request(struct flux_pass *p, const struct helm_release *h, const struct helm_chart *chart, const char *version,
    const char *name, const char *ns)
{
	struct worker_release release = hr_worker_release(p, h, name, ns);
	const struct held_revision held = held_revision_read(p->arena, p->w.object);
	struct worker_chart of;
	struct helm_source source;

	helm_source_find(p, &chart->spec, chart->object.meta.namespace, &source);
	if (source.missing != NULL) {
		hr_fail(p, h, "SourceNotReady", source.missing, DEPENDENCY_MS);
		return;
	}
	of = helm_source_chart(p->arena, chart, version);
	release.force = hr_is_forced(p);
	release.reset = hr_is_requested(p, ANNOTATION_RESET_AT, p->status.last_handled_reset_at);
	/* A user's request releases a held revision, and tries it again. */
	if (held.revision != NULL && flux_pass_is_requested(p))
		release.reset = true;
	else
		release.held = held.revision;
	flux_pass_request(p, version,
	    &(struct worker_request){ .release = &release, .chart = &of, .repository = &source.repository },
	    WORK_MS + WAITS_MAX * hr_timeout(&h->spec), source.url);
}

static void
hr_read_failure(struct flux_pass *p, const struct helm_release *h, const struct request_failure *why)
{
	const char *reason = why->type == NULL			    ? "ReconciliationFailed"
			     : str_eq(why->type, "ComparisonError") ? "ArtifactFailed"
								    : why->type;

	hr_fail(p, h, reason, why->text, request_backoff(RETRY_MS, p->w.memory.failures, h->spec.interval.ms));
	p->memory.failures = p->w.memory.failures + 1;
}

static void
hr_read_response(struct flux_pass *p, const struct helm_release *h, const char *ns, const struct seen_query *s)
{
	const struct flux_requested requested = p->w.memory.requested;
	struct request_failure failure = { .text = "the worker's response has no release", .may_pass = true };
	const struct worker_response *response = flux_pass_response(p, s, REQUEST_RESOURCES, &failure);
	const struct worker_release_result *result = response != NULL ? response->release : NULL;
	int64_t wait;

	if (str_eq(requested.revision, LEAVING)) {
		p->memory.refreshed_at = 0;
		plan_wake(p->plan, p->w.now + 1);
		return;
	}
	if (result == NULL) {
		flux_pass_handled(p, &requested);
		hr_read_failure(p, h, &failure);
		return;
	}
	p->status.storage_namespace = ns;
	wait = hr_read_result(p, h, result, response);
	flux_pass_handled(p, &requested);
	flux_pass_warn(p, response, "SettingsWarning", "NoEffect");
	p->memory.failures = 0;
	if ((result->action == HELM_ACTION_INSTALL || result->action == HELM_ACTION_UPGRADE) && hr_is_forced(p))
		p->status.last_handled_force_at = requested.requested_at;
	if (hr_is_requested(p, ANNOTATION_RESET_AT, p->status.last_handled_reset_at))
		p->status.last_handled_reset_at = requested.requested_at;
	p->memory.refresh_at = wait > 0 ? p->w.now + wait : 0;
	plan_wake(p->plan, p->w.now + (wait > 0 ? wait : h->spec.interval.ms));
	/* A request that came while the worker ran must not wait for the interval. */
	if (flux_pass_is_requested(p))
		plan_wake(p->plan, p->w.now + AGAIN_MS);
}

/* The version of the chart that is to be released; NULL: the chart's object, of this kind, is not ready, and *ret_why
 * is the message. */
static const char *
hr_version(struct flux_pass *p, const char *kind, const struct helm_chart *chart, const char *ns, const char *name,
    const char **ret_why)
{
	struct flux_status status = { 0 };
	const struct flux_condition *ready, *stored;
	const char *why = NULL;

	if (chart == NULL) {
		*ret_why = arena_printf(p->arena, "%s '%s/%s' is not ready: it does not exist", kind, ns, name);
		return NULL;
	}
	decode_text(&flux_status_type, chart->status, p->arena, &status);
	ready = flux_status_condition(&status, "Ready");
	/* Where a fetch fails, the artifact stays; it counts if it is of the current spec. */
	stored = flux_status_condition(&status, "ArtifactInStorage");
	if (status.observed_generation != chart->object.meta.generation)
		why = "latest generation of object has not been reconciled";
	else if (flux_status_of(&status, "Stalled") == CONDITION_TRUE || status.artifact == NULL || stored == NULL ||
		 stored->observed_generation != chart->object.meta.generation)
		why = ready != NULL && ready->message != NULL ? ready->message : "it has no artifact";
	if (why == NULL)
		return status.artifact->revision;
	*ret_why = arena_printf(p->arena, "%s '%s/%s' is not ready: %s", kind, ns, name, why);
	return NULL;
}

/* Returns the version to release; NULL: it waits, for *ret_reason and *ret_why. Dependencies precede the chart, as in
 * Flux: what a release depends on may be what makes its source reachable. */
static const char *
hr_next_version(struct flux_pass *p, const struct helm_release *h, const struct helm_chart **ret_chart,
    const char **ret_reason, const char **ret_why)
{
	const char *ns, *name;
	const struct helm_chart *chart = hr_chart(p, h, &ns, &name);

	*ret_chart = chart;
	*ret_reason = "DependencyNotReady";
	if ((*ret_why = hr_unready_dependency(p, h)) != NULL)
		return NULL;
	*ret_reason = "SourceNotReady";
	if (h->spec.chart == NULL || chart == NULL || hr_owns_chart(h, &chart->object))
		return hr_version(p, h->spec.chart_ref != NULL ? h->spec.chart_ref->kind : helm_chart_type.kind, chart,
		    ns, name, ret_why);
	*ret_why = arena_printf(p->arena,
	    "HelmChart '%s/%s' belongs to another HelmRelease or user: delete it, or rename this HelmRelease", ns,
	    name);
	return NULL;
}

static int64_t
hr_due_at(const struct flux_pass *p, const struct helm_release *h, const char *version)
{
	int64_t due = flux_pass_due(p, h->spec.interval.ms), again = p->w.memory.refresh_at;

	if (due == 0)
		return 0;
	if (again > 0 && again < due)
		due = again;
	if (flux_pass_is_requested(p) || hr_is_forced(p) ||
	    p->w.memory.requested.generation != p->w.object->meta.generation ||
	    !str_eq(p->w.memory.requested.revision, version))
		due = p->w.memory.refreshed_at + AGAIN_MS < due ? p->w.memory.refreshed_at + AGAIN_MS : due;
	return due;
}

/* Requests the next action when it is due. */
static void
hr_reconcile(struct flux_pass *p, const struct helm_release *h, const char *name, const char *ns)
{
	const struct seen_query *s = request_sent(p->w.pass);
	const char *reason, *why = NULL, *version;
	const struct helm_chart *chart;
	int64_t due;

	p->memory = p->w.memory;
	hr_write_chart(p, h);
	if (s != NULL && !s->done)
		return;
	if (s != NULL) {
		hr_read_response(p, h, ns, s);
		return;
	}
	version = hr_next_version(p, h, &chart, &reason, &why);
	if (version == NULL) {
		flux_pass_handled(p, NULL);
		hr_fail(p, h, reason, why, DEPENDENCY_MS);
		/* A change of either causes a pass. */
		p->memory.refresh_at = 0;
		p->memory.refreshed_at = 0;
		return;
	}
	if (p->w.pass->seen->failure != NULL) {
		p->memory.refresh_at = p->w.now + RETRY_MS;
		plan_wake(p->plan, p->w.now + RETRY_MS);
	}
	due = hr_due_at(p, h, version);
	if (due <= p->w.now)
		hr_request(p, h, chart, version, name, ns);
	else
		plan_wake(p->plan, due);
}

static void
hr_decide(struct flux_pass *p, const struct helm_release *h)
{
	const struct problem *problem = object_problem(&h->object, "spec");
	const struct helm_history *history = &p->w.status.history;
	const char *name = helm_release_name(p->arena, &h->spec, p->w.object->meta.name),
		   *ns = helm_release_namespace(&h->spec, p->w.object->meta.namespace), *denied;
	struct problem own;

	if (problem == NULL && hr_problem(h, ns, &own))
		problem = &own;
	if (h->object.meta.deletion_timestamp != 0) {
		hr_delete(p, h, problem);
		return;
	}
	if (h->spec.suspend)
		return;
	if (problem != NULL) {
		flux_pass_invalid_spec(p, problem);
		return;
	}
	if ((denied = hr_denied(p, h)) != NULL) {
		flux_pass_access_denied(p, denied);
		return;
	}
	if (!flux_pass_has_finalizer(p)) {
		flux_pass_set_finalizer(p, true);
		return;
	}
	/* A release that has another name or namespace now is another release: the former one is uninstalled. */
	if (history->n > 0 && (!str_eq(history->at[0].name, name) || !str_eq(history->at[0].namespace, ns))) {
		if (!hr_uninstall(p, h, history->at[0].name, history->at[0].namespace, NULL))
			return;
		p->status.history = (struct helm_history){ 0 };
		p->status.attempts = (struct helm_attempts){ 0 };
		plan_wake(p->plan, p->w.now + 1);
		return;
	}
	hr_reconcile(p, h, name, ns);
}

static void
hr_run(const struct pass *pass, struct plan *plan)
{
	const struct helm_release *h =
	    (const struct helm_release *)view_get(pass->view, &helm_release_type, pass->namespace, pass->name);
	struct flux_pass p;

	if (h == NULL)
		return;
	p = flux_pass_begin(pass, &h->object, plan, h->status);
	hr_decide(&p, h);
	flux_pass_end(&p);
}
