/* cli/cluster.c: clusters that Applications deploy to. The names of the objects are those of `argocd cluster add`. */
#include "cli/cluster.h"
#include <assert.h>
#include <string.h>
#include "kube/api/secret.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

#define RBAC "/apis/rbac.authorization.k8s.io/v1"
#define RBAC_VERSION "rbac.authorization.k8s.io/v1"

/* Sets the paths, kind and metadata of the next object. `ns` NULL: it is of the whole cluster. Returns it. */
static struct cluster_object *
cluster_object(struct arena *a, struct cluster_object *o, const char *version, const char *kind, const char *plural,
    const char *ns, const char *name, bool bodies)
{
	const char *root = strchr(version, '/') != NULL ? arena_printf(a, "/apis/%s", version) : "/api/v1";

	o->collection = ns != NULL ? arena_printf(a, "%s/namespaces/%s/%s", root, str_url_escape(a, ns), plural)
				   : arena_printf(a, "%s/%s", root, plural);
	o->path = arena_printf(a, "%s/%s", o->collection, str_url_escape(a, name));
	o->what = arena_printf(a, "%s %s%s%s", kind, ns != NULL ? ns : "", ns != NULL ? "/" : "", name);
	o->body = bodies ? json_pack("{s:s,s:s,s:{s:s}}", "apiVersion", version, "kind", kind, "metadata", "name", name)
			 : NULL;
	return o;
}

static void
cluster_set(struct cluster_object *o, const char *key, json_t *value)
{
	if (o->body != NULL)
		json_object_set_new(o->body, key, value);
	else
		json_decref(value);
}

/* The permission to do everything, in a namespace or in the cluster. */
static json_t *
cluster_rules(bool cluster)
{
	json_t *rules = json_pack("[{s:[s],s:[s],s:[s]}]", "apiGroups", "*", "resources", "*", "verbs", "*");

	if (cluster)
		json_array_append_new(rules, json_pack("{s:[s],s:[s]}", "nonResourceURLs", "*", "verbs", "*"));
	return rules;
}

/* Adds a role, unless one is given, and its binding. `ns` NULL: of the cluster. Returns how many. */
static size_t
cluster_add_role(
    struct arena *a, const struct cluster_account *c, const char *ns, bool bodies, struct cluster_object *o)
{
	const char *role = c->role != NULL ? c->role : arena_printf(a, "%s-role", c->name);
	bool whole = ns == NULL;
	struct cluster_object *binding = o;

	if (c->role == NULL) {
		cluster_set(cluster_object(a, o, RBAC_VERSION, whole ? "ClusterRole" : "Role",
				whole ? "clusterroles" : "roles", ns, role, bodies),
		    "rules", cluster_rules(whole));
		binding = o + 1;
	}
	cluster_object(a, binding, RBAC_VERSION, whole ? "ClusterRoleBinding" : "RoleBinding",
	    whole ? "clusterrolebindings" : "rolebindings", ns, arena_printf(a, "%s-role-binding", c->name), bodies);
	cluster_set(binding, "roleRef",
	    json_pack("{s:s,s:s,s:s}", "apiGroup", "rbac.authorization.k8s.io", "kind",
		whole || c->role != NULL ? "ClusterRole" : "Role", "name", role));
	cluster_set(binding, "subjects",
	    json_pack("[{s:s,s:s,s:s}]", "kind", "ServiceAccount", "name", c->name, "namespace", c->namespace));
	return (size_t)(binding - o) + 1;
}

/* Adds the Secret that the API server fills with the token. */
static void
cluster_add_token(struct arena *a, const struct cluster_account *c, bool bodies, struct cluster_object *o)
{
	cluster_object(
	    a, o, "v1", "Secret", "secrets", c->namespace, arena_printf(a, "%s-long-lived-token", c->name), bodies);
	cluster_set(o, "type", json_string("kubernetes.io/service-account-token"));
	if (o->body != NULL)
		json_object_set_new(json_object_get(o->body, "metadata"), "annotations",
		    json_pack("{s:s}", "kubernetes.io/service-account.name", c->name));
}

size_t
cluster_objects(struct arena *a, const struct cluster_account *c, struct cluster_object *ret)
{
	size_t n = 0;

	assert(c->namespaces.n <= CLUSTER_NAMESPACES_MAX);
	cluster_object(a, &ret[n++], "v1", "ServiceAccount", "serviceaccounts", c->namespace, c->name, true);
	if (c->namespaces.n == 0)
		n += cluster_add_role(a, c, NULL, true, &ret[n]);
	for (size_t i = 0; i < c->namespaces.n; i++)
		n += cluster_add_role(a, c, c->namespaces.at[i], true, &ret[n]);
	cluster_add_token(a, c, true, &ret[n++]);
	return n;
}

size_t
cluster_roles(struct arena *a, const struct cluster_account *c, struct cluster_object *ret)
{
	struct cluster_account own = *c;
	size_t n = 0;

	assert(c->namespaces.n <= CLUSTER_NAMESPACES_MAX);
	own.role = NULL;
	n += cluster_add_role(a, &own, NULL, false, &ret[n]);
	for (size_t i = 0; i < c->namespaces.n; i++)
		n += cluster_add_role(a, &own, c->namespaces.at[i], false, &ret[n]);
	return n;
}

size_t
cluster_all_objects(struct arena *a, const struct cluster_account *c, struct cluster_object *ret)
{
	size_t n = 1 + cluster_roles(a, c, &ret[1]);

	cluster_object(a, &ret[0], "v1", "ServiceAccount", "serviceaccounts", c->namespace, c->name, false);
	cluster_add_token(a, c, false, &ret[n++]);
	return n;
}

int
cluster_read_namespaces(struct cli *c, const char *of, const char *text, struct strings *ret)
{
	char *save = NULL, *copy = arena_strdup(c->arena, text != NULL ? text : "");
	struct strings list = { .at = arena_new_array(c->arena, const char *, strlen(copy) + 1) };

	for (char *s = strtok_r(copy, "\n, ", &save); s != NULL; s = strtok_r(NULL, "\n, ", &save))
		list.at[list.n++] = s;
	if (list.n > CLUSTER_NAMESPACES_MAX)
		return cli_fail(c, "%s: more than %d namespaces", of, CLUSTER_NAMESPACES_MAX);
	*ret = list;
	return 0;
}

int
cluster_secrets(struct cli *c, json_t **ret)
{
	const char *path = arena_printf(c->arena,
	    "/api/v1/namespaces/%s/secrets?labelSelector=argocd.argoproj.io%%2Fsecret-type%%3Dcluster",
	    str_url_escape(c->arena, c->namespace));
	struct err *e = cli_call_list(c, NULL, path, ret);

	return e != NULL ? cli_error(c, e) : 0;
}

const char *
cluster_value(struct cli *c, const json_t *secret, const char *key)
{
	return secret_text(c->arena, json_object_get(secret, "data"), key) ?: "";
}

int
cluster_open_context(struct cli *c, const char *context, struct config *ret, struct transport **ret_transport)
{
	struct err *e = config_load(
	    c->arena, &(struct config_overrides){ .file = cli_flag(c, "kubeconfig"), .context = context }, ret);

	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	*ret_transport = transport_curl_new(c->loop, ret);
	(*ret_transport)->patience_ms = c->transport->patience_ms;
	return 0;
}
