/* gitops/engine/resource.c: the list of desired and live objects of an Application or Kustomization: namespace, wave,
 * sync order. */
#include "gitops/engine/resource.h"
#include <string.h>
#include <strings.h>
#include "base/base64.h"
#include "gitops/engine/hooks.h"
#include "gitops/engine/object_annotations.h"
#include "gitops/engine/sync_options.h"
#include "gitops/engine/tracking.h"

void
resources_init(struct resources *r, struct arena *a)
{
	*r = (struct resources){ .arena = a };
}

void
resources_done(struct resources *r)
{
	map_done(&r->by_key);
}

struct app_resource *
resources_find(const struct resources *r, const struct api_kind *k, const char *ns, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	size_t i = (size_t)map_get(&r->by_key, manifest_key(a, k->group, k->kind, k->cluster_scoped ? NULL : ns, name));

	return i > 0 ? &r->at[i - 1] : NULL;
}

struct app_resource *
resources_add(struct resources *r, const struct api_kind *k, const char *ns, const char *name)
{
	struct app_resource *to;

	ns = k->cluster_scoped ? NULL : ns;
	if (r->n == r->capacity) {
		struct app_resource *more =
		    arena_new_array(r->arena, struct app_resource, r->capacity = r->capacity * 2 + 64);

		if (r->n > 0)
			memcpy(more, r->at, r->n * sizeof(*more));
		r->at = more;
	}
	to = &r->at[r->n++];
	*to = (struct app_resource){ .kind = *k,
		.namespace = arena_strdup(r->arena, ns),
		.name = arena_strdup(r->arena, name),
		.health_message = "" };
	map_set(&r->by_key, manifest_key(r->arena, k->group, k->kind, ns, name), (void *)r->n);
	return to;
}

