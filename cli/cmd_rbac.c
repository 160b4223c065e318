/* cli/cmd_rbac.c: rbac can: what argocd-rbac-cm and the roles of a project allow a user. */
#include <stdio.h>
#include <string.h>
#include "cli/application.h"
#include "gitops/argocd/rbac.h"
#include "io/file.h"
#include "kube/api/yaml.h"
#include "kube/client.h"

#define FILE_MAX (4u << 20)

static int rbac_can_run(struct cli *);

const struct command cmd_rbac_can = {
	.name = "rbac can",
	.args = "SUBJECT ACTION RESOURCE [PROJECT/OBJECT]",
	.group = GROUP_GITOPS,
	.summary = "Check argocd-rbac-cm (exit code 1: not allowed)",
	.example = "rbac can alice sync applications shop/web",
	.flags =
	    (const struct flag[]){
		{ .name = "policy-file",
		    .value = "FILE",
		    .text = "ConfigMap or policy.csv file, instead of the ConfigMap in the cluster" },
		{ 0 },
	    },
	.run = rbac_can_run,
};

/* The ConfigMap's data from a file: a ConfigMap, or lines of policy.csv. A new reference. */
static struct err *
rbac_read_file(struct cli *c, const char *file, json_t **ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = file_read(c->arena, file, FILE_MAX, &text);

	if (e != NULL)
		return e;
	if (!str_ends(file, ".yaml") && !str_ends(file, ".yml")) {
		*ret = json_pack("{s:s}", "policy.csv", text.at);
		return NULL;
	}
	if ((e = yaml_parse(c->arena, text.at, text.len, &docs)) != NULL)
		return err_wrap(c->arena, e, "%s", file);
	*ret = json_incref(json_object_get(json_array_get(docs, 0), "data"));
	return NULL;
}

/* Reads the policies of the cluster. Without the ConfigMap, they are empty. */
static struct err *
rbac_read_cluster(struct cli *c, json_t **ret)
{
	json_t *map = NULL;
	struct err *e = cli_call(c, "GET",
	    arena_printf(c->arena, "/api/v1/namespaces/%s/configmaps/argocd-rbac-cm", c->namespace), NULL, NULL, &map);

	if (e != NULL && e->class != ERR_GONE)
		return e;
	*ret = e == NULL ? json_incref(json_object_get(map, "data")) : NULL;
	json_decref(map);
	return NULL;
}

/* The roles of the object's project count too. */
static struct err *
rbac_can_add_project(struct cli *c, const char *object, struct rbac *to)
{
	const char *slash = strchr(object, '/');
	json_t *project = NULL;
	struct err *e;

	if (slash == NULL || slash == object || strpbrk(object, "*?[{") != NULL)
		return NULL;
	e = cli_call(c, "GET",
	    client_path(c->arena, &app_project_type, c->namespace,
		arena_strndup(c->arena, object, (size_t)(slash - object)), NULL),
	    NULL, NULL, &project);
	if (e == NULL)
		e = rbac_add_project(
		    c->arena, to, (const struct app_project *)object_decode(&app_project_type, project, c->arena));
	else if (e->class == ERR_GONE)
		e = NULL;
	json_decref(project);
	return e;
}

static int
rbac_can_run(struct cli *c)
{
	const char *file = cli_flag(c, "policy-file");
	_cleanup_(json_decrefp) json_t *data = NULL;
	const struct rbac_rule *why;
	struct rbac_request q;
	struct rbac rbac;
	struct err *e;
	bool may;

	if (c->n_args < 3 || c->n_args > 4)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	q = (struct rbac_request){ c->args[0], c->args[1], c->args[2], c->n_args == 4 ? c->args[3] : "*" };
	if (file == NULL && applications_connect(c) != 0)
		return 1;
	e = file != NULL ? rbac_read_file(c, file, &data) : rbac_read_cluster(c, &data);
	if (e == NULL)
		e = rbac_read(c->arena, data, &rbac);
	if (e == NULL && file == NULL)
		e = rbac_can_add_project(c, q.object, &rbac);
	if (e != NULL)
		return file == NULL && e->class != ERR_INVALID ? cli_error(c, e)
							       : (cli_fail(c, "%s", err_text(c->arena, e)), 2);
	may = rbac_may(&rbac, &q, &why);
	if (why == NULL)
		printf("No: nothing allows it\n");
	else
		printf("%s: p, %s, %s, %s, %s, %s (%s)\n", may ? "Yes" : "No", why->fields[0], why->fields[1],
		    why->fields[2], why->fields[3], why->fields[4], why->where);
	return may ? 0 : 1;
}
