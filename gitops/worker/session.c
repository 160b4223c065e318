/* gitops/worker/session.c: the stages of one look at an application: settings, commit, kinds, what is live, what only a dry run can say. */
#include "gitops/worker/session_parts.h"
#include <string.h>
#include <strings.h>
#include "gitops/argocd/source_override.h"
#include "gitops/source/location.h"
#include "gitops/source/secret_keys.h"
#include "kube/api/secret.h"

#define FETCH_MS 60000

/* --- calls --------------------------------------------------------------------------------------------------------- */

/* Starts what may be under way. */
static void
pump(struct work *w)
{
	while (w->in_flight < WORK_CALLS_MAX && w->next < w->n_calls && w->error == NULL)
		if (w->start(w, w->next++))
			w->in_flight++;
	if (w->in_flight > 0)
		return;
	if (w->error != NULL)
		work_end(w);
	else
		w->finished(w);
}

void
work_run(struct work *w, size_t n, bool (*start)(struct work *, size_t i), void (*finished)(struct work *))
{
	w->calls = arena_new_array(w->arena, struct work_call, n + 1);
	for (size_t i = 0; i < n; i++)
		w->calls[i] = (struct work_call){ w, i, NULL };
	w->n_calls = n;
	w->next = w->in_flight = 0;
	w->start = start;
	w->finished = finished;
	pump(w);
}

struct work_call *
work_call_of(struct work *w, size_t i)
{
	return &w->calls[i];
}

void
work_call_over(struct work_call *c)
{
	c->call = NULL;
	c->work->in_flight--;
	pump(c->work);
}

void
work_fail(struct work *w, const char *type, const struct err *e)
{
	if (w->error != NULL)
		return;
	w->error_type = type;
	w->error = err_copy(w->arena, e);
}

static void
after_dry_runs(struct work *w)
{
	if (w->ks != NULL && !work_is_announced(w)) {
		w->step = (struct sync_step){ .phase = "Running", .message = "writing down what is to be applied" };
		work_end(w);
	} else if (w->syncing) {
		work_sync(w);
	} else {
		work_end(w);
	}
}

/* --- what is live -------------------------------------------------------------------------------------------------- */

static void
on_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	struct work_call *c = arg;

	if (c->work->error != NULL)
		return;
	if (unreadable != NULL)
		work_see_unreadable(c->work, &c->work->scopes.at[c->number], item, unreadable);
	else
		work_see(c->work, &c->work->scopes.at[c->number], item);
}

static void
on_listed(void *arg, const struct err *e, const json_t *list)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	const struct work_scope *s = &w->scopes.at[c->number];

	(void)list;
	/* A kind that was there is not any more, and neither are its objects. */
	if (e != NULL && e->class != ERR_GONE)
		work_fail(w, "ComparisonError",
		    err_wrap(w->arena, err_copy(w->arena, e), "%s in %s", s->kind->plural,
			s->namespace != NULL ? s->namespace : "the cluster"));
	work_call_over(c);
}

/* The Rollouts come first: of what else is there, they own a part. */
static bool
start_rollouts(struct work *w, size_t i)
{
	const struct work_scope *s = &w->scopes.at[i];
	struct work_call *c = work_call_of(w, i);

	c->call = client_list(w->target, kind_path(w->arena, s->kind, s->namespace, NULL), on_item, on_listed, c);
	return true;
}

static bool
start_list(struct work *w, size_t i)
{
	return i >= w->n_rollout_scopes && start_rollouts(w, i);
}

static void after_lists(struct work *);

static void
after_rollouts(struct work *w)
{
	work_run(w, w->scopes.n, start_list, after_lists);
}

/* Its objects may be a rollout's in part. */
static bool
is_shared(const struct api_kind *k)
{
	static const char *const kinds[] = { "Service", "VirtualService", "DestinationRule", "Deployment", "Rollout" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(k->kind, kinds[i]) == 0)
			return true;
	return false;
}