bool
resource_list_has(const char *list, const char *entry)
{
	size_t n = strlen(entry);

	for (const char *at = list; at != NULL && *at != '\0'; at += *at == ',') {
		size_t len;

		at += strspn(at, " ");
		len = strcspn(at, ",");
		while (len > 0 && at[len - 1] == ' ')
			len--;
		if (len == n && strncmp(at, entry, n) == 0)
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

const char *
resource_annotation(const json_t *object, const char *key)
{
	return json_str(json_object_get(json_object_get(object, "metadata"), "annotations"), key);
}

bool
resource_flux_switch_is(const json_t *object, const char *key, const char *value)
{
	const char *annotation = resource_annotation(object, key),
		   *label = json_str(json_object_get(json_object_get(object, "metadata"), "labels"), key);

	return (annotation != NULL && strcasecmp(annotation, value) == 0) ||
	       (label != NULL && strcasecmp(label, value) == 0);
}

bool
resource_flux_ignores(const json_t *object)
{
	return resource_flux_switch_is(object, FLUX "reconcile", "disabled") ||
	       resource_flux_switch_is(object, FLUX "ssa", "Ignore");
}

static struct err *
resource_read_wave(struct arena *a, const json_t *object, const char *file, struct app_resource *to)
{
	const char *wave = resource_annotation(object, ANNOTATION_WAVE);
	long long n = 0;

	if (wave == NULL)
		wave = resource_annotation(object, "helm.sh/hook-weight");
	if (wave != NULL && !str_int(wave, -1000000, 1000000, &n))
		return err_new(a, ERR_INVALID, "%s: %s %s: annotation %s: \"%s\" is not a number", file, to->kind.kind,
		    to->name, ANNOTATION_WAVE, wave);
	to->wave = (long)n;
	return NULL;
}

/* The switches of Flux on an object, and its stage: definitions, namespaces and cluster roles, then classes, then the
 * rest. */
static void
resource_read_switches(struct arena *a, const json_t *object, struct app_resource *to)
{
	static const char *const first[] = { "CustomResourceDefinition", "Namespace", "ClusterRole" };
	const char *options = "";

	to->wave = 2;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (strcmp(to->kind.kind, first[i]) == 0)
			to->wave = 0;
	if (str_ends(to->kind.kind, "Class"))
		to->wave = 1;
	to->skip = resource_flux_ignores(object);
	if (resource_flux_switch_is(object, FLUX "force", "enabled"))
		options = "Force=true,";
	if (resource_flux_switch_is(object, FLUX "ssa", "IfNotPresent"))
		options = arena_printf(a, "%sIfNotPresent=true,", options);
	to->options = options[0] != '\0' ? options : NULL;
}

void
resources_warn(struct resources *r, const char *type, const char *message)
{
	if (r->n_warnings < WARNINGS_MAX && r->n_warnings == r->warnings_capacity) {
		struct resource_warning *more = arena_new_array(
		    r->arena, struct resource_warning, r->warnings_capacity = r->warnings_capacity * 2 + 8);

		if (r->n_warnings > 0)
			memcpy(more, r->warnings, r->n_warnings * sizeof(*more));
		r->warnings = more;
	}
	if (r->n_warnings < WARNINGS_MAX)
		r->warnings[r->n_warnings] = (struct resource_warning){ type, message };
	r->n_warnings++;
}

/* The API server stores stringData of a Secret as data, so it is compared, and removed, as data. */
static void
resource_join_string_data(struct arena *a, json_t *object)
{
	json_t *plain = json_object_get(object, "stringData"), *data = json_object_get(object, "data"), *v;
	const char *key;

	if (!json_is_object(plain))
		return;
	if (!json_is_object(data))
		json_object_set_new(object, "data", data = json_object());
	json_object_foreach (plain, key, v)
		if (json_is_string(v))
			json_object_set_new(
			    data, key, json_string(base64_encode(a, json_string_value(v), json_string_length(v))));
	json_object_del(object, "stringData");
}

/* Returns whether SOPS has encrypted the object. A custom resource may have a member of this name, but not with
 * SOPS's checksum in it; and an operator decrypts the kinds that are named after SOPS. */
static bool
resource_is_sops_encrypted(const json_t *object, const struct api_kind *k)
{
	const json_t *sops = json_object_get(object, "sops");
	struct api_kind builtin;

	return json_is_object(sops) && (kind_builtin(k->group, k->version, k->kind, &builtin) ||
					   (json_str(sops, "mac") != NULL && strcasestr(k->kind, "sops") == NULL));
}

/* Returns the error for a manifest that SOPS encrypted, in the arena; NULL: it is not encrypted. Flux has its own text
 * for it. */
static const char *
resource_sops_problem(struct arena *a, const json_t *object, const struct app_resource *r, bool flux)
{
	bool is_secret;

	if (!resource_is_sops_encrypted(object, &r->kind))
		return NULL;
	is_secret = strcmp(r->kind.kind, "Secret") == 0;
	if (flux)
		return arena_printf(a,
		    "%s/%s/%s is SOPS encrypted, configuring decryption is required for this %s to be reconciled",
		    r->kind.kind, r->namespace != NULL ? r->namespace : "", r->name, is_secret ? "secret" : "object");
	return arena_printf(a, "%s: %s %s: is SOPS encrypted, and nothing decrypts it here; %s", r->manifest->file,
	    r->kind.kind, r->name,
	    is_secret ? "an ExternalSecret or a SealedSecret can stand in its place"
		      : "only a Secret's values need encryption, and an ExternalSecret or a SealedSecret can make it");
}

/* Adds a warning of a problem of an object. Does nothing if `problem` is NULL. */
static void
resource_warn_of_object(
    struct resources *all, const struct manifest *m, const struct api_kind *k, const char *name, const char *problem)
{
	if (problem != NULL)
		resources_warn(all, "SyncOptionWarning",
		    arena_printf(all->arena, "%s: %s %s: %s", m->file, k->kind, name, problem));
}

struct err *
resources_want(struct resources *all, struct arena *a, const struct manifest *m, const struct api_kind *k,
    const char *namespace, const struct owner_mark *mark, const char *suffix)
{
	_cleanup_(json_decrefp) json_t *object = json_loads(m->text, 0, NULL);
	json_t *meta = json_object_get(object, "metadata");
	const char *ns = k->cluster_scoped ? NULL : m->namespace != NULL ? m->namespace : namespace;
	const char *name = m->name != NULL ? m->name : arena_printf(a, "%s%s", m->generate_name, suffix);
	struct app_resource *to;
	struct err *e;

	if (!k->cluster_scoped && str_empty(ns))
		return err_new(a, ERR_INVALID, "%s: %s %s: names no namespace, and %s is not set", m->file, k->kind,
		    name, mark->flux_name != NULL ? "spec.targetNamespace" : "spec.destination.namespace");
	if (ns != NULL && !manifest_names_namespace(ns))
		return err_new(a, ERR_INVALID, "%s: \"%s\" is not the name of a namespace",
		    mark->flux_name != NULL ? "spec.targetNamespace" : "spec.destination.namespace", ns);
	to = resources_find(all, k, ns, name);
	if (to != NULL)
		resources_warn(all, "RepeatedResourceWarning",
		    arena_printf(all->arena, "%s %s is in %s and in %s; the last one counts", k->kind, name,
			to->manifest->file, m->file));
	else
		to = resources_add(all, k, ns, name);
	to->kind = *k;
	to->manifest = m;
	to->hooks = 0;
	if (ns != NULL)
		json_object_set_new(meta, "namespace", json_string(ns));
	else
		json_object_del(meta, "namespace");
	json_object_set_new(meta, "name", json_string(name));
	json_object_del(meta, "generateName");
	json_object_del(meta, "creationTimestamp");
	json_object_del(object, "status");
	if (strcmp(k->kind, "Secret") == 0 && k->group[0] == '\0')
		resource_join_string_data(a, object);
	/* Neither switches of Argo CD nor of Flux matter in a release. */
	if (mark->helm) {
		to->text = json_text(all->arena, object);
		return NULL;
	}
	resource_warn_of_object(
	    all, m, k, name, object_annotations_problem(all->arena, object, mark->flux_name != NULL));
	if (mark->flux_name == NULL)
		resource_warn_of_object(all, m, k, name,
		    sync_options_annotation_problem(all->arena, resource_annotation(object, ANNOTATION_OPTIONS)));
	to->error = resource_sops_problem(all->arena, object, to, mark->flux_name != NULL);
	if (mark->flux_name == NULL) {
		hooks_read(object, to);
		if ((e = resource_read_wave(a, object, m->file, to)) != NULL)
			return e;
	}
	if (mark->flux_name != NULL) {
		resource_read_switches(all->arena, object, to);
		tracking_mark(object, k, mark);
		to->text = json_text(all->arena, object);
		return NULL;
	}
	to->options = arena_strdup(all->arena, resource_annotation(object, ANNOTATION_OPTIONS));
	tracking_mark(object, k, mark);
	to->text = json_text(all->arena, object);
	return NULL;
}

/* The order of the kinds of one wave; other kinds come last. */
static int
resource_kind_order(const char *kind)
{
	static const char *const order[] = { "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange",
		"PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap",
		"StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole",
		"ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding",
		"RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment",
		"HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService" };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (strcmp(order[i], kind) == 0)
			return (int)i;
	return ARRAY_SIZE(order);
}

int
resource_order(const struct app_resource *x, const struct app_resource *y)
{
	int by;

	if ((by = resource_kind_order(x->kind.kind) - resource_kind_order(y->kind.kind)) != 0 ||
	    (by = strcmp(x->kind.kind, y->kind.kind)) != 0 ||
	    (by = strcmp(x->namespace != NULL ? x->namespace : "", y->namespace != NULL ? y->namespace : "")) != 0)
		return by;
	return strcmp(x->name, y->name);
}
