/* gitops/protocol.c: messages between the controller and the gitops worker: one row for each field of the request
 * and the response. */
#include "gitops/protocol.h"
#include <string.h>

static const struct field worker_metadata_fields[] = {
	STRING(worker_metadata, name, "name", .required = true),
	STRING(worker_metadata, namespace, "namespace"),
	STRING(worker_metadata, uid, "uid"),
};
static TYPE(worker_metadata, "metadata");

static const struct field worker_application_fields[] = {
	EMBED(worker_application, metadata, "metadata", worker_metadata, .required = true),
	EMBED(worker_application, spec, "spec", application_spec, .required = true),
};
static TYPE(worker_application, "application");

static const struct field worker_project_fields[] = {
	EMBED(worker_project, metadata, "metadata", worker_metadata, .required = true),
	EMBED(worker_project, spec, "spec", app_project_spec, .required = true),
};
static TYPE(worker_project, "project");

static const struct field worker_kustomization_fields[] = {
	EMBED(worker_kustomization, metadata, "metadata", worker_metadata, .required = true),
	EMBED(worker_kustomization, spec, "spec", flux_kustomization_spec, .required = true),
};
static TYPE(worker_kustomization, "kustomization");

static const struct field worker_secret_fields[] = {
	STRING(worker_secret, namespace, "namespace", .required = true),
	STRING(worker_secret, name, "name", .required = true),
};
static TYPE(worker_secret, "secret");

static const struct field worker_repository_fields[] = {
	STRING(worker_repository, url, "url", .required = true),
	STRING(worker_repository, revision, "revision"),
	STRING(worker_repository, ignore, "ignore"),
	OBJECT(worker_repository, secret, "secret", worker_secret),
	OBJECT(worker_repository, cert, "cert", worker_secret),
	BOOL(worker_repository, plain_http, "plainHTTP"),
	OBJECT(worker_repository, keys, "keys", worker_secret),
};
static TYPE(worker_repository, "repository");

static const struct field worker_chart_fields[] = {
	STRING(worker_chart, name, "name", .required = true),
	STRING(worker_chart, version, "version"),
	BOOL(worker_chart, git, "git"),
	BOOL(worker_chart, with_commit, "withCommit"),
	INT(worker_chart, generation, "generation"),
	STRINGS(worker_chart, values_files, "valuesFiles"),
	BOOL(worker_chart, ignore_missing_values_files, "ignoreMissingValuesFiles"),
};
static TYPE(worker_chart, "chart");

static const struct field worker_release_fields[] = {
	EMBED(worker_release, metadata, "metadata", worker_metadata, .required = true),
	INT(worker_release, generation, "generation"),
	EMBED(worker_release, spec, "spec", helm_release_spec, .required = true),
	STRING(worker_release, name, "name", .required = true),
	STRING(worker_release, namespace, "namespace", .required = true),
	STRING(worker_release, elsewhere, "elsewhere"),
	LIST(worker_release, history, "history", helm_snapshot),
	EMBED(worker_release, attempts, "attempts", helm_attempts),
	BOOL(worker_release, force, "force"),
	BOOL(worker_release, reset, "reset"),
	STRING(worker_release, held, "held"),
};
static TYPE(worker_release, "release");

static const struct field worker_object_fields[] = {
	STRING(worker_object, group, "group"),
	STRING(worker_object, version, "version"),
	STRING(worker_object, kind, "kind"),
	STRING(worker_object, namespace, "namespace"),
	STRING(worker_object, name, "name"),
};
TYPE(worker_object, "object");

static const struct field worker_sync_result_fields[] = {
	STRING(worker_sync_result, group, "group", .always = true),
	STRING(worker_sync_result, version, "version"),
	STRING(worker_sync_result, kind, "kind"),
	STRING(worker_sync_result, namespace, "namespace", .always = true),
	STRING(worker_sync_result, name, "name"),
	ENUM(worker_sync_result, status, "status", result_status),
	STRING(worker_sync_result, message, "message"),
	STRING(worker_sync_result, hook_type, "hookType"),
	ENUM(worker_sync_result, hook_phase, "hookPhase", operation_phase),
	STRING(worker_sync_result, sync_phase, "syncPhase"),
};
TYPE(worker_sync_result, "result");

static const struct field worker_operation_fields[] = {
	STRING(worker_operation, id, "id"),
	BOOL(worker_operation, prune, "prune"),
	BOOL(worker_operation, dry_run, "dryRun"),
	BOOL(worker_operation, force, "force"),
	BOOL(worker_operation, confirmed, "confirmed"),
	BOOL(worker_operation, without_hooks, "withoutHooks"),
	STRINGS(worker_operation, options, "options"),
	LIST(worker_operation, selected, "selected", worker_object),
	LIST(worker_operation, results, "results", worker_sync_result),
};
static TYPE(worker_operation, "operation");

static const struct field worker_request_fields[] = {
	OBJECT(worker_request, application, "application", worker_application),
	OBJECT(worker_request, project, "project", worker_project),
	OBJECT(worker_request, kustomization, "kustomization", worker_kustomization),
	OBJECT(worker_request, repository, "repository", worker_repository),
	BOOL(worker_request, index, "index"),
	OBJECT(worker_request, chart, "chart", worker_chart),
	OBJECT(worker_request, release, "release", worker_release),
	STRING(worker_request, namespace, "namespace"),
	LIST(worker_request, known, "known", worker_object),
	STRING(worker_request, revision, "revision"),
	OBJECT(worker_request, operation, "operation", worker_operation),
	STRING_MAP(worker_request, held, "held"),
	BOOL(worker_request, deleting, "deleting"),
	BOOL(worker_request, diff, "diff"),
};
TYPE(worker_request, "request");

