/* gitops/kustomize/references.c: which fields name which kinds, and which object a name means. */
#include "gitops/kustomize/references.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/fields.h"

/* Where pods are described, by kind. */
static const struct {
	const char *kind, *spec;
} pods[] = {
	{ "Pod", "spec/" },
	{ "PodTemplate", "template/spec/" },
	{ "Deployment|ReplicaSet|DaemonSet|StatefulSet|Job|ReplicationController", "spec/template/spec/" },
	{ "CronJob", "spec/jobTemplate/spec/template/spec/" },
};

/* Below these, the names of ConfigMaps and so on. */
static const struct {
	const char *to, *path;
} in_pods[] = {
	{ "ConfigMap", "volumes/configMap/name" },
	{ "ConfigMap", "volumes/projected/sources/configMap/name" },
	{ "ConfigMap", "containers/env/valueFrom/configMapKeyRef/name" },
	{ "ConfigMap", "containers/envFrom/configMapRef/name" },
	{ "ConfigMap", "initContainers/env/valueFrom/configMapKeyRef/name" },
	{ "ConfigMap", "initContainers/envFrom/configMapRef/name" },
	{ "Secret", "volumes/secret/secretName" },
	{ "Secret", "volumes/projected/sources/secret/name" },
	{ "Secret", "containers/env/valueFrom/secretKeyRef/name" },
	{ "Secret", "containers/envFrom/secretRef/name" },
	{ "Secret", "initContainers/env/valueFrom/secretKeyRef/name" },
	{ "Secret", "initContainers/envFrom/secretRef/name" },
	{ "Secret", "imagePullSecrets/name" },
	{ "ServiceAccount", "serviceAccountName" },
	{ "PersistentVolumeClaim", "volumes/persistentVolumeClaim/claimName" },
	{ "PriorityClass", "priorityClassName" },
};

