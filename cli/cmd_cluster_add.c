/* cli/cmd_cluster_add.c: cluster add: makes a cluster one that Applications can deploy to, as `argocd cluster add`
 * does: a ServiceAccount with its permissions and token there, and a Secret with the token here. */
#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "cli/cluster.h"
#include "io/file.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

#define POLL_MS 200
#define TOKEN_MS 30000 /* until the token exists */
#define ALLOWED_MS 10000 /* until the permissions have effect */
#define CA_MAX (1u << 20) /* bytes */

static int cluster_add_run(struct cli *);

const struct command cmd_cluster_add = {
	.name = "cluster add",
	.args = "CONTEXT",
	.group = GROUP_GITOPS,
	.summary = "Add a cluster that Applications deploy to",
	.example = "cluster add staging-admin --name staging|cluster add production --namespace shop --role edit",
	.flags =
	    (const struct flag[]){
		{ .name = "name", .value = "NAME", .text = "Name of the cluster (default: that of the context)" },
		{ .name = "namespace",
		    .value = "NS",
		    .repeats = true,
		    .text = "Namespace that is managed there; can be repeated (default: all)" },
		{ .name = "role",
		    .value = "CLUSTERROLE",
		    .text = "Existing ClusterRole to bind (default: everything is permitted)" },
		{ .name = "project", .value = "PROJECT", .text = "AppProject that the cluster is for" },
		{ .name = "service-account",
		    .value = "NAME",
		    .value_default = "argocd-manager",
		    .text = "ServiceAccount to create there" },
		{ .name = "system-namespace",
		    .value = "NS",
		    .value_default = "kube-system",
		    .text = "Namespace of that ServiceAccount" },
		{ .name = "gitops-namespace",
		    .value = "NS",
		    .value_default = "argocd",
		    .text = "Namespace of Applications and of the Secrets of clusters" },
		{ .name = "upsert", .text = "Replace a cluster that exists already" },
		{ 0 },
	    },
	.run = cluster_add_run,
};

struct adding {
	struct cli *cli;
	const char *name;
	const char *secret; /* name of the cluster's Secret */
	struct config config; /* of the context */
	struct transport *there;
	struct cluster_account account;
	struct strings namespaces_before; /* of the cluster that is replaced */
	struct cluster_object objects[CLUSTER_OBJECTS_MAX];
	bool created[CLUSTER_OBJECTS_MAX]; /* by this process: deleted if something fails */
	size_t n;
	const char *token;
};

