/* sim/store_access.c: who makes a request and what they may do: tokens of service accounts, impersonation, Kubernetes'
 * RBAC, and the reviews that clients request of it. Source: kubernetes.io/docs/reference/access-authn-authz. */
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "sim/store_parts.h"

#define SERVICE_ACCOUNT "system:serviceaccount:"
#define ADMINISTRATORS "system:masters"
#define JWT "eyJ" /* the beginning of each JSON Web Token: {" in base64 */

/* A request of a user. Strings are "" where they do not apply. */
struct access {
	const char *verb, *group, *resource, *sub, *ns, *name;
	const char *path; /* NULL: of a resource */
};

static bool
access_lists(const json_t *list, const char *value)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (str_eq(json_string_value(one), "*") || str_eq(json_string_value(one), value))
			return true;
	return false;
}

/* resourceNames have no wildcard: "*" is a name that no object has. */
static bool
access_lists_name(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (str_eq(json_string_value(one), name))
			return true;
	return false;
}

static bool
access_lists_path(const json_t *list, const char *path)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		const char *text = json_string_value(one) ?: "";
		size_t n = strlen(text);

		if (strcmp(text, path) == 0 || (n > 0 && text[n - 1] == '*' && strncmp(text, path, n - 1) == 0))
			return true;
	}
	return false;
}

static bool
access_lists_resource(struct arena *a, const json_t *list, const struct access *w)
{
	if (w->sub[0] == '\0')
		return access_lists(list, w->resource);
	return access_lists(list, arena_printf(a, "%s/%s", w->resource, w->sub)) ||
	       access_lists(list, arena_printf(a, "*/%s", w->sub));
}

static bool
access_role_allows(struct arena *a, const json_t *role, const struct access *w)
{
	json_t *rule;
	size_t i;

	json_array_foreach (json_object_get(role, "rules"), i, rule) {
		const json_t *names = json_object_get(rule, "resourceNames");

		if (!access_lists(json_object_get(rule, "verbs"), w->verb))
			continue;
		if (w->path != NULL && access_lists_path(json_object_get(rule, "nonResourceURLs"), w->path))
			return true;
		if (w->path == NULL && access_lists(json_object_get(rule, "apiGroups"), w->group) &&
		    access_lists_resource(a, json_object_get(rule, "resources"), w) &&
		    (json_array_size(names) == 0 || access_lists_name(names, w->name)))
			return true;
	}
	return false;
}

static bool
access_is_in(const struct store_user *u, const char *group)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (str_eq(u->groups[i], group))
			return true;
	return false;
}

static bool
access_names(struct arena *a, const json_t *binding, const struct store_user *u)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(binding, "subjects"), i, s) {
		const char *kind = json_str(s, "kind"), *name = json_str(s, "name") ?: "";

		if (str_eq(kind, "ServiceAccount") && strcmp(u->name, arena_printf(a, SERVICE_ACCOUNT "%s:%s",
									  json_str(s, "namespace") ?: "", name)) == 0)
			return true;
		if ((str_eq(kind, "User") && strcmp(u->name, name) == 0) ||
		    (str_eq(kind, "Group") && access_is_in(u, name)))
			return true;
	}
	return false;
}

/* Returns whether a binding of this resource, in a namespace or of the cluster (NULL), allows it. */
static bool
access_bound(struct store *s, struct arena *a, const char *plural, const char *ns, const struct store_user *u,
    const struct access *w)
{
	const char **keys;
	size_t n = store_keys(s, plural, ns, a, &keys);

	for (size_t i = 0; i < n; i++) {
		_cleanup_(json_decrefp) json_t *binding = json_incref(store_at(s, keys[i]));
		const json_t *ref = json_object_get(binding, "roleRef");
		bool whole = str_eq(json_str(ref, "kind"), "ClusterRole");

		if (access_names(a, binding, u) &&
		    access_role_allows(a,
			store_get(s, whole ? "clusterroles" : "roles", whole ? NULL : ns, json_str(ref, "name") ?: ""),
			w))
			return true;
	}
	return false;
}

static bool
access_allowed(struct store *s, struct arena *a, const struct store_user *u, const struct access *w)
{
	/* system:basic-user: everyone may request what they may do. */
	if (u == NULL || access_is_in(u, ADMINISTRATORS) ||
	    (strcmp(w->verb, "create") == 0 && str_starts(w->resource, "selfsubject")))
		return true;
	return access_bound(s, a, "clusterrolebindings", NULL, u, w) ||
	       (w->ns[0] != '\0' && access_bound(s, a, "rolebindings", w->ns, u, w));
}

