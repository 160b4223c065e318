/* gitops/engine/resource.h: the objects of an Application or Kustomization: namespace, order and owner. Pure.
 *
 * The order of a sync is Argo CD's (its documentation, "Sync Phases and Waves"): phase, wave, kind, name.
 */
#pragma once
#include "gitops/engine/health.h"
#include "gitops/engine/kstatus.h"
#include "gitops/source/manifests.h"
#include "kube/api/application.h"
#include "kube/api/kinds.h"

#define ANNOTATION_TRACKING "argocd.argoproj.io/tracking-id"
#define ANNOTATION_WAVE "argocd.argoproj.io/sync-wave"
#define ANNOTATION_HOOK "argocd.argoproj.io/hook"
#define ANNOTATION_HOOK_DELETE "argocd.argoproj.io/hook-delete-policy"
#define ANNOTATION_OPTIONS "argocd.argoproj.io/sync-options"
#define ANNOTATION_COMPARE "argocd.argoproj.io/compare-options"
#define ANNOTATION_OPERATION "sluice.argoproj.io/sync-operation" /* on a hook: which sync made it */
#define FLUX "kustomize.toolkit.fluxcd.io/" /* labels "name" and "namespace"; switches, as labels or annotations */
#define LABEL_INSTANCE "app.kubernetes.io/instance"

/* An annotation of an object, or NULL. Borrowed. */
const char *resource_annotation(const json_t *object, const char *key);

/* A switch of Flux's (FLUX "prune"), a label or annotation of the object, has this value, in upper or lower case. */
bool resource_flux_switch_is(const json_t *object, const char *key, const char *value);

/* Flux neither applies nor changes it. */
bool resource_flux_ignores(const json_t *object);

enum phase { PHASE_PRE_SYNC, PHASE_SYNC, PHASE_POST_SYNC, PHASE_SYNC_FAIL, PHASE_MAX };

/* "PreSync", … */
const char *phase_name(enum phase);

enum { HOOK_SUCCEEDED = 1, HOOK_FAILED = 2, BEFORE_HOOK_CREATION = 4 };

/* One object that an application wants, or has. */
struct app_resource {
	struct api_kind kind;
	const char *namespace; /* NULL: of the cluster */
	const char *name;
	const struct manifest *manifest; /* NULL: it is not desired */
	const char *text; /* the object to apply, JSON; NULL: nothing */
	unsigned hooks; /* bit 1 << phase; 0: it is no hook */
	unsigned hook_delete; /* HOOK_SUCCEEDED | … */
	bool skip; /* a hook named Skip: never applied */
	bool held; /* a Rollout that has aborted this commit: not applied now */
	bool implicit; /* the destination's namespace, which Git does not name (CreateNamespace) */
	const char *options; /* its own sync options, comma-separated; NULL: none */
	long wave;
	/* The live object. */
	bool live, deleting;
	const char *uid, *resource_version;
	const char *operation; /* of a live hook: the sync that made it */
	bool former; /* it has fields that were applied from the client side (gitops/engine/adopt_fields.h) */
	bool written; /* ... by us as a whole: Replace=true, or it was a hook */
	const char *adopt_patch; /* ... and in a sync, the JSON patch that comes before it is applied; NULL: none */
	enum sync_status status;
	const char *live_text; /* JSON, while only a dry run can say whether it is what Git wants; NULL: not needed */
	enum health health;
	const char *health_message;
	enum kstatus current; /* of a Kustomization's, once it is live */
	const char *current_message;
	const char *error; /* why it cannot be applied; NULL: it can */
	bool others; /* that is because another Application has it (FailOnSharedResource) */
	bool replace; /* it is replaced as a whole (Replace=true), not applied */
	bool recreate; /* the API server refuses the change, and Force deletes the object, so that it is made anew */
	bool unreadable; /* it, or a Rollout that may own a part of it: `error` has the reason, and it is left alone */
	const char
	    *wanted_text; /* JSON: the object after an apply, if a diff is requested; NULL: an apply changes nothing */
	const char *aborted; /* a Rollout whose update was aborted: what its status says of that; NULL: it was not */
	bool kept; /* not desired, but its options, or the Application's, prevent that it is pruned */
	bool extraneous; /* not desired, and ignored in the Application's sync status */
};

struct resources {
	struct arena *arena;
	struct app_resource *at;
	size_t n, capacity;
	struct map by_key; /* manifest_key → number + 1 */
	struct resource_warning *warnings;
	size_t n_warnings, room_warnings;
};

/* One that does not keep anything from being synced. */
struct resource_warning {
	const char *type, *message;
};

/* The owner of objects. */
struct owner_mark {
	const char *application; /* its name, or NS_NAME of one outside the controller's namespace */
	const char *label; /* NULL: by annotation alone; else this label says it */
	bool annotation;
	const char *flux_name,
	    *flux_namespace; /* of a Kustomization, whose labels say it; NULL: it is an application's */
};

void resources_init(struct resources *, struct arena *);
void resources_done(struct resources *);

/* Adds a warning of a type ("SharedResourceWarning"); the message is borrowed. Past WARNINGS_MAX they are only
 * counted. */
#define WARNINGS_MAX 100
void resources_warn(struct resources *, const char *type, const char *message);

/* The resource of that key, or NULL. */
struct app_resource *resources_find(
    const struct resources *, const struct api_kind *, const char *ns, const char *name);

/* Another one, all zeroes but for what names it. */
struct app_resource *resources_add(struct resources *, const struct api_kind *, const char *ns, const char *name);

/* The manifest as a resource, with its place (`namespace`: of objects that name none), order, hooks and mark. The
 * same object again replaces the one before, with a warning. `suffix`: what follows a generateName. */
struct err *resources_want(struct resources *, struct arena *, const struct manifest *, const struct api_kind *,
    const char *namespace, const struct owner_mark *, const char *suffix);

/* The live object says that it belongs to this application: 1; to another one: -1 (*ret_owner: which, in the arena);
 * to none: 0. */
int resource_owner(
    struct arena *, const json_t *live, const struct api_kind *, const struct owner_mark *, const char **ret_owner);

/* A comma-separated annotation, or list of options, has this entry ("Prune=false"). */
bool resource_list_has(const char *list, const char *entry);

/* Less than, equal to or greater than 0, as x comes before y in one wave: by kind, then by name. */
int resource_order(const struct app_resource *x, const struct app_resource *y);
