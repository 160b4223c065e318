/* sim/resources.c: the resources (kinds) that the laptop cluster serves: one row for each. Those of users:
 * definitions.c. */
#include <string.h>
#include "sim/store.h"

#define ARGO "argoproj.io", "v1alpha1"

const struct resource store_resources[] = {
	{ "", "v1", "namespaces", "namespace", "Namespace", "ns", .cluster_scoped = true,
	    .columns = "Status:/status/phase" },
	{ "", "v1", "nodes", "node", "Node", "no", .cluster_scoped = true },
	{ "", "v1", "pods", "pod", "Pod", "po", .status = true,
	    .columns = "Ready:/status/containerStatuses/0/ready|Status:/status/phase|IP:/status/podIP" },
	{ "", "v1", "services", "service", "Service", "svc", .status = true,
	    .columns = "Type:/spec/type|Cluster-IP:/spec/clusterIP" },
	{ "", "v1", "endpoints", "endpoints", "Endpoints", "ep", .columns = "" },
	{ "discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", "",
	    .columns = "AddressType:/addressType" },
	{ "", "v1", "configmaps", "configmap", "ConfigMap", "cm", .columns = "" },
	{ "", "v1", "secrets", "secret", "Secret", "", .columns = "Type:/type" },
	{ "", "v1", "events", "event", "Event", "ev",
	    .columns = "Type:/type|Reason:/reason|Object:/involvedObject/name|Message:/message" },
	{ "apps", "v1", "replicasets", "replicaset", "ReplicaSet", "rs", .status = true, .scale = true,
	    .columns =
		"Desired:/spec/replicas:integer|Current:/status/replicas:integer|Ready:/status/readyReplicas:integer" },
	{ "apps", "v1", "deployments", "deployment", "Deployment", "deploy", .status = true, .scale = true,
	    .columns = "Ready:/status/readyReplicas:of|Up-to-date:/status/updatedReplicas:integer|"
		       "Available:/status/availableReplicas:integer" },
	{ "", "v1", "podtemplates", "podtemplate", "PodTemplate", "", .columns = "" },
	{ "batch", "v1", "jobs", "job", "Job", "", .status = true,
	    .columns = "Active:/status/active:integer|Succeeded:/status/succeeded:integer" },
	{ "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", "sa", .columns = "" },
	{ "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", "pvc", .status = true,
	    .columns = "Status:/status/phase" },
	{ "", "v1", "resourcequotas", "resourcequota", "ResourceQuota", "quota", .status = true, .columns = "" },
	{ "", "v1", "limitranges", "limitrange", "LimitRange", "limits", .columns = "" },
	{ "apps", "v1", "statefulsets", "statefulset", "StatefulSet", "sts", .status = true, .scale = true,
	    .columns = "Desired:/spec/replicas:integer" },
	{ "apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", .status = true, .columns = "" },
	{ "batch", "v1", "cronjobs", "cronjob", "CronJob", "cj", .status = true, .columns = "Schedule:/spec/schedule" },
	{ "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler", "hpa",
	    .status = true, .also = "v1", .columns = "" },
	{ "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", "pdb", .status = true,
	    .columns = "" },
	{ "networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", "ing", .status = true, .columns = "" },
	{ "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", "netpol", .columns = "" },
	{ "rbac.authorization.k8s.io", "v1", "roles", "role", "Role", "", .columns = "" },
	{ "rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding", "", .columns = "" },
	{ "rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", "", .cluster_scoped = true,
	    .columns = "" },
	{ "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", "",
	    .cluster_scoped = true, .columns = "Role:/roleRef/name" },
	{ "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "selfsubjectaccessreview",
	    "SelfSubjectAccessReview", "", .cluster_scoped = true, .review = true },
	{ "authorization.k8s.io", "v1", "subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview", "",
	    .cluster_scoped = true, .review = true },
	{ "authentication.k8s.io", "v1", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", "",
	    .cluster_scoped = true, .review = true },
	{ "source.toolkit.fluxcd.io", "v1", "gitrepositories", "gitrepository", "GitRepository", "gitrepo",
	    .status = true, .also = "v1beta2 v1beta1", .columns = "URL:/spec/url" },
	{ "kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "kustomization", "Kustomization", "ks", .status = true,
	    .also = "v1beta2 v1beta1", .columns = "Path:/spec/path" },
	{ "source.toolkit.fluxcd.io", "v1", "helmrepositories", "helmrepository", "HelmRepository", "helmrepo",
	    .status = true, .also = "v1beta2 v1beta1", .columns = "URL:/spec/url" },
	{ "source.toolkit.fluxcd.io", "v1", "ocirepositories", "ocirepository", "OCIRepository", "ocirepo",
	    .status = true, .also = "v1beta2", .columns = "URL:/spec/url" },
	{ "source.toolkit.fluxcd.io", "v1", "helmcharts", "helmchart", "HelmChart", "hc", .status = true,
	    .also = "v1beta2 v1beta1", .columns = "Chart:/spec/chart" },
	{ "helm.toolkit.fluxcd.io", "v2", "helmreleases", "helmrelease", "HelmRelease", "hr", .status = true,
	    .also = "v2beta2 v2beta1", .columns = "" },
	{ "notification.toolkit.fluxcd.io", "v1beta3", "providers", "provider", "Provider", "",
	    .also = "v1beta2 v1beta1", .columns = "Type:/spec/type" },
	{ "notification.toolkit.fluxcd.io", "v1beta3", "alerts", "alert", "Alert", "", .also = "v1beta2 v1beta1",
	    .columns = "Provider:/spec/providerRef/name" },
	{ "coordination.k8s.io", "v1", "leases", "lease", "Lease", "", .columns = "Holder:/spec/holderIdentity" },
	{ ARGO, "rollouts", "rollout", "Rollout", "ro", .status = true, .scale = true,
	    .columns = "Desired:/spec/replicas:integer|Current:/status/replicas:integer|Up-to-date:/status/"
		       "updatedReplicas:integer|"
		       "Available:/status/availableReplicas:integer|Phase:/status/phase" },
	{ ARGO, "analysisruns", "analysisrun", "AnalysisRun", "ar", .columns = "Status:/status/phase" },
	{ ARGO, "analysistemplates", "analysistemplate", "AnalysisTemplate", "at", .columns = "" },
	{ ARGO, "clusteranalysistemplates", "clusteranalysistemplate", "ClusterAnalysisTemplate", "cat",
	    .cluster_scoped = true },
	{ ARGO, "appprojects", "appproject", "AppProject", "appproj", .columns = "" },
	{ ARGO, "applications", "application", "Application", "app",
	    .columns =
		"Sync Status:/status/sync/status|Health Status:/status/health/status|Revision:/status/sync/revision" },
	{ ARGO, "experiments", "experiment", "Experiment", "exp", .columns = "" },
	{ "networking.istio.io", "v1beta1", "virtualservices", "virtualservice", "VirtualService", "vs",
	    .also = "v1 v1alpha3", .columns = "Hosts:/spec/hosts" },
	{ "networking.istio.io", "v1beta1", "destinationrules", "destinationrule", "DestinationRule", "dr",
	    .also = "v1 v1alpha3", .columns = "Host:/spec/host" },
	{ "gateway.networking.k8s.io", "v1", "httproutes", "httproute", "HTTPRoute", "", .status = true,
	    .columns = "Hostnames:/spec/hostnames" },
	{ "gateway.networking.k8s.io", "v1", "grpcroutes", "grpcroute", "GRPCRoute", "", .status = true,
	    .columns = "Hostnames:/spec/hostnames" },
	/* As release 1.5 of the Gateway API serves them. */
	{ "gateway.networking.k8s.io", "v1alpha2", "tcproutes", "tcproute", "TCPRoute", "", .status = true,
	    .columns = "" },
	{ "gateway.networking.k8s.io", "v1", "tlsroutes", "tlsroute", "TLSRoute", "", .status = true,
	    .columns = "Hostnames:/spec/hostnames" },
	{ "traefik.io", "v1alpha1", "traefikservices", "traefikservice", "TraefikService", "", .columns = "" },
	{ "projectcontour.io", "v1", "httpproxies", "httpproxy", "HTTPProxy", "proxy proxies", .status = true,
	    .columns = "FQDN:/spec/virtualhost/fqdn" },
	{ "apisix.apache.org", "v2", "apisixroutes", "apisixroute", "ApisixRoute", "", .columns = "" },
	{ "split.smi-spec.io", "v1alpha1", "trafficsplits", "trafficsplit", "TrafficSplit", "ts",
	    .also = "v1alpha2 v1alpha3", .columns = "Service:/spec/service" },
	{ "getambassador.io", "v2", "mappings", "mapping", "Mapping", "", .columns = "Service:/spec/service" },
	{ "elbv2.k8s.aws", "v1beta1", "targetgroupbindings", "targetgroupbinding", "TargetGroupBinding", "",
	    .columns = "Service-Name:/spec/serviceRef/name|Target-Type:/spec/targetType" },
	{ "apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition",
	    "CustomResourceDefinition", "crd crds", .cluster_scoped = true, .status = true, .columns = "" },
	{ 0 },
};

bool
resource_is(const struct resource *r, const char *kind)
{
	return r->stored_as == NULL && strcmp(r->kind, kind) == 0;
}

bool
resource_has_version(const struct resource *r, const char *version)
{
	size_t n = strlen(version);

	if (strcmp(r->version, version) == 0)
		return true;
	for (const char *at = r->also; at != NULL && *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == n && strncmp(at, version, n) == 0)
			return true;
	return false;
}
