/* kube/api/application.c: the rows of an Application. */
#include "kube/api/application.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"

static const struct field application_directory_fields[] = {
	BOOL(application_directory, recurse, "recurse", .doc = "also the directories under it", .otherwise = "false"),
	STRING(application_directory, include, "include", .doc = "a glob of the files that are read: {*.yml,*.yaml}"),
	STRING(application_directory, exclude, "exclude", .doc = "a glob of the files that are not"),
	NOT_BUILT("jsonnet"),
};
TYPE(application_directory, "directory", .strict = true);

static const struct field kustomize_replica_fields[] = {
	STRING(kustomize_replica, name, "name", .required = true, .doc = "name of the workload"),
	INT_OR_STRING(kustomize_replica, count, "count", .required = true, .doc = "how many pods"),
};
TYPE(kustomize_replica, "replicas", .strict = true);

static const struct field application_kustomize_fields[] = {
	STRING(application_kustomize, name_prefix, "namePrefix", .doc = "stands before every name"),
	STRING(application_kustomize, name_suffix, "nameSuffix", .doc = "stands behind every name"),
	STRING(application_kustomize, namespace, "namespace", .doc = "the namespace of every object"),
	STRINGS(application_kustomize, images, "images", .doc = "NAME=NEWNAME:TAG, NAME:TAG or NAME@DIGEST, each"),
	STRINGS(application_kustomize, components, "components", .doc = "paths of components, from the source's"),
	BOOL(application_kustomize, ignore_missing_components, "ignoreMissingComponents",
	    .doc = "one that is not there is left out"),
	STRING_MAP(application_kustomize, common_labels, "commonLabels", .doc = "labels of every object and selector"),
	STRING_MAP(
	    application_kustomize, common_annotations, "commonAnnotations", .doc = "annotations of every object"),
	LIST(application_kustomize, replicas, "replicas", kustomize_replica, .doc = "numbers of pods by workload"),
	JSON(application_kustomize, patches, "patches", .doc = "patches, as a kustomization has them"),
	BOOL(application_kustomize, label_without_selector, "labelWithoutSelector",
	    .doc = "commonLabels are not put into selectors"),
	BOOL(application_kustomize, label_include_templates, "labelIncludeTemplates",
	    .doc = "with labelWithoutSelector: they are put into pod templates"),
	BOOL(application_kustomize, force_common_labels, "forceCommonLabels",
	    .doc = "commonLabels replace those of the kustomization"),
	BOOL(application_kustomize, force_common_annotations, "forceCommonAnnotations",
	    .doc = "commonAnnotations replace those of the kustomization"),
	NOT_BUILT_AS("commonAnnotationsEnvsubst", KIND_BOOL),
	NOT_BUILT_AS("version", KIND_STRING),
	NOT_BUILT("apiVersions"),
	NOT_BUILT_AS("kubeVersion", KIND_STRING),
};
TYPE(application_kustomize, "kustomize", .strict = true);

static const struct field helm_parameter_fields[] = {
	STRING(helm_parameter, name, "name", .required = true, .doc = "which value: image.tag"),
	STRING(helm_parameter, value, "value", .doc = "what it is"),
	BOOL(helm_parameter, force_string, "forceString", .doc = "it is a text, also if it looks like a number"),
};
TYPE(helm_parameter, "parameter", .strict = true);

static const struct field helm_file_parameter_fields[] = {
	STRING(helm_file_parameter, name, "name", .required = true, .doc = "which value"),
	STRING(helm_file_parameter, path, "path", .required = true, .doc = "the file that it is, in the chart"),
};
TYPE(helm_file_parameter, "file parameter", .strict = true);

