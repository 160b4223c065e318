/* gitops/kustomize/schema.h: merge keys of lists in strategic merge patches: those of Kubernetes' own kinds, or
 * instead of them those of the OpenAPI document in `openapi.path`.
 *
 * Of the document are used: `definitions` with `x-kubernetes-group-version-kind`, `x-kubernetes-patch-strategy`,
 * `x-kubernetes-patch-merge-key` and `x-kubernetes-list-map-keys`, and `paths`, which show the kinds that are
 * cluster-scoped.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

#define K_KEYS_MAX 16 /* merge keys of a list; a document with more for one list is an error */

struct k_schema {
	json_t *document; /* owned; NULL: none, Kubernetes' own kinds are known */
	json_t *kinds; /* owned: definitions by "GROUP/VERSION/KIND" */
	json_t *of_cluster; /* owned: such names of kinds that are in no namespace */
	bool own_too; /* Kubernetes' own kinds are known in addition to those of the document */
	bool rollouts; /* the kinds of Argo Rollouts too */
};

/* A position in an object that a patch is merged into. It borrows from the schema. */
struct k_typed {
	const struct k_schema *schema;
	const char *kind; /* of the object, if the lists of its kind are known; NULL: they are not */
	const json_t *definition; /* of this value, from the document; NULL: none */
};

/* The merge keys of a list. */
struct k_merge {
	bool merged; /* false: the list is replaced as a whole */
	const char *keys[K_KEYS_MAX + 1]; /* ended by NULL; no key: the elements are strings */
};

/* Reads a schema document, which is consumed. */
void k_schema_load(struct k_schema *, struct arena *, json_t *document);

/* Frees what the schema owns. */
void k_schema_done(struct k_schema *);

/* Returns the position of an object. Texts in the arena. */
struct k_typed k_typed_object(struct arena *, const struct k_schema *, const json_t *object);

/* Returns the position of a member of a map, or of the elements of a list. */
struct k_typed k_typed_member(const struct k_typed *, const char *name);
struct k_typed k_typed_element(const struct k_typed *);

/* The list of that name, whose type `list` is. `elements`: some of its elements. */
struct k_merge k_typed_merge(const struct k_typed *list, const char *name, const json_t *elements);

/* Returns whether the schema marks objects of the kind as cluster-scoped. */
bool k_schema_of_cluster(
    const struct k_schema *, struct arena *, const char *group, const char *version, const char *kind);