/* What was wanted and was not seen is missing. */
static void
after_lists(struct work *w)
{
	for (size_t i = 0; i < w->resources.n; i++) {
		struct app_resource *r = &w->resources.at[i];

		if (r->manifest != NULL && is_shared(&r->kind) && !r->unreadable)
			work_leave_unread(w, r);
		if (r->live || r->hooks != 0 || r->skip)
			continue;
		r->status = SYNC_OUT_OF_SYNC;
		r->health = HEALTH_MISSING;
	}
	work_run(w, w->resources.n, work_dry_run, after_dry_runs);
}

static void
add_scope(struct work *w, const struct api_kind *k, const char *ns)
{
	for (size_t i = 0; i < w->scopes.n; i++)
		if (strcmp(w->scopes.at[i].kind->plural, k->plural) == 0 &&
		    strcmp(w->scopes.at[i].kind->group, k->group) == 0 && str_eq(w->scopes.at[i].namespace, ns))
			return;
	w->scopes.at[w->scopes.n++] = (struct work_scope){ k, ns };
}

static void
add_rollout_scopes(struct work *w)
{
	static const struct api_kind rollouts = { "argoproj.io", "v1alpha1", "Rollout", "rollouts", false };

	for (size_t i = 0; i < w->resources.n; i++)
		if (is_shared(&w->resources.at[i].kind))
			add_scope(w, &rollouts, w->resources.at[i].namespace);
	w->n_rollout_scopes = w->scopes.n;
}

static struct work_kind *
kind_of(struct work *w, const char *group, const char *kind)
{
	for (size_t i = 0; i < w->kinds.n; i++)
		if (strcmp(w->kinds.at[i].kind.group, group) == 0 && strcmp(w->kinds.at[i].kind.kind, kind) == 0)
			return &w->kinds.at[i];
	return NULL;
}

/* An object of a kind that the API server does not know: it may be known once the rest is applied. */
static struct err *
want_unknown(struct work *w, const struct manifest *m, const struct work_kind *k)
{
	struct app_resource *r;
	struct err *e = resources_want(&w->resources, w->arena, m, &k->kind, w->default_namespace, &w->mark, "");
	const char *skip;

	if (e != NULL)
		return e;
	r = resources_find(
	    &w->resources, &k->kind, m->namespace != NULL ? m->namespace : w->default_namespace, m->name);
	skip = r != NULL ? sync_option(w->arena, &w->operation, r, OPTION_SKIP_DRY_RUN_ON_MISSING_RESOURCE) : NULL;
	if (r != NULL && !str_eq(skip, "true"))
		r->error = arena_printf(w->arena, "%s: %s %s: %s", m->file, m->kind,
		    m->name != NULL ? m->name : m->generate_name, k->error);
	return NULL;
}

/* The kind is defined by the commit itself. */
static bool
is_defined(struct work *w, const struct api_kind *k)
{
	for (size_t i = 0; i < w->manifests.n; i++) {
		const struct manifest *d = &w->manifests.at[i];
		_cleanup_(json_decrefp) json_t *object = NULL;
		const json_t *spec;

		if (strcmp(d->kind, "CustomResourceDefinition") != 0)
			continue;
		object = json_loads(d->text, 0, NULL);
		spec = json_object_get(object, "spec");
		if (str_eq(json_str(spec, "group"), k->group) &&
		    str_eq(json_str(json_object_get(spec, "names"), "kind"), k->kind))
			return true;
	}
	return false;
}

