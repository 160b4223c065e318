/* gitops/argocd/application_status.c: status and operation of an Application as types: one row for each field. */
#include "gitops/argocd/application_status.h"
#include <string.h>
#include "base/str.h"

static const struct field app_force_fields[] = { BOOL(app_force, force, "force") };
static TYPE(app_force, "strategy");

static const struct field app_strategy_fields[] = {
	OBJECT(app_strategy, apply, "apply", app_force),
	OBJECT(app_strategy, hook, "hook", app_force),
};
static TYPE(app_strategy, "syncStrategy");

static const struct field app_sync_fields[] = {
	BOOL(app_sync, prune, "prune", .always = true),
	BOOL(app_sync, dry_run, "dryRun"),
	STRING(app_sync, revision, "revision"),
	STRINGS(app_sync, revisions, "revisions"),
	LIST(app_sync, resources, "resources", worker_object),
	INT(app_sync, heal_attempts, "autoHealAttemptsCount"),
	OBJECT(app_sync, strategy, "syncStrategy", app_strategy),
	STRINGS(app_sync, options, "syncOptions"),
};
static TYPE(app_sync, "sync");

static const struct field app_initiator_fields[] = {
	STRING(app_initiator, username, "username"),
	BOOL(app_initiator, automated, "automated"),
};
static TYPE(app_initiator, "initiatedBy");

static const struct field app_operation_retry_fields[] = { OPT_INT(app_operation_retry, limit, "limit") };
static TYPE(app_operation_retry, "retry");

static const struct field app_operation_fields[] = {
	EMBED(app_operation, sync, "sync", app_sync),
	EMBED(app_operation, initiated_by, "initiatedBy", app_initiator),
	EMBED(app_operation, retry, "retry", app_operation_retry),
};
TYPE(app_operation, "operation");

static const struct field app_sync_result_fields[] = {
	JSON(app_sync_result, source, "source"),
	JSON(app_sync_result, sources, "sources"),
	LIST(app_sync_result, resources, "resources", worker_sync_result, .always = true),
	STRING(app_sync_result, revision, "revision"),
	STRINGS(app_sync_result, revisions, "revisions"),
	JSON(app_sync_result, managed_namespace, "managedNamespaceMetadata"),
};
static TYPE(app_sync_result, "syncResult");

static const struct field app_operation_state_fields[] = {
	ENUM(app_operation_state, phase, "phase", operation_phase),
	TIME(app_operation_state, started_at, "startedAt"),
	JSON(app_operation_state, operation, "operation"),
	STRING(app_operation_state, message, "message"),
	INT(app_operation_state, retry_count, "retryCount"),
	TIME(app_operation_state, finished_at, "finishedAt"),
	OBJECT(app_operation_state, result, "syncResult", app_sync_result),
};
static TYPE(app_operation_state, "operationState");

static const struct field app_health_fields[] = {
	TIME(app_health, last_transition_time, "lastTransitionTime"),
	ENUM(app_health, status, "status", health),
	STRING(app_health, message, "message"),
};
static TYPE(app_health, "health");

static const struct field app_sync_status_fields[] = {
	ENUM(app_sync_status, status, "status", sync_status),
	STRING(app_sync_status, revision, "revision"),
	STRINGS(app_sync_status, revisions, "revisions"),
	JSON(app_sync_status, compared_to, "comparedTo"),
};
static TYPE(app_sync_status, "sync");

static const struct field app_condition_fields[] = {
	STRING(app_condition, type, "type", .always = true),
	STRING(app_condition, message, "message", .always = true),
	TIME(app_condition, last_transition_time, "lastTransitionTime"),
};
static TYPE(app_condition, "condition");

static const struct field app_history_fields[] = {
	INT(app_history, id, "id", .always = true),
	JSON(app_history, source, "source"),
	JSON(app_history, sources, "sources"),
	TIME(app_history, deploy_started_at, "deployStartedAt"),
	TIME(app_history, deployed_at, "deployedAt"),
	EMBED(app_history, initiated_by, "initiatedBy", app_initiator),
	STRING(app_history, revision, "revision"),
	STRINGS(app_history, revisions, "revisions"),
};
static TYPE(app_history, "history");

static const struct field app_summary_fields[] = {
	STRINGS(app_summary, images, "images"),
	STRINGS(app_summary, external_urls, "externalURLs"),
};
static TYPE(app_summary, "summary");

static const struct field application_status_fields[] = {
	LIST(application_status, conditions, "conditions", app_condition),
	EMBED(application_status, sync, "sync", app_sync_status),
	EMBED(application_status, health, "health", app_health),
	LIST(application_status, resources, "resources", worker_resource, .always = true),
	STRING(application_status, source_type, "sourceType"),
	EMBED(application_status, summary, "summary", app_summary),
	STRING(application_status, controller_namespace, "controllerNamespace"),
	EMBED(application_status, operation_state, "operationState", app_operation_state),
	LIST(application_status, history, "history", app_history),
};
TYPE(application_status, "Application's status");

const char *
app_revision_text(struct arena *a, const char *revision, const struct strings *revisions)
{
	const char *all = NULL;

	for (size_t i = 0; i < revisions->n; i++)
		all = arena_printf(a, "%s%s%s", all != NULL ? all : "", i > 0 ? "," : "", revisions->at[i]);
	return all != NULL ? all : revision;
}

void
app_revision_set(struct arena *a, const char *text, const char **ret_revision, struct strings *ret_revisions)
{
	struct strings list = { 0 };

	if (text == NULL || strchr(text, ',') == NULL) {
		*ret_revision = text;
		*ret_revisions = list;
		return;
	}
	list.at = arena_new_array(a, const char *, strlen(text) + 1);
	for (const char *at = text; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
		list.at[list.n++] = arena_strndup(a, at, strcspn(at, ","));
	*ret_revision = NULL;
	*ret_revisions = list;
}
