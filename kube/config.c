/* kube/config.c: kubeconfig and in-cluster configuration. */
#include "kube/config.h"
#include <string.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/file.h"
#include "base/str.h"
#include "kube/api/yaml.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"
#define FILE_MAX (1u << 20)

static const char *
decoded(struct arena *a, const char *text)
{
	return text != NULL ? base64_decode(a, text, NULL) : NULL;
}

static const json_t *
named(const json_t *doc, const char *list, const char *name)
{
	json_t *e;
	size_t i;

	json_array_foreach (json_object_get(doc, list), i, e)
		if (str_eq(json_str(e, "name"), name))
			return e;
	return NULL;
}

static const char *
copy(struct arena *a, const json_t *o, const char *key)
{
	return arena_strdup(a, json_str(o, key));
}

static const char *
path_in(struct arena *a, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path == NULL || path[0] == '/' || slash == NULL)
		return arena_strdup(a, path);
	return arena_printf(a, "%.*s/%s", (int)(slash - file), file, path);
}

static struct err *
from_kubeconfig(struct arena *a, const char *path, const char *context, struct config *c)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const json_t *doc, *ctx, *cluster, *user;
	struct bytes text;
	const char *name;
	struct err *e;

	if ((e = file_read(a, path, FILE_MAX, &text)) != NULL)
		return err_wrap(a, e, "kubeconfig");
	if ((e = yaml_parse(a, text.at, text.len, &docs)) != NULL)
		return err_wrap(a, e, "kubeconfig %s", path);
	doc = json_array_get(docs, 0);
	name = context != NULL ? context : json_str(doc, "current-context");
	if (name == NULL || name[0] == '\0')
		return err_new(a, ERR_INVALID, "kubeconfig %s: no current-context; name one with --context", path);
	if ((ctx = json_object_get(named(doc, "contexts", name), "context")) == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: there is no context \"%s\"", path, name);
	cluster = json_object_get(named(doc, "clusters", json_str(ctx, "cluster")), "cluster");
	user = json_object_get(named(doc, "users", json_str(ctx, "user")), "user");
	if (json_str(cluster, "server") == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: context \"%s\": cluster \"%s\" has no server", path,
		    name, json_str(ctx, "cluster") ?: "");
	if (json_object_get(user, "exec") != NULL || json_object_get(user, "auth-provider") != NULL)
		return err_new(a, ERR_INVALID,
		    "kubeconfig %s: user \"%s\": credential plugins are not built yet in this version of "
		    "Sluice; use a token or a client certificate",
		    path, json_str(ctx, "user") ?: "");
	c->server = copy(a, cluster, "server");
	c->namespace = copy(a, ctx, "namespace") ?: "default";
	c->insecure = json_is_true(json_object_get(cluster, "insecure-skip-tls-verify"));
	c->ca_file = path_in(a, path, json_str(cluster, "certificate-authority"));
	c->ca_data = decoded(a, json_str(cluster, "certificate-authority-data"));
	c->cert_file = path_in(a, path, json_str(user, "client-certificate"));
	c->cert_data = decoded(a, json_str(user, "client-certificate-data"));
	c->key_file = path_in(a, path, json_str(user, "client-key"));
	c->key_data = decoded(a, json_str(user, "client-key-data"));
	c->token = copy(a, user, "token");
	c->token_file = path_in(a, path, json_str(user, "tokenFile"));
	return NULL;
}

static struct err *
in_cluster(struct arena *a, struct config *c)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	struct bytes ns;

	if (host == NULL || port == NULL)
		return err_new(a, ERR_INVALID,
		    "no cluster: there is no kubeconfig (--kubeconfig, $KUBECONFIG, ~/.kube/config) and "
		    "this is no Pod. `sluice dev` starts a cluster on this machine and says where its kubeconfig is");
	c->server = arena_printf(a, strchr(host, ':') != NULL ? "https://[%s]:%s" : "https://%s:%s", host, port);
	c->token_file = SERVICE_ACCOUNT "token";
	c->ca_file = SERVICE_ACCOUNT "ca.crt";
	c->namespace = "default";
	if (file_read(a, SERVICE_ACCOUNT "namespace", FILE_MAX, &ns) == NULL && ns.len > 0)
		c->namespace = ns.at;
	return NULL;
}

struct err *
config_load(struct arena *a, const char *path, const char *context, struct config *ret)
{
	const char *home = getenv("HOME"), *env = getenv("KUBECONFIG");
	struct config c = { 0 };
	struct err *e;
	size_t n;

	if (path == NULL && env != NULL && env[0] != '\0')
		path = arena_strndup(a, env, strcspn(env, ":"));
	if (path == NULL && home != NULL) {
		path = arena_printf(a, "%s/.kube/config", home);
		if (access(path, R_OK) != 0)
			path = NULL;
	}
	e = path != NULL ? from_kubeconfig(a, path, context, &c) : in_cluster(a, &c);
	if (e != NULL)
		return e;
	n = strlen(c.server);
	while (n > 0 && c.server[n - 1] == '/')
		n--;
	c.server = arena_strndup(a, c.server, n);
	*ret = c;
	return NULL;
}