/* CreateNamespace=true: the destination's namespace is made, though Git does not name it. */
static void
want_namespace(struct work *w)
{
	static const struct api_kind kind = { "", "v1", "Namespace", "namespaces", true };
	const struct namespace_metadata *meta = w->app != NULL ? w->app->spec.sync_policy.managed_namespace : NULL;
	const char *name = w->default_namespace;
	_cleanup_(json_decrefp) json_t *object = NULL;
	struct app_resource *r;

	if (str_empty(name) || !str_eq(sync_option(w->arena, &w->operation, NULL, OPTION_CREATE_NAMESPACE), "true") ||
	    resources_find(&w->resources, &kind, NULL, name) != NULL)
		return;
	object = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", name);
	if (meta != NULL && meta->labels.n > 0)
		json_object_set_new(json_object_get(object, "metadata"), "labels", string_map_encode(&meta->labels));
	if (meta != NULL && meta->annotations.n > 0)
		json_object_set_new(
		    json_object_get(object, "metadata"), "annotations", string_map_encode(&meta->annotations));
	r = resources_add(&w->resources, &kind, NULL, name);
	r->implicit = true;
	r->text = json_text(w->arena, object);
}

bool
work_is_permitted(const struct work *w, const struct api_kind *k, const char *ns, const char *name)
{
	return w->project == NULL ||
	       (project_permits_kind(w->project, k->group, k->kind, name, k->cluster_scoped) &&
		   (k->cluster_scoped || project_permits_namespace(w->project, &w->destination, ns != NULL ? ns : "")));
}

/* What the project does not allow is an error of its object. */
static void
check_permissions(struct work *w)
{
	for (size_t i = 0; i < w->resources.n; i++) {
		struct app_resource *r = &w->resources.at[i];
		const char *why = work_is_managed(w, r);

		if (why != NULL)
			r->error =
			    arena_printf(w->arena, "%s: %s %s: %s", r->manifest->file, r->kind.kind, r->name, why);
		if (!work_is_permitted(w, &r->kind, r->namespace, r->name))
			r->error =
			    arena_printf(w->arena, "%s: %s %s: resource %s:%s%s%s is not permitted in project %s",
				r->manifest->file, r->kind.kind, r->name, r->kind.group, r->kind.kind,
				r->namespace != NULL ? " in namespace " : "", r->namespace != NULL ? r->namespace : "",
				w->project->object.meta.name);
	}
}

/* What is asked for but for these: {"NS/NAME": why} of Rollouts. */
static void
hold_back(struct work *w)
{
	for (size_t i = 0; i < w->resources.n; i++) {
		struct app_resource *r = &w->resources.at[i];

		if (strcmp(r->kind.kind, "Rollout") == 0 && strcmp(r->kind.group, "argoproj.io") == 0)
			r->held = string_map_get(
				      &w->request.held, held_revision_key(w->arena, r->namespace, r->name)) != NULL;
	}
}

static void
want_all(struct work *w)
{
	size_t i, n = 2 * w->manifests.n + w->request.known.n + 2;

	w->scopes.at = arena_new_array(w->arena, struct work_scope, n);
	for (i = 0; i < w->manifests.n; i++) {
		const struct manifest *m = &w->manifests.at[i];
		const struct work_kind *k = kind_of(w, m->group, m->kind);
		const char *suffix =
		    arena_printf(w->arena, "%.7s-%s", w->revision, w->operation.id != NULL ? w->operation.id : "0");
		struct err *e;

		if (k->error != NULL)
			e = want_unknown(w, m, k);
		else
			e = resources_want(
			    &w->resources, w->arena, m, &k->kind, w->default_namespace, &w->mark, suffix);
		if (e != NULL) {
			work_fail(w, "ComparisonError", e);
			return;
		}
	}
	check_permissions(w);
	hold_back(w);
	want_namespace(w);
	add_rollout_scopes(w);
	for (i = 0; i < w->resources.n; i++) {
		const struct work_kind *k = kind_of(w, w->resources.at[i].kind.group, w->resources.at[i].kind.kind);

		if (k == NULL || k->error == NULL)
			add_scope(w, &w->resources.at[i].kind, w->resources.at[i].namespace);
	}
	for (i = 0; i < w->request.known.n; i++) {
		const struct worker_object *known = &w->request.known.at[i];
		const struct work_kind *k = kind_of(w, known->group ?: "", known->kind ?: "");

		if (k != NULL && k->error == NULL)
			add_scope(w, &k->kind, k->kind.cluster_scoped ? NULL : known->namespace);
	}
}