/* Argo CD's name of the Secret: "cluster-HOST-HASH", with the 32-bit FNV-1a hash of the address. */
static const char *
cluster_secret_name(struct arena *a, const char *server)
{
	const char *host = strstr(server, "://") != NULL ? strstr(server, "://") + 3 : server;
	char *lower = arena_strndup(a, host, strcspn(host, "/:"));
	uint32_t hash = 2166136261u;

	for (const char *s = server; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	for (char *s = lower; *s != '\0'; s++)
		*s = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s == '[' ? '0' : *s;
	return arena_printf(a, "cluster-%s-%u", lower, hash);
}

/* Takes over the Secret of a cluster that is replaced. Returns 0, or 1 after printing the error. */
static int
cluster_add_replace(struct adding *w, const json_t *secret)
{
	const json_t *m = json_object_get(secret, "metadata");
	const char *before = json_str(json_object_get(m, "annotations"), CLUSTER_ACCOUNT),
		   *account = arena_printf(w->cli->arena, "%s/%s", w->account.namespace, w->account.name);

	w->secret = arena_strdup(w->cli->arena, json_str(m, "name"));
	if (before != NULL && strcmp(before, account) != 0)
		fprintf(stderr,
		    "warning: ServiceAccount %s, which the cluster had before, keeps its permissions there\n", before);
	return cluster_read_namespaces(w->cli, "namespaces of the cluster's Secret",
	    cluster_value(w->cli, secret, "namespaces"), &w->namespaces_before);
}

/* Returns 0 if no other cluster has the name, and none has the address unless --upsert is given; or 1 after printing
 * the error. */
static int
cluster_add_check_free(struct adding *w)
{
	_cleanup_(json_decrefp) json_t *secrets = NULL;
	struct cli *c = w->cli;
	json_t *secret;
	size_t i;

	if (cluster_secrets(c, &secrets) != 0)
		return 1;
	json_array_foreach (json_object_get(secrets, "items"), i, secret)
		if (strcmp(cluster_value(c, secret, "name"), w->name) == 0 &&
		    strcmp(cluster_value(c, secret, "server"), w->config.server) != 0)
			return cli_fail(c, "there is a cluster \"%s\" already, at %s; choose another name with --name",
			    w->name, cluster_value(c, secret, "server"));
	json_array_foreach (json_object_get(secrets, "items"), i, secret) {
		if (strcmp(cluster_value(c, secret, "server"), w->config.server) != 0)
			continue;
		if (!cli_on(c, "upsert"))
			return cli_fail(c, "%s is there already, as cluster \"%s\"; --upsert replaces it",
			    w->config.server, cluster_value(c, secret, "name"));
		if (cluster_add_replace(w, secret) != 0)
			return 1;
	}
	return 0;
}

/* Replaces a binding, as the API server does not permit to change the role of one that exists. */
static struct err *
cluster_add_rebind(struct adding *w, const struct cluster_object *o)
{
	struct err *e = cli_call_over(w->cli, w->there, "DELETE", o->path, NULL, NULL, NULL);

	if (e != NULL && e->class != ERR_GONE)
		return e;
	return cli_call_over(w->cli, w->there, "POST", o->collection, "application/json", json_incref(o->body), NULL);
}

/* Creates the object, or gives one that exists these contents. Returns 0, or 1 after printing the error. */
static int
cluster_add_object(struct adding *w, size_t i)
{
	const struct cluster_object *o = &w->objects[i];
	struct err *e =
	    cli_call_over(w->cli, w->there, "POST", o->collection, "application/json", json_incref(o->body), NULL);

	w->created[i] = e == NULL;
	if (e != NULL && e->class == ERR_EXISTS)
		e = cli_call_over(w->cli, w->there, "PATCH", o->path, PATCH_MERGE, json_incref(o->body), NULL);
	if (e != NULL && e->class == ERR_INVALID && cli_on(w->cli, "upsert") &&
	    json_object_get(o->body, "roleRef") != NULL)
		e = cluster_add_rebind(w, o);
	if (e != NULL)
		return cli_fail(w->cli, "%s: %s", o->what, err_text(w->cli->arena, e));
	printf("%s %s\n", o->what, w->created[i] ? "created" : "updated");
	return 0;
}

/* Waits until the API server has filled the Secret of the token. Returns 0, or 1 after printing the error. */
static int
cluster_add_wait_token(struct adding *w)
{
	const struct cluster_object *o = &w->objects[w->n - 1];
	int64_t until = loop_mono(w->cli->loop) + TOKEN_MS;

	while (w->token == NULL) {
		_cleanup_(json_decrefp) json_t *secret = NULL;
		struct err *e = cli_call_over(w->cli, w->there, "GET", o->path, NULL, NULL, &secret);
		const char *token = e == NULL ? cluster_value(w->cli, secret, "token") : "";

		if (e != NULL)
			return cli_fail(w->cli, "%s: %s", o->what, err_text(w->cli->arena, e));
		if (token[0] != '\0')
			w->token = token;
		else if (loop_mono(w->cli->loop) > until)
			return cli_fail(w->cli,
			    "%s: no token after %d s; check that the cluster's kube-controller-manager runs", o->what,
			    TOKEN_MS / 1000);
		else
			cli_sleep(w->cli, POLL_MS);
	}
	return 0;
}

/* Whether the token permits what the controller needs. It takes a moment until the API server knows new permissions. */
static struct err *
cluster_add_review(struct adding *w, struct transport *t, const char *ns, bool *ret)
{
	_cleanup_(json_decrefp) json_t *review = NULL;
	bool all = w->account.role == NULL;
	json_t *attributes =
	    all ? json_pack("{s:s,s:s,s:s}", "verb", "*", "group", "*", "resource", "*")
		: json_pack("{s:s,s:s,s:s}", "verb", "patch", "group", "apps", "resource", "deployments");
	struct err *e;

	if (ns != NULL)
		json_object_set_new(attributes, "namespace", json_string(ns));
	e = cli_call_over(w->cli, t, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	    "application/json",
	    json_pack("{s:s,s:s,s:{s:o}}", "apiVersion", "authorization.k8s.io/v1", "kind", "SelfSubjectAccessReview",
		"spec", "resourceAttributes", attributes),
	    &review);
	*ret = json_is_true(json_at(review, "/status/allowed"));
	return e;
}

/* Returns 0, or 1 after printing that the token does not work in the namespace (NULL: in the cluster). */
static int
cluster_add_try(struct adding *w, struct transport *t, const char *ns)
{
	const char *where = ns != NULL ? arena_printf(w->cli->arena, "namespace %s", ns) : "the cluster";
	int64_t until = loop_mono(w->cli->loop) + ALLOWED_MS;
	bool allowed = false;

	for (;; cli_sleep(w->cli, POLL_MS)) {
		struct err *e = cluster_add_review(w, t, ns, &allowed);
		bool over = loop_mono(w->cli->loop) > until;

		if (e == NULL && allowed)
			return 0;
		/* The token may be newer than what this replica of the API server knows. */
		if (e != NULL && (!e->forbidden || over))
			return cli_fail(w->cli, "the new token does not work: %s", err_text(w->cli->arena, e));
		if (e == NULL && w->account.role != NULL) {
			fprintf(stderr,
			    "warning: ClusterRole %s does not permit to patch Deployments in %s; a sync that needs it "
			    "will fail\n",
			    w->account.role, where);
			return 0;
		}
		if (over)
			return cli_fail(w->cli,
			    "the API server does not permit everything in %s to ServiceAccount %s/%s; your own "
			    "permissions there may be less",
			    where, w->account.namespace, w->account.name);
	}
}

static int
cluster_add_check(struct adding *w)
{
	struct config config = w->config;
	struct transport *t;
	int code = 0;

	config.token = w->token;
	config.token_file = config.username = config.password = NULL;
	config.cert_file = config.cert_data = config.key_file = config.key_data = NULL;
	config.exec = NULL;
	config.as = (struct config_impersonation){ 0 };
	t = transport_curl_new(w->cli->loop, &config);
	t->patience_ms = w->cli->transport->patience_ms;
	if (w->account.namespaces.n == 0)
		code = cluster_add_try(w, t, NULL);
	for (size_t i = 0; i < w->account.namespaces.n && code == 0; i++)
		code = cluster_add_try(w, t, w->account.namespaces.at[i]);
	transport_free(t);
	return code;
}

/* Returns the certificate authority of the context as PEM text; NULL: none. */
static struct err *
cluster_add_authority(struct adding *w, const char **ret)
{
	struct bytes text = { 0 };
	struct err *e = NULL;

	*ret = w->config.ca_data;
	if (*ret == NULL && w->config.ca_file != NULL) {
		e = file_read(w->cli->arena, w->config.ca_file, CA_MAX, &text);
		*ret = text.at;
	}
	return e;
}

/* The `config` of the Secret. */
static json_t *
cluster_add_credentials(struct adding *w, const char *ca)
{
	json_t *tls = json_pack("{s:b}", "insecure", w->config.insecure), *config;

	if (ca != NULL)
		json_object_set_new(tls, "caData", json_string(base64_encode(w->cli->arena, ca, strlen(ca))));
	json_put(tls, "serverName", w->config.tls_server_name);
	config = json_pack("{s:s,s:o}", "bearerToken", w->token, "tlsClientConfig", tls);
	json_put(config, "proxyUrl", w->config.proxy);
	return config;
}

/* Writes the Secret that the controller reads. */
static struct err *
cluster_add_write(struct adding *w)
{
	struct arena *a = w->cli->arena;
	_cleanup_(json_decrefp) json_t *config = NULL, *secret = NULL;
	json_t *data;
	const char *ca,
	    *namespaces = NULL,
	    *collection = arena_printf(a, "/api/v1/namespaces/%s/secrets", str_url_escape(a, w->cli->namespace));
	struct err *e = cluster_add_authority(w, &ca);

	if (e != NULL)
		return e;
	for (size_t i = 0; i < w->account.namespaces.n; i++)
		namespaces = arena_printf(a, "%s%s%s", namespaces ?: "", i > 0 ? "," : "", w->account.namespaces.at[i]);
	config = cluster_add_credentials(w, ca);
	data = json_pack("{s:s,s:s,s:s}", "name", w->name, "server", w->config.server, "config", json_text(a, config));
	json_put(data, "namespaces", namespaces);
	json_put(data, "project", cli_flag(w->cli, "project"));
	secret = json_pack("{s:s,s:s,s:{s:s,s:{s:s},s:{s:s}},s:o}", "apiVersion", "v1", "kind", "Secret", "metadata",
	    "name", w->secret, "labels", CLUSTER_LABEL, CLUSTER_LABEL_VALUE, "annotations", CLUSTER_ACCOUNT,
	    arena_printf(a, "%s/%s", w->account.namespace, w->account.name), "stringData", data);
	e = cli_call(w->cli, "POST", collection, "application/json", json_incref(secret), NULL);
	if (e != NULL && e->class == ERR_EXISTS && cli_on(w->cli, "upsert")) {
		/* A key that is not given now is deleted. */
		json_object_set_new(secret, "data", json_object());
		if (namespaces == NULL)
			json_object_set_new(json_object_get(secret, "data"), "namespaces", json_null());
		if (cli_flag(w->cli, "project") == NULL)
			json_object_set_new(json_object_get(secret, "data"), "project", json_null());
		e = cli_call(w->cli, "PATCH", arena_printf(a, "%s/%s", collection, str_url_escape(a, w->secret)),
		    PATCH_MERGE, json_incref(secret), NULL);
	}
	return e != NULL ? err_wrap(a, e, "Secret %s/%s", w->cli->namespace, w->secret) : NULL;
}

static bool
cluster_add_wants(const struct adding *w, const struct cluster_object *o)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->objects[i].path, o->path) == 0)
			return true;
	return w->account.role != NULL &&
	       strcmp(o->what, arena_printf(w->cli->arena, "ClusterRole %s", w->account.role)) == 0;
}

