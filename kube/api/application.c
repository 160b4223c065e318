/* kube/api/application.c: Application of Argo CD: the rows of its fields. */
#include "kube/api/application.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"

const char *const health_names[HEALTH_MAX] = { "", "Healthy", "Suspended", "Progressing", "Missing", "Degraded",
	"Unknown" };
const char *const sync_status_names[SYNC_MAX] = { "", "Synced", "OutOfSync", "Unknown" };

const char *const operation_phase_names[OPERATION_PHASE_MAX] = { "", "Running", "Terminating", "Succeeded", "Failed",
	"Error" };
const char *const result_status_names[RESULT_STATUS_MAX] = { "", "Synced", "SyncFailed", "Pruned", "PruneSkipped" };

static const struct field application_directory_fields[] = {
	BOOL(application_directory, recurse, "recurse", .doc = "Read subdirectories too.", .default_text = "false"),
	STRING(application_directory, include, "include",
	    .doc = "Files to read, as a glob for the path in the directory: {*.yml,*.yaml}.",
	    .default_text = "all manifests"),
	STRING(application_directory, exclude, "exclude",
	    .doc = "Files to skip, as a glob for the path in the directory. Takes precedence over include."),
	NOT_SUPPORTED("jsonnet"),
};
TYPE(application_directory, "directory", .strict = true);

static const struct field kustomize_replica_fields[] = {
	STRING(kustomize_replica, name, "name", .required = true, .doc = "Name of the workload."),
	INT_OR_STRING(kustomize_replica, count, "count", .required = true, .doc = "Number of replicas."),
};
TYPE(kustomize_replica, "replicas", .strict = true);

static const struct field application_kustomize_fields[] = {
	STRING(application_kustomize, name_prefix, "namePrefix", .doc = "Prefix of all names."),
	STRING(application_kustomize, name_suffix, "nameSuffix", .doc = "Suffix of all names."),
	STRING(application_kustomize, namespace, "namespace", .doc = "Namespace of all objects.",
	    .default_text = "as in the kustomization"),
	STRINGS(application_kustomize, images, "images",
	    .doc = "Images to replace: NAME=NEWNAME:TAG, NAME:TAG or NAME@DIGEST."),
	STRINGS(application_kustomize, components, "components",
	    .doc = "Paths of components, relative to the source's path."),
	BOOL(application_kustomize, ignore_missing_components, "ignoreMissingComponents",
	    .doc = "Ignore components that do not exist."),
	STRING_MAP(
	    application_kustomize, common_labels, "commonLabels", .doc = "Labels to add to all objects and selectors."),
	STRING_MAP(application_kustomize, common_annotations, "commonAnnotations",
	    .doc = "Annotations to add to all objects."),
	LIST(application_kustomize, replicas, "replicas", kustomize_replica, .doc = "Number of replicas by workload."),
	JSON(application_kustomize, patches, "patches", .doc = "Patches, as in a kustomization file."),
	BOOL(application_kustomize, label_without_selector, "labelWithoutSelector",
	    .doc = "Do not add commonLabels to selectors."),
	BOOL(application_kustomize, label_include_templates, "labelIncludeTemplates",
	    .doc = "With labelWithoutSelector: add commonLabels to pod templates too. Without it they are added to "
		   "them in any case."),
	BOOL(application_kustomize, force_common_labels, "forceCommonLabels",
	    .doc = "Has no effect: commonLabels always replace labels of the same name in the kustomization."),
	BOOL(application_kustomize, force_common_annotations, "forceCommonAnnotations",
	    .doc =
		"Has no effect: commonAnnotations always replace annotations of the same name in the kustomization."),
	NOT_SUPPORTED_AS("commonAnnotationsEnvsubst", KIND_BOOL),
	NOT_SUPPORTED_AS("version", KIND_STRING),
	NOT_SUPPORTED_AS("apiVersions", KIND_LIST),
	NOT_SUPPORTED_AS("kubeVersion", KIND_STRING),
};
TYPE(application_kustomize, "kustomize", .strict = true);

