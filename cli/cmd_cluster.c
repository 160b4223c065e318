/* cli/cmd_cluster.c: cluster list, remove: the clusters that Applications deploy to, as in Argo CD. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/application.h"
#include "cli/cluster.h"
#include "gitops/worker/cluster.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

static int cluster_list_run(struct cli *);
static int cluster_remove_run(struct cli *);

const struct command cmd_cluster_list = {
	.name = "cluster list",
	.aliases = "cluster ls",
	.args = "",
	.group = GROUP_GITOPS,
	.summary = "List clusters, and whether they can be reached",
	.example = "cluster list",
	.run = cluster_list_run,
};

const struct command cmd_cluster_remove = {
	.name = "cluster remove",
	.aliases = "cluster rm",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Remove a cluster, and its ServiceAccount there",
	.example = "cluster remove staging|cluster remove staging --admin-context staging-admin",
	.flags =
	    (const struct flag[]){
		{ .name = "admin-context",
		    .value = "CONTEXT",
		    .text = "Context that may delete the ServiceAccount (default: the first that leads there)" },
		{ .name = "keep-account", .text = "Leave the ServiceAccount and its permissions there" },
		{ .name = "force", .text = "Remove it even if Applications deploy to it" },
		{ 0 },
	    },
	.run = cluster_remove_run,
};

/* Requests the version, and whether the credentials are accepted. Prints the rest of the line. */
static void
cluster_list_state(struct cli *c, struct transport *t)
{
	_cleanup_(json_decrefp) json_t *version = NULL;
	struct err *e = cli_call_over(c, t, "GET", "/version", NULL, NULL, &version);

	if (e == NULL)
		e = cli_call_over(c, t, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		    "application/json",
		    json_pack("{s:s,s:s,s:{s:{s:s,s:s}}}", "apiVersion", "authorization.k8s.io/v1", "kind",
			"SelfSubjectAccessReview", "spec", "resourceAttributes", "verb", "get", "resource", "pods"),
		    NULL);
	printf("%-10s %-12s %s\n", json_str(version, "gitVersion") ?: "", e == NULL ? "Successful" : "Failed",
	    e == NULL	   ? ""
	    : e->forbidden ? "the credentials are not accepted; `sluice cluster add CONTEXT --upsert` replaces them"
			   : err_text(c->arena, e));
}

static void
cluster_list_show(struct cli *c, const json_t *secret)
{
	const char *server = cluster_value(c, secret, "server");
	_cleanup_(json_decrefp) json_t *kept = NULL;
	struct transport *t;
	struct config config;
	struct err *e = cluster_read_config(c->arena, secret, server, &config, &kept);

	printf("%-20s %-40s ", cluster_value(c, secret, "name"), server);
	if (e != NULL) {
		printf("%-10s %-12s %s\n", "", "Failed", err_text(c->arena, e));
		return;
	}
	/* A program that a Secret of the cluster names is not run on the user's machine. */
	if (config.exec != NULL) {
		printf("%-10s %-12s %s\n", "", "Unknown",
		    "its credentials are those of a program, which only the controller runs");
		return;
	}
	t = transport_curl_new(c->loop, &config);
	t->patience_ms = CLIENT_SOON_MS;
	cluster_list_state(c, t);
	transport_free(t);
}

static int
cluster_list_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *secrets = NULL;
	json_t *secret;
	size_t i;

	if (c->n_args != 0)
		return cli_fail(c, "usage: sluice cluster list");
	if (applications_connect(c) != 0 || cluster_secrets(c, &secrets) != 0)
		return 1;
	printf("%-20s %-40s %-10s %-12s %s\n", "NAME", "SERVER", "VERSION", "STATUS", "MESSAGE");
	printf("%-20s %-40s ", "in-cluster", "https://kubernetes.default.svc");
	cluster_list_state(c, c->transport);
	json_array_foreach (json_object_get(secrets, "items"), i, secret)
		cluster_list_show(c, secret);
	return 0;
}

/* Returns the Secret of the cluster with this name or address, a new reference; or NULL after printing the error. */
static json_t *
cluster_remove_find(struct cli *c, const char *name)
{
	_cleanup_(json_decrefp) json_t *secrets = NULL;
	json_t *secret;
	size_t i;

	if (cluster_secrets(c, &secrets) != 0)
		return NULL;
	json_array_foreach (json_object_get(secrets, "items"), i, secret)
		if (strcmp(cluster_value(c, secret, "name"), name) == 0 ||
		    strcmp(cluster_value(c, secret, "server"), name) == 0)
			return json_incref(secret);
	cli_fail(c, "there is no cluster \"%s\" in namespace %s; `sluice cluster list` lists them", name, c->namespace);
	return NULL;
}

