/* gitops/worker/cluster.c: destination cluster of an Application: finds its Secret, and connects with it. Source:
 * Argo CD's documentation, "Declarative Setup", "Clusters". */
#include "gitops/worker/cluster.h"
#include <string.h>
#include "base/base64.h"
#include "gitops/argocd/project.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/credentials.h"
#include "gitops/worker/session_state.h"
#include "kube/api/secret.h"
#include "kube/kubeconfig.h"

#define CLUSTER_OWN_SERVER "https://kubernetes.default.svc"
#define CLUSTER_OWN_NAME "in-cluster"

static const char *
cluster_trim_url(struct arena *a, const char *url)
{
	size_t n = url != NULL ? strlen(url) : 0;

	while (n > 0 && url[n - 1] == '/')
		n--;
	return n > 0 ? arena_strndup(a, url, n) : NULL;
}

struct err *
cluster_read_destination(struct session *s)
{
	struct application_destination *d = &s->cluster.destination;

	*d = s->request.app->spec.destination;
	d->server = cluster_trim_url(s->arena, d->server);
	if (str_empty(d->name))
		d->name = NULL;
	if (d->server == NULL && d->name == NULL)
		return err_new(s->arena, ERR_INVALID, "spec.destination: set server or name");
	if (d->server != NULL && strcmp(d->server, CLUSTER_OWN_SERVER) != 0)
		return NULL;
	if (d->server == NULL && strcmp(d->name, CLUSTER_OWN_NAME) != 0)
		return NULL;
	d->server = CLUSTER_OWN_SERVER;
	d->name = CLUSTER_OWN_NAME;
	s->cluster.target = s->cluster.api;
	return NULL;
}

void
cluster_consider_secret(struct session *s, const json_t *secret)
{
	const struct application_destination *d = &s->cluster.destination;
	const char *server = cluster_trim_url(s->arena, credentials_value(s, secret, "server")),
		   *name = credentials_value(s, secret, "name");

	if (s->cluster.target == NULL && server != NULL &&
	    (d->server != NULL ? strcmp(server, d->server) == 0 : str_eq(name, d->name))) {
		json_decref(s->cluster.secret);
		s->cluster.secret = json_incref((json_t *)secret);
	}
}

/* Returns the decoded text of a base64 string; NULL for NULL. */
static const char *
cluster_decode(struct arena *a, const char *text)
{
	size_t n;

	return text != NULL ? base64_decode(a, text, &n) : NULL;
}

static const struct config_exec *
cluster_exec(struct arena *a, const json_t *e)
{
	struct config_exec *x = arena_alloc(a, sizeof(*x));
	const json_t *env = json_object_get(e, "env");
	const char *key;
	json_t *value;

	*x = (struct config_exec){ .command = json_str(e, "command"),
		.args = strings_decode(a, json_object_get(e, "args")),
		.env = { arena_new_array(a, struct string_pair, json_object_size(env) + 1), 0 },
		.api_version = json_str(e, "apiVersion") ?: "client.authentication.k8s.io/v1beta1",
		.install_hint = json_str(e, "installHint") };
	json_object_foreach ((json_t *)env, key, value)
		if (json_is_string(value))
			x->env.at[x->env.n++] = (struct string_pair){ key, json_string_value(value) };
	return x;
}

struct err *
cluster_read_config(struct arena *a, const json_t *secret, const char *server, struct config *ret, json_t **ret_config)
{
	const char *text = secret_text(a, json_object_get(secret, "data"), "config");
	const json_t *tls, *exec, *config;
	struct err *e;

	*ret = (struct config){ .server = server, .namespace = "default" };
	if (text == NULL)
		return NULL;
	if ((e = json_parse(a, text, strlen(text), ret_config)) != NULL)
		return err_wrap(a, e, "the Secret of cluster %s: config", server);
	config = *ret_config;
	tls = json_object_get(config, "tlsClientConfig");
	exec = json_object_get(config, "execProviderConfig");
	if (json_object_get(config, "awsAuthConfig") != NULL)
		return err_new(a, ERR_INVALID,
		    "the Secret of cluster %s: config.awsAuthConfig is not supported; execProviderConfig with \"aws "
		    "eks get-token\" does the same",
		    server);
	ret->username = json_str(config, "username");
	ret->password = json_str(config, "password");
	ret->token = json_str(config, "bearerToken");
	ret->proxy = json_str(config, "proxyUrl");
	ret->insecure = json_is_true(json_object_get(tls, "insecure"));
	ret->tls_server_name = json_str(tls, "serverName");
	ret->ca_data = cluster_decode(a, json_str(tls, "caData"));
	ret->cert_data = cluster_decode(a, json_str(tls, "certData"));
	ret->key_data = cluster_decode(a, json_str(tls, "keyData"));
	if (exec != NULL && str_empty(json_str(exec, "command")))
		return err_new(
		    a, ERR_INVALID, "the Secret of cluster %s: config.execProviderConfig has no command", server);
	if (exec != NULL)
		ret->exec = cluster_exec(a, exec);
	return NULL;
}

/* Reads the Secret's `namespaces` ("a, b"), the namespaces that are managed in the cluster; none: all. */
static struct strings
cluster_namespaces(struct session *s)
{
	char *save = NULL, *list = arena_strdup(s->arena, credentials_value(s, s->cluster.secret, "namespaces"));
	struct strings names = { .at = arena_new_array(s->arena, const char *, list != NULL ? strlen(list) + 1 : 1) };

	for (char *ns = list != NULL ? strtok_r(list, ", ", &save) : NULL; ns != NULL; ns = strtok_r(NULL, ", ", &save))
		names.at[names.n++] = ns;
	return names;
}

