/* gitops/kustomize/objects.h: the objects of a kustomize build, with all names that each has had.
 *
 * A patch, a replacement or a reference may name an object as it was at any time before: every change of what names
 * it is remembered.
 */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "gitops/kustomize/field_specs.h"
#include "gitops/kustomize/kustomization.h"
#include "gitops/kustomize/schema.h"

struct k_id {
	const char *group, *version, *kind, *namespace, *name; /* namespace "" if none is given */
};

struct k_object {
	json_t *object; /* owned by the list */
	struct k_id *ids; /* in the arena; the first is the original one; k_id_of returns the current one */
	size_t n_ids, ids_capacity;
	const char *prefixes, *suffixes; /* added to its name, outermost last, each followed by a comma */
	const char *vars; /* names of the variables whose values it has, in the same form */
	bool remembered; /* its name was recorded before a transformer, even if unchanged */
	bool needs_hash; /* its name gets the hash of its content as suffix */
	const char *file; /* its source, for errors */
};

/* The result of one kustomization, which the one that includes it takes over. */
struct k_objects {
	struct arena *arena;
	struct k_object *at;
	size_t n, capacity;
	struct map ids; /* current id → file of its object; out of date if `changed` */
	bool changed; /* a name, kind or namespace has changed since `ids` was built */
	const struct k_spec_list *specs; /* the built-in ones, or these and those of configurations */
	struct k_var *vars;
	size_t n_vars, vars_capacity;
	const struct k_schema *schema; /* borrowed */
};

#define K_OBJECTS_MAX 20000
#define K_VARS_MAX 2000

/* Frees the objects, and their other data; the list is then empty. */
void k_objects_done(struct k_objects *);

/* Returns the current identity of an object, its texts in the arena. */
struct k_id k_id_of(struct arena *, const json_t *object);

/* Returns the effective namespace: `default` if none is given. */
const char *k_effective(const char *ns);

/* Adds an object (consumed, also on error). Error: it has no kind or name, or its id exists. */
struct err *k_objects_add(struct k_objects *, json_t *object, const char *file);

/* Moves all objects and variables of the other list to the end of this one. */
struct err *k_objects_append(struct k_objects *, struct k_objects *from);

/* Records the current id of the object; call it before a change of kind, namespace or name. */
void k_object_remember(struct k_objects *, struct k_object *);

/* Returns whether objects of this kind have no namespace, by Kubernetes' own kinds or an openapi document. */
bool k_of_cluster(const struct k_objects *, const struct k_id *);

/* Adds a variable. Error: its name exists. */
struct err *k_var_add(struct k_objects *, const struct k_var *);

/* Returns true if the object had this identity at any time: kind and name are equal, and so are group, version and
 * namespace where they are given. */
bool k_object_was(struct k_objects *, const struct k_object *, const struct k_id *);

/* Finds the object that had this id at any time. *ret NULL: none. Error: several. */
struct err *k_objects_find(struct k_objects *, const struct k_id *, struct k_object **ret);

/* The selector's parts match (regular expressions of the whole) an id that it had at any time, and its labels and
 * annotations now. An error: a part is no regular expression. */
struct err *k_object_selected(struct k_objects *, const struct k_object *, const struct k_selector *, bool *ret);

/* Returns in *ret whether the regular expression matches the whole text. */
struct err *k_regex(struct arena *, const char *regex, const char *text, bool *ret);
