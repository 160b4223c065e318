/* gitops/kustomize/field_specs.h: kustomize's field specs: which fields of which kinds a kustomization changes, from
 * kustomize's own tables and from `configurations`. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"

enum k_use {
	K_COMMON_LABELS, /* of commonLabels, and of labels that are in selectors too */
	K_TEMPLATE_LABELS, /* of labels that are in templates too */
	K_LABELS, /* of all labels */
	K_COMMON_ANNOTATIONS,
	K_NAMESPACE,
	K_NAME_PREFIX,
	K_NAME_SUFFIX,
	K_REPLICAS,
	K_IMAGES,
	K_NAME_REFERENCE, /* the name of another object */
	K_VAR_REFERENCE, /* texts with $(NAME) */
	K_USE_MAX
};

struct k_gvk {
	const char *group, *version, *kind; /* NULL: any */
};

struct k_spec {
	enum k_use use;
	struct k_gvk in; /* objects of this kind */
	const char *path; /* "spec/template/metadata/labels" (gitops/kustomize/field_walk.h) */
	bool create; /* a missing field is created, except in lists */
	struct k_gvk to; /* K_NAME_REFERENCE: the kind that the field names */
};

struct k_spec_list {
	struct k_spec *at;
	size_t n, capacity;
	bool own; /* a copy, which may be changed */
};

#define K_SPECS_MAX 5000

bool k_gvk_selects(const struct k_gvk *, const char *group, const char *version, const char *kind);

/* The field specs of kustomize 5.8, for Kubernetes' own kinds. In the arena. */
const struct k_spec_list *k_specs_known(struct arena *);

/* The field specs of Rollouts, AnalysisTemplates and Experiments, which Argo Rollouts publishes as a configuration. In
 * the arena. */
const struct k_spec_list *k_specs_of_rollouts(struct arena *);

#define K_SPEC_PARTS_MAX 64

/* Error: the path has more parts than K_SPEC_PARTS_MAX. */
struct err *k_spec_check(struct arena *, const char *path);

/* Adds an entry to a list, which is copied first if it is one of the two above. As kustomize: skipped if the list has
 * an equal entry, or a more specific one, at the path; less specific ones at the path are replaced. Error: the two
 * differ in `create`, or the path is too long. */
struct err *k_specs_add(const struct k_spec_list **list, struct arena *, const struct k_spec *);
