/* kube/api/flux.c: GitRepository and Kustomization of Flux: the rows of their fields. */
#include "kube/api/flux.h"
#include "base/time.h"

const char *const kstatus_names[KSTATUS_MAX] = { "Current", "InProgress", "Terminating", "NotFound", "Unknown",
	"Failed" };

static const struct field flux_ref_fields[] = {
	STRING(flux_ref, branch, "branch", .doc = "Branch to follow.", .default_text = "master"),
	STRING(flux_ref, tag, "tag", .doc = "Tag to follow. Takes precedence over branch."),
	STRING(flux_ref, semver, "semver",
	    .doc =
		"Semver range, such as 1.x; the highest matching tag is used. Takes precedence over tag and branch."),
	STRING(flux_ref, name, "name",
	    .doc = "Full name of a Git reference: refs/heads/main. Takes precedence over semver, tag and branch."),
	STRING(flux_ref, commit, "commit", .doc = "Commit (SHA) to use. Takes precedence over all other fields."),
};
TYPE(flux_ref, "ref", .strict = true);

static const struct field flux_secret_ref_fields[] = {
	STRING(flux_secret_ref, name, "name", .required = true,
	    .doc = "Name of the Secret, in the namespace of the object that refers to it."),
};
TYPE(flux_secret_ref, "reference to a Secret", .strict = true);

static const struct field flux_object_ref_fields[] = {
	STRING(flux_object_ref, name, "name", .required = true, .doc = "Name of the object, of the same kind."),
	STRING(flux_object_ref, namespace, "namespace", .doc = "Namespace of the object.",
	    .default_text = "the same namespace"),
};
TYPE(flux_object_ref, "reference", .strict = true);

static const struct field flux_verify_fields[] = {
	STRING(flux_verify, mode, "mode", .choices = "HEAD|head",
	    .doc = "Git object whose signature is verified: the commit (HEAD, head). Tags are not verified.",
	    .default_text = "HEAD"),
	OBJECT(flux_verify, secret, "secretRef", flux_secret_ref, .required = true,
	    .doc = "Secret with the trusted public keys, PGP or SSH, one in each value."),
};
TYPE(flux_verify, "verify", .strict = true);

static const struct field git_repository_spec_fields[] = {
	STRING(git_repository_spec, url, "url", .required = true, .doc = "URL of the repository: http, https or ssh."),
	DURATION(git_repository_spec, interval, "interval", .required = true,
	    .doc = "Interval at which the repository is fetched, such as 5m; up to 5 % are added at random."),
	DURATION(git_repository_spec, timeout, "timeout",
	    .doc = "Maximum time of a fetch. Later Ready is False (GitOperationFailed).", .default_text = "60s"),
	OBJECT(git_repository_spec, ref, "ref", flux_ref, .doc = "Git reference to follow.",
	    .default_text = "branch master"),
	OBJECT(git_repository_spec, secret, "secretRef", flux_secret_ref,
	    .doc = "Secret with username and password, bearerToken, or identity and known_hosts for ssh; ca.crt. "
		   "Unset: no credentials."),
	STRING(git_repository_spec, provider, "provider", .choices = "generic",
	    .doc = "Source of the credentials: there is only generic, the Secret of secretRef."),
	BOOL(git_repository_spec, suspend, "suspend",
	    .doc = "True: stop fetching; the conditions stay. Kustomizations keep using the last commit."),
	STRING(git_repository_spec, ignore, "ignore",
	    .doc = "Files to leave out, in .gitignore syntax, in addition to those of .sourceignore files.",
	    .default_text = "as in Flux: images, archives, files of CI systems"),
	OBJECT(git_repository_spec, verify, "verify", flux_verify,
	    .doc = "Require a commit that is signed with a trusted key; another one is not used, and Ready is False. "
		   "Unset: unsigned commits are accepted."),
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
	JSON(git_repository, status, "status",
	    .doc = "conditions: Ready, FetchFailed, Reconciling, Stalled, SourceVerified. artifact.revision: the "
		   "commit, as main@sha1:HASH."),
};
TYPE(git_repository, "GitRepository", .group = "source.toolkit.fluxcd.io", .version = "v1", .also = "v1beta2 v1beta1",
    .plural = "gitrepositories", .kind = "GitRepository", .errors = "by the condition Ready, which is False",
    .short_name = "gitrepo", .part = "flux", .has_status = true,
    .columns = "URL:string:.spec.url|Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "GitRepository (Flux) finds the newest commit of a Git reference for Kustomizations. Users create it. Its "
	   "condition Ready is False with the reason if the spec is invalid (InvalidSpec, until it is changed) or the "
	   "repository cannot be read (retried after 10 s, then after twice as long each time, up to interval).");

