/* gitops/kustomize/transform.h: namespace, namePrefix, labels, annotations, replicas and images of a kustomization,
 * in all of its objects. */
#pragma once
#include "gitops/kustomize/objects.h"

struct k_namespacing {
	const char *namespace;
	bool unset_only; /* only objects without a namespace */
	bool no_subjects, all_subjects; /* of bindings: none, or all service accounts; neither: those named "default" */
};

void k_set_namespace(struct k_objects *, const struct k_namespacing *);
void k_set_prefix(struct k_objects *, const char *prefix);
void k_set_suffix(struct k_objects *, const char *suffix);

/* Sets labels in the fields of a use, and in additional fields. */
void k_set_labels(struct k_objects *, const struct string_map *, enum k_use);
struct err *k_set_label_fields(struct k_objects *, const struct k_label *);
void k_set_annotations(struct k_objects *, const struct string_map *);

struct err *k_set_replicas(struct k_objects *, const struct k_replica *);
struct err *k_set_image(struct k_objects *, const struct k_image *);