static const struct field application_helm_fields[] = {
	STRING(application_helm, release_name, "releaseName", .doc = "the release's name",
	    .otherwise = "the Application's"),
	STRING(application_helm, namespace, "namespace", .doc = "its namespace", .otherwise = "the destination's"),
	STRINGS(application_helm, value_files, "valueFiles",
	    .doc = "files of values, of the chart or $REF/PATH of another source"),
	BOOL(application_helm, ignore_missing_value_files, "ignoreMissingValueFiles",
	    .doc = "one that is not there is left out"),
	STRING(application_helm, values, "values", .doc = "values, YAML"),
	JSON(application_helm, values_object, "valuesObject", .doc = "values; count before those of values"),
	LIST(application_helm, parameters, "parameters", helm_parameter, .items_max = 1000,
	    .doc = "single values; count before all others"),
	LIST(application_helm, file_parameters, "fileParameters", helm_file_parameter, .items_max = 100,
	    .doc = "single values that are files"),
	BOOL(application_helm, skip_crds, "skipCrds", .doc = "the chart's definitions are left out"),
	BOOL(application_helm, skip_tests, "skipTests", .doc = "the chart's tests are left out"),
	STRING(application_helm, kube_version, "kubeVersion", .doc = "what the chart is told of the cluster's version"),
	STRINGS(application_helm, api_versions, "apiVersions", .doc = "... and of its kinds"),
	STRING(application_helm, version, "version", .choices = "v3", .doc = "of Helm"),
	BOOL(application_helm, pass_credentials, "passCredentials", .doc = "the credentials go to all hosts"),
	NOT_BUILT_AS("skipSchemaValidation", KIND_BOOL),
};
TYPE(application_helm, "helm", .strict = true);

static const struct field application_source_fields[] = {
	STRING(application_source, repo_url, "repoURL", .required = true, .doc = "URL of the Git repository"),
	STRING(application_source, target_revision, "targetRevision",
	    .doc = "branch, tag, semver range, or commit; HEAD is the default branch", .otherwise = "HEAD"),
	STRING(application_source, path, "path", .doc = "directory of the manifests", .otherwise = "."),
	OBJECT(application_source, directory, "directory", application_directory, .doc = "a plain directory"),
	OBJECT(application_source, kustomize, "kustomize", application_kustomize,
	    .doc = "on top of the kustomization in the path"),
	OBJECT(application_source, helm, "helm", application_helm, .doc = "a Helm chart"),
	STRING(application_source, chart, "chart",
	    .doc = "a chart's name; repoURL is then a Helm repository, and targetRevision its version"),
	STRING(application_source, ref, "ref", .doc = "a name for it, that others' valueFiles begin with: $REF/PATH"),
	NOT_BUILT("plugin"),
	NOT_BUILT_AS("tagPrefix", KIND_STRING),
	STRING(application_source, name, "name", .doc = "for people"),
};
TYPE(application_source, "source", .strict = true);

static const struct field application_destination_fields[] = {
	STRING(application_destination, server, "server", .doc = "URL of the cluster's API server"),
	STRING(application_destination, name, "name", .doc = "the cluster's name instead; \"in-cluster\" is this one"),
	STRING(application_destination, namespace, "namespace", .doc = "of objects that name none"),
};
TYPE(application_destination, "destination", .strict = true, .rules = "not server name");

static const struct field automated_sync_fields[] = {
	BOOL(automated_sync, prune, "prune", .doc = "what is no longer in Git is deleted", .otherwise = "false"),
	BOOL(automated_sync, self_heal, "selfHeal", .doc = "what was changed by hand is set right",
	    .otherwise = "false"),
	BOOL(automated_sync, allow_empty, "allowEmpty", .doc = "everything may be deleted at once",
	    .otherwise = "false"),
	OPT_BOOL(automated_sync, enabled, "enabled", .doc = "false switches it off", .otherwise = "true"),
};
TYPE(automated_sync, "automated", .strict = true);

static const struct field sync_backoff_fields[] = {
	STRING(sync_backoff, duration, "duration", .doc = "the first wait", .otherwise = "5s"),
	OPT_INT(sync_backoff, factor, "factor", .min = 1, .max = 1000, .doc = "of each wait to the one before",
	    .otherwise = "2"),
	STRING(sync_backoff, max_duration, "maxDuration", .doc = "the longest wait", .otherwise = "3m"),
};
TYPE(sync_backoff, "backoff", .strict = true);

static const struct field sync_retry_fields[] = {
	OPT_INT(sync_retry, limit, "limit", .min = -1, .max = INT32_MAX, .doc = "how often; -1: without end",
	    .otherwise = "5"),
	OBJECT(sync_retry, backoff, "backoff", sync_backoff, .doc = "how long between two"),
	BOOL(sync_retry, refresh, "refresh", .doc = "a retry takes the newest revision"),
};
TYPE(sync_retry, "retry", .strict = true);

