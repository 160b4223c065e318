/* cli/cmd_get_flux.c: get all, sources, kustomizations, helmreleases: Flux's objects, a line each. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/flux.h"
#include "kube/api/meta.h"

static int get_all_run(struct cli *);
static int get_sources_run(struct cli *);
static int get_kustomizations_run(struct cli *);
static int get_helmreleases_run(struct cli *);

#define GET_FLAGS                                                                                                      \
	.flags = (const struct flag[])                                                                                 \
	{                                                                                                              \
		FLAG_ALL_NAMESPACES, { 0 },                                                                            \
	}

const struct command cmd_get_all = {
	.name = "get all",
	.args = "",
	.group = GROUP_GITOPS,
	.summary = "List the Flux objects of a namespace",
	.example = "get all -A",
	GET_FLAGS,
	.run = get_all_run,
};

const struct command cmd_get_sources = {
	.name = "get sources",
	.aliases = "get source",
	.args = "[KIND] [NAME]",
	.group = GROUP_GITOPS,
	.summary = "List Flux sources: git, helm, chart, oci, bucket",
	.example = "get sources git|get sources -A",
	GET_FLAGS,
	.run = get_sources_run,
};

const struct command cmd_get_kustomizations = {
	.name = "get kustomizations",
	.aliases = "get kustomization|get ks",
	.args = "[NAME]",
	.group = GROUP_GITOPS,
	.summary = "List Kustomizations and whether they are ready",
	.example = "get kustomizations -A",
	GET_FLAGS,
	.run = get_kustomizations_run,
};

const struct command cmd_get_helmreleases = {
	.name = "get helmreleases",
	.aliases = "get helmrelease|get hr",
	.args = "[NAME]",
	.group = GROUP_GITOPS,
	.summary = "List HelmReleases and whether they are ready",
	.example = "get helmreleases -A",
	GET_FLAGS,
	.run = get_helmreleases_run,
};

/* Returns the revision with a shorter commit, as Flux shows it: "main@sha1:0f7ffcb2". */
static const char *
get_flux_revision(struct cli *c, const struct flux_kind *k, const json_t *o)
{
	const char *revision = json_string_value(json_at(o, k->revision) ?: json_at(o, "/status/lastAppliedRevision")),
		   *hash = revision != NULL ? strrchr(revision, ':') : NULL;

	return revision == NULL ? "-"
	       : hash == NULL	? revision
				: arena_printf(c->arena, "%.*s%.8s", (int)(hash - revision) + 1, revision, hash + 1);
}

static void
get_flux_show(struct cli *c, const struct flux_kind *k, const json_t *o, bool with_kind)
{
	const json_t *m = json_object_get(o, "metadata"),
		     *ready = status_condition(json_object_get(o, "status"), "Ready");
	const char *name = json_str(m, "name") ?: "";

	if (cli_on(c, "all-namespaces"))
		printf("%-20s ", json_str(m, "namespace") ?: "");
	if (with_kind)
		name = arena_printf(c->arena, "%s%s/%s", k->source ? "source " : "", k->name, name);
	printf("%-36s %-30s %-9s %-8s %s\n", name, get_flux_revision(c, k, o),
	    json_is_true(json_at(o, "/spec/suspend")) ? "True" : "False", json_str(ready, "status") ?: "Unknown",
	    json_str(ready, "message") ?: "not reconciled yet");
}

static void
get_flux_head(struct cli *c)
{
	if (cli_on(c, "all-namespaces"))
		printf("%-20s ", "NAMESPACE");
	printf("%-36s %-30s %-9s %-8s %s\n", "NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE");
}

/* Prints the objects of a kind, or the one with a name (NULL: all). With `optional`, a kind that the API server does
 * not serve has none. Returns 0 and adds to *n, or 1 after printing the error. */
static int
get_flux_list(struct cli *c, const struct flux_kind *k, const char *name, bool optional, size_t *n)
{
	const char *path = flux_path(c, k, cli_on(c, "all-namespaces") ? NULL : c->namespace, NULL);
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct err *e = path != NULL ? cli_call_list(c, NULL, path, &list) : NULL;
	json_t *o;
	size_t i;

	if ((path == NULL || (e != NULL && e->class == ERR_GONE)) && optional)
		return 0;
	if (path == NULL || (e != NULL && e->class == ERR_GONE))
		return cli_fail(
		    c, "the API server does not serve %s.%s; install Flux's definitions", k->plural, k->group);
	if (e != NULL)
		return cli_error(c, e);
	json_array_foreach (json_object_get(list, "items"), i, o) {
		if (name != NULL && !str_eq(json_str(json_object_get(o, "metadata"), "name"), name))
			continue;
		if ((*n)++ == 0)
			get_flux_head(c);
		get_flux_show(c, k, o, optional);
	}
	return 0;
}

/* Returns the exit code of a command that found n objects. */
static int
get_flux_end(struct cli *c, const char *what, const char *name, size_t n)
{
	if (n > 0)
		return 0;
	if (name != NULL)
		return cli_fail(c, "%s \"%s\" not found in namespace %s; choose another with --namespace", what, name,
		    cli_on(c, "all-namespaces") ? "any" : c->namespace);
	fprintf(stderr, "No %s in %s.\n", what,
	    cli_on(c, "all-namespaces") ? "any namespace" : arena_printf(c->arena, "namespace %s", c->namespace));
	return 0;
}

/* Prints the objects of all kinds, or only of the sources. */
static int
get_flux_all(struct cli *c, bool only_sources)
{
	size_t n = 0;

	if (flux_connect(c) != 0)
		return 1;
	for (const struct flux_kind *k = flux_kinds; k->name != NULL; k++)
		if ((k->source || !only_sources) && get_flux_list(c, k, NULL, true, &n) != 0)
			return 1;
	return get_flux_end(c, only_sources ? "sources" : "Flux objects", NULL, n);
}

static int
get_flux_kind(struct cli *c, const struct flux_kind *k, const char *name)
{
	size_t n = 0;

	if (k == NULL || flux_connect(c) != 0 || get_flux_list(c, k, name, false, &n) != 0)
		return 1;
	return get_flux_end(c, k->plural, name, n);
}

static int
get_all_run(struct cli *c)
{
	if (c->n_args != 0)
		return cli_fail(c, "usage: sluice get all");
	return get_flux_all(c, false);
}

static int
get_sources_run(struct cli *c)
{
	if (c->n_args > 2)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	if (c->n_args == 0 || strcmp(c->args[0], "all") == 0)
		return get_flux_all(c, true);
	return get_flux_kind(c, flux_kind_named(c, c->args[0], true), c->n_args == 2 ? c->args[1] : NULL);
}

static int
get_named_run(struct cli *c, const char *kind)
{
	if (c->n_args > 1)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	return get_flux_kind(c, flux_kind_named(c, kind, false), c->n_args == 1 ? c->args[0] : NULL);
}

static int
get_kustomizations_run(struct cli *c)
{
	return get_named_run(c, "kustomization");
}

static int
get_helmreleases_run(struct cli *c)
{
	return get_named_run(c, "helmrelease");
}