static const struct field helm_parameter_fields[] = {
	STRING(helm_parameter, name, "name", .required = true, .doc = "Name of the value, such as image.tag."),
	STRING(helm_parameter, value, "value", .doc = "The value."),
	BOOL(helm_parameter, force_string, "forceString",
	    .doc = "Treat the value as a string, even if it looks like a number."),
};
TYPE(helm_parameter, "parameter", .strict = true);

static const struct field helm_file_parameter_fields[] = {
	STRING(helm_file_parameter, name, "name", .required = true, .doc = "Name of the value."),
	STRING(helm_file_parameter, path, "path", .required = true,
	    .doc = "File that holds the value: in the chart, or $REF/PATH in another source."),
};
TYPE(helm_file_parameter, "file parameter", .strict = true);

static const struct field application_helm_fields[] = {
	STRING(application_helm, release_name, "releaseName", .doc = "Name of the release.",
	    .default_text = "the Application's"),
	STRING(application_helm, namespace, "namespace", .doc = "Namespace of the release.",
	    .default_text = "the destination's, or else default"),
	STRINGS(application_helm, value_files, "valueFiles",
	    .doc = "Values files: in the chart, or $REF/PATH in another source. Later files take precedence over "
		   "earlier ones."),
	BOOL(application_helm, ignore_missing_value_files, "ignoreMissingValueFiles",
	    .doc = "Ignore values files that do not exist."),
	STRING(application_helm, values, "values",
	    .doc = "Values as YAML text. Take precedence over valueFiles. Ignored if valuesObject is set."),
	JSON(application_helm, values_object, "valuesObject",
	    .doc = "Values as an object. Take precedence over valueFiles. If set, values is ignored."),
	LIST(application_helm, parameters, "parameters", helm_parameter, .items_max = 1000,
	    .doc = "Single values. Take precedence over valueFiles, values and valuesObject."),
	LIST(application_helm, file_parameters, "fileParameters", helm_file_parameter, .items_max = 100,
	    .doc = "Single values that are read from files. Take precedence over all other values."),
	BOOL(application_helm, skip_crds, "skipCrds", .doc = "Do not apply the chart's CustomResourceDefinitions."),
	BOOL(application_helm, skip_tests, "skipTests", .doc = "Do not apply the chart's tests."),
	STRING(application_helm, kube_version, "kubeVersion", .doc = "Kubernetes version that the chart sees.",
	    .default_text = "that of the helm program"),
	STRINGS(application_helm, api_versions, "apiVersions",
	    .doc = "API versions that the chart sees, in addition to those of the helm program."),
	STRING(application_helm, version, "version", .choices = "v3", .doc = "Version of Helm."),
	BOOL(application_helm, pass_credentials, "passCredentials",
	    .doc = "Has no effect: credentials are sent only to the host of their own repository."),
	NOT_SUPPORTED_AS("skipSchemaValidation", KIND_BOOL),
};
TYPE(application_helm, "helm", .strict = true);

static const struct field application_source_fields[] = {
	STRING(application_source, repo_url, "repoURL", .required = true, .doc = "URL of the Git or Helm repository."),
	STRING(application_source, target_revision, "targetRevision",
	    .doc = "Branch, tag, semver range or commit; with chart, version or semver range of the chart. HEAD is the "
		   "default branch.",
	    .default_text = "HEAD; with chart, the newest version"),
	STRING(application_source, path, "path",
	    .doc = "Directory of the manifests in the repository. Absent in a source with ref: the source is not "
		   "rendered, and is used for value files only.",
	    .default_text = "."),
	OBJECT(application_source, directory, "directory", application_directory,
	    .doc = "Options of a plain directory of manifests. If none of directory, kustomize, helm and chart is set, "
		   "the files in path decide: Chart.yaml makes it a Helm chart, a kustomization file a kustomization."),
	OBJECT(application_source, kustomize, "kustomize", application_kustomize,
	    .doc = "Changes to the kustomization in path. If set, and neither helm nor chart is, path is read as a "
		   "kustomization."),
	OBJECT(application_source, helm, "helm", application_helm,
	    .doc = "Options of a Helm chart. If set, path is read as a chart, also if kustomize or directory is set."),
	STRING(application_source, chart, "chart",
	    .doc =
		"Name of a chart. If set, repoURL is a Helm repository and targetRevision the version of the chart."),
	STRING(application_source, ref, "ref",
	    .doc = "Name by which valueFiles of other sources refer to this one: $REF/PATH."),
	NOT_SUPPORTED("plugin"),
	NOT_SUPPORTED_AS("tagPrefix", KIND_STRING),
	STRING(application_source, name, "name", .doc = "Display name of the source."),
};
TYPE(application_source, "source", .strict = true);

