/* kube/api/helm.h: the fields of Flux's HelmRepository, OCIRepository, HelmChart and HelmRelease that are used.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/flux.h"

#define ANNOTATION_FORCE_AT "reconcile.fluxcd.io/forceAt" /* with the value of requestedAt: upgrade in any case */
#define ANNOTATION_RESET_AT "reconcile.fluxcd.io/resetAt" /* with the value of requestedAt: forget the failures */

struct helm_repository_spec {
	const char *url;
	struct duration interval, timeout;
	const char *type; /* NULL means default */
	const struct flux_secret_ref *secret;
	const char *provider;
	bool suspend;
	const struct flux_secret_ref *cert_secret;
	bool insecure; /* a registry is reached by http */
	bool pass_credentials; /* is refused */
};

struct helm_repository {
	struct object object;
	struct helm_repository_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

struct oci_ref {
	const char *tag, *semver, *digest; /* the last one that is set takes precedence */
};

struct oci_layer_selector {
	const char *media_type, *operation;
};

struct oci_repository_spec {
	const char *url;
	struct duration interval, timeout;
	const struct oci_ref *ref;
	const struct oci_layer_selector *layer;
	const char *provider;
	const struct flux_secret_ref *secret, *cert_secret;
	bool insecure, suspend;
};

struct oci_repository {
	struct object object;
	struct oci_repository_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

struct helm_source_ref {
	const char *api_version, *kind, *name, *namespace;
};

struct helm_chart_spec {
	const char *chart; /* name in a HelmRepository, or path in a GitRepository */
	const char *version; /* NULL means the latest */
	struct helm_source_ref source;
	struct duration interval;
	const char *reconcile_strategy; /* NULL means ChartVersion */
	struct strings values_files;
	const char *values_file; /* of v1beta1: one more, the last */
	bool ignore_missing_values_files, suspend;
};

struct helm_chart {
	struct object object;
	struct helm_chart_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

struct helm_chart_template {
	const struct flux_metadata *metadata;
	struct helm_chart_spec spec;
};

struct helm_chart_ref {
	const char *api_version, *kind, *name, *namespace;
};

/* The reaction to a failed install or upgrade. */
struct helm_remediation {
	int64_t retries; /* -1: no limit */
	struct opt_bool ignore_test_failures, remediate_last_failure;
	const char *strategy; /* of an upgrade; NULL means rollback */
};

/* The strategy after a failure. */
struct helm_strategy {
	const char *name; /* "RemediateOnFailure" or "RetryOnFailure" */
	struct duration retry_interval; /* unset: 5m */
};

struct helm_install {
	struct duration timeout;
	const struct helm_strategy *strategy;
	const struct helm_remediation *remediation;
	bool disable_wait, disable_wait_for_jobs, disable_hooks, disable_open_api_validation;
	bool disable_schema_validation, replace, skip_crds, create_namespace;
	const char *crds; /* NULL means Create */
};

struct helm_upgrade {
	struct duration timeout;
	const struct helm_strategy *strategy;
	const struct helm_remediation *remediation;
	bool disable_wait, disable_wait_for_jobs, disable_hooks, disable_open_api_validation;
	bool disable_schema_validation, force, preserve_values, cleanup_on_fail;
	const char *crds; /* NULL means Skip */
};

struct helm_test_filter {
	const char *name;
	bool exclude;
};

struct helm_test {
	bool enable, ignore_failures;
	struct duration timeout;
	LIST_OF(struct helm_test_filter) filters;
};

struct helm_rollback {
	struct duration timeout;
	bool disable_wait, disable_wait_for_jobs, disable_hooks, recreate, force, cleanup_on_fail;
};

struct helm_uninstall {
	struct duration timeout;
	bool disable_hooks, keep_history, disable_wait;
	const char *deletion_propagation; /* NULL means background */
};

struct helm_ignore_target {
	const char *group, *version, *kind, *name, *namespace;
};

struct helm_ignore_rule {
	struct strings paths; /* JSON pointers; "" is the whole object */
	const struct helm_ignore_target *target; /* NULL: all objects */
};

struct helm_drift_detection {
	const char *mode; /* NULL means disabled */
	LIST_OF(struct helm_ignore_rule) ignore;
};

struct helm_values_ref {
	const char *kind, *name, *values_key, *target_path;
	bool optional, literal;
};

/* Of a HelmRelease: changes of what its chart renders, as in a kustomization. JSON lists are NULL if absent. */
struct helm_kustomize {
	const char *patches, *patches_strategic_merge, *patches_json6902;
	LIST_OF(struct flux_image) images;
};

struct helm_post_renderer {
	const struct helm_kustomize *kustomize;
};

struct helm_release_spec {
	const struct helm_chart_template *chart; /* or, */
	const struct helm_chart_ref *chart_ref; /* exactly one of the two is set */
	struct duration interval, timeout;
	bool suspend;
	const char *release_name, *target_namespace, *storage_namespace;
	LIST_OF(struct flux_object_ref) depends_on;
	struct opt_int max_history;
	const char *service_account;
	struct opt_bool persistent_client; /* has no effect */
	const struct helm_drift_detection *drift_detection;
	const struct helm_install *install;
	const struct helm_upgrade *upgrade;
	const struct helm_test *test;
	const struct helm_rollback *rollback;
	const struct helm_uninstall *uninstall;
	LIST_OF(struct helm_values_ref) values_from;
	const char *values; /* JSON object; NULL if absent */
	LIST_OF(struct helm_post_renderer) post_renderers;
	const struct flux_metadata *common_metadata;
};

struct helm_release {
	struct object object;
	struct helm_release_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

/* A revision of a release, as it was last observed. */
struct helm_snapshot {
	int64_t api_version; /* 2 */
	const char *digest; /* of Helm's record of the revision: it is the same as long as that does not change */
	const char *name, *namespace;
	int64_t version; /* of Helm's history */
	const char *status; /* "deployed" */
	const char *chart_name, *chart_version, *app_version;
	const char *config_digest; /* of the values */
	int64_t first_deployed, last_deployed, deleted; /* wall ms; 0: not */
	const char *test_hooks; /* JSON object: name → {lastStarted, lastCompleted, phase}; NULL: not tested */
};

/* The revisions of a release, the latest first. */
struct helm_history {
	struct helm_snapshot *at;
	size_t n;
};

/* The last attempt to install or upgrade a release, and how many have failed with the same spec, chart and values. */
struct helm_attempts {
	int64_t generation;
	const char *revision, *config_digest;
	const char *action; /* "install" or "upgrade"; NULL: none yet */
	int64_t failures, install_failures, upgrade_failures;
};

extern const struct type helm_repository_type, oci_repository_type, helm_chart_type, helm_release_type,
    helm_chart_spec_type, helm_release_spec_type, helm_kustomize_type, helm_snapshot_type, helm_attempts_type;
