/* kube/api/flux.c: the rows of a GitRepository and a Kustomization. */
#include "kube/api/flux.h"
#include "base/time.h"

static const struct field flux_ref_fields[] = {
	STRING(flux_ref, branch, "branch", .doc = "a branch", .otherwise = "master"),
	STRING(flux_ref, tag, "tag", .doc = "a tag; counts before the branch"),
	STRING(
	    flux_ref, semver, "semver", .doc = "a range of versions, of which the highest tag counts; before the tag"),
	STRING(flux_ref, name, "name", .doc = "a reference's full name; before the range"),
	STRING(flux_ref, commit, "commit", .doc = "a commit; before all others"),
};
TYPE(flux_ref, "ref", .strict = true);

static const struct field flux_object_ref_fields[] = {
	STRING(flux_object_ref, name, "name", .required = true, .doc = "its name"),
	STRING(flux_object_ref, namespace, "namespace", .doc = "its namespace", .otherwise = "the same"),
};
TYPE(flux_object_ref, "reference", .strict = true);

static const struct field flux_verify_fields[] = {
	STRING(flux_verify, mode, "mode", .choices = "HEAD|head", .doc = "what must be signed: the commit",
	    .otherwise = "HEAD"),
	OBJECT(flux_verify, secret, "secretRef", flux_object_ref, .required = true,
	    .doc = "Secret with the public keys that count"),
};
TYPE(flux_verify, "verify", .strict = true);

static const struct field git_repository_spec_fields[] = {
	STRING(git_repository_spec, url, "url", .required = true, .doc = "http, https or ssh URL"),
	DURATION(git_repository_spec, interval, "interval", .required = true, .doc = "how often it is looked at"),
	DURATION(git_repository_spec, timeout, "timeout", .doc = "how long that may take", .otherwise = "60s"),
	OBJECT(git_repository_spec, ref, "ref", flux_ref, .doc = "which commit"),
	OBJECT(git_repository_spec, secret, "secretRef", flux_object_ref, .doc = "Secret with credentials"),
	STRING(git_repository_spec, provider, "provider", .choices = "generic", .doc = "who vouches for us"),
	BOOL(git_repository_spec, suspend, "suspend", .doc = "it is left as it is"),
	NOT_BUILT_AS("ignore", KIND_STRING),
	OBJECT(git_repository_spec, verify, "verify", flux_verify, .doc = "the commit must be signed"),
	NOT_BUILT("proxySecretRef"),
	NOT_BUILT_AS("include", KIND_LIST),
	NOT_BUILT("sparseCheckout"),
	NOT_BUILT_AS("recurseSubmodules", KIND_BOOL),
	NOT_BUILT_AS("serviceAccountName", KIND_STRING),
};
TYPE(git_repository_spec, "GitRepository's spec", .strict = true);

