/* gitops/worker/desired.c: desired objects of a session: checks the manifests of a commit, finds their kinds, and
 * sets tracking. */
#include "gitops/worker/desired.h"
#include <string.h>
#include "gitops/argocd/project.h"
#include "gitops/held_revision.h"
#include "gitops/worker/session_state.h"

struct desired_kind *
desired_kind(struct session *s, const char *group, const char *version, const char *kind)
{
	struct desired_kind *found = NULL;

	for (size_t i = 0; i < s->desired.kinds.n; i++) {
		struct desired_kind *k = &s->desired.kinds.at[i];

		if (strcmp(k->kind.group, group) != 0 || strcmp(k->kind.kind, kind) != 0 ||
		    (version != NULL && strcmp(k->kind.version, version) != 0))
			continue;
		if (k->error == NULL)
			return k;
		if (found == NULL)
			found = k;
	}
	return found;
}

/* Adds an object of a kind that the API server does not serve. Its error is reported, unless the option
 * SkipDryRunOnMissingResource states that the sync itself will define the kind. */
static struct err *
desired_add_unknown(struct session *s, const struct manifest *m, const struct desired_kind *k)
{
	struct app_resource *r;
	struct err *e = resources_want(
	    &s->desired.resources, s->arena, m, &k->kind, s->request.default_namespace, &s->request.mark, "");
	const char *skip;

	if (e != NULL)
		return e;
	r = resources_find(&s->desired.resources, &k->kind,
	    m->namespace != NULL ? m->namespace : s->request.default_namespace, m->name);
	skip =
	    r != NULL ? sync_option(s->arena, &s->request.operation, r, OPTION_SKIP_DRY_RUN_ON_MISSING_RESOURCE) : NULL;
	if (r != NULL && !str_eq(skip, "true"))
		r->error = arena_printf(s->arena, "%s: %s %s: %s", m->file, m->kind,
		    m->name != NULL ? m->name : m->generate_name, k->error);
	return NULL;
}

