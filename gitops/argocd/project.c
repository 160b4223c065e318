/* gitops/argocd/project.c: AppProject restrictions (repositories, destinations, kinds): matching of allow and
 * deny lists. Sync windows are in sync_window.c, permissions of users in rbac.c. */
#include "gitops/argocd/project.h"
#include <string.h>
#include "base/glob.h"
#include "base/json.h"
#include "base/str.h"
#include "gitops/argocd/cron.h"
#include "gitops/source/repository_url.h"
#include "gitops/source/source.h"

bool
project_globs_allow(const struct strings *globs, const char *text, char separator)
{
	bool allowed = false;

	for (size_t i = 0; i < globs->n; i++) {
		if (globs->at[i][0] == '!' && glob_match_between(globs->at[i] + 1, text, separator))
			return false;
		allowed |= strcmp(globs->at[i], "*") == 0 || glob_match_between(globs->at[i], text, separator);
	}
	return allowed;
}

/* Returns 1 if the glob of a destination allows, -1 if it denies ("!"), 0 if it does not match. */
static int
project_says(const char *glob, const char *text)
{
	if (glob == NULL)
		return 0;
	if (glob[0] == '!')
		return glob_match(glob + 1, text) ? -1 : 1;
	return glob_match(glob, text);
}

static bool
project_is_of_cluster(const struct project_destination *p, const struct application_destination *d)
{
	return (!str_empty(p->server) && !str_empty(d->server) && project_says(p->server, d->server) == 1) ||
	       (!str_empty(p->name) && !str_empty(d->name) && project_says(p->name, d->name) == 1);
}

/* Returns whether the entry denies: by "!" at its server or name for the namespaces that it lists, or by "!" at its
 * namespace. */
static bool
project_forbids(const struct project_destination *p, const struct application_destination *d, const char *ns)
{
	bool cluster =
	    (p->server != NULL && p->server[0] == '!' && !str_empty(d->server) &&
		project_says(p->server, d->server) < 0) ||
	    (p->name != NULL && p->name[0] == '!' && !str_empty(d->name) && project_says(p->name, d->name) < 0);

	if (cluster)
		return project_says(p->namespace, ns) == 1;
	return project_is_of_cluster(p, d) && project_says(p->namespace, ns) < 0;
}

bool
project_permits_namespace(const struct app_project *p, const struct application_destination *d, const char *ns)
{
	bool allowed = false;

	for (size_t i = 0; i < p->spec.destinations.n; i++) {
		const struct project_destination *one = &p->spec.destinations.at[i];

		if (project_forbids(one, d, ns))
			return false;
		allowed |= project_is_of_cluster(one, d) && project_says(one->namespace, ns) == 1;
	}
	return allowed;
}

const char *
project_problem(struct arena *a, const struct app_project *p)
{
	const struct problem *problem = object_problem(&p->object, "spec");

	if (problem != NULL)
		return arena_printf(a, "AppProject %s: %s: %s", p->object.meta.name, problem->path, problem->text);
	for (size_t i = 0; i < p->spec.windows.n; i++) {
		struct schedule s;

		if (p->spec.windows.at[i].schedule == NULL || !cron_parse(p->spec.windows.at[i].schedule, &s))
			return arena_printf(a, "AppProject %s: spec.syncWindows[%zu].schedule: not five fields of cron",
			    p->object.meta.name, i);
	}
	return NULL;
}

/* Returns whether the project permits the repository. Both sides are normalized, so that another spelling of a URL
 * does not evade a denial. A denial also ignores the user: a URL with and one without name the same repository. A list
 * with denials only permits everything else, as in Argo CD. */
static bool
project_permits_source(struct arena *a, const struct strings *globs, const char *url)
{
	const char *normal = location_normalize(a, url), *plain = location_without_user(a, normal);
	bool allowed = false, only_denials = globs->n > 0;

	for (size_t i = 0; i < globs->n; i++) {
		bool denies = globs->at[i][0] == '!';
		const char *glob = location_normalize(a, globs->at[i] + denies);

		only_denials &= denies;
		if (!denies)
			allowed |= strcmp(glob, "*") == 0 || glob_match_between(glob, normal, '/');
		else if (strcmp(glob, "*") == 0 || glob_match_between(glob, normal, '/') ||
			 glob_match_between(location_without_user(a, glob), plain, '/'))
			return false;
	}
	return allowed || only_denials;
}

struct err *
project_check(struct arena *a, const struct app_project *p, const struct application *app,
    const struct application_destination *d, const char *namespace)
{
	const struct strings *from = &p->spec.source_namespaces;
	const struct application_source *sources;
	size_t n = application_sources(app, &sources);
	const char *name = p->object.meta.name;

	if (!str_eq(app->object.meta.namespace, namespace) &&
	    !project_globs_allow(from, app->object.meta.namespace, '\0'))
		return err_new(a, ERR_INVALID,
		    "spec.project: %s: its sourceNamespaces do not allow applications of the namespace %s", name,
		    app->object.meta.namespace);
	for (size_t i = 0; i < n; i++)
		if (sources[i].repo_url == NULL ||
		    !project_permits_source(a, &p->spec.source_repos, sources[i].repo_url))
			return err_new(a, ERR_INVALID, "repoURL: %s is not permitted in project %s",
			    sources[i].repo_url != NULL ? sources[i].repo_url : "", name);
	if (!project_permits_namespace(p, d, d->namespace != NULL ? d->namespace : ""))
		return err_new(a, ERR_INVALID,
		    "spec.destination: server %s and namespace %s are not permitted in project %s",
		    d->server != NULL ? d->server : d->name, d->namespace != NULL ? d->namespace : "\"\"", name);
	return NULL;
}

static bool
project_is_named(const char *group, const char *kind, const char *name, const struct project_kind *k)
{
	return glob_match(k->group != NULL ? k->group : "", group) &&
	       glob_match(k->kind != NULL ? k->kind : "", kind) && (str_empty(k->name) || glob_match(k->name, name));
}

static bool
project_is_in(const struct project_kind *list, size_t n, const char *group, const char *kind, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (project_is_named(group, kind, name, &list[i]))
			return true;
	return false;
}

static bool
project_is_whitelisted(const char *list, const char *group, const char *kind, const char *name)
{
	_cleanup_(json_decrefp) json_t *all = json_loads(list, 0, NULL);
	const json_t *one;
	size_t i;

	json_array_foreach (all, i, one) {
		const struct project_kind k = { json_str(one, "group") ?: "", json_str(one, "kind") ?: "",
			json_str(one, "name") };

		if (project_is_named(group, kind, name, &k))
			return true;
	}
	return false;
}

bool
project_permits_kind(
    const struct app_project *p, const char *group, const char *kind, const char *name, bool cluster_scoped)
{
	const struct app_project_spec *s = &p->spec;

	if (cluster_scoped)
		return project_is_in(s->cluster_whitelist.at, s->cluster_whitelist.n, group, kind, name) &&
		       !project_is_in(s->cluster_blacklist.at, s->cluster_blacklist.n, group, kind, name);
	return !project_is_in(s->namespaced_blacklist.at, s->namespaced_blacklist.n, group, kind, name) &&
	       (s->namespaced_whitelist == NULL || project_is_whitelisted(s->namespaced_whitelist, group, kind, name));
}
