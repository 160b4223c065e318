/* kube/kubeconfig.c: kubeconfig and in-cluster configuration: files are merged as kubectl merges them. */
#include "kube/kubeconfig.h"
#include <string.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/str.h"
#include "io/file.h"
#include "kube/api/yaml.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"
#define FILE_MAX (4u << 20)
#define FILES_MAX 32

/* The kubeconfig files, in their order. */
struct files {
	struct arena *arena;
	const char *paths[FILES_MAX];
	json_t *docs[FILES_MAX];
	size_t n;
};

static void
config_files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		json_decref(f->docs[i]);
}

static struct err *
config_add_file(struct files *f, const char *path)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e;

	if (f->n == FILES_MAX)
		return err_new(f->arena, ERR_INVALID, "KUBECONFIG: more than %d files", FILES_MAX);
	if ((e = file_read(f->arena, path, FILE_MAX, &text)) != NULL)
		return err_wrap(f->arena, e, "kubeconfig");
	if ((e = yaml_parse(f->arena, text.at, text.len, &docs)) != NULL)
		return err_wrap(f->arena, e, "kubeconfig %s", path);
	if (json_array_size(docs) > 0 && !json_is_object(json_array_get(docs, 0)))
		return err_new(f->arena, ERR_INVALID, "kubeconfig %s: it is no kubeconfig", path);
	f->paths[f->n] = path;
	f->docs[f->n++] = json_incref(json_array_get(docs, 0));
	return NULL;
}

/* The first file that has an entry of this name in its list, or NULL. *ret_path is the file. */
static const json_t *
config_named(const struct files *f, const char *list, const char *name, const char **ret_path)
{
	json_t *e;
	size_t i;

	for (size_t k = 0; name != NULL && k < f->n; k++)
		json_array_foreach (json_object_get(f->docs[k], list), i, e)
			if (str_eq(json_str(e, "name"), name)) {
				*ret_path = f->paths[k];
				return e;
			}
	return NULL;
}

/* The names of a list, for an error. */
static const char *
config_names(const struct files *f, const char *list)
{
	const char *text = "";
	json_t *e;
	size_t i;

	for (size_t k = 0; k < f->n; k++)
		json_array_foreach (json_object_get(f->docs[k], list), i, e)
			text = arena_printf(
			    f->arena, "%s%s%s", text, text[0] != '\0' ? ", " : "", json_str(e, "name") ?: "");
	return text[0] != '\0' ? text : "none";
}

static const char *
config_copy(struct arena *a, const json_t *o, const char *key)
{
	const char *s = json_str(o, key);

	return s != NULL && s[0] != '\0' ? arena_strdup(a, s) : NULL;
}