/* Returns whether the commit has the CustomResourceDefinition of the kind. */
static bool
desired_defines(struct session *s, const struct api_kind *k)
{
	for (size_t i = 0; i < s->sources.manifests.n; i++) {
		const struct manifest *d = &s->sources.manifests.at[i];
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

/* Adds the destination's namespace with CreateNamespace=true, unless Git has it. */
static void
desired_add_namespace(struct session *s)
{
	static const struct api_kind kind = { "", "v1", "Namespace", "namespaces", true };
	const struct namespace_metadata *meta =
	    s->request.app != NULL ? s->request.app->spec.sync_policy.managed_namespace : NULL;
	const char *name = s->request.default_namespace;
	_cleanup_(json_decrefp) json_t *object = NULL;
	struct app_resource *r;

	if (str_empty(name) ||
	    !str_eq(sync_option(s->arena, &s->request.operation, NULL, OPTION_CREATE_NAMESPACE), "true") ||
	    resources_find(&s->desired.resources, &kind, NULL, name) != NULL)
		return;
	object = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", name);
	if (meta != NULL && meta->labels.n > 0)
		json_object_set_new(json_object_get(object, "metadata"), "labels", string_map_encode(&meta->labels));
	if (meta != NULL && meta->annotations.n > 0)
		json_object_set_new(
		    json_object_get(object, "metadata"), "annotations", string_map_encode(&meta->annotations));
	r = resources_add(&s->desired.resources, &kind, NULL, name);
	r->implicit = true;
	r->text = json_text(s->arena, object);
}

bool
desired_is_permitted(const struct session *s, const struct api_kind *k, const char *ns, const char *name)
{
	return s->request.project == NULL ||
	       (project_permits_kind(s->request.project, k->group, k->kind, name, k->cluster_scoped) &&
		   (k->cluster_scoped ||
		       project_permits_namespace(s->request.project, &s->cluster.destination, ns != NULL ? ns : "")));
}

/* Sets the error of each object that the project or the cluster's Secret does not allow. */
static void
desired_check_permissions(struct session *s)
{
	for (size_t i = 0; i < s->desired.resources.n; i++) {
		struct app_resource *r = &s->desired.resources.at[i];
		const char *why = cluster_refusal(s, r);

		if (!desired_is_permitted(s, &r->kind, r->namespace, r->name))
			why = arena_printf(s->arena, "resource %s:%s%s%s is not permitted in project %s", r->kind.group,
			    r->kind.kind, r->namespace != NULL ? " in namespace " : "",
			    r->namespace != NULL ? r->namespace : "", s->request.project->object.meta.name);
		if (why == NULL)
			continue;
		r->error = r->implicit
			       ? arena_printf(s->arena, "%s %s (CreateNamespace=true): %s", r->kind.kind, r->name, why)
			       : arena_printf(s->arena, "%s: %s %s: %s", r->manifest->file, r->kind.kind, r->name, why);
	}
}

/* Marks the Rollouts that have aborted this revision as held: they are not applied. */
static void
desired_mark_held(struct session *s)
{
	for (size_t i = 0; i < s->desired.resources.n; i++) {
		struct app_resource *r = &s->desired.resources.at[i];

		if (strcmp(r->kind.kind, "Rollout") == 0 && strcmp(r->kind.group, "argoproj.io") == 0)
			r->held = string_map_get(&s->request.message.held,
				      held_revision_key(s->arena, r->namespace, r->name)) != NULL;
	}
}

/* Adds the objects of Git first: Git may have the namespace that CreateNamespace=true adds. Permissions are checked
 * when all objects are known, so that no option adds an object that the project does not permit. */
static void
desired_add_all(struct session *s)
{
	for (size_t i = 0; i < s->sources.manifests.n; i++) {
		const struct manifest *m = &s->sources.manifests.at[i];
		const struct desired_kind *k = desired_kind(s, m->group, m->version, m->kind);
		const char *suffix = arena_printf(s->arena, "%.7s-%s", s->sources.revision,
		    s->request.operation.id != NULL ? s->request.operation.id : "0");
		struct err *e;

		if (k->error != NULL)
			e = desired_add_unknown(s, m, k);
		else
			e = resources_want(&s->desired.resources, s->arena, m, &k->kind, s->request.default_namespace,
			    &s->request.mark, suffix);
		if (e != NULL) {
			session_fail(s, "ComparisonError", e);
			return;
		}
	}
	desired_add_namespace(s);
	desired_check_permissions(s);
	desired_mark_held(s);
}

static void
desired_read_kinds(void *arg, const struct err *e, const json_t *body)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct desired_kind *k = &s->desired.kinds.at[c->number];

	if (e != NULL && e->class != ERR_GONE)
		session_fail(s, "ComparisonError",
		    err_wrap(s->arena, err_copy(s->arena, e), "kinds of %s/%s", k->kind.group, k->kind.version));
	else if (e != NULL || !kind_listed(s->arena, body, k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		k->error = arena_printf(
		    s->arena, "the API server knows no kind %s in %s/%s", k->kind.kind, k->kind.group, k->kind.version);
	session_call_end(c);
}

bool
desired_start(struct session *s, size_t i)
{
	struct desired_kind *k = &s->desired.kinds.at[i];
	struct session_call *c = session_slot(s, i);

	if (kind_builtin(k->kind.group, k->kind.version, k->kind.kind, &k->kind))
		return false;
	c->call = client_call(s->cluster.target, "GET", kind_root(s->arena, k->kind.group, k->kind.version), NULL, NULL,
	    desired_read_kinds, c);
	return true;
}

enum session_stage
desired_finish(struct session *s)
{
	for (size_t i = 0; i < s->desired.kinds.n; i++) {
		struct desired_kind *k = &s->desired.kinds.at[i];

		if (k->error == NULL || !desired_defines(s, &k->kind))
			continue;
		/* The CustomResourceDefinition is applied first. Until then the kind has no objects, and no dry run
		 * is possible. */
		k->error = NULL;
		k->kind.plural = "";
	}
	desired_add_all(s);
	return STAGE_ROLLOUTS;
}

static void
desired_add_kind(struct session *s, const char *group, const char *version, const char *kind)
{
	if (desired_kind(s, group, version, kind) == NULL)
		s->desired.kinds.at[s->desired.kinds.n++] =
		    (struct desired_kind){ .kind = { .group = group, .version = version, .kind = kind } };
}

static bool
desired_is_excluded(const struct session *s, const char *group, const char *kind)
{
	return s->request.app != NULL &&
	       customizations_exclude(&s->settings, group, kind, s->cluster.destination.server);
}

/* Drops the manifests that resource.exclusions names, with a warning. */
static void
desired_drop_excluded(struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->sources.manifests.n; i++) {
		const struct manifest *m = &s->sources.manifests.at[i];

		if (desired_is_excluded(s, m->group, m->kind))
			resources_warn(&s->desired.resources, "ExcludedResourceWarning",
			    arena_printf(s->arena, "Resource %s/%s %s is excluded in the settings", m->group, m->kind,
				m->name != NULL ? m->name : m->generate_name));
		else
			s->sources.manifests.at[n++] = *m;
	}
	s->sources.manifests.n = n;
}

size_t
desired_prepare(struct session *s)
{
	size_t i;

	desired_drop_excluded(s);
	s->desired.kinds.at =
	    arena_new_array(s->arena, struct desired_kind, s->sources.manifests.n + s->request.message.known.n + 1);
	for (i = 0; i < s->sources.manifests.n; i++)
		desired_add_kind(s, s->sources.manifests.at[i].group, s->sources.manifests.at[i].version,
		    s->sources.manifests.at[i].kind);
	for (i = 0; i < s->request.message.known.n; i++) {
		const struct worker_object *known = &s->request.message.known.at[i];

		/* Objects of the last status are listed in the version that Git has now, if it has one. */
		if (known->kind != NULL && known->version != NULL &&
		    !desired_is_excluded(s, known->group ?: "", known->kind) &&
		    desired_kind(s, known->group ?: "", NULL, known->kind) == NULL)
			desired_add_kind(s, known->group ?: "", known->version, known->kind);
	}
	return s->desired.kinds.n;
}