static const struct field git_repository_fields[] = {
	EMBED(git_repository, spec, "spec", git_repository_spec, .required = true, .doc = "which repository"),
	JSON(git_repository, status, "status"),
};
TYPE(git_repository, "GitRepository", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2 v1beta1",
    .plural = "gitrepositories", .kind = "GitRepository", .short_name = "gitrepo", .part = "flux", .has_status = true,
    .columns = "URL:string:.spec.url|Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "A Git repository, and the commit of it that is there now.");

static const struct field flux_source_ref_fields[] = {
	STRING(flux_source_ref, api_version, "apiVersion", .doc = "its version"),
	STRING(flux_source_ref, kind, "kind", .required = true, .choices = "GitRepository", .doc = "its kind"),
	STRING(flux_source_ref, name, "name", .required = true, .doc = "its name"),
	STRING(flux_source_ref, namespace, "namespace", .doc = "its namespace", .otherwise = "the same"),
};
TYPE(flux_source_ref, "sourceRef", .strict = true);

static const struct field flux_check_fields[] = {
	STRING(flux_check, api_version, "apiVersion", .doc = "its version"),
	STRING(flux_check, kind, "kind", .required = true, .doc = "its kind"),
	STRING(flux_check, name, "name", .required = true, .doc = "its name"),
	STRING(flux_check, namespace, "namespace", .doc = "its namespace"),
};
TYPE(flux_check, "health check", .strict = true);

static const struct field flux_image_fields[] = {
	STRING(flux_image, name, "name", .required = true, .doc = "the image's name"),
	STRING(flux_image, new_name, "newName", .doc = "another name"),
	STRING(flux_image, new_tag, "newTag", .doc = "another tag"),
	STRING(flux_image, digest, "digest", .doc = "a digest instead of a tag"),
};
TYPE(flux_image, "image", .strict = true);

static const struct field flux_substitute_ref_fields[] = {
	STRING(flux_substitute_ref, kind, "kind", .required = true, .choices = "ConfigMap|Secret", .doc = "its kind"),
	STRING(flux_substitute_ref, name, "name", .required = true, .doc = "its name"),
	BOOL(flux_substitute_ref, optional, "optional", .doc = "it need not be there"),
};
TYPE(flux_substitute_ref, "substituteFrom", .strict = true);

static const struct field flux_post_build_fields[] = {
	STRING_MAP(flux_post_build, substitute, "substitute", .doc = "variables: ${name} in manifests is their value"),
	LIST(flux_post_build, from, "substituteFrom", flux_substitute_ref,
	    .doc = "more of them, from ConfigMaps and Secrets"),
};
TYPE(flux_post_build, "postBuild", .strict = true);

static const struct field flux_metadata_fields[] = {
	STRING_MAP(flux_metadata, labels, "labels", .doc = "labels of every object"),
	STRING_MAP(flux_metadata, annotations, "annotations", .doc = "annotations of every object"),
};
TYPE(flux_metadata, "commonMetadata", .strict = true);

static const struct field flux_kustomization_spec_fields[] = {
	DURATION(flux_kustomization_spec, interval, "interval", .required = true, .doc = "how often it is applied"),
	DURATION(flux_kustomization_spec, retry_interval, "retryInterval", .doc = "after a failure",
	    .otherwise = "interval"),
	DURATION(flux_kustomization_spec, timeout, "timeout", .doc = "of applying and of becoming healthy",
	    .otherwise = "interval, less 30s"),
	STRING(flux_kustomization_spec, path, "path", .doc = "directory in the repository", .otherwise = "."),
	BOOL(flux_kustomization_spec, prune, "prune", .required = true, .doc = "what is no longer in Git is deleted"),
	BOOL(flux_kustomization_spec, wait, "wait", .doc = "ready means that every object is healthy"),
	BOOL(flux_kustomization_spec, suspend, "suspend", .doc = "it is left as it is"),
	BOOL(flux_kustomization_spec, force, "force", .doc = "what cannot be changed is deleted and made anew"),
	EMBED(flux_kustomization_spec, source, "sourceRef", flux_source_ref, .required = true, .doc = "the repository"),
	STRING(flux_kustomization_spec, target_namespace, "targetNamespace", .doc = "the namespace of every object"),
	STRING(flux_kustomization_spec, name_prefix, "namePrefix", .doc = "stands before every name"),
	STRING(flux_kustomization_spec, name_suffix, "nameSuffix", .doc = "stands behind every name"),
	JSON(flux_kustomization_spec, patches, "patches", .doc = "patches, as a kustomization has them"),
	LIST(flux_kustomization_spec, images, "images", flux_image, .doc = "other images"),
	STRINGS(flux_kustomization_spec, components, "components", .doc = "paths of components, from the path"),
	OBJECT(flux_kustomization_spec, common_metadata, "commonMetadata", flux_metadata, .doc = "of every object"),
	OBJECT(flux_kustomization_spec, post_build, "postBuild", flux_post_build, .doc = "variables in manifests"),
	LIST(flux_kustomization_spec, health_checks, "healthChecks", flux_check,
	    .doc = "ready means that these are healthy"),
	LIST(flux_kustomization_spec, depends_on, "dependsOn", flux_object_ref,
	    .doc = "Kustomizations that must be ready first"),
	STRING(flux_kustomization_spec, deletion_policy, "deletionPolicy",
	    .choices = "MirrorPrune|Delete|WaitForTermination|Orphan",
	    .doc = "what becomes of the objects when it is deleted", .otherwise = "MirrorPrune"),
	NOT_BUILT("decryption"),
	NOT_BUILT("kubeConfig"),
	STRING(flux_kustomization_spec, service_account, "serviceAccountName",
	    .doc = "ServiceAccount of its namespace that everything is done as", .otherwise = "the controller's own"),
	NOT_BUILT_AS("healthCheckExprs", KIND_LIST),
	NOT_BUILT_AS("ignoreMissingComponents", KIND_BOOL),
	NOT_BUILT("buildMetadata"),
};
TYPE(flux_kustomization_spec, "Kustomization's spec", .strict = true);

static const struct field flux_kustomization_fields[] = {
	EMBED(
	    flux_kustomization, spec, "spec", flux_kustomization_spec, .required = true, .doc = "what is to be there"),
	JSON(flux_kustomization, status, "status"),
};
TYPE(flux_kustomization, "Kustomization", .group = "kustomize.toolkit.fluxcd.io", .version = "v1",
    .also = "v1beta2 v1beta1", .plural = "kustomizations", .kind = "Kustomization", .short_name = "ks", .part = "flux",
    .has_status = true,
    .columns = "Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "A directory of a Git repository that is to be in the cluster.");

const char *
flux_request_mark(struct arena *a, int64_t now)
{
	return arena_printf(a, "%s-%lld", time_format(a, now), (long long)now);
}