static const char *
config_path(struct arena *a, const char *file, const json_t *o, const char *key)
{
	const char *path = config_copy(a, o, key), *slash = strrchr(file, '/');

	if (path == NULL || path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(a, "%.*s/%s", (int)(slash - file), file, path);
}

/* Decodes *-data. Returns false if it is not base64. */
static bool
config_decoded(struct arena *a, const json_t *o, const char *key, const char **ret)
{
	const char *text = config_copy(a, o, key);

	*ret = text != NULL ? base64_decode(a, text, NULL) : NULL;
	return (text == NULL) == (*ret == NULL);
}

static struct err *
config_read_exec(
    struct arena *a, const char *file, const char *user, const json_t *exec, const json_t *cluster, struct config *c)
{
	struct config_exec *x = arena_alloc(a, sizeof(*x));
	json_t *variable;
	size_t i;

	x->command = config_copy(a, exec, "command");
	x->api_version = config_copy(a, exec, "apiVersion");
	x->install_hint = config_copy(a, exec, "installHint");
	x->args = strings_decode(a, json_object_get(exec, "args"));
	x->env.at = arena_new_array(a, struct string_pair, json_array_size(json_object_get(exec, "env")));
	json_array_foreach (json_object_get(exec, "env"), i, variable)
		x->env.at[x->env.n++] = (struct string_pair){ config_copy(a, variable, "name") ?: "",
			config_copy(a, variable, "value") ?: "" };
	if (x->command == NULL)
		return err_new(
		    a, ERR_INVALID, "kubeconfig %s: user \"%s\": exec: command: required, but missing", file, user);
	if (x->api_version == NULL || !str_starts(x->api_version, "client.authentication.k8s.io/v1"))
		return err_new(a, ERR_INVALID,
		    "kubeconfig %s: user \"%s\": exec: apiVersion: \"%s\" is not client.authentication.k8s.io/v1 or "
		    "v1beta1",
		    file, user, x->api_version != NULL ? x->api_version : "");
	/* A path with a slash is relative to the file, as in kubectl. */
	if (strchr(x->command, '/') != NULL)
		x->command = config_path(a, file, exec, "command");
	if (json_is_true(json_object_get(exec, "provideClusterInfo")))
		x->cluster_info = json_text(a, cluster);
	c->exec = x;
	return NULL;
}

static struct err *
config_read_user(const struct files *f, const char *name, const json_t *cluster, struct config *c)
{
	struct arena *a = f->arena;
	const char *file = "";
	const json_t *user = json_object_get(config_named(f, "users", name, &file), "user");

	if (name != NULL && user == NULL && config_named(f, "users", name, &file) == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: there is no user \"%s\"; there are: %s", f->paths[0],
		    name, config_names(f, "users"));
	c->cert_file = config_path(a, file, user, "client-certificate");
	c->key_file = config_path(a, file, user, "client-key");
	if (!config_decoded(a, user, "client-certificate-data", &c->cert_data) ||
	    !config_decoded(a, user, "client-key-data", &c->key_data))
		return err_new(a, ERR_INVALID,
		    "kubeconfig %s: user \"%s\": client-certificate-data or client-key-data is no base64", file, name);
	c->token = config_copy(a, user, "token");
	c->token_file = config_path(a, file, user, "tokenFile");
	c->username = config_copy(a, user, "username");
	c->password = config_copy(a, user, "password");
	c->as = (struct config_impersonation){ config_copy(a, user, "as"), config_copy(a, user, "as-uid"),
		strings_decode(a, json_object_get(user, "as-groups")) };
	if (json_object_get(user, "auth-provider") != NULL)
		return err_new(a, ERR_INVALID,
		    "kubeconfig %s: user \"%s\": auth-provider was removed from Kubernetes (1.26); use exec instead",
		    file, name);
	if (json_object_get(user, "exec") != NULL)
		return config_read_exec(a, file, name, json_object_get(user, "exec"), cluster, c);
	return NULL;
}

static struct err *
config_read_cluster(const struct files *f, const char *context, const char *name, struct config *c, const json_t **ret)
{
	struct arena *a = f->arena;
	const char *file = "";
	const json_t *cluster = json_object_get(config_named(f, "clusters", name, &file), "cluster");

	if (json_str(cluster, "server") == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: context \"%s\": cluster \"%s\" %s; there are: %s",
		    f->paths[0], context, name != NULL ? name : "", cluster == NULL ? "is not there" : "has no server",
		    config_names(f, "clusters"));
	c->server = config_copy(a, cluster, "server");
	c->insecure = json_is_true(json_object_get(cluster, "insecure-skip-tls-verify"));
	c->ca_file = config_path(a, file, cluster, "certificate-authority");
	c->tls_server_name = config_copy(a, cluster, "tls-server-name");
	c->proxy = config_copy(a, cluster, "proxy-url");
	if (!config_decoded(a, cluster, "certificate-authority-data", &c->ca_data))
		return err_new(a, ERR_INVALID, "kubeconfig %s: cluster \"%s\": certificate-authority-data is no base64",
		    file, name);
	*ret = cluster;
	return NULL;
}

static struct err *
config_from_files(const struct files *f, const struct config_overrides *o, struct config *c)
{
	struct arena *a = f->arena;
	const char *name = o->context, *file;
	const json_t *context, *cluster = NULL;
	struct err *e;

	for (size_t i = 0; name == NULL && i < f->n; i++)
		name = config_copy(a, f->docs[i], "current-context");
	if (name == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: no current-context; name one with --context: %s",
		    f->paths[0], config_names(f, "contexts"));
	if ((context = json_object_get(config_named(f, "contexts", name, &file), "context")) == NULL)
		return err_new(a, ERR_INVALID, "kubeconfig %s: there is no context \"%s\"; there are: %s", f->paths[0],
		    name, config_names(f, "contexts"));
	c->namespace = config_copy(a, context, "namespace") ?: "default";
	e = config_read_cluster(f, name, o->cluster != NULL ? o->cluster : json_str(context, "cluster"), c, &cluster);
	return e != NULL ? e : config_read_user(f, o->user != NULL ? o->user : json_str(context, "user"), cluster, c);
}

static struct err *
config_in_cluster(struct arena *a, struct config *c)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	struct bytes ns;

	if (host == NULL || port == NULL)
		return err_new(a, ERR_INVALID,
		    "no cluster: there is no kubeconfig (--kubeconfig, $KUBECONFIG, ~/.kube/config) and "
		    "this is not a Pod. `sluice dev` starts a cluster on this machine and prints the path of its "
		    "kubeconfig");
	c->server = arena_printf(a, strchr(host, ':') != NULL ? "https://[%s]:%s" : "https://%s:%s", host, port);
	c->token_file = SERVICE_ACCOUNT "token";
	c->ca_file = SERVICE_ACCOUNT "ca.crt";
	c->namespace = "default";
	if (file_read(a, SERVICE_ACCOUNT "namespace", FILE_MAX, &ns) == NULL && ns.len > 0)
		c->namespace = arena_strndup(a, ns.at, strcspn(ns.at, "\r\n"));
	return NULL;
}

