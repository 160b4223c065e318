/* kube/api/application.h: Argo CD's Application, as far as it is read: source, destination, sync policy and status.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 * The status is kept as JSON text: the fields that the controller uses are decoded from it, and fields of other
 * clients are preserved.
 */
#pragma once
#include "base/json.h"
#include "kube/api/meta.h"

#define APPLICATION_FINALIZER "resources-finalizer.argocd.argoproj.io"
#define ANNOTATION_REFRESH "argocd.argoproj.io/refresh"
#define ANNOTATION_HELD "sluice.argoproj.io/held-revision" /* JSON: a revision and the Rollouts that have aborted it */
#define ANNOTATION_DELETION_APPROVED                                                                                   \
	"argocd.argoproj.io/deletion-approved" /* the time at which a user confirmed deletions */
#define ANNOTATION_SKIP_RECONCILE "argocd.argoproj.io/skip-reconcile"

/* The health of an object or an Application, as Argo CD names it, from best to worst. */
enum health {
	HEALTH_NONE, /* its kind has no health */
	HEALTH_HEALTHY,
	HEALTH_SUSPENDED,
	HEALTH_PROGRESSING,
	HEALTH_MISSING,
	HEALTH_DEGRADED,
	HEALTH_UNKNOWN,
	HEALTH_MAX
};

enum sync_status { SYNC_NONE, SYNC_SYNCED, SYNC_OUT_OF_SYNC, SYNC_UNKNOWN, SYNC_MAX };

/* The names in a status; "" for HEALTH_NONE and SYNC_NONE. */
extern const char *const health_names[HEALTH_MAX], *const sync_status_names[SYNC_MAX];

enum operation_phase {
	OPERATION_NONE, /* no operation has been started */
	OPERATION_RUNNING,
	OPERATION_TERMINATING, /* a user has requested that it ends */
	OPERATION_SUCCEEDED,
	OPERATION_FAILED,
	OPERATION_ERROR, /* it could not be started */
	OPERATION_PHASE_MAX
};

/* The names in a status; "" for OPERATION_NONE. */
extern const char *const operation_phase_names[OPERATION_PHASE_MAX];

/* The result of one object in a sync. */
enum result_status {
	RESULT_NONE, /* of a hook */
	RESULT_SYNCED,
	RESULT_SYNC_FAILED,
	RESULT_PRUNED,
	RESULT_PRUNE_SKIPPED,
	RESULT_STATUS_MAX
};

extern const char *const result_status_names[RESULT_STATUS_MAX]; /* "" for NONE */

struct application_directory {
	bool recurse;
	const char *include, *exclude; /* globs for paths in the source's directory; NULL if absent */
};

struct kustomize_replica {
	const char *name;
	const char *count;
};

struct application_kustomize {
	const char *name_prefix, *name_suffix, *namespace;
	struct strings images, components;
	struct string_map common_labels, common_annotations;
	LIST_OF(struct kustomize_replica) replicas;
	const char *patches; /* JSON list, as in a kustomization */
	bool label_without_selector, label_include_templates, force_common_labels, force_common_annotations,
	    ignore_missing_components;
};

struct helm_parameter {
	const char *name, *value;
	bool force_string;
};

struct helm_file_parameter {
	const char *name, *path;
};

struct application_helm {
	const char *release_name, *namespace, *values, *kube_version;
	const char *values_object; /* JSON; takes precedence over values, which is then not used */
	struct strings value_files, api_versions;
	LIST_OF(struct helm_parameter) parameters;
	LIST_OF(struct helm_file_parameter) file_parameters;
	bool ignore_missing_value_files, skip_crds, skip_tests, pass_credentials;
	const char *version;
};

struct application_source {
	const char *repo_url, *target_revision, *path, *name;
	const char *chart; /* a chart of a Helm repository; NULL for a directory in Git */
	const char *ref; /* the name with which value files of other sources refer to this one: $REF/path */
	const struct application_directory *directory;
	const struct application_kustomize *kustomize;
	const struct application_helm *helm;
};

struct application_destination {
	const char *server, *name, *namespace;
};

struct automated_sync {
	bool prune, self_heal, allow_empty;
	struct opt_bool enabled;
};

struct sync_backoff {
	const char *duration, *max_duration; /* Go durations; a number without a unit is seconds */
	struct opt_int factor;
};

struct sync_retry {
	struct opt_int limit;
	const struct sync_backoff *backoff;
	bool refresh;
};

struct namespace_metadata {
	struct string_map labels, annotations;
};

struct sync_policy {
	const struct automated_sync *automated;
	struct strings options;
	const struct sync_retry *retry;
	const struct namespace_metadata *managed_namespace;
};

struct ignored_difference {
	const char *group, *kind, *name, *namespace; /* group and kind are globs; NULL name and namespace match any */
	struct strings json_pointers, jq_paths, managers;
};

struct application_info {
	const char *name, *value;
};

struct application_spec {
	const char *project;
	const struct application_source *source;
	LIST_OF(struct application_source) sources; /* if not empty, they take precedence over `source` */
	struct application_destination destination;
	struct sync_policy sync_policy;
	LIST_OF(struct ignored_difference) ignore_differences;
	LIST_OF(struct application_info) info;
	struct opt_int revision_history_limit;
};

struct application {
	struct object object;
	struct application_spec spec;
	const char *operation; /* the requested operation as JSON; NULL if no operation is requested */
	const char *status; /* as JSON; NULL if the object has no status yet */
};

/* Returns the name of the Application's project. Borrowed, or static. */
const char *application_project(const struct application *);

/* Returns the number of the Application's sources, and sets *ret to them: `sources`, or else `source`. Borrowed. */
size_t application_sources(const struct application *, const struct application_source **ret);

/* Sets the revision of an operation: as "revision", or as "revisions" for a text "A,B". NULL removes it. */
void application_set_revision(json_t *object, const char *revision);

/* Returns true if the destination of the Application is the cluster in which the Application itself is. */
bool application_is_local(const struct application *);

extern const struct type application_source_type, application_spec_type, application_type;