/* Deletes the roles and bindings in these namespaces and in the whole cluster that the account is not to have. Returns
 * 0, or 1 after printing what stays. */
static int
cluster_add_delete_roles(struct adding *w, struct strings namespaces)
{
	struct cluster_account account = w->account;
	struct cluster_object objects[CLUSTER_OBJECTS_MAX];
	int code = 0;
	size_t n;

	account.namespaces = namespaces;
	n = cluster_roles(w->cli->arena, &account, objects);
	while (n-- > 0) {
		struct err *e;

		if (cluster_add_wants(w, &objects[n]))
			continue;
		e = cli_call_over(w->cli, w->there, "DELETE", objects[n].path, NULL, NULL, NULL);
		if (e != NULL && e->class != ERR_GONE) {
			code = cli_fail(w->cli, "%s: %s", objects[n].what, err_text(w->cli->arena, e));
		} else if (e == NULL) {
			printf("%s deleted\n", objects[n].what);
			/* The account would be left without permissions if those that are new were deleted now. */
			memset(w->created, 0, sizeof(w->created));
		}
	}
	return code;
}

/* Deletes what this process created, the last one first, and prints what could not be deleted. */
static void
cluster_add_undo(struct adding *w)
{
	for (size_t i = w->n; i-- > 0;) {
		struct err *e;

		if (!w->created[i])
			continue;
		e = cli_call_over(w->cli, w->there, "DELETE", w->objects[i].path, NULL, NULL, NULL);
		if (e != NULL && e->class != ERR_GONE)
			fprintf(stderr, "%s stays in the cluster, delete it: %s\n", w->objects[i].what,
			    err_text(w->cli->arena, e));
		else
			printf("%s deleted\n", w->objects[i].what);
	}
}