static const char *
access_verb(const struct store_query *q, const char *method)
{
	static const struct {
		const char *method, *named, *unnamed;
	} verbs[] = { { "GET", "get", "list" }, { "POST", "create", "create" }, { "PUT", "update", "update" },
		{ "PATCH", "patch", "patch" }, { "DELETE", "delete", "deletecollection" } };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].method, method) == 0)
			return q->watch ? "watch" : q->name != NULL ? verbs[i].named : verbs[i].unnamed;
	return "";
}

/* The name of the object; of a list or a watch, that of the field selector: a rule with resourceNames permits it. */
static const char *
access_name(struct arena *a, const struct store_query *q)
{
	char *terms = arena_strdup(a, q->field_selector), *save = NULL;

	if (q->name != NULL || terms == NULL)
		return q->name ?: "";
	for (char *term = strtok_r(terms, ",", &save); term != NULL; term = strtok_r(NULL, ",", &save))
		if (str_starts(term, "metadata.name="))
			return term + strlen("metadata.name=") + (str_starts(term, "metadata.name==") ? 1 : 0);
	return "";
}

int
access_check(
    struct store *s, struct arena *a, const struct store_query *q, const struct store_request *req, json_t **ret)
{
	const struct resource *r = q->resource;
	struct access w = { access_verb(q, req->method), r->group, r->plural, q->sub ?: "", q->ns ?: "",
		access_name(a, q), NULL };

	if (req->user == NULL || access_allowed(s, a, req->user, &w))
		return 0;
	return status_error(403, "Forbidden", ret,
	    "%s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s%s%s\" in API group \"%s\" %s", r->plural,
	    r->group[0] != '\0' ? "." : "", r->group, w.name[0] != '\0' ? arena_printf(a, " \"%s\"", w.name) : "",
	    req->user->name, w.verb, r->plural, w.sub[0] != '\0' ? "/" : "", w.sub, r->group,
	    w.ns[0] != '\0' ? arena_printf(a, "in the namespace \"%s\"", w.ns) : "at the cluster scope");
}

static const char *
access_field(const json_t *attributes, const char *key)
{
	return json_str(attributes, key) ?: "";
}

/* The user that a SubjectAccessReview names. */
static const struct store_user *
access_subject(struct arena *a, const json_t *spec)
{
	struct store_user *u = arena_alloc(a, sizeof(*u));
	json_t *group;
	size_t i;

	*u = (struct store_user){ .name = json_str(spec, "user") ?: "" };
	json_array_foreach (json_object_get(spec, "groups"), i, group)
		if (json_is_string(group) && u->n_groups < STORE_GROUPS_MAX)
			u->groups[u->n_groups++] = json_string_value(group);
	return u;
}

int
access_review(struct store *s, struct arena *a, const struct store_query *q, const struct store_request *req,
    json_t *body, json_t **ret)
{
	static const struct store_user administrator = { .name = "kubernetes-admin", .groups = { ADMINISTRATORS }, 1 };
	const json_t *spec = json_object_get(body, "spec"), *of = json_object_get(spec, "resourceAttributes"),
		     *path = json_object_get(spec, "nonResourceAttributes");
	const struct store_user *u = req->user != NULL ? req->user : &administrator;
	struct access w = { .path = path != NULL ? access_field(path, "path") : NULL };
	json_t *status, *groups = json_array();

	if (strcmp(q->resource->kind, "SubjectAccessReview") == 0)
		u = access_subject(a, spec);
	for (size_t i = 0; i < u->n_groups; i++)
		json_array_append_new(groups, json_string(u->groups[i]));
	if (strcmp(q->resource->kind, "SelfSubjectReview") == 0) {
		status = json_pack("{s:{s:s,s:o}}", "userInfo", "username", u->name, "groups", groups);
	} else {
		json_decref(groups);
		if ((of == NULL) == (path == NULL))
			return status_error(422, "Invalid", ret,
			    "%s.%s \"\" is invalid: spec.resourceAttributes: Invalid value: exactly one of "
			    "nonResourceAttributes or resourceAttributes must be specified",
			    q->resource->kind, q->resource->group);
		w.verb = access_field(path != NULL ? path : of, "verb");
		w.group = access_field(of, "group");
		w.resource = access_field(of, "resource");
		w.sub = access_field(of, "subresource");
		w.ns = access_field(of, "namespace");
		w.name = access_field(of, "name");
		status = json_pack("{s:b}", "allowed", access_allowed(s, a, u, &w));
	}
	*ret = json_copy(body);
	json_object_set_new(*ret, "status", status);
	return 201;
}

