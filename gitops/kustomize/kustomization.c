/* gitops/kustomize/kustomization.c: the file kustomization.yaml as a type: one row for each field, supported or
 * refused. Flux's Kustomization: gitops/flux/. */
#include "gitops/kustomize/kustomization.h"
#include <string.h>

static const struct field k_selector_fields[] = {
	STRING(k_selector, group, "group"),
	STRING(k_selector, version, "version"),
	STRING(k_selector, kind, "kind"),
	STRING(k_selector, name, "name"),
	STRING(k_selector, namespace, "namespace"),
	STRING(k_selector, label_selector, "labelSelector"),
	STRING(k_selector, annotation_selector, "annotationSelector"),
};
TYPE(k_selector, "target", .strict = true, .any_case = true);

static const struct field k_patch_options_fields[] = {
	BOOL(k_patch_options, allow_name_change, "allowNameChange"),
	BOOL(k_patch_options, allow_kind_change, "allowKindChange"),
};
TYPE(k_patch_options, "options", .strict = true, .any_case = true);

static const struct field k_patch_fields[] = {
	STRING(k_patch, path, "path"),
	STRING(k_patch, patch, "patch"),
	OBJECT(k_patch, target, "target", k_selector),
	EMBED(k_patch, options, "options", k_patch_options),
};
TYPE(k_patch, "patch", .strict = true, .any_case = true);

static const struct field k_field_spec_fields[] = {
	STRING(k_field_spec, group, "group"),
	STRING(k_field_spec, version, "version"),
	STRING(k_field_spec, kind, "kind"),
	STRING(k_field_spec, path, "path", .required = true),
	BOOL(k_field_spec, create, "create"),
};
TYPE(k_field_spec, "field", .strict = true, .any_case = true);

static const struct field k_label_fields[] = {
	STRING_MAP(k_label, pairs, "pairs"),
	BOOL(k_label, include_selectors, "includeSelectors"),
	BOOL(k_label, include_templates, "includeTemplates"),
	NOT_SUPPORTED_AS("includeVolumeClaimTemplates", KIND_BOOL),
	LIST(k_label, fields, "fields", k_field_spec),
};
TYPE(k_label, "labels", .strict = true, .any_case = true);

static const struct field k_image_fields[] = {
	STRING(k_image, name, "name", .required = true),
	STRING(k_image, new_name, "newName"),
	STRING(k_image, new_tag, "newTag"),
	STRING(k_image, digest, "digest"),
	STRING(k_image, tag_suffix, "tagSuffix"),
};
TYPE(k_image, "image", .strict = true, .any_case = true);

static const struct field k_replica_fields[] = {
	STRING(k_replica, name, "name", .required = true),
	INT_OR_STRING(k_replica, count, "count", .required = true),
};
TYPE(k_replica, "replicas", .strict = true, .any_case = true);

static const struct field k_generator_options_fields[] = {
	STRING_MAP(k_generator_options, labels, "labels"),
	STRING_MAP(k_generator_options, annotations, "annotations"),
	BOOL(k_generator_options, disable_hash, "disableNameSuffixHash"),
	BOOL(k_generator_options, immutable, "immutable"),
};
TYPE(k_generator_options, "options", .strict = true, .any_case = true);

static const struct field k_generator_fields[] = {
	STRING(k_generator, name, "name", .required = true),
	STRING(k_generator, namespace, "namespace"),
	STRING(k_generator, behavior, "behavior", .choices = "create|merge|replace"),
	STRING(k_generator, secret_type, "type"),
	STRINGS(k_generator, files, "files"),
	STRINGS(k_generator, envs, "envs"),
	STRING(k_generator, env, "env"),
	STRINGS(k_generator, literals, "literals"),
	OBJECT(k_generator, options, "options", k_generator_options),
};
TYPE(k_generator, "generator", .strict = true, .any_case = true);

static const struct field k_replacement_options_fields[] = {
	STRING(k_replacement_options, delimiter, "delimiter"),
	INT(k_replacement_options, index, "index"),
	BOOL(k_replacement_options, create, "create"),
	NOT_SUPPORTED_AS("encoding", KIND_STRING),
};
TYPE(k_replacement_options, "options", .strict = true, .any_case = true);

static const struct field k_replacement_source_fields[] = {
	STRING(k_replacement_source, group, "group"),
	STRING(k_replacement_source, version, "version"),
	STRING(k_replacement_source, kind, "kind"),
	STRING(k_replacement_source, name, "name"),
	STRING(k_replacement_source, namespace, "namespace"),
	STRING(k_replacement_source, field_path, "fieldPath"),
	OBJECT(k_replacement_source, options, "options", k_replacement_options),
};
TYPE(k_replacement_source, "source", .strict = true, .any_case = true);

static const struct field k_replacement_target_fields[] = {
	OBJECT(k_replacement_target, select, "select", k_selector, .required = true),
	LIST(k_replacement_target, reject, "reject", k_selector),
	STRINGS(k_replacement_target, field_paths, "fieldPaths"),
	OBJECT(k_replacement_target, options, "options", k_replacement_options),
};
TYPE(k_replacement_target, "target", .strict = true, .any_case = true);