static const struct field flux_source_ref_fields[] = {
	STRING(flux_source_ref, api_version, "apiVersion", .doc = "API version of the source. Has no effect."),
	STRING(flux_source_ref, kind, "kind", .required = true, .choices = "GitRepository",
	    .doc = "Kind of the source: there is only GitRepository."),
	STRING(flux_source_ref, name, "name", .required = true,
	    .doc = "Name of the source. If it does not exist, Ready is False (ArtifactFailed) until it does."),
	STRING(flux_source_ref, namespace, "namespace",
	    .doc = "Namespace of the source. controller --no-cross-namespace-refs allows no other one.",
	    .default_text = "the same namespace"),
};
TYPE(flux_source_ref, "sourceRef", .strict = true);

static const struct field flux_check_fields[] = {
	STRING(flux_check, api_version, "apiVersion", .doc = "API version of the object.", .default_text = "apps/v1"),
	STRING(flux_check, kind, "kind", .required = true, .doc = "Kind of the object."),
	STRING(flux_check, name, "name", .required = true, .doc = "Name of the object."),
	STRING(flux_check, namespace, "namespace", .doc = "Namespace of the object.",
	    .default_text = "targetNamespace, or else the same namespace"),
};
TYPE(flux_check, "health check", .strict = true);

static const struct field flux_image_fields[] = {
	STRING(flux_image, name, "name", .required = true, .doc = "Name of the image in the manifests."),
	STRING(flux_image, new_name, "newName", .doc = "New name. Unset: it stays."),
	STRING(flux_image, new_tag, "newTag", .doc = "New tag. Unset: it stays."),
	STRING(flux_image, digest, "digest",
	    .doc = "Digest. With newTag the image has both; without it the tag is dropped."),
};
TYPE(flux_image, "image", .strict = true);

static const struct field flux_substitute_ref_fields[] = {
	STRING(flux_substitute_ref, kind, "kind", .required = true, .choices = "ConfigMap|Secret",
	    .doc = "Kind of the object."),
	STRING(flux_substitute_ref, name, "name", .required = true,
	    .doc = "Name of the object, in the namespace of the Kustomization."),
	BOOL(flux_substitute_ref, optional, "optional",
	    .doc = "True: ignore the object if it does not exist. False: the Kustomization is not applied then."),
};
TYPE(flux_substitute_ref, "substituteFrom", .strict = true);

static const struct field flux_post_build_fields[] = {
	STRING_MAP(flux_post_build, substitute, "substitute",
	    .doc = "Variables: ${NAME} in manifests is replaced by the value; one without a value or default becomes "
		   "empty. Take precedence over substituteFrom."),
	LIST(flux_post_build, from, "substituteFrom", flux_substitute_ref,
	    .doc = "ConfigMaps and Secrets whose keys are variables. Later ones take precedence over earlier ones."),
	STRING(flux_post_build, strategy, "substituteStrategy", .choices = "WithVariables|Always",
	    .doc = "WithVariables: nothing is replaced if no variable is set, not even by its default in the manifest "
		   "(${NAME:=default}). Always: defaults are used in any case.",
	    .default_text = "WithVariables"),
};
TYPE(flux_post_build, "postBuild", .strict = true);

static const struct field flux_metadata_fields[] = {
	STRING_MAP(flux_metadata, labels, "labels",
	    .doc = "Labels to add to all objects; they replace those of the manifests."),
	STRING_MAP(flux_metadata, annotations, "annotations",
	    .doc = "Annotations to add to all objects; they replace those of the manifests."),
};
TYPE(flux_metadata, "commonMetadata", .strict = true);

