/* gitops/kustomize/kustomization.h: the file kustomization.yaml, as a type. A field that kustomize has and that is
 * not supported is a row too, with an error: nothing is ignored silently.
 *
 * Behavior is that of kustomize 5.8 (its documentation, "The Kustomization File").
 */
#pragma once
#include "gitops/source/tree.h"
#include "kube/api/type.h"

struct k_selector {
	const char *group, *version, *kind, *name, *namespace; /* regular expressions, anchored; NULL: any */
	const char *label_selector, *annotation_selector;
};

struct k_patch_options {
	bool allow_name_change, allow_kind_change;
};

struct k_patch {
	const char *path, *patch; /* one of them: a file, or the text */
	const struct k_selector *target;
	struct k_patch_options options;
	bool forgetful; /* of patchesJson6902: names that it changes are not recorded */
};

struct k_field_spec {
	const char *group, *version, *kind, *path;
	bool create;
};

struct k_field_specs {
	struct k_field_spec *at;
	size_t n;
};

struct k_label {
	struct string_map pairs;
	bool include_selectors, include_templates;
	struct k_field_specs fields;
};

struct k_image {
	const char *name, *new_name, *new_tag, *digest, *tag_suffix;
};

struct k_replica {
	const char *name, *count;
};

struct k_generator_options {
	struct string_map labels, annotations;
	bool disable_hash, immutable;
};

struct k_generator {
	const char *name, *namespace, *behavior, *secret_type;
	struct strings files, envs, literals;
	const char *env;
	const struct k_generator_options *options;
};

struct k_replacement_options {
	const char *delimiter;
	int64_t index;
	bool create;
};

struct k_replacement_source {
	const char *group, *version, *kind, *name, *namespace, *field_path;
	const struct k_replacement_options *options;
};

struct k_replacement_target {
	const struct k_selector *select;
	LIST_OF(struct k_selector) reject;
	struct strings field_paths;
	const struct k_replacement_options *options;
};

struct k_replacement {
	const char *path; /* a file with it, or with a list of them */
	const struct k_replacement_source *source;
	const char *source_value; /* instead of a source */
	LIST_OF(struct k_replacement_target) targets;
};

struct k_sort_options {
	const char *order;
};

struct k_objref {
	const char *api_version, *group, *version, *kind, *name, *namespace;
};

struct k_fieldref {
	const char *field_path;
};

/* `$(NAME)` stands for the value of a field. */
struct k_var {
	const char *name;
	struct k_objref objref;
	struct k_fieldref fieldref;
};

struct k_openapi {
	const char *path, *version;
};

struct kustomization {
	const char *api_version, *kind;
	struct strings resources, bases, components;
	const char *namespace, *name_prefix, *name_suffix;
	struct string_map common_labels, common_annotations;
	LIST_OF(struct k_label) labels;
	LIST_OF(struct k_patch) patches;
	LIST_OF(struct k_patch) patches_json6902;
	struct strings patches_strategic_merge;
	LIST_OF(struct k_image) images;
	LIST_OF(struct k_replica) replicas;
	LIST_OF(struct k_generator) config_maps;
	LIST_OF(struct k_generator) secrets;
	const struct k_generator_options *generator_options;
	LIST_OF(struct k_replacement) replacements;
	LIST_OF(struct k_var) vars;
	struct strings configurations, crds, generators, transformers;
	const struct k_openapi *openapi;
	const struct k_sort_options *sort_options;
	struct strings build_metadata;
	const char *metadata;
};

/* Decodes a part of a kustomization (decode, kube/api/type.h). An error names `what`, and the field that is wrong. */
struct err *k_decode(struct arena *, const struct type *, const json_t *, const char *what, void *ret);

extern const struct type kustomization_type, k_replacement_type, k_patch_type, k_field_spec_type, k_selector_type,
    k_patch_options_type, k_replica_type, k_image_type, k_generator_type;

/* Returns the path of the file with a kustomization in a directory ("" is the root), in the arena; NULL: there is
 * none. */
const char *kustomization_in(const struct tree *, struct arena *, const char *directory);