/* The ServiceAccount whose Secret has the token, as the name of a user; NULL: none has it. */
static const char *
access_token_user(struct store *s, struct arena *a, const char *token)
{
	const char **keys, *encoded = base64_encode(a, token, strlen(token));
	size_t n = store_keys(s, "secrets", NULL, a, &keys);

	for (size_t i = 0; i < n; i++) {
		const json_t *secret = store_at(s, keys[i]);
		const char *account =
		    json_str(json_object_get(object_meta(secret), "annotations"), "kubernetes.io/service-account.name");

		if (account != NULL && str_eq(json_str(secret, "type"), TOKEN_TYPE) &&
		    str_eq(json_str(json_object_get(secret, "data"), "token"), encoded))
			return arena_printf(
			    a, SERVICE_ACCOUNT "%s:%s", json_str(object_meta(secret), "namespace"), account);
	}
	return NULL;
}

/* The groups that every service account is in. */
static void
access_add_groups(struct arena *a, struct store_user *u)
{
	const char *ns = u->name + strlen(SERVICE_ACCOUNT);

	if (str_starts(u->name, SERVICE_ACCOUNT)) {
		u->groups[u->n_groups++] = "system:serviceaccounts";
		u->groups[u->n_groups++] = arena_printf(a, "system:serviceaccounts:%.*s", (int)strcspn(ns, ":"), ns);
	}
	u->groups[u->n_groups++] = "system:authenticated";
}

/* Whether u may impersonate this. Returns 0, or 403 with its body. */
static int
access_impersonate(struct store *s, struct arena *a, const struct store_user *u, const char *resource, const char *ns,
    const char *name, json_t **ret_body)
{
	if (access_allowed(s, a, u, &(struct access){ "impersonate", "", resource, "", ns, name, NULL }))
		return 0;
	return status_error(403, "Forbidden", ret_body,
	    "%s \"%s\" is forbidden: User \"%s\" cannot impersonate resource \"%s\" in API group \"\" %s", resource,
	    name, u->name, resource,
	    ns[0] != '\0' ? arena_printf(a, "in the namespace \"%s\"", ns) : "at the cluster scope");
}

/* Whether u may impersonate the user and each of its groups. A user "system:serviceaccount:NS:NAME" is a resource
 * serviceaccounts of its namespace; the groups that follow from it need no permission. */
static int
access_impersonate_all(
    struct store *s, struct arena *a, const struct store_user *u, const struct store_user *as, json_t **ret_body)
{
	const char *ns = str_starts(as->name, SERVICE_ACCOUNT) ? as->name + strlen(SERVICE_ACCOUNT) : "",
		   *name = strchr(ns, ':');
	bool account = name != NULL && name > ns && name[1] != '\0' && strchr(name + 1, ':') == NULL;
	int status = account ? access_impersonate(s, a, u, "serviceaccounts", arena_strndup(a, ns, (size_t)(name - ns)),
				   name + 1, ret_body)
			     : access_impersonate(s, a, u, "users", "", as->name, ret_body);

	for (size_t i = 0; i < as->n_groups && status == 0; i++)
		status = access_impersonate(s, a, u, "groups", "", as->groups[i], ret_body);
	return status;
}

int
store_user_of(struct store *s, struct arena *a, const char *authorization, const struct store_user *as,
    const struct store_user **ret, json_t **ret_body)
{
	const char *token = str_starts(authorization, "Bearer ") ? authorization + strlen("Bearer ") : "";
	struct store_user *u = NULL;
	int status;

	if (str_starts(token, JWT)) {
		u = arena_alloc(a, sizeof(*u));
		*u = (struct store_user){ .name = access_token_user(s, a, token) };
		if (u->name == NULL)
			return status_error(401, "Unauthorized", ret_body, "Unauthorized");
		access_add_groups(a, u);
	}
	if (as->name != NULL) {
		if ((status = access_impersonate_all(s, a, u, as, ret_body)) != 0)
			return status;
		u = arena_alloc(a, sizeof(*u));
		*u = *as;
		if (u->n_groups == 0)
			access_add_groups(a, u);
		else
			u->groups[u->n_groups++] = "system:authenticated";
	}
	*ret = u;
	return 0;
}
