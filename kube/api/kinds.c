/* kube/api/kinds.c: API paths of kinds: a table of the kinds of Kubernetes 1.36 that users write. */
#include "kube/api/kinds.h"
#include <string.h>
#include "base/str.h"

static const struct {
	const char *group, *kind, *plural;
	bool cluster_scoped;
} known[] = {
	{ "", "ConfigMap", "configmaps", false },
	{ "", "Endpoints", "endpoints", false },
	{ "", "LimitRange", "limitranges", false },
	{ "", "Namespace", "namespaces", true },
	{ "", "Node", "nodes", true },
	{ "", "PersistentVolume", "persistentvolumes", true },
	{ "", "PersistentVolumeClaim", "persistentvolumeclaims", false },
	{ "", "Pod", "pods", false },
	{ "", "PodTemplate", "podtemplates", false },
	{ "", "ReplicationController", "replicationcontrollers", false },
	{ "", "ResourceQuota", "resourcequotas", false },
	{ "", "Secret", "secrets", false },
	{ "", "Service", "services", false },
	{ "", "ServiceAccount", "serviceaccounts", false },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", true },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", true },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
	    true },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", true },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", true },
	{ "apiregistration.k8s.io", "APIService", "apiservices", true },
	{ "apps", "ControllerRevision", "controllerrevisions", false },
	{ "apps", "DaemonSet", "daemonsets", false },
	{ "apps", "Deployment", "deployments", false },
	{ "apps", "ReplicaSet", "replicasets", false },
	{ "apps", "StatefulSet", "statefulsets", false },
	{ "argoproj.io", "AnalysisRun", "analysisruns", false },
	{ "argoproj.io", "AnalysisTemplate", "analysistemplates", false },
	{ "argoproj.io", "Application", "applications", false },
	{ "argoproj.io", "ClusterAnalysisTemplate", "clusteranalysistemplates", true },
	{ "argoproj.io", "Experiment", "experiments", false },
	{ "argoproj.io", "Rollout", "rollouts", false },
	{ "autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", false },
	{ "batch", "CronJob", "cronjobs", false },
	{ "batch", "Job", "jobs", false },
	{ "coordination.k8s.io", "Lease", "leases", false },
	{ "discovery.k8s.io", "EndpointSlice", "endpointslices", false },
	{ "networking.istio.io", "DestinationRule", "destinationrules", false },
	{ "networking.istio.io", "VirtualService", "virtualservices", false },
	{ "networking.k8s.io", "Ingress", "ingresses", false },
	{ "networking.k8s.io", "IngressClass", "ingressclasses", true },
	{ "networking.k8s.io", "NetworkPolicy", "networkpolicies", false },
	{ "node.k8s.io", "RuntimeClass", "runtimeclasses", true },
	{ "policy", "PodDisruptionBudget", "poddisruptionbudgets", false },
	{ "rbac.authorization.k8s.io", "ClusterRole", "clusterroles", true },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", true },
	{ "rbac.authorization.k8s.io", "Role", "roles", false },
	{ "rbac.authorization.k8s.io", "RoleBinding", "rolebindings", false },
	{ "scheduling.k8s.io", "PriorityClass", "priorityclasses", true },
	{ "storage.k8s.io", "CSIDriver", "csidrivers", true },
	{ "storage.k8s.io", "StorageClass", "storageclasses", true },
};

bool
kind_builtin(const char *group, const char *version, const char *kind, struct api_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].kind, kind) == 0 && strcmp(known[i].group, group) == 0) {
			*ret = (struct api_kind){ group, version, kind, known[i].plural, known[i].cluster_scoped };
			return true;
		}
	return false;
}

bool
kind_listed(struct arena *a, const json_t *resources, const char *group, const char *version, const char *kind,
    struct api_kind *ret)
{
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(resources, "resources"), i, r) {
		const char *plural = json_str(r, "name");

		if (!str_eq(json_str(r, "kind"), kind) || plural == NULL || strchr(plural, '/') != NULL)
			continue;
		*ret = (struct api_kind){ arena_strdup(a, group), arena_strdup(a, version), arena_strdup(a, kind),
			arena_strdup(a, plural), !json_is_true(json_object_get(r, "namespaced")) };
		return true;
	}
	return false;
}

const char *
kind_root(struct arena *a, const char *group, const char *version)
{
	return group[0] == '\0' ? arena_printf(a, "/api/%s", version) : arena_printf(a, "/apis/%s/%s", group, version);
}

const char *
kind_path(struct arena *a, const struct api_kind *k, const char *ns, const char *name)
{
	const char *root = kind_root(a, k->group, k->version);

	/* Names may have a "?" or a "#" in them (those of roles). */
	ns = ns != NULL ? str_url_escape(a, ns) : NULL;
	name = name != NULL ? str_url_escape(a, name) : NULL;
	return arena_printf(a, "%s%s%s/%s%s%s", root, ns != NULL && !k->cluster_scoped ? "/namespaces/" : "",
	    ns != NULL && !k->cluster_scoped ? ns : "", k->plural, name != NULL ? "/" : "", name != NULL ? name : "");
}