/* Missing files are skipped if there are several, as by kubectl; a single missing file is an error. */
static struct err *
config_add_files(struct files *f, const struct config_overrides *o)
{
	const char *env = getenv("KUBECONFIG"), *home = getenv("HOME");
	char *rest = arena_strdup(f->arena, env != NULL ? env : ""), *path;
	bool several = strchr(rest, ':') != NULL;
	struct err *e;

	if (o->file != NULL)
		return config_add_file(f, o->file);
	if (env != NULL && env[0] != '\0') {
		while ((path = strsep(&rest, ":")) != NULL)
			if (path[0] != '\0' && !(several && access(path, F_OK) != 0) &&
			    (e = config_add_file(f, path)) != NULL)
				return e;
		if (f->n == 0)
			return err_new(
			    f->arena, ERR_INVALID, "kubeconfig: none of the files of $KUBECONFIG (%s) is there", env);
		return NULL;
	}
	path = home != NULL ? arena_printf(f->arena, "%s/.kube/config", home) : NULL;
	return path != NULL && access(path, R_OK) == 0 ? config_add_file(f, path) : NULL;
}

static void
config_override(const struct config_overrides *o, struct config *c)
{
	if (o->server != NULL)
		c->server = o->server;
	if (o->tls_server_name != NULL)
		c->tls_server_name = o->tls_server_name;
	if (o->ca_file != NULL) {
		c->ca_file = o->ca_file;
		c->ca_data = NULL;
	}
	if (o->cert_file != NULL) {
		c->cert_file = o->cert_file;
		c->cert_data = NULL;
	}
	if (o->key_file != NULL) {
		c->key_file = o->key_file;
		c->key_data = NULL;
	}
	if (o->token != NULL) {
		c->token = o->token;
		c->token_file = NULL;
		c->exec = NULL;
	}
	if (o->as != NULL)
		c->as.user = o->as;
	if (o->as_uid != NULL)
		c->as.uid = o->as_uid;
	if (o->as_groups.n > 0)
		c->as.groups = o->as_groups;
	c->insecure |= o->insecure;
}

static const char *
config_trim_url(struct arena *a, const char *url)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	return arena_strndup(a, url, n);
}

struct err *
config_load(struct arena *a, const struct config_overrides *o, struct config *ret)
{
	struct files f = { .arena = a };
	struct config c = { 0 };
	struct err *e;

	if ((e = config_add_files(&f, o)) == NULL) {
		if (f.n > 0)
			e = config_from_files(&f, o, &c);
		else if (o->server != NULL)
			c = (struct config){ .server = o->server, .namespace = "default" };
		else
			e = config_in_cluster(a, &c);
	}
	config_files_done(&f);
	if (e != NULL)
		return e;
	config_override(o, &c);
	if (c.insecure && (c.ca_file != NULL || c.ca_data != NULL))
		return err_new(a, ERR_INVALID,
		    "insecure-skip-tls-verify does not go with a certificate authority: which of the two is meant?");
	if ((c.as.uid != NULL || c.as.groups.n > 0) && c.as.user == NULL)
		return err_new(a, ERR_INVALID, "as-groups and as-uid need a user to act as (as, --as)");
	c.server = config_trim_url(a, c.server);
	*ret = c;
	return NULL;
}

struct err *
config_find_context(struct arena *a, const char *path, const char *server, const char **ret)
{
	struct files f = { .arena = a };
	struct err *e = config_add_files(&f, &(struct config_overrides){ .file = path });
	const char *file;
	json_t *context;
	size_t i;

	*ret = NULL;
	for (size_t k = 0; e == NULL && k < f.n; k++)
		json_array_foreach (json_object_get(f.docs[k], "contexts"), i, context) {
			const char *name = json_str(json_object_get(context, "context"), "cluster"),
				   *url = json_str(
				       json_object_get(config_named(&f, "clusters", name, &file), "cluster"), "server");

			if (*ret == NULL && url != NULL && strcmp(config_trim_url(a, url), server) == 0)
				*ret = config_copy(a, context, "name");
		}
	config_files_done(&f);
	return e;
}
