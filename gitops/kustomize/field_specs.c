/* gitops/kustomize/field_specs.c: kustomize's field specs: the tables of fields that namespace, names, labels,
 * images and references change. field_walk.c visits them. */
#include "gitops/kustomize/field_specs.h"
#include <string.h>
#include "base/str.h"

#define USE(u) (1u << (u))
#define LABELS (USE(K_COMMON_LABELS) | USE(K_TEMPLATE_LABELS) | USE(K_LABELS))
#define SELECTORS USE(K_COMMON_LABELS)
#define TEMPLATES (USE(K_COMMON_LABELS) | USE(K_TEMPLATE_LABELS))
#define ANNOTATIONS USE(K_COMMON_ANNOTATIONS)
#define VARS USE(K_VAR_REFERENCE)

#define POD_TERMS(affinity)                                                                                            \
	"spec/template/spec/affinity/" affinity                                                                        \
	"/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"
#define POD_TERMS_REQUIRED(affinity)                                                                                   \
	"spec/template/spec/affinity/" affinity                                                                        \
	"/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"

/* Where pods are described, by kind. */
struct pods {
	const char *kinds, *spec;
};

struct row {
	unsigned uses; /* a bit for each transformation that changes the field */
	const char *group, *version, *kinds; /* kinds: several separated by "|" */
	const char *path;
	bool create; /* the field is created if it does not exist */
};

struct reference {
	struct k_gvk to;
	const char *group, *kinds, *path;
};

#define CONFIG_MAP                                                                                                     \
	{                                                                                                              \
		NULL, "v1", "ConfigMap"                                                                                \
	}
#define SECRET                                                                                                         \
	{                                                                                                              \
		NULL, "v1", "Secret"                                                                                   \
	}
#define SERVICE                                                                                                        \
	{                                                                                                              \
		NULL, "v1", "Service"                                                                                  \
	}
#define SERVICE_ACCOUNT                                                                                                \
	{                                                                                                              \
		NULL, "v1", "ServiceAccount"                                                                           \
	}
#define CLAIM                                                                                                          \
	{                                                                                                              \
		NULL, "v1", "PersistentVolumeClaim"                                                                    \
	}
#define VOLUME                                                                                                         \
	{                                                                                                              \
		NULL, "v1", "PersistentVolume"                                                                         \
	}
#define STORAGE_CLASS                                                                                                  \
	{                                                                                                              \
		"storage.k8s.io", "v1", "StorageClass"                                                                 \
	}
#define PRIORITY_CLASS                                                                                                 \
	{                                                                                                              \
		"scheduling.k8s.io", "v1", "PriorityClass"                                                             \
	}
#define KIND_OF(g, k)                                                                                                  \
	{                                                                                                              \
		(g), NULL, (k)                                                                                         \
	}
#define RBAC "rbac.authorization.k8s.io"

static const struct row pod_rows[] = {
	{ VARS, NULL, NULL, NULL, "containers/args", false },
	{ VARS, NULL, NULL, NULL, "containers/command", false },
	{ VARS, NULL, NULL, NULL, "containers/env/value", false },
	{ VARS, NULL, NULL, NULL, "containers/volumeMounts/mountPath", false },
	{ VARS, NULL, NULL, NULL, "initContainers/args", false },
	{ VARS, NULL, NULL, NULL, "initContainers/command", false },
	{ VARS, NULL, NULL, NULL, "initContainers/env/value", false },
	{ VARS, NULL, NULL, NULL, "initContainers/volumeMounts/mountPath", false },
};