static const struct field namespace_metadata_fields[] = {
	STRING_MAP(namespace_metadata, labels, "labels", .doc = "labels of the namespace that is made"),
	STRING_MAP(namespace_metadata, annotations, "annotations", .doc = "its annotations"),
};
TYPE(namespace_metadata, "managedNamespaceMetadata", .strict = true);

static const struct field sync_policy_fields[] = {
	OBJECT(sync_policy, automated, "automated", automated_sync, .doc = "sync without being asked"),
	STRINGS(sync_policy, options, "syncOptions", .doc = "NAME=VALUE, each"),
	OBJECT(sync_policy, retry, "retry", sync_retry, .doc = "of a sync that failed"),
	OBJECT(sync_policy, managed_namespace, "managedNamespaceMetadata", namespace_metadata,
	    .doc = "with CreateNamespace=true"),
};
TYPE(sync_policy, "syncPolicy", .strict = true);

static const struct field ignored_difference_fields[] = {
	STRING(ignored_difference, group, "group", .doc = "API group, a glob", .otherwise = "the core group"),
	STRING(ignored_difference, kind, "kind", .required = true, .doc = "kind, a glob"),
	STRING(ignored_difference, name, "name", .doc = "name of the object", .otherwise = "all"),
	STRING(ignored_difference, namespace, "namespace", .doc = "its namespace", .otherwise = "all"),
	STRINGS(ignored_difference, json_pointers, "jsonPointers", .doc = "places, RFC 6901"),
	STRINGS(ignored_difference, jq_paths, "jqPathExpressions", .doc = "places, as jq names them"),
	STRINGS(ignored_difference, managers, "managedFieldsManagers", .doc = "what these managers own"),
};
TYPE(ignored_difference, "ignored difference", .strict = true);

static const struct field application_info_fields[] = {
	STRING(application_info, name, "name", .doc = "what it is"),
	STRING(application_info, value, "value", .doc = "for people"),
};
TYPE(application_info, "info", .strict = true);

static const struct field application_spec_fields[] = {
	STRING(application_spec, project, "project", .doc = "AppProject", .otherwise = "default"),
	OBJECT(application_spec, source, "source", application_source, .doc = "where it comes from"),
	LIST(application_spec, sources, "sources", application_source, .items_max = 50,
	    .doc = "where it comes from, when that is several; in the place of source"),
	NOT_BUILT("sourceHydrator"),
	EMBED(application_spec, destination, "destination", application_destination, .required = true,
	    .doc = "where it goes to"),
	EMBED(application_spec, sync_policy, "syncPolicy", sync_policy, .doc = "when and how it is synced"),
	LIST(application_spec, ignore_differences, "ignoreDifferences", ignored_difference, .items_max = 256,
	    .doc = "differences that do not count"),
	LIST(application_spec, info, "info", application_info, .doc = "for people"),
	OPT_INT(application_spec, revision_history_limit, "revisionHistoryLimit", .min = 0, .max = 1000,
	    .doc = "how many past syncs the status keeps", .otherwise = "10"),
};
TYPE(application_spec, "Application's spec", .strict = true, .rules = "any source sources");

static const struct field application_fields[] = {
	EMBED(application, spec, "spec", application_spec, .required = true, .doc = "what is to be where"),
	JSON(application, operation, "operation", .doc = "a sync that somebody asks for"),
	JSON(application, status, "status"),
};
TYPE(application, "Application", .group = "argoproj.io", .version = "v1alpha1", .plural = "applications",
    .kind = "Application", .short_name = "app", .part = "gitops",
    .columns = "Sync Status:string:.status.sync.status|Health Status:string:.status.health.status|"
	       "Revision:string:.status.sync.revision",
    .doc = "What of a Git repository is to be in which cluster.");

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

const char *
application_revision(struct arena *a, const json_t *object)
{
	const json_t *list = json_object_get(object, "revisions"), *one;
	const char *all = NULL;
	size_t i;

	json_array_foreach (list, i, one)
		all = arena_printf(a, "%s%s%s", all != NULL ? all : "", i > 0 ? "," : "", json_string_value(one) ?: "");
	return all != NULL ? all : json_str(object, "revision");
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
