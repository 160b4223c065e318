/* gitops/kustomize/field_specs.h: which fields of which kinds a kustomization changes: kustomize's own tables, and what
 * configurations add to them. */
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
	bool create; /* made where it is not there, but for lists */
	struct k_gvk to; /* of a reference: what it names */
};

struct k_spec_list {
	struct k_spec *at;
	size_t n, room;
	bool own; /* of who has it: it may be changed */
};

#define K_PLACES_MAX 5000

bool k_gvk_selects(const struct k_gvk *, const char *group, const char *version, const char *kind);

/* Those of Kubernetes' own kinds, as kustomize 5.8 knows them. In the arena. */
const struct k_spec_list *k_specs_known(struct arena *);

/* Those of Rollouts, AnalysisTemplates and Experiments, which Argo Rollouts publishes as a configuration. In the
 * arena. */
const struct k_spec_list *k_specs_of_rollouts(struct arena *);

#define K_PLACE_PARTS_MAX 64

/* An error: the path has more parts than that. */
struct err *k_spec_check(struct arena *, const char *path);

/* Adds a place to a list, which is copied when it is one of the two above. It is left out when one is there that it
 * would be the same as, or that is of fewer kinds at the same path; and those at the same path that are of more kinds
 * are taken away: so has kustomize it. An error: of those two one is made where it is not there, and the other not;
 * or its path is too long. */
struct err *k_specs_add(const struct k_spec_list **list, struct arena *, const struct k_spec *);