static const struct field application_destination_fields[] = {
	STRING(application_destination, server, "server",
	    .doc = "URL of the cluster's API server. Must not be set with name."),
	STRING(application_destination, name, "name",
	    .doc =
		"Name of the cluster. Must not be set with server. \"in-cluster\" is the cluster of the controller."),
	STRING(
	    application_destination, namespace, "namespace", .doc = "Namespace of namespaced objects that name none."),
};
TYPE(application_destination, "destination", .strict = true, .rules = "not server name");

static const struct field automated_sync_fields[] = {
	BOOL(automated_sync, prune, "prune", .doc = "Delete objects that are no longer in Git, in automated syncs.",
	    .default_text = "false"),
	BOOL(automated_sync, self_heal, "selfHeal",
	    .doc =
		"Sync also when objects in the cluster were changed. False: only when Git or the Application changes.",
	    .default_text = "false"),
	BOOL(automated_sync, allow_empty, "allowEmpty", .doc = "Allow an automated sync that deletes all objects.",
	    .default_text = "false"),
	OPT_BOOL(automated_sync, enabled, "enabled", .doc = "False: no automated syncs, as if automated were absent.",
	    .default_text = "true"),
};
TYPE(automated_sync, "automated sync policy", .strict = true);

static const struct field sync_backoff_fields[] = {
	STRING(sync_backoff, duration, "duration", .doc = "Wait before the first retry.", .default_text = "5s"),
	OPT_INT(sync_backoff, factor, "factor", .min = 1, .max = 1000,
	    .doc = "Factor by which each wait is longer than the one before.", .default_text = "2"),
	STRING(sync_backoff, max_duration, "maxDuration", .doc = "Maximum wait.", .default_text = "3m"),
};
TYPE(sync_backoff, "backoff", .strict = true);

static const struct field sync_retry_fields[] = {
	OPT_INT(sync_retry, limit, "limit", .min = -1, .max = INT32_MAX,
	    .doc = "Maximum number of retries of a failed sync. -1: no limit.",
	    .default_text = "5 for automated syncs, 0 for others"),
	OBJECT(sync_retry, backoff, "backoff", sync_backoff, .doc = "Wait between retries."),
	BOOL(sync_retry, refresh, "refresh",
	    .doc = "Has no effect: a newer revision always ends an automated sync that waits for a retry."),
};
TYPE(sync_retry, "retry", .strict = true);

static const struct field namespace_metadata_fields[] = {
	STRING_MAP(namespace_metadata, labels, "labels", .doc = "Labels of the created namespace."),
	STRING_MAP(namespace_metadata, annotations, "annotations", .doc = "Annotations of the created namespace."),
};
TYPE(namespace_metadata, "managedNamespaceMetadata", .strict = true);

static const struct field sync_policy_fields[] = {
	OBJECT(sync_policy, automated, "automated", automated_sync,
	    .doc = "Sync automatically when Git differs from the cluster. An empty object is enough. Unset: syncs are "
		   "only manual."),
	STRINGS(sync_policy, options, "syncOptions", .doc = "Sync options, each as NAME=VALUE."),
	OBJECT(sync_policy, retry, "retry", sync_retry, .doc = "Retries of a failed sync."),
	OBJECT(sync_policy, managed_namespace, "managedNamespaceMetadata", namespace_metadata,
	    .doc = "Metadata of the namespace that CreateNamespace=true creates. If set, it is also applied to a "
		   "namespace that exists."),
};
TYPE(sync_policy, "syncPolicy", .strict = true);