static const struct field flux_kustomization_spec_fields[] = {
	DURATION(flux_kustomization_spec, interval, "interval", .required = true,
	    .doc = "Interval at which the manifests are applied, also if nothing changed; up to 5 % are added at "
		   "random. A new commit is applied at once."),
	DURATION(flux_kustomization_spec, retry_interval, "retryInterval",
	    .doc = "Interval after a failure. A temporary one (no response) is retried after 10 s, then after twice as "
		   "long each time, up to this interval.",
	    .default_text = "interval"),
	DURATION(flux_kustomization_spec, timeout, "timeout",
	    .doc = "Maximum time for the objects of wait or healthChecks to become healthy; at least 30s. Later Ready "
		   "is False (HealthCheckFailed).",
	    .default_text = "interval minus 30s"),
	STRING(flux_kustomization_spec, path, "path",
	    .doc = "Directory in the repository. Without a kustomization file, all manifests below it are included.",
	    .default_text = "."),
	BOOL(flux_kustomization_spec, prune, "prune", .required = true,
	    .doc = "True: delete objects that are no longer in Git, and all objects with the Kustomization (see "
		   "deletionPolicy). False: they stay."),
	BOOL(flux_kustomization_spec, wait, "wait",
	    .doc = "True: Ready only when all applied objects are healthy; healthChecks has no effect then. False: "
		   "when they are applied."),
	BOOL(flux_kustomization_spec, suspend, "suspend",
	    .doc = "True: stop applying; the conditions stay. The objects of a Kustomization that is deleted while "
		   "suspended are kept."),
	BOOL(flux_kustomization_spec, force, "force",
	    .doc =
		"True: delete and recreate objects whose immutable fields changed. False: such a change is an error."),
	EMBED(flux_kustomization_spec, source, "sourceRef", flux_source_ref, .required = true,
	    .doc = "Source of the manifests."),
	STRING(flux_kustomization_spec, target_namespace, "targetNamespace",
	    .doc = "Namespace of all objects. Takes precedence over those in the manifests. Unset: each manifest must "
		   "name one."),
	STRING(flux_kustomization_spec, name_prefix, "namePrefix", .doc = "Prefix of the names of all objects."),
	STRING(flux_kustomization_spec, name_suffix, "nameSuffix", .doc = "Suffix of the names of all objects."),
	JSON(flux_kustomization_spec, patches, "patches", .of = &any_object_type,
	    .doc = "Patches, as in a kustomization file."),
	LIST(flux_kustomization_spec, images, "images", flux_image, .doc = "Images to replace."),
	STRINGS(flux_kustomization_spec, components, "components",
	    .doc = "Directories of components to add, relative to path."),
	OBJECT(flux_kustomization_spec, common_metadata, "commonMetadata", flux_metadata,
	    .doc = "Labels and annotations to add to all objects."),
	OBJECT(flux_kustomization_spec, post_build, "postBuild", flux_post_build,
	    .doc = "Variables to substitute in the manifests, after they are built. Unset: ${NAME} stays."),
	LIST(flux_kustomization_spec, health_checks, "healthChecks", flux_check,
	    .doc = "Objects that must be healthy for Ready; they may be of other sources. Has no effect with wait. "
		   "Empty: none."),
	LIST(flux_kustomization_spec, depends_on, "dependsOn", flux_object_ref,
	    .doc = "Kustomizations that must be Ready before this one is applied; with the same source, for the same "
		   "commit. Until then Ready is False (DependencyNotReady)."),
	STRING(flux_kustomization_spec, deletion_policy, "deletionPolicy",
	    .choices = "MirrorPrune|Delete|WaitForTermination|Orphan",
	    .doc = "What happens to the objects when the Kustomization is deleted. MirrorPrune: they are deleted if "
		   "prune is true. Delete, WaitForTermination: they are deleted. Orphan: they stay.",
	    .default_text = "MirrorPrune"),
	NOT_SUPPORTED("decryption"),
	NOT_SUPPORTED("kubeConfig"),
	STRING(flux_kustomization_spec, service_account, "serviceAccountName",
	    .doc = "ServiceAccount to impersonate, in the namespace of the Kustomization. Without its permissions the "
		   "apply fails.",
	    .default_text = "controller --default-service-account, or else the controller's own"),
	NOT_SUPPORTED_AS("healthCheckExprs", KIND_LIST),
	NOT_SUPPORTED_AS("ignoreMissingComponents", KIND_BOOL),
	NOT_SUPPORTED_AS("buildMetadata", KIND_LIST),
};
TYPE(flux_kustomization_spec, "Kustomization's spec", .strict = true);

static const struct field flux_kustomization_fields[] = {
	EMBED(flux_kustomization, spec, "spec", flux_kustomization_spec, .required = true,
	    .doc = "Source of the manifests and how to apply them."),
	JSON(flux_kustomization, status, "status",
	    .doc = "conditions: Ready, Healthy, Reconciling, Stalled, RevisionHeld. lastAppliedRevision, "
		   "lastAttemptedRevision, and inventory: the applied objects."),
};
TYPE(flux_kustomization, "Kustomization", .group = "kustomize.toolkit.fluxcd.io", .version = "v1",
    .also = "v1beta2 v1beta1", .plural = "kustomizations", .kind = "Kustomization",
    .errors = "by the condition Ready, which is False", .short_name = "ks", .part = "flux", .has_status = true,
    .columns = "Ready:string:.status.conditions[?(@.type==\"Ready\")].status|"
	       "Status:string:.status.conditions[?(@.type==\"Ready\")].message",
    .doc = "Kustomization (Flux) applies the manifests in a directory of a GitRepository. Users create it. Its "
	   "condition Ready is False with the reason and message if the spec is invalid, or the manifests cannot be "
	   "built, applied or become healthy.");

const char *
flux_request_mark(struct arena *a, int64_t now)
{
	return arena_printf(a, "%s-%lld", time_format(a, now), (long long)now);
}
