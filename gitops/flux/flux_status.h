/* gitops/flux/flux_status.h: the status of a Flux object, as rows. Pure.
 *
 * Fields that are not here are others', and stay as they are stored. Source: Flux's documentation of the kinds, and
 * its API conventions (conditions Ready, Reconciling, Stalled).
 */
#pragma once
#include "kube/api/helm.h"

enum condition_status { CONDITION_NONE, CONDITION_TRUE, CONDITION_FALSE, CONDITION_UNKNOWN, CONDITION_STATUS_MAX };

extern const char *const condition_status_names[CONDITION_STATUS_MAX]; /* "", "True", "False", "Unknown" */

struct flux_condition {
	const char *type;
	enum condition_status status;
	const char *reason, *message;
	int64_t last_transition_time; /* when the status changed last */
	int64_t observed_generation;
};

struct flux_conditions {
	struct flux_condition *at;
	size_t n;
};

/* The commit, index or chart that a source makes available. */
struct flux_artifact {
	const char *revision; /* "main@sha1:…" */
	const char *digest;
	int64_t last_update_time;
	const char *path, *url;
	int64_t size;
	struct string_map metadata;
};

/* An object that a Kustomization has applied. */
struct flux_inventory_entry {
	const char *id; /* "NS_NAME_GROUP_KIND" */
	const char *version;
};

struct flux_inventory {
	LIST_OF(struct flux_inventory_entry) entries;
};

struct flux_status {
	struct flux_conditions conditions;
	int64_t observed_generation;
	const char *last_handled_reconcile_at; /* the last value of ANNOTATION_REQUESTED_AT that was handled */
	/* Only of a source: a GitRepository, HelmRepository or HelmChart. */
	const struct flux_artifact *artifact; /* NULL before the first fetch */

	/* Only of a HelmChart. */
	const char *observed_chart_name, *observed_source_artifact_revision;

	/* Only of a Kustomization. */
	const char *last_applied_revision, *last_attempted_revision;
	const struct flux_inventory *inventory; /* NULL before the first apply */

	/* Only of a HelmRelease. */
	const char *helm_chart; /* "NS/NAME" of the HelmChart that it has created; NULL: none */
	const char *storage_namespace;
	struct helm_history history;
	struct helm_attempts attempts;
	const char *last_handled_force_at, *last_handled_reset_at;
};

extern const struct type flux_status_type;

/* Returns the condition of a type, or NULL. Borrowed. */
const struct flux_condition *flux_status_condition(const struct flux_status *, const char *type);

/* Returns the status of the condition of a type; CONDITION_NONE if there is no such condition. */
enum condition_status flux_status_of(const struct flux_status *, const char *type);

/* Sets a condition at `now` (wall ms). The time of its last transition changes only with its status. A condition with
 * CONDITION_NONE is deleted. Texts are borrowed; the list is copied into the arena. */
void flux_status_set_condition(struct flux_status *, struct arena *, const struct flux_condition *to, int64_t now);
