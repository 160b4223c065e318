/* kube/api/helm.c: HelmRepository, OCIRepository, HelmChart and HelmRelease of Flux: the rows of their fields. */
#include "kube/api/helm.h"

#define HELM_COLUMNS                                                                                                   \
	"Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"                                                \
	"Status:string:.status.conditions[?(@.type==\"Ready\")].message"

static const struct field helm_repository_spec_fields[] = {
	STRING(helm_repository_spec, url, "url", .required = true,
	    .doc = "URL of the repository: http, https, or oci for type oci."),
	DURATION(helm_repository_spec, interval, "interval", .doc = "Interval at which the index is fetched.",
	    .default_text = "1m"),
	DURATION(helm_repository_spec, timeout, "timeout", .doc = "Maximum time of a fetch.", .default_text = "60s"),
	STRING(helm_repository_spec, type, "type", .choices = "default|oci",
	    .doc =
		"default: a repository with an index. oci: a registry, of which nothing is fetched before a chart is.",
	    .default_text = "default"),
	OBJECT(helm_repository_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with username and password. Unset: the repository is read without credentials."),
	STRING(helm_repository_spec, provider, "provider", .choices = "generic",
	    .doc = "Provider of the credentials: generic, which is the Secret of secretRef."),
	BOOL(helm_repository_spec, suspend, "suspend", .doc = "Stop fetching."),
	NOT_SUPPORTED("accessFrom"),
	OBJECT(helm_repository_spec, cert_secret, "certSecretRef", flux_secret_ref,
	    .doc =
		"Secret with ca.crt, the CA of the server, or tls.crt and tls.key, the client's certificate, or both. "
		"Unset: the CAs of the system, and no certificate."),
	BOOL(helm_repository_spec, insecure, "insecure",
	    .doc = "Read a registry (type oci) by http, also with credentials. False: by https."),
	BOOL(helm_repository_spec, pass_credentials, "passCredentials",
	    .doc = "Must be false: credentials are sent to the host of the repository only."),
};
static TYPE(helm_repository_spec, "HelmRepository's spec", .strict = true);

static const struct field helm_repository_fields[] = {
	EMBED(helm_repository, spec, "spec", helm_repository_spec, .required = true, .doc = "Repository of charts."),
	JSON(helm_repository, status, "status",
	    .doc = "conditions: Ready, FetchFailed, Reconciling, Stalled. artifact.revision: the digest of the index."),
};
TYPE(helm_repository, "HelmRepository", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2 v1beta1",
    .plural = "helmrepositories", .kind = "HelmRepository", .errors = "by the condition Ready, which is False",
    .short_name = "helmrepo", .part = "flux", .has_status = true, .columns = "URL:string:.spec.url|" HELM_COLUMNS,
    .doc =
	"HelmRepository (Flux) names a repository of Helm charts, for HelmCharts. Users create it. Its condition "
	"Ready is False with the reason if the spec is invalid (InvalidSpec, until it is changed) or the index cannot "
	"be fetched (retried after 10 s, then after twice as long each time, up to interval).");

static const struct field oci_ref_fields[] = {
	STRING(oci_ref, tag, "tag", .doc = "Version of the chart: 1.2.3. Other tags are refused."),
	STRING(oci_ref, semver, "semver", .doc = "Range of versions. Takes precedence over tag."),
	STRING(oci_ref, digest, "digest", .doc = "Digest of the chart: sha256:… Takes precedence over semver and tag."),
	NOT_SUPPORTED("semverFilter"),
};
static TYPE(oci_ref, "ref", .strict = true);

static const struct field oci_layer_selector_fields[] = {
	STRING(oci_layer_selector, media_type, "mediaType",
	    .choices = "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
	    .doc = "Type of the layer: that of a Helm chart."),
	STRING(oci_layer_selector, operation, "operation", .choices = "extract|copy",
	    .doc = "Has no effect: no artifact is served."),
};
static TYPE(oci_layer_selector, "layerSelector", .strict = true);

static const struct field oci_repository_spec_fields[] = {
	STRING(oci_repository_spec, url, "url", .required = true,
	    .doc = "URL of a chart in a registry: oci://HOST/PATH/CHART."),
	DURATION(oci_repository_spec, interval, "interval", .required = true,
	    .doc = "Interval at which a new version is searched for."),
	DURATION(oci_repository_spec, timeout, "timeout", .doc = "Has no effect: a fetch takes at most 3 minutes."),
	OBJECT(oci_repository_spec, ref, "ref", oci_ref, .required = true, .doc = "Version of the chart."),
	OBJECT(oci_repository_spec, layer, "layerSelector", oci_layer_selector, .doc = "Layer of the artifact."),
	STRING(oci_repository_spec, provider, "provider", .choices = "generic",
	    .doc = "Provider of the credentials: generic, which is the Secret of secretRef."),
	OBJECT(oci_repository_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with username and password. Unset: the registry is read without credentials."),
	OBJECT(oci_repository_spec, cert_secret, "certSecretRef", flux_secret_ref,
	    .doc = "Secret with ca.crt, the CA of the server, or tls.crt and tls.key, the client's certificate, or "
		   "both. Unset: the CAs of the system, and no certificate."),
	BOOL(oci_repository_spec, insecure, "insecure",
	    .doc = "Read the registry by http, also with credentials. False: by https."),
	BOOL(oci_repository_spec, suspend, "suspend", .doc = "Stop searching for new versions."),
	NOT_SUPPORTED("verify"),
	NOT_SUPPORTED("ignore"),
	NOT_SUPPORTED("serviceAccountName"),
	NOT_SUPPORTED("proxySecretRef"),
};
static TYPE(oci_repository_spec, "OCIRepository's spec", .strict = true);

static const struct field oci_repository_fields[] = {
	EMBED(oci_repository, spec, "spec", oci_repository_spec, .required = true, .doc = "Chart in a registry."),
	JSON(oci_repository, status, "status",
	    .doc =
		"conditions: Ready, FetchFailed, Reconciling, Stalled. artifact.revision: the version of the chart."),
};
TYPE(oci_repository, "OCIRepository", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2",
    .plural = "ocirepositories", .kind = "OCIRepository", .errors = "by the condition Ready, which is False",
    .short_name = "ocirepo", .part = "flux", .has_status = true, .columns = "URL:string:.spec.url|" HELM_COLUMNS,
    .doc =
	"OCIRepository (Flux) finds a version of a Helm chart in a registry, for a HelmRelease with chartRef. "
	"Artifacts other than charts are not supported. Users create it. Its condition Ready is False with the reason "
	"if the spec is invalid (InvalidSpec, until it is changed) or the chart cannot be fetched (retried after 10 s, "
	"then after twice as long each time, up to interval).");

static const struct field helm_source_ref_fields[] = {
	STRING(helm_source_ref, api_version, "apiVersion", .doc = "API version of the source. Has no effect."),
	STRING(helm_source_ref, kind, "kind", .required = true, .choices = "HelmRepository|GitRepository",
	    .doc = "Kind of the source: HelmRepository or GitRepository."),
	STRING(helm_source_ref, name, "name", .required = true, .doc = "Name of the source."),
	STRING(helm_source_ref, namespace, "namespace",
	    .doc = "Namespace of the source. Only in a HelmRelease; a HelmChart is in the namespace of its source.",
	    .default_text = "that of the object that refers to it"),
};
static TYPE(helm_source_ref, "sourceRef", .strict = true);

static const struct field helm_chart_spec_fields[] = {
	STRING(helm_chart_spec, chart, "chart", .required = true,
	    .doc = "Name of the chart in a HelmRepository, or its path in a GitRepository."),
	STRING(helm_chart_spec, version, "version",
	    .doc = "Version or semver range of the chart. Has no effect with a GitRepository.",
	    .default_text = "the latest version"),
	EMBED(helm_chart_spec, source, "sourceRef", helm_source_ref, .required = true, .doc = "Source of the chart."),
	DURATION(helm_chart_spec, interval, "interval", .doc = "Interval at which a new version is searched for.",
	    .default_text = "that of the HelmRelease, or else 1m"),
	STRING(helm_chart_spec, reconcile_strategy, "reconcileStrategy", .choices = "ChartVersion|Revision",
	    .doc = "When there is a new revision. ChartVersion: with a new version in the chart. Revision: also with "
		   "each commit of a GitRepository.",
	    .default_text = "ChartVersion"),
	STRINGS(helm_chart_spec, values_files, "valuesFiles",
	    .doc = "Files of the chart that, merged, replace its values.yaml. Later ones take precedence."),
	STRING(helm_chart_spec, values_file, "valuesFile", .doc = "One more of valuesFiles, the last."),
	BOOL(helm_chart_spec, ignore_missing_values_files, "ignoreMissingValuesFiles",
	    .doc = "Ignore files of valuesFiles that do not exist. False: they are an error."),
	BOOL(helm_chart_spec, suspend, "suspend", .doc = "Stop searching for new versions."),
	NOT_SUPPORTED("accessFrom"),
	NOT_SUPPORTED("verify"),
};
TYPE(helm_chart_spec, "HelmChart's spec", .strict = true);

static const struct field helm_chart_fields[] = {
	EMBED(helm_chart, spec, "spec", helm_chart_spec, .required = true, .doc = "Chart and its source."),
	JSON(helm_chart, status, "status",
	    .doc =
		"conditions: Ready, FetchFailed, Reconciling, Stalled. artifact.revision: the version of the chart."),
};
TYPE(helm_chart, "HelmChart", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2 v1beta1",
    .plural = "helmcharts", .kind = "HelmChart", .errors = "by the condition Ready, which is False", .short_name = "hc",
    .part = "flux", .has_status = true,
    .columns = "Chart:string:.spec.chart|Version:string:.spec.version|Source Kind:string:.spec.sourceRef.kind|"
	       "Source Name:string:.spec.sourceRef.name|" HELM_COLUMNS,
    .doc =
	"HelmChart (Flux) finds a version of a Helm chart. A HelmRelease creates it, or users do. Its condition "
	"Ready is False with the reason if the spec is invalid (InvalidSpec, until it is changed) or the chart cannot "
	"be fetched (retried after 10 s, then after twice as long each time, up to interval).");

/* Rows of an action that waits for the objects of the release. */
#define HELM_WAIT_ROWS(S)                                                                                              \
	DURATION(S, timeout, "timeout", .doc = "Maximum time of each of its operations; a longer one is 1h.",          \
	    .default_text = "spec.timeout"),                                                                           \
	    BOOL(S, disable_wait, "disableWait", .doc = "Do not wait until the objects are ready."),                   \
	    BOOL(S, disable_wait_for_jobs, "disableWaitForJobs", .doc = "Do not wait until Jobs are complete."),       \
	    BOOL(S, disable_hooks, "disableHooks", .doc = "Do not run the chart's hooks.")

/* Rows of an action that renders the chart. */
#define HELM_RENDER_ROWS(S)                                                                                            \
	HELM_WAIT_ROWS(S), OBJECT(S, remediation, "remediation", helm_remediation, .doc = "What follows a failure."),  \
	    BOOL(S, disable_open_api_validation, "disableOpenAPIValidation",                                           \
		.doc = "Do not validate the rendered objects."),                                                       \
	    BOOL(S, disable_schema_validation, "disableSchemaValidation",                                              \
		.doc = "Do not validate the values with the chart's schema."),                                         \
	    OBJECT(S, strategy, "strategy", helm_strategy, .doc = "What follows a failure instead of remediation."),   \
	    NOT_SUPPORTED("serverSideApply"), NOT_SUPPORTED_AS("disableTakeOwnership", KIND_BOOL)

static const struct field helm_remediation_fields[] = {
	INT(helm_remediation, retries, "retries", .min = -1, .max = INT32_MAX,
	    .doc = "Number of retries after a failure. -1: no limit.", .default_text = "0"),
	OPT_BOOL(helm_remediation, ignore_test_failures, "ignoreTestFailures", .doc = "Tests that fail are no failure.",
	    .default_text = "test.ignoreFailures"),
	OPT_BOOL(helm_remediation, remediate_last_failure, "remediateLastFailure",
	    .doc = "Also undo the last failure, after which there is no retry.",
	    .default_text = "of an install false, of an upgrade true if retries is not 0"),
	STRING(helm_remediation, strategy, "strategy", .choices = "rollback|uninstall",
	    .doc = "How a failed upgrade is undone. A failed install is always uninstalled.",
	    .default_text = "rollback"),
};
static TYPE(helm_remediation, "remediation", .strict = true);

static const struct field helm_strategy_fields[] = {
	STRING(helm_strategy, name, "name", .required = true, .choices = "RemediateOnFailure|RetryOnFailure",
	    .doc = "RemediateOnFailure: as remediation says. RetryOnFailure: an upgrade after retryInterval, without "
		   "limit and without remediation."),
	DURATION(
	    helm_strategy, retry_interval, "retryInterval", .doc = "Interval of RetryOnFailure.", .default_text = "5m"),
};
static TYPE(helm_strategy, "strategy", .strict = true);

static const struct field helm_install_fields[] = {
	HELM_RENDER_ROWS(helm_install),
	BOOL(helm_install, replace, "replace", .doc = "Use the name of an uninstalled release again."),
	BOOL(helm_install, skip_crds, "skipCRDs", .doc = "Older form of crds: Skip."),
	BOOL(helm_install, create_namespace, "createNamespace", .doc = "Create targetNamespace if it does not exist."),
	STRING(helm_install, crds, "crds", .choices = "Skip|Create|CreateReplace",
	    .doc =
		"What happens to the chart's CustomResourceDefinitions. Create: those that do not exist are created. "
		"CreateReplace: the others are replaced.",
	    .default_text = "Create"),
};
static TYPE(helm_install, "install", .strict = true);

static const struct field helm_upgrade_fields[] = {
	HELM_RENDER_ROWS(helm_upgrade),
	BOOL(helm_upgrade, force, "force", .doc = "Replace objects instead of patching them."),
	BOOL(helm_upgrade, preserve_values, "preserveValues", .doc = "Keep the values of the last revision."),
	BOOL(helm_upgrade, cleanup_on_fail, "cleanupOnFail",
	    .doc = "Delete the objects that a failed upgrade has created."),
	STRING(helm_upgrade, crds, "crds", .choices = "Skip|Create|CreateReplace",
	    .doc =
		"What happens to the chart's CustomResourceDefinitions. Create: those that do not exist are created. "
		"CreateReplace: the others are replaced.",
	    .default_text = "Skip"),
};
static TYPE(helm_upgrade, "upgrade", .strict = true);

static const struct field helm_test_filter_fields[] = {
	STRING(helm_test_filter, name, "name", .required = true, .doc = "Name of a test."),
	BOOL(helm_test_filter, exclude, "exclude", .doc = "Run all tests but this one. False: only this one."),
};
static TYPE(helm_test_filter, "filter", .strict = true);

static const struct field helm_test_fields[] = {
	BOOL(helm_test, enable, "enable", .doc = "Run the chart's tests after an install or upgrade."),
	DURATION(helm_test, timeout, "timeout", .doc = "Maximum time of each test; a longer one is 1h.",
	    .default_text = "spec.timeout"),
	BOOL(helm_test, ignore_failures, "ignoreFailures", .doc = "Tests that fail are no failure of the release."),
	LIST(helm_test, filters, "filters", helm_test_filter, .doc = "Tests to run. Unset: all."),
};
static TYPE(helm_test, "test", .strict = true);

static const struct field helm_rollback_fields[] = {
	HELM_WAIT_ROWS(helm_rollback),
	BOOL(helm_rollback, recreate, "recreate", .doc = "Restart Pods."),
	BOOL(helm_rollback, force, "force", .doc = "Replace objects instead of patching them."),
	BOOL(helm_rollback, cleanup_on_fail, "cleanupOnFail",
	    .doc = "Delete the objects that a failed rollback has created."),
	NOT_SUPPORTED("serverSideApply"),
};
static TYPE(helm_rollback, "rollback", .strict = true);

static const struct field helm_uninstall_fields[] = {
	DURATION(helm_uninstall, timeout, "timeout",
	    .doc = "Maximum time of each of its operations; a longer one is 1h.", .default_text = "spec.timeout"),
	BOOL(helm_uninstall, disable_hooks, "disableHooks", .doc = "Do not run the chart's hooks."),
	BOOL(helm_uninstall, keep_history, "keepHistory", .doc = "Keep the history of the release."),
	BOOL(helm_uninstall, disable_wait, "disableWait", .doc = "Do not wait until the objects are deleted."),
	STRING(helm_uninstall, deletion_propagation, "deletionPropagation", .choices = "background|foreground|orphan",
	    .doc = "How dependents of the objects are deleted.", .default_text = "background"),
};
static TYPE(helm_uninstall, "uninstall", .strict = true);

static const struct field helm_ignore_target_fields[] = {
	STRING(helm_ignore_target, group, "group", .doc = "Group of the objects. Unset: all."),
	STRING(helm_ignore_target, version, "version", .doc = "Version of the objects. Unset: all."),
	STRING(helm_ignore_target, kind, "kind", .doc = "Kind of the objects. Unset: all."),
	STRING(helm_ignore_target, name, "name", .doc = "Name of the objects, a regular expression. Unset: all."),
	STRING(helm_ignore_target, namespace, "namespace", .doc = "Namespace of the objects. Unset: all."),
	NOT_SUPPORTED_AS("annotationSelector", KIND_STRING),
	NOT_SUPPORTED_AS("labelSelector", KIND_STRING),
};
static TYPE(helm_ignore_target, "target", .strict = true);

static const struct field helm_ignore_rule_fields[] = {
	STRINGS(helm_ignore_rule, paths, "paths", .required = true,
	    .doc = "JSON pointers of fields that may differ. \"\": the whole object."),
	OBJECT(helm_ignore_rule, target, "target", helm_ignore_target, .doc = "Objects of the rule. Unset: all."),
};
static TYPE(helm_ignore_rule, "ignore", .strict = true);

static const struct field helm_drift_detection_fields[] = {
	STRING(helm_drift_detection, mode, "mode", .choices = "enabled|warn|disabled",
	    .doc = "enabled: restore what differs from the release. warn: only report it.", .default_text = "disabled"),
	LIST(helm_drift_detection, ignore, "ignore", helm_ignore_rule, .doc = "Fields that may differ."),
};
static TYPE(helm_drift_detection, "driftDetection", .strict = true);

static const struct field helm_values_ref_fields[] = {
	STRING(helm_values_ref, kind, "kind", .required = true, .choices = "ConfigMap|Secret",
	    .doc = "Kind of the object."),
	STRING(helm_values_ref, name, "name", .required = true,
	    .doc = "Name of the object, in the namespace of the HelmRelease."),
	STRING(helm_values_ref, values_key, "valuesKey", .doc = "Key in the object.", .default_text = "values.yaml"),
	STRING(helm_values_ref, target_path, "targetPath",
	    .doc =
		"Path of the one value that the key has, as for helm --set. Unset: the key has a YAML map of values."),
	BOOL(helm_values_ref, optional, "optional", .doc = "Ignore an object or key that does not exist."),
	BOOL(helm_values_ref, literal, "literal", .doc = "With targetPath: the value is a text, whatever it has."),
};
static TYPE(helm_values_ref, "valuesFrom", .strict = true);

static const struct field helm_chart_template_fields[] = {
	OBJECT(helm_chart_template, metadata, "metadata", flux_metadata,
	    .doc = "Labels and annotations of the HelmChart."),
	EMBED(helm_chart_template, spec, "spec", helm_chart_spec, .required = true, .doc = "Spec of the HelmChart."),
};
static TYPE(helm_chart_template, "chart", .strict = true);

static const struct field helm_chart_ref_fields[] = {
	STRING(helm_chart_ref, api_version, "apiVersion", .doc = "API version of the chart. Has no effect."),
	STRING(helm_chart_ref, kind, "kind", .required = true, .choices = "HelmChart|OCIRepository",
	    .doc = "Kind: HelmChart or OCIRepository."),
	STRING(helm_chart_ref, name, "name", .required = true, .doc = "Name of the HelmChart or OCIRepository."),
	STRING(helm_chart_ref, namespace, "namespace", .doc = "Namespace of the HelmChart or OCIRepository.",
	    .default_text = "that of the HelmRelease"),
};
static TYPE(helm_chart_ref, "chartRef", .strict = true);

static const struct field helm_kustomize_fields[] = {
	JSON(helm_kustomize, patches, "patches", .of = &any_object_type, .doc = "Patches, as in a kustomization file."),
	LIST(helm_kustomize, images, "images", flux_image, .doc = "Images to replace."),
	JSON(helm_kustomize, patches_strategic_merge, "patchesStrategicMerge", .of = &any_object_type,
	    .doc = "Older form of patches: a list of strategic merge patches."),
	JSON(helm_kustomize, patches_json6902, "patchesJson6902", .of = &any_object_type,
	    .doc = "Older form of patches: a list of JSON patches, each with its target."),
};
TYPE(helm_kustomize, "kustomize", .strict = true);

static const struct field helm_post_renderer_fields[] = {
	OBJECT(helm_post_renderer, kustomize, "kustomize", helm_kustomize, .required = true,
	    .doc = "Changes as in a kustomization."),
};
static TYPE(helm_post_renderer, "postRenderer", .strict = true);

static const struct field helm_release_spec_fields[] = {
	OBJECT(helm_release_spec, chart, "chart", helm_chart_template, .doc = "HelmChart to create."),
	OBJECT(helm_release_spec, chart_ref, "chartRef", helm_chart_ref, .doc = "HelmChart or OCIRepository to use."),
	DURATION(helm_release_spec, interval, "interval", .required = true,
	    .doc = "Interval at which the release is compared with its spec."),
	DURATION(helm_release_spec, timeout, "timeout",
	    .doc = "Maximum time of each operation of Helm; a longer one is 1h.", .default_text = "5m"),
	BOOL(helm_release_spec, suspend, "suspend", .doc = "Stop reconciling."),
	STRING(helm_release_spec, release_name, "releaseName", .doc = "Name of the release.",
	    .default_text = "TARGETNAMESPACE-NAME, or NAME without targetNamespace"),
	STRING(helm_release_spec, target_namespace, "targetNamespace", .doc = "Namespace of the release.",
	    .default_text = "that of the HelmRelease"),
	STRING(helm_release_spec, storage_namespace, "storageNamespace",
	    .doc = "Namespace in which Helm stores the release. Must be the targetNamespace: the program helm stores "
		   "it there.",
	    .default_text = "targetNamespace"),
	LIST(helm_release_spec, depends_on, "dependsOn", flux_object_ref,
	    .doc = "HelmReleases that must be ready before this one is installed or upgraded."),
	OPT_INT(helm_release_spec, max_history, "maxHistory", .min = 0, .max = 1000,
	    .doc = "Number of revisions that Helm keeps. 0: all.", .default_text = "5"),
	STRING(helm_release_spec, service_account, "serviceAccountName",
	    .doc = "ServiceAccount to impersonate, in the namespace of the HelmRelease.",
	    .default_text = "controller --default-service-account, or else the controller's own"),
	OPT_BOOL(helm_release_spec, persistent_client, "persistentClient", .doc = "Has no effect."),
	OBJECT(helm_release_spec, drift_detection, "driftDetection", helm_drift_detection,
	    .doc = "Comparison of the release with the cluster."),
	OBJECT(helm_release_spec, install, "install", helm_install, .doc = "Options of helm install."),
	OBJECT(helm_release_spec, upgrade, "upgrade", helm_upgrade, .doc = "Options of helm upgrade."),
	OBJECT(helm_release_spec, test, "test", helm_test, .doc = "Options of helm test."),
	OBJECT(helm_release_spec, rollback, "rollback", helm_rollback, .doc = "Options of helm rollback."),
	OBJECT(helm_release_spec, uninstall, "uninstall", helm_uninstall, .doc = "Options of helm uninstall."),
	LIST(helm_release_spec, values_from, "valuesFrom", helm_values_ref,
	    .doc = "Objects with values. Later ones take precedence, and values over all of them."),
	JSON(helm_release_spec, values, "values", .doc = "Values of the chart."),
	NOT_SUPPORTED("kubeConfig"),
	LIST(helm_release_spec, post_renderers, "postRenderers", helm_post_renderer,
	    .doc = "Changes of the rendered objects, one after the other. Hooks are not changed."),
	OBJECT(helm_release_spec, common_metadata, "commonMetadata", flux_metadata,
	    .doc = "Labels and annotations of all rendered objects but hooks."),
	NOT_SUPPORTED("waitStrategy"),
	NOT_SUPPORTED_AS("healthCheckExprs", KIND_LIST),
};
TYPE(helm_release_spec, "HelmRelease's spec", .strict = true, .rules = "one chart chartRef");

static const struct field helm_release_fields[] = {
	EMBED(helm_release, spec, "spec", helm_release_spec, .required = true, .doc = "Chart and how to install it."),
	JSON(helm_release, status, "status",
	    .doc = "conditions: Ready, Released, TestSuccess, Remediated, Reconciling, Stalled, RevisionHeld. history: "
		   "the last revisions of the release."),
};
TYPE(helm_release, "HelmRelease", .group = "helm.toolkit.fluxcd.io", .version = "v2", .also = "v2beta2 v2beta1",
    .plural = "helmreleases", .kind = "HelmRelease", .errors = "by the condition Ready, which is False",
    .short_name = "hr", .part = "flux", .has_status = true, .columns = HELM_COLUMNS,
    .doc = "HelmRelease (Flux) installs and upgrades a Helm chart. Users create it. Its condition Ready is False with "
	   "the reason if the spec is invalid (InvalidSpec, until it is changed), or if an install, upgrade or test "
	   "failed and no retry is left (until the chart, the values or the spec change).");

static const struct field helm_snapshot_fields[] = {
	INT(helm_snapshot, api_version, "apiVersion"),
	STRING(helm_snapshot, digest, "digest", .always = true),
	STRING(helm_snapshot, name, "name", .always = true),
	STRING(helm_snapshot, namespace, "namespace", .always = true),
	INT(helm_snapshot, version, "version", .always = true),
	STRING(helm_snapshot, status, "status", .always = true),
	STRING(helm_snapshot, chart_name, "chartName", .always = true),
	STRING(helm_snapshot, chart_version, "chartVersion", .always = true),
	STRING(helm_snapshot, app_version, "appVersion"),
	STRING(helm_snapshot, config_digest, "configDigest", .always = true),
	TIME(helm_snapshot, first_deployed, "firstDeployed"),
	TIME(helm_snapshot, last_deployed, "lastDeployed"),
	TIME(helm_snapshot, deleted, "deleted"),
	JSON(helm_snapshot, test_hooks, "testHooks"),
};
TYPE(helm_snapshot, "revision of a release");

static const struct field helm_attempts_fields[] = {
	INT(helm_attempts, generation, "generation"),
	STRING(helm_attempts, revision, "revision"),
	STRING(helm_attempts, config_digest, "configDigest"),
	STRING(helm_attempts, action, "action"),
	INT(helm_attempts, failures, "failures"),
	INT(helm_attempts, install_failures, "installFailures"),
	INT(helm_attempts, upgrade_failures, "upgradeFailures"),
};
TYPE(helm_attempts, "attempts");
