/* kube/plan/settings.h: settings of the process, which every pass can read.
 *
 * The command that starts the controllers parses flags, files and environment into one of these, once. All zeroes is
 * a valid one: nothing is set. Everything is borrowed.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "kube/api/type.h"

struct step_plugins;

struct settings {
	/* Analysis. */
	const char *prometheus_address; /* of Prometheus metrics that have none; NULL: these are invalid */
	bool jobs_elsewhere; /* Jobs are created in another cluster or namespace than their runs; they have no owner */
	const char *jobs_namespace; /* of all Jobs; NULL: that of their runs */
	const struct strings *job_namespaces; /* globs of namespaces in which Jobs may be created; NULL: all */
	const char *namespace; /* the controller's: of the Secrets of metric providers; NULL: argo-rollouts */
	struct string_map environment; /* of the process: the variables that the rows of providers and routers name */

	/* Steps of canaries. */
	const struct step_plugins *step_plugins; /* kube/plan/plugin_declarations.h; NULL: none is declared */

	/* Load balancers of AWS. */
	bool verify_target_groups; /* a weight, or a switched Service, counts when the AWS API has it */
	const char *target_group_binding_version; /* group and version of TargetGroupBindings; NULL: the default */
	const char *target_group_tag; /* names the Ingress, Service and port of a target group; NULL: the default */

	/* GitOps. */
	const char *gitops_worker; /* the program of the worker (QUERY_PROGRAM) */
	const char *gitops_release_worker; /* the same, with slots for actions about releases; NULL: those of others */
	const char *gitops_namespace; /* of argocd-cm, projects and Applications; NULL: that of each Application */
	struct strings
	    /* globs of other namespaces whose Applications are applied with the controller's permissions */
	    application_namespaces;
	int64_t application_interval_ms; /* between comparisons of an Application; 0: two minutes */
	const char *default_service_account; /* of Kustomizations that name none; NULL: the controller's permissions */
	bool no_cross_namespace_refs; /* Kustomizations and Alerts refer to their own namespace only */
};
