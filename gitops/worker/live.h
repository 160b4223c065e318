/* gitops/worker/live.h: diff of a session: its live objects, compared with the desired ones. */
#pragma once
#include "gitops/engine/health.h"
#include "kube/api/item.h"
#include "kube/api/rollout.h"

struct api_kind;
struct app_resource;
struct session;

/* The objects of one kind in one namespace (NULL: of the cluster). */
struct list_scope {
	const struct api_kind *kind;
	const char *namespace;
};

struct unreadable_rollout {
	const char *namespace, *name;
};

struct session_live {
	/* the first n_rollout_scopes are of Rollouts, which own fields of other objects */
	LIST_OF(struct list_scope) scopes;
	size_t n_rollout_scopes;
	LIST_OF(const struct rollout *) rollouts;
	size_t rollouts_capacity;
	struct unreadable_rollout *unreadable;
	size_t n_unreadable, unreadable_capacity;
};

/* Reads a live object of a scope. */
void live_read(struct session *, const struct list_scope *, const json_t *live);

/* Reads the metadata of an object that cannot be decoded (kube/api/item.h). It exists, and is neither applied nor
 * pruned. */
void live_read_unreadable(struct session *, const struct list_scope *, const json_t *live, const struct unreadable *);

/* Excludes the resource from applying and pruning if an unreadable Rollout may own some of its fields. */
void live_skip_unreadable(struct session *, struct app_resource *);

/* Reads the response to the resource's dry run. */
void live_read_dry_run(struct session *, struct app_resource *, const struct err *, const json_t *predicted);

/* Fails the session if a rule of ignoreDifferences is wrong, also when there is no difference at present. */
void live_check_rules(struct session *);

/* Returns the Rollout's message about the update that it aborted, in the arena; NULL: it did not, or is not a
 * Rollout. */
const char *live_aborted(struct session *, const struct app_resource *, const json_t *live);

/* Returns an object's health: by the script that argocd-cm has for its kind, or else by health.h. */
enum health live_health(struct session *, const struct api_kind *, const json_t *object, const char **ret_message);

/* Sets the resource's health, and for a Kustomization its kstatus. */
void live_read_health(struct session *, struct app_resource *, const json_t *object);