static const struct field k_replacement_fields[] = {
	STRING(k_replacement, path, "path"),
	OBJECT(k_replacement, source, "source", k_replacement_source),
	STRING(k_replacement, source_value, "sourceValue"),
	LIST(k_replacement, targets, "targets", k_replacement_target),
};
TYPE(k_replacement, "replacement", .strict = true, .any_case = true);

static const struct field k_sort_options_fields[] = {
	STRING(k_sort_options, order, "order", .choices = "legacy|fifo"),
	NOT_SUPPORTED("legacySortOptions"),
};
TYPE(k_sort_options, "sortOptions", .strict = true, .any_case = true);

static const struct field k_objref_fields[] = {
	STRING(k_objref, api_version, "apiVersion"),
	STRING(k_objref, group, "group"),
	STRING(k_objref, version, "version"),
	STRING(k_objref, kind, "kind"),
	STRING(k_objref, name, "name", .required = true),
	STRING(k_objref, namespace, "namespace"),
};
TYPE(k_objref, "objref", .strict = true, .any_case = true);

static const struct field k_fieldref_fields[] = {
	STRING(k_fieldref, field_path, "fieldPath"),
};
TYPE(k_fieldref, "fieldref", .strict = true, .any_case = true);

static const struct field k_var_fields[] = {
	STRING(k_var, name, "name", .required = true),
	EMBED(k_var, objref, "objref", k_objref, .required = true),
	EMBED(k_var, fieldref, "fieldref", k_fieldref),
};
TYPE(k_var, "var", .strict = true, .any_case = true);

static const struct field k_openapi_fields[] = {
	STRING(k_openapi, path, "path"),
	STRING(k_openapi, version, "version"),
};
TYPE(k_openapi, "openapi", .strict = true, .any_case = true);

static const struct field kustomization_fields[] = {
	STRING(kustomization, api_version, "apiVersion"),
	STRING(kustomization, kind, "kind"),
	JSON(kustomization, metadata, "metadata"),
	STRINGS(kustomization, resources, "resources"),
	STRINGS(kustomization, bases, "bases"),
	STRINGS(kustomization, components, "components"),
	STRING(kustomization, namespace, "namespace"),
	STRING(kustomization, name_prefix, "namePrefix"),
	STRING(kustomization, name_suffix, "nameSuffix"),
	STRING_MAP(kustomization, common_labels, "commonLabels"),
	STRING_MAP(kustomization, common_annotations, "commonAnnotations"),
	LIST(kustomization, labels, "labels", k_label),
	LIST(kustomization, patches, "patches", k_patch),
	LIST(kustomization, patches_json6902, "patchesJson6902", k_patch),
	STRINGS(kustomization, patches_strategic_merge, "patchesStrategicMerge"),
	LIST(kustomization, images, "images", k_image),
	LIST(kustomization, images, "imageTags", k_image),
	LIST(kustomization, replicas, "replicas", k_replica),
	LIST(kustomization, config_maps, "configMapGenerator", k_generator),
	LIST(kustomization, secrets, "secretGenerator", k_generator),
	OBJECT(kustomization, generator_options, "generatorOptions", k_generator_options),
	LIST(kustomization, replacements, "replacements", k_replacement),
	OBJECT(kustomization, sort_options, "sortOptions", k_sort_options),
	STRINGS(kustomization, build_metadata, "buildMetadata"),
	LIST(kustomization, vars, "vars", k_var),
	STRINGS(kustomization, configurations, "configurations"),
	STRINGS(kustomization, crds, "crds"),
	OBJECT(kustomization, openapi, "openapi", k_openapi),
	STRINGS(kustomization, generators, "generators"),
	STRINGS(kustomization, transformers, "transformers"),
	NOT_SUPPORTED("validators"),
	NOT_SUPPORTED("helmCharts"),
	NOT_SUPPORTED("helmGlobals"),
	NOT_SUPPORTED("helmChartInflationGenerator"),
	NOT_SUPPORTED("inventory"),
};
TYPE(kustomization, "kustomization", .strict = true, .any_case = true);

struct err *
k_decode(struct arena *a, const struct type *t, const json_t *j, const char *what, void *ret)
{
	struct problems problems = { .arena = a };

	decode(t, j, "", &problems, ret);
	return problems.n > 0 ? err_new(a, ERR_INVALID, "%s: %s: %s", what, problems.at[0].path, problems.at[0].text)
			      : NULL;
}

const char *
kustomization_in(const struct tree *t, struct arena *a, const char *directory)
{
	static const char *const names[] = { "kustomization.yaml", "kustomization.yml", "Kustomization" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = directory[0] == '\0' ? names[i] : arena_printf(a, "%s/%s", directory, names[i]);
		const struct tree_entry *entry = NULL;

		if (tree_find(t, a, path, &entry) == NULL && entry != NULL)
			return path;
	}
	return NULL;
}
