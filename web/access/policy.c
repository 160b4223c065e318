/* web/access/policy.c: permissions of an identity for Applications. */
#include "web/access/policy.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/application.h"

struct err *
policy_init(struct policy *p, struct arena *a, const struct view *view, const char *ns, const json_t *data,
    const struct identity *who)
{
	struct err *e;

	*p = (struct policy){ .arena = a, .view = view, .namespace = ns, .who = who };
	e = rbac_read(a, data, &p->rbac);
	rbac_drop_accounts(&p->rbac);
	return e;
}

void
policy_done(struct policy *p)
{
	map_done(&p->projects);
}

/* Returns the rules of the ConfigMap and of the project; NULL: the project's cannot be read. */
static const struct rbac *
policy_of_project(struct policy *p, const char *project)
{
	const struct app_project *object =
	    (const struct app_project *)view_get(p->view, &app_project_type, p->namespace, project);
	struct rbac *rbac = map_get(&p->projects, project);

	if (rbac != NULL)
		return rbac;
	if (object == NULL)
		return &p->rbac;
	rbac = arena_alloc(p->arena, sizeof(*rbac));
	*rbac = p->rbac;
	rbac->rules.at = arena_new_array(p->arena, struct rbac_rule, p->rbac.rules.n);
	memcpy(rbac->rules.at, p->rbac.rules.at, p->rbac.rules.n * sizeof(*rbac->rules.at));
	if (rbac_add_project(p->arena, rbac, object) != NULL)
		return NULL;
	map_set(&p->projects, project, rbac);
	return rbac;
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

/* A user or group of a login whose name is that of a role does not have the role. */
static bool
policy_is_login(const char *name)
{
	return !str_empty(name) && !str_starts(name, "role:") && !str_starts(name, "proj:");
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
	const struct rbac *rbac = policy_of_project(p, application_project(app));
	struct rbac_request q = { "", action, "applications", policy_object(p, app) };

	if (rbac == NULL)
		return false;
	/* The default role counts for every subject. */
	if (policy_subject_may(rbac, q, policy_is_login(p->who->user) ? p->who->user : ""))
		return true;
	/* As in Argo CD: a group counts if a line "g" names it. */
	for (size_t i = 0; i < p->who->ngroups; i++)
		if (policy_is_login(p->who->groups[i]) && rbac_has_member(rbac, p->who->groups[i]) &&
		    policy_subject_may(rbac, q, p->who->groups[i]))
			return true;
	return false;
}
