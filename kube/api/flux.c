/* kube/api/flux.c: GitRepository and Kustomization of Flux: the rows of their fields. */
#include "kube/api/flux.h"
#include "base/time.h"

const char *const kstatus_names[KSTATUS_MAX] = { "Current", "InProgress", "Terminating", "NotFound", "Unknown",
	"Failed" };

static const struct field flux_ref_fields[] = {
	STRING(flux_ref, branch, "branch", .doc = "Branch to follow.", .default_text = "master"),
	STRING(flux_ref, tag, "tag", .doc = "Tag to follow. Takes precedence over branch."),
	STRING(flux_ref, semver, "semver",
	    .doc = "Semver range; the highest matching tag is used. Takes precedence over tag and branch."),
	STRING(flux_ref, name, "name",
	    .doc =
		"Full name of a Git reference, such as refs/heads/main. Takes precedence over semver, tag and branch."),
	STRING(flux_ref, commit, "commit", .doc = "Commit to use. Takes precedence over all other fields."),
};
TYPE(flux_ref, "ref", .strict = true);

static const struct field flux_secret_ref_fields[] = {
	STRING(flux_secret_ref, name, "name", .required = true,
	    .doc = "Name of the Secret, in the namespace of the object that refers to it."),
};
TYPE(flux_secret_ref, "reference to a Secret", .strict = true);

static const struct field flux_object_ref_fields[] = {
	STRING(flux_object_ref, name, "name", .required = true, .doc = "Name of the Kustomization."),
	STRING(flux_object_ref, namespace, "namespace", .doc = "Namespace of the Kustomization.",
	    .default_text = "that of the Kustomization that depends on it"),
};
TYPE(flux_object_ref, "reference", .strict = true);

static const struct field flux_verify_fields[] = {
	STRING(flux_verify, mode, "mode", .choices = "HEAD|head", .doc = "Git objects whose signature is verified.",
	    .default_text = "HEAD"),
	OBJECT(flux_verify, secret, "secretRef", flux_secret_ref, .required = true,
	    .doc = "Secret with the trusted public keys."),
};
TYPE(flux_verify, "verify", .strict = true);

