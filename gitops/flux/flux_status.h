/* gitops/flux/flux_status.h: the status of a GitRepository or Kustomization, as rows. Pure.
 *
 * Fields that are not here are others', and stay as they are stored. Source: Flux's documentation of the two, and its
 * API conventions (conditions Ready, Reconciling, Stalled).
 */
#pragma once
#include "kube/api/meta.h"

enum condition_status { CONDITION_NONE, CONDITION_TRUE, CONDITION_FALSE, CONDITION_UNKNOWN, CONDITION_STATUS_MAX };

extern const char *const condition_status_names[CONDITION_STATUS_MAX]; /* "True", … */

struct flux_condition {
	const char *type;
	enum condition_status status;
	const char *reason, *message;
	int64_t last_transition_time; /* when the status changed */
	int64_t observed_generation;
};

struct flux_conditions {
	struct flux_condition *at;
	size_t n;
};

/* A commit that was found. */
struct flux_artifact {
	const char *revision; /* "main@sha1:…" */
	const char *digest;
	int64_t last_update_time;
	const char *path, *url;
	int64_t size;
	struct string_map metadata;
};

/* An object that was applied. */
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
	const char *last_handled_reconcile_at; /* the last request (ANNOTATION_REQUESTED_AT) that was handled */
	const struct flux_artifact *artifact; /* GitRepository; NULL: none yet */
	/* Kustomization */
	const char *last_applied_revision, *last_attempted_revision;
	const struct flux_inventory *inventory; /* NULL: none yet */
};

extern const struct type flux_status_type;

/* The condition of that type, or NULL. Borrowed. */
const struct flux_condition *flux_status_condition(const struct flux_status *, const char *type);

/* Its status; NONE if there is no such condition. */
enum condition_status flux_status_of(const struct flux_status *, const char *type);

/* Sets a condition at `now` (wall ms); the time of its last transition changes only with its status. NONE: deletes
 * it. Texts are borrowed, the list is copied into the arena. */
void flux_status_set_condition(struct flux_status *, struct arena *, const struct flux_condition *to, int64_t now);