/* Returns 0 if no Application deploys there, or 1 after printing which do. */
static int
cluster_remove_check_unused(struct cli *c, const json_t *secret)
{
	_cleanup_(json_decrefp) json_t *apps = NULL;
	const char *names = "", *server = cluster_value(c, secret, "server"), *name = cluster_value(c, secret, "name");
	struct err *e =
	    cli_call_list(c, &application_type, client_path(c->arena, &application_type, NULL, NULL, NULL), &apps);
	size_t i, n = 0;
	json_t *app;

	if (e != NULL)
		return cli_error(c, e);
	json_array_foreach (json_object_get(apps, "items"), i, app) {
		const json_t *to = json_at(app, "/spec/destination"), *m = json_object_get(app, "metadata");

		if (!str_eq(json_str(to, "server"), server) && !str_eq(json_str(to, "name"), name))
			continue;
		if (n++ < 5)
			names = arena_printf(c->arena, "%s%s%s/%s", names, names[0] != '\0' ? ", " : "",
			    json_str(m, "namespace") ?: "", json_str(m, "name") ?: "");
	}
	if (n == 0)
		return 0;
	return cli_fail(c,
	    "%zu Applications deploy to cluster \"%s\": %s%s; delete them first, or give --force: their objects stay "
	    "there",
	    n, name, names, n > 5 ? ", ..." : "");
}

/* Reads the account from the Secret. Returns 0, or 1 after printing the error. */
static int
cluster_remove_read_account(struct cli *c, const json_t *secret, struct cluster_account *ret)
{
	const char *text = json_str(json_at(secret, "/metadata/annotations"), CLUSTER_ACCOUNT), *slash;

	*ret = (struct cluster_account){ .namespace = "kube-system", .name = "argocd-manager" };
	if (text != NULL && (slash = strchr(text, '/')) != NULL) {
		ret->namespace = arena_strndup(c->arena, text, (size_t)(slash - text));
		ret->name = arena_strdup(c->arena, slash + 1);
	}
	return cluster_read_namespaces(c,
	    "namespaces of the cluster's Secret, which --keep-account deletes without the account",
	    cluster_value(c, secret, "namespaces"), &ret->namespaces);
}

/* Deletes the account with what belongs to it. Returns 0, or 1 after printing what stays. */
static int
cluster_remove_account_objects(struct cli *c, const json_t *secret)
{
	const char *server = cluster_value(c, secret, "server"), *context = cli_flag(c, "admin-context");
	struct cluster_account account;
	struct cluster_object objects[CLUSTER_OBJECTS_MAX];
	struct transport *there;
	struct config config;
	size_t n;
	int code = 0;
	struct err *e;

	if (cluster_remove_read_account(c, secret, &account) != 0)
		return 1;
	if (context == NULL && (e = config_find_context(c->arena, cli_flag(c, "kubeconfig"), server, &context)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if (context == NULL)
		return cli_fail(c,
		    "no context of the kubeconfig leads to %s: name one with --admin-context, or --keep-account leaves "
		    "ServiceAccount %s/%s there",
		    server, account.namespace, account.name);
	if (cluster_open_context(c, context, &config, &there) != 0)
		return 1;
	/* Those of the whole cluster too: an earlier --upsert may have left them. */
	n = cluster_all_objects(c->arena, &account, objects);
	while (n-- > 0) {
		e = cli_call_over(c, there, "DELETE", objects[n].path, NULL, NULL, NULL);
		if (e == NULL)
			printf("%s deleted\n", objects[n].what);
		else if (e->class != ERR_GONE)
			code = cli_fail(c, "%s: %s", objects[n].what, err_text(c->arena, e));
	}
	transport_free(there);
	return code;
}

static int
cluster_remove_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *secret = NULL;
	const char *name;
	struct err *e;

	if (c->n_args != 1)
		return cli_fail(c, "usage: sluice cluster remove NAME; `sluice cluster list` lists them");
	if (applications_connect(c) != 0 || (secret = cluster_remove_find(c, c->args[0])) == NULL)
		return 1;
	name = cluster_value(c, secret, "name");
	if (!cli_on(c, "force") && cluster_remove_check_unused(c, secret) != 0)
		return 1;
	/* The Secret is last, so that the command can be repeated. */
	if (!cli_on(c, "keep-account") && cluster_remove_account_objects(c, secret) != 0)
		return 1;
	e = cli_call(c, "DELETE",
	    arena_printf(c->arena, "/api/v1/namespaces/%s/secrets/%s", str_url_escape(c->arena, c->namespace),
		str_url_escape(c->arena, json_str(json_object_get(secret, "metadata"), "name"))),
	    NULL, NULL, NULL);
	if (e != NULL)
		return cli_error(c, e);
	printf("cluster \"%s\" removed\n", name);
	return 0;
}
