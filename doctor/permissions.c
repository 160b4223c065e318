/* doctor/permissions.c: the table of deploy/rbac.yaml, deploy/controller/rbac.yaml and deploy/gitops/rbac.yaml. */
#include "doctor/permissions.h"
#include <string.h>
#include "base/str.h"

#define ARGO "argoproj.io"
#define ROLLOUTS "rollouts"

const struct permission permissions[] = {
	{ ARGO, "rollouts", "", "get list watch patch", ROLLOUTS, false, "updates" },
	{ ARGO, "rollouts", "status", "patch", ROLLOUTS, false, "their status" },
	{ ARGO, "rollouts", "finalizers", "update", ROLLOUTS, false, "owner references" },
	{ ARGO, "experiments", "finalizers", "update", ROLLOUTS, false, "owner references" },
	{ ARGO, "analysisruns", "finalizers", "update", ROLLOUTS, false, "owner references" },
	{ ARGO, "analysisruns", "", "get list watch create patch delete", ROLLOUTS, false, "analyses" },
	{ ARGO, "experiments", "", "get list watch create patch delete", ROLLOUTS, false, "experiments" },
	{ ARGO, "analysistemplates", "", "get list watch", ROLLOUTS, false, "analyses" },
	{ ARGO, "clusteranalysistemplates", "", "get list watch", ROLLOUTS, false, "analyses" },
	{ "apps", "replicasets", "", "get list watch create patch delete", ROLLOUTS, false, "versions" },
	{ "apps", "deployments", "", "get list watch", ROLLOUTS, false, "spec.workloadRef" },
	{ "apps", "deployments", "scale", "patch", ROLLOUTS, false, "spec.workloadRef.scaleDown" },
	{ "batch", "jobs", "", "get list watch create delete", ROLLOUTS, false, "metrics of the provider job" },
	{ "", "podtemplates", "", "get list watch", ROLLOUTS, false, "spec.workloadRef" },
	{ "", "services", "", "get list watch create patch delete", ROLLOUTS, false, "traffic" },
	{ "", "pods", "", "get list patch", ROLLOUTS, false, "restarts and metadata of pods" },
	{ "", "pods", "eviction", "create", ROLLOUTS, false, "restarts" },
	{ "", "events", "", "create patch", ROLLOUTS, false, "events" },
	{ "networking.istio.io", "virtualservices", "", "get list watch patch", ROLLOUTS, false, "traffic" },
	{ "networking.istio.io", "destinationrules", "", "get list watch patch", ROLLOUTS, false, "traffic" },
	{ "coordination.k8s.io", "leases", "", "create", NULL, true, "leader election" },
	{ "*", "*", "", "get list watch create patch update delete escalate bind", "gitops", false, "syncs" },
	{ 0 },
};

const char *
permissions_plural(struct arena *a, const char *kind)
{
	size_t n = strlen(kind);
	char *plural;

	if (n == 0 || strspn(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != n)
		return NULL;
	if (kind[n - 1] == 's' || kind[n - 1] == 'x')
		plural = arena_printf(a, "%ses", kind);
	else if (kind[n - 1] == 'y' && n > 1 && strchr("aeiou", kind[n - 2]) == NULL)
		plural = arena_printf(a, "%.*sies", (int)n - 1, kind);
	else
		plural = arena_printf(a, "%ss", kind);
	if (strcmp(kind, "Endpoints") == 0)
		plural = arena_strdup(a, kind);
	for (char *c = plural; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return plural;
}
