/* cli/lint_kinds.c: lint: the type of an object in a file. An API server refuses a kind that does not exist, but files
 * have objects of many projects, which are not reported: the kinds of argoproj.io alone are all known. */
#include "cli/lint_kinds.h"
#include <string.h>
#include "base/str.h"
#include "cli/suggest.h"
#include "kube/api/core.h"
#include "kube/api/roots.h"
#include "kube/api/workload.h"
#include "traffic/router.h"

#define LINT_GROUP "argoproj.io"

/* Types of others that Rollouts refer to. */
static const struct type *const lint_others[] = { &service_type, &deployment_type, &workload_replicaset_type,
	&pod_template_object_type };

/* Kinds of argoproj.io that Sluice does not read: those of Argo Workflows, Argo Events, Argo CD, and operators. */
static const char *const lint_foreign[] = {
	"Workflow",
	"WorkflowTemplate",
	"ClusterWorkflowTemplate",
	"CronWorkflow",
	"WorkflowEventBinding",
	"WorkflowTaskSet",
	"WorkflowTaskResult",
	"WorkflowArtifactGCTask",
	"EventBus",
	"EventSource",
	"Sensor",
	"Gateway",
	"ApplicationSet",
	"ConfigManagementPlugin",
	"ArgoCD",
	"ArgoCDExport",
	"ImageUpdater",
	"NamespaceManagement",
	"NotificationsConfiguration",
	"RolloutManager",
};

/* Returns the length of the group in an apiVersion: 0 for the core group. */
static size_t
lint_group_length(const char *version)
{
	const char *slash = strchr(version, '/');

	return slash != NULL ? (size_t)(slash - version) : 0;
}

static bool
lint_is_of(const struct type *t, const char *kind, const char *version)
{
	size_t n = lint_group_length(version);

	/* Any version of the group: those of a router's objects have the same fields. */
	return strcmp(t->kind, kind) == 0 && strlen(t->group) == n && strncmp(version, t->group, n) == 0;
}

const struct type *
lint_type_of(const json_t *object)
{
	const char *kind = json_str(object, "kind"), *version = json_str(object, "apiVersion") ?: "";

	if (kind == NULL)
		return NULL;
	for (size_t i = 0; api_roots[i] != NULL; i++)
		if (lint_is_of(api_roots[i], kind, version))
			return api_roots[i];
	for (size_t i = 0; i < ARRAY_SIZE(lint_others); i++)
		if (lint_is_of(lint_others[i], kind, version))
			return lint_others[i];
	for (size_t i = 0; router_type(i, NULL) != NULL; i++)
		if (lint_is_of(router_type(i, NULL), kind, version))
			return router_type(i, NULL);
	return NULL;
}

/* Returns the type of Sluice's with this kind; NULL: none has it. */
static const struct type *
lint_own_type(const char *kind)
{
	for (size_t i = 0; api_roots[i] != NULL; i++)
		if (strcmp(api_roots[i]->kind, kind) == 0)
			return api_roots[i];
	return NULL;
}

/* "Invalid value: "Rolout": argoproj.io has no such kind; did you mean Rollout? Sluice knows Rollout, …" */
static const char *
lint_unknown_kind(struct arena *a, const char *kind)
{
	struct suggestion s = suggest_start(kind);
	const char *known = "";

	for (size_t i = 0; i < ARRAY_SIZE(lint_foreign); i++) {
		if (strcmp(lint_foreign[i], kind) == 0)
			return NULL;
		suggest_consider(&s, lint_foreign[i]);
	}
	for (size_t i = 0; api_roots[i] != NULL; i++) {
		if (strcmp(api_roots[i]->group, LINT_GROUP) != 0)
			continue;
		suggest_consider(&s, api_roots[i]->kind);
		/* A kind in lower case, or its short name. */
		if (api_root_named(kind) == api_roots[i])
			s = (struct suggestion){ .word = kind, .best = api_roots[i]->kind, .distance = 0 };
		known = arena_printf(a, "%s%s%s", known, known[0] != '\0' ? ", " : "", api_roots[i]->kind);
	}
	return arena_printf(a, "Invalid value: \"%s\": " LINT_GROUP " has no such kind; %sSluice knows %s", kind,
	    s.best != NULL ? arena_printf(a, "did you mean %s? ", s.best) : "", known);
}

const char *
lint_kind_problem(struct arena *a, const json_t *object, const char **ret_path)
{
	const char *kind = json_str(object, "kind"), *version = json_str(object, "apiVersion"), *group;
	const struct type *t = kind != NULL ? lint_own_type(kind) : NULL;
	struct suggestion s;

	if (kind == NULL)
		return NULL;
	*ret_path = "apiVersion";
	/* Kustomize reads files without apiVersion. */
	if (version == NULL)
		return t == NULL || strcmp(t->group, LINT_GROUP) != 0 ||
			       !json_is_object(json_object_get(object, "metadata"))
			   ? NULL
			   : arena_printf(
				 a, "Required value: %s %s is of %s/%s", str_article(kind), kind, t->group, t->version);
	group = arena_strndup(a, version, lint_group_length(version));
	if (strcmp(group, LINT_GROUP) == 0) {
		*ret_path = "kind";
		return lint_unknown_kind(a, kind);
	}
	/* Other groups may have a kind of this name, but the core group has not, nor one that differs by a typo. */
	if (t == NULL)
		return NULL;
	s = suggest_start(group);
	suggest_consider(&s, t->group);
	if (group[0] != '\0' && s.best == NULL)
		return NULL;
	return arena_printf(
	    a, "Invalid value: \"%s\": %s %s is of %s/%s", version, str_article(kind), kind, t->group, t->version);
}