static const struct field git_repository_spec_fields[] = {
	STRING(git_repository_spec, url, "url", .required = true, .doc = "URL of the repository (http, https or ssh)."),
	DURATION(git_repository_spec, interval, "interval", .required = true,
	    .doc = "Interval at which the repository is fetched."),
	DURATION(git_repository_spec, timeout, "timeout", .doc = "Maximum time of a fetch.", .default_text = "60s"),
	OBJECT(git_repository_spec, ref, "ref", flux_ref, .doc = "Git reference to follow.",
	    .default_text = "the branch master"),
	OBJECT(git_repository_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with credentials. Unset: the repository is read without credentials."),
	STRING(git_repository_spec, provider, "provider", .choices = "generic",
	    .doc = "Provider of the credentials: generic, which is the Secret of secretRef."),
	BOOL(git_repository_spec, suspend, "suspend",
	    .doc = "Stop fetching. Kustomizations keep using the last commit."),
	STRING(git_repository_spec, ignore, "ignore",
	    .doc = "Files to leave out, in .gitignore syntax, in addition to those of .sourceignore files.",
	    .default_text = "what Flux leaves out: images, archives, files of CI systems"),
	OBJECT(git_repository_spec, verify, "verify", flux_verify,
	    .doc = "Require a commit that is signed with a trusted key. Unset: unsigned commits are accepted."),
	NOT_SUPPORTED("proxySecretRef"),
	NOT_SUPPORTED_AS("include", KIND_LIST),
	NOT_SUPPORTED_AS("sparseCheckout", KIND_LIST),
	NOT_SUPPORTED_AS("recurseSubmodules", KIND_BOOL),
	NOT_SUPPORTED_AS("serviceAccountName", KIND_STRING),
};
TYPE(git_repository_spec, "GitRepository's spec", .strict = true);

static const struct field git_repository_fields[] = {
	EMBED(git_repository, spec, "spec", git_repository_spec, .required = true,
	    .doc = "Repository and reference to follow."),
	JSON(git_repository, status, "status"),
};
TYPE(git_repository, "GitRepository", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2 v1beta1",
    .plural = "gitrepositories", .kind = "GitRepository", .short_name = "gitrepo", .part = "flux", .has_status = true,
    .columns = "URL:string:.spec.url|Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "GitRepository makes the latest commit of a Git reference available to Kustomizations.");

static const struct field flux_source_ref_fields[] = {
	STRING(flux_source_ref, api_version, "apiVersion", .doc = "API version of the source. Has no effect."),
	STRING(flux_source_ref, kind, "kind", .required = true, .choices = "GitRepository",
	    .doc = "Kind of the source: GitRepository."),
	STRING(flux_source_ref, name, "name", .required = true, .doc = "Name of the source."),
	STRING(flux_source_ref, namespace, "namespace", .doc = "Namespace of the source.",
	    .default_text = "that of the Kustomization"),
};
TYPE(flux_source_ref, "sourceRef", .strict = true);

static const struct field flux_check_fields[] = {
	STRING(flux_check, api_version, "apiVersion", .doc = "API version of the object.", .default_text = "apps/v1"),
	STRING(flux_check, kind, "kind", .required = true, .doc = "Kind of the object."),
	STRING(flux_check, name, "name", .required = true, .doc = "Name of the object."),
	STRING(flux_check, namespace, "namespace", .doc = "Namespace of the object.",
	    .default_text = "targetNamespace, or else that of the Kustomization"),
};
TYPE(flux_check, "health check", .strict = true);

static const struct field flux_image_fields[] = {
	STRING(flux_image, name, "name", .required = true, .doc = "Name of the image."),
	STRING(flux_image, new_name, "newName", .doc = "New name of the image. Unset: the name stays."),
	STRING(flux_image, new_tag, "newTag", .doc = "New tag of the image. Unset: the tag stays."),
	STRING(flux_image, digest, "digest", .doc = "Digest to use instead of a tag."),
};
TYPE(flux_image, "image", .strict = true);

static const struct field flux_substitute_ref_fields[] = {
	STRING(flux_substitute_ref, kind, "kind", .required = true, .choices = "ConfigMap|Secret",
	    .doc = "Kind of the object."),
	STRING(flux_substitute_ref, name, "name", .required = true,
	    .doc = "Name of the object, in the namespace of the Kustomization."),
	BOOL(flux_substitute_ref, optional, "optional",
	    .doc = "True: ignore the object if it does not exist. False: the Kustomization fails."),
};
TYPE(flux_substitute_ref, "substituteFrom", .strict = true);

static const struct field flux_post_build_fields[] = {
	STRING_MAP(flux_post_build, substitute, "substitute",
	    .doc = "Variables: ${name} in manifests is replaced by the value. Take precedence over substituteFrom."),
	LIST(flux_post_build, from, "substituteFrom", flux_substitute_ref,
	    .doc =
		"ConfigMaps and Secrets whose keys are more variables. Later ones take precedence over earlier ones."),
	STRING(flux_post_build, strategy, "substituteStrategy", .choices = "WithVariables|Always",
	    .doc = "WithVariables: nothing is replaced if no variable is set, not even by its default in the manifest "
		   "(${name:=default}). Always: defaults are used in any case.",
	    .default_text = "WithVariables"),
};
TYPE(flux_post_build, "postBuild", .strict = true);

static const struct field flux_metadata_fields[] = {
	STRING_MAP(flux_metadata, labels, "labels", .doc = "Labels to add to all objects."),
	STRING_MAP(flux_metadata, annotations, "annotations", .doc = "Annotations to add to all objects."),
};
TYPE(flux_metadata, "commonMetadata", .strict = true);

static const struct field flux_kustomization_spec_fields[] = {
	DURATION(flux_kustomization_spec, interval, "interval", .required = true,
	    .doc = "Interval at which the manifests are applied."),
	DURATION(flux_kustomization_spec, retry_interval, "retryInterval", .doc = "Interval after a failure.",
	    .default_text = "interval"),
	DURATION(flux_kustomization_spec, timeout, "timeout",
	    .doc = "Maximum time for the applied objects to become healthy; at least 30s.",
	    .default_text = "interval minus 30s"),
	STRING(flux_kustomization_spec, path, "path", .doc = "Directory in the repository.", .default_text = "."),
	BOOL(flux_kustomization_spec, prune, "prune", .required = true,
	    .doc = "Delete objects that are no longer in Git, and all objects when the Kustomization is deleted (see "
		   "deletionPolicy)."),
	BOOL(flux_kustomization_spec, wait, "wait",
	    .doc = "Become ready only when all applied objects are healthy. healthChecks has no effect then."),
	BOOL(flux_kustomization_spec, suspend, "suspend",
	    .doc = "Stop applying. The objects of a Kustomization that is deleted while suspended are kept."),
	BOOL(flux_kustomization_spec, force, "force",
	    .doc = "Delete and recreate objects whose immutable fields changed. False: such a change is an error."),
	EMBED(flux_kustomization_spec, source, "sourceRef", flux_source_ref, .required = true,
	    .doc = "Source of the manifests."),
	STRING(flux_kustomization_spec, target_namespace, "targetNamespace",
	    .doc = "Namespace of all objects. Replaces the namespaces in the manifests."),
	STRING(flux_kustomization_spec, name_prefix, "namePrefix", .doc = "Prefix of the names of all objects."),
	STRING(flux_kustomization_spec, name_suffix, "nameSuffix", .doc = "Suffix of the names of all objects."),
	JSON(flux_kustomization_spec, patches, "patches", .doc = "Patches, as in a kustomization file."),
	LIST(flux_kustomization_spec, images, "images", flux_image, .doc = "Images to replace."),
	STRINGS(flux_kustomization_spec, components, "components", .doc = "Paths of components, relative to path."),
	OBJECT(flux_kustomization_spec, common_metadata, "commonMetadata", flux_metadata,
	    .doc = "Labels and annotations to add to all objects."),
	OBJECT(flux_kustomization_spec, post_build, "postBuild", flux_post_build,
	    .doc = "Variables to substitute in the manifests."),
	LIST(flux_kustomization_spec, health_checks, "healthChecks", flux_check,
	    .doc = "Become ready only when these objects are healthy. Has no effect with wait."),
	LIST(flux_kustomization_spec, depends_on, "dependsOn", flux_object_ref,
	    .doc = "Kustomizations that must be ready before this one is applied."),
	STRING(flux_kustomization_spec, deletion_policy, "deletionPolicy",
	    .choices = "MirrorPrune|Delete|WaitForTermination|Orphan",
	    .doc = "Whether the objects are deleted with the Kustomization. MirrorPrune: if prune is true. Delete and "
		   "WaitForTermination: yes. Orphan: no.",
	    .default_text = "MirrorPrune"),
	NOT_SUPPORTED("decryption"),
	NOT_SUPPORTED("kubeConfig"),
	STRING(flux_kustomization_spec, service_account, "serviceAccountName",
	    .doc = "ServiceAccount to impersonate, in the namespace of the Kustomization.",
	    .default_text = "controller --default-service-account, or else the controller's own"),
	NOT_SUPPORTED_AS("healthCheckExprs", KIND_LIST),
	NOT_SUPPORTED_AS("ignoreMissingComponents", KIND_BOOL),
	NOT_SUPPORTED_AS("buildMetadata", KIND_LIST),
};
TYPE(flux_kustomization_spec, "Kustomization's spec", .strict = true);

static const struct field flux_kustomization_fields[] = {
	EMBED(flux_kustomization, spec, "spec", flux_kustomization_spec, .required = true,
	    .doc = "Source of the manifests and how to apply them."),
	JSON(flux_kustomization, status, "status"),
};
TYPE(flux_kustomization, "Kustomization", .group = "kustomize.toolkit.fluxcd.io", .version = "v1",
    .also = "v1beta2 v1beta1", .plural = "kustomizations", .kind = "Kustomization", .short_name = "ks", .part = "flux",
    .has_status = true,
    .columns = "Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "Kustomization applies the manifests in a directory of a GitRepository.");

const char *
flux_request_mark(struct arena *a, int64_t now)
{
	return arena_printf(a, "%s-%lld", time_format(a, now), (long long)now);
}
