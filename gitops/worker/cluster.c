/* gitops/worker/cluster.c: the cluster that an Application's objects go to, and what its Secret says (Argo CD's documentation, "Declarative
 * Setup", "Clusters"). */
#include <string.h>
#include "base/base64.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/session_parts.h"
#include "kube/config.h"

static const char *
without_slashes(struct arena *a, const char *url)
{
	size_t n = url != NULL ? strlen(url) : 0;

	while (n > 0 && url[n - 1] == '/')
		n--;
	return n > 0 ? arena_strndup(a, url, n) : NULL;
}

struct err *
work_read_destination(struct work *w)
{
	struct application_destination *d = &w->destination;

	*d = w->app->spec.destination;
	d->server = without_slashes(w->arena, d->server);
	if (str_empty(d->name))
		d->name = NULL;
	if (d->server == NULL && d->name == NULL)
		return err_new(w->arena, ERR_INVALID, "spec.destination: set server or name");
	if (d->server != NULL && strcmp(d->server, OWN_SERVER) != 0)
		return NULL;
	if (d->server == NULL && strcmp(d->name, OWN_NAME) != 0)
		return NULL;
	d->server = OWN_SERVER;
	d->name = OWN_NAME;
	w->target = w->api;
	return NULL;
}

void
work_see_cluster(struct work *w, const json_t *secret)
{
	const struct application_destination *d = &w->destination;
	const char *server = without_slashes(w->arena, work_secret(w, secret, "server")),
		   *name = work_secret(w, secret, "name");

	if (w->target == NULL && server != NULL &&
	    (d->server != NULL ? strcmp(server, d->server) == 0 : str_eq(name, d->name))) {
		json_decref(w->cluster);
		w->cluster = json_incref((json_t *)secret);
	}
}

/* Bytes that JSON has in base64, as text. */
static const char *
decoded(struct arena *a, const char *text)
{
	size_t n;

	return text != NULL ? base64_decode(a, text, &n) : NULL;
}

static const struct config_exec *
exec_of(struct arena *a, const json_t *e)
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

/* The Secret's `config` as what a kubeconfig would say. */
static struct err *
read_config(struct work *w, struct config *ret)
{
	const char *text = work_secret(w, w->cluster, "config");
	const json_t *tls, *exec;
	struct err *e;

	*ret = (struct config){ .server = w->destination.server, .namespace = "default" };
	if (text == NULL)
		return NULL;
	if ((e = json_parse(w->arena, text, strlen(text), &w->cluster_config)) != NULL)
		return err_wrap(w->arena, e, "the Secret of cluster %s: config", w->destination.server);
	tls = json_object_get(w->cluster_config, "tlsClientConfig");
	exec = json_object_get(w->cluster_config, "execProviderConfig");
	if (json_object_get(w->cluster_config, "awsAuthConfig") != NULL)
		return err_new(w->arena, ERR_INVALID,
		    "the Secret of cluster %s: config.awsAuthConfig is not built; execProviderConfig with \"aws eks "
		    "get-token\" "
		    "does the same",
		    w->destination.server);
	ret->username = json_str(w->cluster_config, "username");
	ret->password = json_str(w->cluster_config, "password");
	ret->token = json_str(w->cluster_config, "bearerToken");
	ret->proxy = json_str(w->cluster_config, "proxyUrl");
	ret->insecure = json_is_true(json_object_get(tls, "insecure"));
	ret->tls_server_name = json_str(tls, "serverName");
	ret->ca_data = decoded(w->arena, json_str(tls, "caData"));
	ret->cert_data = decoded(w->arena, json_str(tls, "certData"));
	ret->key_data = decoded(w->arena, json_str(tls, "keyData"));
	if (exec != NULL && str_empty(json_str(exec, "command")))
		return err_new(w->arena, ERR_INVALID,
		    "the Secret of cluster %s: config.execProviderConfig has no command", w->destination.server);
	if (exec != NULL)
		ret->exec = exec_of(w->arena, exec);
	return NULL;
}

