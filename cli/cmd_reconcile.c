/* cli/cmd_reconcile.c: reconcile kustomization, reconcile source git: request a reconciliation now, and wait for the
 * result, as `flux reconcile` does. */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/cli.h"
#include "kube/api/flux.h"
#include "kube/client.h"

#define NAMESPACE "flux-system"
#define POLL_MS 500

static int reconcile_kustomization_run(struct cli *);
static int reconcile_source_run(struct cli *);

#define FLAG_RECONCILE_TIMEOUT                                                                                         \
	{                                                                                                              \
		.name = "timeout", .letter = 't', .value = "DURATION", .value_default = "5m",                          \
		.text = "Maximum time to wait"                                                                         \
	}

const struct command cmd_reconcile_kustomization = {
	.name = "reconcile kustomization",
	.aliases = "reconcile ks",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Apply a Kustomization now, and wait",
	.example = "reconcile kustomization shop --with-source",
	.flags =
	    (const struct flag[]){
		{ .name = "with-source", .text = "Fetch the source first" },
		FLAG_RECONCILE_TIMEOUT,
		{ 0 },
	    },
	.run = reconcile_kustomization_run,
};

const struct command cmd_reconcile_source = {
	.name = "reconcile source",
	.args = "git NAME",
	.group = GROUP_GITOPS,
	.summary = "Fetch a GitRepository now, and wait",
	.example = "reconcile source git shop",
	.flags =
	    (const struct flag[]){
		FLAG_RECONCILE_TIMEOUT,
		{ 0 },
	    },
	.run = reconcile_source_run,
};

static const json_t *
reconcile_ready(const json_t *object)
{
	const json_t *c;
	size_t i;

	json_array_foreach (json_at(object, "/status/conditions"), i, c)
		if (str_eq(json_str(c, "type"), "Ready"))
			return c;
	return NULL;
}

/* Returns 0, or 1 after printing the error. */
static int
reconcile_timeout(const struct cli *c, int64_t *ret)
{
	const char *text = cli_flag(c, "timeout");

	if (!duration_parse(text, ret) || *ret <= 0)
		return cli_fail(c, "--timeout: \"%s\" is not a duration such as 5m", text);
	return 0;
}

/* Requests a reconciliation, and waits until the object is ready, or is not ready after it. */
static int
reconcile_object(struct cli *c, const struct type *t, const char *ns, const char *name)
{
	const char *path = client_path(c->arena, t, ns, name, NULL);
	const char *now = flux_request_mark(c->arena, loop_wall(c->loop));
	int64_t timeout, until;
	struct err *e;

	if (reconcile_timeout(c, &timeout) != 0)
		return 1;
	until = loop_mono(c->loop) + timeout;
	e = cli_call(c, "PATCH", path, PATCH_MERGE,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_REQUESTED_AT, now), NULL);
	if (e != NULL && e->class == ERR_GONE)
		return cli_fail(
		    c, "%s \"%s\" not found in namespace %s; choose another with --namespace", t->kind, name, ns);
	if (e != NULL)
		return cli_error(c, e);
	printf("%s %s/%s: asked for\n", t->kind, ns, name);
	for (;; cli_sleep(c, POLL_MS)) {
		_cleanup_(json_decrefp) json_t *object = NULL;
		const json_t *ready;

		if ((e = cli_call(c, "GET", path, NULL, NULL, &object)) != NULL)
			return cli_error(c, e);
		ready = reconcile_ready(object);
		if (json_is_true(json_at(object, "/spec/suspend")))
			return cli_fail(c, "%s %s/%s is suspended (spec.suspend)", t->kind, ns, name);
		if (str_eq(json_string_value(json_at(object, "/status/lastHandledReconcileAt")), now) &&
		    ready != NULL && !str_eq(json_str(ready, "status"), "Unknown")) {
			if (!str_eq(json_str(ready, "status"), "True"))
				return cli_fail(c, "%s %s/%s: %s", t->kind, ns, name,
				    json_str(ready, "message") ?: "it is not ready");
			printf("%s %s/%s: %s\n", t->kind, ns, name, json_str(ready, "message") ?: "ready");
			return 0;
		}
		if (loop_mono(c->loop) > until)
			return cli_fail(c, "timed out waiting for %s %s/%s: %s", t->kind, ns, name,
			    ready != NULL
				? json_str(ready, "message")
				: "not reconciled yet; check that the controller runs with --controllers flux");
	}
}

static int
reconcile_connect(struct cli *c)
{
	if (cli_connect(c) != 0)
		return 1;
	if (cli_flag(c, "namespace") == NULL)
		c->namespace = NAMESPACE;
	return 0;
}

static int
reconcile_kustomization_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *ks = NULL;
	const json_t *source;
	struct err *e;

	if (c->n_args != 1)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	if (reconcile_connect(c) != 0)
		return 1;
	if (cli_on(c, "with-source")) {
		e = cli_call(c, "GET", client_path(c->arena, &flux_kustomization_type, c->namespace, c->args[0], NULL),
		    NULL, NULL, &ks);
		if (e != NULL)
			return cli_error(c, e);
		source = json_at(ks, "/spec/sourceRef");
		if (reconcile_object(c, &git_repository_type, json_str(source, "namespace") ?: c->namespace,
			json_str(source, "name") ?: "") != 0)
			return 1;
	}
	return reconcile_object(c, &flux_kustomization_type, c->namespace, c->args[0]);
}

static int
reconcile_source_run(struct cli *c)
{
	if (c->n_args != 2 || strcmp(c->args[0], "git") != 0)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	return reconcile_connect(c) != 0 ? 1 : reconcile_object(c, &git_repository_type, c->namespace, c->args[1]);
}