/* --- kinds --------------------------------------------------------------------------------------------------------- */

static void
on_kinds(void *arg, const struct err *e, const json_t *body)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	struct work_kind *k = &w->kinds.at[c->number];

	if (e != NULL && e->class != ERR_GONE)
		work_fail(w, "ComparisonError",
		    err_wrap(w->arena, err_copy(w->arena, e), "asking for the kinds of %s/%s", k->kind.group,
			k->kind.version));
	else if (e != NULL || !kind_listed(w->arena, body, k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		k->error = arena_printf(
		    w->arena, "the API server knows no kind %s in %s/%s", k->kind.kind, k->kind.group, k->kind.version);
	work_call_over(c);
}

static bool
start_kind(struct work *w, size_t i)
{
	struct work_kind *k = &w->kinds.at[i];
	struct work_call *c = work_call_of(w, i);

	if (kind_builtin(k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		return false;
	c->call =
	    client_call(w->target, "GET", kind_root(w->arena, k->kind.group, k->kind.version), NULL, NULL, on_kinds, c);
	return true;
}

static void
after_kinds(struct work *w)
{
	for (size_t i = 0; i < w->kinds.n; i++) {
		struct work_kind *k = &w->kinds.at[i];

		if (k->error == NULL || !is_defined(w, &k->kind))
			continue;
		/* Its definition is applied first; until then nothing of it can be there, nor be tried. */
		k->error = NULL;
		k->kind.plural = "";
	}
	want_all(w);
	if (w->error == NULL) {
		size_t n = 0;

		for (size_t i = 0; i < w->scopes.n; i++)
			if (w->scopes.at[i].kind->plural != NULL && w->scopes.at[i].kind->plural[0] != '\0')
				w->scopes.at[n++] = w->scopes.at[i];
		w->scopes.n = n;
	}
	work_run(w, w->error != NULL ? 0 : w->n_rollout_scopes, start_rollouts, after_rollouts);
}

static void
add_kind(struct work *w, const char *group, const char *version, const char *kind)
{
	if (kind_of(w, group, kind) == NULL)
		w->kinds.at[w->kinds.n++] =
		    (struct work_kind){ .kind = { .group = group, .version = version, .kind = kind } };
}

static bool
is_excluded(const struct work *w, const char *group, const char *kind)
{
	return w->app != NULL && settings_exclude(&w->settings, group, kind, w->destination.server);
}

/* resource.exclusions: as if Git did not have them. */
static void
leave_out_excluded(struct work *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->manifests.n; i++) {
		const struct manifest *m = &w->manifests.at[i];

		if (is_excluded(w, m->group, m->kind))
			resources_warn(&w->resources, "ExcludedResourceWarning",
			    arena_printf(w->arena, "Resource %s/%s %s is excluded in the settings", m->group, m->kind,
				m->name != NULL ? m->name : m->generate_name));
		else
			w->manifests.at[n++] = *m;
	}
	w->manifests.n = n;
}

static void
find_kinds(struct work *w)
{
	size_t i;

	leave_out_excluded(w);
	w->kinds.at = arena_new_array(w->arena, struct work_kind, w->manifests.n + w->request.known.n + 1);
	for (i = 0; i < w->manifests.n; i++)
		add_kind(w, w->manifests.at[i].group, w->manifests.at[i].version, w->manifests.at[i].kind);
	for (i = 0; i < w->request.known.n; i++) {
		const struct worker_object *known = &w->request.known.at[i];

		if (known->kind != NULL && known->version != NULL && !is_excluded(w, known->group ?: "", known->kind))
			add_kind(w, known->group ?: "", known->version, known->kind);
	}
	work_run(w, w->kinds.n, start_kind, after_kinds);
}

/* --- the commit ---------------------------------------------------------------------------------------------------- */

/* The destination, if there is such a cluster and the project allows it. */
static struct err *
find_cluster(struct work *w)
{
	struct err *e = work_reach_cluster(w);

	if (e != NULL && w->cluster == NULL && w->unread_cluster != NULL)
		return err_wrap(w->arena, e, "%s", w->unread_cluster);
	/* What was in a cluster that nobody names any more, nobody will find. */
	if (e != NULL && w->deleting && w->cluster == NULL) {
		w->target = w->api;
		w->request.known.n = 0;
		return NULL;
	}
	if (e == NULL && w->project != NULL && !w->deleting)
		e = project_check(w->arena, w->project, w->app, &w->destination, w->namespace);
	return e;
}

/* The commit, or the chart. */
static struct err *
open_chart(struct work *w, struct work_source *s)
{
	struct application_source chart = *s->spec;

	if (s->keys.n > 0)
		return err_new(w->arena, ERR_INVALID,
		    "project %s: signatureKeys: charts of a Helm repository are not signed",
		    w->project->object.meta.name);
	if (s->pinned != NULL)
		chart.target_revision = s->pinned;
	return helm_pull(w->arena, &w->helm, &chart, &s->credentials, &s->revision, &s->tree);
}

static struct err *
open_commit(struct work *w, struct work_source *s)
{
	struct source_request *r = arena_alloc(w->arena, sizeof(*r));

	*r = (struct source_request){ .url = s->url,
		.revision = s->pinned != NULL ? s->pinned : s->target_revision,
		.credentials = s->credentials,
		.keys = s->keys,
		.timeout_ms = FETCH_MS };
	if (r->credentials.known_hosts == NULL)
		r->credentials.known_hosts = w->known_hosts;
	return w->source->open(w->source, w->arena, r, &s->revision, &s->reference, &s->tree);
}

static struct err *
open_source(struct work *w, struct work_source *s)
{
	return s->spec != NULL && s->spec->chart != NULL ? open_chart(w, s) : open_commit(w, s);
}

static struct err *
render_chart(struct work *w, const struct work_source *s, const char *directory)
{
	struct helm_ref *refs = arena_new_array(w->arena, struct helm_ref, w->sources.n);
	struct helm_chart c = { .source = s->spec,
		.release = w->name,
		.namespace = w->default_namespace,
		.tree = &s->tree,
		.directory = directory,
		.refs = refs };

	for (size_t i = 0; i < w->sources.n; i++)
		if (!str_empty(w->sources.at[i].spec->ref))
			refs[c.n_refs++] = (struct helm_ref){ w->sources.at[i].spec->ref, &w->sources.at[i].tree };
	return helm_render(w->arena, &w->helm, &c, &w->manifests);
}

/* A source that is there for others' value files alone makes nothing. */
static bool
is_reference(const struct application_source *s)
{
	return !str_empty(s->ref) && str_empty(s->path) && s->chart == NULL;
}

static struct err *
render(struct work *w, struct work_source *s)
{
	enum source_type type;
	const char *directory;
	struct err *e;

	if (is_reference(s->spec))
		return NULL;
	if ((e = source_override(w->arena, &s->tree, s->spec, w->mark.application, &s->spec)) != NULL ||
	    (e = render_type(&s->tree, w->arena, s->spec, &type, &directory)) != NULL)
		return e;
	w->source_type = type;
	return type == SOURCE_HELM ? render_chart(w, s, directory)
				   : render_source(&s->tree, w->arena, s->spec, type, directory, &w->manifests);
}

/* All sources, and what they make together. */
static struct err *
open_and_render(struct work *w)
{
	struct err *e = NULL;

	for (size_t i = 0; i < w->sources.n; i++) {
		struct work_source *s = &w->sources.at[i];

		if ((e = open_source(w, s)) != NULL && s->likeness < SIZE_MAX && w->unread_repository != NULL)
			e = err_wrap(w->arena, e, "%s", w->unread_repository);
		if (e != NULL && s->problem != NULL)
			e = err_wrap(w->arena, e, "%s", s->problem);
		if (e != NULL)
			return s->spec != NULL ? err_wrap(w->arena, e, "%s", s->where) : e;
		w->revision = i == 0 ? s->revision : arena_printf(w->arena, "%s,%s", w->revision, s->revision);
	}
	if (w->ks != NULL)
		return work_flux_render(w, &w->sources.at[0].tree);
	for (size_t i = 0; w->app != NULL && i < w->sources.n && e == NULL; i++)
		if ((e = render(w, &w->sources.at[i])) != NULL)
			e = err_wrap(w->arena, e, "%s", w->sources.at[i].where);
	return e;
}

static void
fetch(struct work *w)
{
	struct err *e;

	w->manifests.arena = w->arena;
	if (w->app != NULL && (e = find_cluster(w)) != NULL) {
		work_fail(w, "InvalidSpecError", e);
		work_end(w);
		return;
	}
	/* Of an application that goes nothing is wanted any more, whatever Git says. */
	if (w->deleting) {
		find_kinds(w);
		return;
	}
	if ((e = open_and_render(w)) == NULL)
		work_check_rules(w);
	else
		work_fail(w, "ComparisonError", e);
	if (w->error != NULL || (w->app == NULL && w->ks == NULL))
		work_end(w);
	else
		find_kinds(w);
}

/* --- settings and credentials -------------------------------------------------------------------------------------- */

const char *
work_secret(struct work *w, const json_t *secret, const char *key)
{
	return secret_text(w->arena, json_object_get(secret, "data"), key);
}

/* A repository's own Secret, or else that of the longest part of its URL. */
static void
offer(struct work *w, struct work_source *s, const json_t *secret, const char *type, const char *of)
{
	const char *project = work_secret(w, secret, "project");
	size_t likeness = 0;

	/* One that is a project's is for that project's Applications alone. */
	if (!str_empty(project) && w->app != NULL &&
	    !str_eq(project, str_empty(w->app->spec.project) ? "default" : w->app->spec.project))
		return;
	if (str_eq(type, "repository") && location_is_same(w->arena, of, s->url))
		likeness = SIZE_MAX;
	else if (str_eq(type, "repo-creds"))
		likeness = location_below(w->arena, of, s->url);
	if (likeness <= s->likeness)
		return;
	s->likeness = likeness;
	s->problem = secret_keys_problem(w->arena, secret, SECRET_KEYS_ARGOCD);
	s->credentials = (struct source_credentials){ .username = work_secret(w, secret, "username"),
		.password = work_secret(w, secret, "password"),
		.bearer_token = work_secret(w, secret, "bearerToken"),
		.ssh_key = work_secret(w, secret, "sshPrivateKey"),
		.ca = work_secret(w, secret, "tlsClientCaData"),
		.insecure = str_eq(work_secret(w, secret, "insecure"), "true") ||
			    str_eq(work_secret(w, secret, "insecureIgnoreHostKey"), "true"),
		.proxy = work_secret(w, secret, "proxy") };
}

/* Each Secret's keys without effect, once. */
void
work_warn_of_secrets(struct work *w)
{
	for (size_t i = 0; i < w->sources.n; i++) {
		const char *problem = w->sources.at[i].problem;

		for (size_t k = 0; k < i; k++)
			problem = str_eq(w->sources.at[k].problem, problem) ? NULL : problem;
		if (problem != NULL)
			resources_warn(&w->resources, "SettingsWarning", problem);
	}
}

/* What it is for stands in the part that cannot be read. */
static void
see_unread_secret(struct work *w, const json_t *secret, const char *type, const char *why)
{
	const char *problem = item_problem(w->arena, "Secret", w->namespace, item_name(secret), why);

	resources_warn(&w->resources, "UnreadableObject", problem);
	if (!str_eq(type, "cluster"))
		w->unread_repository = problem;
	if (type == NULL || str_eq(type, "cluster"))
		w->unread_cluster = problem;
}

static void
on_settings_secret(void *arg, const json_t *secret, const struct unreadable *unreadable)
{
	struct work *w = ((struct work_call *)arg)->work;
	const char *type =
	    json_str(json_object_get(json_object_get(secret, "metadata"), "labels"), "argocd.argoproj.io/secret-type");
	const char *of;

	if (unreadable != NULL) {
		see_unread_secret(w, secret, type, unreadable->why);
		return;
	}
	of = work_secret(w, secret, "url");
	if (str_eq(type, "cluster"))
		work_see_cluster(w, secret);
	for (size_t k = 0; of != NULL && k < w->sources.n; k++)
		offer(w, &w->sources.at[k], secret, type, of);
}

static void
on_secrets(void *arg, const struct err *e, const json_t *list)
{
	struct work_call *c = arg;
	struct work *w = c->work;

	(void)list;
	/* Who may not read Secrets has none: the repository then says whether it wants any. Which cluster it is, nothing else says. */
	if (e != NULL && w->app != NULL && w->target == NULL)
		work_fail(w, "ComparisonError", err_wrap(w->arena, err_copy(w->arena, e), "Secrets of clusters"));
	work_warn_of_secrets(w);
	work_call_over(c);
}

static void
on_settings(void *arg, const struct err *e, const json_t *map)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	const json_t *data = e == NULL ? json_object_get(map, "data") : NULL;
	struct err *wrong = settings_read(w->arena, data, &w->settings);

	/* It may be there: without it what it excludes would be applied, and what it ignores set right. */
	if (e != NULL && e->class == ERR_AGAIN)
		wrong = err_wrap(w->arena, err_copy(w->arena, e), "argocd-cm");
	if (wrong != NULL) {
		work_fail(w, "ComparisonError", wrong);
	} else {
		w->mark.annotation = w->settings.by_annotation;
		w->mark.label = w->settings.label;
	}
	if (wrong == NULL && w->settings.problem != NULL)
		resources_warn(&w->resources, "SettingsWarning", w->settings.problem);
	work_call_over(c);
}

static void
on_known_hosts(void *arg, const struct err *e, const json_t *map)
{
	struct work_call *c = arg;

	if (e == NULL)
		c->work->known_hosts =
		    arena_strdup(c->work->arena, json_str(json_object_get(map, "data"), "ssh_known_hosts"));
	work_call_over(c);
}

static bool
is_signer(const struct app_project *p, const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < p->spec.signature_keys.n; i++) {
		const char *said = p->spec.signature_keys.at[i].id;
		size_t len = said != NULL ? strlen(said) : 0;

		/* Longer ones, as far as fingerprints, end with it. */
		if (len >= 8 && n >= 8 && strcasecmp(said + (len > n ? len - n : 0), id + (n > len ? n - len : 0)) == 0)
			return true;
	}
	return false;
}

