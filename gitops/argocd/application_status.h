/* gitops/argocd/application_status.h: the status and the operation of an Application, as types. Pure.
 *
 * Fields that are not listed here belong to other controllers and are not changed. Source: Argo CD's documentation,
 * "Application Specification", and its CustomResourceDefinition.
 */
#pragma once
#include "gitops/protocol.h"

struct app_force {
	bool force;
};

struct app_strategy {
	const struct app_force *apply, *hook; /* NULL: the other one */
};

/* The `sync` of an operation. */
struct app_sync {
	bool prune, dry_run;
	const char *revision; /* of one source; NULL: the spec's */
	struct strings revisions; /* of several sources */
	struct worker_objects resources; /* only these; empty: all */
	int64_t heal_attempts; /* syncs in a row that undid drift */
	const struct app_strategy *strategy; /* NULL: hook */
	struct strings options; /* empty: the spec's */
};

struct app_initiator {
	const char *username;
	bool automated;
};

struct app_operation_retry {
	struct opt_int limit;
};

/* A sync that was requested. */
struct app_operation {
	struct app_sync sync;
	struct app_initiator initiated_by;
	struct app_operation_retry retry;
};

/* The result of a sync so far. */
struct app_sync_result {
	const char *source, *sources; /* JSON: of the spec that was synced; NULL: none */
	struct worker_sync_results resources;
	const char *revision;
	struct strings revisions;
	const char *managed_namespace; /* JSON */
};

/* The sync that is running, or the last one. */
struct app_operation_state {
	enum operation_phase phase;
	int64_t started_at, finished_at; /* wall ms; finished_at is also set while a sync waits for a retry */
	const char *operation; /* the requested operation, as JSON */
	const char *message;
	int64_t retry_count;
	const struct app_sync_result *result; /* NULL: none yet */
};

struct app_health {
	enum health status; /* NONE: not compared yet */
	const char *message;
	int64_t last_transition_time;
};

struct app_sync_status {
	enum sync_status status; /* NONE: not compared yet */
	const char *revision;
	struct strings revisions;
	const char *compared_to; /* JSON */
};

struct app_condition {
	const char *type, *message;
	int64_t last_transition_time;
};

struct app_conditions {
	struct app_condition *at;
	size_t n;
};

/* A sync that succeeded. */
struct app_history {
	int64_t id;
	const char *source, *sources; /* JSON */
	int64_t deploy_started_at, deployed_at;
	struct app_initiator initiated_by;
	const char *revision;
	struct strings revisions;
};

struct app_histories {
	struct app_history *at;
	size_t n;
};

struct app_summary {
	struct strings images, external_urls;
};

struct application_status {
	struct app_conditions conditions;
	struct app_sync_status sync;
	struct app_health health;
	struct worker_resources resources;
	const char *source_type;
	struct app_summary summary;
	const char *controller_namespace;
	struct app_operation_state operation_state;
	struct app_histories history;
};

extern const struct type application_status_type, app_operation_type;

/* Returns the revision as one text: "A,B" for several sources. NULL: none. In the arena, or borrowed. */
const char *app_revision_text(struct arena *, const char *revision, const struct strings *revisions);

/* Sets `revision` and `revisions` from such a text. */
void app_revision_set(struct arena *, const char *text, const char **ret_revision, struct strings *ret_revisions);
