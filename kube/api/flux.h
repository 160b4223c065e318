/* kube/api/flux.h: the fields of Flux's GitRepository and Kustomization that are used.
 *
 * Members have the names and meanings of the API's fields, which docs/reference.md describes.
 */
#pragma once
#include "kube/api/meta.h"

#define ANNOTATION_REQUESTED_AT "reconcile.fluxcd.io/requestedAt" /* a new value requests a reconciliation */
#define FLUX_FINALIZER "finalizers.fluxcd.io"

/* Whether an object is ready (as its spec requires), in the words of kstatus, from best to worst. */
enum kstatus {
	KSTATUS_CURRENT,
	KSTATUS_IN_PROGRESS,
	KSTATUS_TERMINATING,
	KSTATUS_NOT_FOUND,
	KSTATUS_UNKNOWN,
	KSTATUS_FAILED, /* it will not become current without a change */
	KSTATUS_MAX
};

extern const char *const kstatus_names[KSTATUS_MAX];

struct flux_ref {
	const char *branch, *tag, *semver, *name, *commit; /* the last one that is set takes precedence */
};

/* A Secret in the namespace of the object that refers to it. */
struct flux_secret_ref {
	const char *name;
};

/* A Kustomization that another one depends on. */
struct flux_object_ref {
	const char *name, *namespace; /* namespace NULL: that of the Kustomization that depends on it */
};

struct flux_verify {
	const char *mode;
	const struct flux_secret_ref *secret;
};

struct git_repository_spec {
	const char *url;
	struct duration interval, timeout;
	const struct flux_ref *ref;
	const struct flux_secret_ref *secret;
	const char *provider;
	const char *ignore; /* NULL if absent */
	const struct flux_verify *verify; /* NULL if unsigned commits are accepted */
	bool suspend;
};

struct git_repository {
	struct object object;
	struct git_repository_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

struct flux_source_ref {
	const char *api_version, *kind, *name, *namespace;
};

struct flux_check {
	const char *api_version, *kind, *name, *namespace;
};

struct flux_image {
	const char *name, *new_name, *new_tag, *digest;
};

struct flux_substitute_ref {
	const char *kind, *name;
	bool optional;
};

struct flux_post_build {
	struct string_map substitute;
	LIST_OF(struct flux_substitute_ref) from;
	const char *strategy; /* NULL means WithVariables */
};

struct flux_metadata {
	struct string_map labels, annotations;
};

struct flux_kustomization_spec {
	struct duration interval, retry_interval, timeout;
	const char *path;
	bool prune, wait, suspend, force;
	struct flux_source_ref source;
	const char *target_namespace, *name_prefix, *name_suffix;
	const char *patches; /* JSON list, as in a kustomization */
	LIST_OF(struct flux_image) images;
	struct strings components;
	const struct flux_metadata *common_metadata;
	const struct flux_post_build *post_build;
	LIST_OF(struct flux_check) health_checks;
	LIST_OF(struct flux_object_ref) depends_on;
	const char *deletion_policy;
	const char *service_account; /* NULL if the controller does not impersonate a ServiceAccount */
};

struct flux_kustomization {
	struct object object;
	struct flux_kustomization_spec spec;
	const char *status; /* as JSON; NULL if the object has no status yet */
};

/* Returns a new value for ANNOTATION_REQUESTED_AT, from `now` (wall ms). In the arena. */
const char *flux_request_mark(struct arena *, int64_t now);

extern const struct type flux_secret_ref_type, flux_metadata_type, flux_image_type, flux_object_ref_type,
    git_repository_spec_type, git_repository_type, flux_kustomization_spec_type, flux_kustomization_type;
