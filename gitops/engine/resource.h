/* gitops/engine/resource.h: the objects of an Application or Kustomization: namespace, wave, sync order. Pure.
 *
 * The order of a sync is Argo CD's (its documentation, "Sync Phases and Waves"): phase, wave, kind, name. Phases and
 * hooks: hooks.h. The annotation or labels that name the owner of an object: tracking.h.
 */
#pragma once
#include "gitops/engine/health.h"
#include "gitops/engine/kstatus.h"
#include "gitops/source/manifests.h"
#include "kube/api/application.h"
#include "kube/api/kinds.h"

#define ANNOTATION_WAVE "argocd.argoproj.io/sync-wave"
#define ANNOTATION_OPTIONS "argocd.argoproj.io/sync-options"
#define ANNOTATION_COMPARE "argocd.argoproj.io/compare-options"
#define FLUX "kustomize.toolkit.fluxcd.io/" /* prefix of Flux's labels "name" and "namespace", and of its switches */

/* Returns the value of an annotation, or NULL if the object does not have it. Borrowed from the object. */
const char *resource_annotation(const json_t *object, const char *key);

/* Returns whether a switch of Flux, such as FLUX "prune", has this value in a label or annotation of the object. Upper
 * and lower case are equal. */
bool resource_flux_switch_is(const json_t *object, const char *key, const char *value);

/* Returns whether a switch of the object requires that Flux neither applies nor changes it. */
bool resource_flux_ignores(const json_t *object);

/* An object that is desired (in Git), live (in the cluster), or both. "The owner" is the Application or Kustomization
 * that is compared or synced. */
struct app_resource {
	struct api_kind kind;
	const char *namespace; /* NULL if the kind is cluster-scoped */
	const char *name;

	/* The desired object. */
	const struct manifest *manifest; /* NULL if the object is not in Git */
	const char *text; /* the object to apply, as JSON; else NULL */
	unsigned hooks; /* its phases as a hook (hooks.h), as bits 1 << phase; 0 if it is not a hook */
	unsigned hook_delete; /* for a hook: HOOK_SUCCEEDED | HOOK_FAILED | BEFORE_HOOK_CREATION (hooks.h) */
	bool skip; /* it is never applied: a hook named Skip, or an object that Flux ignores */
	bool held; /* it is a Rollout that has aborted this commit, and is not applied now */
	bool implicit; /* it is the destination's namespace, which CreateNamespace=true adds and Git does not have */
	const char *options; /* the sync options in its annotation, comma-separated; NULL if it has none */
	long wave; /* its sync wave */

	/* The live object. */
	bool live; /* it exists in the cluster */
	bool deleting; /* it has a deletionTimestamp */
	const char *uid, *resource_version;
	const char *operation; /* for a hook: ANNOTATION_OPERATION, which names the sync that created it */
	bool client_applied; /* it has fields of a client-side apply, which adopt_fields.h adopts */
	bool applied_whole; /* with client_applied: the last write was of the whole object (adopt_fields_is_whole) */
	const char *adopt_patch; /* with client_applied, in a sync: the JSON patch to send first; else NULL */
	enum health health;
	const char *health_message; /* "" if there is no reason */
	enum kstatus current; /* for a Kustomization, if the object is live: its kstatus */
	const char *current_message; /* the reason for `current` */
	const char *aborted; /* for a Rollout whose update was aborted: the message of its status; else NULL */

	/* The comparison. */
	enum sync_status status;
	const char *live_text; /* the live object as JSON, if only a dry run can decide `status`; else NULL */
	const char *wanted_text; /* for a diff: the object after an apply, as JSON; NULL if nothing changes */
	const char *error; /* why the object cannot be applied; NULL if it can */
	bool shared; /* `error` is set because another Application has the object (FailOnSharedResource) */
	bool unreadable; /* it, or a Rollout that may own fields of it, cannot be decoded; `error` is the reason */
	bool replace; /* it is written as a whole (Replace=true) instead of applied */
	bool recreate; /* it is deleted and created again, because the API server refuses the change and Force is set */
	bool kept; /* it is not in Git, but an option of it or of the Application prevents that it is pruned */
	bool extraneous; /* it is not in Git, and its options exclude it from the Application's sync status */
};

struct owner_mark;

/* The desired and live objects of an owner, by key. */
struct resources {
	struct arena *arena; /* of the list and its texts */
	struct app_resource *at;
	size_t n, capacity;
	struct map by_key; /* manifest_key → index + 1 */
	struct resource_warning *warnings; /* at most WARNINGS_MAX; n_warnings counts all */
	size_t n_warnings, warnings_capacity;
};

/* A warning; it does not prevent a sync. */
struct resource_warning {
	const char *type; /* "SharedResourceWarning": the type of the condition that reports it */
	const char *message;
};

/* Makes an empty list in an arena. */
void resources_init(struct resources *, struct arena *);

/* Frees what is not in the arena. */
void resources_done(struct resources *);

#define WARNINGS_MAX 100

/* Adds a warning. Its texts are borrowed. After WARNINGS_MAX, warnings are only counted. */
void resources_warn(struct resources *, const char *type, const char *message);

/* Returns the object of this kind (in any version), namespace and name, or NULL. The pointer is valid until the next
 * resources_add(). */
struct app_resource *resources_find(
    const struct resources *, const struct api_kind *, const char *ns, const char *name);

/* Adds an object of which only kind, namespace and name are set, and returns it. The key must be new. Earlier pointers
 * into `at` become invalid. */
struct app_resource *resources_add(struct resources *, const struct api_kind *, const char *ns, const char *name);

/* Adds the object of a manifest, with its namespace (`namespace` if it names none), wave, hooks, options and the
 * owner's mark (tracking.h). If the list has the object already, this manifest replaces the earlier one, with a
 * warning. `suffix` is appended to a generateName. Returns an error if the manifest cannot be used. */
struct err *resources_want(struct resources *, struct arena *, const struct manifest *, const struct api_kind *,
    const char *namespace, const struct owner_mark *, const char *suffix);

/* Returns whether a comma-separated annotation or list of options has this entry ("Prune=false"). NULL has none. */
bool resource_list_has(const char *list, const char *entry);

/* Returns a number below 0 if x comes before y in one wave, and above 0 if it comes after: by kind, namespace, name. */
int resource_order(const struct app_resource *x, const struct app_resource *y);