static const struct field ignored_difference_fields[] = {
	STRING(ignored_difference, group, "group", .doc = "API group.", .default_text = "the core group"),
	STRING(ignored_difference, kind, "kind", .required = true, .doc = "Kind."),
	STRING(ignored_difference, name, "name", .doc = "Name of the object.", .default_text = "all"),
	STRING(ignored_difference, namespace, "namespace", .doc = "Namespace of the object.", .default_text = "all"),
	STRINGS(
	    ignored_difference, json_pointers, "jsonPointers", .doc = "Fields to ignore, as JSON pointers (RFC 6901)."),
	STRINGS(ignored_difference, jq_paths, "jqPathExpressions", .doc = "Fields to ignore, as jq path expressions."),
	STRINGS(
	    ignored_difference, managers, "managedFieldsManagers", .doc = "Field managers whose fields are ignored."),
};
TYPE(ignored_difference, "ignored difference", .strict = true);

static const struct field application_info_fields[] = {
	STRING(application_info, name, "name", .doc = "Name of the entry."),
	STRING(application_info, value, "value", .doc = "Text or URL of the entry."),
};
TYPE(application_info, "info", .strict = true);

static const struct field application_spec_fields[] = {
	STRING(application_spec, project, "project", .doc = "Name of the AppProject.", .default_text = "default"),
	OBJECT(application_spec, source, "source", application_source,
	    .doc = "Source of the manifests. Has no effect if sources is not empty."),
	LIST(application_spec, sources, "sources", application_source, .items_max = 50,
	    .doc = "Sources of the manifests, if there are several. Takes precedence over source."),
	NOT_SUPPORTED("sourceHydrator"),
	EMBED(application_spec, destination, "destination", application_destination, .required = true,
	    .doc = "Cluster and namespace to deploy to."),
	EMBED(
	    application_spec, sync_policy, "syncPolicy", sync_policy, .doc = "When and how the application is synced."),
	LIST(application_spec, ignore_differences, "ignoreDifferences", ignored_difference, .items_max = 256,
	    .doc = "Differences to ignore."),
	LIST(application_spec, info, "info", application_info, .doc = "Information for humans, such as links."),
	OPT_INT(application_spec, revision_history_limit, "revisionHistoryLimit", .min = 0, .max = 1000,
	    .doc = "Number of past syncs to keep in the status.", .default_text = "10"),
};
TYPE(application_spec, "Application's spec", .strict = true, .rules = "any source sources");

static const struct field application_fields[] = {
	EMBED(application, spec, "spec", application_spec, .required = true,
	    .doc = "Source, destination and sync policy."),
	JSON(application, operation, "operation", .doc = "Sync that was requested."),
	JSON(application, status, "status"),
};
TYPE(application, "Application", .group = "argoproj.io", .version = "v1alpha1", .plural = "applications",
    .kind = "Application", .short_name = "app", .part = "gitops",
    .columns = "Sync Status:string:.status.sync.status|Health Status:string:.status.health.status|"
	       "Revision:string:.status.sync.revision",
    .doc = "Application deploys manifests from Git or Helm repositories to a cluster.");

const char *
application_project(const struct application *app)
{
	return str_empty(app->spec.project) ? "default" : app->spec.project;
}

size_t
application_sources(const struct application *app, const struct application_source **ret)
{
	const struct application_spec *s = &app->spec;

	*ret = s->sources.n > 0 ? s->sources.at : s->source;
	return s->sources.n > 0 ? s->sources.n : s->source != NULL;
}

void
application_set_revision(json_t *object, const char *revision)
{
	json_t *list;

	json_object_del(object, "revisions");
	if (revision == NULL || strchr(revision, ',') == NULL) {
		json_put(object, "revision", revision);
		return;
	}
	json_object_del(object, "revision");
	json_object_set_new(object, "revisions", list = json_array());
	for (const char *at = revision; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
		json_array_append_new(list, json_stringn(at, strcspn(at, ",")));
}

bool
application_is_local(const struct application *app)
{
	static const char own[] = "https://kubernetes.default.svc";
	const struct application_destination *d = &app->spec.destination;

	return str_empty(d->server) ? str_eq(d->name, "in-cluster")
				    : str_starts(d->server, own) &&
					  strspn(d->server + strlen(own), "/") == strlen(d->server + strlen(own));
}