static const struct reference pod_references[] = {
	{ CONFIG_MAP, NULL, NULL, "volumes/configMap/name" },
	{ CONFIG_MAP, NULL, NULL, "volumes/projected/sources/configMap/name" },
	{ CONFIG_MAP, NULL, NULL, "containers/env/valueFrom/configMapKeyRef/name" },
	{ CONFIG_MAP, NULL, NULL, "containers/envFrom/configMapRef/name" },
	{ CONFIG_MAP, NULL, NULL, "initContainers/env/valueFrom/configMapKeyRef/name" },
	{ CONFIG_MAP, NULL, NULL, "initContainers/envFrom/configMapRef/name" },
	{ SECRET, NULL, NULL, "volumes/secret/secretName" },
	{ SECRET, NULL, NULL, "volumes/projected/sources/secret/name" },
	{ SECRET, NULL, NULL, "containers/env/valueFrom/secretKeyRef/name" },
	{ SECRET, NULL, NULL, "containers/envFrom/secretRef/name" },
	{ SECRET, NULL, NULL, "initContainers/env/valueFrom/secretKeyRef/name" },
	{ SECRET, NULL, NULL, "initContainers/envFrom/secretRef/name" },
	{ SECRET, NULL, NULL, "imagePullSecrets/name" },
	{ SERVICE_ACCOUNT, NULL, NULL, "serviceAccountName" },
	{ CLAIM, NULL, NULL, "volumes/persistentVolumeClaim/claimName" },
	{ PRIORITY_CLASS, NULL, NULL, "priorityClassName" },
};

static const struct pods pods[] = {
	{ "Pod", "spec/" },
	{ "PodTemplate", "template/spec/" },
	{ "Deployment|ReplicaSet|DaemonSet|StatefulSet|Job|ReplicationController", "spec/template/spec/" },
	{ "CronJob", "spec/jobTemplate/spec/template/spec/" },
};

