/* cli/cmd_explain.c: explain, crds: the tables of types, for users and for Kubernetes. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"
#include "kube/api/explain.h"
#include "kube/api/reference.h"
#include "kube/api/roots.h"
#include "kube/api/schema.h"
#include "kube/api/yaml.h"

static int explain_run(struct cli *);
static int crds_run(struct cli *);

const struct command cmd_explain = {
	.name = "explain",
	.args = "KIND[.FIELD...]",
	.group = GROUP_CHECK,
	.summary = "Describe a kind or one of its fields",
	.example = "explain rollout.spec.strategy.canary",
	.flags =
	    (const struct flag[]){
		{ .name = "recursive", .text = "Show all fields below, without descriptions" },
		{ .name = "reference", .text = "Print the fields of all kinds as Markdown" },
		{ 0 },
	    },
	.run = explain_run,
};

const struct command cmd_crds = {
	.name = "crds",
	.args = "[gitops|flux]",
	.group = GROUP_RUN,
	.summary = "Print the CustomResourceDefinitions",
	.example = "crds|crds gitops",
	.run = crds_run,
};

static int
explain_run(struct cli *c)
{
	const char *text;
	struct err *e;

	if (cli_on(c, "reference")) {
		fputs(reference_page(c->arena), stdout);
		return 0;
	}
	if (c->n_args != 1)
		return cli_fail(c, "usage: sluice explain KIND[.FIELD...], such as rollout.spec.strategy.canary");
	if ((e = explain(c->arena, c->args[0], cli_on(c, "recursive"), &text)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	fputs(text, stdout);
	return 0;
}

static int
crds_run(struct cli *c)
{
	const char *part = c->n_args > 0 ? c->args[0] : NULL;

	if (c->n_args > 1 || (part != NULL && strcmp(part, "gitops") != 0 && strcmp(part, "flux") != 0))
		return cli_fail(c, "usage: sluice crds [gitops|flux]");
	for (const struct type *const *t = api_roots; *t != NULL; t++) {
		json_t *crd;

		if (!str_eq((*t)->part, part))
			continue;
		crd = schema_crd(*t);
		printf("---\n%s", yaml_text(c->arena, crd));
		json_decref(crd);
	}
	return 0;
}
