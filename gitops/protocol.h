/* gitops/protocol.h: the request of a controller to the worker, and the worker's response. Pure.
 *
 * Both are JSON texts between two of our own processes (`sluice gitops-worker`, gitops/worker/session.h). A request
 * is about exactly one of:
 *   - an Application: `application`, and its `project`;
 *   - a Kustomization: `kustomization` and `repository`;
 *   - a GitRepository: `repository` alone; the response then has only the commit;
 *   - a HelmRepository: `repository` with `index`; the response has the digest of the index as revision;
 *   - a HelmChart: `repository` and `chart`; the response has the version as revision, and `chart`;
 *   - a HelmRelease: these two and `release`; the response has `release`: one action was taken, or none was due.
 * A response has either `error`, or the parts that the request is about. Texts of a decoded struct are in the arena
 * that was given; texts of a struct that is encoded are borrowed. NULL, "", 0 and false are left out of the JSON
 * text.
 */
#pragma once
#include "base/err.h"
#include "gitops/helm_action.h"
#include "kube/api/app_project.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"
#include "kube/api/helm.h"

/* The metadata that the worker needs of an object. */
struct worker_metadata {
	const char *name, *namespace, *uid;
};

struct worker_application {
	struct worker_metadata metadata;
	struct application_spec spec;
};

struct worker_project {
	struct worker_metadata metadata;
	struct app_project_spec spec;
};

struct worker_kustomization {
	struct worker_metadata metadata;
	struct flux_kustomization_spec spec;
};

struct worker_secret {
	const char *namespace, *name;
};

struct worker_repository {
	const char *url;
	const char *revision; /* branch, tag, range or commit */
	const char *ignore; /* patterns of paths, as in a .gitignore; NULL: those of Flux */
	const struct worker_secret *secret; /* of its credentials; NULL: it needs none */
	const struct worker_secret
	    *cert; /* of the CA and the client's certificate; NULL: those of the system, and none */
	bool plain_http; /* a registry is reached by http */
	const struct worker_secret *keys; /* one of which must have signed the commit; NULL: it need not be signed */
};

/* A chart of the repository. */
struct worker_chart {
	const char *name; /* with `git` its path in the repository */
	const char *version; /* or range of versions; NULL: the latest. Not with `git` */
	bool git; /* the repository is of Git, at `revision` */
	bool with_commit; /* the revision of the chart has the commit in addition to the version */
	int64_t generation; /* a number that the revision of the chart has too; 0: none */
	struct strings values_files;
	bool ignore_missing_values_files;
};

struct worker_release {
	struct worker_metadata metadata; /* of the HelmRelease */
	int64_t generation;
	struct helm_release_spec spec;
	const char *name, *namespace; /* of the release */
	const char *elsewhere; /* another namespace in which Flux may have stored it; NULL: none */
	struct helm_history history; /* of the last status */
	struct helm_attempts attempts; /* of the last status */
	bool force; /* a user requests an upgrade in any case */
	bool reset; /* a user requests another try after failures */
	const char *held; /* the revision (struct worker_release_result) that a Rollout has aborted; NULL: none */
};

/* An object of the cluster. */
struct worker_object {
	const char *group, *version, *kind;
	const char *namespace; /* NULL: it has none */
	const char *name;
};

struct worker_objects {
	struct worker_object *at;
	size_t n;
};

/* The result of one object in one phase of a sync, as in Argo CD's `status.operationState.syncResult.resources`. */
struct worker_sync_result {
	const char *group, *version, *kind, *namespace, *name;
	enum result_status status;
	const char *message;
	const char *hook_type; /* NULL: no hook */
	enum operation_phase hook_phase; /* also of objects that are no hooks; NONE: not started */
	const char *sync_phase; /* "PreSync", "Sync", "PostSync", "SyncFail" */
};

struct worker_sync_results {
	struct worker_sync_result *at;
	size_t n;
};

/* A sync that has begun. */
struct worker_operation {
	const char *id; /* differs from that of every other sync of the Application, and of every retry */
	bool prune, dry_run, force;
	bool confirmed; /* a user has confirmed what is deleted */
	bool without_hooks; /* strategy apply */
	struct strings options; /* NAME=VALUE */
	struct worker_objects selected; /* only these are synced; empty: all */
	struct worker_sync_results results; /* of the steps so far */
};

