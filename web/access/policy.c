/* web/access/policy.c: permissions of an identity for Applications. */
#include "web/access/policy.h"
#include <string.h>
#include "base/str.h"
#include "gitops/argocd/project.h"
#include "kube/api/application.h"

/* A user or group of a login whose name is that of a role does not have the role. */
static bool
policy_is_login(const char *name)
{
	return !str_empty(name) && !str_starts(name, "role:") && !str_starts(name, "proj:");
}

/* Sets the groups that count with these rules. As in Argo CD: those that a line "g" names. */
static void
policy_find_groups(const struct policy *p, struct policy_rules *r)
{
	r->groups.at = arena_new_array(p->arena, const char *, p->who->ngroups + 1);
	for (size_t i = 0; i < p->who->ngroups; i++)
		if (policy_is_login(p->who->groups[i]) && rbac_has_member(&r->rbac, p->who->groups[i]))
			r->groups.at[r->groups.n++] = p->who->groups[i];
}

void
policy_init(struct policy *p, struct arena *a, const struct view *view, const char *ns, const struct rbac *rbac,
    const struct identity *who)
{
	*p = (struct policy){ .arena = a, .view = view, .namespace = ns, .who = who, .rules.rbac = *rbac };
	policy_find_groups(p, &p->rules);
}

void
policy_done(struct policy *p)
{
	map_done(&p->projects);
}

/* Returns whether all roles of the project could be decoded. One that could not may have a line that denies. */
static bool
policy_roles_are_whole(const struct app_project *project)
{
	const struct problems *problems = project->object.problems;

	for (size_t i = 0; problems != NULL && i < problems->n; i++)
		if (str_eq(problems->at[i].path, "spec") || str_starts(problems->at[i].path, "spec.roles"))
			return false;
	return problems == NULL || problems->n < PROBLEMS_MAX;
}

struct policy_search {
	const char *name;
	bool found;
};

static void
policy_find_unreadable(const struct object *o, void *arg)
{
	struct policy_search *s = arg;

	s->found = s->found || str_eq(o->meta.name, s->name);
}

static bool
policy_project_is_unreadable(const struct policy *p, const char *project)
{
	struct policy_search s = { .name = project };

	view_each_unreadable(p->view, &app_project_type, p->namespace, policy_find_unreadable, &s);
	return s.found;
}

static void
policy_read_project(struct policy *p, struct policy_rules *r, const char *name)
{
	struct rbac *to = &r->rbac;

	r->project = (const struct app_project *)view_get(p->view, &app_project_type, p->namespace, name);
	if (r->project == NULL) {
		*r = p->rules;
		r->denies = policy_project_is_unreadable(p, name);
		return;
	}
	*to = p->rules.rbac;
	to->rules.at = arena_new_array(p->arena, struct rbac_rule, to->rules.n + 1);
	memcpy(to->rules.at, p->rules.rbac.rules.at, to->rules.n * sizeof(*to->rules.at));
	r->denies = !policy_roles_are_whole(r->project) || rbac_add_project(p->arena, to, r->project) != NULL;
	policy_find_groups(p, r);
}

/* Returns the rules of the ConfigMap and of the project, which are read once for a request. */
static const struct policy_rules *
policy_of_project(struct policy *p, const char *project)
{
	struct policy_rules *r = map_get(&p->projects, project);

	if (r != NULL)
		return r;
	r = arena_alloc(p->arena, sizeof(*r));
	*r = (struct policy_rules){ 0 };
	policy_read_project(p, r, project);
	map_set(&p->projects, project, r);
	return r;
}

/* Applications of other namespaces than Argo CD's are PROJECT/NAMESPACE/NAME. */
static const char *
policy_object(const struct policy *p, const struct application *app)
{
	const struct meta *m = &app->object.meta;

	return str_eq(m->namespace, p->namespace)
		   ? arena_printf(p->arena, "%s/%s", application_project(app), m->name)
		   : arena_printf(p->arena, "%s/%s/%s", application_project(app), m->namespace, m->name);
}

/* Argo CD ignores an Application of another namespace unless its project permits the namespace. */
static bool
policy_is_permitted(const struct policy *p, const struct policy_rules *r, const struct application *app)
{
	const char *ns = app->object.meta.namespace;

	return str_eq(ns, p->namespace) ||
	       (r->project != NULL && object_problem(&r->project->object, "spec.sourceNamespaces") == NULL &&
		   project_globs_allow(&r->project->spec.source_namespaces, ns, '\0'));
}

static bool
policy_subject_may(const struct rbac *rbac, struct rbac_request q, const char *subject)
{
	const struct rbac_rule *why;

	q.subject = subject;
	return rbac_may(rbac, &q, &why);
}

bool
policy_allows(struct policy *p, const char *action, const struct application *app)
{
	const struct policy_rules *r = policy_of_project(p, application_project(app));
	struct rbac_request q = { "", action, "applications", policy_object(p, app) };

	if (r->denies || !policy_is_permitted(p, r, app))
		return false;
	/* The default role counts for every subject. */
	if (policy_subject_may(&r->rbac, q, policy_is_login(p->who->user) ? p->who->user : ""))
		return true;
	for (size_t i = 0; i < r->groups.n; i++)
		if (policy_subject_may(&r->rbac, q, r->groups.at[i]))
			return true;
	return false;
}