static struct err *
cluster_connect(struct session *s)
{
	struct application_destination *d = &s->cluster.destination;
	struct err *e;

	if (s->cluster.target != NULL)
		return NULL;
	if (s->cluster.secret == NULL)
		return err_new(s->arena, ERR_INVALID,
		    "spec.destination.%s: there is no cluster with this %s: %s (a Secret with the label "
		    "argocd.argoproj.io/secret-type: cluster, in namespace %s)",
		    d->server != NULL ? "server" : "name", d->server != NULL ? "server" : "name",
		    d->server != NULL ? d->server : d->name, s->request.message.namespace);
	d->server = cluster_trim_url(s->arena, credentials_value(s, s->cluster.secret, "server"));
	d->name = credentials_value(s, s->cluster.secret, "name");
	s->cluster.only = cluster_namespaces(s);
	s->cluster.cluster_wide =
	    s->cluster.only.n == 0 || str_eq(credentials_value(s, s->cluster.secret, "clusterResources"), "true");
	if (s->request.project != NULL && s->request.project->spec.scoped_clusters_only &&
	    !str_eq(credentials_value(s, s->cluster.secret, "project"), s->request.project->object.meta.name))
		return err_new(s->arena, ERR_INVALID, "spec.destination: the cluster %s is not one of project %s alone",
		    d->server, s->request.project->object.meta.name);
	/* The Secret is that of the controller's own cluster, which a user has named. */
	if (strcmp(d->server, CLUSTER_OWN_SERVER) == 0) {
		s->cluster.target = s->cluster.api;
		return NULL;
	}
	if (s->cluster.connect == NULL)
		return err_new(s->arena, ERR_INVALID, "other clusters cannot be reached from here");
	s->cluster.remote = arena_alloc(s->arena, sizeof(*s->cluster.remote));
	if ((e = cluster_read_config(s->arena, s->cluster.secret, s->cluster.destination.server, s->cluster.remote,
		 &s->cluster.config)) != NULL)
		return e;
	s->cluster.target = s->cluster.connect(s->cluster.api->loop, s->cluster.remote);
	s->cluster.target->patience_ms = s->cluster.api->patience_ms;
	return NULL;
}

struct err *
cluster_impersonate(struct session *s, const char *ns, const char *account)
{
	struct err *e;

	if (s->cluster.connect == NULL || s->cluster.own == NULL)
		return err_new(s->arena, ERR_INVALID, "spec.serviceAccountName: impersonation is not possible here");
	/* A name that a header cannot carry would be dropped, and the requests would have the controller's own
	 * permissions. */
	if ((e = grammar_check(s->arena, GRAMMAR_ACCOUNT, "spec.serviceAccountName", account)) != NULL ||
	    (e = grammar_check(s->arena, GRAMMAR_NAMESPACE, "metadata.namespace", ns)) != NULL)
		return e;
	s->cluster.remote = arena_alloc(s->arena, sizeof(*s->cluster.remote));
	*s->cluster.remote = *s->cluster.own;
	s->cluster.remote->as =
	    (struct config_impersonation){ .user = arena_printf(s->arena, "system:serviceaccount:%s:%s", ns, account) };
	s->cluster.target = s->cluster.connect(s->cluster.api->loop, s->cluster.remote);
	s->cluster.target->patience_ms = s->cluster.api->patience_ms;
	return NULL;
}

const char *
cluster_refusal(struct session *s, const struct app_resource *r)
{
	if (r->namespace == NULL)
		return s->cluster.only.n == 0 || s->cluster.cluster_wide
			   ? NULL
			   : arena_printf(s->arena,
				 "the Secret of cluster %s names the namespaces that are "
				 "managed, and no clusterResources",
				 s->cluster.destination.server);
	for (size_t i = 0; i < s->cluster.only.n; i++)
		if (strcmp(s->cluster.only.at[i], r->namespace) == 0)
			return NULL;
	return s->cluster.only.n == 0
		   ? NULL
		   : arena_printf(s->arena, "namespace %s is not one that the Secret of cluster %s names", r->namespace,
			 s->cluster.destination.server);
}

void
cluster_leave(struct session *s)
{
	if (s->cluster.target != NULL && s->cluster.target != s->cluster.api)
		transport_free(s->cluster.target);
	json_decref(s->cluster.secret);
	json_decref(s->cluster.config);
}

/* Connects to the destination, if it exists and the project allows it. */
struct err *
cluster_find(struct session *s)
{
	struct err *e = cluster_connect(s);

	if (e != NULL && s->cluster.secret == NULL && s->cluster.unreadable != NULL)
		return err_wrap(s->arena, e, "%s", s->cluster.unreadable);
	/* The Secret of the cluster has been deleted: its objects cannot be reached, and must not block the
	 * deletion. */
	if (e != NULL && s->request.message.deleting && s->cluster.secret == NULL) {
		s->cluster.target = s->cluster.api;
		s->request.message.known.n = 0;
		return NULL;
	}
	if (e == NULL && s->request.project != NULL && !s->request.message.deleting)
		e = project_check(s->arena, s->request.project, s->request.app, &s->cluster.destination,
		    s->request.message.namespace);
	return e;
}