/* The keys that the project lets sign: of all that there are. */
static void
on_signers(void *arg, const struct err *e, const json_t *map)
{
	struct work_call *c = arg;
	struct work *w = c->work;
	json_t *data = e == NULL ? json_object_get(map, "data") : NULL, *v;
	struct strings keys = { .at = arena_new_array(w->arena, const char *, json_object_size(data) + 1) };
	const char *id;

	json_object_foreach (data, id, v)
		if (json_is_string(v) && is_signer(w->project, id))
			keys.at[keys.n++] = arena_strdup(w->arena, json_string_value(v));
	if (keys.n == 0)
		work_fail(w, "ComparisonError",
		    err_new(w->arena, ERR_INVALID,
			"project %s: signatureKeys: the ConfigMap argocd-gpg-keys-cm has none of these keys",
			w->project->object.meta.name));
	for (size_t i = 0; i < w->sources.n; i++)
		w->sources.at[i].keys = keys;
	work_call_over(c);
}

static size_t
settings_calls(const struct work *w)
{
	return w->project != NULL && w->project->spec.signature_keys.n > 0 && !w->deleting ? 4 : 3;
}

/* What is not there, or must not be read, says nothing. */
static bool
start_settings(struct work *w, size_t i)
{
	struct work_call *c = work_call_of(w, i);
	const char *maps = arena_printf(w->arena, "/api/v1/namespaces/%s/configmaps", w->namespace);

	c->call = i == 0 ? client_call(
			       w->api, "GET", arena_printf(w->arena, "%s/argocd-cm", maps), NULL, NULL, on_settings, c)
		  : i == 1 ? client_call(w->api, "GET", arena_printf(w->arena, "%s/argocd-ssh-known-hosts-cm", maps),
				 NULL, NULL, on_known_hosts, c)
		  : i == 3 ? client_call(w->api, "GET", arena_printf(w->arena, "%s/argocd-gpg-keys-cm", maps), NULL,
				 NULL, on_signers, c)
			   : client_list(w->api,
				 arena_printf(w->arena, "/api/v1/namespaces/%s/secrets?labelSelector=%s", w->namespace,
				     "argocd.argoproj.io%2Fsecret-type%20in%20%28repository%2Crepo-creds%2Ccluster%29"),
				 on_settings_secret, on_secrets, c);
	return true;
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

static bool
has_scripts(const struct application *app)
{
	for (size_t i = 0; i < app->spec.ignore_differences.n; i++)
		if (app->spec.ignore_differences.at[i].jq_paths.n > 0)
			return true;
	return false;
}

static void
on_soon(struct timer *t, void *arg)
{
	struct work *w = arg;

	(void)t;
	if (w->error != NULL) {
		work_end(w);
		return;
	}
	if (w->app == NULL) {
		work_run(w, work_flux_settings(w), work_flux_start, fetch);
		return;
	}
	/* What an Application's author has written runs in a process that was made before any secret was read. */
	if (has_scripts(w->app))
		scripts_begin(w->scripts);
	work_run(w, settings_calls(w), start_settings, fetch);
}

struct work *
work_start(const struct work_ways *ways, const char *request, size_t len, void (*done)(void *arg, const char *answer),
    void *arg)
{
	struct work *w = mem_alloc(sizeof(*w));
	struct err *e;

	*w = (struct work){ .api = ways->api,
		.source = ways->source,
		.helm = ways->helm,
		.connect = ways->connect,
		.own = ways->own,
		.variables = { .strict = ways->strict_variables },
		.arena = arena_new(),
		.done = done,
		.arg = arg };
	w->soon = (struct timer){ .fire = on_soon, .arg = w };
	w->mark.annotation = true;
	w->scripts = scripts_new(ways->script_limits);
	resources_init(&w->resources, w->arena);
	if ((e = work_read(w, request, len)) != NULL)
		work_fail(w, "InvalidSpecError", e);
	loop_timer(w->api->loop, &w->soon, 0);
	return w;
}

struct work *
work_cancel(struct work *w)
{
	if (w == NULL)
		return NULL;
	loop_timer_stop(w->api->loop, &w->soon);
	for (size_t i = 0; i < w->n_calls; i++)
		client_cancel(w->calls[i].call);
	work_leave_cluster(w);
	scripts_free(w->scripts);
	resources_done(&w->resources);
	sync_results_done(&w->results);
	arena_free(w->arena);
	free(w);
	return NULL;
}

void
work_end(struct work *w)
{
	w->done(w->arg, work_answer(w));
}
