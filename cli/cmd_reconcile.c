/* cli/cmd_reconcile.c: reconcile, suspend, resume: request a reconciliation now, and wait for the result; end and
 * restart reconciliation, as Flux's commands of these names do. */
#include <stdio.h>
#include <string.h>
#include "cli/flux.h"
#include "kube/client.h"

static int reconcile_run(struct cli *);
static int suspend_run(struct cli *);
static int resume_run(struct cli *);
static struct command_choice reconcile_choice(struct arena *, size_t);

const struct command cmd_reconcile = {
	.name = "reconcile",
	.args = "KIND NAME",
	.group = GROUP_GITOPS,
	.summary = "Reconcile a Flux object now, and wait",
	.example = "reconcile kustomization shop --with-source|reconcile source git shop",
	.choices_title = "Kinds",
	.choice = reconcile_choice,
	.flags =
	    (const struct flag[]){
		{ .name = "with-source", .text = "Fetch the source first" },
		FLAG_FLUX_TIMEOUT,
		{ 0 },
	    },
	.run = reconcile_run,
};

const struct command cmd_suspend = {
	.name = "suspend",
	.args = "KIND NAME",
	.group = GROUP_GITOPS,
	.summary = "Suspend the reconciliation of a Flux object",
	.example = "suspend kustomization shop|suspend source git shop",
	.choices_title = "Kinds",
	.choice = reconcile_choice,
	.run = suspend_run,
};

const struct command cmd_resume = {
	.name = "resume",
	.args = "KIND NAME",
	.group = GROUP_GITOPS,
	.summary = "Resume the reconciliation of a Flux object, and wait",
	.example = "resume kustomization shop|resume source git shop",
	.choices_title = "Kinds",
	.choice = reconcile_choice,
	.flags =
	    (const struct flag[]){
		FLAG_FLUX_TIMEOUT,
		{ 0 },
	    },
	.run = resume_run,
};

static struct command_choice
reconcile_choice(struct arena *a, size_t i)
{
	const struct flux_kind *k = &flux_kinds[i];

	if (k->name == NULL)
		return (struct command_choice){ 0 };
	return (struct command_choice){ k->source ? arena_printf(a, "source %s", k->name) : k->name, k->kind };
}

/* Reconciles the source of the object. Returns the exit code after printing the result. */
static int
reconcile_source(struct cli *c, const struct flux_kind *k, const char *name, const char *path)
{
	_cleanup_(json_decrefp) json_t *object = NULL;
	struct err *e = cli_call(c, "GET", path, NULL, NULL, &object);
	const json_t *source = json_at(object, "/spec/sourceRef") ?: json_at(object, "/spec/chart/spec/sourceRef");

	if (e != NULL)
		return flux_error(c, k, c->namespace, name, e);
	for (const struct flux_kind *s = flux_kinds; s->name != NULL; s++)
		if (s->source && str_eq(s->kind, json_str(source, "kind")))
			return flux_reconcile(
			    c, s, json_str(source, "namespace") ?: c->namespace, json_str(source, "name") ?: "");
	return cli_fail(c, "%s %s/%s has no source (spec.sourceRef)", k->kind, c->namespace, name);
}

static int
reconcile_run(struct cli *c)
{
	const struct flux_kind *kind;
	const char *name, *path;

	if (flux_object_named(c, c->args, c->n_args, &kind, &name, &path) != 0)
		return 1;
	if (cli_on(c, "with-source") && reconcile_source(c, kind, name, path) != 0)
		return 1;
	return flux_reconcile(c, kind, c->namespace, name);
}

/* Sets spec.suspend of the object that the arguments name. Returns 0, or 1 after printing the error. */
static int
suspend_set(struct cli *c, bool suspend, const struct flux_kind **ret, const char **ret_name)
{
	const char *path;
	struct err *e;

	if (flux_object_named(c, c->args, c->n_args, ret, ret_name, &path) != 0)
		return 1;
	e = cli_call(c, "PATCH", path, PATCH_MERGE, json_pack("{s:{s:b}}", "spec", "suspend", suspend), NULL);
	if (e != NULL)
		return flux_error(c, *ret, c->namespace, *ret_name, e);
	printf("%s %s/%s: %s\n", (*ret)->kind, c->namespace, *ret_name, suspend ? "suspended" : "resumed");
	return 0;
}

static int
suspend_run(struct cli *c)
{
	const struct flux_kind *kind;
	const char *name;

	return suspend_set(c, true, &kind, &name);
}

static int
resume_run(struct cli *c)
{
	const struct flux_kind *kind;
	const char *name;

	if (suspend_set(c, false, &kind, &name) != 0)
		return 1;
	return flux_reconcile(c, kind, c->namespace, name);
}
