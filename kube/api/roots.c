/* kube/api/roots.c: list of the types that users write for Sluice: CRDs, `explain` and the reference are made from
 * it. */
#include "kube/api/roots.h"
#include <strings.h>
#include "kube/api/analysis.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/experiment.h"
#include "kube/api/flux.h"
#include "kube/api/flux_alert.h"
#include "kube/api/helm.h"

const struct type *const api_roots[] = {
	&rollout_type,
	&analysis_template_type,
	&cluster_analysis_template_type,
	&analysis_run_type,
	&experiment_type,
	&application_type,
	&app_project_type,
	&git_repository_type,
	&flux_kustomization_type,
	&helm_repository_type,
	&oci_repository_type,
	&helm_chart_type,
	&helm_release_type,
	&flux_provider_type,
	&flux_alert_type,
	NULL,
};

const struct type *
api_root_named(const char *name)
{
	for (const struct type *const *t = api_roots; *t != NULL; t++)
		if (strcasecmp(name, (*t)->kind) == 0 || strcasecmp(name, (*t)->plural) == 0 ||
		    ((*t)->short_name != NULL && strcasecmp(name, (*t)->short_name) == 0))
			return *t;
	return NULL;
}