/* "a, b": which namespaces are managed there; NULL: all. */
static struct strings
namespaces_of(struct work *w)
{
	char *save = NULL, *list = arena_strdup(w->arena, work_secret(w, w->cluster, "namespaces"));
	struct strings s = { .at = arena_new_array(w->arena, const char *, list != NULL ? strlen(list) + 1 : 1) };

	for (char *ns = list != NULL ? strtok_r(list, ", ", &save) : NULL; ns != NULL; ns = strtok_r(NULL, ", ", &save))
		s.at[s.n++] = ns;
	return s;
}

struct err *
work_reach_cluster(struct work *w)
{
	struct application_destination *d = &w->destination;
	struct err *e;

	if (w->target != NULL)
		return NULL;
	if (w->cluster == NULL)
		return err_new(w->arena, ERR_INVALID,
		    "spec.destination.%s: there is no cluster with this %s: %s (a Secret with the label "
		    "argocd.argoproj.io/secret-type: cluster, in namespace %s)",
		    d->server != NULL ? "server" : "name", d->server != NULL ? "server" : "name",
		    d->server != NULL ? d->server : d->name, w->namespace);
	d->server = without_slashes(w->arena, work_secret(w, w->cluster, "server"));
	d->name = work_secret(w, w->cluster, "name");
	w->only = namespaces_of(w);
	w->cluster_wide = w->only.n == 0 || str_eq(work_secret(w, w->cluster, "clusterResources"), "true");
	if (w->project != NULL && w->project->spec.scoped_clusters_only &&
	    !str_eq(work_secret(w, w->cluster, "project"), w->project->object.meta.name))
		return err_new(w->arena, ERR_INVALID, "spec.destination: the cluster %s is not one of project %s alone",
		    d->server, w->project->object.meta.name);
	/* This one, by a name of somebody's own. */
	if (strcmp(d->server, OWN_SERVER) == 0) {
		w->target = w->api;
		return NULL;
	}
	if (w->connect == NULL)
		return err_new(w->arena, ERR_INVALID, "other clusters cannot be reached from here");
	w->remote = arena_alloc(w->arena, sizeof(*w->remote));
	if ((e = read_config(w, w->remote)) != NULL)
		return e;
	w->target = w->connect(w->api->loop, w->remote);
	w->target->patience_ms = w->api->patience_ms;
	return NULL;
}

struct err *
work_impersonate(struct work *w, const char *ns, const char *account)
{
	struct err *e;

	if (w->connect == NULL || w->own == NULL)
		return err_new(w->arena, ERR_INVALID, "spec.serviceAccountName: impersonation is not possible here");
	/* A name that no header can have would leave the controller's own rights. */
	if ((e = grammar_check(w->arena, GRAMMAR_ACCOUNT, "spec.serviceAccountName", account)) != NULL ||
	    (e = grammar_check(w->arena, GRAMMAR_NAMESPACE, "metadata.namespace", ns)) != NULL)
		return e;
	w->remote = arena_alloc(w->arena, sizeof(*w->remote));
	*w->remote = *w->own;
	w->remote->as =
	    (struct config_impersonation){ .user = arena_printf(w->arena, "system:serviceaccount:%s:%s", ns, account) };
	w->target = w->connect(w->api->loop, w->remote);
	w->target->patience_ms = w->api->patience_ms;
	return NULL;
}

const char *
work_is_managed(struct work *w, const struct app_resource *r)
{
	if (r->namespace == NULL)
		return w->only.n == 0 || w->cluster_wide ? NULL
							 : arena_printf(w->arena,
							       "the Secret of cluster %s names the namespaces that are "
							       "managed, and no clusterResources",
							       w->destination.server);
	for (size_t i = 0; i < w->only.n; i++)
		if (strcmp(w->only.at[i], r->namespace) == 0)
			return NULL;
	return w->only.n == 0 ? NULL
			      : arena_printf(w->arena, "namespace %s is not one that the Secret of cluster %s names",
				    r->namespace, w->destination.server);
}

void
work_leave_cluster(struct work *w)
{
	if (w->target != NULL && w->target != w->api)
		transport_free(w->target);
	json_decref(w->cluster);
	json_decref(w->cluster_config);
}