/* A controller elsewhere cannot reach an address of this machine. */
static void
cluster_add_warn(const struct adding *w)
{
	const char *host = strstr(w->config.server, "://");

	host = host != NULL ? host + 3 : w->config.server;
	if (str_starts(host, "127.") || str_starts(host, "localhost") || str_starts(host, "[::1]"))
		fprintf(stderr, "warning: %s is an address of this machine; a controller elsewhere does not reach it\n",
		    w->config.server);
}

static int
cluster_add_there(struct adding *w)
{
	struct err *e;

	for (size_t i = 0; i < w->n; i++)
		if (cluster_add_object(w, i) != 0)
			return 1;
	if (cluster_add_wait_token(w) != 0 || cluster_add_check(w) != 0)
		return 1;
	/* Before the Secret is written, which names the namespaces of before: the command can be repeated. */
	if (cli_on(w->cli, "upsert") && (cluster_add_delete_roles(w, w->account.namespaces) != 0 ||
					    cluster_add_delete_roles(w, w->namespaces_before) != 0))
		return 1;
	if ((e = cluster_add_write(w)) != NULL)
		return cli_error(w->cli, e);
	printf("cluster \"%s\" (%s) added; Applications select it with spec.destination.name: %s\n", w->name,
	    w->config.server, w->name);
	return 0;
}

static int
cluster_add_run(struct cli *c)
{
	struct adding w = { .cli = c };
	int code;

	if (c->n_args != 1)
		return cli_fail(
		    c, "usage: sluice cluster add CONTEXT; `kubectl config get-contexts` lists the contexts");
	if (cli_connect_to(c, cli_flag(c, "kubeconfig"), cli_flag(c, "gitops-namespace")) != 0)
		return 1;
	w.name = cli_flag(c, "name") ?: c->args[0];
	w.account = (struct cluster_account){ cli_flag(c, "system-namespace"), cli_flag(c, "service-account"),
		.role = cli_flag(c, "role") };
	if (cluster_read_namespaces(c, "--namespace", cli_flag(c, "namespace"), &w.account.namespaces) != 0)
		return 1;
	if (strcmp(w.name, "in-cluster") == 0)
		return cli_fail(
		    c, "\"in-cluster\" is the name of the controller's own cluster; choose another with --name");
	if (cluster_open_context(c, c->args[0], &w.config, &w.there) != 0)
		return 1;
	cluster_add_warn(&w);
	w.secret = cluster_secret_name(c->arena, w.config.server);
	w.n = cluster_objects(c->arena, &w.account, w.objects);
	code = cluster_add_check_free(&w);
	if (code == 0 && (code = cluster_add_there(&w)) != 0)
		cluster_add_undo(&w);
	for (size_t i = 0; i < w.n; i++)
		json_decref(w.objects[i].body);
	transport_free(w.there);
	return code;
}
