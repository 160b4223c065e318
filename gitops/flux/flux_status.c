/* gitops/flux/flux_status.c: the status of Flux objects as types, and their conditions: one row for each field. */
#include "gitops/flux/flux_status.h"
#include "base/str.h"

const char *const condition_status_names[CONDITION_STATUS_MAX] = { "", "True", "False", "Unknown" };

static const struct field flux_condition_fields[] = {
	STRING(flux_condition, type, "type", .always = true),
	TIME(flux_condition, last_transition_time, "lastTransitionTime"),
	ENUM(flux_condition, status, "status", condition_status),
	STRING(flux_condition, reason, "reason", .always = true),
	STRING(flux_condition, message, "message", .always = true),
	INT(flux_condition, observed_generation, "observedGeneration"),
};
static TYPE(flux_condition, "condition");

static const struct field flux_artifact_fields[] = {
	STRING(flux_artifact, revision, "revision"),
	STRING(flux_artifact, digest, "digest"),
	TIME(flux_artifact, last_update_time, "lastUpdateTime"),
	STRING(flux_artifact, path, "path"),
	STRING(flux_artifact, url, "url"),
	INT(flux_artifact, size, "size"),
	STRING_MAP(flux_artifact, metadata, "metadata"),
};
static TYPE(flux_artifact, "artifact");

static const struct field flux_inventory_entry_fields[] = {
	STRING(flux_inventory_entry, id, "id", .always = true),
	STRING(flux_inventory_entry, version, "v", .always = true),
};
static TYPE(flux_inventory_entry, "inventory entry");

static const struct field flux_inventory_fields[] = {
	LIST(flux_inventory, entries, "entries", flux_inventory_entry, .always = true),
};
static TYPE(flux_inventory, "inventory");

static const struct field flux_status_fields[] = {
	LIST(flux_status, conditions, "conditions", flux_condition),
	INT(flux_status, observed_generation, "observedGeneration"),
	STRING(flux_status, last_handled_reconcile_at, "lastHandledReconcileAt"),
	OBJECT(flux_status, artifact, "artifact", flux_artifact),
	STRING(flux_status, last_applied_revision, "lastAppliedRevision"),
	STRING(flux_status, last_attempted_revision, "lastAttemptedRevision"),
	OBJECT(flux_status, inventory, "inventory", flux_inventory),
	STRING(flux_status, observed_chart_name, "observedChartName"),
	STRING(flux_status, observed_source_artifact_revision, "observedSourceArtifactRevision"),
	STRING(flux_status, helm_chart, "helmChart"),
	STRING(flux_status, storage_namespace, "storageNamespace"),
	LIST(flux_status, history, "history", helm_snapshot),
	INT(flux_status, attempts.generation, "lastAttemptedGeneration"),
	STRING(flux_status, attempts.config_digest, "lastAttemptedConfigDigest"),
	STRING(flux_status, attempts.action, "lastAttemptedReleaseAction"),
	INT(flux_status, attempts.failures, "failures"),
	INT(flux_status, attempts.install_failures, "installFailures"),
	INT(flux_status, attempts.upgrade_failures, "upgradeFailures"),
	STRING(flux_status, last_handled_force_at, "lastHandledForceAt"),
	STRING(flux_status, last_handled_reset_at, "lastHandledResetAt"),
};
TYPE(flux_status, "status");

const struct flux_condition *
flux_status_condition(const struct flux_status *s, const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eq(s->conditions.at[i].type, type))
			return &s->conditions.at[i];
	return NULL;
}

enum condition_status
flux_status_of(const struct flux_status *s, const char *type)
{
	const struct flux_condition *c = flux_status_condition(s, type);

	return c != NULL ? c->status : CONDITION_NONE;
}

void
flux_status_set_condition(struct flux_status *s, struct arena *a, const struct flux_condition *to, int64_t now)
{
	struct flux_conditions list = { .at = arena_new_array(a, struct flux_condition, s->conditions.n + 1) };
	bool found = false;

	for (size_t i = 0; i < s->conditions.n; i++) {
		struct flux_condition *c = &list.at[list.n];

		*c = s->conditions.at[i];
		if (!str_eq(c->type, to->type)) {
			list.n++;
			continue;
		}
		/* A second condition of the same type is invalid, and is dropped. */
		if (found || to->status == CONDITION_NONE)
			continue;
		found = true;
		*c = *to;
		c->last_transition_time =
		    to->status == s->conditions.at[i].status ? s->conditions.at[i].last_transition_time : now;
		list.n++;
	}
	if (!found && to->status != CONDITION_NONE) {
		list.at[list.n] = *to;
		list.at[list.n++].last_transition_time = now;
	}
	s->conditions = list;
}