static const struct field worker_error_fields[] = {
	STRING(worker_error, type, "type"),
	STRING(worker_error, message, "message"),
	BOOL(worker_error, again, "again"),
};
static TYPE(worker_error, "error");

static const struct field worker_warning_fields[] = {
	STRING(worker_warning, type, "type"),
	STRING(worker_warning, message, "message"),
};
static TYPE(worker_warning, "warning");

static const struct field worker_health_fields[] = {
	ENUM(worker_health, status, "status", health),
	STRING(worker_health, message, "message"),
};
TYPE(worker_health, "health");

static const struct field worker_resource_fields[] = {
	STRING(worker_resource, group, "group"),
	STRING(worker_resource, version, "version"),
	STRING(worker_resource, kind, "kind"),
	STRING(worker_resource, namespace, "namespace"),
	STRING(worker_resource, name, "name"),
	ENUM(worker_resource, status, "status", sync_status),
	EMBED(worker_resource, health, "health", worker_health),
	BOOL(worker_resource, hook, "hook"),
	BOOL(worker_resource, requires_pruning, "requiresPruning"),
	INT(worker_resource, sync_wave, "syncWave"),
	STRING(worker_resource, error, "error"),
	STRING(worker_resource, aborted, "aborted"),
	STRING(worker_resource, live, "live"),
	STRING(worker_resource, wanted, "wanted"),
	BOOL(worker_resource, kept, "kept"),
	BOOL(worker_resource, extraneous, "extraneous"),
};
TYPE(worker_resource, "resource");

static const struct field worker_step_fields[] = {
	ENUM(worker_step, phase, "phase", operation_phase),
	STRING(worker_step, message, "message", .always = true),
	INT(worker_step, wait, "wait"),
	BOOL(worker_step, unconfirmed, "unconfirmed"),
	BOOL(worker_step, prune_failed, "pruneFailed"),
	LIST(worker_step, results, "results", worker_sync_result),
};
static TYPE(worker_step, "operation");

static const struct field worker_check_fields[] = {
	STRING(worker_check, kind, "kind"),
	STRING(worker_check, namespace, "namespace"),
	STRING(worker_check, name, "name"),
	ENUM(worker_check, status, "status", kstatus, .required = true),
	STRING(worker_check, message, "message"),
};
static TYPE(worker_check, "check");

static const struct field worker_chart_result_fields[] = {
	STRING(worker_chart_result, name, "name"),
	STRING(worker_chart_result, version, "version"),
	STRING(worker_chart_result, app_version, "appVersion"),
};
static TYPE(worker_chart_result, "chart");

static const struct field worker_release_result_fields[] = {
	STRING(worker_release_result, revision, "revision"),
	ENUM(worker_release_result, state, "state", helm_state, .required = true),
	ENUM(worker_release_result, action, "action", helm_action, .required = true),
	STRING(worker_release_result, why, "why"),
	STRING(worker_release_result, failure, "failure"),
	LIST(worker_release_result, history, "history", helm_snapshot),
	EMBED(worker_release_result, attempts, "attempts", helm_attempts),
	STRING(worker_release_result, drift, "drift"),
	STRING(worker_release_result, waits, "waits"),
	EMBED(worker_release_result, chart, "chart", worker_chart_result),
};
static TYPE(worker_release_result, "release");

static const struct field worker_response_fields[] = {
	STRING(worker_response, revision, "revision"),
	STRING(worker_response, reference, "reference"),
	OBJECT(worker_response, error, "error", worker_error),
	STRING(worker_response, source_type, "sourceType"),
	LIST(worker_response, resources, "resources", worker_resource, .always = true),
	STRINGS(worker_response, images, "images"),
	LIST(worker_response, warnings, "warnings", worker_warning),
	LIST(worker_response, checks, "checks", worker_check),
	OBJECT(worker_response, operation, "operation", worker_step),
	OBJECT(worker_response, chart, "chart", worker_chart_result),
	OBJECT(worker_response, release, "release", worker_release_result),
	STRING(worker_response, skipped, "skipped"),
};
TYPE(worker_response, "response");

struct err *
worker_decode(struct arena *a, const struct type *t, const char *text, size_t len, void *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	_cleanup_(json_decrefp) json_t *json = NULL;
	struct problems problems = { .arena = a, .scratch = scratch };
	struct err *e = json_parse(a, text, len, &json);

	memset(ret, 0, t->size);
	if (e != NULL)
		return e;
	decode(t, json, "", &problems, ret);
	if (problems.n == 0)
		return NULL;
	return err_new(a, ERR_INVALID, "%s: %s", problems.at[0].path[0] != '\0' ? problems.at[0].path : t->name,
	    problems.at[0].text);
}

const char *
worker_encode(struct arena *a, const struct type *t, const void *object)
{
	_cleanup_(json_decrefp) json_t *json = encode(t, object);

	return json_text(a, json);
}