/* The rest: what kind is named, in which kind, where. */
static const struct {
	const char *to; /* "KIND", several separated by "|" */
	struct k_place from;
} places[] = {
	{ "ConfigMap", { NULL, "Node", "spec/configSource/configMap/name", false } },
	{ "ConfigMap|Secret", { "rbac.authorization.k8s.io", "Role|ClusterRole", "rules/resourceNames", false } },
	{ "Secret", { NULL, "ServiceAccount", "imagePullSecrets/name", false } },
	{ "Secret", { NULL, "ServiceAccount", "secrets/name", false } },
	{ "Secret", { NULL, "Ingress", "spec/tls/secretName", false } },
	{ "Secret", { NULL, "Ingress", "metadata/annotations/ingress.kubernetes.io~1auth-secret", false } },
	{ "Secret", { NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io~1auth-secret", false } },
	{ "Secret", { NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io~1auth-tls-secret", false } },
	{ "Secret", { NULL, "StorageClass", "parameters/adminSecretName", false } },
	{ "Secret", { NULL, "StorageClass", "parameters/userSecretName", false } },
	{ "Secret", { NULL, "StorageClass", "parameters/secretRef", false } },
	{ "Secret", { NULL, "PersistentVolume", "spec/azureFile/secretName", false } },
	{ "ConfigMap",
	    { NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io~1fastcgi-params-configmap", false } },
	{ "Service", { NULL, "StatefulSet", "spec/serviceName", false } },
	{ "Service", { NULL, "Ingress", "spec/rules/http/paths/backend/serviceName", false } },
	{ "Service", { NULL, "Ingress", "spec/backend/serviceName", false } },
	{ "Service", { NULL, "Ingress", "spec/rules/http/paths/backend/service/name", false } },
	{ "Service", { NULL, "Ingress", "spec/defaultBackend/service/name", false } },
	{ "Service", { NULL, "APIService", "spec/service/name", false } },
	{ "Service", { NULL, "ValidatingWebhookConfiguration|MutatingWebhookConfiguration",
			 "webhooks/clientConfig/service", false } },
	{ "Deployment", { NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false } },
	{ "ReplicationController", { NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false } },
	{ "ReplicaSet", { NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false } },
	{ "StatefulSet", { NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false } },
	{ "Role", { "rbac.authorization.k8s.io", "RoleBinding", "roleRef/name", false } },
	{ "ClusterRole", { "rbac.authorization.k8s.io", "RoleBinding|ClusterRoleBinding", "roleRef/name", false } },
	{ "ServiceAccount", { "rbac.authorization.k8s.io", "RoleBinding|ClusterRoleBinding", "subjects", false } },
	{ "PersistentVolume", { NULL, "PersistentVolumeClaim", "spec/volumeName", false } },
	{ "PersistentVolume", { "rbac.authorization.k8s.io", "ClusterRole", "rules/resourceNames", false } },
	{ "StorageClass", { NULL, "PersistentVolume|PersistentVolumeClaim", "spec/storageClassName", false } },
	{ "StorageClass", { NULL, "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false } },
	{ "ValidatingAdmissionPolicy", { NULL, "ValidatingAdmissionPolicyBinding", "spec/policyName", false } },
};

struct fixing {
	struct k_objects *all;
	struct k_object *from; /* the object whose fields are looked at */
	struct k_id from_id;
	const char *to; /* kind */
	struct err *err;
};

static const char *
had_namespace(const struct k_object *o)
{
	return str_empty(o->ids[0].namespace) ? "default" : o->ids[0].namespace;
}

/* The object had this name once; its present one is no such clue, because another may have that now. */
static bool
had_name(const struct k_object *o, const char *name)
{
	for (size_t i = 0; i < o->n_ids; i++)
		if (strcmp(o->ids[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_of_cluster(const char *kind)
{
	return strcmp(kind, "ClusterRole") == 0 || strcmp(kind, "PersistentVolume") == 0 ||
	       strcmp(kind, "StorageClass") == 0 || strcmp(kind, "PriorityClass") == 0 ||
	       strcmp(kind, "ValidatingAdmissionPolicy") == 0;
}

/* One list of prefixes begins with the other: they were made side by side, up to where one went on. */
static bool
go_together(const char *x, const char *y)
{
	return str_starts(x, y) || str_starts(y, x);
}

/* How surely the object is the one that a name in `from` means, from 1; 0: it is not. */
static int
likeness(struct fixing *f, const struct k_object *o, const struct k_id *id, const char *namespace)
{
	const struct k_object *from = f->from;
	bool anywhere = is_of_cluster(id->kind) || (namespace == NULL && is_of_cluster(f->from_id.kind));

	if (!anywhere && strcmp(had_namespace(o), namespace != NULL ? namespace : had_namespace(from)) != 0 &&
	    (namespace == NULL || strcmp(id->namespace, namespace) != 0))
		return 0;
	if (strcmp(o->prefixes, from->prefixes) == 0 && strcmp(o->suffixes, from->suffixes) == 0)
		return 3;
	return go_together(o->prefixes, from->prefixes) && go_together(o->suffixes, from->suffixes) ? 2 : 1;
}

/* The object that a name in `from` means, or NULL. `namespace`: where it says so itself; NULL: beside it. */
static struct k_object *
meant(struct fixing *f, const char *name, const char *namespace)
{
	struct k_object *best = NULL;
	bool several = false;
	int how = 0;

	for (size_t i = 0; i < f->all->n; i++) {
		struct k_object *o = &f->all->at[i];
		struct k_id id;
		int like;

		if (!had_name(o, name))
			continue;
		id = k_id_of(f->all->arena, o->object);
		if (strcmp(id.kind, f->to) != 0 || (like = likeness(f, o, &id, namespace)) < how || like == 0)
			continue;
		several = like == how && strcmp(id.name, k_id_of(f->all->arena, best->object).name) != 0;
		best = like > how ? o : best;
		how = like;
	}
	if (several && f->err == NULL)
		f->err = err_new(f->all->arena, ERR_INVALID,
		    "%s: %s %s names %s %s, and several objects are, or were, named so", f->from->file, f->from_id.kind,
		    f->from_id.name, f->to, name);
	return best;
}

static json_t *
present_name(struct fixing *f, const struct k_object *o)
{
	return json_string(k_id_of(f->all->arena, o->object).name);
}

/* A service account among a binding's subjects, or a webhook's service: it names a namespace too. */
static void
fix_pair(struct fixing *f, json_t *ref)
{
	const char *name = json_str(ref, "name"), *ns = json_str(ref, "namespace"), *now;
	struct k_object *o;

	if (name == NULL || (strcmp(f->to, "ServiceAccount") == 0 && !str_eq(json_str(ref, "kind"), "ServiceAccount")))
		return;
	o = meant(f, name, ns);
	if (o == NULL)
		return;
	now = k_id_of(f->all->arena, o->object).namespace;
	json_object_set_new(ref, "name", present_name(f, o));
	if (now[0] != '\0')
		json_object_set_new(ref, "namespace", json_string(now));
}

static void
fix(json_t *map, const char *field, void *arg)
{
	struct fixing *f = arg;
	json_t *value = json_object_get(map, field), *element;
	struct k_object *o;
	size_t i;

	if (json_is_array(value))
		json_array_foreach (value, i, element) {
			if (json_is_object(element))
				fix_pair(f, element);
			else if (json_is_string(element) && (o = meant(f, json_string_value(element), NULL)) != NULL)
				json_array_set_new(value, i, present_name(f, o));
		}
	else if (json_is_object(value))
		fix_pair(f, value);
	else if (json_is_string(value) && (o = meant(f, json_string_value(value), NULL)) != NULL)
		json_object_set_new(map, field, present_name(f, o));
}

/* What a reference says of its kind must fit: an autoscaler names a Deployment, a binding a Role. */
static void
fix_named_kind(json_t *map, const char *field, void *arg)
{
	struct fixing *f = arg;
	const char *kind = json_str(map, "kind");

	if (kind == NULL || strcmp(kind, f->to) == 0)
		fix(map, field, arg);
}

static void
fix_annotation(struct fixing *f, const char *key)
{
	json_t *map = json_object_get(json_object_get(f->from->object, "metadata"), "annotations");
	const char *plain = str_replace(f->all->arena, key, "~1", "/");

	if (json_object_get(map, plain) != NULL)
		fix(map, plain, f);
}

static void
fix_place(struct fixing *f, const char *to, const char *path)
{
	static const char annotations[] = "metadata/annotations/";
	char *save = NULL;

	for (char *kind = strtok_r(arena_strdup(f->all->arena, to), "|", &save); kind != NULL;
	     kind = strtok_r(NULL, "|", &save)) {
		f->to = kind;
		if (str_starts(path, annotations))
			fix_annotation(f, path + strlen(annotations));
		else if (str_ends(path, "Ref/name") &&
			 (str_starts(path, "spec/scaleTargetRef") || str_starts(path, "roleRef")))
			k_fields(f->from->object, path, false, fix_named_kind, f);
		else
			k_fields(f->from->object, path, false, fix, f);
	}
}

struct err *
k_fix_references(struct k_objects *all)
{
	struct fixing f = { .all = all };

	for (size_t i = 0; i < all->n && f.err == NULL; i++) {
		f.from = &all->at[i];
		f.from_id = k_id_of(all->arena, f.from->object);
		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			if (k_place_in(&places[k].from, &f.from_id))
				fix_place(&f, places[k].to, places[k].from.path);
		for (size_t k = 0; k < ARRAY_SIZE(pods); k++) {
			const struct k_place place = { NULL, pods[k].kind, pods[k].spec, false };

			for (size_t p = 0; p < ARRAY_SIZE(in_pods) && k_place_in(&place, &f.from_id); p++)
				fix_place(
				    &f, in_pods[p].to, arena_printf(all->arena, "%s%s", pods[k].spec, in_pods[p].path));
		}
	}
	return f.err;
}