struct worker_request {
	const struct worker_application *application;
	const struct worker_project *project; /* NULL: everything is allowed */
	const struct worker_kustomization *kustomization;
	const struct worker_repository *repository;
	bool index; /* only the index of the Helm repository is fetched */
	const struct worker_chart *chart;
	const struct worker_release *release;
	const char *namespace; /* the controller's own */
	struct worker_objects known; /* of the last status: among them are those to prune */
	const char *revision; /* to take instead of the spec's; of several sources "A,B"; NULL: the spec's */
	const struct worker_operation *operation; /* NULL: only compare. A Kustomization is always applied */
	struct string_map held; /* "NS/NAME" of Rollouts that are not applied → why */
	bool deleting; /* the Application or Kustomization, and with it its objects */
	bool diff; /* the response has `live` and `wanted` of each resource */
};

struct worker_error {
	const char *type; /* "ComparisonError" */
	const char *message;
	bool again; /* the same request may succeed later */
};

struct worker_warning {
	const char *type; /* the condition that reports it: "SharedResourceWarning" */
	const char *message;
};

struct worker_health {
	enum health status; /* HEALTH_NONE: objects of its kind have no health */
	const char *message;
};

/* One object that is desired or live. The first eleven members are Argo CD's `status.resources`. */
struct worker_resource {
	const char *group, *version, *kind, *namespace, *name;
	enum sync_status status; /* SYNC_NONE: it cannot be compared */
	struct worker_health health;
	bool hook;
	bool requires_pruning; /* it is live, and not desired */
	int64_t sync_wave;
	const char *error; /* why it cannot be applied; NULL: it can */
	const char *aborted; /* a Rollout's message about the update that it aborted; NULL: it did not */
	const char *live, *wanted; /* with `diff`: JSON texts; NULL: the object is not live, or not desired */
	bool kept; /* its options prevent that it is pruned */
	bool extraneous; /* not desired, and ignored in the Application's sync status */
};

struct worker_resources {
	struct worker_resource *at;
	size_t n;
};

/* The result of a step of a sync. */
struct worker_step {
	enum operation_phase phase; /* RUNNING, SUCCEEDED or FAILED */
	const char *message;
	int64_t wait; /* ms until the next step, with Running; 0: none */
	bool unconfirmed; /* it waits for a user's confirmation */
	bool prune_failed; /* Failed, because an object was not deleted */
	struct worker_sync_results results; /* of all steps so far */
};

/* An object that a Kustomization waits for. */
struct worker_check {
	const char *kind, *namespace, *name;
	enum kstatus status;
	const char *message;
};

/* A chart that was fetched. */
struct worker_chart_result {
	const char *name, *version, *app_version;
};

/* The action that a session took about a release. */
struct worker_release_result {
	const char *revision; /* of chart and values together: "1.2.3+abcdef012345"; NULL: they were not needed */
	enum helm_state state; /* before the action */
	enum helm_action action;
	const char *why; /* the reason for the action, or for none */
	const char *failure; /* of the action; NULL: it succeeded, or there was none */
	struct helm_history history;
	struct helm_attempts attempts;
	const char *drift; /* the objects that differ from the release; NULL: none is known */
	const char *waits; /* the Rollouts that are not ready yet; NULL: none */
	struct worker_chart_result chart;
};

struct worker_response {
	const char *revision; /* the commit, or the chart's version; of several sources "A,B" */
	const char *reference; /* "refs/heads/main", by which the commit was found; NULL: by its id */
	const struct worker_error *error; /* NULL: none */
	const char *source_type; /* "Kustomize" */
	struct worker_resources resources; /* `at` NULL: the response is not about resources */
	struct strings images;
	LIST_OF(struct worker_warning) warnings;
	LIST_OF(struct worker_check) checks;
	const struct worker_step *operation; /* NULL: only compared */
	const struct worker_chart_result *chart; /* NULL: the request is not about a chart alone */
	const struct worker_release_result *release; /* NULL: the request is about no release */
	const char *skipped; /* why a deletion has deleted nothing, and never will; NULL: it has, or may later */
};

extern const struct type worker_object_type, worker_sync_result_type, worker_health_type, worker_resource_type,
    worker_request_type, worker_response_type;

/* Decodes a text of a type above; *ret is zeroed first. The error names the field that is wrong. */
struct err *worker_decode(struct arena *, const struct type *, const char *text, size_t len, void *ret);

/* Returns the JSON text of a message, in the arena. */
const char *worker_encode(struct arena *, const struct type *, const void *);