static const struct row rows[] = {
	{ LABELS, NULL, NULL, NULL, "metadata/labels", true },
	{ SELECTORS, NULL, "v1", "Service|ReplicationController", "spec/selector", true },
	{ SELECTORS, NULL, NULL, "Deployment|ReplicaSet|DaemonSet", "spec/selector/matchLabels", true },
	{ SELECTORS, "apps", NULL, "StatefulSet", "spec/selector/matchLabels", true },
	{ SELECTORS, "apps", NULL, "Deployment|StatefulSet", POD_TERMS("podAffinity"), false },
	{ SELECTORS, "apps", NULL, "Deployment|StatefulSet", POD_TERMS_REQUIRED("podAffinity"), false },
	{ SELECTORS, "apps", NULL, "Deployment|StatefulSet", POD_TERMS("podAntiAffinity"), false },
	{ SELECTORS, "apps", NULL, "Deployment|StatefulSet", POD_TERMS_REQUIRED("podAntiAffinity"), false },
	{ SELECTORS, "apps", NULL, "Deployment|StatefulSet",
	    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false },
	{ SELECTORS, "batch", NULL, "Job", "spec/selector/matchLabels", false },
	{ SELECTORS, "batch", NULL, "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false },
	{ SELECTORS, "policy", NULL, "PodDisruptionBudget", "spec/selector/matchLabels", false },
	{ SELECTORS, "networking.k8s.io", NULL, "NetworkPolicy", "spec/podSelector/matchLabels", false },
	{ SELECTORS, "networking.k8s.io", NULL, "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false },
	{ SELECTORS, "networking.k8s.io", NULL, "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false },
	{ TEMPLATES, NULL, "v1", "ReplicationController", "spec/template/metadata/labels", true },
	{ TEMPLATES, NULL, NULL, "Deployment|ReplicaSet|DaemonSet", "spec/template/metadata/labels", true },
	{ TEMPLATES, "apps", NULL, "StatefulSet", "spec/template/metadata/labels", true },
	{ TEMPLATES, "apps", NULL, "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true },
	{ TEMPLATES, "batch", NULL, "Job", "spec/template/metadata/labels", true },
	{ TEMPLATES, "batch", NULL, "CronJob", "spec/jobTemplate/metadata/labels", true },
	{ TEMPLATES, "batch", NULL, "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true },

	{ ANNOTATIONS, NULL, NULL, NULL, "metadata/annotations", true },
	{ ANNOTATIONS, NULL, "v1", "ReplicationController", "spec/template/metadata/annotations", true },
	{ ANNOTATIONS, NULL, NULL, "Deployment|ReplicaSet|DaemonSet", "spec/template/metadata/annotations", true },
	{ ANNOTATIONS, NULL, NULL, "StatefulSet", "spec/template/metadata/annotations", true },
	{ ANNOTATIONS, "batch", NULL, "Job", "spec/template/metadata/annotations", true },
	{ ANNOTATIONS, "batch", NULL, "CronJob", "spec/jobTemplate/metadata/annotations", true },
	{ ANNOTATIONS, "batch", NULL, "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true },

	{ USE(K_NAME_PREFIX) | USE(K_NAME_SUFFIX), NULL, NULL, NULL, "metadata/name", false },

	{ USE(K_NAMESPACE), "", "v1", "Namespace", "metadata/name", true },
	{ USE(K_NAMESPACE), "apiregistration.k8s.io", NULL, "APIService", "spec/service/namespace", true },
	{ USE(K_NAMESPACE), "apiextensions.k8s.io", NULL, "CustomResourceDefinition",
	    "spec/conversion/webhook/clientConfig/service/namespace", false },

	{ USE(K_REPLICAS), NULL, NULL, "Deployment|ReplicationController|ReplicaSet|StatefulSet", "spec/replicas",
	    true },

	{ VARS, NULL, NULL, NULL, "metadata/labels", false },
	{ VARS, NULL, NULL, NULL, "metadata/annotations", false },
	{ VARS, NULL, NULL, "Deployment", "spec/template/metadata/annotations", false },
	{ VARS, NULL, NULL, "Pod", "spec/volumes/nfs/server", false },
	{ VARS, NULL, NULL, "DaemonSet|Deployment|Job|ReplicaSet", "spec/template/spec/volumes/nfs/server", false },
	{ VARS, NULL, NULL, "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server", false },
	{ VARS, NULL, NULL, "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false },
	{ VARS, NULL, NULL, "PersistentVolume", "spec/nfs/server", false },
	{ VARS, NULL, NULL, "Ingress", "spec/rules/host", false },
	{ VARS, NULL, NULL, "Ingress", "spec/tls/hosts", false },
	{ VARS, NULL, NULL, "Ingress", "spec/tls/secretName", false },
	{ VARS, NULL, NULL, "Service", "spec/ports/port", false },
	{ VARS, NULL, NULL, "Service", "spec/ports/targetPort", false },
};

static const struct reference references[] = {

	{ CONFIG_MAP, NULL, "Node", "spec/configSource/configMap/name" },
	{ CONFIG_MAP, RBAC, "Role|ClusterRole", "rules/resourceNames" },
	{ CONFIG_MAP, NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap" },
	{ SECRET, RBAC, "Role|ClusterRole", "rules/resourceNames" },
	{ SECRET, NULL, "ServiceAccount", "imagePullSecrets/name" },
	{ SECRET, NULL, "Ingress", "spec/tls/secretName" },
	{ SECRET, NULL, "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret" },
	{ SECRET, NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret" },
	{ SECRET, NULL, "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret" },
	{ SECRET, NULL, "StorageClass", "parameters/adminSecretName" },
	{ SECRET, NULL, "StorageClass", "parameters/userSecretName" },
	{ SECRET, NULL, "StorageClass", "parameters/secretRef" },
	{ SECRET, NULL, "PersistentVolume", "spec/azureFile/secretName" },
	{ SERVICE, NULL, "StatefulSet", "spec/serviceName" },
	{ SERVICE, NULL, "Ingress", "spec/rules/http/paths/backend/serviceName" },
	{ SERVICE, NULL, "Ingress", "spec/backend/serviceName" },
	{ SERVICE, NULL, "Ingress", "spec/rules/http/paths/backend/service/name" },
	{ SERVICE, NULL, "Ingress", "spec/defaultBackend/service/name" },
	{ SERVICE, NULL, "APIService", "spec/service/name" },
	{ SERVICE, NULL, "ValidatingWebhookConfiguration|MutatingWebhookConfiguration",
	    "webhooks/clientConfig/service" },
	{ KIND_OF(NULL, "Deployment"), NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name" },
	{ KIND_OF(NULL, "ReplicationController"), NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name" },
	{ KIND_OF(NULL, "ReplicaSet"), NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name" },
	{ KIND_OF(NULL, "StatefulSet"), NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name" },
	{ KIND_OF(RBAC, "Role"), RBAC, "RoleBinding", "roleRef/name" },
	{ KIND_OF(RBAC, "ClusterRole"), RBAC, "RoleBinding|ClusterRoleBinding", "roleRef/name" },
	{ SERVICE_ACCOUNT, RBAC, "RoleBinding|ClusterRoleBinding", "subjects" },
	{ VOLUME, NULL, "PersistentVolumeClaim", "spec/volumeName" },
	{ VOLUME, RBAC, "ClusterRole", "rules/resourceNames" },
	{ STORAGE_CLASS, NULL, "PersistentVolume|PersistentVolumeClaim", "spec/storageClassName" },
	{ STORAGE_CLASS, NULL, "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName" },
	{ KIND_OF("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"), NULL,
	    "ValidatingAdmissionPolicyBinding", "spec/policyName" },
};

static const struct pods rollout_pods[] = {
	{ "Rollout", "spec/template/spec/" },
	{ "Experiment", "spec/templates/template/spec/" },
	{ "AnalysisTemplate", "spec/metrics/provider/job/spec/template/spec/" },
};

static const struct row rollout_rows[] = {
	{ SELECTORS, NULL, NULL, "Rollout", "spec/selector/matchLabels", true },
	{ SELECTORS, NULL, NULL, "Rollout", POD_TERMS("podAffinity"), false },
	{ SELECTORS, NULL, NULL, "Rollout", POD_TERMS_REQUIRED("podAffinity"), false },
	{ SELECTORS, NULL, NULL, "Rollout", POD_TERMS("podAntiAffinity"), false },
	{ SELECTORS, NULL, NULL, "Rollout", POD_TERMS_REQUIRED("podAntiAffinity"), false },
	{ TEMPLATES, NULL, NULL, "Rollout", "spec/template/metadata/labels", true },
	{ ANNOTATIONS, NULL, NULL, "Rollout", "spec/template/metadata/annotations", true },
	{ USE(K_REPLICAS), NULL, NULL, "Rollout", "spec/replicas", true },
	{ VARS, NULL, NULL, "AnalysisTemplate", "spec/metrics/provider/job/spec/template/spec/volumes/nfs/server",
	    false },
};

#define CANARY "spec/strategy/canary/"
#define BLUE_GREEN "spec/strategy/blueGreen/"
#define ROUTING CANARY "trafficRouting/"
#define TEMPLATE KIND_OF("argoproj.io", "AnalysisTemplate")

static const struct reference rollout_references[] = {

	{ SERVICE, NULL, "Rollout", BLUE_GREEN "activeService" },
	{ SERVICE, NULL, "Rollout", BLUE_GREEN "previewService" },
	{ SERVICE, NULL, "Rollout", CANARY "canaryService" },
	{ SERVICE, NULL, "Rollout", CANARY "stableService" },
	{ SERVICE, NULL, "Rollout", ROUTING "alb/rootService" },
	{ KIND_OF("networking.istio.io", "VirtualService"), NULL, "Rollout", ROUTING "istio/virtualService/name" },
	{ KIND_OF("networking.istio.io", "DestinationRule"), NULL, "Rollout", ROUTING "istio/destinationRule/name" },
	{ KIND_OF("networking.k8s.io", "Ingress"), NULL, "Rollout", ROUTING "alb/ingress" },
	{ KIND_OF("networking.k8s.io", "Ingress"), NULL, "Rollout", ROUTING "nginx/stableIngress" },
	{ KIND_OF("extensions", "Ingress"), NULL, "Rollout", ROUTING "alb/ingress" },
	{ KIND_OF("extensions", "Ingress"), NULL, "Rollout", ROUTING "nginx/stableIngress" },
	{ KIND_OF("getambassador.io", "Mapping"), NULL, "Rollout", ROUTING "ambassador/mappings" },
	{ TEMPLATE, NULL, "Rollout", BLUE_GREEN "prePromotionAnalysis/templates/templateName" },
	{ TEMPLATE, NULL, "Rollout", BLUE_GREEN "postPromotionAnalysis/templates/templateName" },
	{ TEMPLATE, NULL, "Rollout", CANARY "analysis/templates/templateName" },
	{ TEMPLATE, NULL, "Rollout", CANARY "steps/analysis/templates/templateName" },
	{ TEMPLATE, NULL, "Rollout", CANARY "steps/experiment/analyses/templateName" },
	{ TEMPLATE, NULL, "Experiment", "spec/analyses/templateName" },
	{ KIND_OF(NULL, "Rollout"), NULL, "HorizontalPodAutoscaler", "spec/scaleTargetRef/name" },
	{ { "apps", "v1", "Deployment" }, NULL, "Rollout", "spec/workloadRef/name" },
};

bool
k_gvk_selects(const struct k_gvk *s, const char *group, const char *version, const char *kind)
{
	return (s->group == NULL || str_eq(s->group, group)) && (s->version == NULL || str_eq(s->version, version)) &&
	       (s->kind == NULL || str_eq(s->kind, kind));
}

static void
field_specs_append(struct arena *a, struct k_spec_list *to, const struct k_spec *p)
{
	if (to->n == to->capacity) {
		struct k_spec *more = arena_new_array(a, struct k_spec, to->capacity = to->capacity * 2 + 64);

		if (to->n > 0)
			memcpy(more, to->at, to->n * sizeof(*more));
		to->at = more;
	}
	to->at[to->n++] = *p;
}

/* Appends one entry for each of the kinds. */
static void
field_specs_append_kinds(struct arena *a, struct k_spec_list *to, struct k_spec p, const char *kinds)
{
	const char *at = kinds;

	if (kinds == NULL) {
		field_specs_append(a, to, &p);
		return;
	}
	for (;; at++) {
		size_t n = strcspn(at, "|");

		p.in.kind = arena_strndup(a, at, n);
		field_specs_append(a, to, &p);
		if (*(at += n) == '\0')
			return;
	}
}

/* A row's path; `below`: where pods are described, NULL: in the object. */
static const char *
field_specs_path_below(struct arena *a, const struct pods *below, const char *path)
{
	return below != NULL ? arena_printf(a, "%s%s", below->spec, path) : path;
}

static void
field_specs_append_rows(
    struct arena *a, struct k_spec_list *to, const struct row *of, size_t n, const struct pods *below)
{
	for (size_t i = 0; i < n; i++) {
		struct k_spec p = { .in = { of[i].group, of[i].version, NULL },
			.path = field_specs_path_below(a, below, of[i].path),
			.create = of[i].create };

		for (p.use = 0; p.use < K_USE_MAX; p.use++)
			if ((of[i].uses & USE(p.use)) != 0)
				field_specs_append_kinds(a, to, p, below != NULL ? below->kinds : of[i].kinds);
	}
}

static void
field_specs_append_references(
    struct arena *a, struct k_spec_list *to, const struct reference *of, size_t n, const struct pods *below)
{
	for (size_t i = 0; i < n; i++) {
		const struct k_spec p = { .use = K_NAME_REFERENCE,
			.in = { of[i].group, NULL, NULL },
			.path = field_specs_path_below(a, below, of[i].path),
			.to = of[i].to };

		field_specs_append_kinds(a, to, p, below != NULL ? below->kinds : of[i].kinds);
	}
}

/* Below where pods are described. */
static void
field_specs_append_pods(struct arena *a, struct k_spec_list *to, const struct pods *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		field_specs_append_rows(a, to, pod_rows, ARRAY_SIZE(pod_rows), &in[i]);
		field_specs_append_references(a, to, pod_references, ARRAY_SIZE(pod_references), &in[i]);
	}
}

const struct k_spec_list *
k_specs_known(struct arena *a)
{
	struct k_spec_list *all = arena_new_array(a, struct k_spec_list, 1);

	field_specs_append_rows(a, all, rows, ARRAY_SIZE(rows), NULL);
	field_specs_append_references(a, all, references, ARRAY_SIZE(references), NULL);
	field_specs_append_pods(a, all, pods, ARRAY_SIZE(pods));
	return all;
}

const struct k_spec_list *
k_specs_of_rollouts(struct arena *a)
{
	struct k_spec_list *all = arena_new_array(a, struct k_spec_list, 1);

	field_specs_append_rows(a, all, rollout_rows, ARRAY_SIZE(rollout_rows), NULL);
	field_specs_append_references(a, all, rollout_references, ARRAY_SIZE(rollout_references), NULL);
	field_specs_append_pods(a, all, rollout_pods, ARRAY_SIZE(rollout_pods));
	return all;
}

static bool
field_specs_is_same_kind(const struct k_gvk *x, const struct k_gvk *y)
{
	return str_eq(x->group, y->group) && str_eq(x->version, y->version) && str_eq(x->kind, y->kind);
}

/* Returns whether x is the same field as y, in at least the kinds of y. */
static bool
field_specs_covers(const struct k_spec *x, const struct k_spec *y)
{
	return x->use == y->use && field_specs_is_same_kind(&x->to, &y->to) &&
	       k_gvk_selects(&x->in, y->in.group, y->in.version, y->in.kind) && strcmp(x->path, y->path) == 0;
}

static struct k_spec_list *
field_specs_own_copy(struct arena *a, const struct k_spec_list *of)
{
	struct k_spec_list *copy = arena_new_array(a, struct k_spec_list, 1);

	copy->own = true;
	for (size_t i = 0; i < of->n; i++)
		field_specs_append(a, copy, &of->at[i]);
	return copy;
}

struct err *
k_spec_check(struct arena *a, const char *path)
{
	size_t n = 1;

	for (const char *at = path; (at = strchr(at, '/')) != NULL; at++)
		n++;
	return n > K_SPEC_PARTS_MAX
		   ? err_new(a, ERR_INVALID, "%.64s...: the path has more than %d parts", path, K_SPEC_PARTS_MAX)
		   : NULL;
}

struct err *
k_specs_add(const struct k_spec_list **list, struct arena *a, const struct k_spec *p)
{
	struct k_spec_list *own = (*list)->own ? (struct k_spec_list *)*list : field_specs_own_copy(a, *list);
	struct err *e = k_spec_check(a, p->path);
	bool there = false;
	size_t n = 0;

	if (e != NULL)
		return e;
	for (size_t i = 0; i < own->n; i++) {
		bool fewer = field_specs_covers(p, &own->at[i]), more = !fewer && field_specs_covers(&own->at[i], p);

		if ((fewer || more) && own->at[i].create != p->create)
			return err_new(a, ERR_INVALID, "%s of %s: create is %s there already", p->path,
			    p->in.kind != NULL ? p->in.kind : "all kinds", p->create ? "false" : "true");
		there |= fewer;
	}
	for (size_t i = 0; i < own->n; i++)
		if (there || !field_specs_covers(&own->at[i], p))
			own->at[n++] = own->at[i];
	own->n = n;
	if (!there && n >= K_SPECS_MAX)
		return err_new(a, ERR_INVALID, "more than %d field specs", K_SPECS_MAX);
	if (!there)
		field_specs_append(a, own, p);
	*list = own;
	return NULL;
}
